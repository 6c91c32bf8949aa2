//! One running shop per SQLite database: a lock on a file beside it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// Holds the lock until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct InstanceLock {
    _file: Option<File>,
}

/// Why the lock was not to be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process runs this shop.
    #[error(
        "another kiosk uses this database ({path} is locked): stop it first, or give this one a database of its own"
    )]
    Taken {
        /// The lock file.
        path: PathBuf,
    },
    /// The file can't be made or locked.
    #[error("can't lock {path}: {source}")]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl InstanceLock {
    /// The lock of the database at `database`.
    pub fn take(database: &Path) -> Result<Self, LockError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let io = |source| LockError::Io {
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(LockError::Taken { path }),
            Err(TryLockError::Error(source)) => Err(LockError::Io { path, source }),
        }
    }

    /// PostgreSQL has no file: there, processes share the work by leases.
    pub fn none() -> Self {
        Self { _file: None }
    }
}
