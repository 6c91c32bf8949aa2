//! The invoice's payload: names the attempt and says enough of the order to rebuild it from the provider's record, under
//! a MAC, so that nobody else can make one. Old invoices stay payable for ever, so this format stays.
//!
//! base64url of: version 1 (1 byte), attempt (16), then per line the first 8 bytes of SHA-256 of the product's slug and
//! the quantity (u16, big-endian) while they fit, then 8 bytes of HMAC-SHA-256 over all before. At most 96 bytes, which
//! are 128 letters: Telegram's limit.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::shop::vault::Vault;
use crate::store::PublicId;

const VERSION: u8 = 1;
const MAC: usize = 8;
const LINE: usize = 10;
const HEAD: usize = 17;
const MOST: usize = 96;

/// What an invoice says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The attempt that it asks for.
    pub attempt: PublicId,
    /// The beginning of each product's hashed slug, with its quantity.
    pub lines: Vec<([u8; 8], u16)>,
}

/// A payload that is none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payload is none of this shop's")]
pub struct Foreign;

/// The first 8 bytes of SHA-256 of a product's slug.
pub fn slug_hash(slug: &str) -> [u8; 8] {
    let digest = Sha256::digest(slug.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    first
}

/// Writes a payload: at most 128 letters, with as many lines as fit.
pub fn encode<'a>(
    vault: &Vault,
    attempt: PublicId,
    lines: impl IntoIterator<Item = (&'a str, i64)>,
) -> String {
    let mut bytes = Vec::with_capacity(MOST);
    bytes.push(VERSION);
    bytes.extend_from_slice(&attempt.0);
    for (slug, quantity) in lines {
        if bytes.len() + LINE + MAC > MOST {
            break;
        }
        bytes.extend_from_slice(&slug_hash(slug));
        bytes.extend_from_slice(&u16::try_from(quantity).unwrap_or(u16::MAX).to_be_bytes());
    }
    let mac = vault.payload_mac(&bytes);
    bytes.extend_from_slice(&mac);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a payload that this shop wrote.
pub fn decode(vault: &Vault, text: &str) -> Result<Payload, Foreign> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Foreign)?;
    if bytes.len() < HEAD + MAC || bytes.len() > MOST {
        return Err(Foreign);
    }
    let (said, mac) = bytes.split_at(bytes.len() - MAC);
    if !bool::from(vault.payload_mac(said).as_slice().ct_eq(mac)) {
        return Err(Foreign);
    }
    let (head, lines) = said.split_at(HEAD);
    let attempt = head[1..].try_into().map_err(|_| Foreign)?;
    if head[0] != VERSION || lines.len() % LINE != 0 {
        return Err(Foreign);
    }
    let lines = lines
        .chunks_exact(LINE)
        .map(|line| {
            let mut hash = [0; 8];
            hash.copy_from_slice(&line[..8]);
            (hash, u16::from_be_bytes([line[8], line[9]]))
        })
        .collect();
    Ok(Payload {
        attempt: PublicId(attempt),
        lines,
    })
}
