//! Revealing: the key's owner, and nobody else, gets its text. That it was shown is written down before it leaves.

use crate::shop::texts::Texts;
use crate::shop::vault::{KeyText, Vault, VaultError};
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, row, sql};

row! {
    /// A sold key of an order, still sealed.
    #[derive(Debug)]
    pub struct Sealed {
        title: String,
        product: i64,
        fingerprint: [u8; 32],
        ciphertext: Vec<u8>,
    }
}

/// A key with the title that its product had when it was ordered.
#[derive(Debug)]
pub struct Revealed {
    /// What it is for.
    pub title: Texts,
    /// The key itself.
    pub text: KeyText,
}

/// Why a key can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum RevealError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key can't be decrypted.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

sql! {
    MARK = "keys.reveal.mark",
        "UPDATE keys SET revealed_at = $3
         WHERE state = 'sold' AND revealed_at IS NULL AND unit_id IN (
             SELECT u.id FROM order_units u JOIN orders o ON o.id = u.order_id
             WHERE o.public_id = $1 AND o.customer_id = $2
         )";
    OF_ORDER = "keys.reveal.of_order",
        "SELECT l.title, k.product_id, k.fingerprint, k.ciphertext
         FROM orders o
         JOIN order_units u ON u.order_id = o.id
         JOIN order_lines l ON l.id = u.line_id
         JOIN keys k ON k.unit_id = u.id
         WHERE o.public_id = $1 AND o.customer_id = $2 AND k.state = 'sold'
         ORDER BY l.line_no, u.unit_no";
}

/// Writes down that the customer's keys of this order are shown, and gives them sealed. Empty for a stranger.
pub async fn of_order(
    tx: &mut Tx<'_>,
    customer: i64,
    order: PublicId,
) -> Result<Vec<Sealed>, StoreError> {
    let now = tx.now();
    tx.execute(&MARK, binds![order, customer, now]).await?;
    tx.all(&OF_ORDER, binds![order, customer]).await
}

/// Opens sealed keys, outside the transaction.
pub fn open(vault: &Vault, sealed: Vec<Sealed>) -> Result<Vec<Revealed>, RevealError> {
    sealed
        .into_iter()
        .map(|key| {
            let title = Texts::from_json(&key.title).map_err(|error| {
                StoreError::because("keys.reveal", crate::store::ErrorKind::Decode, error)
            })?;
            let text = vault.unseal(key.product, &key.fingerprint, &key.ciphertext)?;
            Ok(Revealed { title, text })
        })
        .collect()
}
