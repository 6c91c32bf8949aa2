//! The cart: what a customer means to buy. It holds nothing; keys are held by the order that comes of it. Each change
//! counts its version, by which a button that was drawn for another cart is known.

pub mod checkout;

use super::catalogue::{self, Kind};
use super::money::Prices;
use super::orders::goods::{self, Goods};
use super::orders::place::{LINES, MOST, Rules};
use super::payments::{self, Offer};
use super::texts::Texts;
use crate::store::{ErrorKind, FromRow, PublicId, Row, StoreError, Tx};
use crate::{binds, sql};

/// A cart as its customer sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cart {
    /// Counts its changes; 0 before the first.
    pub version: i64,
    /// In the order in which they were put in.
    pub lines: Vec<Line>,
}

/// A product in the cart.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The product.
    pub slug: String,
    /// Its title as it is now.
    pub title: Texts,
    /// How many pieces.
    pub quantity: i64,
    /// What a piece costs now.
    pub prices: Prices,
    /// What a piece cost when the customer last agreed to it.
    pub seen: Prices,
    /// How many pieces can be had now, counted no further than the quantity; 0 once it is no longer sold.
    pub left: i64,
}

impl Line {
    /// Whether fewer pieces can be had than are wanted.
    pub fn is_short(&self) -> bool {
        self.left < self.quantity
    }
}

impl Cart {
    /// What all of it costs now, in the currencies that all lines have.
    pub fn total(&self) -> Prices {
        let lines = self.lines.iter().map(|line| (&line.prices, line.quantity));
        Prices::checked_sum(lines).unwrap_or_default()
    }

    /// Whether some way to pay can take all of it at once, or nothing needs to be paid.
    pub fn can_be_paid(&self, offers: &[Offer]) -> bool {
        payments::can_be_paid(&self.total(), offers)
    }

    /// How many pieces it has in all.
    pub fn pieces(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity).sum()
    }
}

/// What putting something in came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Put {
    /// So many pieces are in the cart now.
    pub quantity: i64,
    /// Why they are fewer than were wished.
    pub cap: Option<Cap>,
}

/// Why fewer pieces are in the cart than were wished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap {
    /// The product is no longer sold.
    NotForSale,
    /// So many are left.
    Stock(i64),
    /// A customer may have so many in all.
    PerCustomer(i64),
    /// An order may hold so many.
    PerOrder(i64),
    /// A cart has so many lines at most.
    Lines(i64),
}

/// A line as it is stored, with its product as that is now.
#[derive(Debug)]
struct Stored {
    goods: Goods,
    quantity: i64,
    seen: String,
}

impl FromRow for Stored {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            goods: Goods::from_row(row)?,
            quantity: row.get(10)?,
            seen: row.get(11)?,
        })
    }
}

sql! {
    VERSION = "cart.version", "SELECT version FROM carts WHERE customer_id = $1";
    // The row stays locked until the transaction ends: changes of one cart come one after the other.
    TOUCH = "cart.touch",
        "INSERT INTO carts (customer_id, version, changed_at) VALUES ($1, 1, $2)
         ON CONFLICT (customer_id) DO UPDATE SET version = carts.version + 1, changed_at = $2
         RETURNING version";
    VIEW = "cart.view",
        "SELECT p.id, p.slug, p.title, p.prices, p.kind, p.state, p.max_per_customer,
             p.file_id IS NOT NULL, p.max_downloads, p.download_days, l.quantity, l.prices
         FROM cart_lines l JOIN products p ON p.id = l.product_id
         WHERE l.customer_id = $1 ORDER BY l.id";
    COUNT = "cart.count", "SELECT COUNT(*) FROM cart_lines WHERE customer_id = $1 AND product_id <> $2";
    QUANTITY = "cart.quantity",
        "SELECT quantity FROM cart_lines WHERE customer_id = $1 AND product_id = $2";
    PUT = "cart.put",
        "INSERT INTO cart_lines (customer_id, product_id, quantity, prices, added_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (customer_id, product_id) DO UPDATE SET quantity = $3";
    SEEN = "cart.seen",
        "UPDATE cart_lines SET prices = $3
         WHERE customer_id = $1 AND product_id = (SELECT id FROM products WHERE slug = $2)";
    REMOVE = "cart.remove", "DELETE FROM cart_lines WHERE customer_id = $1 AND product_id = $2";
    EMPTY = "cart.empty", "DELETE FROM cart_lines WHERE customer_id = $1";
    ORDERED = "cart.ordered",
        "SELECT p.slug, l.quantity FROM orders o JOIN order_lines l ON l.order_id = o.id
         JOIN products p ON p.id = l.product_id
         WHERE o.public_id = $1 AND o.customer_id = $2 ORDER BY l.line_no";
}

/// The customer's cart.
pub async fn view(tx: &mut Tx<'_>, customer: i64) -> Result<Cart, StoreError> {
    let version: Option<(i64,)> = tx.optional(&VERSION, binds![customer]).await?;
    let rows: Vec<Stored> = tx.all(&VIEW, binds![customer]).await?;
    let mut lines = Vec::with_capacity(rows.len());
    for stored in rows {
        let goods = stored.goods;
        let left = if goods.is_for_sale() {
            catalogue::in_stock(tx, goods.id, stored.quantity).await?
        } else {
            0
        };
        lines.push(Line {
            title: Texts::from_json(&goods.title).map_err(broken)?,
            slug: goods.slug,
            quantity: stored.quantity,
            prices: goods.prices,
            seen: Prices::from_json(&stored.seen).map_err(broken)?,
            left,
        });
    }
    Ok(Cart {
        version: version.map_or(0, |row| row.0),
        lines,
    })
}

/// How many pieces of a product are in the customer's cart.
pub async fn quantity(tx: &mut Tx<'_>, customer: i64, product: i64) -> Result<i64, StoreError> {
    let found: Option<(i64,)> = tx.optional(&QUANTITY, binds![customer, product]).await?;
    Ok(found.map_or(0, |row| row.0))
}

/// How many pieces of a product can be wished, and are in the cart. No more than the stock, the seller's limit for one
/// customer, and what an order may hold.
pub async fn set(
    tx: &mut Tx<'_>,
    customer: i64,
    slug: &str,
    quantity: i64,
    rules: &Rules,
) -> Result<Put, StoreError> {
    touch(tx, customer).await?;
    let Some(goods) = goods::find(tx, slug).await? else {
        let (quantity, cap) = (0, Some(Cap::NotForSale));
        return Ok(Put { quantity, cap });
    };
    let put = fitting(tx, customer, &goods, quantity, rules).await?;
    if put.quantity == 0 {
        tx.execute(&REMOVE, binds![customer, goods.id]).await?;
        return Ok(put);
    }
    let (others,): (i64,) = tx.one(&COUNT, binds![customer, goods.id]).await?;
    if others >= LINES as i64 {
        let (quantity, cap) = (0, Some(Cap::Lines(LINES as i64)));
        return Ok(Put { quantity, cap });
    }
    let (prices, now) = (goods.prices.to_json(), tx.now());
    let binds = binds![customer, goods.id, put.quantity, prices, now];
    tx.execute(&PUT, binds).await?;
    Ok(put)
}

/// The most of `wished` pieces that can be had, and why they are fewer.
async fn fitting(
    tx: &mut Tx<'_>,
    customer: i64,
    goods: &Goods,
    wished: i64,
    rules: &Rules,
) -> Result<Put, StoreError> {
    let mut put = Put {
        quantity: wished.max(0),
        cap: None,
    };
    if put.quantity == 0 {
        return Ok(put);
    }
    if !goods.is_for_sale() || (goods.kind == Kind::Download && !rules.has_pages) {
        let (quantity, cap) = (0, Some(Cap::NotForSale));
        return Ok(Put { quantity, cap });
    }
    let mut at_most = |most: i64, cap: fn(i64) -> Cap, says: i64| {
        if put.quantity > most {
            put.quantity = most.max(0);
            put.cap = Some(cap(says));
        }
    };
    let per_order = rules.most_held.min(MOST);
    at_most(per_order, Cap::PerOrder, per_order);
    if let Some(most) = goods.most_per_customer() {
        let had = goods::ordered(tx, customer, goods).await?;
        at_most(most - had, Cap::PerCustomer, most);
    }
    // No further than an order goes: a wish for very many is not counted out.
    let left = catalogue::in_stock(tx, goods.id, wished.min(per_order)).await?;
    at_most(left, Cap::Stock, left);
    Ok(put)
}

/// Takes everything out.
pub async fn empty(tx: &mut Tx<'_>, customer: i64) -> Result<(), StoreError> {
    touch(tx, customer).await?;
    tx.execute(&EMPTY, binds![customer]).await.map(|_| ())
}

/// Makes the cart what can be had: fewer pieces where fewer are left, and nothing that is no longer sold.
pub async fn fit(tx: &mut Tx<'_>, customer: i64, rules: &Rules) -> Result<(), StoreError> {
    touch(tx, customer).await?;
    let rows: Vec<Stored> = tx.all(&VIEW, binds![customer]).await?;
    for stored in rows {
        let goods = stored.goods;
        let put = fitting(tx, customer, &goods, stored.quantity, rules).await?;
        if put.quantity == 0 {
            tx.execute(&REMOVE, binds![customer, goods.id]).await?;
        } else if put.quantity != stored.quantity {
            let now = tx.now();
            let binds = binds![customer, goods.id, put.quantity, stored.seen, now];
            tx.execute(&PUT, binds).await?;
        }
    }
    Ok(())
}

/// Puts what an order of the customer's had into the cart, as far as it can be had. False: they have no such order.
pub async fn refill(
    tx: &mut Tx<'_>,
    customer: i64,
    order: PublicId,
    rules: &Rules,
) -> Result<bool, StoreError> {
    let lines: Vec<(String, i64)> = tx.all(&ORDERED, binds![order, customer]).await?;
    for (slug, quantity) in &lines {
        set(tx, customer, slug, *quantity, rules).await?;
    }
    Ok(!lines.is_empty())
}

/// Counts a change and locks the cart. Answers its new version.
async fn touch(tx: &mut Tx<'_>, customer: i64) -> Result<i64, StoreError> {
    let now = tx.now();
    tx.one::<(i64,)>(&TOUCH, binds![customer, now])
        .await
        .map(|row| row.0)
}

fn broken(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::because("cart", ErrorKind::Decode, source)
}
