//! Tables that the operator names, such as accounts, and kinds of values that stand in them.

use std::ops::RangeInclusive;

use figment::value::Value;

use super::{Noted, Reader, hidden, shown};
use crate::config::sources::defaults_of;

impl Reader {
    /// The names of the tables in a section, such as the accounts in `[mail.account]`, each of which gets what it does not say from
    /// `defaults`. A name is a part of variables and of addresses.
    pub(in crate::config) fn tables(
        &mut self,
        section: &str,
        defaults: &[(&str, &str)],
    ) -> Result<Vec<String>, Noted> {
        let value = self.from.find_value(section).ok();
        let tables = match value {
            Some(Value::Dict(_, tables)) if !tables.is_empty() => tables,
            // Nothing is asked below it.
            Some(Value::Dict(..)) | None => {
                self.known.push(section.to_owned());
                return Ok(Vec::new());
            }
            Some(other) => {
                self.known.push(section.to_owned());
                let expected = format!("a table for each, such as [{section}.main]");
                return self.wrong(section, &shown(&other), &expected);
            }
        };
        let is_name = |name: &str| {
            let fits =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            (1..=32).contains(&name.len()) && name.bytes().all(fits)
        };
        let mut names = Vec::new();
        for (name, table) in tables {
            let key = format!("{section}.{name}");
            let wrong = match table {
                Value::Dict(..) if is_name(&name) => None,
                Value::Dict(..) => Some(self.wrong::<()>(
                    &key,
                    "a name with other letters",
                    "1 to 32 of a to z, 0 to 9 and _",
                )),
                other => {
                    let expected = format!("a table, such as [{key}]");
                    Some(self.wrong(&key, &hidden(&other), &expected))
                }
            };
            // It is noted; the others are read all the same.
            if wrong.is_some() {
                self.known.push(key);
                continue;
            }
            self.from = std::mem::take(&mut self.from).join(defaults_of(&key, defaults));
            names.push(name);
        }
        Ok(names)
    }

    /// A whole number; empty is not set.
    pub(in crate::config) fn whole_if_set(
        &mut self,
        key: &str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, Noted> {
        if self.is_empty_text(key) {
            return Ok(None);
        }
        self.whole(key, range).map(Some)
    }

    /// Whether a key that may be another kind of value is an empty text: not set.
    pub(in crate::config) fn is_empty_text(&mut self, key: &str) -> bool {
        let value = self.from.find_value(key).ok();
        let text = value.as_ref().and_then(Value::as_str);
        let is_empty = text.is_some_and(|text| text.trim().is_empty());
        if is_empty {
            self.known.push(key.to_owned());
        }
        is_empty
    }

    /// True or false.
    pub(in crate::config) fn truth(&mut self, key: &str) -> Result<bool, Noted> {
        let value = self.value(key)?;
        let truth = match &value {
            Value::Bool(_, truth) => Some(*truth),
            Value::String(_, text) if self.is_variable(key) => text.trim().parse().ok(),
            _ => None,
        };
        truth.map_or_else(|| self.wrong(key, &shown(&value), "true or false"), Ok)
    }

    /// A list of texts that are right by `is_right`.
    pub(in crate::config) fn list_of(
        &mut self,
        key: &str,
        expected: &str,
        is_right: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, Noted> {
        let mut texts = Vec::new();
        for value in self.list(key, expected)? {
            match value.as_str() {
                Some(text) if is_right(text) => texts.push(text.to_owned()),
                _ => return self.wrong(key, &format!("a list with {}", shown(&value)), expected),
            }
        }
        Ok(texts)
    }
}
