//! Money: currencies, amounts in minor units, and the prices of one thing in several currencies.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The currencies of Telegram Payments that have no minor unit.
const WHOLE: &str = "CLP ISK JPY KRW PYG UGX VND";

/// The currencies of Telegram Payments that have hundredths: all others, also those where other processors have none.
const HUNDREDTHS: &str = "AED AFN ALL AMD ARS AUD AZN BAM BDT BGN BND BOB BRL BYN CAD CHF CNY COP CRC CZK DKK DOP DZD \
    EGP ETB EUR GBP GEL GTQ HKD HNL HRK HUF IDR ILS INR JMD KES KGS KZT LBP LKR MAD MDL MNT MUR MVR MXN MYR MZN NGN \
    NIO NOK NPR NZD PAB PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TJS TRY TTD TWD TZS UAH USD UYU UZS YER ZAR";

/// A currency that the shop can ask for: `XTR` for Stars, or an ISO 4217 code that Telegram Payments knows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// A text that names no currency of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is no currency that Telegram takes, expected XTR or an ISO 4217 code in capitals, such as RUB"
)]
pub struct UnknownCurrency {
    /// What was found.
    pub found: String,
}

impl Currency {
    /// Telegram Stars.
    pub const XTR: Currency = Currency(*b"XTR");
    /// Russian roubles.
    pub const RUB: Currency = Currency(*b"RUB");
    /// US dollars.
    pub const USD: Currency = Currency(*b"USD");

    /// The code: `RUB`.
    pub fn code(&self) -> &str {
        // Always ASCII: the only ways to make one are the constants and `from_str`.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimal digits the minor unit has: 2 for RUB, 0 for Stars.
    pub fn exponent(&self) -> u32 {
        if *self == Currency::XTR || has(WHOLE, self.code()) {
            0
        } else {
            2
        }
    }
}

fn has(list: &str, code: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == code)
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        let unknown = || UnknownCurrency {
            found: text.to_owned(),
        };
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| unknown())?;
        if text == "XTR" || has(HUNDREDTHS, text) || has(WHOLE, text) {
            Ok(Self(code))
        } else {
            Err(unknown())
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// An amount of one currency in its minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Kopecks, cents, Stars.
    pub minor: i64,
    /// What they are of.
    pub currency: Currency,
}

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not digits with at most one point.
    #[error("{found:?} is no amount, expected digits with a point, such as 499.00")]
    NotAnAmount {
        /// What was found.
        found: String,
    },
    /// Below zero.
    #[error("{found:?} is negative, expected 0 or more")]
    Negative {
        /// What was found.
        found: String,
    },
    /// More decimal digits than the currency has.
    #[error("{found:?} has too many decimals, expected at most {allowed} for {currency}")]
    TooManyDecimals {
        /// What was found.
        found: String,
        /// The currency.
        currency: Currency,
        /// How many decimals it has.
        allowed: u32,
    },
    /// More than 64 bits of minor units.
    #[error("{found:?} is too large")]
    TooLarge {
        /// What was found.
        found: String,
    },
}

impl Money {
    /// Reads an amount in major units, such as `499.00`. Too many decimals, a sign below zero and an overflow are errors.
    pub fn parse(text: &str, currency: &Currency) -> Result<Self, MoneyError> {
        let text = text.trim();
        let found = || text.to_owned();
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, part) = digits
            .split_once('.')
            .map_or((digits, None), |(whole, part)| (whole, Some(part)));
        let numeric =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !numeric(whole) || part.is_some_and(|part| !numeric(part)) {
            return Err(MoneyError::NotAnAmount { found: found() });
        }
        if text.starts_with('-') {
            return Err(MoneyError::Negative { found: found() });
        }
        let allowed = currency.exponent();
        if part.is_some_and(|part| part.len() > allowed as usize) {
            return Err(MoneyError::TooManyDecimals {
                found: found(),
                currency: *currency,
                allowed,
            });
        }
        let too_large = || MoneyError::TooLarge { found: found() };
        let decimal = Decimal::from_str_exact(digits).map_err(|_| too_large())?;
        let minor = 10_i128
            .checked_pow(allowed.saturating_sub(decimal.scale()))
            .and_then(|factor| decimal.mantissa().checked_mul(factor))
            .and_then(|minor| i64::try_from(minor).ok())
            .ok_or_else(too_large)?;
        Ok(Self {
            minor,
            currency: *currency,
        })
    }

    /// The amount in major units: for people and providers, never for storage.
    pub fn decimal(&self) -> Decimal {
        Decimal::from_i128_with_scale(i128::from(self.minor), self.currency.exponent())
    }

    /// The sum, if both are of one currency and it fits.
    pub fn checked_add(self, other: Money) -> Option<Money> {
        if self.currency != other.currency {
            return None;
        }
        Some(Money {
            minor: self.minor.checked_add(other.minor)?,
            ..self
        })
    }
}

/// Plain, for logs and tests: `499.00 RUB`. Screens have their own way with amounts.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

/// What one thing costs in each of its currencies, in minor units. Never below zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<Currency, i64>", into = "BTreeMap<Currency, i64>")]
pub struct Prices(BTreeMap<Currency, i64>);

/// Why something is no price list.
#[derive(Debug, thiserror::Error)]
pub enum PricesError {
    /// A price below zero.
    #[error("the price in {currency} is {minor} minor units, expected 0 or more")]
    Negative {
        /// The currency.
        currency: Currency,
        /// The price found.
        minor: i64,
    },
    /// Not the JSON that we write.
    #[error("not a JSON map from currency to minor units: {0}")]
    Json(#[from] serde_json::Error),
}

impl Prices {
    /// The price in `currency`, in minor units.
    pub fn get(&self, currency: Currency) -> Option<i64> {
        self.0.get(&currency).copied()
    }

    /// All prices, by currency.
    pub fn iter(&self) -> impl Iterator<Item = Money> + '_ {
        self.0
            .iter()
            .map(|(&currency, &minor)| Money { minor, currency })
    }

    /// Whether there is no price at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it costs nothing: it has prices, and all of them are 0.
    pub fn is_free(&self) -> bool {
        !self.is_empty() && self.0.values().all(|minor| *minor == 0)
    }

    /// A JSON map like `{"RUB":49900,"XTR":250}`.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::Map::new();
        for (currency, minor) in &self.0 {
            json.insert(currency.code().to_owned(), (*minor).into());
        }
        serde_json::Value::Object(json).to_string()
    }

    /// Reads what [`Prices::to_json`] wrote.
    pub fn from_json(json: &str) -> Result<Self, PricesError> {
        let map: BTreeMap<Currency, i64> = serde_json::from_str(json)?;
        Self::try_from(map)
    }

    /// What `quantity` pieces cost, or `None` if it does not fit.
    pub fn checked_mul(&self, quantity: i64) -> Option<Prices> {
        let quantity = u32::try_from(quantity).ok()?;
        let times = |(&currency, minor): (&Currency, &i64)| {
            Some((currency, minor.checked_mul(i64::from(quantity))?))
        };
        self.0.iter().map(times).collect::<Option<_>>().map(Prices)
    }

    /// What both together cost, in the currencies that both have: only in those can they be paid at once.
    pub fn checked_add(&self, other: &Prices) -> Option<Prices> {
        let common = self
            .0
            .iter()
            .filter_map(|(&currency, &mine)| Some((currency, mine, other.get(currency)?)));
        common
            .map(|(currency, mine, theirs)| Some((currency, mine.checked_add(theirs)?)))
            .collect::<Option<_>>()
            .map(Prices)
    }

    /// What all lines (prices, quantity) together cost, in the currencies that all of them have.
    pub fn checked_sum<'a>(lines: impl IntoIterator<Item = (&'a Prices, i64)>) -> Option<Prices> {
        let mut total: Option<Prices> = None;
        for (prices, quantity) in lines {
            let line = prices.checked_mul(quantity)?;
            total = Some(match total {
                Some(total) => total.checked_add(&line)?,
                None => line,
            });
        }
        Some(total.unwrap_or_default())
    }
}

impl TryFrom<BTreeMap<Currency, i64>> for Prices {
    type Error = PricesError;

    fn try_from(map: BTreeMap<Currency, i64>) -> Result<Self, PricesError> {
        match map.iter().find(|(_, minor)| **minor < 0) {
            Some((&currency, &minor)) => Err(PricesError::Negative { currency, minor }),
            None => Ok(Self(map)),
        }
    }
}

impl From<Prices> for BTreeMap<Currency, i64> {
    fn from(prices: Prices) -> Self {
        prices.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_currency() -> impl Strategy<Value = Currency> {
        let codes: Vec<&str> = WHOLE
            .split_whitespace()
            .chain(HUNDREDTHS.split_whitespace())
            .chain(["XTR"])
            .collect();
        prop::sample::select(codes).prop_map(|code| code.parse().unwrap())
    }

    fn prices() -> impl Strategy<Value = Prices> {
        prop::collection::btree_map(any_currency(), 0..1_000_000_000_i64, 0..5)
            .prop_map(|map| Prices::try_from(map).unwrap())
    }

    #[test]
    fn a_currency_is_one_that_telegram_takes() {
        assert_eq!("XTR".parse(), Ok(Currency::XTR));
        assert_eq!("RUB".parse::<Currency>().unwrap().exponent(), 2);
        assert_eq!("HUF".parse::<Currency>().unwrap().exponent(), 2);
        assert_eq!("JPY".parse::<Currency>().unwrap().exponent(), 0);
        for wrong in ["", "rub", "XXX", "RUBL", " RU", "BTC", "₽"] {
            assert!(wrong.parse::<Currency>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_amount_is_digits_with_as_many_decimals_as_the_currency_has() {
        let rub = |text: &str| Money::parse(text, &Currency::RUB);
        assert_eq!(rub("499.00").unwrap().minor, 49_900);
        assert_eq!(rub("499.9").unwrap().minor, 49_990);
        assert_eq!(rub("0").unwrap().minor, 0);
        assert_eq!(rub("92233720368547758.07").unwrap().minor, i64::MAX);
        assert!(matches!(
            rub("92233720368547758.08"),
            Err(MoneyError::TooLarge { .. })
        ));
        assert!(matches!(
            rub(&"9".repeat(60)),
            Err(MoneyError::TooLarge { .. })
        ));
        assert!(matches!(
            rub("1.001"),
            Err(MoneyError::TooManyDecimals { allowed: 2, .. })
        ));
        assert!(matches!(rub("-1"), Err(MoneyError::Negative { .. })));
        assert!(matches!(
            Money::parse("1.0", &Currency::XTR),
            Err(MoneyError::TooManyDecimals { allowed: 0, .. })
        ));
        for wrong in [
            "", ".", "1.", ".5", "1,50", "1e3", "1_000", "+1", "1.2.3", "--1", "٣", "1 000",
        ] {
            assert!(
                matches!(rub(wrong), Err(MoneyError::NotAnAmount { .. })),
                "{wrong}"
            );
        }
    }

    #[test]
    fn prices_are_written_as_a_map_and_never_below_zero() {
        let prices = Prices::from_json(r#"{"XTR":250,"RUB":49900}"#).unwrap();
        assert_eq!(prices.to_json(), r#"{"RUB":49900,"XTR":250}"#);
        assert_eq!(serde_json::to_string(&prices).unwrap(), prices.to_json());
        assert!(matches!(
            Prices::from_json(r#"{"RUB":-1}"#),
            Err(PricesError::Negative { minor: -1, .. })
        ));
        assert!(Prices::from_json(r#"{"rub":1}"#).is_err());
        assert!(prices.checked_mul(-1).is_none());
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(minor in 0..=i64::MAX, currency in any_currency()) {
            let money = Money { minor, currency };
            let printed = money.to_string();
            let (amount, code) = printed.split_once(' ').unwrap();
            prop_assert_eq!(code, currency.code());
            prop_assert_eq!(Money::parse(amount, &currency), Ok(money));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".*", currency in any_currency()) {
            let _ = Money::parse(&text, &currency);
            let _ = text.parse::<Currency>();
        }

        #[test]
        fn json_brings_prices_back(prices in prices()) {
            prop_assert_eq!(Prices::from_json(&prices.to_json()).unwrap(), prices);
        }

        #[test]
        fn a_sum_has_the_common_currencies_and_no_order(a in prices(), b in prices(), n in 1..1_000_i64) {
            let sum = Prices::checked_sum([(&a, n), (&b, 1)]).unwrap();
            prop_assert_eq!(&sum, &Prices::checked_sum([(&b, 1), (&a, n)]).unwrap());
            for money in sum.iter() {
                let (a, b) = (a.get(money.currency).unwrap(), b.get(money.currency).unwrap());
                prop_assert_eq!(money.minor, a * n + b);
            }
            prop_assert_eq!(sum.iter().count(), a.iter().filter(|m| b.get(m.currency).is_some()).count());
        }
    }
}
