//! What customers agreed to: each version once, with its time. Rows are only added.

use sha2::{Digest, Sha256};

use crate::clock::Millis;
use crate::shop::texts::Texts;
use crate::store::{FromRow, Row, StoreError, Tx};
use crate::{binds, sql};

/// What one agrees to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matter {
    /// The terms of sale.
    Terms,
    /// How personal data is handled.
    Privacy,
}

/// An agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// To what.
    pub matter: Matter,
    /// To which version of it.
    pub version: String,
    /// When.
    pub at: Millis,
}

impl Matter {
    /// Its word in the database and in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Matter::Terms => "terms",
            Matter::Privacy => "privacy",
        }
    }
}

/// The version of what a seller has written: another word of it, in whatever language, is another version.
pub fn version(of: &Texts) -> String {
    let digest = Sha256::digest(of.to_json());
    digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl FromRow for Consent {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let matter = match row.get::<String>(0)?.as_str() {
            "terms" => Matter::Terms,
            _ => Matter::Privacy,
        };
        Ok(Self {
            matter,
            version: row.get(1)?,
            at: row.get(2)?,
        })
    }
}

sql! {
    GIVE = "consents.give",
        "INSERT INTO consents (customer_id, what, version, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (customer_id, what, version) DO NOTHING";
    OF = "consents.of",
        "SELECT what, version, at FROM consents WHERE customer_id = $1 ORDER BY id";
}

/// Keeps that the customer agrees to a version. The first time counts.
pub async fn give(
    tx: &mut Tx<'_>,
    customer: i64,
    matter: Matter,
    version: &str,
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&GIVE, binds![customer, matter.as_str(), version, now])
        .await
        .map(|_| ())
}

/// All that a customer agreed to, oldest first.
pub async fn of(tx: &mut Tx<'_>, customer: i64) -> Result<Vec<Consent>, StoreError> {
    tx.all(&OF, binds![customer]).await
}
