//! News for staff: written in the transaction of what they tell of, gathered into batches, so that a busy minute is one
//! message. What a kind means, and who is told, is the shop's affair.

use std::time::Duration;

use super::RAISED;
use crate::clock::Millis;
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, row, sql};

/// Between two batches.
pub const PAUSE: Duration = Duration::from_secs(30);
/// News that nobody could be told for so long is old.
const OLD: Duration = Duration::from_hours(24);
/// So many of the newest are kept while there is nobody to tell.
const KEPT: i64 = 1_000;
/// Batches older than this are forgotten: their letters have arrived, or never will.
const FORGOTTEN: Duration = Duration::from_hours(7 * 24);

row! {
    /// One piece of news.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Alert {
        /// What happened.
        pub kind: String,
        /// What it happened to.
        pub subject: String,
        /// JSON. Never key text.
        pub detail: String,
    }
}

/// What there is to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Nothing waits.
    Nothing,
    /// Something waits, and the last batch was a moment ago: not before this time.
    NotBefore(Millis),
    /// A batch, for letters to name.
    Batch(PublicId),
}

sql! {
    RAISE = "alerts.raise",
        "INSERT INTO alerts (kind, subject, detail, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (kind, subject) WHERE batch IS NULL DO NOTHING";
    IS_ANY = "alerts.is_any",
        "SELECT id FROM alerts WHERE batch IS NULL LIMIT 1";
    // One batch at a time, whichever process sends it. A clock that was set back does not silence us.
    TAKE_TURN = "alerts.take_turn",
        "INSERT INTO cursors (name, position, updated_at) VALUES ('alerts', $1, $1)
         ON CONFLICT (name) DO UPDATE SET position = excluded.position, updated_at = excluded.updated_at
             WHERE cursors.position <= $2 OR cursors.position > $1
         RETURNING position";
    LAST_TURN = "alerts.last_turn", "SELECT position FROM cursors WHERE name = 'alerts'";
    TAKE = "alerts.take", "UPDATE alerts SET batch = $1 WHERE batch IS NULL";
    FORGET = "alerts.forget",
        "DELETE FROM alerts
         WHERE id IN (SELECT id FROM alerts ORDER BY id LIMIT 500) AND batch IS NOT NULL AND created_at < $1";
    DROP_OLD = "alerts.drop_old",
        "DELETE FROM alerts
         WHERE batch IS NULL AND (created_at < $1 OR id <= (
             SELECT id FROM alerts WHERE batch IS NULL ORDER BY id DESC LIMIT 1 OFFSET $2))";
    OF_BATCH = "alerts.of_batch",
        "SELECT kind, subject, detail FROM alerts WHERE batch = $1 ORDER BY id";
}

/// Writes news down. The same again, while it waits to be told, is the same news.
pub async fn raise(
    tx: &mut Tx<'_>,
    kind: &'static str,
    subject: &str,
    detail: &str,
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&RAISE, binds![kind, subject, detail, now])
        .await?;
    tx.raise(RAISED);
    Ok(())
}

/// Whether news wait.
pub async fn is_any(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let any: Option<(i64,)> = tx.optional(&IS_ANY, binds![]).await?;
    Ok(any.is_some())
}

/// Makes a batch of all that waits, at most one each [`PAUSE`].
pub async fn take(tx: &mut Tx<'_>) -> Result<Taken, StoreError> {
    if !is_any(tx).await? {
        return Ok(Taken::Nothing);
    }
    let (now, pause) = (tx.now(), PAUSE.as_millis() as i64);
    let turn: Option<(i64,)> = tx.optional(&TAKE_TURN, binds![now, now - pause]).await?;
    if turn.is_none() {
        let (last,): (i64,) = tx.one(&LAST_TURN, binds![]).await?;
        return Ok(Taken::NotBefore(last + pause));
    }
    tx.execute(&FORGET, binds![now - FORGOTTEN.as_millis() as i64])
        .await?;
    let batch = PublicId::random(tx)?;
    if tx.execute(&TAKE, binds![batch]).await? == 0 {
        return Ok(Taken::Nothing);
    }
    Ok(Taken::Batch(batch))
}

/// While there is nobody to tell: drops what is old, and all but the newest thousand.
pub async fn drop_old(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let before = tx.now() - OLD.as_millis() as i64;
    tx.execute(&DROP_OLD, binds![before, KEPT])
        .await
        .map(|_| ())
}

/// A batch's news, oldest first.
pub async fn of_batch(tx: &mut Tx<'_>, batch: PublicId) -> Result<Vec<Alert>, StoreError> {
    tx.all(&OF_BATCH, binds![batch]).await
}
