//! Codes and tokens, derived from the shop's secrets by a confirmation's name, its purpose and the round, and the hashes
//! that are kept of them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::Purpose;
use super::senders::CodeText;
use crate::shop::vault::Vault;
use crate::store::PublicId;

const CODES: u64 = 1_000_000;

/// Six digits. Of 2^64 numbers a remainder modulo a million is even to less than a part in 10^13.
pub(super) fn code(vault: &Vault, id: PublicId, purpose: Purpose, round: i64) -> CodeText {
    let mac = vault.derived_mac("confirmation code", &seed(id, purpose, round));
    let mut first = [0; 8];
    first.copy_from_slice(&mac[..8]);
    CodeText::new(format!("{:06}", u64::from_be_bytes(first) % CODES))
}

/// The end of a link: 32 bytes in base64url, 43 letters.
pub(super) fn token(vault: &Vault, id: PublicId, purpose: Purpose, round: i64) -> String {
    let mac = vault.derived_mac("confirmation token", &seed(id, purpose, round));
    URL_SAFE_NO_PAD.encode(mac)
}

/// What is kept of a code. Six digits could be found by trying, so the hash has a key that is not in the database.
pub(super) fn code_hash(vault: &Vault, id: PublicId, digits: &str) -> [u8; 32] {
    let message = [id.0.as_slice(), digits.as_bytes()].concat();
    vault.derived_mac("confirmation code hash", &message)
}

/// What is kept of a token, which nobody finds by trying.
pub(super) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn seed(id: PublicId, purpose: Purpose, round: i64) -> Vec<u8> {
    let mut seed = id.0.to_vec();
    seed.extend_from_slice(&round.to_be_bytes());
    seed.extend_from_slice(purpose.as_str().as_bytes());
    seed
}
