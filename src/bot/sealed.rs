//! What staff write in free text may be keys for sale: such an update is sealed before it is stored, and opened in
//! memory only. A text file needs none of this, because an update holds its name at Telegram and not its text.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::vital::{Kind, Vital};
use crate::bus::inbox::Fact;
use crate::shop::vault::{KeyText, Vault, VaultError};

/// No product has this row id: a sealed update is nobody's key.
const NO_PRODUCT: i64 = 0;
/// The fingerprint comes first.
const FINGERPRINT: usize = 32;

#[derive(Serialize, Deserialize)]
struct Sealed {
    update_id: Option<i64>,
    kiosk_sealed: String,
}

/// The chat of a message that is free text.
pub(super) fn free_text(fact: &Fact) -> Option<i64> {
    if fact.kind != Kind::Message.name() {
        return None;
    }
    let vital = Vital::read(&fact.raw)?;
    let is_free = vital.text.is_some_and(|text| !text.starts_with('/'));
    (is_free && vital.is_private)
        .then_some(vital.chat)
        .flatten()
}

/// Puts a sealed body in the place of the open one.
pub(super) fn seal(vault: &Vault, fact: &mut Fact) -> Result<(), VaultError> {
    let Ok(text) = String::from_utf8(std::mem::take(&mut fact.raw)) else {
        return Err(VaultError::Damaged);
    };
    let sealed = vault.seal(NO_PRODUCT, &KeyText::new(text))?;
    let mut bytes = sealed.fingerprint.to_vec();
    bytes.extend_from_slice(&sealed.ciphertext);
    let body = Sealed {
        update_id: fact.event_id.parse().ok(),
        kiosk_sealed: STANDARD.encode(bytes),
    };
    fact.raw = serde_json::to_vec(&body).map_err(|_| VaultError::Damaged)?;
    Ok(())
}

/// The body of an update, opened if it is sealed.
pub(super) fn open<'a>(vault: &Vault, raw: &'a [u8]) -> Result<Cow<'a, [u8]>, VaultError> {
    const MARK: &[u8] = b"\"kiosk_sealed\"";
    if !raw.windows(MARK.len()).any(|part| part == MARK) {
        return Ok(Cow::Borrowed(raw));
    }
    // Somebody may have written the word.
    let Ok(body) = serde_json::from_slice::<Sealed>(raw) else {
        return Ok(Cow::Borrowed(raw));
    };
    let bytes = STANDARD
        .decode(body.kiosk_sealed)
        .map_err(|_| VaultError::Damaged)?;
    let (fingerprint, ciphertext) = bytes
        .split_first_chunk::<FINGERPRINT>()
        .ok_or(VaultError::Damaged)?;
    let text = vault.unseal(NO_PRODUCT, fingerprint, ciphertext)?;
    Ok(Cow::Owned(text.expose().as_bytes().to_vec()))
}
