//! Confirmations: proof that a phone number or an e-mail address is the customer's, by a code or a link, used once.
//!
//! - [`begin`] makes one and posts its letter, [`resend`] makes another code for it.
//! - [`guess`] takes a typed code, [`link`] a link from a mail; what was proved happens in the same transaction.
//! - [`carry`] and [`mail`] walk the senders, [`hearing`] takes what providers tell, [`reports`] notes how far a code got,
//!   [`upkeep`] ends what is due.
//! - [`told`]: what was confirmed on a page reaches the chat.
//!
//! Codes and tokens are derived from the shop's secrets, so that a letter need not hold one; what is stored are hashes. A
//! visitor's answer is the same whether or not somebody has the number or the address: for nobody's there is a row whose
//! code does not exist.

pub mod begin;
pub mod carry;
mod found;
pub mod guess;
pub mod hearing;
pub mod link;
pub mod look;
pub mod mail;
pub mod proof;
pub mod reports;
pub mod resend;
mod rotation;
mod secret;
pub mod senders;
mod sends;
pub mod told;
pub mod upkeep;

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::proof::{Proof, Proved};
pub use self::rotation::{HELD_FOR_SPAM, MEND};
use self::senders::Messenger;
use crate::shop::customers::{Email, Phone};
use crate::shop::throttle::{self, Limit, Taken};
use crate::shop::vault::Vault;
use crate::store::{ErrorKind, StoreError, Tx};

/// How long a code can be typed.
pub const CODE_LIFE: Duration = Duration::from_mins(10);
/// How long a link to confirm an address is good.
pub const LINK_LIFE: Duration = Duration::from_hours(8);
/// How long a link to get into the cabinet is good.
pub const WAY_IN_LIFE: Duration = Duration::from_mins(30);
/// Tries for one code.
pub const MOST_TRIES: i64 = 5;

const DAY: Duration = Duration::from_hours(24);
/// Between two codes for one target and purpose.
pub const GAP: Limit = Limit {
    name: "codes.gap",
    most: 1,
    window: Duration::from_mins(1),
};
/// Codes for one target and purpose.
pub const SENDS_PER_TARGET: Limit = Limit {
    name: "codes.sends.target",
    most: 10,
    window: DAY,
};
/// Codes that a customer asks for, for whatever target.
pub const SENDS_PER_CUSTOMER: Limit = Limit {
    name: "codes.sends.customer",
    most: 20,
    window: DAY,
};
/// Codes that are asked for from one neighbourhood of the network.
pub const SENDS_PER_ADDRESS: Limit = Limit {
    name: "codes.sends.address",
    most: 30,
    window: DAY,
};
/// Guesses at the codes of one target and purpose, over all codes.
pub const GUESSES_PER_TARGET: Limit = Limit {
    name: "codes.guesses.target",
    most: 30,
    window: DAY,
};
/// Guesses from one neighbourhood of the network.
pub const GUESSES_PER_ADDRESS: Limit = Limit {
    name: "codes.guesses.address",
    most: 100,
    window: DAY,
};

/// What is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A phone number.
    Phone(Phone),
    /// An e-mail address.
    Email(Email),
}

/// Where a code goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// To a phone.
    Phone,
    /// To a mailbox.
    Email,
}

/// What a confirmation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The phone number becomes the customer's.
    Phone,
    /// The address becomes the customer's.
    Email,
    /// A forgotten password may be replaced.
    Recover,
    /// The cabinet opens.
    Login,
}

/// A way in for somebody who is not logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayIn {
    /// To a new password.
    Recover,
    /// To the cabinet.
    Login,
}

/// Who asks, and so whose confirmations they may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A customer, by their row: for their own phone number or address.
    Customer(i64),
    /// Somebody on the web whom we don't know yet, for a way in.
    Visitor(WayIn),
}

impl Target {
    /// Where a code for it goes.
    pub fn channel(&self) -> Channel {
        match self {
            Target::Phone(_) => Channel::Phone,
            Target::Email(_) => Channel::Email,
        }
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        match self {
            Target::Phone(phone) => phone.as_str(),
            Target::Email(email) => email.as_str(),
        }
    }

    /// As it is compared.
    pub fn key(&self) -> &str {
        match self {
            Target::Phone(phone) => phone.as_str(),
            Target::Email(email) => email.key(),
        }
    }
}

impl Channel {
    /// Its word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Phone => "phone",
            Channel::Email => "email",
        }
    }

    fn read(word: &str) -> Result<Self, StoreError> {
        match word {
            "phone" => Ok(Channel::Phone),
            "email" => Ok(Channel::Email),
            _ => Err(StoreError::new("confirmations.read", ErrorKind::Decode)),
        }
    }
}

impl Purpose {
    /// Its word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Phone => "phone",
            Purpose::Email => "email",
            Purpose::Recover => "recover",
            Purpose::Login => "login",
        }
    }

    /// The page that a link for it opens; the token follows a slash.
    pub fn path(self) -> &'static str {
        match self {
            Purpose::Phone | Purpose::Email => "c",
            Purpose::Recover => "recover",
            Purpose::Login => "login/mail",
        }
    }

    fn read(word: &str) -> Result<Self, StoreError> {
        match word {
            "phone" => Ok(Purpose::Phone),
            "email" => Ok(Purpose::Email),
            "recover" => Ok(Purpose::Recover),
            "login" => Ok(Purpose::Login),
            _ => Err(StoreError::new("confirmations.read", ErrorKind::Decode)),
        }
    }

    /// Whether a code for it may come by a messenger: none that does not prove a number where a number is to be proved.
    pub fn is_served_by(self, messenger: Messenger) -> bool {
        self != Purpose::Phone || messenger.proves_numbers()
    }

    /// Whether there is a code that can be typed. A mail that lets in has its link alone: where nobody reads a code, there
    /// must be none to guess.
    fn has_code(self, channel: Channel) -> bool {
        match (channel, self) {
            (Channel::Phone, _) | (Channel::Email, Purpose::Phone | Purpose::Email) => true,
            (Channel::Email, Purpose::Recover | Purpose::Login) => false,
        }
    }

    /// How long a whole confirmation lives; its code may end before it.
    fn life(self, channel: Channel) -> Duration {
        match (channel, self) {
            (Channel::Phone, _) => CODE_LIFE,
            (Channel::Email, Purpose::Phone | Purpose::Email) => LINK_LIFE,
            (Channel::Email, Purpose::Recover | Purpose::Login) => WAY_IN_LIFE,
        }
    }
}

impl From<WayIn> for Purpose {
    fn from(way: WayIn) -> Self {
        match way {
            WayIn::Recover => Purpose::Recover,
            WayIn::Login => Purpose::Login,
        }
    }
}

impl Asker {
    fn purpose(self, channel: Channel) -> Purpose {
        match (self, channel) {
            (Asker::Visitor(way), _) => way.into(),
            (Asker::Customer(_), Channel::Phone) => Purpose::Phone,
            (Asker::Customer(_), Channel::Email) => Purpose::Email,
        }
    }

    fn customer(self) -> Option<i64> {
        match self {
            Asker::Customer(id) => Some(id),
            Asker::Visitor(_) => None,
        }
    }
}

/// The subject of limits that are a target's for a purpose: whoever guesses at the way in does not lock the customer out
/// of confirming their number.
fn subject(purpose: Purpose, channel: Channel, key: &str) -> String {
    format!("{}:{}:{key}", purpose.as_str(), channel.as_str())
}

/// Whether one more code may be sent.
enum Allowed {
    Fine,
    /// The last one went out just now.
    Wait(Duration),
    TooMany(Duration),
}

/// Counts one more code, unless that would be too many. The order is that of locking: who is refused for an address has
/// not used up anything of the target's.
async fn allow_send(
    tx: &mut Tx<'_>,
    vault: &Vault,
    asker: Asker,
    address: Option<IpAddr>,
    subject: &str,
) -> Result<Allowed, StoreError> {
    if let Some(wait) = throttle::look(tx, vault, &GAP, subject).await? {
        return Ok(Allowed::Wait(wait));
    }
    let address = address.map(throttle::neighbourhood);
    let customer = asker.customer().map(|id| id.to_string());
    let limits = [
        (&SENDS_PER_ADDRESS, address.as_deref()),
        (&SENDS_PER_CUSTOMER, customer.as_deref()),
        (&GAP, Some(subject)),
        (&SENDS_PER_TARGET, Some(subject)),
    ];
    for (limit, subject) in limits {
        let Some(subject) = subject else { continue };
        match throttle::take(tx, vault, limit, subject).await? {
            Taken::Fine => {}
            Taken::TooMany { wait } if *limit == GAP => return Ok(Allowed::Wait(wait)),
            Taken::TooMany { wait } => return Ok(Allowed::TooMany(wait)),
        }
    }
    Ok(Allowed::Fine)
}
