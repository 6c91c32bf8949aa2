//! Importing the catalogue: categories, families and products of the file are added or changed to what it says, in one
//! transaction. What is not in the file stays.

mod groups;
mod products;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Kind;
use super::file::{CatalogueFile, Mention, Photos, Problem, circles_and_depth};
use super::photos;
use crate::shop::texts::{Language, Texts};
use crate::spelling::{nearest, suggestion};
use crate::store::{Store, StoreError, Tx};

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Of the categories.
    pub categories: Changes,
    /// Of the families.
    pub families: Changes,
    /// Of the products.
    pub products: Changes,
    /// Products of the file that are archived in the shop, by slug. They stay so.
    pub archived: Vec<String>,
}

/// What became of things of one sort.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// New ones, by slug.
    pub added: Vec<String>,
    /// Those that were otherwise before.
    pub changed: Vec<Changed>,
    /// How many are as they were.
    pub unchanged: usize,
    /// How many have another place in the list.
    pub moved: usize,
    /// Those of the shop that the file does not name, by slug. They stay.
    pub not_in_file: Vec<String>,
}

/// Something that was otherwise before.
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
    /// It does not fit to what is in the shop.
    #[error("{}", lines(.0))]
    Unfit(Vec<Problem>),
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

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Brings the shop's catalogue to what the file says: all of it or nothing.
pub async fn import(
    store: &Store,
    file: CatalogueFile,
    photos: Photos,
) -> Result<Report, ImportError> {
    let (file, photos) = (Arc::new(file), Arc::new(photos));
    let looked_at = file.clone();
    store
        .read("catalogue.import.check", move |tx| {
            let file = looked_at.clone();
            Box::pin(async move { check(&file, &groups::known(tx).await?) })
        })
        .await?;
    // Each by itself, so that a sale waits for no more than one of them.
    photos::keep(store, &photos).await?;
    store
        .write("catalogue.import", move |tx| {
            let (file, photos) = (file.clone(), photos.clone());
            Box::pin(async move { apply(tx, &file, &photos).await })
        })
        .await
}

async fn apply(
    tx: &mut Tx<'_>,
    file: &CatalogueFile,
    photos: &Photos,
) -> Result<Report, ImportError> {
    let known = groups::locked(tx).await?;
    check(file, &known)?;
    let ids = photos::ids(tx, photos).await?;
    let (categories, category_ids) = groups::categories(tx, file, &known).await?;
    let (families, family_ids) = groups::families(tx, file, &known, &ids).await?;
    let names = Names {
        categories: category_ids,
        families: family_ids,
        photos: ids,
    };
    let (products, archived) = products::products(tx, file, &names).await?;
    products::index(tx).await?;
    photos::sweep(tx).await?;
    Ok(Report {
        categories,
        families,
        products,
        archived,
    })
}

/// The row ids of what products mention.
struct Names {
    categories: HashMap<String, i64>,
    families: HashMap<String, i64>,
    photos: HashMap<String, i64>,
}

/// What the file mentions must be there, and the categories must make a tree.
fn check(file: &CatalogueFile, known: &groups::Known) -> Result<(), ImportError> {
    let in_file = file.categories.iter().map(|draft| draft.slug.as_str());
    let in_shop = known.categories.iter().map(|row| row.slug.as_str());
    let categories: HashSet<&str> = in_file.chain(in_shop).collect();
    let in_file = file.families.iter().map(|draft| draft.slug.as_str());
    let in_shop = known.families.iter().map(|row| row.slug.as_str());
    let families: HashSet<&str> = in_file.chain(in_shop).collect();

    let mut problems = circles_and_depth(&file.categories, &known.parents());
    let mut expect = |field: &str, mention: Option<&Mention>, slugs: &HashSet<&str>| {
        let Some(Mention { name, line }) = mention else {
            return;
        };
        if !slugs.contains(name.as_str()) {
            let meant = suggestion(nearest(name, slugs.iter().copied()));
            let what = format!("{field} {name:?} is neither in the file nor in the shop{meant}");
            problems.push(Problem { line: *line, what });
        }
    };
    for draft in &file.categories {
        expect("parent", draft.parent.as_ref(), &categories);
    }
    for draft in &file.products {
        expect("category", draft.category.as_ref(), &categories);
        expect("family", draft.family.as_ref(), &families);
    }
    if problems.is_empty() {
        return Ok(());
    }
    problems.sort();
    Err(ImportError::Unfit(problems))
}

/// The places of the file's things: those that they have together, in the file's order, and new ones at the end. So
/// things of another file keep theirs, and a second import changes nothing.
fn positions<'a>(
    slugs: impl Iterator<Item = &'a str>,
    stored: impl Iterator<Item = (&'a str, i64)>,
) -> Vec<i64> {
    let known: HashMap<&str, i64> = stored.collect();
    let mut last = known.values().copied().max().unwrap_or(0);
    let mut positions: Vec<i64> = slugs
        .map(|slug| {
            known.get(slug).copied().unwrap_or_else(|| {
                last += 1;
                last
            })
        })
        .collect();
    positions.sort_unstable();
    positions
}

impl Changes {
    /// Notes one that was there before.
    fn note(&mut self, slug: &str, fields: Vec<FieldChange>, moved: bool) {
        self.moved += usize::from(moved);
        if fields.is_empty() {
            self.unchanged += 1;
        } else {
            let slug = slug.to_owned();
            self.changed.push(Changed { slug, fields });
        }
    }

    /// Notes those that the file does not name.
    fn note_left(&mut self, slugs: impl Iterator<Item = String>) {
        self.not_in_file = slugs.collect();
        self.not_in_file.sort();
    }
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

/// A field that holds one value or nothing.
fn single(name: &str, old: Option<String>, new: Option<String>) -> Option<FieldChange> {
    let name = name.to_owned();
    (old != new).then_some(FieldChange { name, old, new })
}

/// A picture: the shop has forgotten under which name it came.
fn picture(old: Option<i64>, new: Option<i64>, mention: Option<&Mention>) -> Option<FieldChange> {
    (old != new).then(|| FieldChange {
        name: "photo".to_owned(),
        old: old.map(|_| "another picture".to_owned()),
        new: mention.map(|mention| mention.name.clone()),
    })
}

#[cfg(test)]
mod tests;
