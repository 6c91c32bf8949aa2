//! Passwords: judged by length and by lists, never by which characters they have; kept as Argon2id hashes only, which are
//! made beside the async threads and outside every transaction.

pub mod change;
pub mod hasher;
pub mod log_in;
pub mod rules;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use self::hasher::Phc;
use crate::store::{StoreError, Tx};
use crate::{binds, sql};

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

sql! {
    STORED = "access.passwords.stored", "SELECT phc FROM passwords WHERE customer_id = $1";
    KEEP = "access.passwords.keep",
        "INSERT INTO passwords (customer_id, phc, changed_at) VALUES ($1, $2, $3)
         ON CONFLICT (customer_id) DO UPDATE SET phc = excluded.phc, changed_at = excluded.changed_at";
    RENEW = "access.passwords.renew", "UPDATE passwords SET phc = $2 WHERE customer_id = $1";
    REMOVE = "access.passwords.remove", "DELETE FROM passwords WHERE customer_id = $1";
}

/// Whether the customer has a password.
pub async fn is_set(tx: &mut Tx<'_>, customer: i64) -> Result<bool, StoreError> {
    Ok(stored(tx, customer).await?.is_some())
}

/// Takes the customer's password away.
pub async fn remove(tx: &mut Tx<'_>, customer: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(&REMOVE, binds![customer]).await? > 0)
}

async fn stored(tx: &mut Tx<'_>, customer: i64) -> Result<Option<Phc>, StoreError> {
    let found: Option<(String,)> = tx.optional(&STORED, binds![customer]).await?;
    Ok(found.map(|(phc,)| Phc::stored(phc)))
}

/// Another password.
async fn keep(tx: &mut Tx<'_>, customer: i64, phc: &Phc) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&KEEP, binds![customer, phc.as_str(), now])
        .await
        .map(|_| ())
}

/// The same password by another hash.
async fn renew(tx: &mut Tx<'_>, customer: i64, phc: &Phc) -> Result<(), StoreError> {
    tx.execute(&RENEW, binds![customer, phc.as_str()])
        .await
        .map(|_| ())
}
