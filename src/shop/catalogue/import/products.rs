//! The products of a file, and what a search of all products looks in.

use std::collections::HashMap;

use super::{
    CatalogueFile, Changes, FieldChange, ImportError, Names, picture, positions, single, texts,
};
use crate::shop::catalogue::file::Draft;
use crate::shop::catalogue::search::folded;
use crate::shop::catalogue::{Product, broken};
use crate::shop::money::{Currency, Prices};
use crate::shop::texts::{Language, Texts};
use crate::store::{FromRow, Row, StoreError, Tx};
use crate::{binds, sql};

struct Stored {
    product: Product,
    position: i64,
    max_downloads: Option<i64>,
    download_days: Option<i64>,
}

impl FromRow for Stored {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            product: Product::from_row(row)?,
            position: row.get(11)?,
            max_downloads: row.get(12)?,
            download_days: row.get(13)?,
        })
    }
}

sql! {
    // Orders of these products go on meanwhile: they only need the rows to be there.
    LOCK_ALL = "catalogue.import.lock_all",
        sqlite: "SELECT id, slug, kind, title, description, prices, state,
                 category_id, family_id, photo_id, max_per_customer, position, max_downloads, download_days
             FROM products ORDER BY id",
        postgres: "SELECT id, slug, kind, title, description, prices, state,
                 category_id, family_id, photo_id, max_per_customer, position, max_downloads, download_days
             FROM products ORDER BY id FOR NO KEY UPDATE";
}
sql! {
    INSERT = "catalogue.import.insert",
        "INSERT INTO products (slug, kind, title, description, prices, position,
             category_id, family_id, photo_id, max_per_customer, created_at, updated_at, max_downloads, download_days)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13)";
    UPDATE = "catalogue.import.update",
        "UPDATE products
         SET title = $2, description = $3, prices = $4, position = $5,
             category_id = $6, family_id = $7, photo_id = $8, max_per_customer = $9, updated_at = $10,
             max_downloads = $11, download_days = $12
         WHERE id = $1";
    SEARCHED = "catalogue.import.searched",
        "SELECT p.id, p.title, p.description, f.title, p.search
         FROM products p
         LEFT JOIN families f ON f.id = p.family_id
         ORDER BY p.id";
    SEARCH = "catalogue.import.search", "UPDATE products SET search = $2 WHERE id = $1";
}

/// Brings the products to what the file says; those that are archived, too.
pub(super) async fn products(
    tx: &mut Tx<'_>,
    file: &CatalogueFile,
    names: &Names,
) -> Result<(Changes, Vec<String>), ImportError> {
    let now = tx.now();
    let mut changes = Changes::default();
    let mut archived = Vec::new();
    let stored: Vec<Stored> = tx.all(&LOCK_ALL, binds![]).await?;
    let positions = positions(
        file.products.iter().map(|draft| draft.slug.as_str()),
        stored
            .iter()
            .map(|row| (row.product.slug.as_str(), row.position)),
    );
    let mut stored: HashMap<String, Stored> = stored
        .into_iter()
        .map(|stored| (stored.product.slug.clone(), stored))
        .collect();
    for (draft, position) in file.products.iter().zip(positions) {
        let (title, description) = (draft.title.to_json(), draft.description.to_json());
        let prices = draft.prices.to_json();
        let place = Place::of(draft, names);
        let most = draft.max_per_customer;
        let Some(old) = stored.remove(&draft.slug) else {
            let kind = draft.kind.as_str();
            let new = binds![
                draft.slug,
                kind,
                title,
                description,
                prices,
                position,
                place.category,
                place.family,
                place.photo,
                most,
                now,
                draft.max_downloads,
                draft.download_days
            ];
            tx.execute(&INSERT, new).await?;
            changes.added.push(draft.slug.clone());
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
            archived.push(draft.slug.clone());
        }
        let fields = differences(&old, draft, place, names);
        let moved = old.position != position;
        if moved || !fields.is_empty() {
            let id = old.product.id;
            let new = binds![
                id,
                title,
                description,
                prices,
                position,
                place.category,
                place.family,
                place.photo,
                most,
                now,
                draft.max_downloads,
                draft.download_days
            ];
            tx.execute(&UPDATE, new).await?;
        }
        changes.note(&draft.slug, fields, moved);
    }
    changes.note_left(stored.into_keys());
    Ok((changes, archived))
}

/// Where a product stands, by row ids.
#[derive(Clone, Copy)]
struct Place {
    category: Option<i64>,
    family: Option<i64>,
    photo: Option<i64>,
}

impl Place {
    fn of(draft: &Draft, names: &Names) -> Self {
        let id = |ids: &HashMap<String, i64>, mention: &Option<super::Mention>| {
            mention.as_ref().and_then(|it| ids.get(&it.name)).copied()
        };
        Self {
            category: id(&names.categories, &draft.category),
            family: id(&names.families, &draft.family),
            photo: id(&names.photos, &draft.photo),
        }
    }
}

fn differences(stored: &Stored, new: &Draft, place: Place, names: &Names) -> Vec<FieldChange> {
    let old = &stored.product;
    let slug = |ids: &HashMap<String, i64>, id: Option<i64>| {
        let id = id?;
        let mut all = ids.iter();
        all.find(|(_, known)| **known == id)
            .map(|(slug, _)| slug.clone())
    };
    let mut fields = texts("title", &old.title, &new.title);
    fields.extend(texts("description", &old.description, &new.description));
    fields.extend(prices(&old.prices, &new.prices));
    let categories = &names.categories;
    fields.extend(single(
        "category",
        slug(categories, old.category),
        slug(categories, place.category),
    ));
    let families = &names.families;
    fields.extend(single(
        "family",
        slug(families, old.family),
        slug(families, place.family),
    ));
    fields.extend(picture(old.photo, place.photo, new.photo.as_ref()));
    let numbers = [
        (
            "max_per_customer",
            old.max_per_customer,
            new.max_per_customer,
        ),
        ("max_downloads", stored.max_downloads, new.max_downloads),
        ("download_days", stored.download_days, new.download_days),
    ];
    for (name, old, new) in numbers {
        let shown = |number: Option<i64>| number.map(|it| it.to_string());
        fields.extend(single(name, shown(old), shown(new)));
    }
    fields
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

struct Searched {
    id: i64,
    texts: Vec<Texts>,
    search: String,
}

impl FromRow for Searched {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let mut texts = Vec::new();
        for json in [Some(row.get(1)?), Some(row.get(2)?), row.get(3)?] {
            let json: Option<String> = json;
            if let Some(json) = json {
                texts.push(Texts::from_json(&json).map_err(broken)?);
            }
        }
        Ok(Self {
            id: row.get(0)?,
            texts,
            search: row.get(4)?,
        })
    }
}

/// Writes down what a search looks in: title, description and the family's title in every language. Also for products
/// that the file does not name: their family may have another title now.
pub(super) async fn index(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    for row in tx.all::<Searched>(&SEARCHED, binds![]).await? {
        let all = row.texts.iter().flat_map(|texts| {
            let in_each = Language::ALL.into_iter();
            in_each.filter_map(|language| texts.get(language))
        });
        let search = folded(&all.collect::<Vec<_>>().join("\n"));
        if search != row.search {
            tx.execute(&SEARCH, binds![row.id, search]).await?;
        }
    }
    Ok(())
}
