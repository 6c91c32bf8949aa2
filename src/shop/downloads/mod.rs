//! Downloads: a unit of a file product is the right to fetch that file, so often and so long as was promised when it was
//! ordered.
//!
//! promised (ordered) → granted (paid) → revoked (its money went back). The transitions are held by the database, and no
//! order is fulfilled while a download of it is only promised.
//!
//! A granted download has a link, which is derived and can be taken back. Starting it counts, and opens the file as it is
//! then for [`start::OPEN_FOR`]: within that time its bytes can be fetched in as many pieces as it takes.

pub mod folder;
pub(in crate::shop) mod grant;
pub mod import;
pub mod link;
pub mod missing;
pub mod renew;
pub mod start;
pub mod view;

use crate::store::{ErrorKind, PublicId, StoreError};

/// The task that tells staff of a file that is not in the folder. Its subject is the file's name there.
pub const MISSING: &str = "download.missing";

/// Where a download stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Ordered, and not paid.
    Promised,
    /// Its owner may fetch the file.
    Granted,
    /// Its money went back.
    Revoked,
}

impl State {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Promised => "promised",
            State::Granted => "granted",
            State::Revoked => "revoked",
        }
    }

    pub(in crate::shop) fn from_word(word: &str) -> Result<Self, StoreError> {
        Ok(match word {
            "promised" => State::Promised,
            "granted" => State::Granted,
            "revoked" => State::Revoked,
            _ => {
                let message = format!("the download state {word:?}");
                return Err(broken(message));
            }
        })
    }
}

/// A file that a product delivers. Its bytes never change: another import is another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name in the shop's folder.
    pub id: PublicId,
    /// The name under which customers save it.
    pub name: String,
    /// How many bytes it has.
    pub size: i64,
    /// SHA-256 of the bytes.
    pub digest: [u8; 32],
}

impl File {
    /// The digest in hexadecimal, as `sha256sum` writes it.
    pub fn sha256(&self) -> String {
        self.digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

fn broken(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::because("downloads", ErrorKind::Decode, source)
}
