//! `kiosk audit`: checks the books of a shop, also of one that is open.

use std::fmt::Write;

use super::{Failure, Outcome};
use crate::config::Config;
use crate::shop::audit;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
    /// Also judge what is still within its time
    #[arg(long)]
    strict: bool,
}

pub(super) async fn run(args: &Args, config: &Config) -> Result<Outcome, Failure> {
    let store = super::open(config).await?;
    let strict = args.strict;
    let findings = store
        .snapshot("audit", move |tx| Box::pin(audit::audit(tx, strict)))
        .await;
    store.close().await;
    let findings = findings?;
    let is_clean = findings.is_empty();
    let text = if args.json {
        serde_json::to_string_pretty(&findings)?
    } else if is_clean {
        format!("the books are clean: {} checks", audit::checks())
    } else {
        let mut text = String::new();
        // Writing to a String can't fail.
        for finding in &findings {
            let rows = finding.subjects.join(", ");
            let more = if finding.subjects.len() == audit::SHOWN {
                " and perhaps more"
            } else {
                ""
            };
            let _ = writeln!(
                text,
                "{}: {} Rows: {rows}{more}",
                finding.check, finding.meaning
            );
        }
        text
    };
    Ok(Outcome {
        text,
        is_complete: is_clean,
    })
}
