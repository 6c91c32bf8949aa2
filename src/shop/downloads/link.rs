//! The links to a download: to its page, and to the bytes once it is started. Both are derived, not stored: they can be
//! made again for every letter, and a new version of the download's links takes all older ones back.
//!
//! Each is base64url of a public id (16 bytes), then the first 16 bytes of a MAC over the id and the version: of the
//! download for its page; of the start, and of the download that it is of, for the bytes. So a start can be named before it
//! is made, and by nobody else.

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
    token(download, proof_of_page(vault, download, version))
}

/// What the link to the bytes of a started download ends with.
pub fn start(vault: &Vault, start: PublicId, download: &Linked) -> String {
    token(start, proof_of_start(vault, start, download))
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
    Ok(is_ours(proof_of_page(vault, id, version), &said).then_some(linked))
}

/// The start that the end of a link to the bytes names, if this download drew it, and this version of its links.
pub fn find_start(vault: &Vault, token: &str, download: &Linked) -> Option<PublicId> {
    let (id, said) = read(token)?;
    is_ours(proof_of_start(vault, id, download), &said).then_some(id)
}

fn token(id: PublicId, proof: [u8; MAC]) -> String {
    URL_SAFE_NO_PAD.encode([id.0, proof].concat())
}

fn read(token: &str) -> Option<(PublicId, Vec<u8>)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (id, said) = bytes.split_first_chunk::<16>()?;
    Some((PublicId(*id), said.to_vec()))
}

fn is_ours(proof: [u8; MAC], said: &[u8]) -> bool {
    bool::from(proof.as_slice().ct_eq(said))
}

fn proof_of_page(vault: &Vault, download: PublicId, version: i64) -> [u8; MAC] {
    mac(vault, PAGE, &[&download.0, &version.to_be_bytes()])
}

fn proof_of_start(vault: &Vault, start: PublicId, download: &Linked) -> [u8; MAC] {
    let version = download.version.to_be_bytes();
    mac(vault, START, &[&start.0, &version, &download.id.0])
}

fn mac(vault: &Vault, what: &str, parts: &[&[u8]]) -> [u8; MAC] {
    let mut short = [0; MAC];
    short.copy_from_slice(&vault.derived_mac(what, &parts.concat())[..MAC]);
    short
}
