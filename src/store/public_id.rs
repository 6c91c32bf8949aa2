//! Names that leave the house, stored with the row. Row ids stay inside, since they come again after a restore.
//!
//! A name is 16 bits of time and 112 random bits. What is written at the same time has neighbouring names, so that the
//! indexes of a busy shop are written in one place instead of all over: with names of chance alone most of a sale's time
//! went into index pages. Nobody guesses 112 bits, and a restored database makes none of its old names again.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::sql::{Bind, FromColumn, ToBind};
use super::tx::random_bytes;
use super::{StoreError, Tx};

/// Names of the same 2^6 milliseconds share their place in an index.
const MILLIS_A_PLACE: u32 = 6;

/// The unguessable name of an order, an attempt, a refund or a letter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicId(pub [u8; 16]);

impl PublicId {
    /// A new name. It borrows the transaction because only a transaction may draw chance and time for its rows.
    pub fn random(tx: &mut Tx<'_>) -> Result<Self, StoreError> {
        let mut name = random_bytes::<16>()?;
        // It comes round after 70 minutes, and tells nobody when a shop sells.
        let [.., high, low] = (tx.now() >> MILLIS_A_PLACE).to_be_bytes();
        [name[0], name[1]] = [high, low];
        Ok(Self(name))
    }

    /// Eight digits for people to read out, such as `7F3A-91C2`. Not unique enough to find a row by.
    pub fn short(&self) -> String {
        let [a, b, c, d, ..] = self.0;
        format!("{a:02X}{b:02X}-{c:02X}{d:02X}")
    }
}

/// 22 letters of base64url.
impl fmt::Display for PublicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for PublicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicId({self})")
    }
}

/// A text that is no public id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of 22 base64url letters")]
pub struct NotAnId;

impl FromStr for PublicId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAnId)?;
        bytes.try_into().map(Self).map_err(|_| NotAnId)
    }
}

impl Serialize for PublicId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl ToBind for PublicId {
    fn to_bind(&self) -> Bind<'_> {
        Bind::Bytes(Some(&self.0))
    }
}

impl FromColumn for PublicId {
    fn from_sqlite(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<Self> {
        <[u8; 16]>::from_sqlite(row, index).map(Self)
    }
    fn from_postgres(row: &sqlx::postgres::PgRow, index: usize) -> sqlx::Result<Self> {
        <[u8; 16]>::from_postgres(row, index).map(Self)
    }
}

impl FromColumn for Option<PublicId> {
    fn from_sqlite(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<Self> {
        let is_null = matches!(row.get_ref(index)?, rusqlite::types::ValueRef::Null);
        (!is_null)
            .then(|| PublicId::from_sqlite(row, index))
            .transpose()
    }
    fn from_postgres(row: &sqlx::postgres::PgRow, index: usize) -> sqlx::Result<Self> {
        let bytes: Option<&[u8]> = sqlx::Row::try_get(row, index)?;
        bytes
            .is_some()
            .then(|| PublicId::from_postgres(row, index))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_id_is_written_and_read_back() {
        let id = PublicId(*b"0123456789abcdef");
        assert_eq!(id.to_string().len(), 22);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(
            serde_json::from_str::<PublicId>(&serde_json::to_string(&id).unwrap()).unwrap(),
            id
        );
        assert_eq!(id.short(), "3031-3233");
        for wrong in ["", "AAAA", &"A".repeat(23), "!!!!!!!!!!!!!!!!!!!!!!"] {
            assert_eq!(wrong.parse::<PublicId>(), Err(NotAnId), "{wrong}");
        }
    }
}
