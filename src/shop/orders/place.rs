//! Placing an order: its units, its snapshots and its hold in one transaction, or nothing.

use std::time::Duration;

use super::goods::{self, Goods};
use crate::meters;
use crate::shop::catalogue::Kind;
use crate::shop::customers;
use crate::shop::customers::registration::{self, Finished, Requirements, Step};
use crate::shop::downloads::grant;
use crate::shop::keys::claim::{self, Unit};
use crate::shop::money::Prices;
use crate::shop::payments::{self, Offer, settle};
use crate::shop::staff::news;
use crate::shop::texts::Texts;
use crate::store::{ErrorKind, PublicId, StoreError, Tx};
use crate::{binds, row, sql};

/// What a customer means to buy.
#[derive(Clone, Debug)]
pub struct Request {
    /// The customer's row.
    pub customer: i64,
    /// The products, each of them once.
    pub wanted: Vec<Wanted>,
    /// Names this purchase: while its order is open, the same key is the same order.
    pub checkout_key: String,
    /// What the shop asks and allows.
    pub rules: Rules,
}

/// A product and how many pieces of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The product.
    pub slug: String,
    /// How many pieces.
    pub quantity: i64,
    /// What the customer has agreed to pay for a piece, where they were asked.
    pub agreed: Option<Prices>,
}

/// What a shop asks and allows when an order is placed.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How long the keys are held.
    pub hold: Duration,
    /// The ways to pay. An order that none of them can take is not placed.
    pub offers: Vec<Offer>,
    /// A customer's open orders at the same time, at most.
    pub most_open: i64,
    /// The keys that a customer's open orders hold together, at most.
    pub most_held: i64,
    /// What a customer must have told, confirmed and agreed to.
    pub needs: Requirements,
    /// Whether customers reach the shop's pages: files are fetched there.
    pub has_pages: bool,
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
    /// Not enough keys are left of one of the products.
    #[error("sold out")]
    SoldOut,
    /// There is no such product any more, or it can't be bought.
    #[error("{0} is not for sale")]
    NotForSale(String),
    /// A product costs something else than the customer has agreed to.
    #[error("{0} has another price")]
    Repriced(String),
    /// No way to pay can take all of it at once.
    #[error("no way to pay can take it")]
    NoOffer,
    /// The customer must confirm a phone number first.
    #[error("a phone number is needed")]
    NeedsPhone,
    /// The customer must confirm an e-mail address first.
    #[error("an e-mail address is needed")]
    NeedsEmail,
    /// The customer must say what to call them, or agree to something, first.
    #[error("an answer is needed")]
    NeedsAnswer,
    /// More than a customer may have.
    #[error("more than a customer may have: {0:?}")]
    Limit(Limit),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a customer may have no more of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Open orders.
    OpenOrders {
        /// At most so many.
        most: i64,
    },
    /// Keys held by open orders.
    HeldKeys {
        /// At most so many.
        most: i64,
        /// So many are held already.
        held: i64,
    },
    /// Pieces of one product.
    Pieces {
        /// The product's title.
        title: Texts,
        /// At most so many.
        most: i64,
        /// So many are ordered already.
        had: i64,
    },
}

/// The most pieces of one line: what an invoice's payload can say.
pub const MOST: i64 = 1_000;
/// The most lines of an order.
pub const LINES: usize = 20;

row! {
    /// A customer's open orders.
    #[derive(Clone, Copy, Debug)]
    struct Open {
        /// The one of this purchase.
        same: Option<PublicId>,
        orders: i64,
        /// The keys that they hold together.
        held: i64,
    }
}

sql! {
    FIND = "orders.place.find",
        "SELECT public_id FROM orders
         WHERE customer_id = $1 AND checkout_key = $2 AND state = 'open'";
    // Every order has a unit.
    OPEN = "orders.place.open",
        "SELECT (SELECT public_id FROM orders WHERE customer_id = $1 AND checkout_key = $2 AND state = 'open'),
             COUNT(DISTINCT o.id), COUNT(*)
         FROM orders o JOIN order_units u ON u.order_id = o.id
         WHERE o.customer_id = $1 AND o.state = 'open'";
    INSERT = "orders.place.order",
        "INSERT INTO orders (public_id, customer_id, checkout_key, created_at, expires_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $4)
         ON CONFLICT (customer_id, checkout_key) WHERE state = 'open' DO NOTHING
         RETURNING id";
    INSERT_LINE = "orders.place.line",
        "INSERT INTO order_lines (order_id, line_no, product_id, title, prices, quantity)
         VALUES ($1, $2, $3, $4, $5, $6)
         RETURNING id";
    INSERT_UNIT = "orders.place.unit",
        "INSERT INTO order_units (order_id, line_id, unit_no, product_id)
         VALUES ($1, $2, $3, $4)
         RETURNING id, product_id";
}

/// Whether the customer has told all that the shop asks for. With that they are registered.
async fn registered(tx: &mut Tx<'_>, request: &Request) -> Result<(), PlaceError> {
    let needs = &request.rules.needs;
    if needs.is_empty() {
        return Ok(());
    }
    let finished = registration::finish(tx, request.customer, needs).await?;
    let Finished::Missing(steps) = finished else {
        return Ok(());
    };
    match steps.first() {
        None => Ok(()),
        Some(Step::Phone) => Err(PlaceError::NeedsPhone),
        Some(Step::Email) => Err(PlaceError::NeedsEmail),
        Some(Step::Name | Step::Consent(_)) => Err(PlaceError::NeedsAnswer),
    }
}

/// Places an order, holds its keys and promises its downloads. An order that costs nothing is fulfilled at once.
pub async fn place(tx: &mut Tx<'_>, request: &Request) -> Result<Placed, PlaceError> {
    let (customer, key) = (request.customer, &request.checkout_key);
    // One purchase of a customer at a time: what follows is counted.
    customers::lock(tx, customer).await?;
    let open: Open = tx.one(&OPEN, binds![customer, key]).await?;
    if let Some(order) = open.same {
        return Ok(Placed::Again(order));
    }
    registered(tx, request).await?;
    let lines = for_sale(tx, &request.wanted, &request.rules).await?;
    let total = Prices::checked_sum(lines.iter().map(|(goods, n)| (&goods.prices, *n)));
    let total = total.ok_or(PlaceError::NoOffer)?;
    let is_free = total.is_free();
    if !payments::can_be_paid(&total, &request.rules.offers) {
        return Err(PlaceError::NoOffer);
    }
    within_limits(tx, request, &open, &lines, is_free).await?;

    let (now, public_id) = (tx.now(), PublicId::random(tx)?);
    let expires_at = now + request.rules.hold.as_millis() as i64;
    let binds = binds![public_id, customer, key, now, expires_at];
    let Some((order,)) = tx.optional::<(i64,)>(&INSERT, binds).await? else {
        // The same purchase was placed at the same time, and has been committed: the lock and the insert waited for that.
        let unseen = || StoreError::new("orders.place.order", ErrorKind::Conflict);
        let order = open_order(tx, customer, key).await?.ok_or_else(unseen)?;
        return Ok(Placed::Again(order));
    };
    tx.tally(meters::ORDERS.of(["placed"]), 1);
    let mut units: Vec<Unit> = Vec::with_capacity(lines.len());
    for (at, (goods, quantity)) in (1_i64..).zip(&lines) {
        let prices = goods.prices.to_json();
        let binds = binds![order, at, goods.id, goods.title, prices, *quantity];
        let (line,): (i64,) = tx.one(&INSERT_LINE, binds).await?;
        for unit in 1..=*quantity {
            let binds = binds![order, line, unit, goods.id];
            let unit: Unit = tx.one(&INSERT_UNIT, binds).await?;
            match goods.kind {
                Kind::Download => grant::promise(tx, unit.id, goods).await?,
                Kind::Stock | Kind::Minted => units.push(unit),
            }
        }
    }
    if !claim::claim(tx, units).await? {
        return Err(PlaceError::SoldOut);
    }
    news::claimed(tx, order).await?;
    tx.pause("orders.placed").await;
    if is_free {
        settle::fulfil_free(tx, order).await?;
    }
    Ok(Placed::New(public_id))
}

/// The wanted products with their quantities, if all of them can be bought.
async fn for_sale(
    tx: &mut Tx<'_>,
    wanted: &[Wanted],
    rules: &Rules,
) -> Result<Vec<(Goods, i64)>, PlaceError> {
    let mut lines: Vec<(Goods, i64)> = Vec::with_capacity(wanted.len());
    for Wanted {
        slug,
        quantity,
        agreed,
    } in wanted
    {
        let not_for_sale = || PlaceError::NotForSale(slug.clone());
        let goods = goods::find(tx, slug).await?;
        let goods = goods.filter(Goods::is_for_sale).ok_or_else(not_for_sale)?;
        if goods.kind == Kind::Download && !rules.has_pages {
            return Err(not_for_sale());
        }
        let is_twice = lines.iter().any(|(other, _)| other.id == goods.id);
        if is_twice || !(1..=MOST).contains(quantity) {
            return Err(not_for_sale());
        }
        if agreed
            .as_ref()
            .is_some_and(|agreed| *agreed != goods.prices)
        {
            return Err(PlaceError::Repriced(slug.clone()));
        }
        lines.push((goods, *quantity));
    }
    if lines.is_empty() || lines.len() > LINES {
        return Err(PlaceError::NoOffer);
    }
    Ok(lines)
}

async fn within_limits(
    tx: &mut Tx<'_>,
    request: &Request,
    open: &Open,
    lines: &[(Goods, i64)],
    is_free: bool,
) -> Result<(), PlaceError> {
    let Request {
        customer,
        rules: Rules {
            most_open,
            most_held,
            ..
        },
        ..
    } = *request;
    for (goods, quantity) in lines {
        let Some(most) = goods.most_per_customer() else {
            continue;
        };
        let had = goods::ordered(tx, customer, goods).await?;
        if had + quantity > most {
            let title = Texts::from_json(&goods.title)
                .map_err(|error| StoreError::because("orders.place", ErrorKind::Decode, error))?;
            return Err(PlaceError::Limit(Limit::Pieces { title, most, had }));
        }
    }
    // What costs nothing is held by nobody: it is handed out at once.
    if is_free {
        return Ok(());
    }
    let held = open.held;
    if open.orders >= most_open {
        return Err(PlaceError::Limit(Limit::OpenOrders { most: most_open }));
    }
    let wanted: i64 = lines.iter().map(|(_, quantity)| quantity).sum();
    if held + wanted > most_held {
        let most = most_held;
        return Err(PlaceError::Limit(Limit::HeldKeys { most, held }));
    }
    Ok(())
}

/// The customer's open order of this purchase.
pub(in crate::shop) async fn open_order(
    tx: &mut Tx<'_>,
    customer: i64,
    checkout_key: &str,
) -> Result<Option<PublicId>, StoreError> {
    let found: Option<(PublicId,)> = tx.optional(&FIND, binds![customer, checkout_key]).await?;
    Ok(found.map(|row| row.0))
}
