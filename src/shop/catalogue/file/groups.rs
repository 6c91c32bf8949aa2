//! What the fields of a category and of a family must be.

use super::check::language_of;
use super::values::{photo, slug, title};
use super::{CategoryDraft, FamilyDraft, Field, Mention, Problem, Raw};
use crate::shop::texts::Texts;
use crate::spelling::{nearest, suggestion};

/// The fields of a category.
const OF_CATEGORY: [&str; 4] = ["id", "parent", "title.en", "title.ru"];
/// The fields of a family.
const OF_FAMILY: [&str; 4] = ["id", "title.en", "title.ru", "photo"];

/// A category or a family: what both have, and what one of them has.
struct Group {
    slug: String,
    title: Texts,
    parent: Option<Mention>,
    photo: Option<Mention>,
}

pub(super) fn category(raw: Raw, problems: &mut Vec<Problem>) -> CategoryDraft {
    let line = raw.line;
    let group = group(raw, "category", OF_CATEGORY, problems);
    CategoryDraft {
        line,
        slug: group.slug,
        parent: group.parent,
        title: group.title,
    }
}

pub(super) fn family(raw: Raw, problems: &mut Vec<Problem>) -> FamilyDraft {
    let line = raw.line;
    let group = group(raw, "family", OF_FAMILY, problems);
    FamilyDraft {
        line,
        slug: group.slug,
        title: group.title,
        photo: group.photo,
    }
}

/// Reads one. What is wrong goes to `problems`; such a field is as good as there, or it would be told twice.
fn group(raw: Raw, what: &str, known: [&str; 4], problems: &mut Vec<Problem>) -> Group {
    let (mut id, mut titles, mut parent, mut picture) = (None, Vec::new(), None, None);
    let mut has_title = false;
    for Field { name, value, line } in raw.fields {
        let is_title = name.split('.').next() == Some("title");
        has_title |= is_title;
        let result = match name.as_str() {
            "id" => {
                let found = slug(&name, &value);
                id = Some(found.clone().unwrap_or_default());
                found.map(|_| ())
            }
            "parent" if known.contains(&"parent") => slug(&name, &value).map(|slug| {
                parent = Some(Mention { name: slug, line });
            }),
            "photo" if known.contains(&"photo") => photo(&name, &value).map(|path| {
                picture = Some(Mention { name: path, line });
            }),
            _ => match name.strip_prefix("title.").and_then(language_of) {
                Some(language) => title(&name, &value).map(|text| titles.push((language, text))),
                None if is_title => Err(super::check::unknown(&name)),
                None => Err(format!(
                    "{name} is unknown in a {what}{}",
                    suggestion(nearest(&name, known))
                )),
            },
        };
        if let Err(what) = result {
            problems.push(Problem { line, what });
        }
    }
    let mut missing = |field: &str| {
        problems.push(Problem {
            line: raw.line,
            what: format!("the {what} has no {field}"),
        });
    };
    if id.is_none() {
        missing("id, expected for example id = \"vpn\"");
    }
    if !has_title {
        missing("title, expected one in at least one language: title.en or title.ru");
    }
    Group {
        slug: id.unwrap_or_default(),
        title: Texts::from_iter(titles),
        parent,
        photo: picture,
    }
}
