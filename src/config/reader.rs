//! Reads one setting after another, notes what is wrong, and knows at the end which keys nobody asked for.

mod tables;

use std::ops::RangeInclusive;
use std::str::FromStr;

use figment::Figment;
use figment::value::{Dict, Value};
use secrecy::SecretString;
use url::Url;

use super::sources::{ENVIRONMENT, variable};
use crate::shop::texts::{Language, Texts};
use crate::spelling::{nearest, suggestion};

/// A setting is wrong, and the reader has noted why.
#[derive(Debug)]
pub(super) struct Noted;

/// The settings, and what is wrong with them so far.
pub(super) struct Reader {
    from: Figment,
    all: Dict,
    known: Vec<String>,
    problems: Vec<String>,
}

impl Reader {
    pub(super) fn new(from: Figment) -> Self {
        // The layers are parsed already, so that merging them can't fail.
        let all = from.extract().unwrap_or_default();
        Self {
            from,
            all,
            known: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// All problems, unknown keys among them.
    pub(super) fn finish(mut self) -> Vec<String> {
        let all = std::mem::take(&mut self.all);
        self.unknown("", &all);
        self.problems
    }

    fn unknown(&mut self, prefix: &str, dict: &Dict) {
        for (name, value) in dict {
            let key = format!("{prefix}{name}");
            if self.known.contains(&key) {
                continue;
            }
            let section = format!("{key}.");
            match value {
                Value::Dict(_, inner)
                    if self.known.iter().any(|known| known.starts_with(&section)) =>
                {
                    self.unknown(&section, inner);
                }
                _ => {
                    let known = self.known.iter().map(String::as_str);
                    let sections = known.clone().filter_map(|known| known.split('.').next());
                    let names = known.chain(sections);
                    let meant = suggestion(nearest(&key, names));
                    let origin = self.origin(&key);
                    self.problems
                        .push(format!("{key} ({origin}) is unknown{meant}"));
                }
            }
        }
    }

    fn value(&mut self, key: &str) -> Result<Value, Noted> {
        self.known.push(key.to_owned());
        let value = self.from.find_value(key).ok();
        if value.is_none() {
            self.problems.push(format!("{key} is missing"));
        }
        value.ok_or(Noted)
    }

    /// Where a key's value came from.
    fn origin(&self, key: &str) -> String {
        let name = self
            .from
            .find_metadata(key)
            .map(|metadata| metadata.name.clone());
        match name {
            Some(name) if name == ENVIRONMENT => variable(key),
            Some(name) => name.into_owned(),
            None => "a section".to_owned(),
        }
    }

    fn is_variable(&self, key: &str) -> bool {
        self.from
            .find_metadata(key)
            .is_some_and(|metadata| metadata.name == ENVIRONMENT)
    }

    fn wrong<T>(&mut self, key: &str, found: &str, expected: &str) -> Result<T, Noted> {
        let origin = self.origin(key);
        self.problems
            .push(format!("{key} ({origin}) is {found}, expected {expected}"));
        Err(Noted)
    }

    /// Notes something that is wrong between settings.
    pub(super) fn note(&mut self, what: &str) {
        self.problems.push(what.to_owned());
    }

    /// A text that is right by `is_right`.
    pub(super) fn text(
        &mut self,
        key: &str,
        expected: &str,
        is_right: impl Fn(&str) -> bool,
    ) -> Result<String, Noted> {
        match self.value(key)? {
            Value::String(_, text) if is_right(text.trim()) => Ok(text.trim().to_owned()),
            other => self.wrong(key, &shown(&other), expected),
        }
    }

    /// What a text can be parsed into.
    pub(super) fn parsed<T: FromStr>(&mut self, key: &str, expected: &str) -> Result<T, Noted> {
        let text = self.text(key, expected, |text| text.parse::<T>().is_ok())?;
        text.parse().map_err(|_| Noted)
    }

    /// A text that is not repeated; empty is not set.
    pub(super) fn secret(
        &mut self,
        key: &str,
        expected: &str,
        is_right: impl Fn(&str) -> bool,
    ) -> Result<Option<SecretString>, Noted> {
        match self.value(key)? {
            Value::String(_, text) if text.trim().is_empty() => Ok(None),
            Value::String(_, text) if is_right(text.trim()) => {
                Ok(Some(SecretString::from(text.trim().to_owned())))
            }
            other => self.wrong(key, &hidden(&other), expected),
        }
    }

    /// What a text that may hold a secret is parsed into. The error's text says what was found and what is expected.
    pub(super) fn parsed_secret<T>(
        &mut self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Noted> {
        let value = self.value(key)?;
        let Value::String(_, text) = &value else {
            return self.wrong(key, &hidden(&value), "a text");
        };
        match parse(text.trim()) {
            Ok(parsed) => Ok(parsed),
            Err(why) => {
                let origin = self.origin(key);
                self.problems.push(format!("{key} ({origin}): {why}"));
                Err(Noted)
            }
        }
    }

    /// An address of the web; empty is not set. Paths get no slash at their end.
    pub(super) fn url(&mut self, key: &str) -> Result<Option<Url>, Noted> {
        const EXPECTED: &str = "an address that starts with https:// or http://, without ? and #";
        let read = |text: &str| {
            let url = Url::parse(text.trim_end_matches('/')).ok()?;
            let is_plain = url.query().is_none() && url.fragment().is_none();
            (matches!(url.scheme(), "http" | "https") && url.has_host() && is_plain).then_some(url)
        };
        let text = self.text(key, EXPECTED, |text| {
            text.is_empty() || read(text).is_some()
        })?;
        Ok(read(&text))
    }

    /// What must be set.
    pub(super) fn set<T>(&mut self, key: &str, value: Option<T>) -> Result<T, Noted> {
        value.map_or_else(|| self.wrong(key, "empty", "a value"), Ok)
    }

    /// A whole number.
    pub(super) fn whole(&mut self, key: &str, range: RangeInclusive<i64>) -> Result<i64, Noted> {
        let value = self.value(key)?;
        let number = match &value {
            Value::String(_, text) if self.is_variable(key) => text.trim().parse().ok(),
            other => whole(other),
        };
        match number {
            Some(number) if range.contains(&number) => Ok(number),
            _ => {
                let expected = format!("a whole number from {} to {}", range.start(), range.end());
                self.wrong(key, &shown(&value), &expected)
            }
        }
    }

    /// A list; in the environment it is written as in TOML.
    fn list(&mut self, key: &str, expected: &str) -> Result<Vec<Value>, Noted> {
        let value = self.value(key)?;
        let read = match &value {
            Value::String(_, text) if self.is_variable(key) => {
                toml::from_str::<toml::Table>(&format!("list = {}", text.trim()))
                    .ok()
                    .and_then(|table| Value::serialize(table.get("list")?).ok())
            }
            other => Some(other.clone()),
        };
        match read {
            Some(Value::Array(_, list)) => Ok(list),
            _ => self.wrong(key, &shown(&value), expected),
        }
    }

    /// A list of Telegram ids.
    pub(super) fn ids(&mut self, key: &str) -> Result<Vec<i64>, Noted> {
        const EXPECTED: &str = "a list of Telegram ids, such as [123456789]";
        let mut ids = Vec::new();
        for value in self.list(key, EXPECTED)? {
            match whole(&value) {
                Some(id) if id > 0 => ids.push(id),
                _ => return self.wrong(key, &format!("a list with {}", shown(&value)), EXPECTED),
            }
        }
        Ok(ids)
    }

    /// One of several words. `Err` is a word that is known and can't be chosen, with the reason.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &str,
        words: &[(&str, Result<T, &str>)],
    ) -> Result<T, Noted> {
        let value = self.value(key)?;
        self.chosen(key, &value, words)
    }

    /// A list of different words.
    pub(super) fn choices<T: Copy + PartialEq>(
        &mut self,
        key: &str,
        words: &[(&str, Result<T, &str>)],
    ) -> Result<Vec<T>, Noted> {
        let example = words.first().map_or("", |(word, _)| *word);
        let expected = format!("a list of words, such as [\"{example}\"]");
        let mut chosen = Vec::new();
        for value in self.list(key, &expected)? {
            let choice = self.chosen(key, &value, words)?;
            if !chosen.contains(&choice) {
                chosen.push(choice);
            }
        }
        Ok(chosen)
    }

    fn chosen<T: Copy>(
        &mut self,
        key: &str,
        value: &Value,
        words: &[(&str, Result<T, &str>)],
    ) -> Result<T, Noted> {
        let found = words.iter().find(|(word, _)| value.as_str() == Some(word));
        let open: Vec<&str> = words
            .iter()
            .filter(|(_, choice)| choice.is_ok())
            .map(|(word, _)| *word)
            .collect();
        match found {
            Some((_, Ok(choice))) => Ok(*choice),
            Some((_, Err(why))) => {
                let expected = format!("{}: {why}", open.join(" or "));
                self.wrong(key, &shown(value), &expected)
            }
            None => self.wrong(key, &shown(value), &open.join(" or ")),
        }
    }

    /// A list that is not empty.
    pub(super) fn at_least_one<T>(&mut self, key: &str, list: Vec<T>) -> Result<Vec<T>, Noted> {
        if list.is_empty() {
            return self.wrong(key, "empty", "at least one");
        }
        Ok(list)
    }

    /// One text for all languages, or one for each; may be empty.
    pub(super) fn texts(&mut self, key: &str) -> Result<Texts, Noted> {
        const EXPECTED: &str = "a text, or one for each language: { en = \"…\", ru = \"…\" }";
        let value = self.value(key)?;
        let languages: Vec<(Language, &Value)> = match &value {
            // English is what every other language falls back to.
            Value::String(..) => vec![(Language::En, &value)],
            Value::Dict(_, dict) => {
                let mut languages = Vec::new();
                for (code, text) in dict {
                    let known = Language::ALL.into_iter().find(|known| known.code() == code);
                    match known {
                        Some(language) => languages.push((language, text)),
                        None => return self.wrong(key, &format!("a table with {code}"), EXPECTED),
                    }
                }
                languages
            }
            other => return self.wrong(key, &shown(other), EXPECTED),
        };
        let mut texts = Vec::new();
        for (language, value) in languages {
            match value.as_str().map(str::trim) {
                Some(text) if !text.is_empty() => texts.push((language, text.to_owned())),
                Some(_) => {}
                None => return self.wrong(key, &shown(value), EXPECTED),
            }
        }
        Ok(Texts::from_iter(texts))
    }
}

fn whole(value: &Value) -> Option<i64> {
    value
        .to_i128()
        .and_then(|number| i64::try_from(number).ok())
}

/// A value in words.
fn shown(value: &Value) -> String {
    match value {
        Value::String(_, text) if text.is_empty() => "empty".to_owned(),
        Value::String(_, text) => {
            let start: String = text.chars().take(60).collect();
            format!(
                "{start:?}{}",
                if start.len() < text.len() { "…" } else { "" }
            )
        }
        Value::Bool(_, value) => value.to_string(),
        Value::Num(..) => whole(value).map_or_else(|| "a fraction".to_owned(), |n| n.to_string()),
        other => kind(other).to_owned(),
    }
}

/// What kind of value it is, and no more.
fn hidden(value: &Value) -> String {
    match value {
        Value::String(_, text) => format!("a text of {} characters", text.chars().count()),
        other => kind(other).to_owned(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(..) | Value::Char(..) => "a text",
        Value::Bool(..) => "true or false",
        Value::Num(..) => "a number",
        Value::Empty(..) => "nothing",
        Value::Dict(..) => "a section",
        Value::Array(..) => "a list",
    }
}
