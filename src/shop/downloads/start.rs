//! Starting a download counts it, and opens the file as it is then for a while. Whoever fetches in pieces, or tries again
//! after a broken connection, has started once.
//!
//! A start is named before it is made: its page draws the name, so a button that is pressed twice, and one whose answer is
//! lost, is one start.

use sha2::{Digest, Sha256};

use super::link::Linked;
use super::{File, State, broken};
use crate::clock::Millis;
use crate::meters;
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, row, sql};

/// So long the bytes of a started download can be fetched, in milliseconds: a large file over a slow line, with a night
/// in between.
pub const OPEN_FOR: i64 = 12 * 3_600_000;
/// What is left of a start that is used once more, at least, in milliseconds.
const WORTHWHILE: i64 = 3_600_000;
/// What is over stays for so long, in milliseconds: a customer may ask when they fetched what.
const KEPT: i64 = 90 * 86_400_000;
/// Rows forgotten at once.
const STEP: i64 = 500;

/// How starting went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// The bytes can be fetched.
    Open(Start),
    /// It was started as often as was promised.
    UsedUp,
    /// Its time is over.
    Over,
    /// Its money went back.
    Revoked,
}

/// A started download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Its name.
    pub id: PublicId,
    /// Until when its bytes can be fetched.
    pub until: Millis,
    /// Whether it was started before, and is not counted again.
    pub is_again: bool,
}

/// What a link to bytes leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The bytes.
    File(File),
    /// It was started too long ago, or its money went back: from its page it can be started again, or it says why not.
    Over,
    /// No such start of this download.
    Unknown,
}

row! {
    #[derive(Debug)]
    struct Standing {
        state: String,
        most: i64,
        started: i64,
        expires_at: Option<i64>,
    }
}

sql! {
    LOCK = "downloads.start.lock",
        sqlite: "SELECT state, most, started, expires_at FROM downloads WHERE id = $1",
        postgres: "SELECT state, most, started, expires_at FROM downloads WHERE id = $1 FOR UPDATE";
    // The file stays while this is under way: an import that takes its place waits.
    FILE = "downloads.start.file",
        sqlite: "SELECT f.id FROM downloads d JOIN products p ON p.id = d.product_id JOIN files f ON f.id = p.file_id
             WHERE d.id = $1",
        postgres: "SELECT f.id FROM downloads d JOIN products p ON p.id = d.product_id JOIN files f ON f.id = p.file_id
             WHERE d.id = $1 FOR KEY SHARE OF f";
}
sql! {
    MADE = "downloads.start.made",
        "SELECT download_id, file_id, expires_at FROM download_starts WHERE public_id = $1";
    COUNT = "downloads.start.count",
        "UPDATE downloads SET started = started + 1, changed_at = $2
         WHERE id = $1 AND state = 'granted' AND started < most";
    INSERT = "downloads.start.insert",
        "INSERT INTO download_starts (public_id, download_id, file_id, started_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)";
    FETCH = "downloads.fetch",
        "SELECT d.state, s.expires_at, f.public_id, f.name, f.size, f.digest
         FROM download_starts s
         JOIN downloads d ON d.id = s.download_id
         JOIN files f ON f.id = s.file_id
         WHERE s.public_id = $1 AND s.download_id = $2";
    FORGET = "downloads.start.forget",
        "DELETE FROM download_starts WHERE id IN (
             SELECT id FROM download_starts WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
}

/// Starts a download, and counts it. `named` are the starts that a browser names: the one that its page has drawn, the one
/// that it keeps. While one of them opens the same file for a while, that one is used once more, and nothing is counted; or
/// else the first of them is the name of this start. `None`: its product has no file.
pub async fn start(
    tx: &mut Tx<'_>,
    download: &Linked,
    named: &[PublicId],
) -> Result<Option<Started>, StoreError> {
    let (now, row) = (tx.now(), download.row);
    let standing: Standing = tx.one(&LOCK, binds![row]).await?;
    tx.pause("downloads.start").await;
    if State::from_word(&standing.state)? != State::Granted {
        return Ok(Some(Started::Revoked));
    }
    if standing.expires_at.is_some_and(|until| until <= now) {
        return Ok(Some(Started::Over));
    }
    let mut file: Option<(i64,)> = tx.optional(&FILE, binds![row]).await?;
    if file.is_none() {
        // An import took the file away while this waited for it: another look finds the one in its place.
        file = tx.optional(&FILE, binds![row]).await?;
    }
    let Some((file,)) = file else {
        return Ok(None);
    };
    let mut free = None;
    for name in named {
        match look_up(tx, *name, row, file).await? {
            Name::Open(start) => return Ok(Some(Started::Open(start))),
            Name::Free(name) => free = free.or(Some(name)),
        }
    }
    if standing.started >= standing.most || tx.execute(&COUNT, binds![row, now]).await? == 0 {
        return Ok(Some(Started::UsedUp));
    }
    let id = match free {
        Some(id) => id,
        None => PublicId::random(tx)?,
    };
    let until = now + OPEN_FOR;
    tx.pause("downloads.started").await;
    tx.execute(&INSERT, binds![id, row, file, now, until])
        .await?;
    tx.tally(meters::DOWNLOADS.of(["started"]), 1);
    Ok(Some(Started::Open(Start {
        id,
        until,
        is_again: false,
    })))
}

/// What the name of a start is good for.
enum Name {
    /// It is of a start that is used once more.
    Open(Start),
    /// A new start can have it.
    Free(PublicId),
}

/// What a name is good for. One whose start is over, or is of another file or download, gives its place to the next: a page
/// that stood open for too long starts once more, and once.
async fn look_up(
    tx: &mut Tx<'_>,
    mut name: PublicId,
    download: i64,
    file: i64,
) -> Result<Name, StoreError> {
    let worthwhile = tx.now() + WORTHWHILE;
    loop {
        let made: Option<(i64, i64, i64)> = tx.optional(&MADE, binds![name]).await?;
        let Some((of, opens, until)) = made else {
            return Ok(Name::Free(name));
        };
        if of == download && opens == file && until > worthwhile {
            return Ok(Name::Open(Start {
                id: name,
                until,
                is_again: true,
            }));
        }
        name = after(name);
    }
}

/// The name that follows another one. Nobody learns anything by it: a link to bytes has its proof.
fn after(name: PublicId) -> PublicId {
    let digest = Sha256::digest([b"download start after ".as_slice(), &name.0].concat());
    let mut next = name;
    next.0.copy_from_slice(&digest[..16]);
    next
}

/// What a start of this download opens.
pub async fn fetch(
    tx: &mut Tx<'_>,
    download: &Linked,
    start: PublicId,
) -> Result<Fetched, StoreError> {
    let found: Option<(String, i64, PublicId, String, i64, Vec<u8>)> =
        tx.optional(&FETCH, binds![start, download.row]).await?;
    let Some((state, until, id, name, size, digest)) = found else {
        return Ok(Fetched::Unknown);
    };
    if State::from_word(&state)? != State::Granted || until <= tx.now() {
        return Ok(Fetched::Over);
    }
    let digest = digest.try_into().map_err(|_| broken("a file's digest"))?;
    Ok(Fetched::File(File {
        id,
        name,
        size,
        digest,
    }))
}

/// Forgets what was started long ago.
pub async fn forget(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let long_ago = tx.now() - KEPT;
    tx.execute(&FORGET, binds![long_ago, STEP])
        .await
        .map(|_| ())
}
