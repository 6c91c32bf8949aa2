//! A product and how it is found.

use std::fmt;

use crate::shop::money::Prices;
use crate::shop::texts::Texts;
use crate::spelling::nearest;
use crate::store::{ErrorKind, FromRow, Row, StoreError, Tx};
use crate::{binds, sql};

/// How a product is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A key from the stock that the seller has imported.
    Stock,
    /// A key that is made when it is sold.
    Minted,
    /// A file.
    Download,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 3] = [Kind::Stock, Kind::Minted, Kind::Download];

    /// The word in the database and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Stock => "stock",
            Kind::Minted => "minted",
            Kind::Download => "download",
        }
    }

    /// The kind that a word means.
    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something that is sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The row id: inside only.
    pub id: i64,
    /// Its name for the seller, in files and links.
    pub slug: String,
    /// How it is delivered.
    pub kind: Kind,
    /// Its name for customers.
    pub title: Texts,
    /// What it is.
    pub description: Texts,
    /// What one piece costs.
    pub prices: Prices,
    /// Whether it is no longer shown.
    pub archived: bool,
    /// The row of the category that it is in.
    pub category: Option<i64>,
    /// The row of the family whose card it shares.
    pub family: Option<i64>,
    /// The row of its picture.
    pub photo: Option<i64>,
    /// So many pieces may one customer have.
    pub max_per_customer: Option<i64>,
}

impl FromRow for Product {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let kind: String = row.get(2)?;
        Ok(Self {
            id: row.get(0)?,
            slug: row.get(1)?,
            kind: Kind::from_word(&kind).ok_or_else(|| broken(format!("the kind {kind}")))?,
            title: Texts::from_json(&row.get::<String>(3)?).map_err(broken)?,
            description: Texts::from_json(&row.get::<String>(4)?).map_err(broken)?,
            prices: Prices::from_json(&row.get::<String>(5)?).map_err(broken)?,
            archived: row.get::<String>(6)? == "archived",
            category: row.get(7)?,
            family: row.get(8)?,
            photo: row.get(9)?,
            max_per_customer: row.get(10)?,
        })
    }
}

pub(super) fn broken(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::because("catalogue.product", ErrorKind::Decode, source)
}

/// Whether a text can name a product: `[a-z0-9][a-z0-9-]{0,31}`.
pub fn is_slug(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 32
        && text.bytes().next().is_some_and(letter)
        && text.bytes().all(|byte| letter(byte) || byte == b'-')
}

sql! {
    BY_SLUG = "catalogue.by_slug",
        "SELECT id, slug, kind, title, description, prices, state,
             category_id, family_id, photo_id, max_per_customer
         FROM products
         WHERE slug = $1";
    IN_STOCK = "catalogue.in_stock",
        "SELECT CASE WHEN p.file_id IS NOT NULL THEN CAST($2 AS BIGINT) ELSE (
             SELECT COUNT(*) FROM (
                 SELECT 1 FROM keys
                 WHERE product_id = $1 AND state = 'available'
                 LIMIT $2
             ) AS found
         ) END
         FROM products p WHERE p.id = $1";
    SLUGS = "catalogue.slugs",
        "SELECT slug, kind FROM products
         WHERE state = 'active'
         ORDER BY position, id";
}

/// The product with this slug, shown or archived.
pub async fn by_slug(tx: &mut Tx<'_>, slug: &str) -> Result<Option<Product>, StoreError> {
    // No such slug can be stored, and PostgreSQL would refuse some of them as text.
    if !is_slug(slug) {
        return Ok(None);
    }
    tx.optional(&BY_SLUG, binds![slug]).await
}

/// What a seller's word for a product of some kind means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// This product, by its row.
    Product(i64),
    /// A product that is delivered in another way.
    OtherKind(Kind),
    /// None; perhaps this one was meant.
    Nothing(Option<String>),
}

/// The product of this kind that a seller means by `slug`.
pub async fn meant(tx: &mut Tx<'_>, slug: &str, kind: Kind) -> Result<Meant, StoreError> {
    if let Some(product) = by_slug(tx, slug).await? {
        return Ok(if product.kind == kind {
            Meant::Product(product.id)
        } else {
            Meant::OtherKind(product.kind)
        });
    }
    let known = slugs(tx).await?;
    let such = known.iter().filter(|(_, known)| *known == kind);
    let nearest = nearest(slug, such.map(|(slug, _)| slug.as_str()));
    Ok(Meant::Nothing(nearest.map(str::to_owned)))
}

/// How many pieces of a product can be sold now, counted no further than `at_most`. A file has no end.
pub async fn in_stock(tx: &mut Tx<'_>, product_id: i64, at_most: i64) -> Result<i64, StoreError> {
    tx.one::<(i64,)>(&IN_STOCK, binds![product_id, at_most])
        .await
        .map(|row| row.0)
}

/// The slug and kind of every product that is shown: for suggestions.
pub async fn slugs(tx: &mut Tx<'_>) -> Result<Vec<(String, Kind)>, StoreError> {
    let rows: Vec<(String, String)> = tx.all(&SLUGS, binds![]).await?;
    rows.into_iter()
        .map(|(slug, kind)| {
            Kind::from_word(&kind)
                .map(|kind| (slug, kind))
                .ok_or_else(|| broken(kind))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_short_and_plain() {
        let longest = "a".repeat(32);
        for slug in ["a", "7", "zeta-month", "a-", longest.as_str()] {
            assert!(is_slug(slug), "{slug}");
        }
        let too_long = "a".repeat(33);
        for text in [
            "",
            "-a",
            "Zeta",
            "a_b",
            "a b",
            "é",
            "a\0",
            too_long.as_str(),
        ] {
            assert!(!is_slug(text), "{text}");
        }
    }
}
