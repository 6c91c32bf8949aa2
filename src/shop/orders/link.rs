//! The link to an order's page. It is derived, not stored: whoever has it has been given it, it can be made again for
//! every letter, and a new version of the order's links takes all older ones back.
//!
//! base64url of the order's public id (16 bytes), then the first 16 bytes of HMAC-SHA-256 over `order`, the id and the
//! version.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use crate::shop::texts::Language;
use crate::shop::vault::Vault;
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, sql};

const MAC: usize = 16;

/// An order that a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The order.
    pub order: PublicId,
    /// Its customer's row.
    pub customer: i64,
    /// The language that its customer speaks.
    pub language: Language,
}

sql! {
    VERSION = "orders.link.version",
        "SELECT o.link_version, o.customer_id, c.language
         FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.public_id = $1";
    RENEW = "orders.link.renew",
        "UPDATE orders SET link_version = link_version + 1 WHERE public_id = $1";
}

/// What the order's link ends with now; `None` without such an order.
pub async fn token(
    tx: &mut Tx<'_>,
    vault: &Vault,
    order: PublicId,
) -> Result<Option<String>, StoreError> {
    let found: Option<(i64, i64, String)> = tx.optional(&VERSION, binds![order]).await?;
    Ok(found.map(|(version, ..)| {
        let mut bytes = order.0.to_vec();
        bytes.extend_from_slice(&mac(vault, order, version));
        URL_SAFE_NO_PAD.encode(bytes)
    }))
}

/// The order that a link's end names; `None` for anything that is no link of ours any more, whatever is wrong with it.
pub async fn find(
    tx: &mut Tx<'_>,
    vault: &Vault,
    token: &str,
) -> Result<Option<Linked>, StoreError> {
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
    let Some((id, said)) = bytes.split_first_chunk::<16>() else {
        return Ok(None);
    };
    let order = PublicId(*id);
    let found: Option<(i64, i64, String)> = tx.optional(&VERSION, binds![order]).await?;
    let Some((version, customer, language)) = found else {
        return Ok(None);
    };
    let is_ours = bool::from(mac(vault, order, version).as_slice().ct_eq(said));
    Ok(is_ours.then(|| Linked {
        order,
        customer,
        language: Language::from_code(Some(&language)),
    }))
}

/// Takes every link to the order's page back; the next one is another. False: there is no such order.
pub async fn renew(tx: &mut Tx<'_>, order: PublicId) -> Result<bool, StoreError> {
    Ok(tx.execute(&RENEW, binds![order]).await? > 0)
}

fn mac(vault: &Vault, order: PublicId, version: i64) -> [u8; MAC] {
    let mut message = b"order".to_vec();
    message.extend_from_slice(&order.0);
    message.extend_from_slice(&version.to_be_bytes());
    let mut short = [0; MAC];
    short.copy_from_slice(&vault.link_mac(&message)[..MAC]);
    short
}
