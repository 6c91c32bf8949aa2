//! Importing: the lines of a file become the stock of a product. They are fingerprinted and encrypted beside the
//! writer and then written in chunks, so that a shop that sells meanwhile waits for one chunk at most. A key that is
//! there already is skipped: an import that broke off is simply run again.

use std::collections::HashSet;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

pub use super::lines::{LONGEST, Refusal};
use super::lines::{Line, Lines};
use crate::shop::catalogue::{self, Kind, Meant};
use crate::shop::vault::{Sealed, Vault, VaultError};
use crate::spelling::suggestion;
use crate::store::{Store, StoreError, Tx};
use crate::{binds, sql};

/// So many keys are written in one transaction.
const CHUNK: usize = 250;
/// So many chunks are sealed ahead of the writer.
const AHEAD: usize = 4;
/// So many line numbers of each kind are kept for the report.
const LISTED: usize = 20;
/// Between two chunks the SQLite lock is free for so long: the shop beside us takes it then.
const BREATH: Duration = Duration::from_millis(2);

const HEX: &[u8; 16] = b"0123456789abcdef";

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Lines read and done with.
    pub lines: u64,
    /// Bytes read and done with.
    pub bytes: u64,
    /// Keys added.
    pub added: u64,
}

/// Some lines of the file: how many, and which ones come first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineList {
    /// How many there are.
    pub count: u64,
    /// The numbers of the first of them, from 1.
    pub first: Vec<u64>,
}

impl LineList {
    pub(super) fn push(&mut self, line: u64) {
        self.count += 1;
        if self.first.len() < LISTED {
            self.first.push(line);
        }
    }
}

/// What an import did. It names lines by their numbers, never by their text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Keys that are new in the stock.
    pub added: u64,
    /// Lines that repeat an earlier line of the file.
    pub duplicates_in_file: LineList,
    /// Lines that the shop has already, for this product or another.
    pub already_known: LineList,
    /// Lines with nothing in them.
    pub empty: u64,
    /// How many lines are no keys.
    pub refused: u64,
    /// The first of them, each with the reason.
    pub refused_lines: Vec<(u64, Refusal)>,
}

impl Report {
    pub(super) fn refuse(&mut self, line: u64, why: Refusal) {
        self.refused += 1;
        if self.refused_lines.len() < LISTED {
            self.refused_lines.push((line, why));
        }
    }
}

/// Why keys can't be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// There is no such product.
    #[error("there is no product {slug}{}", suggestion(.nearest.as_deref()))]
    UnknownProduct {
        /// What was asked for.
        slug: String,
        /// The product that may have been meant.
        nearest: Option<String>,
    },
    /// The product has no stock.
    #[error(
        "{slug} is of the kind {kind}, expected a product of the kind stock: only these have keys to import"
    )]
    NotStock {
        /// The product.
        slug: String,
        /// How it is delivered.
        kind: Kind,
    },
    /// The file can't be read on.
    #[error(
        "can't read after line {line}: {source}; {added} keys are added, run the import again for the rest"
    )]
    Read {
        /// The last line read.
        line: u64,
        /// Keys added before.
        added: u64,
        /// What the system says.
        source: std::io::Error,
    },
    /// The database gave up on the way.
    #[error("{source}; {added} keys are added, run the import again for the rest")]
    Broken {
        /// Keys added before.
        added: u64,
        /// What happened.
        source: VaultError,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sealed keys on their way to the writer.
#[derive(Default)]
struct Chunk {
    /// A JSON list of texts: 64 hex digits of the fingerprint, then those of the ciphertext.
    json: String,
    /// The line of each.
    lines: Vec<u64>,
    /// How far the file has been read.
    progress: Progress,
}

/// What the reading side found besides keys, or why it stopped.
enum Stop {
    Read(std::io::Error, u64),
    Seal(VaultError),
    /// The writing side has gone.
    Unheard,
}

/// Adds the lines of `from` to the stock of the product `slug`; `progress` is called after each chunk.
pub async fn import<R, P>(
    store: &Store,
    vault: &Vault,
    slug: &str,
    from: R,
    mut progress: P,
) -> Result<Report, ImportError>
where
    R: Read + Send + 'static,
    P: FnMut(Progress),
{
    let product = find(store, slug).await?;
    let (sender, mut chunks) = mpsc::channel(AHEAD);
    let sealing = tokio::task::spawn_blocking({
        let vault = vault.clone();
        move || seal(product, &vault, from, &sender)
    });
    let mut added = 0;
    let mut already_known = LineList::default();
    while let Some(chunk) = chunks.recv().await {
        let positions =
            write(store, product, chunk.json)
                .await
                .map_err(|error| ImportError::Broken {
                    added,
                    source: error.into(),
                })?;
        added += positions.len() as u64;
        let positions: HashSet<i64> = positions.into_iter().collect();
        for (at, line) in chunk.lines.iter().enumerate() {
            if !positions.contains(&(at as i64)) {
                already_known.push(*line);
            }
        }
        progress(Progress {
            added,
            ..chunk.progress
        });
        if !store.is_shared() {
            tokio::time::sleep(BREATH).await;
        }
    }
    match sealing.await {
        Ok(Ok(report)) => Ok(Report {
            added,
            already_known,
            ..report
        }),
        Ok(Err(Stop::Read(source, line))) => Err(ImportError::Read {
            line,
            added,
            source,
        }),
        Ok(Err(Stop::Seal(source))) => Err(ImportError::Broken { added, source }),
        Ok(Err(Stop::Unheard)) => Err(closed(added, "the reading side stopped")),
        Err(panic) => Err(closed(added, panic)),
    }
}

pub(super) fn closed(
    added: u64,
    why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> ImportError {
    let source = StoreError::because("keys.import", crate::store::ErrorKind::Failed, why);
    ImportError::Broken {
        added,
        source: source.into(),
    }
}

/// The row id of the product.
pub(super) async fn find(store: &Store, slug: &str) -> Result<i64, ImportError> {
    let slug = slug.to_owned();
    store
        .read("keys.import.find", move |tx| {
            let slug = slug.clone();
            Box::pin(async move {
                match catalogue::meant(tx, &slug, Kind::Stock).await? {
                    Meant::Product(product) => Ok(product),
                    Meant::OtherKind(kind) => Err(ImportError::NotStock { slug, kind }),
                    Meant::Nothing(nearest) => Err(ImportError::UnknownProduct { slug, nearest }),
                }
            })
        })
        .await
}

/// Reads, fingerprints and encrypts the whole file. The report lacks what only the database knows.
fn seal<R: Read>(
    product: i64,
    vault: &Vault,
    from: R,
    sender: &mpsc::Sender<Chunk>,
) -> Result<Report, Stop> {
    let mut report = Report::default();
    let mut lines = Lines::new(from);
    // Half of a fingerprint tells a million keys apart as surely as the whole.
    let mut seen: HashSet<[u8; 16]> = HashSet::new();
    let mut chunk = Chunk::default();
    loop {
        let next = lines
            .next_line()
            .map_err(|error| Stop::Read(error, lines.number))?;
        let is_end = next.is_none();
        match next {
            None => {}
            Some(Line::Empty) => report.empty += 1,
            Some(Line::Refused(why)) => report.refuse(lines.number, why),
            Some(Line::Key(text)) => {
                let sealed = vault.seal(product, &text).map_err(Stop::Seal)?;
                let mut half = [0; 16];
                half.copy_from_slice(&sealed.fingerprint[..16]);
                if seen.insert(half) {
                    chunk.push(lines.number, &sealed);
                } else {
                    report.duplicates_in_file.push(lines.number);
                }
            }
        }
        if chunk.lines.len() == CHUNK || is_end {
            let mut full = std::mem::take(&mut chunk);
            full.json
                .push_str(if full.lines.is_empty() { "[]" } else { "]" });
            full.progress.lines = lines.number;
            full.progress.bytes = lines.bytes;
            sender.blocking_send(full).map_err(|_| Stop::Unheard)?;
        }
        if is_end {
            return Ok(report);
        }
    }
}

impl Chunk {
    fn push(&mut self, line: u64, sealed: &Sealed) {
        let start = if self.lines.is_empty() { "[\"" } else { ",\"" };
        self.json.push_str(start);
        for byte in sealed.fingerprint.iter().chain(&sealed.ciphertext) {
            for half in [byte >> 4, byte & 15] {
                self.json.push(char::from(HEX[usize::from(half)]));
            }
        }
        self.json.push('"');
        self.lines.push(line);
    }
}

sql! {
    // Two imports into one product must not give a position twice. Not FOR UPDATE: that would hold up every order of
    // the product, which only needs it to be there.
    LOCK = "keys.import.lock",
        sqlite: "SELECT id FROM products WHERE id = $1",
        postgres: "SELECT id FROM products WHERE id = $1 FOR NO KEY UPDATE";
    INSERT = "keys.import.insert",
        sqlite: "INSERT INTO keys (product_id, position, fingerprint, ciphertext, imported_at, changed_at)
             SELECT $1, $2 + line.key, unhex(substr(line.value, 1, 64)), unhex(substr(line.value, 65)), $3, $3
             FROM json_each($4) AS line
             WHERE TRUE
             ON CONFLICT (fingerprint) DO NOTHING
             RETURNING position",
        postgres: "INSERT INTO keys (product_id, position, fingerprint, ciphertext, imported_at, changed_at)
             SELECT $1, $2 + line.at - 1, decode(substr(line.value, 1, 64), 'hex'), decode(substr(line.value, 65), 'hex'), $3, $3
             FROM json_array_elements_text(CAST($4 AS json)) WITH ORDINALITY AS line (value, at)
             ON CONFLICT (fingerprint) DO NOTHING
             RETURNING position";
}
sql! {
    NEXT_POSITION = "keys.import.next_position",
        "SELECT COALESCE(MAX(position) + 1, 1) FROM keys WHERE product_id = $1";
}

/// Writes one chunk. Answers which of its keys are new, by their place in it from 0.
async fn write(store: &Store, product: i64, json: String) -> Result<Vec<i64>, StoreError> {
    let json: Arc<str> = json.into();
    store
        .write("keys.import", move |tx| {
            let json = json.clone();
            Box::pin(async move { insert(tx, product, &json).await })
        })
        .await
}

async fn insert(tx: &mut Tx<'_>, product: i64, json: &str) -> Result<Vec<i64>, StoreError> {
    let now = tx.now();
    let _: (i64,) = tx.one(&LOCK, binds![product]).await?;
    let (base,): (i64,) = tx.one(&NEXT_POSITION, binds![product]).await?;
    let added: Vec<(i64,)> = tx.all(&INSERT, binds![product, base, now, json]).await?;
    Ok(added.into_iter().map(|row| row.0 - base).collect())
}

#[cfg(test)]
mod tests;
