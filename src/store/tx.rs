//! The write transaction: one door to both engines, with few verbs, its own time and its own chance.

use std::time::Instant;

use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::{Arguments, Executor};

use super::error::{ErrorKind, StoreError};
use super::pause::PausePoints;
use super::signal::Signal;
use super::sql::{Bind, FromRow, Row, RowOf, Sql};
use crate::clock::Millis;
use crate::meters::Count;

/// A transaction (or a read) under way. Use-cases borrow it; only the store makes one.
///
/// After a failed statement every later verb returns the same error and the transaction rolls back, whatever the
/// closure answers: PostgreSQL would refuse them anyway, and on SQLite a full disk may have ended the batch under us.
pub struct Tx<'c> {
    pub(super) conn: Conn<'c>,
    pub(super) now: Millis,
    pub(super) read_only: bool,
    pub(super) failure: Option<StoreError>,
    pub(super) points: &'c PausePoints,
    /// Bits of the [`Signal`]s to raise after the commit.
    pub(super) signals: u8,
    /// What to count after the commit.
    pub(super) tally: Tally,
}

/// What a transaction has done that is counted once it is committed, and only then.
#[derive(Debug, Default)]
pub(super) struct Tally(Vec<(&'static Count, u64)>);

impl Tally {
    pub(super) fn count(self) {
        for (count, by) in self.0 {
            count.add(by);
        }
    }
}

pub(super) enum Conn<'c> {
    Sqlite(&'c mut rusqlite::Connection),
    Postgres(&'c mut PgConnection),
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx")
            .field("now", &self.now)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

impl Tx<'_> {
    /// The transaction's time: the same for all its statements.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// Fresh random bytes. A closure that runs again draws new ones.
    pub fn random<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        random_bytes()
    }

    /// Whether this runs on PostgreSQL, where rows must be locked.
    pub fn is_postgres(&self) -> bool {
        matches!(self.conn, Conn::Postgres(_))
    }

    /// Changes rows and tells how many.
    pub async fn execute(
        &mut self,
        sql: &'static Sql,
        binds: &[Bind<'_>],
    ) -> Result<u64, StoreError> {
        if self.read_only {
            return Err(self.fail(StoreError::new(sql.name, ErrorKind::ReadOnly)));
        }
        self.check()?;
        let started = Instant::now();
        let result = match &mut self.conn {
            Conn::Sqlite(conn) => conn
                .prepare_cached(sql.sqlite)
                .and_then(|mut statement| statement.execute(rusqlite::params_from_iter(binds)))
                .map(|rows| rows as u64)
                .map_err(|error| StoreError::sqlite(sql.name, error)),
            Conn::Postgres(conn) => match arguments(sql.name, binds) {
                Ok(arguments) => conn
                    .execute(sqlx::query_with(sql.postgres, arguments))
                    .await
                    .map(|done| done.rows_affected())
                    .map_err(|error| StoreError::postgres(sql.name, error)),
                Err(error) => Err(error),
            },
        };
        sql.took(started.elapsed());
        result.map_err(|error| self.fail(error))
    }

    /// All rows of a query or of a `RETURNING`.
    pub async fn all<T: FromRow>(
        &mut self,
        sql: &'static Sql,
        binds: &[Bind<'_>],
    ) -> Result<Vec<T>, StoreError> {
        self.check()?;
        let started = Instant::now();
        let result = match &mut self.conn {
            Conn::Sqlite(conn) => sqlite_rows(conn, sql, binds),
            Conn::Postgres(conn) => postgres_rows(conn, sql, binds).await,
        };
        sql.took(started.elapsed());
        result.map_err(|error| self.fail(error))
    }

    /// The first row, if any.
    pub async fn optional<T: FromRow>(
        &mut self,
        sql: &'static Sql,
        binds: &[Bind<'_>],
    ) -> Result<Option<T>, StoreError> {
        Ok(self.all(sql, binds).await?.into_iter().next())
    }

    /// The row that must be there.
    pub async fn one<T: FromRow>(
        &mut self,
        sql: &'static Sql,
        binds: &[Bind<'_>],
    ) -> Result<T, StoreError> {
        match self.optional(sql, binds).await? {
            Some(row) => Ok(row),
            None => Err(self.fail(StoreError::new(sql.name, ErrorKind::NoRow))),
        }
    }

    /// Wakes whoever waits for `signal`, once this transaction is committed.
    pub fn raise(&mut self, signal: Signal) {
        self.signals |= 1 << signal.0;
    }

    /// Counts `by` more, once this transaction is committed.
    pub fn tally(&mut self, count: &'static Count, by: i64) {
        self.tally.0.push((count, by.max(0) as u64));
    }

    /// A place where a test may hold this transaction and run a rival. On SQLite transactions are serial, so it is
    /// passed at once.
    pub async fn pause(&mut self, point: &'static str) {
        if self.is_postgres() {
            self.points.pass(point).await;
        }
    }

    fn check(&self) -> Result<(), StoreError> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    pub(super) fn fail(&mut self, error: StoreError) -> StoreError {
        self.failure.get_or_insert(error).clone()
    }
}

/// Random bytes from the operating system.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| StoreError::because("random", ErrorKind::Failed, error))?;
    Ok(bytes)
}

fn sqlite_rows<T: FromRow>(
    conn: &rusqlite::Connection,
    sql: &'static Sql,
    binds: &[Bind<'_>],
) -> Result<Vec<T>, StoreError> {
    let failed = |error| StoreError::sqlite(sql.name, error);
    let mut statement = conn.prepare_cached(sql.sqlite).map_err(failed)?;
    let mut rows = statement
        .query(rusqlite::params_from_iter(binds))
        .map_err(failed)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        all.push(T::from_row(&Row {
            statement: sql.name,
            inner: RowOf::Sqlite(row),
        })?);
    }
    Ok(all)
}

async fn postgres_rows<T: FromRow>(
    conn: &mut PgConnection,
    sql: &'static Sql,
    binds: &[Bind<'_>],
) -> Result<Vec<T>, StoreError> {
    let arguments = arguments(sql.name, binds)?;
    let rows: Vec<PgRow> = conn
        .fetch_all(sqlx::query_with(sql.postgres, arguments))
        .await
        .map_err(|error| StoreError::postgres(sql.name, error))?;
    rows.iter()
        .map(|row| {
            T::from_row(&Row {
                statement: sql.name,
                inner: RowOf::Postgres(row),
            })
        })
        .collect()
}

fn arguments(statement: &'static str, binds: &[Bind<'_>]) -> Result<PgArguments, StoreError> {
    let mut arguments = PgArguments::default();
    for bind in binds {
        match *bind {
            Bind::Int(value) => arguments.add(value),
            Bind::Text(value) => arguments.add(value.map(str::to_owned)),
            Bind::Bytes(value) => arguments.add(value.map(<[u8]>::to_vec)),
            Bind::Bool(value) => arguments.add(value),
        }
        .map_err(|error| StoreError::because(statement, ErrorKind::Failed, error))?;
    }
    Ok(arguments)
}
