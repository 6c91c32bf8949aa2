//! Orders as their customer sees them. Every query is by (id, owner).

use super::State;
use crate::clock::Millis;
use crate::shop::catalogue::Kind;
use crate::shop::money::{Money, Prices};
use crate::shop::payments::Method;
use crate::shop::texts::Texts;
use crate::store::{ErrorKind, PublicId, StoreError, Tx};
use crate::{binds, row, sql};

/// An order with what its screens show.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderView {
    /// Its name.
    pub id: PublicId,
    /// Where it stands.
    pub state: State,
    /// When it was placed.
    pub created_at: Millis,
    /// When its hold runs out.
    pub expires_at: Millis,
    /// What was ordered.
    pub lines: Vec<LineView>,
    /// What it costs, in the currencies that all its lines have.
    pub total: Prices,
    /// What was paid for it.
    pub paid: Option<Money>,
    /// The attempt that waits for its money, with its method.
    pub attempt: Option<(PublicId, Method)>,
}

/// A line as it was ordered.
#[derive(Clone, Debug, PartialEq)]
pub struct LineView {
    /// The product's title at that time.
    pub title: Texts,
    /// The price of one piece at that time.
    pub prices: Prices,
    /// How many pieces.
    pub quantity: i64,
    /// How it is delivered.
    pub kind: Kind,
}

impl OrderView {
    /// Whether it brings keys, or would.
    pub fn has_keys(&self) -> bool {
        self.lines.iter().any(|line| line.kind != Kind::Download)
    }

    /// Whether it brings files, or would.
    pub fn has_downloads(&self) -> bool {
        self.lines.iter().any(|line| line.kind == Kind::Download)
    }
}

row! {
    #[derive(Debug)]
    struct Head {
        id: i64,
        public_id: PublicId,
        state: String,
        created_at: Millis,
        expires_at: Millis,
    }
}

sql! {
    ONE = "orders.view.one",
        "SELECT id, public_id, state, created_at, expires_at FROM orders
         WHERE public_id = $1 AND customer_id = $2";
    PAGE = "orders.view.page",
        "SELECT id, public_id, state, created_at, expires_at FROM orders
         WHERE customer_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3";
    WITH_KEYS = "orders.view.with_keys",
        "SELECT id, public_id, state, created_at, expires_at FROM orders
         WHERE customer_id = $1 AND state = 'fulfilled' ORDER BY id DESC LIMIT $2 OFFSET $3";
    LINES = "orders.view.lines",
        "SELECT l.title, l.prices, l.quantity, p.kind
         FROM order_lines l JOIN products p ON p.id = l.product_id
         WHERE l.order_id = $1 ORDER BY l.line_no";
    PAID = "orders.view.paid",
        "SELECT amount_minor, currency FROM payments WHERE order_id = $1 AND disposition = 'applied'";
    ATTEMPT = "orders.view.attempt",
        "SELECT public_id, method FROM payment_attempts
         WHERE order_id = $1 AND state = 'open' ORDER BY id DESC LIMIT 1";
}

/// The customer's own order; `None` for a stranger.
pub async fn one(
    tx: &mut Tx<'_>,
    customer: i64,
    order: PublicId,
) -> Result<Option<OrderView>, StoreError> {
    let head: Option<Head> = tx.optional(&ONE, binds![order, customer]).await?;
    match head {
        Some(head) => view(tx, head).await.map(Some),
        None => Ok(None),
    }
}

/// The customer's orders, newest first.
pub async fn page(
    tx: &mut Tx<'_>,
    customer: i64,
    limit: i64,
    offset: i64,
) -> Result<Vec<OrderView>, StoreError> {
    let heads: Vec<Head> = tx.all(&PAGE, binds![customer, limit, offset]).await?;
    views(tx, heads).await
}

/// The customer's orders that have keys to show, newest first.
pub async fn with_keys(
    tx: &mut Tx<'_>,
    customer: i64,
    limit: i64,
    offset: i64,
) -> Result<Vec<OrderView>, StoreError> {
    let heads: Vec<Head> = tx.all(&WITH_KEYS, binds![customer, limit, offset]).await?;
    views(tx, heads).await
}

async fn views(tx: &mut Tx<'_>, heads: Vec<Head>) -> Result<Vec<OrderView>, StoreError> {
    let mut views = Vec::with_capacity(heads.len());
    for head in heads {
        views.push(view(tx, head).await?);
    }
    Ok(views)
}

async fn view(tx: &mut Tx<'_>, head: Head) -> Result<OrderView, StoreError> {
    let rows: Vec<(String, String, i64, String)> = tx.all(&LINES, binds![head.id]).await?;
    let lines = rows
        .into_iter()
        .map(|(title, prices, quantity, kind)| {
            Ok(LineView {
                title: Texts::from_json(&title).map_err(broken)?,
                prices: Prices::from_json(&prices).map_err(broken)?,
                quantity,
                kind: Kind::from_word(&kind).ok_or_else(|| broken(kind))?,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    let total = Prices::checked_sum(lines.iter().map(|line| (&line.prices, line.quantity)));
    let paid: Option<(i64, String)> = tx.optional(&PAID, binds![head.id]).await?;
    let attempt: Option<(PublicId, String)> = tx.optional(&ATTEMPT, binds![head.id]).await?;
    Ok(OrderView {
        id: head.public_id,
        state: State::from_word(&head.state)?,
        created_at: head.created_at,
        expires_at: head.expires_at,
        lines,
        total: total.unwrap_or_default(),
        paid: paid.and_then(|(minor, currency)| {
            let currency = currency.parse().ok()?;
            Some(Money { minor, currency })
        }),
        attempt: attempt.and_then(|(attempt, method)| {
            Method::from_word(&method).map(|method| (attempt, method))
        }),
    })
}

fn broken(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::because("orders.view", ErrorKind::Decode, source)
}
