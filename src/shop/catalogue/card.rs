//! A card: one product with everything that its screen tells. Products of a family share a card and are variants of it.

use super::{Product, broken, in_stock, is_slug};
use crate::shop::money::Prices;
use crate::shop::texts::Texts;
use crate::store::{FromRow, Row, StoreError, Tx};
use crate::{binds, sql};

/// A card shows no more variants than this.
const MOST_VARIANTS: i64 = 30;

/// A product with what its screen tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The product: of a family, the chosen one.
    pub product: Product,
    /// How many of its keys can be sold now, counted no further than was asked for.
    pub left: i64,
    /// The slug of the category that it is in.
    pub category: Option<String>,
    /// The row of its picture, or else of its family's.
    pub photo: Option<i64>,
    /// The title of its family.
    pub family: Option<Texts>,
    /// The products of its family in the seller's order, itself among them; none without a family.
    pub variants: Vec<Variant>,
}

/// A product of a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Its name for the seller.
    pub slug: String,
    /// Its name for customers.
    pub title: Texts,
    /// What one piece costs.
    pub prices: Prices,
    /// Whether no key is left.
    pub is_sold_out: bool,
}

impl FromRow for Variant {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            slug: row.get(0)?,
            title: Texts::from_json(&row.get::<String>(1)?).map_err(broken)?,
            prices: Prices::from_json(&row.get::<String>(2)?).map_err(broken)?,
            is_sold_out: row.get(3)?,
        })
    }
}

sql! {
    SHOWN = "catalogue.card.shown",
        "SELECT p.id, p.slug, p.kind, p.title, p.description, p.prices, p.state,
             p.category_id, p.family_id, p.photo_id, p.max_per_customer,
             c.slug, f.photo_id, f.title
         FROM products p
         LEFT JOIN categories c ON c.id = p.category_id
         LEFT JOIN families f ON f.id = p.family_id
         WHERE p.slug = $1 AND p.state = 'active'";
    VARIANTS = "catalogue.card.variants",
        "SELECT p.slug, p.title, p.prices,
             p.kind <> 'minted' AND p.file_id IS NULL AND NOT EXISTS (
                 SELECT 1 FROM keys k WHERE k.product_id = p.id AND k.state = 'available')
         FROM products p
         WHERE p.family_id = $1 AND p.state = 'active'
         ORDER BY p.position, p.id
         LIMIT $2";
    FAMILY = "catalogue.card.family", "SELECT id FROM families WHERE slug = $1";
}

struct Shown {
    product: Product,
    category: Option<String>,
    family_photo: Option<i64>,
    family: Option<Texts>,
}

impl FromRow for Shown {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let family: Option<String> = row.get(13)?;
        let family = family.map(|json| Texts::from_json(&json)).transpose();
        Ok(Self {
            product: Product::from_row(row)?,
            category: row.get(11)?,
            family_photo: row.get(12)?,
            family: family.map_err(broken)?,
        })
    }
}

/// The card of a product that is shown. Keys are counted no further than `at_most`.
pub async fn of_product(
    tx: &mut Tx<'_>,
    slug: &str,
    at_most: i64,
) -> Result<Option<Card>, StoreError> {
    // No such slug can be stored, and PostgreSQL would refuse some of them as text.
    if !is_slug(slug) {
        return Ok(None);
    }
    let Some(shown) = tx.optional::<Shown>(&SHOWN, binds![slug]).await? else {
        return Ok(None);
    };
    let left = in_stock(tx, shown.product.id, at_most).await?;
    let variants = match shown.product.family {
        Some(family) => tx.all(&VARIANTS, binds![family, MOST_VARIANTS]).await?,
        None => Vec::new(),
    };
    Ok(Some(Card {
        photo: shown.product.photo.or(shown.family_photo),
        product: shown.product,
        left,
        category: shown.category,
        family: shown.family,
        variants,
    }))
}

/// The card of a family, with the first product that can be bought chosen.
pub async fn of_family(
    tx: &mut Tx<'_>,
    slug: &str,
    at_most: i64,
) -> Result<Option<Card>, StoreError> {
    if !is_slug(slug) {
        return Ok(None);
    }
    let Some((family,)) = tx.optional::<(i64,)>(&FAMILY, binds![slug]).await? else {
        return Ok(None);
    };
    let variants: Vec<Variant> = tx.all(&VARIANTS, binds![family, MOST_VARIANTS]).await?;
    let for_sale = variants.iter().find(|variant| !variant.is_sold_out);
    match for_sale.or(variants.first()) {
        Some(chosen) => of_product(tx, &chosen.slug, at_most).await,
        None => Ok(None),
    }
}
