//! SQLite by rusqlite: one writer thread with group commit, a few readers, checkpoints beside them.

mod checkpoint;
mod readers;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

use self::checkpoint::Checkpointer;
use self::readers::Readers;
use self::writer::{Answer, Closure, Job, Writer};
use super::error::{ErrorKind, StoreError};
use super::pause::PausePoints;
use super::signal::Signals;
use super::tx::{Conn, Tally, Tx};
use super::{TxFuture, Work};
use crate::clock::Clock;

/// Read-only connections. Two cores answer what a shop asks.
const READERS: usize = 2;
/// How long a write waits for another process (an import, a backup) to let go of the lock.
const BUSY: Duration = Duration::from_secs(5);
/// How often it looks. An import lets go for 2 ms only: SQLite's own handler, which soon sleeps for 100 ms, misses that
/// again and again, and sales wait for a second meanwhile.
const BUSY_LOOK: Duration = Duration::from_micros(500);
/// More than the program's statements, so that each is parsed once.
const CACHED_STATEMENTS: usize = 512;

/// An open SQLite database.
pub(super) struct Sqlite {
    path: PathBuf,
    writer: Writer,
    readers: Readers,
    signals: Arc<Signals>,
}

impl Sqlite {
    /// Opens `path`, which must have been migrated.
    pub(super) fn open(
        path: &Path,
        clock: &Clock,
        points: &Arc<PausePoints>,
        signals: &Arc<Signals>,
    ) -> Result<Self, StoreError> {
        let thread =
            |error: std::io::Error| StoreError::because("store.open", ErrorKind::Failed, error);
        let conn = connect(path)?;
        let checkpointer = Checkpointer::start(connect(path)?, wal_path(path)).map_err(thread)?;
        let readers = (0..READERS)
            .map(|_| connect_read_only(path))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            path: path.to_owned(),
            signals: signals.clone(),
            writer: Writer::start(conn, clock.clone(), points.clone(), checkpointer)
                .map_err(thread)?,
            readers: Readers::start(readers, clock, points).map_err(thread)?,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) async fn write<T, E, F>(
        &self,
        name: &'static str,
        urgent: bool,
        work: F,
    ) -> Answer<T, E>
    where
        F: Work<T, E>,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        self.writer.submit(
            Box::new(Closure {
                name,
                work,
                result: None,
                failure: None,
                caller,
                signals: self.signals.clone(),
                raised: 0,
                tally: Tally::default(),
            }),
            urgent,
        );
        answer
            .await
            .unwrap_or_else(|_| (Err(E::from(StoreError::new(name, ErrorKind::Closed))), true))
    }

    pub(super) async fn read<T, E, F>(&self, name: &'static str, work: F) -> Answer<T, E>
    where
        F: Work<T, E>,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        self.readers.submit(Box::new(ReadJob(Closure {
            name,
            work,
            result: None,
            failure: None,
            caller,
            signals: self.signals.clone(),
            raised: 0,
            tally: Tally::default(),
        })));
        answer
            .await
            .unwrap_or_else(|_| (Err(E::from(StoreError::new(name, ErrorKind::Closed))), true))
    }

    /// Cuts the write-ahead log off, by a connection of its own. Blocks.
    pub(super) fn cut_log(&self) -> Result<bool, StoreError> {
        let failed = |error| StoreError::sqlite("store.cut_log", error);
        checkpoint::cut(&connect(&self.path)?).map_err(failed)
    }

    pub(super) fn close(&self) {
        self.writer.close();
        self.readers.close();
    }
}

impl Drop for Sqlite {
    /// Nobody is left to ask: the threads end. Not joined, for this may be one of them.
    fn drop(&mut self) {
        self.writer.refuse();
        self.readers.close();
    }
}

/// A read is a closure whose transaction refuses to write.
struct ReadJob<T, E, F>(Closure<T, E, F>);

impl<T, E, F> Job for ReadJob<T, E, F>
where
    F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> TxFuture<'t, T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    fn name(&self) -> &'static str {
        self.0.name
    }

    fn failure(&self) -> Option<&StoreError> {
        self.0.failure.as_ref()
    }

    fn run(&mut self, conn: &mut Connection, clock: &Clock, points: &PausePoints) -> bool {
        let mut tx = Tx {
            conn: Conn::Sqlite(conn),
            now: clock.now(),
            read_only: true,
            failure: None,
            points,
            signals: 0,
            tally: Tally::default(),
        };
        self.0.result = Some(writer::poll_once(self.0.name, &self.0.work, &mut tx));
        self.0.failure = tx.failure;
        false
    }

    fn answer(self: Box<Self>, failure: Option<&StoreError>) {
        Box::new(self.0).answer(failure);
    }
}

fn wal_path(path: &Path) -> PathBuf {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    PathBuf::from(wal)
}

/// Waits a little for a lock that another process holds; false gives up. `looks` is how often it was looked already.
#[expect(
    clippy::disallowed_methods,
    reason = "SQLite calls this from inside a statement, on a thread of its own, and offers nothing else to wait for"
)]
fn look_again(looks: i32) -> bool {
    std::thread::sleep(BUSY_LOOK);
    BUSY_LOOK * looks.unsigned_abs() < BUSY
}

/// A connection that may write: WAL, every commit synced, foreign keys on.
pub(super) fn connect(path: &Path) -> Result<Connection, StoreError> {
    let open = || -> rusqlite::Result<Connection> {
        let conn = Connection::open(path)?;
        conn.busy_handler(Some(look_again))?;
        conn.pragma_update(None, "journal_mode", "wal")?;
        settings(&conn)?;
        Ok(conn)
    };
    let conn = open().map_err(|error| StoreError::sqlite("store.open", error))?;
    let (mode, synchronous, foreign_keys) =
        pragmas(&conn).map_err(|e| StoreError::sqlite("store.open", e))?;
    if mode != "wal" || synchronous != 2 || !foreign_keys {
        let found =
            format!("journal_mode={mode} synchronous={synchronous} foreign_keys={foreign_keys}");
        return Err(StoreError::because("store.open", ErrorKind::Failed, found));
    }
    Ok(conn)
}

fn connect_read_only(path: &Path) -> Result<Connection, StoreError> {
    let open = || -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags)?;
        conn.busy_handler(Some(look_again))?;
        settings(&conn)?;
        Ok(conn)
    };
    open().map_err(|error| StoreError::sqlite("store.open", error))
}

fn settings(conn: &Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "synchronous", "full")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    // What is deleted or replaced is overwritten with zeros: who is erased is gone from the file, too.
    conn.pragma_update(None, "secure_delete", true)?;
    // A savepoint's journal would otherwise be a file: half of the writer's time.
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    // Negative is KiB: enough for the hot pages of a million orders, little enough for a small machine.
    conn.pragma_update(None, "cache_size", -4_096)?;
    conn.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    // A plan never depends on what is bound. Otherwise SQLite may plan a statement anew each time that it is bound.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn pragmas(conn: &Connection) -> rusqlite::Result<(String, i64, bool)> {
    Ok((
        conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?,
        conn.pragma_query_value(None, "synchronous", |row| row.get(0))?,
        conn.pragma_query_value(None, "foreign_keys", |row| row.get(0))?,
    ))
}

/// For tests of a database that can't grow: the size limit of new connections can't be shared, so the writer sets it.
#[cfg(feature = "chaos")]
pub(super) fn limit_pages(tx: &mut Tx<'_>, pages: i64) -> Result<(), StoreError> {
    match &mut tx.conn {
        Conn::Sqlite(conn) => conn
            .pragma_update(None, "max_page_count", pages)
            .map_err(|error| StoreError::sqlite("store.limit", error)),
        Conn::Postgres(_) => Ok(()),
    }
}
