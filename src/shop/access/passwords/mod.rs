//! Passwords: judged by length and by lists, never by which characters they have; kept as Argon2id hashes only, which are
//! made beside the async threads and outside every transaction.

pub mod hasher;
pub mod rules;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A password in the clear, as it was typed: nothing is trimmed, cut off or put into another form. Its debug form says
/// nothing, and its memory is wiped.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// What somebody typed.
    pub fn new(typed: String) -> Self {
        Self(SecretString::from(typed))
    }

    /// In Unicode characters.
    fn length(&self) -> usize {
        self.0.expose_secret().chars().count()
    }

    fn text(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}
