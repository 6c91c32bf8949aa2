//! Tasks for staff. An open row is the only legal reason for money, an order or a message to stand unfinished.

use super::alerts;
use crate::store::{StoreError, Tx};
use crate::{binds, sql};

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

sql! {
    OPEN = "attention.open",
        "INSERT INTO attention (kind, subject, order_id, payment_id, detail, opened_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (kind, subject) WHERE state = 'open' DO NOTHING
         RETURNING id";
    RESOLVE = "attention.resolve",
        "UPDATE attention SET state = 'resolved', resolved_at = $3
         WHERE kind = $1 AND subject = $2 AND state = 'open'";
    COUNT = "attention.count",
        "SELECT COUNT(*) FROM attention WHERE state = 'open'";
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

/// How many tasks are open.
pub async fn count(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.one::<(i64,)>(&COUNT, binds![]).await.map(|row| row.0)
}
