//! The shop's words: texts from `locales/`, and numbers, money and dates as each language writes them. People's own
//! text is cleaned and escaped here, and nowhere else.

pub mod devices;
mod format;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::LanguageIdentifier;
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::loader::langid;

pub use self::format::{BadZone, Zone, date, date_time, day, money, number, size, time};
use crate::shop::texts::Language;

fluent_templates::static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "en",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

const ENGLISH: LanguageIdentifier = langid!("en");
const RUSSIAN: LanguageIdentifier = langid!("ru");

/// A value in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A count, which also chooses between singular and plural.
    Count(i64),
    /// Plain text: ours, or what a person wrote. In HTML it is escaped.
    Plain(String),
    /// HTML that [`html`] or [`escape`] has made.
    Html(String),
}

impl From<i64> for Arg {
    fn from(count: i64) -> Self {
        Arg::Count(count)
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Arg::Plain(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Arg::Plain(text)
    }
}

/// The plain text `id`: for buttons, toasts and invoices.
pub fn text(language: Language, id: &str, args: &[(&'static str, Arg)]) -> String {
    words(language, id, args, |arg| match arg {
        Arg::Count(count) => FluentValue::from(*count),
        Arg::Plain(text) | Arg::Html(text) => FluentValue::from(clean(text)),
    })
}

/// The text `id` as HTML: for messages. Plain arguments are escaped.
pub fn html(language: Language, id: &str, args: &[(&'static str, Arg)]) -> String {
    words(language, id, args, |arg| match arg {
        Arg::Count(count) => FluentValue::from(*count),
        Arg::Plain(text) => FluentValue::from(escape(text)),
        Arg::Html(html) => FluentValue::from(html.as_str()),
    })
}

fn words<'a>(
    language: Language,
    id: &str,
    args: &'a [(&'static str, Arg)],
    value: impl Fn(&'a Arg) -> FluentValue<'a>,
) -> String {
    let language = match language {
        Language::En => &ENGLISH,
        Language::Ru => &RUSSIAN,
    };
    let args: HashMap<Cow<'static, str>, FluentValue<'a>> = args
        .iter()
        .map(|(name, arg)| (Cow::Borrowed(*name), value(arg)))
        .collect();
    LOCALES
        .lookup_single_language(language, id, Some(&args))
        .unwrap_or_else(|error| {
            // Tests walk every text; a customer sees the id rather than nothing.
            debug_assert!(false, "the text {id}: {error}");
            tracing::error!(id, %error, "a text is missing or lacks an argument");
            id.to_owned()
        })
}

/// What a person wrote, as HTML: cleaned and escaped.
pub fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| is_harmless(*letter)) {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            letter => html.push(letter),
        }
    }
    html
}

/// What a person wrote, without what would disturb the text around it.
pub fn clean(text: &str) -> String {
    text.chars().filter(|letter| is_harmless(*letter)).collect()
}

/// Line ends stay. Control characters go, and so do the marks that turn the direction of the text after them.
fn is_harmless(letter: char) -> bool {
    let turns = matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    letter == '\n' || !(letter.is_control() || turns)
}
