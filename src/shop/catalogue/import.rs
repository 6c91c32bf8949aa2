//! Importing the catalogue: products of the file are added or changed to what it says, in one transaction. Products
//! that are not in the file stay.

use std::collections::HashMap;
use std::sync::Arc;

use super::file::{CatalogueFile, Draft, Unused};
use super::product::{Kind, Product};
use crate::shop::money::{Currency, Prices};
use crate::shop::texts::{Language, Texts};
use crate::store::{FromRow, Row, Store, StoreError, Tx};
use crate::{binds, sql};

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// New products, by slug.
    pub added: Vec<String>,
    /// Products that were otherwise before.
    pub changed: Vec<Changed>,
    /// How many are as they were.
    pub unchanged: usize,
    /// How many have another place in the list.
    pub moved: usize,
    /// Products of the shop that the file does not name, by slug. They stay.
    pub not_in_file: Vec<String>,
    /// Products of the file that are archived in the shop, by slug. They stay so.
    pub archived: Vec<String>,
    /// What the file says and this version does not use.
    pub unused: Vec<Unused>,
}

/// A product that was otherwise before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its slug.
    pub slug: String,
    /// What changed.
    pub fields: Vec<FieldChange>,
}

/// One change. `None` is nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// The field, as in the file: `price.RUB`.
    pub name: String,
    /// What it was.
    pub old: Option<String>,
    /// What it is now.
    pub new: Option<String>,
}

/// Why a catalogue can't be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A product can't change its kind: its keys are of the old one.
    #[error(
        "line {line}: {slug} is {new} here and {old} in the shop, expected the same kind: take another id"
    )]
    OtherKind {
        /// Where the product begins.
        line: usize,
        /// Its slug.
        slug: String,
        /// The kind in the shop.
        old: Kind,
        /// The kind in the file.
        new: Kind,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

struct Stored {
    product: Product,
    position: i64,
}

impl FromRow for Stored {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            product: Product::from_row(row)?,
            position: row.get(7)?,
        })
    }
}

sql! {
    // Orders of these products go on meanwhile: they only need the rows to be there.
    LOCK_ALL = "catalogue.import.lock_all",
        sqlite: "SELECT id, slug, kind, title, description, prices, state, position
             FROM products ORDER BY id",
        postgres: "SELECT id, slug, kind, title, description, prices, state, position
             FROM products ORDER BY id FOR NO KEY UPDATE";
}
sql! {
    INSERT = "catalogue.import.insert",
        "INSERT INTO products (slug, kind, title, description, prices, position, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)";
    UPDATE = "catalogue.import.update",
        "UPDATE products
         SET title = $2, description = $3, prices = $4, position = $5, updated_at = $6
         WHERE id = $1";
}

/// Brings the shop's products to what the file says: all of them or none.
pub async fn import(store: &Store, file: CatalogueFile) -> Result<Report, ImportError> {
    let file = Arc::new(file);
    store
        .write("catalogue.import", move |tx| {
            let file = file.clone();
            Box::pin(async move { apply(tx, &file).await })
        })
        .await
}

async fn apply(tx: &mut Tx<'_>, file: &CatalogueFile) -> Result<Report, ImportError> {
    let now = tx.now();
    let mut report = Report {
        unused: file.unused.clone(),
        ..Report::default()
    };
    let stored: Vec<Stored> = tx.all(&LOCK_ALL, binds![]).await?;
    let positions = positions(file, &stored);
    let mut stored: HashMap<String, Stored> = stored
        .into_iter()
        .map(|stored| (stored.product.slug.clone(), stored))
        .collect();
    for (draft, position) in file.products.iter().zip(positions) {
        let (title, description) = (draft.title.to_json(), draft.description.to_json());
        let prices = draft.prices.to_json();
        let Some(old) = stored.remove(&draft.slug) else {
            let kind = draft.kind.as_str();
            let new = binds![draft.slug, kind, title, description, prices, position, now];
            tx.execute(&INSERT, new).await?;
            report.added.push(draft.slug.clone());
            continue;
        };
        if old.product.kind != draft.kind {
            return Err(ImportError::OtherKind {
                line: draft.line,
                slug: draft.slug.clone(),
                old: old.product.kind,
                new: draft.kind,
            });
        }
        if old.product.archived {
            report.archived.push(draft.slug.clone());
        }
        let fields = changes(&old.product, draft);
        report.moved += usize::from(old.position != position);
        if !fields.is_empty() || old.position != position {
            let new = binds![old.product.id, title, description, prices, position, now];
            tx.execute(&UPDATE, new).await?;
        }
        if fields.is_empty() {
            report.unchanged += 1;
        } else {
            let slug = draft.slug.clone();
            report.changed.push(Changed { slug, fields });
        }
    }
    report.not_in_file = stored.into_keys().collect();
    report.not_in_file.sort();
    Ok(report)
}

/// The places of the file's products: those that they have together, in the file's order, and new ones at the end. So
/// products of another file keep theirs, and a second import changes nothing.
fn positions(file: &CatalogueFile, stored: &[Stored]) -> Vec<i64> {
    let known: HashMap<&str, i64> = stored
        .iter()
        .map(|stored| (stored.product.slug.as_str(), stored.position))
        .collect();
    let mut last = known.values().copied().max().unwrap_or(0);
    let mut positions: Vec<i64> = file
        .products
        .iter()
        .map(|draft| {
            known.get(draft.slug.as_str()).copied().unwrap_or_else(|| {
                last += 1;
                last
            })
        })
        .collect();
    positions.sort_unstable();
    positions
}

fn changes(old: &Product, new: &Draft) -> Vec<FieldChange> {
    let mut fields = texts("title", &old.title, &new.title);
    fields.extend(texts("description", &old.description, &new.description));
    fields.extend(prices(&old.prices, &new.prices));
    fields
}

fn texts(name: &str, old: &Texts, new: &Texts) -> Vec<FieldChange> {
    Language::ALL
        .into_iter()
        .filter(|&language| old.get(language) != new.get(language))
        .map(|language| FieldChange {
            name: format!("{name}.{}", language.code()),
            old: old.get(language).map(str::to_owned),
            new: new.get(language).map(str::to_owned),
        })
        .collect()
}

fn prices(old: &Prices, new: &Prices) -> Vec<FieldChange> {
    let mut currencies: Vec<Currency> = old.iter().chain(new.iter()).map(|m| m.currency).collect();
    currencies.sort_unstable();
    currencies.dedup();
    let shown = |prices: &Prices, currency| {
        let money = prices.iter().find(|money| money.currency == currency)?;
        Some(money.decimal().to_string())
    };
    currencies
        .into_iter()
        .filter(|&currency| old.get(currency) != new.get(currency))
        .map(|currency| FieldChange {
            name: format!("price.{currency}"),
            old: shown(old, currency),
            new: shown(new, currency),
        })
        .collect()
}

#[cfg(test)]
mod tests;
