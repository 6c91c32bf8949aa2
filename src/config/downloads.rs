//! Where the files are that products deliver, and who hands them out.

use std::path::PathBuf;

use super::reader::{Noted, Reader};
use crate::shop::downloads::folder::Folder;
use crate::store::Location;

/// Files that products deliver.
#[derive(Clone, Debug, Default)]
pub struct Downloads {
    /// The folder; `None`: beside the database.
    pub folder: Option<PathBuf>,
    /// The address inside a proxy under which it hands the folder's files out; `None`: the shop does it.
    pub accel_prefix: Option<String>,
}

impl Downloads {
    pub(super) fn read(from: &mut Reader) -> Result<Self, Noted> {
        let folder = from.text("downloads.folder", "the path of a folder", |text| {
            !text.contains(char::is_control)
        });
        let is_prefix = |text: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte);
            text.is_empty()
                || (text.len() <= 64
                    && text.starts_with('/')
                    && text.ends_with('/')
                    && text.bytes().all(plain))
        };
        let accel_prefix = from.text(
            "downloads.accel_prefix",
            "a path of letters and digits that begins and ends with a slash, such as /files/",
            is_prefix,
        );
        Ok(Self {
            folder: Some(folder?).filter(|it| !it.is_empty()).map(PathBuf::from),
            accel_prefix: Some(accel_prefix?).filter(|it| !it.is_empty()),
        })
    }

    /// The folder: the one that is set, or else beside a SQLite database. A shop on PostgreSQL may have several processes
    /// on several machines, so it needs one that is set.
    pub(super) fn folder(&self, database: &Location) -> Option<Folder> {
        match (&self.folder, database) {
            (Some(folder), _) => Some(Folder::new(folder)),
            (None, Location::Sqlite(path)) => {
                let mut path = path.as_os_str().to_owned();
                path.push(".files");
                Some(Folder::new(path))
            }
            (None, Location::Postgres(_)) => None,
        }
    }
}
