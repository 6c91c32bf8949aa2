//! From the cart to an order. The customer agrees to prices, not to products alone: where a price is another than the
//! one that they saw, they are asked first.

use super::{Cart, Line};
use crate::shop::customers;
use crate::shop::orders::place::{self, PlaceError, Placed, Request, Rules, Wanted};
use crate::store::Tx;
use crate::{binds, sql};

/// How a checkout ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Checkout {
    /// The order stands, and the cart is empty.
    Placed(Placed),
    /// These lines cost something else than the customer saw. The cart has the new prices now: the same again agrees.
    Repriced(Cart, Vec<Line>),
    /// The cart is another than the one that the button was drawn for.
    Stale,
}

sql! {
    LOCK = "cart.lock",
        sqlite: "SELECT version FROM carts WHERE customer_id = $1",
        postgres: "SELECT version FROM carts WHERE customer_id = $1 FOR UPDATE";
}

/// Places the order of the cart of `version`. The same again is the same order while that is open.
pub async fn checkout(
    tx: &mut Tx<'_>,
    customer: i64,
    version: i64,
    rules: &Rules,
) -> Result<Checkout, PlaceError> {
    let checkout_key = format!("cart:{version}");
    if let Some(order) = place::open_order(tx, customer, &checkout_key).await? {
        return Ok(Checkout::Placed(Placed::Again(order)));
    }
    // Both are locked before they are read, in the order in which everybody locks them.
    customers::lock(tx, customer).await?;
    let standing: Option<(i64,)> = tx.optional(&LOCK, binds![customer]).await?;
    let mut cart = super::view(tx, customer).await?;
    if standing != Some((version,)) || cart.lines.is_empty() {
        // It may have been placed while we waited.
        return Ok(
            match place::open_order(tx, customer, &checkout_key).await? {
                Some(order) => Checkout::Placed(Placed::Again(order)),
                None => Checkout::Stale,
            },
        );
    }
    let repriced: Vec<Line> = cart
        .lines
        .iter()
        .filter(|it| is_repriced(it))
        .cloned()
        .collect();
    if !repriced.is_empty() {
        for line in &repriced {
            let prices = line.prices.to_json();
            let binds = binds![customer, line.slug, prices];
            tx.execute(&super::SEEN, binds).await?;
        }
        cart.version = super::touch(tx, customer).await?;
        return Ok(Checkout::Repriced(cart, repriced));
    }
    let wanted = cart.lines.into_iter().map(|line| Wanted {
        slug: line.slug,
        quantity: line.quantity,
        agreed: Some(line.seen),
    });
    let request = Request {
        customer,
        wanted: wanted.collect(),
        checkout_key,
        rules: rules.clone(),
    };
    let placed = place::place(tx, &request).await?;
    tx.execute(&super::EMPTY, binds![customer]).await?;
    super::touch(tx, customer).await?;
    Ok(Checkout::Placed(placed))
}

/// A line that can't be bought any more is not asked about its price.
fn is_repriced(line: &Line) -> bool {
    line.prices != line.seen && !line.prices.is_empty()
}
