//! Numbers, money and times as each language writes them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::clock::Millis;
use crate::shop::money::{Currency, Money};
use crate::shop::texts::Language;

/// Keeps a number and its sign, or the groups of a number, on one line.
const NO_BREAK: char = '\u{a0}';

/// The currencies whose sign everybody knows.
const SIGNS: [(&str, &str); 9] = [
    ("RUB", "₽"),
    ("USD", "$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("JPY", "¥"),
    ("KZT", "₸"),
    ("UAH", "₴"),
    ("INR", "₹"),
    ("TRY", "₺"),
];

/// The shop's time zone.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

/// A text that names no time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no time zone, expected a name such as Europe/Moscow or UTC")]
pub struct BadZone {
    /// What was found.
    pub found: String,
}

impl Zone {
    /// Universal time.
    pub const UTC: Zone = Zone(TimeZone::UTC);
}

impl std::str::FromStr for Zone {
    type Err = BadZone;

    /// Reads a name of the IANA database.
    fn from_str(name: &str) -> Result<Self, BadZone> {
        let zone = TimeZone::get(name).map_err(|_| BadZone {
            found: name.to_owned(),
        })?;
        Ok(Zone(zone))
    }
}

/// A whole number with its groups: `12,345`, `12 345`.
pub fn number(language: Language, number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let sign = if number < 0 { "−" } else { "" };
    format!("{sign}{}", grouped(language, &digits))
}

fn grouped(language: Language, digits: &str) -> String {
    let separator = match language {
        Language::En => ',',
        Language::Ru => NO_BREAK,
    };
    // Russian leaves four digits together.
    if language == Language::Ru && digits.len() <= 4 {
        return digits.to_owned();
    }
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// The size of a file: `980 B`, `14 KB`, `1.4 MB`; `14 КБ`, `1,4 МБ`.
pub fn size(language: Language, bytes: i64) -> String {
    const UNITS: [(&str, &str); 4] = [("B", "Б"), ("KB", "КБ"), ("MB", "МБ"), ("GB", "ГБ")];
    // Tenths of what `unit` stands for, so that 1,023.96 KB are not 1,024.0 KB.
    let (mut tenths, mut unit) = (bytes.max(0).saturating_mul(10), 0);
    while tenths >= 10_235 && unit + 1 < UNITS.len() {
        tenths = tenths.saturating_add(512) / 1_024;
        unit += 1;
    }
    let (english, russian) = UNITS[unit];
    let (point, word) = match language {
        Language::En => ('.', english),
        Language::Ru => (',', russian),
    };
    let whole = number(language, tenths / 10);
    if unit < 2 || tenths % 10 == 0 {
        format!("{whole}{NO_BREAK}{word}")
    } else {
        format!("{whole}{point}{}{NO_BREAK}{word}", tenths % 10)
    }
}

/// An amount: `₽499.00`, `499 ₽`; Stars are `250 ⭐` in every language.
pub fn money(language: Language, money: Money) -> String {
    let plain = money.decimal().to_string();
    let (sign, plain) = plain
        .strip_prefix('-')
        .map_or(("", plain.as_str()), |rest| ("−", rest));
    let (whole, part) = plain.split_once('.').unwrap_or((plain, ""));
    let whole = grouped(language, whole);
    if money.currency == Currency::XTR {
        return format!("{sign}{whole}{NO_BREAK}⭐");
    }
    let code = money.currency.code();
    let symbol = SIGNS
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, symbol)| *symbol);
    match language {
        Language::En => {
            let amount = if part.is_empty() {
                whole
            } else {
                format!("{whole}.{part}")
            };
            match symbol {
                Some(symbol) => format!("{sign}{symbol}{amount}"),
                None => format!("{sign}{code}{NO_BREAK}{amount}"),
            }
        }
        Language::Ru => {
            let unit = symbol.unwrap_or(code);
            // Whole roubles go without kopecks.
            if part.bytes().all(|digit| digit == b'0') {
                format!("{sign}{whole}{NO_BREAK}{unit}")
            } else {
                format!("{sign}{whole},{part}{NO_BREAK}{unit}")
            }
        }
    }
}

/// When the day that a time is in begins, and when the next one does.
pub fn day(zone: &Zone, at: Millis) -> (Millis, Millis) {
    const DAY: Millis = 86_400_000;
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    let zoned = at.to_zoned(zone.0.clone());
    let start = zoned
        .start_of_day()
        .map_or(at, |start| start.timestamp())
        .as_millisecond();
    let next = zoned.tomorrow().and_then(|next| next.start_of_day());
    (
        start,
        next.map_or(start + DAY, |next| next.timestamp().as_millisecond()),
    )
}

/// A time of day: `14:05`.
pub fn time(zone: &Zone, at: Millis) -> String {
    written(zone, at, "%H:%M")
}

/// A day: `24 Nov 2026`, `24.11.2026`.
pub fn date(language: Language, zone: &Zone, at: Millis) -> String {
    match language {
        Language::En => written(zone, at, "%-d %b %Y"),
        Language::Ru => written(zone, at, "%d.%m.%Y"),
    }
}

/// A day and its time: `24 Nov 2026, 14:05`.
pub fn date_time(language: Language, zone: &Zone, at: Millis) -> String {
    format!("{}, {}", date(language, zone, at), time(zone, at))
}

fn written(zone: &Zone, at: Millis, pattern: &str) -> String {
    // Only a time thousands of years away does not fit.
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    at.to_zoned(zone.0.clone()).strftime(pattern).to_string()
}
