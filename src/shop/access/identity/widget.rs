//! Telegram's older login widget and the login buttons of chats: they come back to a page with the person in the query,
//! sealed by an HMAC whose key is the SHA-256 of the bot's token.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::fields::Fields;
use super::{Identity, NotProven, is_young, name};
use crate::clock::Millis;

/// Who came back by the widget of the bot with this token.
pub fn check(query: &str, token: &SecretString, now: Millis) -> Result<Identity, NotProven> {
    let fields = Fields::read(query)?;
    let key = Sha256::digest(token.expose_secret().as_bytes());
    if !fields.is_sealed_by(&key.into())? {
        return Err(NotProven::Forged);
    }
    is_young(fields.auth_date()?, now)?;
    let id = fields.get("id").and_then(|id| id.parse().ok());
    let telegram_id = id.filter(|id| *id > 0).ok_or(NotProven::Nobody)?;
    let first = fields.get("first_name").unwrap_or_default();
    Ok(Identity {
        telegram_id,
        name: name(first, fields.get("last_name")),
        language: None,
        phone: None,
    })
}
