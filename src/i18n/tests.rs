//! The languages say the same, and each in its own way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::shop::money::{Currency, Money};

/// Every file below `folder` with this ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|have| have == ending) {
            found.push(path);
        }
    }
    found
}

/// The ids of a language, each with the names of its arguments.
fn ids(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales");
    let mut ids = BTreeMap::new();
    for file in files(&folder.join(language.code()), "ftl") {
        let mut current = String::new();
        for line in fs::read_to_string(&file).unwrap().lines() {
            if line.starts_with(|first: char| first.is_ascii_lowercase()) {
                current = line.split('=').next().unwrap().trim().to_owned();
                let twice = ids.insert(current.clone(), BTreeSet::new());
                assert!(twice.is_none(), "{current} stands twice in {language:?}");
            }
            for used in line.split('$').skip(1) {
                let name: String = used
                    .chars()
                    .take_while(|letter| letter.is_alphanumeric() || "-_".contains(*letter))
                    .collect();
                let names: &mut BTreeSet<String> = ids.get_mut(&current).unwrap();
                names.insert(name);
            }
        }
    }
    ids
}

#[test]
fn both_languages_have_the_same_texts_with_the_same_arguments() {
    let (english, russian) = (ids(Language::En), ids(Language::Ru));
    for (id, names) in &english {
        assert_eq!(russian.get(id), Some(names), "{id}");
    }
    for id in russian.keys() {
        assert!(english.contains_key(id), "{id} is Russian only");
    }
}

#[test]
fn every_text_can_be_said() {
    for language in Language::ALL {
        for (id, names) in ids(language) {
            let args: Vec<(&'static str, Arg)> = names
                .into_iter()
                .map(|name| (&*name.leak(), Arg::Count(2)))
                .collect();
            assert!(!text(language, &id, &args).contains('{'), "{id}");
        }
    }
}

/// The ids in calls of `text(` and `html(` whose id is a literal.
fn used(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for call in ["text(", "html("] {
        for (at, _) in source.match_indices(call) {
            let mut rest = source[at + call.len()..].trim_start();
            if !rest.starts_with('"') {
                let Some((first, after)) = rest.split_once(',') else {
                    continue;
                };
                let plain = |letter: char| letter.is_alphanumeric() || "._:&* ".contains(letter);
                if !first.chars().all(plain) {
                    continue;
                }
                rest = after.trim_start();
            }
            let Some(id) = rest
                .strip_prefix('"')
                .and_then(|rest| rest.split('"').next())
            else {
                continue;
            };
            let shaped =
                |letter: char| letter.is_ascii_lowercase() || "-0123456789".contains(letter);
            if id.contains('-') && id.chars().all(shaped) {
                found.push(id.to_owned());
            }
        }
    }
    found
}

#[test]
fn every_id_in_the_source_exists() {
    assert_eq!(
        used(r#"l.text("a-b", &[]) html( language, "c-d", x)"#),
        ["a-b", "c-d"]
    );
    let known = ids(Language::En);
    for file in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "rs") {
        if file.ends_with("i18n/tests.rs") {
            continue;
        }
        for id in used(&fs::read_to_string(&file).unwrap()) {
            assert!(known.contains_key(&id), "{id} in {}", file.display());
        }
    }
}

#[test]
fn counts_choose_their_form() {
    let left = |language, left: i64| text(language, "stock-last", &[("left", left.into())]);
    assert_eq!(left(Language::En, 1), "The last one");
    assert_eq!(left(Language::En, 3), "Only 3 left");
    assert_eq!(left(Language::Ru, 1), "Осталась 1 штука");
    assert_eq!(left(Language::Ru, 3), "Осталось 3 штуки");
    assert_eq!(left(Language::Ru, 5), "Осталось 5 штук");
}

#[test]
fn peoples_text_is_escaped_in_html_and_cleaned_everywhere() {
    let args = [("title", "<b>\u{202e}Z&\u{7}\"".into())];
    assert_eq!(
        html(Language::En, "sold-out", &args),
        "<b>&lt;b&gt;Z&amp;&quot;</b> is sold out: somebody was faster. Nothing was charged."
    );
    assert!(text(Language::Ru, "sold-out", &args).starts_with("<b><b>Z&\"</b>"));
    let nested = [("title", Arg::Html("<i>x</i>".to_owned()))];
    assert!(html(Language::En, "sold-out", &nested).starts_with("<b><i>x</i></b>"));
    assert_eq!(escape("a\nb\r\u{2066}c\u{2069}\0"), "a\nbc");
}

#[test]
fn numbers_and_money_are_written_as_people_write_them() {
    let rub = |minor| Money {
        minor,
        currency: Currency::RUB,
    };
    let cases = [
        (rub(49_900), "₽499.00", "499\u{a0}₽"),
        (rub(49_950), "₽499.50", "499,50\u{a0}₽"),
        (
            rub(123_456_789),
            "₽1,234,567.89",
            "1\u{a0}234\u{a0}567,89\u{a0}₽",
        ),
        (rub(-100), "−₽1.00", "−1\u{a0}₽"),
        (rub(5), "₽0.05", "0,05\u{a0}₽"),
    ];
    for (amount, english, russian) in cases {
        assert_eq!(money(Language::En, amount), english);
        assert_eq!(money(Language::Ru, amount), russian);
    }
    let other = |code: &str, minor| Money {
        minor,
        currency: code.parse().unwrap(),
    };
    assert_eq!(money(Language::En, other("XTR", 12_500)), "12,500\u{a0}⭐");
    assert_eq!(money(Language::Ru, other("XTR", 250)), "250\u{a0}⭐");
    assert_eq!(money(Language::En, other("AED", 150)), "AED\u{a0}1.50");
    assert_eq!(money(Language::Ru, other("AED", 150)), "1,50\u{a0}AED");
    assert_eq!(money(Language::En, other("JPY", 1_500)), "¥1,500");
    assert_eq!(number(Language::En, -1_234_567), "−1,234,567");
    assert_eq!(number(Language::Ru, 1_234), "1234");
    assert_eq!(number(Language::Ru, 12_345), "12\u{a0}345");
}

#[test]
fn sizes_are_written_as_people_write_them() {
    for (bytes, english, russian) in [
        (0, "0 B", "0 Б"),
        (980, "980 B", "980 Б"),
        (14_400, "14 KB", "14 КБ"),
        (1_048_575, "1 MB", "1 МБ"),
        (1_468_006, "1.4 MB", "1,4 МБ"),
        (5_368_709_120, "5 GB", "5 ГБ"),
        (i64::MAX, "858,993,459.2 GB", "858 993 459,2 ГБ"),
    ] {
        let plain = |text: String| text.replace('\u{a0}', " ");
        assert_eq!(plain(size(Language::En, bytes)), english);
        assert_eq!(plain(size(Language::Ru, bytes)), russian);
    }
}

#[test]
fn times_are_of_the_shops_zone() {
    // 2026-11-24 22:05:00 UTC.
    let at = 1_795_557_900_000;
    let moscow: Zone = "Europe/Moscow".parse().unwrap();
    assert_eq!(time(&Zone::UTC, at), "22:05");
    assert_eq!(date_time(Language::En, &moscow, at), "25 Nov 2026, 01:05");
    assert_eq!(date_time(Language::Ru, &moscow, at), "25.11.2026, 01:05");
    assert!("Europe/Atlantis".parse::<Zone>().is_err());
}

proptest! {
    #[test]
    fn no_text_gets_out_of_its_place(text in any::<String>()) {
        let html = escape(&text);
        let wild = html.contains(['<', '>', '"', '\u{202e}', '\0']);
        prop_assert!(!wild);
    }

    #[test]
    fn no_amount_and_no_time_makes_a_format_panic(minor: i64, at: i64) {
        for language in Language::ALL {
            let _ = money(language, Money { minor, currency: Currency::USD });
            let _ = number(language, minor);
            let _ = date_time(language, &Zone::UTC, at);
        }
    }
}
