//! What a product's fields must be, whichever format they came in.

use std::collections::{BTreeMap, HashMap};

use super::{CatalogueFile, Draft, Field, Found, Problem, Raw, Unused, Value};
use crate::shop::catalogue::{Kind, is_slug};
use crate::shop::money::{Currency, Money, Prices};
use crate::shop::texts::{Language, Texts};
use crate::spelling::{nearest, suggestion};

/// A title stands on a button and in an invoice.
const LONGEST_TITLE: usize = 64;
/// A description stands under a photo, with the title and the price.
const LONGEST_DESCRIPTION: usize = 800;
/// The price that is a whole number.
pub(super) const STARS: &str = "price.XTR";
/// Accepted, and not used by this version.
const UNUSED: [&str; 4] = ["category", "family", "photo", "max_per_customer"];
const USED: [&str; 7] = [
    "id",
    "kind",
    "title.en",
    "title.ru",
    "description.en",
    "description.ru",
    STARS,
];

/// What a field's name means.
enum Name {
    Id,
    Kind,
    Title(Language),
    Description(Language),
    Price(Currency),
    Unused,
}

impl Name {
    fn of(name: &str) -> Option<Name> {
        let language = |code: &str| Language::ALL.into_iter().find(|known| known.code() == code);
        match name.split_once('.') {
            None if name == "id" => Some(Name::Id),
            None if name == "kind" => Some(Name::Kind),
            None if UNUSED.contains(&name) => Some(Name::Unused),
            Some(("title", code)) => language(code).map(Name::Title),
            Some(("description", code)) => language(code).map(Name::Description),
            Some(("price", code)) => code.parse().ok().map(Name::Price),
            _ => None,
        }
    }
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
            let meant = nearest(name, USED.into_iter().chain(UNUSED));
            format!("{name} is unknown{}", suggestion(meant))
        }
    }
}

/// Checks every product. The answer is worth something only if `problems` stays as it was.
pub(super) fn check(found: Found, problems: &mut Vec<Problem>) -> CatalogueFile {
    let mut file = CatalogueFile::default();
    let mut ids: HashMap<String, usize> = HashMap::new();
    for (name, line) in found.unused {
        note_unused(&mut file.unused, &name, line);
    }
    if found.products.is_empty() && problems.is_empty() {
        problems.push(Problem {
            line: 1,
            what: "the file has no product in it, expected [[product]] tables in TOML or a line for each in CSV".to_owned(),
        });
    }
    for raw in found.products {
        let draft = product(raw, &mut file.unused, problems);
        if let Some(first) = ids.get(&draft.slug) {
            problems.push(Problem {
                line: draft.line,
                what: format!(
                    "id {:?} is on line {first} already, expected another",
                    draft.slug
                ),
            });
        } else if !draft.slug.is_empty() {
            ids.insert(draft.slug.clone(), draft.line);
        }
        file.products.push(draft);
    }
    file.unused.sort_by_key(|unused| unused.line);
    file
}

fn note_unused(unused: &mut Vec<Unused>, name: &str, line: usize) {
    if let Some(known) = unused.iter_mut().find(|known| known.name == name) {
        known.times += 1;
        known.line = known.line.min(line);
    } else {
        unused.push(Unused {
            name: name.to_owned(),
            line,
            times: 1,
        });
    }
}

/// Reads one product. What is wrong goes to `problems`; such a field is as good as there, or it would be told twice.
fn product(raw: Raw, unused: &mut Vec<Unused>, problems: &mut Vec<Problem>) -> Draft {
    let (mut id, mut kind) = (None, None);
    let (mut titles, mut descriptions, mut prices) = (Vec::new(), Vec::new(), BTreeMap::new());
    let (mut has_title, mut has_price) = (false, false);
    for Field { name, value, line } in raw.fields {
        let result = match Name::of(&name) {
            None => {
                has_title |= name.starts_with("title");
                has_price |= name.starts_with("price");
                Err(unknown(&name))
            }
            Some(Name::Unused) => {
                note_unused(unused, &name, line);
                Ok(())
            }
            Some(Name::Id) => {
                let slug = slug(&name, &value);
                id = Some(slug.clone().unwrap_or_default());
                slug.map(|_| ())
            }
            Some(Name::Kind) => {
                kind = Some(Kind::Stock);
                stock(&name, &value)
            }
            Some(Name::Title(language)) => {
                has_title = true;
                text(&name, &value, LONGEST_TITLE, false).and_then(|text| {
                    if text.is_empty() {
                        return Err(format!("{name} is empty, expected a title"));
                    }
                    titles.push((language, text));
                    Ok(())
                })
            }
            Some(Name::Description(language)) => text(&name, &value, LONGEST_DESCRIPTION, true)
                .map(|text| {
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
        missing("kind, expected stock");
    }
    if !has_title {
        missing("title, expected one in at least one language: title.en or title.ru");
    }
    if !has_price {
        missing("price, expected at least one, for example price.RUB or price.XTR");
    }
    Draft {
        line: raw.line,
        slug: id.unwrap_or_default(),
        kind: kind.unwrap_or(Kind::Stock),
        title: Texts::from_iter(titles),
        description: Texts::from_iter(descriptions),
        // None is below zero: `price` has looked.
        prices: Prices::try_from(prices).unwrap_or_default(),
    }
}

fn slug(name: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::Text(text) if is_slug(text) => Ok(text.clone()),
        other => Err(format!(
            "{name} is {other}, expected a text of at most 32 small Latin letters, digits and hyphens, such as \"zeta-month\""
        )),
    }
}

fn stock(name: &str, value: &Value) -> Result<(), String> {
    let kind = match value {
        Value::Text(word) => Kind::from_word(word),
        Value::Whole(_) | Value::Other(_) => None,
    };
    match kind {
        Some(Kind::Stock) => Ok(()),
        Some(kind @ (Kind::Minted | Kind::Download)) => Err(format!(
            "{name} is {kind}, expected stock: this version sells stock keys only"
        )),
        None => Err(format!("{name} is {value}, expected stock")),
    }
}

fn text(name: &str, value: &Value, longest: usize, has_lines: bool) -> Result<String, String> {
    let Value::Text(text) = value else {
        return Err(format!("{name} is {value}, expected a text in quotes"));
    };
    let text = text.trim().replace("\r\n", "\n");
    let control = text
        .chars()
        .find(|character| character.is_control() && !(has_lines && *character == '\n'));
    if let Some(control) = control {
        let code = u32::from(control);
        return Err(format!(
            "{name} has the control character U+{code:04X}, expected plain text"
        ));
    }
    let length = text.chars().count();
    if length > longest {
        return Err(format!(
            "{name} has {length} characters, expected at most {longest}"
        ));
    }
    Ok(text)
}

fn price(name: &str, currency: Currency, value: &Value) -> Result<Money, String> {
    match value {
        Value::Whole(minor) if currency == Currency::XTR && *minor >= 0 => Ok(Money {
            minor: *minor,
            currency,
        }),
        other if currency == Currency::XTR => Err(format!(
            "{name} is {other}, expected a whole number of Stars, 0 or more, without quotes: 250"
        )),
        Value::Text(text) => {
            Money::parse(text, &currency).map_err(|error| format!("{name}: {error}"))
        }
        other => Err(format!(
            "{name} is {other}, expected the amount as a text in quotes: \"499.00\""
        )),
    }
}
