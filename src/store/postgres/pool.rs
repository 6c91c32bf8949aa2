//! Connections, lent one at a time. sqlx's own pool asks the server on each lending and each return whether the
//! connection lives: two round trips beside a read of one. Here a connection that turns out to be dead is found by the
//! first statement on it, and the caller runs again on a fresh one.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

/// How long a caller waits for a free connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// A connection is replaced after this time: what a server keeps for one only grows.
const LIFE: Duration = Duration::from_mins(30);

#[derive(Debug)]
pub(super) struct Pool {
    options: PgConnectOptions,
    permits: Semaphore,
    idle: Mutex<Vec<Open>>,
}

#[derive(Debug)]
struct Open {
    conn: PgConnection,
    since: Instant,
}

/// A connection on loan. One that is not given back is closed: whoever was interrupted left it in an unknown state.
#[derive(Debug)]
pub(super) struct Lent<'p> {
    pool: &'p Pool,
    open: Open,
    permit: SemaphorePermit<'p>,
}

impl Pool {
    /// At most `size` connections, each opened when it is needed.
    pub(super) fn new(size: u32, options: PgConnectOptions) -> Self {
        Self {
            options,
            permits: Semaphore::new(size as usize),
            idle: Mutex::default(),
        }
    }

    /// A connection, as soon as one is free.
    pub(super) async fn lend(&self) -> Result<Lent<'_>, sqlx::Error> {
        let lend = async {
            let closed = |_| sqlx::Error::PoolClosed;
            let permit = self.permits.acquire().await.map_err(closed)?;
            let idle = self.idle().pop();
            let open = match idle {
                Some(open) => open,
                None => Open {
                    conn: PgConnection::connect_with(&self.options).await?,
                    since: Instant::now(),
                },
            };
            Ok(Lent {
                pool: self,
                open,
                permit,
            })
        };
        tokio::time::timeout(PATIENCE, lend)
            .await
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    /// Forgets the idle connections: one of theirs was dead, so the others may be, too.
    pub(super) fn distrust(&self) {
        self.idle().clear();
    }

    /// Lends nothing any more, and closes what is idle.
    pub(super) async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle());
        for open in idle {
            // The server notices a closed socket, too.
            let _ = open.conn.close().await;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Open>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent<'_> {
    /// Back into the pool, with no transaction on it and no answer outstanding.
    pub(super) fn give_back(self) {
        if self.open.since.elapsed() < LIFE && !self.pool.permits.is_closed() {
            self.pool.idle().push(self.open);
        }
        drop(self.permit);
    }
}

impl Deref for Lent<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.open.conn
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.open.conn
    }
}
