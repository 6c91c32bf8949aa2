//! The links to a download: to its page, and to the bytes once it is started. Both are derived, not stored: they can be
//! made again for every letter, and a new version of the download's links takes all older ones back.
//!
//! Each is base64url of a public id (16 bytes), then the first 16 bytes of a MAC over the id and the version: of the
//! download for its page, of the start for the bytes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use crate::shop::texts::Language;
use crate::shop::vault::Vault;
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, sql};

const MAC: usize = 16;
/// What keeps the MACs of the two apart, and from all others.
const PAGE: &str = "download";
const START: &str = "download_start";

/// A download that a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linked {
    /// Its row.
    pub row: i64,
    /// Its name.
    pub id: PublicId,
    /// The version of its links.
    pub version: i64,
    /// The order that it is of.
    pub order: PublicId,
    /// Its customer's row.
    pub customer: i64,
    /// The language that its customer speaks.
    pub language: Language,
}

sql! {
    FIND = "downloads.link.find",
        "SELECT d.id, d.link_version, o.public_id, o.customer_id, c.language
         FROM downloads d
         JOIN order_units u ON u.id = d.unit_id
         JOIN orders o ON o.id = u.order_id
         JOIN customers c ON c.id = o.customer_id
         WHERE d.public_id = $1";
}

/// What the link to a download's page ends with.
pub fn page(vault: &Vault, download: PublicId, version: i64) -> String {
    token(vault, PAGE, download, version)
}

/// What the link to the bytes of a started download ends with; `version` is of the download's links.
pub fn start(vault: &Vault, start: PublicId, version: i64) -> String {
    token(vault, START, start, version)
}

/// The download that the end of a link to its page names; `None` for anything that is no link of ours any more, whatever
/// is wrong with it.
pub async fn find(
    tx: &mut Tx<'_>,
    vault: &Vault,
    token: &str,
) -> Result<Option<Linked>, StoreError> {
    let Some((id, said)) = read(token) else {
        return Ok(None);
    };
    let found: Option<(i64, i64, PublicId, i64, String)> = tx.optional(&FIND, binds![id]).await?;
    let Some((row, version, order, customer, language)) = found else {
        return Ok(None);
    };
    let linked = Linked {
        row,
        id,
        version,
        order,
        customer,
        language: Language::from_code(Some(&language)),
    };
    Ok(is_ours(vault, PAGE, id, version, &said).then_some(linked))
}

/// The start that the end of a link to the bytes names, if this version of the download's links made it.
pub fn find_start(vault: &Vault, token: &str, version: i64) -> Option<PublicId> {
    let (id, said) = read(token)?;
    is_ours(vault, START, id, version, &said).then_some(id)
}

fn token(vault: &Vault, what: &str, id: PublicId, version: i64) -> String {
    let mut bytes = id.0.to_vec();
    bytes.extend_from_slice(&mac(vault, what, id, version));
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read(token: &str) -> Option<(PublicId, Vec<u8>)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (id, said) = bytes.split_first_chunk::<16>()?;
    Some((PublicId(*id), said.to_vec()))
}

fn is_ours(vault: &Vault, what: &str, id: PublicId, version: i64, said: &[u8]) -> bool {
    bool::from(mac(vault, what, id, version).as_slice().ct_eq(said))
}

fn mac(vault: &Vault, what: &str, id: PublicId, version: i64) -> [u8; MAC] {
    let mut message = id.0.to_vec();
    message.extend_from_slice(&version.to_be_bytes());
    let mut short = [0; MAC];
    short.copy_from_slice(&vault.derived_mac(what, &message)[..MAC]);
    short
}
