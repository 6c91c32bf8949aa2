//! Placing an order: its units, its snapshots and its hold in one transaction, or nothing.

use std::time::Duration;

use crate::shop::catalogue::{self, Kind};
use crate::shop::keys::claim;
use crate::shop::money::{Currency, Prices};
use crate::shop::payments::settle;
use crate::shop::staff::news;
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, sql};

/// What a customer means to buy.
#[derive(Clone, Debug)]
pub struct Request {
    /// The customer's row.
    pub customer: i64,
    /// The product.
    pub slug: String,
    /// How many pieces.
    pub quantity: i64,
    /// Names this purchase: while its order is open, the same key is the same order.
    pub checkout_key: String,
    /// How long the keys are held.
    pub hold: Duration,
}

/// A placed order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It was placed now.
    New(PublicId),
    /// It was placed before, and is still open.
    Again(PublicId),
}

impl Placed {
    /// The order.
    pub fn order(self) -> PublicId {
        match self {
            Placed::New(order) | Placed::Again(order) => order,
        }
    }
}

/// Why no order was placed. Nothing is left of it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PlaceError {
    /// Not enough keys are left.
    #[error("sold out")]
    SoldOut,
    /// There is no such product any more, or it can't be bought.
    #[error("not for sale")]
    NotForSale,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The most pieces of one line: what an invoice's payload can say.
pub const MOST: i64 = 1_000;

sql! {
    FIND = "orders.place.find",
        "SELECT public_id FROM orders
         WHERE customer_id = $1 AND checkout_key = $2 AND state = 'open'";
    INSERT = "orders.place.order",
        "INSERT INTO orders (public_id, customer_id, checkout_key, created_at, expires_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $4)
         ON CONFLICT (customer_id, checkout_key) WHERE state = 'open' DO NOTHING
         RETURNING id";
    INSERT_LINE = "orders.place.line",
        "INSERT INTO order_lines (order_id, line_no, product_id, title, prices, quantity)
         VALUES ($1, 1, $2, $3, $4, $5)
         RETURNING id";
    INSERT_UNIT = "orders.place.unit",
        "INSERT INTO order_units (order_id, line_id, unit_no, product_id)
         VALUES ($1, $2, $3, $4)";
}

/// Places an order for one product and holds its keys. An order whose sum is 0 in Stars is fulfilled at once.
pub async fn place(tx: &mut Tx<'_>, request: &Request) -> Result<Placed, PlaceError> {
    let Request {
        customer,
        ref slug,
        quantity,
        ref checkout_key,
        hold,
    } = *request;
    if let Some(order) = open_order(tx, customer, checkout_key).await? {
        return Ok(Placed::Again(order));
    }
    let product = catalogue::by_slug(tx, slug)
        .await?
        .filter(|product| !product.archived && product.kind == Kind::Stock)
        .ok_or(PlaceError::NotForSale)?;
    let total = product.prices.checked_mul(quantity);
    let (1..=MOST, Some(total)) = (quantity, total) else {
        return Err(PlaceError::NotForSale);
    };
    if total.is_empty() {
        return Err(PlaceError::NotForSale);
    }
    let (now, public_id) = (tx.now(), PublicId::random(tx)?);
    let expires_at = now + hold.as_millis() as i64;
    let binds = binds![public_id, customer, checkout_key, now, expires_at];
    let Some((order,)) = tx.optional::<(i64,)>(&INSERT, binds).await? else {
        // The same purchase was placed at the same time, and has been committed: the insert waited for that.
        let order = open_order(tx, customer, checkout_key).await?;
        return order.map(Placed::Again).ok_or(PlaceError::SoldOut);
    };
    let (title, prices) = (product.title.to_json(), product.prices.to_json());
    let binds = binds![order, product.id, title, prices, quantity];
    let (line,): (i64,) = tx.one(&INSERT_LINE, binds).await?;
    for unit in 1..=quantity {
        tx.execute(&INSERT_UNIT, binds![order, line, unit, product.id])
            .await?;
    }
    if !claim::fill(tx, order).await? {
        return Err(PlaceError::SoldOut);
    }
    news::claimed(tx, order).await?;
    tx.pause("orders.placed").await;
    if is_free(&total) {
        settle::fulfil_free(tx, order).await?;
    }
    Ok(Placed::New(public_id))
}

fn is_free(total: &Prices) -> bool {
    total.get(Currency::XTR) == Some(0)
}

async fn open_order(
    tx: &mut Tx<'_>,
    customer: i64,
    checkout_key: &str,
) -> Result<Option<PublicId>, StoreError> {
    let found: Option<(PublicId,)> = tx.optional(&FIND, binds![customer, checkout_key]).await?;
    Ok(found.map(|row| row.0))
}
