//! What VK ID tells of somebody who is logged in here already: which VK account is theirs, and the number that VK has
//! confirmed, if they share it. The calls are made elsewhere: the shop knows no HTTP. What must be kept between the two
//! requests of the browser is sealed, for that session alone and for a few minutes.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use url::Url;

use crate::clock::Millis;
use crate::shop::customers::Phone;
use crate::shop::vault::Vault;
use crate::store::{PublicId, StoreError, random_bytes};

/// How long somebody may stay at VK, and how long a shared number waits for an answer.
pub const AWAY: Duration = Duration::from_mins(10);

/// What a browser keeps from the beginning of a login at VK to its end, out of reach of any other.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Comes back with the browser, and shows that it is the one that we sent.
    pub state: SecretString,
    /// Shows VK that who takes the answer is who asked (PKCE).
    pub verifier: SecretString,
}

/// With what VK sends the browser back.
#[derive(Clone, Debug)]
pub struct Back {
    /// Good for one exchange.
    pub code: SecretString,
    /// Must be the one that was kept.
    pub state: SecretString,
    /// VK's name for the browser, which the exchange needs.
    pub device_id: String,
}

/// Who has logged in at VK, and what they shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The VK account.
    pub user: i64,
    /// The number that VK has confirmed; `None` if they did not share it.
    pub phone: Option<Phone>,
}

/// Why nobody has logged in. Never holds a code or a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VkIdError {
    /// The browser is not the one that we sent, or it was too long on its way.
    #[error("the login belongs to another browser, or has been used")]
    Stranger,
    /// VK does not take the code: used, too old, or another application's.
    #[error("VK refuses the login: {0}")]
    Refused(String),
    /// VK can't be asked now.
    #[error("VK can't be asked: {0}")]
    Unavailable(String),
}

/// The calls that VK ID takes.
pub trait VkLogin: fmt::Debug + Send + Sync + 'static {
    /// Where the browser is sent.
    fn authorize(&self, kept: &Kept) -> Url;
    /// Who it is that came back. What was kept must be gone before this is asked: it is good for one try.
    fn person<'a>(
        &'a self,
        kept: &'a Kept,
        back: &'a Back,
    ) -> BoxFuture<'a, Result<Person, VkIdError>>;
}

impl Kept {
    /// A new one, which nobody can guess.
    pub fn new() -> Result<Self, StoreError> {
        Ok(Self::from_chance(&random_bytes()?, &random_bytes()?))
    }

    /// From bytes that nobody can guess.
    pub fn from_chance(state: &[u8; 32], verifier: &[u8; 32]) -> Self {
        let text = |bytes: &[u8; 32]| SecretString::from(URL_SAFE_NO_PAD.encode(bytes));
        Self {
            state: text(state),
            verifier: text(verifier),
        }
    }

    /// For a cookie: good in this session alone, and until [`AWAY`] has passed.
    pub fn seal(&self, vault: &Vault, session: PublicId, now: Millis) -> String {
        let text = format!(
            "{}.{}",
            self.state.expose_secret(),
            self.verifier.expose_secret()
        );
        seal(vault, LOGIN, session, now, &text)
    }

    /// From the cookie. `None` for what another session has sealed, or nobody, or too long ago.
    pub fn unseal(vault: &Vault, session: PublicId, now: Millis, cookie: &str) -> Option<Self> {
        let text = unseal(vault, LOGIN, session, now, cookie)?;
        let (state, verifier) = text.split_once('.')?;
        Some(Self {
            state: state.to_owned().into(),
            verifier: verifier.to_owned().into(),
        })
    }
}

/// A number that somebody has shared at VK, sealed for a cookie until they say whether it shall take the place of the one
/// so far: good in this session alone, and until [`AWAY`] has passed.
pub fn seal_number(vault: &Vault, session: PublicId, now: Millis, phone: &Phone) -> String {
    let digits = phone.as_str().trim_start_matches('+');
    seal(vault, NUMBER, session, now, digits)
}

/// The number in a cookie, if this session has sealed it a moment ago.
pub fn unseal_number(vault: &Vault, session: PublicId, now: Millis, cookie: &str) -> Option<Phone> {
    Phone::read(unseal(vault, NUMBER, session, now, cookie)?)
}

/// Uses of the seal, which keep one kind of text apart from the other.
const LOGIN: &str = "vk id login";
const NUMBER: &str = "vk id number";

/// `text` is of letters that a cookie may have.
fn seal(vault: &Vault, what: &str, session: PublicId, now: Millis, text: &str) -> String {
    let until = now + AWAY.as_millis() as Millis;
    let mac = mac(vault, what, session, until, text);
    format!("{text}.{until}.{}", URL_SAFE_NO_PAD.encode(mac))
}

fn unseal<'a>(
    vault: &Vault,
    what: &str,
    session: PublicId,
    now: Millis,
    sealed: &'a str,
) -> Option<&'a str> {
    let (rest, given) = sealed.rsplit_once('.')?;
    let (text, until) = rest.rsplit_once('.')?;
    let until: Millis = until.parse().ok()?;
    let given = URL_SAFE_NO_PAD.decode(given).ok()?;
    let right: bool = mac(vault, what, session, until, text)
        .as_slice()
        .ct_eq(&given)
        .into();
    (right && until > now).then_some(text)
}

fn mac(vault: &Vault, what: &str, session: PublicId, until: Millis, text: &str) -> [u8; 32] {
    // The first two have a fixed length, so that nothing can be taken for something else.
    let until = until.to_be_bytes();
    let message = [session.0.as_slice(), until.as_slice(), text.as_bytes()].concat();
    vault.derived_mac(what, &message)
}
