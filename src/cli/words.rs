//! What several commands say in the same way. The command line speaks English.

use crate::bot::screens::Localizer;
use crate::clock::Millis;
use crate::config::Config;
use crate::i18n::{self, Zone};
use crate::shop::money::Money;
use crate::shop::texts::Language;

/// The language of the command line.
pub(super) fn english() -> Localizer {
    Localizer::plain_words(Language::En)
}

/// A time in the shop's own zone.
pub(super) fn at(config: &Config, at: Millis) -> String {
    let zone = config.shop.timezone.parse().unwrap_or(Zone::UTC);
    i18n::date_time(Language::En, &zone, at)
}

/// An amount as the database has it.
pub(super) fn money(minor: i64, currency: &str) -> String {
    match currency.parse() {
        Ok(currency) => i18n::money(Language::En, Money { minor, currency }),
        Err(_) => format!("{minor} minor units of {currency}"),
    }
}
