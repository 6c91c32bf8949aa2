//! What the value of a field must be.

use std::path::{Component, Path};

use super::Value;
use crate::shop::catalogue::{Kind, is_slug};
use crate::shop::money::{Currency, Money};

/// A title stands on a button and in an invoice.
const LONGEST_TITLE: usize = 64;
/// A description stands under a photo, with the title and the price.
const LONGEST_DESCRIPTION: usize = 800;
/// A path beside the file.
const LONGEST_PATH: usize = 255;
/// Nobody buys more pieces than an order can have, and nobody fetches a file more often.
const MOST_PIECES: i64 = 1_000;
/// A hundred years are for ever.
const MOST_DAYS: i64 = 36_500;

pub(super) fn slug(name: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::Text(text) if is_slug(text) => Ok(text.clone()),
        other => Err(format!(
            "{name} is {other}, expected a text of at most 32 small Latin letters, digits and hyphens, such as \"zeta-month\""
        )),
    }
}

pub(super) fn kind(name: &str, value: &Value) -> Result<Kind, String> {
    let kind = match value {
        Value::Text(word) => Kind::from_word(word),
        Value::Whole(_) | Value::Other(_) => None,
    };
    match kind {
        Some(kind @ (Kind::Stock | Kind::Download)) => Ok(kind),
        Some(kind @ Kind::Minted) => Err(format!(
            "{name} is {kind}, expected stock or download: this version mints no keys"
        )),
        None => Err(format!("{name} is {value}, expected stock or download")),
    }
}

/// A title: on one line, with something to see in it.
pub(super) fn title(name: &str, value: &Value) -> Result<String, String> {
    let title = text(name, value, LONGEST_TITLE, false)?;
    if title.is_empty() {
        return Err(format!("{name} is empty, expected a title"));
    }
    if title.chars().all(is_unseen) {
        return Err(format!(
            "{name} has nothing in it that can be seen, expected a title"
        ));
    }
    Ok(title)
}

/// White space, and marks that take no room of their own.
fn is_unseen(letter: char) -> bool {
    let no_width = matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}');
    no_width || letter.is_whitespace()
}

pub(super) fn description(name: &str, value: &Value) -> Result<String, String> {
    text(name, value, LONGEST_DESCRIPTION, true)
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

pub(super) fn price(name: &str, currency: Currency, value: &Value) -> Result<Money, String> {
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

/// A path that stays beside the file.
pub(super) fn photo(name: &str, value: &Value) -> Result<String, String> {
    let expected = "expected a picture beside the file or in a folder there, such as \"zeta.png\"";
    let Value::Text(path) = value else {
        return Err(format!("{name} is {value}, {expected}"));
    };
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    let plain = !path.contains('\\') && !path.contains(char::is_control);
    let fits = !path.is_empty() && path.len() <= LONGEST_PATH && plain;
    if fits && Path::new(path).components().all(inside) {
        Ok(path.clone())
    } else {
        Err(format!("{name} is {value}, {expected}"))
    }
}

pub(super) fn pieces(name: &str, value: &Value) -> Result<i64, String> {
    whole(name, value, MOST_PIECES, 5)
}

pub(super) fn days(name: &str, value: &Value) -> Result<i64, String> {
    whole(name, value, MOST_DAYS, 365)
}

fn whole(name: &str, value: &Value, most: i64, such_as: i64) -> Result<i64, String> {
    match value {
        Value::Whole(whole) if (1..=most).contains(whole) => Ok(*whole),
        other => Err(format!(
            "{name} is {other}, expected a whole number from 1 to {most}, without quotes: {such_as}"
        )),
    }
}
