//! `kiosk migrate`: brings the database to this program's version, or tells where it stands.

use std::fmt::Write;

use super::{Failure, Outcome};
use crate::config::Config;
use crate::store::migrate;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only tell which migrations the database has
    #[arg(long)]
    status: bool,
}

pub(super) async fn run(args: &Args, config: &Config) -> Result<Outcome, Failure> {
    let location = &config.database.url;
    let steps = migrate::status(location).await?;
    if args.status {
        let mut text = String::new();
        for step in steps {
            let state = if step.applied { "applied" } else { "missing" };
            // Writing to a String can't fail.
            let _ = writeln!(text, "{:04} {} {state}", step.version, step.description);
        }
        return Ok(Outcome::complete(text));
    }
    if steps.iter().all(|step| step.applied) {
        return Ok(Outcome::complete("the database is up to date".to_owned()));
    }
    let _lock = super::lock(location)?;
    let applied = migrate::run(location).await?;
    Ok(Outcome::complete(format!("migrations applied: {applied}")))
}
