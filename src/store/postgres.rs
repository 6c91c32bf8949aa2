//! PostgreSQL by sqlx: short READ COMMITTED transactions, run again on conflict.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};

mod pool;

use self::pool::{Lent, Pool};
use super::Work;
use super::error::{ErrorKind, StoreError};
use super::pause::PausePoints;
use super::session::{Notices, Session};
use super::signal::Signals;
use super::tx::{Conn, Tally, Tx, random_bytes};
use crate::clock::{Clock, host_millis};
use crate::meters;

/// A closure runs at most this often before its conflict is reported.
const RUNS: u32 = 8;
/// Connections kept apart for pre-checkout, which has a deadline.
const URGENT_CONNECTIONS: u32 = 6;
/// How long a statement waits for a row lock before the closure runs again.
const LOCK_TIMEOUT: &str = "5s";
/// Our transactions wait for nothing but the database. One that rests for so long belongs to a process that hangs: the
/// server ends it, and with it the locks that everybody else waits for.
const IDLE_TIMEOUT: &str = "20s";

const BEGIN: &str = "BEGIN";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";
/// All statements of a snapshot see one state.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// What the server itself refuses to change on the readers' connections.
const READ_ONLY: (&str, &str) = ("default_transaction_read_only", "on");

/// A pool for writes, one for the urgent path, and one for reads, on which the server refuses writes.
pub(super) struct Postgres {
    options: PgConnectOptions,
    pool: Pool,
    urgent: Pool,
    readers: Pool,
    clock: Clock,
    points: Arc<PausePoints>,
    signals: Arc<Signals>,
}

impl Postgres {
    pub(super) async fn open(
        url: &str,
        connections: u32,
        clock: &Clock,
        points: &Arc<PausePoints>,
        signals: &Arc<Signals>,
    ) -> Result<Self, StoreError> {
        let options = options(url)?;
        let this = Self {
            pool: Pool::new(connections.max(1), options.clone()),
            urgent: Pool::new(URGENT_CONNECTIONS, options.clone()),
            readers: Pool::new(connections.max(1), options.clone().options([READ_ONLY])),
            options: options.clone(),
            clock: clock.clone(),
            points: points.clone(),
            signals: signals.clone(),
        };
        this.measure_skew().await?;
        Ok(this)
    }

    /// Takes the server's time as the common one: half the round trip is the uncertainty.
    pub(super) async fn measure_skew(&self) -> Result<(), StoreError> {
        const NOW: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
        let failed = |error| StoreError::postgres("store.clock", error);
        let mut lent = self.pool.lend().await.map_err(failed)?;
        let before = host_millis();
        let server: i64 = sqlx::query_scalar(NOW)
            .fetch_one(&mut *lent)
            .await
            .map_err(failed)?;
        let after = host_millis();
        lent.give_back();
        self.clock.set_skew(server - i64::midpoint(before, after));
        Ok(())
    }

    /// A connection of its own, for locks that live as long as it does.
    pub(super) async fn session(&self) -> Result<Session, StoreError> {
        Session::open(&self.options).await
    }

    /// A connection of its own, for what other processes tell.
    pub(super) async fn listen(&self, channel: &'static str) -> Result<Notices, StoreError> {
        Notices::open(&self.options, channel).await
    }

    pub(super) async fn write<T, E, F>(
        &self,
        name: &'static str,
        urgent: bool,
        work: F,
    ) -> (Result<T, E>, bool)
    where
        F: Work<T, E>,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let pool = if urgent { &self.urgent } else { &self.pool };
        let mut run = 1;
        loop {
            match self.attempt(pool, name, &work).await {
                Attempt::Done(result, broke) => return (result, broke),
                Attempt::Again(error) if run >= RUNS => return (Err(E::from(error)), true),
                Attempt::Again(_) => {
                    meters::RETRIES.count([name]);
                    tokio::time::sleep(pause_before(run)).await;
                    run += 1;
                }
            }
        }
    }

    async fn attempt<T, E, F>(&self, pool: &Pool, name: &'static str, work: &F) -> Attempt<T, E>
    where
        F: Work<T, E>,
        E: From<StoreError>,
    {
        let broken = |error| Attempt::Done(Err(E::from(StoreError::postgres(name, error))), true);
        let mut lent = match begin(pool, BEGIN).await {
            Ok(lent) => lent,
            Err(error) => return broken(error),
        };
        let mut tx = Tx {
            conn: Conn::Postgres(&mut lent),
            now: self.clock.now(),
            read_only: false,
            failure: None,
            points: &self.points,
            signals: 0,
            tally: Tally::default(),
        };
        let ran = AssertUnwindSafe(work(&mut tx)).catch_unwind().await;
        let (failure, signals, tally) = (tx.failure.take(), tx.signals, tx.tally);
        let broke = failure.is_some() || ran.is_err();
        let result = match (failure, ran) {
            (Some(failure), _) if failure.kind == ErrorKind::Conflict => {
                roll_back(lent).await;
                return Attempt::Again(failure);
            }
            (_, Err(_panic)) => Err(E::from(StoreError::new(name, ErrorKind::Panicked))),
            // A closure must not turn a failed statement into a success.
            (Some(failure), Ok(Ok(_))) => Err(E::from(failure)),
            (_, Ok(result)) => result,
        };
        if result.is_err() {
            roll_back(lent).await;
            return Attempt::Done(result, broke);
        }
        match run(&mut lent, COMMIT).await {
            Ok(()) => {
                lent.give_back();
                self.signals.raise(signals);
                tally.count();
                Attempt::Done(result, false)
            }
            Err(error) => {
                // A refused commit has ended the transaction; how one ended that got no answer is unknown.
                let error = StoreError::postgres(name, error);
                if error.kind == ErrorKind::Conflict {
                    lent.give_back();
                    Attempt::Again(error)
                } else {
                    Attempt::Done(Err(E::from(error)), true)
                }
            }
        }
    }

    /// A read: each statement sees what is committed at its start; with `snapshot` all see the same. Nothing is lost by
    /// another run on a fresh connection when the first one turns out to be dead.
    pub(super) async fn read<T, E, F>(
        &self,
        name: &'static str,
        snapshot: bool,
        work: F,
    ) -> (Result<T, E>, bool)
    where
        F: Work<T, E>,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (result, failure) = self.look(name, snapshot, &work).await;
        if !failure.is_some_and(|kind| kind == ErrorKind::Gone) {
            return (result, failure.is_some());
        }
        self.readers.distrust();
        let (result, failure) = self.look(name, snapshot, &work).await;
        (result, failure.is_some())
    }

    /// The answer, and what failed on the way to it.
    async fn look<T, E, F>(
        &self,
        name: &'static str,
        snapshot: bool,
        work: &F,
    ) -> (Result<T, E>, Option<ErrorKind>)
    where
        F: Work<T, E>,
        E: From<StoreError>,
    {
        let lent = if snapshot {
            begin(&self.readers, SNAPSHOT).await
        } else {
            self.readers.lend().await
        };
        let mut lent = match lent {
            Ok(lent) => lent,
            Err(error) => {
                let error = StoreError::postgres(name, error);
                let kind = error.kind;
                return (Err(E::from(error)), Some(kind));
            }
        };
        let mut tx = Tx {
            conn: Conn::Postgres(&mut lent),
            now: self.clock.now(),
            read_only: true,
            failure: None,
            points: &self.points,
            signals: 0,
            tally: Tally::default(),
        };
        let ran = AssertUnwindSafe(work(&mut tx)).catch_unwind().await;
        let failure = tx.failure.take();
        let kind = failure.as_ref().map(|failure| failure.kind);
        match (kind, snapshot) {
            (Some(ErrorKind::Gone), _) => drop(lent),
            (_, true) => roll_back(lent).await,
            (_, false) => lent.give_back(),
        }
        match (failure, ran) {
            (_, Err(_panic)) => {
                let panicked = StoreError::new(name, ErrorKind::Panicked);
                (Err(E::from(panicked)), Some(ErrorKind::Panicked))
            }
            (Some(failure), Ok(Ok(_))) => (Err(E::from(failure)), kind),
            (_, Ok(result)) => (result, kind),
        }
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
        self.urgent.close().await;
        self.readers.close().await;
    }
}

/// A connection with a transaction begun on it. A connection that died while it was idle is found here, before anything
/// was done: then the next one is fresh.
async fn begin<'p>(pool: &'p Pool, statement: &'static str) -> Result<Lent<'p>, sqlx::Error> {
    let mut lent = pool.lend().await?;
    if run(&mut lent, statement).await.is_ok() {
        return Ok(lent);
    }
    drop(lent);
    pool.distrust();
    let mut lent = pool.lend().await?;
    run(&mut lent, statement).await?;
    Ok(lent)
}

/// Ends a transaction of which nothing is to stay, and gives the connection back. One that does not answer is closed.
async fn roll_back(mut lent: Lent<'_>) {
    if run(&mut lent, ROLLBACK).await.is_ok() {
        lent.give_back();
    }
}

/// By the simple protocol, which takes one message each way.
async fn run(conn: &mut PgConnection, statement: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(statement).execute(conn).await.map(|_| ())
}

enum Attempt<T, E> {
    /// The answer, and whether a statement failed.
    Done(Result<T, E>, bool),
    Again(StoreError),
}

/// 5 ms, 10, 20, … up to 320, each with as much again by chance, so that rivals part.
fn pause_before(run: u32) -> Duration {
    let base = 5_u64 << run.min(6).saturating_sub(1);
    let chance = random_bytes::<1>().map_or(0, |byte| u64::from(byte[0]));
    Duration::from_millis(base + base * chance / 255)
}

pub(super) fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let options: PgConnectOptions = url
        .parse()
        .map_err(|error| StoreError::postgres("store.open", error))?;
    Ok(options
        .application_name("kiosk")
        // Statements are timed and named by the transaction; their texts are in the source.
        .disable_statement_logging()
        .options([
            ("lock_timeout", LOCK_TIMEOUT),
            ("idle_in_transaction_session_timeout", IDLE_TIMEOUT),
        ]))
}
