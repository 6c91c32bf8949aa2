//! The categories and families of a file.

use std::collections::HashMap;

use super::{CatalogueFile, Changes, FieldChange, picture, positions, single, texts};
use crate::shop::catalogue::broken;
use crate::shop::texts::Texts;
use crate::store::{FromRow, Row, StoreError, Tx};
use crate::{binds, sql};

/// What the shop has.
pub(super) struct Known {
    pub(super) categories: Vec<Category>,
    pub(super) families: Vec<Family>,
}

impl Known {
    /// Each category's slug with its parent's.
    pub(super) fn parents(&self) -> Vec<(String, Option<String>)> {
        let slugs = self.slugs();
        self.categories
            .iter()
            .map(|row| {
                let parent = row.parent.and_then(|id| slugs.get(&id));
                (row.slug.clone(), parent.map(|slug| (*slug).to_owned()))
            })
            .collect()
    }

    fn slugs(&self) -> HashMap<i64, &str> {
        let pairs = self
            .categories
            .iter()
            .map(|row| (row.id, row.slug.as_str()));
        pairs.collect()
    }
}

pub(super) struct Category {
    id: i64,
    pub(super) slug: String,
    parent: Option<i64>,
    title: Texts,
    position: i64,
}

impl FromRow for Category {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            slug: row.get(1)?,
            parent: row.get(2)?,
            title: Texts::from_json(&row.get::<String>(3)?).map_err(broken)?,
            position: row.get(4)?,
        })
    }
}

pub(super) struct Family {
    id: i64,
    pub(super) slug: String,
    title: Texts,
    photo: Option<i64>,
}

impl FromRow for Family {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            slug: row.get(1)?,
            title: Texts::from_json(&row.get::<String>(2)?).map_err(broken)?,
            photo: row.get(3)?,
        })
    }
}

sql! {
    CATEGORIES = "catalogue.import.categories",
        "SELECT id, slug, parent_id, title, position FROM categories ORDER BY id";
    FAMILIES = "catalogue.import.families",
        "SELECT id, slug, title, photo_id FROM families ORDER BY id";
    INSERT_CATEGORY = "catalogue.import.insert_category",
        "INSERT INTO categories (slug, title, position, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $4)
         RETURNING id";
    UPDATE_CATEGORY = "catalogue.import.update_category",
        "UPDATE categories
         SET title = $2, position = $3, updated_at = $4
         WHERE id = $1";
    HANG = "catalogue.import.hang",
        "UPDATE categories SET parent_id = $2 WHERE id = $1";
    INSERT_FAMILY = "catalogue.import.insert_family",
        "INSERT INTO families (slug, title, photo_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $4)
         RETURNING id";
    UPDATE_FAMILY = "catalogue.import.update_family",
        "UPDATE families
         SET title = $2, photo_id = $3, updated_at = $4
         WHERE id = $1";
}
sql! {
    LOCK_CATEGORIES = "catalogue.import.lock_categories",
        sqlite: "SELECT id, slug, parent_id, title, position FROM categories ORDER BY id",
        postgres: "SELECT id, slug, parent_id, title, position FROM categories ORDER BY id FOR NO KEY UPDATE";
    LOCK_FAMILIES = "catalogue.import.lock_families",
        sqlite: "SELECT id, slug, title, photo_id FROM families ORDER BY id",
        postgres: "SELECT id, slug, title, photo_id FROM families ORDER BY id FOR NO KEY UPDATE";
}

/// What the shop has at the moment.
pub(super) async fn known(tx: &mut Tx<'_>) -> Result<Known, StoreError> {
    Ok(Known {
        categories: tx.all(&CATEGORIES, binds![]).await?,
        families: tx.all(&FAMILIES, binds![]).await?,
    })
}

/// What the shop has until the transaction ends.
pub(super) async fn locked(tx: &mut Tx<'_>) -> Result<Known, StoreError> {
    Ok(Known {
        categories: tx.all(&LOCK_CATEGORIES, binds![]).await?,
        families: tx.all(&LOCK_FAMILIES, binds![]).await?,
    })
}

/// Brings the categories to what the file says; the row ids of all.
pub(super) async fn categories(
    tx: &mut Tx<'_>,
    file: &CatalogueFile,
    known: &Known,
) -> Result<(Changes, HashMap<String, i64>), StoreError> {
    let now = tx.now();
    let mut changes = Changes::default();
    let slugs = known.slugs();
    let stored = known.categories.iter().map(|row| (row.slug.as_str(), row));
    let mut stored: HashMap<&str, &Category> = stored.collect();
    let mut ids: HashMap<String, i64> = stored
        .iter()
        .map(|(slug, row)| ((*slug).to_owned(), row.id))
        .collect();
    let positions = positions(
        file.categories.iter().map(|draft| draft.slug.as_str()),
        known
            .categories
            .iter()
            .map(|row| (row.slug.as_str(), row.position)),
    );
    let mut hung = Vec::new();
    for (draft, position) in file.categories.iter().zip(positions) {
        let title = draft.title.to_json();
        let parent = draft.parent.as_ref().map(|parent| parent.name.as_str());
        let Some(old) = stored.remove(draft.slug.as_str()) else {
            let new = binds![draft.slug, title, position, now];
            let (id,): (i64,) = tx.one(&INSERT_CATEGORY, new).await?;
            ids.insert(draft.slug.clone(), id);
            changes.added.push(draft.slug.clone());
            hung.extend(parent.map(|parent| (id, Some(parent))));
            continue;
        };
        let old_parent = old.parent.and_then(|id| slugs.get(&id).copied());
        let mut fields = texts("title", &old.title, &draft.title);
        let is_same = fields.is_empty() && old.position == position;
        if !is_same {
            tx.execute(&UPDATE_CATEGORY, binds![old.id, title, position, now])
                .await?;
        }
        if old_parent != parent {
            hung.push((old.id, parent));
        }
        fields.extend(single(
            "parent",
            old_parent.map(str::to_owned),
            parent.map(str::to_owned),
        ));
        changes.note(&draft.slug, fields, old.position != position);
    }
    // Parents may come after their children in the file.
    for (id, parent) in hung {
        let parent = parent.and_then(|slug| ids.get(slug)).copied();
        tx.execute(&HANG, binds![id, parent]).await?;
    }
    changes.note_left(stored.into_keys().map(str::to_owned));
    Ok((changes, ids))
}

/// Brings the families to what the file says; the row ids of all.
pub(super) async fn families(
    tx: &mut Tx<'_>,
    file: &CatalogueFile,
    known: &Known,
    photos: &HashMap<String, i64>,
) -> Result<(Changes, HashMap<String, i64>), StoreError> {
    let now = tx.now();
    let mut changes = Changes::default();
    let stored = known.families.iter().map(|row| (row.slug.as_str(), row));
    let mut stored: HashMap<&str, &Family> = stored.collect();
    let mut ids: HashMap<String, i64> = stored
        .iter()
        .map(|(slug, row)| ((*slug).to_owned(), row.id))
        .collect();
    for draft in &file.families {
        let title = draft.title.to_json();
        let mention = draft.photo.as_ref();
        let photo = mention.and_then(|photo| photos.get(&photo.name)).copied();
        let Some(old) = stored.remove(draft.slug.as_str()) else {
            let new = binds![draft.slug, title, photo, now];
            let (id,): (i64,) = tx.one(&INSERT_FAMILY, new).await?;
            ids.insert(draft.slug.clone(), id);
            changes.added.push(draft.slug.clone());
            continue;
        };
        let mut fields: Vec<FieldChange> = texts("title", &old.title, &draft.title);
        fields.extend(picture(old.photo, photo, mention));
        if !fields.is_empty() {
            tx.execute(&UPDATE_FAMILY, binds![old.id, title, photo, now])
                .await?;
        }
        changes.note(&draft.slug, fields, false);
    }
    changes.note_left(stored.into_keys().map(str::to_owned));
    Ok((changes, ids))
}
