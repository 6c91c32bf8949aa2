//! The catalogue file: categories, families and products in TOML, or products in CSV. Everything that is wrong with a
//! file is told at once, by line.

mod check;
mod csv;
mod groups;
mod photos;
mod toml;
mod tree;
mod values;

use std::fmt;
use std::path::Path;

use super::Kind;
use crate::shop::money::Prices;
use crate::shop::texts::Texts;

pub use self::photos::{Photo, Photos, Unreadable};
pub use self::tree::{DEEPEST, circles_and_depth};

/// How the file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `[[category]]`, `[[family]]` and `[[product]]` tables.
    Toml,
    /// A line of column names, then a line for each product; commas or semicolons between the cells.
    Csv,
}

impl Format {
    /// The format that a file's name tells.
    pub fn of(path: &Path) -> Option<Format> {
        let extension = path.extension()?.to_str()?;
        if extension.eq_ignore_ascii_case("toml") {
            Some(Format::Toml)
        } else if extension.eq_ignore_ascii_case("csv") {
            Some(Format::Csv)
        } else {
            None
        }
    }
}

/// A catalogue file without a mistake in itself. What it mentions may be in the shop, in the file, or nowhere: the
/// import looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogueFile {
    /// The categories, in the file's order.
    pub categories: Vec<CategoryDraft>,
    /// The families, in the file's order.
    pub families: Vec<FamilyDraft>,
    /// The products, in the file's order.
    pub products: Vec<Draft>,
}

/// A category as the file describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryDraft {
    /// Where it begins, from 1.
    pub line: usize,
    /// Its name for the seller.
    pub slug: String,
    /// The category that it is in.
    pub parent: Option<Mention>,
    /// Its name for customers.
    pub title: Texts,
}

/// A family as the file describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyDraft {
    /// Where it begins, from 1.
    pub line: usize,
    /// Its name for the seller.
    pub slug: String,
    /// Its name for customers.
    pub title: Texts,
    /// Its picture, by the path beside the file.
    pub photo: Option<Mention>,
}

/// A product as the file describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Where it begins, from 1.
    pub line: usize,
    /// Its name for the seller.
    pub slug: String,
    /// How it is delivered.
    pub kind: Kind,
    /// The category that it is in.
    pub category: Option<Mention>,
    /// The family whose card it shares.
    pub family: Option<Mention>,
    /// Its name for customers.
    pub title: Texts,
    /// What it is.
    pub description: Texts,
    /// What one piece costs.
    pub prices: Prices,
    /// Its picture, by the path beside the file.
    pub photo: Option<Mention>,
    /// So many pieces may one customer have.
    pub max_per_customer: Option<i64>,
    /// So often may each piece of a download be started.
    pub max_downloads: Option<i64>,
    /// So many days.
    pub download_days: Option<i64>,
}

/// A name of something else that a field mentions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The slug, or a photo's path.
    pub name: String,
    /// Where, from 1.
    pub line: usize,
}

impl CatalogueFile {
    /// Every mention of a photo, in the file's order.
    pub fn photos(&self) -> impl Iterator<Item = &Mention> {
        let of_families = self.families.iter().filter_map(|it| it.photo.as_ref());
        of_families.chain(self.products.iter().filter_map(|it| it.photo.as_ref()))
    }
}

/// Something in the file that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where, from 1.
    pub line: usize,
    /// What was found and what is expected.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// A table as a reader found it: named fields, each with its line.
struct Raw {
    line: usize,
    fields: Vec<Field>,
}

struct Field {
    /// With a point before the language or the currency: `title.en`.
    name: String,
    value: Value,
    line: usize,
}

enum Value {
    Text(String),
    Whole(i64),
    /// Anything else, in words.
    Other(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) if text.chars().count() > SHOWN => {
                let start: String = text.chars().take(SHOWN).collect();
                write!(f, "{start:?}…")
            }
            Value::Text(text) => write!(f, "{text:?}"),
            Value::Whole(number) => write!(f, "{number}"),
            Value::Other(words) => f.write_str(words),
        }
    }
}

/// So much of a text is repeated in a message about it.
const SHOWN: usize = 60;

/// What a reader hands over.
#[derive(Default)]
struct Found {
    categories: Vec<Raw>,
    families: Vec<Raw>,
    products: Vec<Raw>,
}

/// Reads a whole file. An error is everything that is wrong with it, by line.
pub fn parse(bytes: &[u8], format: Format) -> Result<CatalogueFile, Vec<Problem>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = LineStarts::of(bytes).line(error.valid_up_to());
        let what = "bytes that are not UTF-8, expected text: save the file as UTF-8".to_owned();
        vec![Problem { line, what }]
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut problems = Vec::new();
    let found = match format {
        Format::Toml => toml::read(text, &mut problems),
        Format::Csv => csv::read(text, &mut problems),
    };
    let file = check::check(found, &mut problems);
    problems.extend(circles_and_depth(&file.categories, &[]));
    if problems.is_empty() {
        return Ok(file);
    }
    problems.sort();
    Err(problems)
}

/// Where the lines of a text start, in bytes: a file of many products asks for many lines.
struct LineStarts(Vec<usize>);

impl LineStarts {
    fn of(bytes: &[u8]) -> Self {
        let feeds = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let starts = feeds.map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(starts).collect())
    }

    /// The line of the byte at `offset`, from 1.
    fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }
}

#[cfg(test)]
mod tests;
