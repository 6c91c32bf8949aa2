//! Texts that a seller writes in several languages, such as a product's title.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A language that the shop speaks.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Russian.
    Ru,
}

impl Language {
    /// Every language, in the order of their codes.
    pub const ALL: [Language; 2] = [Language::En, Language::Ru];

    /// The code in the database and in files.
    pub fn code(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Ru => "ru",
        }
    }

    /// The language for an IETF tag as Telegram gives it: `ru` and its regions are Russian, everything else is English.
    pub fn from_code(code: Option<&str>) -> Language {
        let primary = code
            .unwrap_or_default()
            .split(['-', '_'])
            .next()
            .unwrap_or_default();
        if primary.eq_ignore_ascii_case("ru") {
            Language::Ru
        } else {
            Language::En
        }
    }
}

/// One text in some languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Texts(BTreeMap<Language, String>);

impl Texts {
    /// The text in `language`, else in English, else in any language; empty if there is none.
    pub fn in_language(&self, language: Language) -> &str {
        self.0
            .get(&language)
            .or_else(|| self.0.get(&Language::En))
            .or_else(|| self.0.values().next())
            .map_or("", String::as_str)
    }

    /// The text in this very language.
    pub fn get(&self, language: Language) -> Option<&str> {
        self.0.get(&language).map(String::as_str)
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A JSON map like `{"en":"Zeta","ru":"Зета"}`.
    pub fn to_json(&self) -> String {
        let text = |(language, text): (&Language, &String)| {
            (language.code().to_owned(), text.clone().into())
        };
        serde_json::Value::Object(self.0.iter().map(text).collect()).to_string()
    }

    /// Reads what [`Texts::to_json`] wrote.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }
}

impl FromIterator<(Language, String)> for Texts {
    fn from_iter<I: IntoIterator<Item = (Language, String)>>(texts: I) -> Self {
        Self(texts.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_russian_codes_are_russian() {
        for code in ["ru", "ru-RU", "RU", "ru_BY"] {
            assert_eq!(Language::from_code(Some(code)), Language::Ru, "{code}");
        }
        for code in [
            None,
            Some(""),
            Some("en"),
            Some("uk"),
            Some("be"),
            Some("kk"),
            Some("rue"),
            Some("de-RU"),
        ] {
            assert_eq!(Language::from_code(code), Language::En, "{code:?}");
        }
    }

    #[test]
    fn a_missing_language_falls_back_to_english_then_to_any() {
        let both = Texts::from_json(r#"{"en":"Key","ru":"Ключ"}"#).unwrap();
        assert_eq!(both.in_language(Language::Ru), "Ключ");
        assert_eq!(Texts::from_json(&both.to_json()).unwrap(), both);
        let english = Texts::from_iter([(Language::En, "Key".to_owned())]);
        assert_eq!(english.in_language(Language::Ru), "Key");
        let russian = Texts::from_iter([(Language::Ru, "Ключ".to_owned())]);
        assert_eq!(russian.in_language(Language::En), "Ключ");
        assert_eq!(Texts::default().in_language(Language::En), "");
    }
}
