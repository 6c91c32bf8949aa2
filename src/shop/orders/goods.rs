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
    pub kind: Kind,
    /// So often may each piece be downloaded.
    pub max_downloads: i64,
    /// So many days may it be downloaded; `None`: for ever.
    pub download_days: Option<i64>,
    is_shown: bool,
    has_file: bool,
    max_per_customer: Option<i64>,
}

/// So often may a piece be downloaded where the seller says nothing else: on every device of one person, over the years.
const MAX_DOWNLOADS: i64 = 20;

impl Goods {
    /// Whether it can be bought at all: it is shown, has a price, and there is something to deliver or a stock for it.
    pub fn is_for_sale(&self) -> bool {
        let can_come = match self.kind {
            Kind::Stock => true,
            Kind::Download => self.has_file,
            Kind::Minted => false,
        };
        self.is_shown && can_come && !self.prices.is_empty()
    }

    /// How many pieces one customer may have. What costs nothing, and a file, is one for each, unless the seller says more:
    /// nobody pays for the same file twice by mistake while they can download it.
    pub fn most_per_customer(&self) -> Option<i64> {
        let is_one = self.prices.is_free() || self.kind == Kind::Download;
        self.max_per_customer.or_else(|| is_one.then_some(1))
    }
}

impl FromRow for Goods {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let prices = Prices::from_json(&row.get::<String>(3)?)
            .map_err(|error| StoreError::because("orders.goods", ErrorKind::Decode, error))?;
        let kind: String = row.get(4)?;
        let kind = Kind::from_word(&kind).ok_or_else(|| {
            StoreError::because(
                "orders.goods",
                ErrorKind::Decode,
                format!("the kind {kind}"),
            )
        })?;
        Ok(Self {
            id: row.get(0)?,
            slug: row.get(1)?,
            title: row.get(2)?,
            prices,
            kind,
            is_shown: row.get::<String>(5)? == "active",
            max_per_customer: row.get(6)?,
            has_file: row.get(7)?,
            max_downloads: row.get::<Option<i64>>(8)?.unwrap_or(MAX_DOWNLOADS),
            download_days: row.get(9)?,
        })
    }
}

sql! {
    FIND = "orders.goods.find",
        "SELECT id, slug, title, prices, kind, state, max_per_customer,
             file_id IS NOT NULL, max_downloads, download_days
         FROM products WHERE slug = $1";
    ORDERED = "orders.goods.ordered",
        "SELECT COUNT(*) FROM orders o JOIN order_units u ON u.order_id = o.id
         WHERE o.customer_id = $1 AND u.product_id = $2
             AND o.state IN ('open', 'paid', 'fulfilled', 'backorder')";
    ORDERED_FILES = "orders.goods.ordered_files",
        "SELECT COUNT(*) FROM orders o JOIN order_units u ON u.order_id = o.id
         WHERE o.customer_id = $1 AND u.product_id = $2
             AND o.state IN ('open', 'paid', 'fulfilled', 'backorder')
             AND NOT EXISTS (
                 SELECT 1 FROM downloads d
                 WHERE d.unit_id = u.id AND (d.expires_at <= $3 OR d.started >= d.most))";
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

/// How many pieces of a product the customer has ordered and not given back. A file that they can't download any more is
/// not had any more: they may pay for it once more. What costs nothing is counted for ever, or its limits would be none.
pub(in crate::shop) async fn ordered(
    tx: &mut Tx<'_>,
    customer: i64,
    goods: &Goods,
) -> Result<i64, StoreError> {
    let (product, now) = (goods.id, tx.now());
    let ordered: (i64,) = if goods.kind == Kind::Download && !goods.prices.is_free() {
        tx.one(&ORDERED_FILES, binds![customer, product, now])
            .await?
    } else {
        tx.one(&ORDERED, binds![customer, product]).await?
    };
    Ok(ordered.0)
}
