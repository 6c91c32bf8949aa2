//! A product as orders and carts need it.

use crate::shop::catalogue::{Kind, is_slug};
use crate::shop::money::Prices;
use crate::store::{ErrorKind, FromRow, Row, StoreError, Tx};
use crate::{binds, sql};

/// A product as it is now.
#[derive(Clone, Debug)]
pub(in crate::shop) struct Goods {
    pub id: i64,
    pub slug: String,
    /// JSON by language: orders keep it as it is.
    pub title: String,
    pub prices: Prices,
    is_shown: bool,
    max_per_customer: Option<i64>,
}

impl Goods {
    /// Whether it can be bought at all: it is shown, has a price, and its keys come from the stock.
    pub fn is_for_sale(&self) -> bool {
        self.is_shown && !self.prices.is_empty()
    }

    /// How many pieces one customer may order in all. What costs nothing is one for each, unless the seller says more.
    pub fn most_per_customer(&self) -> Option<i64> {
        self.max_per_customer
            .or_else(|| self.prices.is_free().then_some(1))
    }
}

impl FromRow for Goods {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let prices = Prices::from_json(&row.get::<String>(3)?)
            .map_err(|error| StoreError::because("orders.goods", ErrorKind::Decode, error))?;
        let kind = Kind::from_word(&row.get::<String>(4)?);
        Ok(Self {
            id: row.get(0)?,
            slug: row.get(1)?,
            title: row.get(2)?,
            prices,
            is_shown: kind == Some(Kind::Stock) && row.get::<String>(5)? == "active",
            max_per_customer: row.get(6)?,
        })
    }
}

sql! {
    FIND = "orders.goods.find",
        "SELECT id, slug, title, prices, kind, state, max_per_customer FROM products WHERE slug = $1";
    ORDERED = "orders.goods.ordered",
        "SELECT COUNT(*) FROM orders o JOIN order_units u ON u.order_id = o.id
         WHERE o.customer_id = $1 AND u.product_id = $2
             AND o.state IN ('open', 'paid', 'fulfilled', 'backorder')";
}

/// The product of this slug, whether or not it can be bought.
pub(in crate::shop) async fn find(
    tx: &mut Tx<'_>,
    slug: &str,
) -> Result<Option<Goods>, StoreError> {
    // No such slug can be stored, and PostgreSQL would refuse some of them as text.
    if !is_slug(slug) {
        return Ok(None);
    }
    tx.optional(&FIND, binds![slug]).await
}

/// How many pieces of a product the customer has ordered and not given back.
pub(in crate::shop) async fn ordered(
    tx: &mut Tx<'_>,
    customer: i64,
    product: i64,
) -> Result<i64, StoreError> {
    tx.one::<(i64,)>(&ORDERED, binds![customer, product])
        .await
        .map(|row| row.0)
}
