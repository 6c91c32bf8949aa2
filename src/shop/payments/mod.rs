//! Payments: what we asked for (attempts), what arrived (payments), what goes back (refunds).

pub mod attempt;
pub mod news;
pub mod payload;
pub mod provider;
pub mod refund;
pub mod settle;

use super::money::Currency;

/// A way to pay. Its word is also the provider's, under which the money arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Telegram Stars.
    Stars,
}

impl Method {
    /// Every way that this version knows.
    pub const ALL: [Method; 1] = [Method::Stars];

    /// The word in the database and in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Stars => "stars",
        }
    }

    /// The way that a word means.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == word)
    }

    /// What it asks for.
    pub fn currency(self) -> Currency {
        match self {
            Method::Stars => Currency::XTR,
        }
    }

    /// Whether money can be sent back by a call of ours.
    pub fn refunds(self) -> bool {
        match self {
            Method::Stars => true,
        }
    }

    /// The least and the most that one payment may be, in minor units. Telegram's upper limit for Stars is UNVERIFIED;
    /// an invoice that it refuses becomes a task for staff.
    pub fn limits(self) -> (i64, i64) {
        match self {
            Method::Stars => (1, 1_000_000),
        }
    }
}
