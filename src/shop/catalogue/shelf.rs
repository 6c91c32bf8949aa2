//! A shelf: a page of the catalogue's top, or of a category. Its categories come first, then its products; the products
//! of a family are one entry. Categories without anything for sale below them are not shown.

use std::collections::{HashMap, HashSet};

use super::{Product, broken, search::Hit};
use crate::shop::money::Prices;
use crate::shop::texts::Texts;
use crate::store::{FromRow, Row, StoreError, Tx};
use crate::{binds, sql};

/// A category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Its name for the seller.
    pub slug: String,
    /// Its name for customers.
    pub title: Texts,
}

/// What stands on a shelf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A category with something in it.
    Category(Category),
    /// A family: its products have one card.
    Family {
        /// Its name for the seller.
        slug: String,
        /// Its name for customers.
        title: Texts,
        /// What each of its products costs.
        prices: Vec<Prices>,
        /// Whether no key of any of them is left.
        is_sold_out: bool,
    },
    /// A product by itself.
    Product(Hit),
}

/// A page of the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shelf {
    /// The categories from the top to this one; none at the top.
    pub path: Vec<Category>,
    /// What stands on this page.
    pub entries: Vec<Entry>,
    /// The page, from 0: the last one if the one that was asked for is gone.
    pub page: u16,
    /// How many there are.
    pub pages: u16,
}

struct Branch {
    id: i64,
    parent: Option<i64>,
    category: Category,
    has_products: bool,
}

impl FromRow for Branch {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            category: Category {
                slug: row.get(1)?,
                title: Texts::from_json(&row.get::<String>(3)?).map_err(broken)?,
            },
            parent: row.get(2)?,
            has_products: row.get(4)?,
        })
    }
}

/// A product, or a family by its first product.
struct Good {
    hit: Hit,
    family: Option<(i64, String, Texts)>,
}

impl FromRow for Good {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let family = match (row.get::<Option<i64>>(12)?, row.get::<Option<String>>(13)?) {
            (Some(id), Some(slug)) => {
                let title = Texts::from_json(&row.get::<String>(14)?).map_err(broken)?;
                Some((id, slug, title))
            }
            _ => None,
        };
        Ok(Self {
            hit: Hit {
                product: Product::from_row(row)?,
                is_sold_out: row.get(11)?,
            },
            family,
        })
    }
}

sql! {
    CATEGORIES = "catalogue.shelf.categories",
        "SELECT c.id, c.slug, c.parent_id, c.title,
             EXISTS (SELECT 1 FROM products p WHERE p.category_id = c.id AND p.state = 'active')
         FROM categories c
         ORDER BY c.position, c.id";
    COUNT_ON_TOP = "catalogue.shelf.count_on_top",
        "SELECT COUNT(DISTINCT COALESCE(family_id, -id)) FROM products
         WHERE state = 'active' AND category_id IS NULL";
    COUNT_IN = "catalogue.shelf.count_in",
        "SELECT COUNT(DISTINCT COALESCE(family_id, -id)) FROM products
         WHERE state = 'active' AND category_id = $1";
    ON_TOP = "catalogue.shelf.on_top",
        "SELECT p.id, p.slug, p.kind, p.title, p.description, p.prices, p.state,
             p.category_id, p.family_id, p.photo_id, p.max_per_customer,
             CASE WHEN g.family_id IS NULL
                 THEN p.kind <> 'minted' AND p.file_id IS NULL AND NOT EXISTS (
                     SELECT 1 FROM keys k WHERE k.product_id = p.id AND k.state = 'available')
                 ELSE NOT EXISTS (
                     SELECT 1 FROM products v
                     WHERE v.family_id = g.family_id AND v.state = 'active'
                       AND (v.kind = 'minted' OR v.file_id IS NOT NULL OR EXISTS (
                           SELECT 1 FROM keys k WHERE k.product_id = v.id AND k.state = 'available')))
             END,
             f.id, f.slug, f.title
         FROM (
             SELECT family_id, MIN(position) AS place, MIN(id) AS first FROM products
             WHERE state = 'active' AND category_id IS NULL
             GROUP BY COALESCE(family_id, -id), family_id
             ORDER BY place, first
             LIMIT $1 OFFSET $2
         ) g
         JOIN products p ON p.id = g.first
         LEFT JOIN families f ON f.id = g.family_id
         ORDER BY g.place, g.first";
    IN_CATEGORY = "catalogue.shelf.in_category",
        "SELECT p.id, p.slug, p.kind, p.title, p.description, p.prices, p.state,
             p.category_id, p.family_id, p.photo_id, p.max_per_customer,
             CASE WHEN g.family_id IS NULL
                 THEN p.kind <> 'minted' AND p.file_id IS NULL AND NOT EXISTS (
                     SELECT 1 FROM keys k WHERE k.product_id = p.id AND k.state = 'available')
                 ELSE NOT EXISTS (
                     SELECT 1 FROM products v
                     WHERE v.family_id = g.family_id AND v.state = 'active'
                       AND (v.kind = 'minted' OR v.file_id IS NOT NULL OR EXISTS (
                           SELECT 1 FROM keys k WHERE k.product_id = v.id AND k.state = 'available')))
             END,
             f.id, f.slug, f.title
         FROM (
             SELECT family_id, MIN(position) AS place, MIN(id) AS first FROM products
             WHERE state = 'active' AND category_id = $3
             GROUP BY COALESCE(family_id, -id), family_id
             ORDER BY place, first
             LIMIT $1 OFFSET $2
         ) g
         JOIN products p ON p.id = g.first
         LEFT JOIN families f ON f.id = g.family_id
         ORDER BY g.place, g.first";
    PRICES_OF_FAMILY = "catalogue.shelf.prices_of_family",
        "SELECT prices FROM products
         WHERE family_id = $1 AND state = 'active'
         ORDER BY position, id";
}

/// A page, from 0, of the category `slug` or of the top, with `size` entries a page. `None`: there is no such category,
/// or nothing is for sale in it.
pub async fn page(
    tx: &mut Tx<'_>,
    slug: Option<&str>,
    page: u16,
    size: i64,
) -> Result<Option<Shelf>, StoreError> {
    let branches: Vec<Branch> = tx.all(&CATEGORIES, binds![]).await?;
    let shown = shown(&branches);
    let here = match slug {
        None => None,
        Some(slug) => {
            let mut found = branches.iter().filter(|branch| shown.contains(&branch.id));
            match found.find(|branch| branch.category.slug == slug) {
                Some(branch) => Some(branch),
                None => return Ok(None),
            }
        }
    };
    let id = here.map(|branch| branch.id);
    let below = branches
        .iter()
        .filter(|branch| branch.parent == id && shown.contains(&branch.id));
    let below: Vec<Entry> = below
        .map(|branch| Entry::Category(branch.category.clone()))
        .collect();
    let (goods,): (i64,) = match id {
        None => tx.one(&COUNT_ON_TOP, binds![]).await?,
        Some(id) => tx.one(&COUNT_IN, binds![id]).await?,
    };
    let categories = below.len() as i64;
    let count = categories + goods;
    let pages = u16::try_from((count + size - 1) / size).unwrap_or(u16::MAX);
    let page = page.min(pages.saturating_sub(1));
    let from = i64::from(page) * size;
    let mut entries: Vec<Entry> = below
        .into_iter()
        .skip(from as usize)
        .take(size as usize)
        .collect();
    let left = size - entries.len() as i64;
    if left > 0 && goods > 0 {
        let offset = (from - categories).max(0);
        let found: Vec<Good> = match id {
            None => tx.all(&ON_TOP, binds![left, offset]).await?,
            Some(id) => tx.all(&IN_CATEGORY, binds![left, offset, id]).await?,
        };
        for good in found {
            entries.push(entry(tx, good).await?);
        }
    }
    Ok(Some(Shelf {
        path: path(&branches, here),
        entries,
        page,
        pages,
    }))
}

async fn entry(tx: &mut Tx<'_>, good: Good) -> Result<Entry, StoreError> {
    let Some((id, slug, title)) = good.family else {
        return Ok(Entry::Product(good.hit));
    };
    let rows: Vec<(String,)> = tx.all(&PRICES_OF_FAMILY, binds![id]).await?;
    let prices: Result<Vec<Prices>, _> = rows.iter().map(|row| Prices::from_json(&row.0)).collect();
    Ok(Entry::Family {
        slug,
        title,
        prices: prices.map_err(broken)?,
        is_sold_out: good.hit.is_sold_out,
    })
}

/// The categories that have a product in them, or somewhere below.
fn shown(branches: &[Branch]) -> HashSet<i64> {
    let parents: HashMap<i64, Option<i64>> = branches
        .iter()
        .map(|branch| (branch.id, branch.parent))
        .collect();
    let mut shown = HashSet::new();
    for branch in branches.iter().filter(|branch| branch.has_products) {
        let mut at = Some(branch.id);
        // One that is shown already has all above it shown: this ends even in a circle.
        while let Some(id) = at.filter(|id| shown.insert(*id)) {
            at = parents.get(&id).copied().flatten();
        }
    }
    shown
}

fn path(branches: &[Branch], here: Option<&Branch>) -> Vec<Category> {
    let mut path: Vec<Category> = Vec::new();
    let mut at = here;
    while let Some(branch) = at
        && path.len() < super::file::DEEPEST
    {
        path.push(branch.category.clone());
        at = branches
            .iter()
            .find(|other| Some(other.id) == branch.parent);
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::store::{Location, Sql, Store, migrate};

    /// What SQLite means to do for a statement, a line for each step.
    async fn plan(store: &Store, sql: &Sql) -> String {
        let text: &str = format!("EXPLAIN QUERY PLAN {}", sql.sqlite).leak();
        let explain: &'static Sql = Box::leak(Box::new(Sql::new("test.plan", text, text)));
        let rows: Vec<(i64, i64, i64, String)> = store
            .read("test.plan", move |tx| {
                Box::pin(async move { tx.all(explain, binds![1_i64, 1_i64, 1_i64]).await })
            })
            .await
            .unwrap();
        let steps: Vec<String> = rows.into_iter().map(|row| row.3).collect();
        steps.join("\n")
    }

    #[tokio::test]
    async fn a_shelf_is_read_by_its_indexes() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("kiosk.db"));
        migrate::run(&location).await.unwrap();
        let store = Store::open(&location, 1, Clock::frozen(1_000))
            .await
            .unwrap();
        let in_category = plan(&store, &IN_CATEGORY).await;
        for index in ["products_of_category", "products_of_family", "keys_"] {
            assert!(in_category.contains(index), "{index}: {in_category}");
        }
        for scanned in ["SCAN products", "SCAN p", "SCAN v", "SCAN k"] {
            assert!(!in_category.contains(scanned), "{scanned}: {in_category}");
        }
    }
}
