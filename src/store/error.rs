//! What can go wrong in the database, told apart by what a caller may do about it.

use std::sync::Arc;

/// A failed statement or transaction. Cheap to clone: the writer answers a whole batch with one.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{statement}: {kind}{}", detail(.source))]
pub struct StoreError {
    /// The name of the statement or of the transaction that failed.
    pub statement: &'static str,
    /// What kind of failure it is.
    pub kind: ErrorKind,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// The kinds of failure that callers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// A unique index refused the row: an answer, not an accident.
    #[error("the row exists already")]
    Unique,
    /// A CHECK, a foreign key or a trigger refused the change: a guard held.
    #[error("the database refused a change that its rules forbid")]
    Constraint,
    /// Serialization failure, deadlock or lock timeout: the transaction may run again.
    #[error("another transaction was in the way")]
    Conflict,
    /// No space left on the disk, or the database has reached its size limit.
    #[error("the disk is full: free some space, the shop goes on by itself")]
    Full,
    /// The system failed to read or write a file.
    #[error("the disk failed: look at the system's log")]
    Disk,
    /// Another process holds the database's write lock.
    #[error("the database is locked by another process")]
    Busy,
    /// The file, its folder or the file system can't be written.
    #[error(
        "the database is read-only: check the owner and the mode of the file and of its folder"
    )]
    ReadOnly,
    /// The connection broke; whether a commit under way took effect is unknown.
    #[error("the connection to the database broke")]
    Gone,
    /// The batch that this closure was part of was rolled back by the database.
    #[error("the batch was rolled back by the database")]
    BatchLost,
    /// A transaction's future waited for something that is not the database.
    #[error("the transaction awaited something outside the database")]
    Awaited,
    /// The transaction's code panicked.
    #[error("the transaction panicked")]
    Panicked,
    /// A row had another shape than the code reads.
    #[error("a column has an unexpected type")]
    Decode,
    /// Exactly one row was expected.
    #[error("no row where one was expected")]
    NoRow,
    /// The row is already finished, or the lane belongs to somebody else: the turn must not be applied.
    #[error("somebody else has done this already")]
    Superseded,
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// Anything else.
    #[error("the database failed")]
    Failed,
}

#[expect(clippy::ref_option, reason = "the shape that the derive hands over")]
fn detail(source: &Option<Arc<dyn std::error::Error + Send + Sync>>) -> String {
    source
        .as_ref()
        .map_or_else(String::new, |source| format!(" ({source})"))
}

impl StoreError {
    /// An error without a cause below it.
    pub fn new(statement: &'static str, kind: ErrorKind) -> Self {
        Self {
            statement,
            kind,
            source: None,
        }
    }

    /// An error with the cause that the database or the driver gave.
    pub fn because(
        statement: &'static str,
        kind: ErrorKind,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            statement,
            kind,
            source: Some(Arc::from(source.into())),
        }
    }

    /// Whether the same work may succeed later without anybody changing the program.
    pub fn is_transient(&self) -> bool {
        match self.kind {
            ErrorKind::Conflict
            | ErrorKind::Full
            | ErrorKind::Disk
            | ErrorKind::Busy
            | ErrorKind::ReadOnly
            | ErrorKind::Gone
            | ErrorKind::BatchLost
            | ErrorKind::Closed => true,
            ErrorKind::Unique
            | ErrorKind::Constraint
            | ErrorKind::Awaited
            | ErrorKind::Panicked
            | ErrorKind::Decode
            | ErrorKind::NoRow
            | ErrorKind::Superseded
            | ErrorKind::Failed => false,
        }
    }

    pub(super) fn sqlite(statement: &'static str, error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let kind = match &error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                Code::ConstraintViolation => match failure.extended_code {
                    // SQLITE_CONSTRAINT_PRIMARYKEY and SQLITE_CONSTRAINT_UNIQUE
                    1555 | 2067 => ErrorKind::Unique,
                    _ => ErrorKind::Constraint,
                },
                Code::DiskFull => ErrorKind::Full,
                Code::SystemIoFailure => ErrorKind::Disk,
                Code::DatabaseBusy | Code::DatabaseLocked => ErrorKind::Busy,
                Code::ReadOnly | Code::CannotOpen | Code::PermissionDenied => ErrorKind::ReadOnly,
                _ => ErrorKind::Failed,
            },
            rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::FromSqlConversionFailure(..) => ErrorKind::Decode,
            _ => ErrorKind::Failed,
        };
        Self::because(statement, kind, error)
    }

    pub(super) fn postgres(statement: &'static str, error: sqlx::Error) -> Self {
        let kind = match &error {
            sqlx::Error::Database(database) => match database.code().as_deref() {
                Some("23505") => ErrorKind::Unique,
                // Class 23 are constraints, P0001 is RAISE in a trigger.
                Some(code) if code.starts_with("23") || code == "P0001" => ErrorKind::Constraint,
                Some("40001" | "40P01" | "55P03") => ErrorKind::Conflict,
                // 53100 disk full; 57P01 and its kin are a server that goes away.
                Some("53100") => ErrorKind::Full,
                // Class 58 is the system's own: an I/O error, a missing file.
                Some(code) if code.starts_with("58") => ErrorKind::Disk,
                Some("25006") => ErrorKind::ReadOnly,
                Some("57P01" | "57P02" | "57P03" | "53300") => ErrorKind::Gone,
                _ => ErrorKind::Failed,
            },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::WorkerCrashed => ErrorKind::Gone,
            sqlx::Error::PoolClosed => ErrorKind::Closed,
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::Decode(_) => ErrorKind::Decode,
            _ => ErrorKind::Failed,
        };
        Self::because(statement, kind, error)
    }
}
