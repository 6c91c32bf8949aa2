//! What proves that a report is its provider's: keyed hashes over the body as it came, and secrets compared in constant
//! time.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::shop::confirmations::senders::Call;

/// The value of a header that came once; a repeated one is no proof of anything.
pub(super) fn header<'a>(call: &Call<'a>, name: &str) -> Option<&'a [u8]> {
    let mut found = call.headers.iter().filter(|(known, _)| known == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}

/// Whether `hex` is the HMAC-SHA-256 of `parts` one after another. The comparison takes the same time however much is
/// right.
pub(super) fn is_signed(key: &[u8], parts: &[&[u8]], hex: &[u8]) -> bool {
    let Some(given) = bytes_of(hex) else {
        return false;
    };
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return false;
    };
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(&given).is_ok()
}

/// Whether two secrets are the same, told in a time that depends on their lengths only.
pub(super) fn is_same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

fn bytes_of(hex: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    if !hex.len().is_multiple_of(2) {
        return None;
    }
    hex.chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_rfc_4231() {
        // Test case 2 of RFC 4231.
        let hex = b"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let parts: &[&[u8]] = &[b"what do ya want ", b"for nothing?"];
        assert!(is_signed(b"Jefe", parts, hex));
        assert!(!is_signed(b"jefe", parts, hex));
        assert!(!is_signed(b"Jefe", &[b"what do ya want for nothing"], hex));
        for wrong in [
            &hex[..62],
            b"",
            b"5",
            b"zz",
            &[hex.as_slice(), b"00"].concat(),
        ] {
            assert!(!is_signed(b"Jefe", parts, wrong));
        }
    }
}
