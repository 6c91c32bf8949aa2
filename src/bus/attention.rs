//! Tasks for staff. An open row is the only legal reason for money, an order or a message to stand unfinished.

use super::alerts;
use crate::clock::Millis;
use crate::store::{StoreError, Tx};
use crate::{binds, row, sql};

/// A task to open. `kind` and `subject` together name it: it is open at most once.
#[derive(Clone, Debug)]
pub struct Task<'a> {
    /// What happened, such as `payment.unmatched`.
    pub kind: &'static str,
    /// What it is about, such as a public id or a charge id.
    pub subject: &'a str,
    /// The order that it concerns.
    pub order: Option<i64>,
    /// The payment that it concerns.
    pub payment: Option<i64>,
    /// What staff need to know. Never key text.
    pub detail: &'a str,
}

row! {
    /// A task as staff see it.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Listed {
        /// Its number.
        pub id: i64,
        /// What happened, such as `payment.unmatched`.
        pub kind: String,
        /// What it is about.
        pub subject: String,
        /// The row of the order that it concerns.
        pub order: Option<i64>,
        /// The row of the payment that it concerns.
        pub payment: Option<i64>,
        /// What staff need to know.
        pub detail: String,
        /// `open` or `resolved`.
        pub state: String,
        /// Since when.
        pub opened_at: Millis,
        /// Until when.
        pub resolved_at: Option<i64>,
        /// Who said that it is done; `None` if Kiosk saw it by itself.
        pub resolved_by: Option<String>,
    }
}

/// How resolving by hand ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It is resolved now.
    Done(Listed),
    /// It was resolved before.
    Already(Listed),
    /// There is no such task.
    Unknown,
}

sql! {
    OPEN = "attention.open",
        "INSERT INTO attention (kind, subject, order_id, payment_id, detail, opened_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (kind, subject) WHERE state = 'open' DO NOTHING
         RETURNING id";
    RESOLVE = "attention.resolve",
        "UPDATE attention SET state = 'resolved', resolved_at = $3
         WHERE kind = $1 AND subject = $2 AND state = 'open'";
    LIST = "attention.list",
        "SELECT id, kind, subject, order_id, payment_id, detail, state, opened_at, resolved_at, resolved_by
         FROM attention WHERE state = 'open' ORDER BY id LIMIT $1 OFFSET $2";
    ONE = "attention.one",
        "SELECT id, kind, subject, order_id, payment_id, detail, state, opened_at, resolved_at, resolved_by
         FROM attention WHERE id = $1";
    OF_ORDER = "attention.of_order",
        "SELECT id, kind, subject, order_id, payment_id, detail, state, opened_at, resolved_at, resolved_by
         FROM attention WHERE order_id = $1 ORDER BY id";
    CLOSE = "attention.close",
        "UPDATE attention SET state = 'resolved', resolved_at = $2, resolved_by = $3, detail = detail || $4
         WHERE id = $1 AND state = 'open'";
    SIGN = "attention.sign",
        "UPDATE attention SET resolved_by = $2, detail = detail || $3
         WHERE id = $1 AND state = 'resolved' AND resolved_by IS NULL";
    COUNT = "attention.count",
        "SELECT COUNT(*) FROM attention WHERE state = 'open'";
    BY_KIND = "attention.by_kind",
        "SELECT kind, COUNT(*) FROM (
             SELECT kind FROM attention WHERE state = 'open' ORDER BY kind, subject LIMIT $1
         ) AS counted GROUP BY kind ORDER BY kind";
}

/// Opens a task and tells staff, or leaves the open one as it is.
pub async fn open(tx: &mut Tx<'_>, task: &Task<'_>) -> Result<(), StoreError> {
    let now = tx.now();
    let binds = binds![
        task.kind,
        task.subject,
        task.order,
        task.payment,
        task.detail,
        now
    ];
    if let Some((id,)) = tx.optional::<(i64,)>(&OPEN, binds).await? {
        let detail = serde_json::json!({ "kind": task.kind, "task": id }).to_string();
        alerts::raise(tx, "task", &id.to_string(), &detail).await?;
    }
    Ok(())
}

/// Resolves the task if it is open.
pub async fn resolve(tx: &mut Tx<'_>, kind: &'static str, subject: &str) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&RESOLVE, binds![kind, subject, now]).await?;
    Ok(())
}

/// Open tasks, oldest first.
pub async fn list(tx: &mut Tx<'_>, limit: i64, offset: i64) -> Result<Vec<Listed>, StoreError> {
    tx.all(&LIST, binds![limit, offset]).await
}

/// A task by its number, open or resolved.
pub async fn one(tx: &mut Tx<'_>, id: i64) -> Result<Option<Listed>, StoreError> {
    tx.optional(&ONE, binds![id]).await
}

/// All tasks that concern an order, oldest first.
pub async fn of_order(tx: &mut Tx<'_>, order: i64) -> Result<Vec<Listed>, StoreError> {
    tx.all(&OF_ORDER, binds![order]).await
}

/// Somebody says that a task is done; a note of theirs is kept with it.
pub async fn close(
    tx: &mut Tx<'_>,
    id: i64,
    by: &str,
    note: Option<&str>,
) -> Result<Closed, StoreError> {
    let now = tx.now();
    let note = noted(note);
    let closed = tx.execute(&CLOSE, binds![id, now, by, note]).await? > 0;
    Ok(match one(tx, id).await? {
        Some(task) if closed => Closed::Done(task),
        Some(task) => Closed::Already(task),
        None => Closed::Unknown,
    })
}

/// Says who resolved a task, and why, where the task was resolved by what they did.
pub async fn sign(
    tx: &mut Tx<'_>,
    id: i64,
    by: &str,
    note: Option<&str>,
) -> Result<(), StoreError> {
    let note = noted(note);
    tx.execute(&SIGN, binds![id, by, note]).await.map(|_| ())
}

/// A person's note as it stands under a task.
fn noted(note: Option<&str>) -> String {
    // PostgreSQL refuses NUL in text.
    let note = note.map(|note| note.trim().replace('\0', ""));
    let note = note.filter(|note| !note.is_empty());
    note.map_or_else(String::new, |note| format!("\nNote: {note}"))
}

/// How many tasks of each kind are open, counted to `most` in all.
pub async fn by_kind(tx: &mut Tx<'_>, most: i64) -> Result<Vec<(String, i64)>, StoreError> {
    tx.all(&BY_KIND, binds![most]).await
}

/// How many tasks are open.
pub async fn count(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.one::<(i64,)>(&COUNT, binds![]).await.map(|row| row.0)
}
