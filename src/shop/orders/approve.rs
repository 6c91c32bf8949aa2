//! Approving a payment that is about to be made: the last moment at which it can be refused. The answer has a deadline,
//! so this is one read and one conditional UPDATE.

use super::State;
use crate::shop::payments::{attempt, payload};
use crate::shop::vault::Vault;
use crate::store::{StoreError, Tx};
use crate::{binds, sql};

/// For so long an approved order neither expires nor is cancelled, in milliseconds: Telegram takes the money within it.
const APPROVAL: i64 = 60_000;
/// What an approved order has left of its hold at least, in milliseconds.
const LEFT: i64 = 600_000;
/// A newer query of the same payer replaces an approval of this age, in milliseconds: Telegram has given it up by then.
const GIVEN_UP: i64 = 10_000;

/// A payment that asks for leave.
#[derive(Clone, Debug)]
pub struct Query {
    /// Telegram's name for it.
    pub id: String,
    /// Who is about to pay.
    pub payer: i64,
    /// Their currency.
    pub currency: String,
    /// How much, in its minor units.
    pub amount: i64,
    /// The payload of our invoice.
    pub payload: String,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// Go ahead: the order waits for the money.
    Approved,
    /// Don't, for this reason.
    Refused(Reason),
}

/// Why a payment is refused before it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The invoice is none of ours.
    Unknown,
    /// Somebody else's invoice.
    NotYours,
    /// Another amount or currency than the invoice has.
    Changed,
    /// The hold has run out.
    Expired,
    /// The order was cancelled.
    Cancelled,
    /// The order is paid already.
    Paid,
    /// The order is being paid right now.
    BeingPaid,
}

sql! {
    APPROVE = "orders.approve",
        "UPDATE orders SET approved_query = $5, approved_until = $7,
             expires_at = CASE WHEN orders.expires_at > $8 THEN orders.expires_at ELSE $8 END
         FROM payment_attempts a, customers c
         WHERE a.public_id = $1 AND a.currency = $3 AND a.amount_minor = $4 AND orders.id = a.order_id
             AND c.id = orders.customer_id AND c.telegram_id = $2
             AND orders.state = 'open' AND orders.expires_at > $6
             AND (orders.approved_query IS NULL OR orders.approved_query = $5 OR orders.approved_until <= $9)";
    UNDO = "orders.approve.undo",
        "UPDATE orders SET approved_query = NULL, approved_until = NULL
         WHERE approved_query = $1";
}

/// Decides, and keeps an approved order from expiring and from being cancelled.
pub async fn approve(
    tx: &mut Tx<'_>,
    vault: &Vault,
    query: &Query,
) -> Result<Approval, StoreError> {
    let refused = |reason| Ok(Approval::Refused(reason));
    let Ok(payload) = payload::decode(vault, &query.payload) else {
        return refused(Reason::Unknown);
    };
    tx.pause("orders.approve").await;
    let now = tx.now();
    let (until, least) = (now + APPROVAL, now + LEFT);
    let given_up = until - GIVEN_UP;
    let binds = binds![
        payload.attempt,
        query.payer,
        query.currency,
        query.amount,
        query.id,
        now,
        until,
        least,
        given_up
    ];
    if tx.execute(&APPROVE, binds).await? > 0 {
        return Ok(Approval::Approved);
    }
    // The question has a deadline: why not is only looked up when it is not.
    let Some(attempt) = attempt::by_public_id(tx, payload.attempt).await? else {
        return refused(Reason::Unknown);
    };
    if attempt.payer != query.payer {
        return refused(Reason::NotYours);
    }
    if attempt.currency != query.currency || attempt.amount != query.amount {
        return refused(Reason::Changed);
    }
    let order = super::by_id(tx, attempt.order).await?;
    refused(match order.state()? {
        State::Open if order.expires_at <= now => Reason::Expired,
        State::Open => Reason::BeingPaid,
        State::Expired => Reason::Expired,
        State::Cancelled => Reason::Cancelled,
        State::Paid | State::Fulfilled | State::Backorder | State::Closed => Reason::Paid,
    })
}

/// Takes an approval back whose answer came too late. The longer hold stays.
pub async fn undo(tx: &mut Tx<'_>, query: &str) -> Result<(), StoreError> {
    tx.execute(&UNDO, binds![query]).await.map(|_| ())
}
