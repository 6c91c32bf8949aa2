//! The two engines behind one door: pools, the write transaction, migrations. Knows no word of the shop.
//!
//! - [`Store::write`] runs a closure in one write transaction, [`Store::read`] in a read-only one.
//! - [`Tx`] has the verbs; [`sql!`](crate::sql) makes the statements and [`binds!`](crate::binds) the values.
//! - [`migrate`] brings a database to this program's version; [`InstanceLock`] keeps two shops off one file.

mod error;
mod lock;
pub mod migrate;
mod pause;
mod postgres;
mod public_id;
mod session;
mod signal;
mod sql;
mod sqlite;
mod tx;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

pub use self::error::{ErrorKind, StoreError};
pub use self::lock::{InstanceLock, LockError};
#[cfg(feature = "chaos")]
pub use self::pause::Held;
pub use self::pause::PausePoints;
pub use self::public_id::{NotAnId, PublicId};
pub use self::session::{Notices, Session};
pub use self::signal::Signal;
use self::signal::Signals;
pub use self::sql::{
    BUCKETS_MICROS, Bind, FromColumn, FromRow, Row, Sql, Timing, ToBind, timings, used,
};
#[doc(hidden)]
pub use self::sql::{numbered, text};
pub use self::tx::Tx;
pub(crate) use self::tx::random_bytes;
use crate::clock::Clock;
use crate::meters;

/// What a transaction's closure answers with: a future that borrows the transaction only.
pub type TxFuture<'t, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>;

/// A transaction's body. It may run again, so it clones (or shares) its inputs for each run and draws time and chance
/// from the transaction.
pub trait Work<T, E>:
    for<'t, 'c> Fn(&'t mut Tx<'c>) -> TxFuture<'t, T, E> + Send + Sync + 'static
{
}
impl<T, E, F> Work<T, E> for F where
    F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> TxFuture<'t, T, E> + Send + Sync + 'static
{
}

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL address, which may hold a password.
    Postgres(String),
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Location::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Location::Postgres(_) => f.write_str("postgres://…"),
        }
    }
}

impl std::str::FromStr for Location {
    type Err = String;

    /// Reads `sqlite://FILE` or `postgres://…`.
    fn from_str(url: &str) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            if path.is_empty() {
                return Err(
                    "sqlite:// names no file, expected for example sqlite://kiosk.db".to_owned(),
                );
            }
            Ok(Location::Sqlite(PathBuf::from(path)))
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            postgres::options(url).map_err(|error| error.to_string())?;
            Ok(Location::Postgres(url.to_owned()))
        } else {
            let scheme = url
                .split("://")
                .next()
                .filter(|scheme| scheme.len() < url.len());
            Err(format!(
                "found {}, expected sqlite://FILE or postgres://USER@HOST/DATABASE",
                scheme.map_or_else(
                    || "no scheme".to_owned(),
                    |scheme| format!("the scheme {scheme}://")
                )
            ))
        }
    }
}

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    clock: Clock,
    points: Arc<PausePoints>,
    signals: Arc<Signals>,
}

enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(Box<postgres::Postgres>),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.inner.engine {
            Engine::Sqlite(_) => "Store(SQLite)",
            Engine::Postgres(_) => "Store(PostgreSQL)",
        })
    }
}

impl Store {
    /// Opens a migrated database. `connections` is the size of PostgreSQL's two pools, for writes and for reads.
    pub async fn open(
        location: &Location,
        connections: u32,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let points = Arc::new(PausePoints::default());
        let signals = Arc::new(Signals::default());
        let engine = match location {
            Location::Sqlite(path) => {
                Engine::Sqlite(sqlite::Sqlite::open(path, &clock, &points, &signals)?)
            }
            Location::Postgres(url) => Engine::Postgres(Box::new(
                postgres::Postgres::open(url, connections, &clock, &points, &signals).await?,
            )),
        };
        Ok(Self {
            inner: Arc::new(Inner {
                engine,
                clock,
                points,
                signals,
            }),
        })
    }

    /// Runs `work` in one write transaction named `name`. `Err` rolls everything back; what must be kept is an `Ok`.
    /// Nobody is answered before the commit.
    pub async fn write<T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: Work<T, E>,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.write_as(name, false, work).await
    }

    /// The same, ahead of everything else: for answers that have a deadline.
    pub async fn write_urgent<T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: Work<T, E>,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.write_as(name, true, work).await
    }

    pub(crate) async fn write_as<T, E, F>(
        &self,
        name: &'static str,
        urgent: bool,
        work: F,
    ) -> Result<T, E>
    where
        F: Work<T, E>,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let started = Instant::now();
        let (result, broke) = match &self.inner.engine {
            Engine::Sqlite(engine) => engine.write(name, urgent, work).await,
            Engine::Postgres(engine) => engine.write(name, urgent, work).await,
        };
        took(name, "write", &result, broke, started);
        result
    }

    /// Runs `work` read-only.
    pub async fn read<T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: Work<T, E>,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.look(name, false, work).await
    }

    /// Runs `work` read-only with all its statements on one snapshot.
    pub async fn snapshot<T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: Work<T, E>,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.look(name, true, work).await
    }

    async fn look<T, E, F>(&self, name: &'static str, snapshot: bool, work: F) -> Result<T, E>
    where
        F: Work<T, E>,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let started = Instant::now();
        let (result, broke) = match &self.inner.engine {
            // On SQLite every read is one snapshot.
            Engine::Sqlite(engine) => engine.read(name, work).await,
            Engine::Postgres(engine) => engine.read(name, snapshot, work).await,
        };
        took(name, "read", &result, broke, started);
        result
    }

    /// The clock that transactions take their time from.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// The pause points of this store.
    pub fn points(&self) -> &PausePoints {
        &self.inner.points
    }

    /// Returns when a committed transaction has raised `signal` since the last call.
    pub async fn signalled(&self, signal: Signal) {
        self.inner.signals.wait(signal).await;
    }

    /// Wakes whoever waits for `signal`.
    pub fn raise(&self, signal: Signal) {
        self.inner.signals.raise(1 << signal.0);
    }

    /// Whether several processes may share this database.
    pub fn is_shared(&self) -> bool {
        matches!(self.inner.engine, Engine::Postgres(_))
    }

    /// The SQLite file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match &self.inner.engine {
            Engine::Sqlite(engine) => Some(engine.path()),
            Engine::Postgres(_) => None,
        }
    }

    /// Measures the distance to the server's clock again. Nothing on SQLite.
    pub async fn measure_skew(&self) -> Result<(), StoreError> {
        match &self.inner.engine {
            Engine::Sqlite(_) => Ok(()),
            Engine::Postgres(engine) => engine.measure_skew().await,
        }
    }

    /// A PostgreSQL connection outside the pools, for locks that live as long as it does. `None` on SQLite.
    pub async fn session(&self) -> Result<Option<Session>, StoreError> {
        match &self.inner.engine {
            Engine::Sqlite(_) => Ok(None),
            Engine::Postgres(engine) => Ok(Some(engine.session().await?)),
        }
    }

    /// What the processes that share this database tell each other on `channel`, from now on. `None` on SQLite.
    pub async fn listen(&self, channel: &'static str) -> Result<Option<Notices>, StoreError> {
        match &self.inner.engine {
            Engine::Sqlite(_) => Ok(None),
            Engine::Postgres(engine) => Ok(Some(engine.listen(channel).await?)),
        }
    }

    /// Has nothing but what is stored now in the files of SQLite, where the write-ahead log keeps older pages for a while.
    /// False: others were in the way, and the log is overwritten in the course of time. Nothing on PostgreSQL.
    pub async fn cut_log(&self) -> Result<bool, StoreError> {
        let this = self.clone();
        let cut = tokio::task::spawn_blocking(move || match &this.inner.engine {
            Engine::Sqlite(engine) => engine.cut_log(),
            Engine::Postgres(_) => Ok(true),
        });
        cut.await
            .map_err(|error| StoreError::because("store.cut_log", ErrorKind::Failed, error))?
    }

    /// Finishes what is queued and closes.
    pub async fn close(&self) {
        match &self.inner.engine {
            Engine::Sqlite(_) => {
                let this = self.clone();
                // Joining the writer blocks until its last commit.
                let _ = tokio::task::spawn_blocking(move || {
                    if let Engine::Sqlite(engine) = &this.inner.engine {
                        engine.close();
                    }
                })
                .await;
            }
            Engine::Postgres(engine) => engine.close().await,
        }
    }

    /// Lets the SQLite database grow to `pages` pages and no further: for tests of a full disk.
    #[cfg(feature = "chaos")]
    pub async fn limit_pages(&self, pages: i64) -> Result<(), StoreError> {
        self.write("store.limit", move |tx| {
            Box::pin(async move { sqlite::limit_pages(tx, pages) })
        })
        .await
    }
}

/// Notes how a transaction went: what the shop's rules refused is no failure.
fn took<T, E>(
    name: &'static str,
    mode: &'static str,
    result: &Result<T, E>,
    broke: bool,
    started: Instant,
) {
    let outcome = match result {
        Ok(_) => "done",
        Err(_) if broke => "failed",
        Err(_) => "refused",
    };
    meters::TRANSACTION.since([name, mode, outcome], started);
}
