//! What staff decide about an order's money: give it back, say that they have sent it back by hand, or hand the keys
//! out after all. Each is done once, whoever asks and however often.

use super::Method;
use super::refund::{self, Because};
use super::settle;
use crate::bus::attention;
use crate::shop::money::Money;
use crate::shop::orders::{self, Order, State};
use crate::store::{ErrorKind, PublicId, StoreError, Tx};
use crate::{binds, row, sql};

/// How a decision ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It is done, or on its way.
    Done,
    /// It was decided before.
    Already,
    /// Not enough keys are there to hand out.
    SoldOut,
    /// The order is in a state in which this can't be decided.
    Not(State),
    /// There is nothing of this name.
    Unknown,
}

row! {
    #[derive(Debug)]
    struct Applied {
        id: i64,
        provider: String,
        committed: i64,
        currency: String,
        amount: i64,
    }
}

row! {
    #[derive(Debug)]
    struct Refund {
        state: String,
        payment: i64,
        provider: String,
        order: Option<i64>,
        committed: i64,
    }
}

sql! {
    ORDER = "decide.order", "SELECT id FROM orders WHERE public_id = $1";
    APPLIED = "decide.applied",
        "SELECT id, provider, refund_committed_minor, currency, amount_minor FROM payments
         WHERE order_id = $1 AND disposition = 'applied'";
    WAITING = "decide.waiting",
        "SELECT o.public_id FROM orders o JOIN payments p ON p.order_id = o.id AND p.disposition = 'applied'
         WHERE o.state = 'backorder' AND p.refund_committed_minor = 0
         ORDER BY o.changed_at LIMIT $1";
    REFUND = "decide.refund",
        "SELECT r.state, p.id, p.provider, p.order_id, p.refund_committed_minor FROM refunds r JOIN payments p ON p.id = r.payment_id
         WHERE r.public_id = $1";
    FAILED = "decide.failed", "SELECT public_id FROM refunds WHERE payment_id = $1 AND state = 'failed'";
}

/// Sends all the money of an order back. Its keys are revoked, and the order is closed, as soon as it has gone.
pub async fn refund(tx: &mut Tx<'_>, order: PublicId) -> Result<Decided, StoreError> {
    let Some((id,)) = tx.optional::<(i64,)>(&ORDER, binds![order]).await? else {
        return Ok(Decided::Unknown);
    };
    let order = orders::lock(tx, id).await?;
    let state = order.state()?;
    if !matches!(state, State::Paid | State::Fulfilled | State::Backorder) {
        return Ok(Decided::Not(state));
    }
    let Some(payment) = tx.optional::<Applied>(&APPLIED, binds![id]).await? else {
        // It cost nothing: there is nothing to send back.
        return Ok(Decided::Not(state));
    };
    if payment.committed > 0 {
        return Ok(Decided::Already);
    }
    request(tx, payment.id, &payment.provider, &order).await?;
    Ok(Decided::Done)
}

/// Tries a refund again that its provider has refused.
pub async fn refund_again(tx: &mut Tx<'_>, refund: PublicId) -> Result<Decided, StoreError> {
    let Some(found) = tx.optional::<Refund>(&REFUND, binds![refund]).await? else {
        return Ok(Decided::Unknown);
    };
    let Some(order) = found.order else {
        return Ok(Decided::Unknown);
    };
    let order = orders::lock(tx, order).await?;
    // Under the lock: somebody else may have tried it again meanwhile.
    let found: Refund = tx.one(&REFUND, binds![refund]).await?;
    if found.state != "failed" || found.committed > 0 {
        return Ok(Decided::Already);
    }
    request(tx, found.payment, &found.provider, &order).await?;
    Ok(Decided::Done)
}

/// Asks for all of a payment back, in place of what was refused before.
async fn request(
    tx: &mut Tx<'_>,
    payment: i64,
    provider: &str,
    order: &Order,
) -> Result<(), StoreError> {
    let method = Method::from_word(provider).ok_or_else(|| {
        let word = format!("the provider {provider}");
        StoreError::because("decide.refund", ErrorKind::Decode, word)
    })?;
    for (failed,) in tx.all::<(PublicId,)>(&FAILED, binds![payment]).await? {
        attention::resolve(tx, "refund.failed", &failed.to_string()).await?;
    }
    refund::request(tx, method, payment, order, Because::Staff).await
}

/// The money of a refund that no call can send was sent back by hand.
pub async fn sent_by_hand(tx: &mut Tx<'_>, refund: PublicId) -> Result<Decided, StoreError> {
    let found: Option<Refund> = tx.optional(&REFUND, binds![refund]).await?;
    match found.as_ref().map(|found| found.state.as_str()) {
        None => Ok(Decided::Unknown),
        Some("succeeded" | "failed") => Ok(Decided::Already),
        Some(_) => {
            refund::succeeded(tx, refund).await?;
            Ok(Decided::Done)
        }
    }
}

/// Hands the keys of a backorder out, if they are there by now and its money is not on its way back.
pub async fn fulfil(tx: &mut Tx<'_>, order: PublicId) -> Result<Decided, StoreError> {
    let Some((id,)) = tx.optional::<(i64,)>(&ORDER, binds![order]).await? else {
        return Ok(Decided::Unknown);
    };
    let order = orders::lock(tx, id).await?;
    match order.state()? {
        State::Backorder => {}
        State::Fulfilled => return Ok(Decided::Already),
        state => return Ok(Decided::Not(state)),
    }
    let payment: Applied = tx.one(&APPLIED, binds![id]).await?;
    if payment.committed > 0 {
        // Money or keys, never both.
        return Ok(Decided::Not(State::Backorder));
    }
    tx.pause("decide.fulfil").await;
    let minor = payment.amount;
    let currency = payment.currency.parse().ok();
    let money = currency.map(|currency| Money { minor, currency });
    Ok(if settle::fulfil_backorder(tx, &order, money).await? {
        Decided::Done
    } else {
        Decided::SoldOut
    })
}

/// Backorders that wait for keys, not for their money: the oldest first.
pub async fn waiting(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<PublicId>, StoreError> {
    let rows: Vec<(PublicId,)> = tx.all(&WAITING, binds![limit]).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}
