//! Ends what is due and forgets what no longer counts: to be called from time to time, by one process.

use std::time::Duration;

use crate::clock::Millis;
use crate::shop::throttle;
use crate::store::{StoreError, Tx};
use crate::{binds, sql};

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Confirmations whose time was over.
    pub expired: u64,
    /// Limits whose window was over.
    pub forgotten: u64,
    /// Confirmations whose number or address was forgotten: they ended long ago.
    pub blanked: u64,
}

/// How long the number or the address of one that has ended is remembered.
const REMEMBERED: Duration = Duration::from_hours(30 * 24);

sql! {
    EXPIRE = "confirmations.expire",
        sqlite: "UPDATE confirmations SET state = 'expired', changed_at = $1
             WHERE state = 'live' AND id IN
                 (SELECT id FROM confirmations WHERE state = 'live' AND expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        // As a plain subquery the planner may run it more than once, and so end more than the limit.
        postgres: "WITH due AS MATERIALIZED (
                 SELECT id FROM confirmations WHERE state = 'live' AND expires_at <= $1 ORDER BY expires_at LIMIT $2
                 FOR UPDATE SKIP LOCKED
             )
             UPDATE confirmations SET state = 'expired', changed_at = $1
             FROM due WHERE confirmations.id = due.id AND confirmations.state = 'live'";
}
sql! {
    BLANK = "confirmations.blank",
        sqlite: "UPDATE confirmations SET target = '', target_key = '', replaced = NULL
             WHERE id IN (SELECT id FROM confirmations
                 WHERE state <> 'live' AND target <> '' AND changed_at <= $1 ORDER BY changed_at LIMIT $2)",
        postgres: "WITH old AS MATERIALIZED (
                 SELECT id FROM confirmations
                 WHERE state <> 'live' AND target <> '' AND changed_at <= $1 ORDER BY changed_at LIMIT $2
                 FOR UPDATE SKIP LOCKED
             )
             UPDATE confirmations SET target = '', target_key = '', replaced = NULL
             FROM old WHERE confirmations.id = old.id";
}
sql! {
    FORGET_CUSTOMER = "confirmations.forget_customer",
        "UPDATE confirmations SET target = '', target_key = '', replaced = NULL,
             state = CASE state WHEN 'live' THEN 'expired' ELSE state END, changed_at = $2
         WHERE customer_id = $1";
    END_WAYS_IN = "confirmations.end_ways_in",
        "UPDATE confirmations SET state = 'expired', changed_at = $2
         WHERE customer_id = $1 AND purpose IN ('recover', 'login') AND state = 'live'";
    END_ALL = "confirmations.end_all",
        "UPDATE confirmations SET state = 'expired', changed_at = $2 WHERE customer_id = $1 AND state = 'live'";
    NEXT = "confirmations.expire.next",
        "SELECT MIN(expires_at) FROM confirmations WHERE state = 'live'";
}

/// Ends at most `most` confirmations, and forgets at most as many limits and as many old numbers and addresses.
pub async fn sweep(tx: &mut Tx<'_>, most: i64) -> Result<Swept, StoreError> {
    let now = tx.now();
    Ok(Swept {
        expired: tx.execute(&EXPIRE, binds![now, most]).await?,
        forgotten: throttle::sweep(tx, most).await?,
        blanked: tx
            .execute(&BLANK, binds![now - REMEMBERED.as_millis() as i64, most])
            .await?,
    })
}

/// Forgets what a customer's confirmations were about, and ends those that wait: the customer is being erased.
pub async fn forget_customer(tx: &mut Tx<'_>, customer: i64) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&FORGET_CUSTOMER, binds![customer, now])
        .await
        .map(|_| ())
}

/// Ends the ways in that wait for a code: it may have gone where the customer does not read any more.
pub(in crate::shop) async fn end_ways_in(tx: &mut Tx<'_>, customer: i64) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&END_WAYS_IN, binds![customer, now])
        .await
        .map(|_| ())
}

/// Ends all of the customer's confirmations that wait, whatever for. They are locked before.
pub(in crate::shop) async fn end_all(tx: &mut Tx<'_>, customer: i64) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&END_ALL, binds![customer, now])
        .await
        .map(|_| ())
}

/// When the next confirmation is due.
pub async fn next_due(tx: &mut Tx<'_>) -> Result<Option<Millis>, StoreError> {
    tx.one::<(Option<i64>,)>(&NEXT, binds![])
        .await
        .map(|row| row.0)
}
