//! The `initData` of a Mini App. Telegram seals it for the bot by an HMAC under a key made of the bot's token, and signs it
//! for everybody by Ed25519.
//!
//! The HMAC is over all pairs but `hash`; `signature`, which came later, is one of them: Telegram's page says "all received
//! fields", and aiogram, with which the tests compare, does so too.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, VerifyingKey};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::fields::{Fields, hmac};
use super::{Identity, NotProven, is_young, name};
use crate::clock::Millis;
use hmac::Mac;

/// Telegram's public key for Mini Apps of its ordinary servers.
pub const TELEGRAM: [u8; 32] = [
    0xe7, 0xbf, 0x03, 0xa2, 0xfa, 0x46, 0x02, 0xaf, 0x45, 0x80, 0x70, 0x3d, 0x88, 0xdd, 0xa5, 0xbb,
    0x59, 0xf3, 0x2e, 0xd8, 0xb0, 0x2a, 0x56, 0xc1, 0x87, 0xfe, 0x7d, 0x34, 0xca, 0xed, 0x24, 0x2d,
];
/// The same of its test servers.
pub const TELEGRAM_TEST: [u8; 32] = [
    0x40, 0x05, 0x50, 0x58, 0xa4, 0xee, 0x38, 0x15, 0x6a, 0x06, 0x56, 0x2e, 0x52, 0xee, 0xce, 0x92,
    0xa7, 0x71, 0xbc, 0xd8, 0x34, 0x6a, 0x8c, 0x46, 0x15, 0xcb, 0x73, 0x76, 0xed, 0xdf, 0x72, 0xec,
];

#[derive(Deserialize)]
struct User {
    id: i64,
    first_name: String,
    last_name: Option<String>,
    language_code: Option<String>,
    #[serde(default)]
    is_bot: bool,
}

/// Who opened the Mini App of the bot with this token.
pub fn check(init_data: &str, token: &SecretString, now: Millis) -> Result<Identity, NotProven> {
    let fields = Fields::read(init_data)?;
    let key = hmac(b"WebAppData", token.expose_secret().as_bytes());
    if !fields.is_sealed_by(&key.finalize().into_bytes().into())? {
        return Err(NotProven::Forged);
    }
    person(&fields, now)
}

/// Who opened the Mini App of the bot with this token, by both seals: the HMAC always, and Telegram's signature wherever there
/// is one. Telegram has added it to every opening since late 2024; one without it is judged by the HMAC alone, as an emulator
/// or an old server makes it. A signature that does not hold is refused, not overlooked: nothing genuine comes with one. `key`
/// is [`TELEGRAM`]: Telegram's test servers, whose key is [`TELEGRAM_TEST`], take calls in another shape than this program
/// makes.
pub fn check_both(
    init_data: &str,
    token: &SecretString,
    key: &[u8; 32],
    now: Millis,
) -> Result<Identity, NotProven> {
    let identity = check(init_data, token, now)?;
    if Fields::read(init_data)?.get("signature").is_none() {
        return Ok(identity);
    }
    let (bot_id, _) = token.expose_secret().split_once(':').unwrap_or_default();
    let bot_id = bot_id.parse().map_err(|_| NotProven::Forged)?;
    let signed = check_signature(init_data, bot_id, key, now)?;
    // Both are over the same fields.
    debug_assert_eq!(signed, identity);
    Ok(signed)
}

/// Who opened the Mini App of the bot with this id, by Telegram's own signature: it holds also where the bot's token has
/// leaked, and needs no token. `key` is [`TELEGRAM`].
pub fn check_signature(
    init_data: &str,
    bot_id: i64,
    key: &[u8; 32],
    now: Millis,
) -> Result<Identity, NotProven> {
    let fields = Fields::read(init_data)?;
    let signature = fields.get("signature").ok_or(NotProven::Unreadable)?;
    let signature = URL_SAFE_NO_PAD
        .decode(signature.trim_end_matches('='))
        .map_err(|_| NotProven::Unreadable)?;
    let signature = Signature::from_slice(&signature).map_err(|_| NotProven::Unreadable)?;
    let lines = fields.lines(&["hash", "signature"]);
    let message = format!("{bot_id}:WebAppData\n{lines}");
    let key = VerifyingKey::from_bytes(key).map_err(|_| NotProven::Forged)?;
    key.verify_strict(message.as_bytes(), &signature)
        .map_err(|_| NotProven::Forged)?;
    person(&fields, now)
}

fn person(fields: &Fields, now: Millis) -> Result<Identity, NotProven> {
    is_young(fields.auth_date()?, now)?;
    let user = fields.get("user").ok_or(NotProven::Nobody)?;
    let user: User = serde_json::from_str(user).map_err(|_| NotProven::Nobody)?;
    if user.is_bot || user.id <= 0 {
        return Err(NotProven::Nobody);
    }
    Ok(Identity {
        telegram_id: user.id,
        name: name(&user.first_name, user.last_name.as_deref()),
        language: user.language_code,
        phone: None,
    })
}
