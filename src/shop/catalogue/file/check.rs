//! What a product's fields must be, whichever format they came in.

use std::collections::{BTreeMap, HashMap};

use super::values::{days, description, kind as kind_of, photo, pieces, price, slug, title};
use super::{CatalogueFile, Draft, Field, Found, Mention, Problem, Raw, groups};
use crate::shop::catalogue::Kind;
use crate::shop::money::{Currency, Prices};
use crate::shop::texts::{Language, Texts};
use crate::spelling::{nearest, suggestion};

/// The price that is a whole number.
pub(super) const STARS: &str = "price.XTR";
/// The other fields that are one.
pub(super) const MOST: &str = "max_per_customer";
pub(super) const DOWNLOADS: &str = "max_downloads";
pub(super) const DAYS: &str = "download_days";
const FIELDS: [&str; 13] = [
    "id",
    "kind",
    "category",
    "family",
    "title.en",
    "title.ru",
    "description.en",
    "description.ru",
    STARS,
    "photo",
    MOST,
    DOWNLOADS,
    DAYS,
];

/// What a field's name means.
enum Name {
    Id,
    Kind,
    Title(Language),
    Description(Language),
    Price(Currency),
    Category,
    Family,
    Photo,
    Most,
    Downloads,
    Days,
}

impl Name {
    fn of(name: &str) -> Option<Name> {
        match name.split_once('.') {
            None if name == "id" => Some(Name::Id),
            None if name == "kind" => Some(Name::Kind),
            None if name == "category" => Some(Name::Category),
            None if name == "family" => Some(Name::Family),
            None if name == "photo" => Some(Name::Photo),
            None if name == MOST => Some(Name::Most),
            None if name == DOWNLOADS => Some(Name::Downloads),
            None if name == DAYS => Some(Name::Days),
            Some(("title", code)) => language_of(code).map(Name::Title),
            Some(("description", code)) => language_of(code).map(Name::Description),
            Some(("price", code)) => code.parse().ok().map(Name::Price),
            _ => None,
        }
    }
}

/// The language of this code.
pub(super) fn language_of(code: &str) -> Option<Language> {
    Language::ALL.into_iter().find(|known| known.code() == code)
}

/// Whether a field of this name means something.
pub(super) fn is_known(name: &str) -> bool {
    Name::of(name).is_some()
}

/// The message about a field that means nothing.
pub(super) fn unknown(name: &str) -> String {
    match name.split('.').next() {
        Some("title" | "description") if !name.contains('.') => {
            format!("{name} has no language, expected {name}.en or {name}.ru")
        }
        Some(text @ ("title" | "description")) => {
            format!("{name} is unknown, expected a text for each language: {text}.en or {text}.ru")
        }
        Some("price") => format!(
            "{name} names no currency that Telegram takes, expected for example price.RUB or price.XTR"
        ),
        _ => {
            let meant = nearest(name, FIELDS);
            format!("{name} is unknown{}", suggestion(meant))
        }
    }
}

/// Checks everything. The answer is worth something only if `problems` stays as it was.
pub(super) fn check(found: Found, problems: &mut Vec<Problem>) -> CatalogueFile {
    let is_empty =
        found.products.is_empty() && found.categories.is_empty() && found.families.is_empty();
    if is_empty && problems.is_empty() {
        problems.push(Problem {
            line: 1,
            what: "the file has no product in it, expected [[product]] tables in TOML or a line for each in CSV".to_owned(),
        });
    }
    let mut file = CatalogueFile::default();
    let mut ids = HashMap::new();
    for raw in found.categories {
        let draft = groups::category(raw, problems);
        unique(&mut ids, &draft.slug, draft.line, problems);
        file.categories.push(draft);
    }
    let mut ids = HashMap::new();
    for raw in found.families {
        let draft = groups::family(raw, problems);
        unique(&mut ids, &draft.slug, draft.line, problems);
        file.families.push(draft);
    }
    let mut ids = HashMap::new();
    for raw in found.products {
        let draft = product(raw, problems);
        unique(&mut ids, &draft.slug, draft.line, problems);
        file.products.push(draft);
    }
    file
}

/// Notes an id and where it stands. The same again is a problem.
fn unique(ids: &mut HashMap<String, usize>, slug: &str, line: usize, problems: &mut Vec<Problem>) {
    if let Some(first) = ids.get(slug) {
        let what = format!("id {slug:?} is on line {first} already, expected another");
        problems.push(Problem { line, what });
    } else if !slug.is_empty() {
        ids.insert(slug.to_owned(), line);
    }
}

/// Reads one product. What is wrong goes to `problems`; such a field is as good as there, or it would be told twice.
fn product(raw: Raw, problems: &mut Vec<Problem>) -> Draft {
    let (mut id, mut kind) = (None, None);
    let (mut category, mut family, mut picture, mut most) = (None, None, None, None);
    // What downloads alone have, with the line where it stands.
    let (mut downloads, mut download_days) = (None, None);
    let (mut titles, mut descriptions, mut prices) = (Vec::new(), Vec::new(), BTreeMap::new());
    let (mut has_title, mut has_price) = (false, false);
    for Field { name, value, line } in raw.fields {
        let result = match Name::of(&name) {
            None => {
                has_title |= name.starts_with("title");
                has_price |= name.starts_with("price");
                Err(unknown(&name))
            }
            Some(Name::Category) => slug(&name, &value).map(|slug| {
                category = Some(Mention { name: slug, line });
            }),
            Some(Name::Family) => slug(&name, &value).map(|slug| {
                family = Some(Mention { name: slug, line });
            }),
            Some(Name::Photo) => photo(&name, &value).map(|path| {
                picture = Some(Mention { name: path, line });
            }),
            Some(Name::Most) => pieces(&name, &value).map(|pieces| {
                most = Some(pieces);
            }),
            Some(Name::Downloads) => pieces(&name, &value).map(|times| {
                downloads = Some((times, line));
            }),
            Some(Name::Days) => days(&name, &value).map(|days| {
                download_days = Some((days, line));
            }),
            Some(Name::Id) => {
                let slug = slug(&name, &value);
                id = Some(slug.clone().unwrap_or_default());
                slug.map(|_| ())
            }
            Some(Name::Kind) => {
                let given = kind_of(&name, &value);
                kind = Some(given.as_ref().copied().ok());
                given.map(|_| ())
            }
            Some(Name::Title(language)) => {
                has_title = true;
                title(&name, &value).map(|text| titles.push((language, text)))
            }
            Some(Name::Description(language)) => description(&name, &value).map(|text| {
                if !text.is_empty() {
                    descriptions.push((language, text));
                }
            }),
            Some(Name::Price(currency)) => {
                has_price = true;
                price(&name, currency, &value).map(|money| {
                    prices.insert(money.currency, money.minor);
                })
            }
        };
        if let Err(what) = result {
            problems.push(Problem { line, what });
        }
    }
    let mut missing = |what: &str| {
        problems.push(Problem {
            line: raw.line,
            what: format!("the product has no {what}"),
        });
    };
    if id.is_none() {
        missing("id, expected for example id = \"zeta-month\"");
    }
    if kind.is_none() {
        missing("kind, expected stock or download");
    }
    if !has_title {
        missing("title, expected one in at least one language: title.en or title.ru");
    }
    if !has_price {
        missing("price, expected at least one, for example price.RUB or price.XTR");
    }
    let kind = kind.flatten();
    if kind.is_some_and(|kind| kind != Kind::Download) {
        let given = [(DOWNLOADS, downloads), (DAYS, download_days)];
        problems.extend(given.into_iter().filter_map(|(name, given)| {
            let (_, line) = given?;
            let what = format!("{name} is for products of the kind download, expected none here");
            Some(Problem { line, what })
        }));
    }
    Draft {
        line: raw.line,
        slug: id.unwrap_or_default(),
        kind: kind.unwrap_or(Kind::Stock),
        category,
        family,
        title: Texts::from_iter(titles),
        description: Texts::from_iter(descriptions),
        // None is below zero: `price` has looked.
        prices: Prices::try_from(prices).unwrap_or_default(),
        photo: picture,
        max_per_customer: most,
        max_downloads: downloads.map(|(times, _)| times),
        download_days: download_days.map(|(days, _)| days),
    }
}
