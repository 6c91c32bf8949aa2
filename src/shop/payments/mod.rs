//! Payments: what we asked for (attempts), what arrived (payments), what goes back (refunds).

pub mod attempt;
pub mod decide;
pub mod news;
pub mod payload;
pub mod provider;
pub mod refund;
pub mod settle;

use super::money::{Currency, Prices};

/// A way to pay. Its word is also the provider's, under which the money arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Telegram Stars.
    Stars,
    /// A bank card, by a Telegram invoice that a provider settles.
    TelegramCard,
}

impl Method {
    /// Every way that this version knows.
    pub const ALL: [Method; 2] = [Method::Stars, Method::TelegramCard];

    /// The word in the database and in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Stars => "stars",
            Method::TelegramCard => "telegram-card",
        }
    }

    /// The way that a word means.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == word)
    }

    /// The way by which Telegram took money in this currency.
    pub fn of_invoice(currency: &str) -> Self {
        if currency == Currency::XTR.code() {
            Method::Stars
        } else {
            Method::TelegramCard
        }
    }

    /// Whether money can be sent back by a call of ours. Card money goes back at the bank's provider only.
    pub fn refunds(self) -> bool {
        match self {
            Method::Stars => true,
            Method::TelegramCard => false,
        }
    }

    /// The least and the most that one payment may be, in minor units. Telegram's upper limit for Stars is UNVERIFIED.
    /// Its limits for cards are about 1 to 10,000 US dollars and drift each day, so they are Telegram's to tell: an
    /// invoice that it refuses fails its attempt, and the customer is offered the other ways.
    fn limits(self) -> (i64, i64) {
        match self {
            Method::Stars => (1, 1_000_000),
            Method::TelegramCard => (1, i64::MAX),
        }
    }
}

/// A way to pay as a shop offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The way.
    pub method: Method,
    /// What it takes.
    pub currency: Currency,
}

/// Whether some way to pay can take all of `total` at once, or nothing needs to be paid.
pub fn can_be_paid(total: &Prices, offers: &[Offer]) -> bool {
    total.is_free() || offers.iter().any(|offer| offer.amount_of(total).is_some())
}

impl Offer {
    /// The way in a shop whose own currency is `currency`.
    pub fn new(method: Method, currency: Currency) -> Self {
        let currency = match method {
            Method::Stars => Currency::XTR,
            Method::TelegramCard => currency,
        };
        Self { method, currency }
    }

    /// What `total` is by this way, in minor units, if it can take that.
    pub fn amount_of(self, total: &Prices) -> Option<i64> {
        let (least, most) = self.method.limits();
        total
            .get(self.currency)
            .filter(|amount| (least..=most).contains(amount))
    }
}
