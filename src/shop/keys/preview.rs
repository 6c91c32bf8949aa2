//! What an import would do, without doing it: for a person who looks before they say yes.

use std::collections::HashSet;
use std::io::Read;

use super::import::{ImportError, Report, closed, find};
use super::lines::{Line, Lines};
use crate::shop::vault::Vault;
use crate::store::{Store, StoreError};
use crate::{binds, sql};

/// So many fingerprints are looked up at once.
const CHUNK: usize = 500;

sql! {
    KNOWN = "keys.preview.known",
        sqlite: "SELECT COUNT(*) FROM keys WHERE fingerprint IN (SELECT unhex(line.value) FROM json_each($1) AS line)",
        postgres: "SELECT COUNT(*) FROM keys WHERE fingerprint IN (
                SELECT decode(line.value, 'hex') FROM json_array_elements_text(CAST($1 AS json)) AS line (value))";
}

/// Reads the lines of `from` as keys for the product `slug` and counts. Of lines that the shop has already only the
/// number is known.
pub async fn preview<R: Read + Send + 'static>(
    store: &Store,
    vault: &Vault,
    slug: &str,
    from: R,
) -> Result<Report, ImportError> {
    find(store, slug).await?;
    let vault = vault.clone();
    let read = tokio::task::spawn_blocking(move || count(&vault, from));
    let (mut report, fingerprints) = match read.await {
        Ok(Ok(read)) => read,
        Ok(Err((line, source))) => {
            return Err(ImportError::Read {
                line,
                added: 0,
                source,
            });
        }
        Err(panic) => return Err(closed(0, panic)),
    };
    let mut known = 0;
    for chunk in fingerprints.chunks(CHUNK) {
        let json = serde_json::Value::from(chunk).to_string();
        let (count,): (i64,) = store
            .read("keys.preview", move |tx| {
                let json = json.clone();
                Box::pin(async move { tx.one(&KNOWN, binds![json]).await })
            })
            .await
            .map_err(|error: StoreError| error)?;
        known += count as u64;
    }
    report.already_known.count = known;
    report.added = (fingerprints.len() as u64).saturating_sub(known);
    Ok(report)
}

type Counted = (Report, Vec<String>);

fn count<R: Read>(vault: &Vault, from: R) -> Result<Counted, (u64, std::io::Error)> {
    let mut report = Report::default();
    let mut lines = Lines::new(from);
    let mut seen: HashSet<[u8; 32]> = HashSet::new();
    let mut fingerprints = Vec::new();
    loop {
        let next = lines.next_line().map_err(|error| (lines.number, error))?;
        match next {
            None => return Ok((report, fingerprints)),
            Some(Line::Empty) => report.empty += 1,
            Some(Line::Refused(why)) => report.refuse(lines.number, why),
            Some(Line::Key(text)) => {
                let fingerprint = vault.fingerprint(&text);
                if seen.insert(fingerprint) {
                    fingerprints.push(
                        fingerprint
                            .iter()
                            .map(|byte| format!("{byte:02x}"))
                            .collect(),
                    );
                } else {
                    report.duplicates_in_file.push(lines.number);
                }
            }
        }
    }
}
