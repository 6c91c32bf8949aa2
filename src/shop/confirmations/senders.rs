//! What the shop asks of those who carry codes and mails. The shop decides who goes next and keeps the books; a sender
//! makes one call and says how it went.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::shop::customers::Phone;
use crate::shop::texts::Language;

/// A call takes no longer, whatever the settings say.
pub const CALL: Duration = Duration::from_secs(45);

/// A code in the clear. Its debug form says nothing, and its memory is wiped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CodeText(String);

impl CodeText {
    /// Digits, as the customer types them.
    pub fn new(digits: String) -> Self {
        Self(digits)
    }

    /// The digits, to be shown or compared.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CodeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeText(…)")
    }
}

/// Whom a code is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The number that it confirms.
    pub phone: Phone,
    /// The customer's linked VK account: VK can't message a number.
    pub vk_user: Option<i64>,
    /// How they read.
    pub language: Language,
}

/// A code on its way to a phone.
#[derive(Clone, Debug)]
pub struct PhoneCode {
    /// Whom it is for.
    pub to: Recipient,
    /// The digits.
    pub code: CodeText,
    /// How long it is good for from now.
    pub lives: Duration,
    /// The send's name outside the house: at most 64 characters of base64url or hexadecimal digits. A provider that takes
    /// an id of ours gets it, so that a report can be told.
    pub reference: String,
    /// Different for each send and the same for its repeat: for providers that drop repeats by a number of ours.
    pub number: i32,
}

/// How carrying a code went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// The provider has taken it. That is no proof that it arrived.
    Accepted {
        /// The provider's name for it, by which its reports come.
        reference: Option<String>,
    },
    /// This sender can't reach this number: another one may.
    NotReachable(String),
    /// Nothing was sent, and nothing will be for this long (`None`: it did not say).
    Busy {
        /// What it asked for.
        pause: Option<Duration>,
        /// Why.
        reason: String,
    },
    /// Its settings or its account are wrong: somebody must mend them.
    Misconfigured(String),
    /// It may have been sent. The same sender is not asked again for this code.
    Unknown(String),
}

/// By what a code comes to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Messenger {
    /// Telegram's own chat for codes.
    Telegram,
    /// WhatsApp.
    Whatsapp,
    /// A message of the shop's community on VK: only to who has linked their account, and never to prove a number.
    Vk,
    /// A log or a mailbox on a machine for development.
    Log,
}

impl Messenger {
    /// All of them, in the order in which people choose among them.
    pub const ALL: [Messenger; 4] = [
        Messenger::Telegram,
        Messenger::Whatsapp,
        Messenger::Vk,
        Messenger::Log,
    ];

    /// Its word in the database, in forms and in the codes of buttons.
    pub fn as_str(self) -> &'static str {
        match self {
            Messenger::Telegram => "telegram",
            Messenger::Whatsapp => "whatsapp",
            Messenger::Vk => "vk",
            Messenger::Log => "log",
        }
    }

    /// The one that a word means.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// Those by which `senders` carry, each once.
    pub fn of(senders: &[Arc<dyn PhoneSender>]) -> Vec<Self> {
        let is_there = |it: &Self| senders.iter().any(|sender| sender.messenger() == *it);
        Self::ALL.into_iter().filter(is_there).collect()
    }

    /// Whether a code that came by it proves a number: not where it goes to an account that has none.
    pub fn proves_numbers(self) -> bool {
        match self {
            Messenger::Telegram | Messenger::Whatsapp | Messenger::Log => true,
            Messenger::Vk => false,
        }
    }
}

/// A channel that carries codes to phones.
pub trait PhoneSender: Send + Sync + 'static {
    /// The account, such as `gateway:main`.
    fn account(&self) -> &str;
    /// By what its codes come.
    fn messenger(&self) -> Messenger;
    /// Whether it can reach them at all, as far as can be told without asking anybody.
    fn can_reach(&self, to: &Recipient) -> bool;
    /// Sends allowed in a day; `None` is without a limit. Since a send can cost money, this is the day's budget.
    fn most_a_day(&self) -> Option<i64>;
    /// Makes one call, which ends within [`CALL`].
    fn carry<'a>(&'a self, code: &'a PhoneCode) -> BoxFuture<'a, Carried>;
}

/// A mail, as it will be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The address, as it was confirmed or typed.
    pub to: String,
    /// One line.
    pub subject: String,
    /// For readers without HTML.
    pub text: String,
    /// The same in HTML.
    pub html: String,
    /// The part before the `@` of its Message-ID: the same for a repeat, wherever it is sent from.
    pub message_id: String,
    /// Where one can have no more of its kind; `None` for what is no newsletter.
    pub unsubscribe: Option<String>,
}

impl fmt::Debug for Mail {
    /// Without the address and the words: they hold codes and links.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("message_id", &self.message_id)
            .finish_non_exhaustive()
    }
}

/// How sending a mail went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mailed {
    /// The server has taken it.
    Accepted,
    /// There is no such address: no account will reach it.
    NoSuchAddress(String),
    /// The account's limit is reached: not before this time has passed.
    Quota {
        /// For how long.
        pause: Duration,
        /// Why.
        reason: String,
    },
    /// Taken for spam: more tries make it worse, and those of another account of the same domain, too.
    Spam(String),
    /// The login, the sender's address or the encryption is wrong: somebody must mend it.
    Misconfigured(String),
    /// The account could hand nothing over, whoever it was for; later it may.
    Later(String),
    /// This mail was not taken, and the account is not to blame: a full mailbox, a server that wants to be asked again.
    TurnedAway {
        /// Whether asking again is of little use.
        is_final: bool,
        /// Why.
        reason: String,
    },
    /// It may have been taken.
    Unknown(String),
}

/// An account that sends mails.
pub trait MailSender: Send + Sync + 'static {
    /// The account, such as `mail:main`.
    fn account(&self) -> &str;
    /// The domain that it sends from.
    fn domain(&self) -> &str;
    /// Mails allowed in a day; `None` is without a limit.
    fn most_a_day(&self) -> Option<i64>;
    /// Hands one mail over, within [`CALL`].
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Mailed>;
}

/// What a provider tells later of a code that it carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The account that carried it.
    pub account: String,
    /// The provider's name for the send.
    pub reference: String,
    /// How far it got.
    pub progress: Progress,
    /// The provider's time of it, in milliseconds UTC.
    pub at: i64,
}

/// How far a send got. The order is that of time: a later report never takes an earlier state back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// Handed on.
    Accepted,
    /// It did not arrive, and won't.
    Undelivered,
    /// It is on the phone.
    Delivered,
    /// It was read.
    Read,
}

/// A request that claims to come from a provider.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// The query string, without `?`.
    pub query: &'a str,
    /// Its headers, names in small letters.
    pub headers: &'a [(String, Vec<u8>)],
    /// Its body as it came.
    pub body: &'a [u8],
    /// When it came, in milliseconds UTC.
    pub now: i64,
}

/// What a provider's request turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// News of sends: to be stored as facts, then answered with these words.
    Reports(Vec<Report>, &'static str),
    /// A question whether we are the ones: the words of the answer.
    Challenge(String),
    /// Genuine, and nothing to us: the words of the answer.
    Nothing(&'static str),
    /// Not theirs.
    Forged,
}

/// Who can tell a provider's request from a forged one.
pub trait Reporter: Send + Sync + 'static {
    /// The last segment of its webhook's address: the account without its kind may repeat, so it is `gateway-main`.
    fn path(&self) -> &str;
    /// Reads a request, in constant time as far as secrets are compared.
    fn read(&self, call: &Call<'_>) -> Told;
}
