//! Figures for staff: what was sold, and how much stock is left.

use crate::clock::Millis;
use crate::shop::catalogue::Kind;
use crate::shop::money::{Money, Prices};
use crate::shop::texts::Texts;
use crate::store::{ErrorKind, FromRow, PublicId, Row, StoreError, Tx};
use crate::{binds, row, sql};

/// A product on sale and its stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// The product.
    pub slug: String,
    /// Its title.
    pub title: Texts,
    /// How it is delivered.
    pub kind: Kind,
    /// What one piece costs.
    pub prices: Prices,
    /// How many keys can be sold now.
    pub left: i64,
    /// Whether there is a file to deliver.
    pub has_file: bool,
}

impl FromRow for Level {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let kind: String = row.get(2)?;
        Ok(Self {
            slug: row.get(0)?,
            title: Texts::from_json(&row.get::<String>(1)?).map_err(broken)?,
            kind: Kind::from_word(&kind).ok_or_else(|| broken(format!("the kind {kind}")))?,
            prices: Prices::from_json(&row.get::<String>(3)?).map_err(broken)?,
            left: row.get(4)?,
            has_file: row.get(5)?,
        })
    }
}

fn broken(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::because("stats", ErrorKind::Decode, source)
}

/// What a stretch of time brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sales {
    /// How many payments were taken for orders.
    pub count: i64,
    /// What they were, by currency.
    pub sums: Vec<Money>,
}

row! {
    /// An order in the list of the newest.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Recent {
        /// Its name.
        pub id: PublicId,
        /// Where it stands.
        pub state: String,
        /// When it was placed.
        pub created_at: Millis,
        /// Whose it is.
        pub customer: String,
    }
}

/// Orders that are not finished, and what they hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Placed and not paid yet.
    pub open: i64,
    /// Paid, their keys not there.
    pub backorder: i64,
    /// Keys that open orders hold.
    pub held: i64,
}

sql! {
    OPEN_ORDERS = "stats.open_orders",
        "SELECT COUNT(*) FROM (
             SELECT expires_at FROM orders WHERE state = 'open' ORDER BY expires_at LIMIT $1
         ) AS counted";
    // SQLite takes the index of the unfinished only where the query says the index's own condition.
    BACKORDERS = "stats.backorders",
        "SELECT COUNT(*) FROM (
             SELECT changed_at FROM orders
             WHERE state = 'backorder' AND state IN ('paid', 'backorder') ORDER BY changed_at LIMIT $1
         ) AS counted";
    // CROSS keeps SQLite, which has no statistics, from beginning with all keys.
    HELD_KEYS = "stats.held_keys",
        "SELECT COUNT(*) FROM (
             SELECT o.expires_at FROM orders o CROSS JOIN order_units u CROSS JOIN keys k
             WHERE o.state = 'open' AND u.order_id = o.id AND k.unit_id = u.id AND k.state = 'reserved'
             ORDER BY o.expires_at LIMIT $1
         ) AS counted";
}

sql! {
    LEVELS = "stats.levels",
        "SELECT p.slug, p.title, p.kind, p.prices,
                (SELECT COUNT(*) FROM keys k WHERE k.product_id = p.id AND k.state = 'available'),
                p.file_id IS NOT NULL
         FROM products p WHERE p.state = 'active'
         ORDER BY 5, 6, p.position, p.id LIMIT $1 OFFSET $2";
    SALES = "stats.sales",
        "SELECT currency, COUNT(*), CAST(SUM(amount_minor) AS BIGINT)
         FROM payments
         WHERE disposition = 'applied' AND received_at >= $1 AND received_at < $2
         GROUP BY currency ORDER BY currency";
    EMPTY = "stats.empty",
        "SELECT COUNT(*) FROM products p
         WHERE p.state = 'active' AND p.kind = 'stock'
             AND NOT EXISTS (SELECT 1 FROM keys k WHERE k.product_id = p.id AND k.state = 'available')";
    RECENT = "stats.recent",
        "SELECT o.public_id, o.state, o.created_at, c.name
         FROM orders o JOIN customers c ON c.id = o.customer_id
         ORDER BY o.id DESC LIMIT $1 OFFSET $2";
}

/// Orders that are not finished, none of them counted further than `most`: read by their own indexes, however many
/// orders are finished.
pub async fn unfinished(tx: &mut Tx<'_>, most: i64) -> Result<Unfinished, StoreError> {
    let most = binds![most];
    Ok(Unfinished {
        open: tx.one::<(i64,)>(&OPEN_ORDERS, most).await?.0,
        backorder: tx.one::<(i64,)>(&BACKORDERS, most).await?.0,
        held: tx.one::<(i64,)>(&HELD_KEYS, most).await?.0,
    })
}

/// Products on sale, those with the least stock first.
pub async fn levels(tx: &mut Tx<'_>, limit: i64, offset: i64) -> Result<Vec<Level>, StoreError> {
    tx.all(&LEVELS, binds![limit, offset]).await
}

/// What was paid for orders from `from` on and before `until`.
pub async fn sales(tx: &mut Tx<'_>, from: Millis, until: Millis) -> Result<Sales, StoreError> {
    let rows: Vec<(String, i64, i64)> = tx.all(&SALES, binds![from, until]).await?;
    let mut sales = Sales::default();
    for (currency, count, minor) in rows {
        sales.count += count;
        let currency = currency.parse().map_err(broken)?;
        sales.sums.push(Money { minor, currency });
    }
    Ok(sales)
}

/// The newest orders of everybody.
pub async fn recent(tx: &mut Tx<'_>, limit: i64, offset: i64) -> Result<Vec<Recent>, StoreError> {
    tx.all(&RECENT, binds![limit, offset]).await
}

/// How many products on sale have no key left.
pub async fn empty(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.one::<(i64,)>(&EMPTY, binds![]).await.map(|row| row.0)
}
