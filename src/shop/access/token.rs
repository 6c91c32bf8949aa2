//! What opens something: 32 random bytes, of which the database keeps the SHA-256 only.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::store::{StoreError, Tx};

/// A token in the clear. Its debug form says nothing, and its memory is wiped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Token([u8; 32]);

/// A text that is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a token of 43 base64url letters")]
pub struct NotAToken;

impl Token {
    /// A new one.
    pub(super) fn random(tx: &mut Tx<'_>) -> Result<Self, StoreError> {
        tx.random().map(Self)
    }

    /// 43 letters of base64url, for a cookie or a link.
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What the database keeps. 256 random bits need no slower hash.
    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl FromStr for Token {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let mut bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAToken)?;
        let token = bytes.as_slice().try_into().map(Self);
        bytes.zeroize();
        token.map_err(|_| NotAToken)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_written_and_read_back_and_never_shown() {
        let token = Token(*b"0123456789abcdef0123456789abcdef");
        let text = token.expose();
        assert_eq!(text.len(), 43);
        assert_eq!(text.parse::<Token>().unwrap().0, token.0);
        assert_eq!(format!("{token:?}"), "Token(…)");
        for wrong in ["", "AAAA", &"A".repeat(44), &"!".repeat(43)] {
            assert_eq!(wrong.parse::<Token>().unwrap_err(), NotAToken, "{wrong}");
        }
    }
}
