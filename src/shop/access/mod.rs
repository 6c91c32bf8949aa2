//! Access: who may open the cabinet. Sessions, one-time links, passwords, and identities that Telegram vouches for.
//!
//! - [`sessions`] are begun by every way in, found by a token, listed and ended.
//! - [`enter`] opens the cabinet to whom Telegram names, and to whom a confirmation has proved.
//! - [`links`] are made by the bot and log in once.
//! - [`identity`]: who Telegram says they are.
//! - [`passwords`] are judged, hashed and compared.
//! - [`vk`]: the customer's VK account.
//! - [`evict`] puts somebody out, with all that they have begun.
//! - [`forget`] takes a number or an address out of the profile.
//! - [`export`] gives a customer all that is kept of them, [`erase`] forgets them.

pub mod device;
pub mod enter;
pub mod erase;
pub mod evict;
pub mod export;
pub mod forget;
pub mod identity;
pub mod links;
mod notices;
pub mod passwords;
pub mod sessions;
pub mod token;
pub mod vk;

use std::fmt;

use crate::store::{ErrorKind, StoreError};

/// How somebody logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// By a one-time link from the bot.
    Link,
    /// By "Log in with Telegram", that is OpenID Connect.
    Telegram,
    /// By opening the Mini App.
    App,
    /// By phone or e-mail and a password.
    Password,
    /// By a code to a confirmed phone.
    Phone,
    /// By a link to a confirmed e-mail.
    Email,
}

impl Way {
    /// Every way.
    pub const ALL: [Way; 6] = [
        Way::Link,
        Way::Telegram,
        Way::App,
        Way::Password,
        Way::Phone,
        Way::Email,
    ];

    /// The word in the database and in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Way::Link => "link",
            Way::Telegram => "telegram",
            Way::App => "app",
            Way::Password => "password",
            Way::Phone => "phone",
            Way::Email => "email",
        }
    }

    /// The way that a word means.
    pub fn from_word(word: &str) -> Option<Way> {
        Way::ALL.into_iter().find(|way| way.as_str() == word)
    }

    /// Whether it proves that they have the Telegram account of the customer, and not only a secret.
    pub fn is_by_telegram(self) -> bool {
        match self {
            Way::Link | Way::Telegram | Way::App => true,
            Way::Password | Way::Phone | Way::Email => false,
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The way that the database names.
fn read_way(word: &str) -> Result<Way, StoreError> {
    Way::from_word(word)
        .ok_or_else(|| StoreError::because("access", ErrorKind::Decode, "an unknown way to log in"))
}
