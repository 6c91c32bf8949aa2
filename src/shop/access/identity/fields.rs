//! Fields that Telegram has signed: a query string whose pairs, sorted and put on lines, are what the signature is over.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::NotProven;

/// Letters of the longest query that is looked at. A genuine one has about 500.
const LONGEST: usize = 8_192;

/// The pairs of a query, each key once, sorted.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a query string.
    pub(super) fn read(query: &str) -> Result<Self, NotProven> {
        if query.len() > LONGEST {
            return Err(NotProven::Unreadable);
        }
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let mut pairs: Vec<(String, String)> = pairs.into_owned().collect();
        pairs.sort();
        let is_twice = pairs.windows(2).any(|two| two[0].0 == two[1].0);
        // A line's end in a value could make one pair look like two, which the signature would not tell apart.
        let is_plain = pairs.iter().all(|(key, value)| {
            !key.is_empty()
                && key.bytes().all(|it| it.is_ascii_lowercase() || it == b'_')
                && !value.contains('\n')
        });
        if is_twice || !is_plain {
            return Err(NotProven::Unreadable);
        }
        Ok(Self(pairs))
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }

    /// When it was signed, in seconds.
    pub(super) fn auth_date(&self) -> Result<i64, NotProven> {
        let date = self.get("auth_date").and_then(|date| date.parse().ok());
        date.ok_or(NotProven::Unreadable)
    }

    /// What is signed: all pairs but those of `without`, a line each.
    pub(super) fn lines(&self, without: &[&str]) -> String {
        let signed = self
            .0
            .iter()
            .filter(|(key, _)| !without.contains(&key.as_str()));
        let lines: Vec<String> = signed
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        lines.join("\n")
    }

    /// Whether `hash` is the HMAC-SHA-256 of all other pairs, compared in constant time.
    pub(super) fn is_sealed_by(&self, key: &[u8; 32]) -> Result<bool, NotProven> {
        let hash = self.get("hash").ok_or(NotProven::Unreadable)?;
        let hash = unhex(hash).ok_or(NotProven::Unreadable)?;
        Ok(hmac(key, self.lines(&["hash"]).as_bytes())
            .verify_slice(&hash)
            .is_ok())
    }
}

/// An HMAC-SHA-256 over `message`.
pub(super) fn hmac(key: &[u8], message: &[u8]) -> Hmac<Sha256> {
    // HMAC fills a key that is shorter than its block of 64 bytes up with zeros. All keys here are.
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as hmac::digest::KeyInit>::new(&block.into());
    mac.update(message);
    mac
}

/// 32 bytes of 64 hexadecimal digits.
fn unhex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|it| it.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}
