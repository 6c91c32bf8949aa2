//! Expiring and cancelling: the two ways in which an open order gives its keys back. Neither happens while somebody is
//! paying (an approval is live), and money that comes afterwards still wins.

use super::{Order, State};
use crate::clock::Millis;
use crate::meters;
use crate::shop::keys::claim;
use crate::shop::letters::{self, Letter};
use crate::shop::payments::attempt;
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, sql};

/// How a cancellation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// The order is cancelled, its keys are in the stock again.
    Done,
    /// Somebody is paying it right now: try again in a minute.
    BeingPaid,
    /// It is no longer open.
    Not(State),
    /// The customer has no such order.
    Unknown,
}

sql! {
    DUE = "orders.expire.due",
        "SELECT id FROM orders
         WHERE state = 'open' AND expires_at <= $1 AND (approved_until IS NULL OR approved_until <= $1)
         ORDER BY expires_at LIMIT $2";
    EXPIRE = "orders.expire",
        "UPDATE orders SET state = 'expired', changed_at = $2
         WHERE id = $1 AND state = 'open' AND expires_at <= $2
             AND (approved_until IS NULL OR approved_until <= $2)";
    CANCEL = "orders.cancel",
        "UPDATE orders SET state = 'cancelled', changed_at = $2
         WHERE id = $1 AND state = 'open' AND (approved_until IS NULL OR approved_until <= $2)";
    NEXT = "orders.expire.next",
        "SELECT MIN(expires_at) FROM orders WHERE state = 'open'";
}

/// Orders whose hold has run out, oldest first. Each is expired in a transaction of its own.
pub async fn due(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<i64>, StoreError> {
    let now = tx.now();
    let rows: Vec<(i64,)> = tx.all(&DUE, binds![now, limit]).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// When the next hold runs out.
pub async fn next_due(tx: &mut Tx<'_>) -> Result<Option<Millis>, StoreError> {
    tx.one::<(Option<i64>,)>(&NEXT, binds![])
        .await
        .map(|row| row.0)
}

/// Ends an order whose hold has run out. False: it was paid, approved or ended meanwhile.
pub async fn expire(tx: &mut Tx<'_>, order: i64) -> Result<bool, StoreError> {
    let now = tx.now();
    if tx.execute(&EXPIRE, binds![order, now]).await? == 0 {
        return Ok(false);
    }
    tx.tally(meters::ORDERS.of(["expired"]), 1);
    tx.pause("orders.expired").await;
    let order = super::by_id(tx, order).await?;
    give_back(tx, &order, "expired").await?;
    let letter = Letter::Expired {
        order: order.public_id,
    };
    letters::post(tx, &order.customer(), &letter).await?;
    Ok(true)
}

/// Ends an open order by its customer's wish.
pub async fn cancel(
    tx: &mut Tx<'_>,
    customer: i64,
    order: PublicId,
) -> Result<Cancelled, StoreError> {
    let Some(order) = super::of_customer(tx, customer, order).await? else {
        return Ok(Cancelled::Unknown);
    };
    let now = tx.now();
    if tx.execute(&CANCEL, binds![order.id, now]).await? == 0 {
        let order = super::by_id(tx, order.id).await?;
        return Ok(match order.state()? {
            State::Open => Cancelled::BeingPaid,
            state => Cancelled::Not(state),
        });
    }
    tx.tally(meters::ORDERS.of(["cancelled"]), 1);
    tx.pause("orders.cancelled").await;
    give_back(tx, &order, "cancelled").await?;
    Ok(Cancelled::Done)
}

async fn give_back(
    tx: &mut Tx<'_>,
    order: &Order,
    attempts: &'static str,
) -> Result<(), StoreError> {
    attempt::end_open(tx, order.id, attempts).await?;
    claim::release(tx, order.id).await
}
