//! PostgreSQL connections that live long: one whose advisory locks end with it, and one that hears what other processes
//! tell.

use std::future::Future;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{Connection, PgConnection};

use super::error::{ErrorKind, StoreError};

/// How sessions are known to each other among the server's connections.
const NAME: &str = "kiosk session";
/// A server that has not answered for so long has lost us.
const PATIENCE: Duration = Duration::from_secs(5);

/// A PostgreSQL session of its own: its advisory locks end with it.
#[derive(Debug)]
pub struct Session {
    conn: PgConnection,
}

impl Session {
    pub(super) async fn open(options: &PgConnectOptions) -> Result<Self, StoreError> {
        let options = options.clone().application_name(NAME);
        let conn = timely("store.session", PgConnection::connect_with(&options)).await?;
        Ok(Self { conn })
    }

    /// Takes the advisory lock `key` if it is free.
    pub async fn try_lock(&mut self, key: i64) -> Result<bool, StoreError> {
        const LOCK: &str = "SELECT pg_try_advisory_lock($1)";
        let lock = sqlx::query_scalar(LOCK).bind(key);
        timely("store.session.lock", lock.fetch_one(&mut self.conn)).await
    }

    /// Gives the advisory lock `key` back.
    pub async fn unlock(&mut self, key: i64) -> Result<(), StoreError> {
        const UNLOCK: &str = "SELECT pg_advisory_unlock($1)";
        let unlock = sqlx::query(UNLOCK).bind(key);
        timely("store.session.unlock", unlock.execute(&mut self.conn))
            .await
            .map(|_| ())
    }

    /// Whether the session, and with it its locks, still lives.
    pub async fn is_alive(&mut self) -> bool {
        timely("store.session.ping", self.conn.ping()).await.is_ok()
    }

    /// Ends the other sessions on this database that have asked nothing for `silence`: their processes hang, or their
    /// machines are gone. Returns how many.
    pub async fn end_silent(&mut self, silence: Duration) -> Result<i64, StoreError> {
        const END: &str = "SELECT COUNT(*) FROM (
                SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
                WHERE application_name = $1 AND datname = current_database() AND usename = current_user
                AND pid <> pg_backend_pid() AND state_change <= clock_timestamp() - make_interval(secs => $2)
            ) AS silent WHERE ended";
        let end = sqlx::query_scalar(END)
            .bind(NAME)
            .bind(silence.as_secs_f64());
        timely("store.session.end_silent", end.fetch_one(&mut self.conn)).await
    }
}

/// What the processes that share a database tell each other on one channel.
#[derive(Debug)]
pub struct Notices {
    listener: PgListener,
}

impl Notices {
    pub(super) async fn open(
        options: &PgConnectOptions,
        channel: &'static str,
    ) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .connect_lazy_with(options.clone());
        let open = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(channel).await?;
            Ok(listener)
        };
        let listener = timely("store.listen", open).await?;
        Ok(Self { listener })
    }

    /// The next notice. It connects again by itself; what was told meanwhile is lost, so nobody may rely on it alone.
    pub async fn next(&mut self) -> Result<String, StoreError> {
        let notice = self.listener.recv().await;
        notice
            .map(|notice| notice.payload().to_owned())
            .map_err(|error| StoreError::postgres("store.listen", error))
    }
}

/// An answer of the server, unless it takes too long.
async fn timely<T>(
    name: &'static str,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => answer.map_err(|error| StoreError::postgres(name, error)),
        Err(_) => Err(StoreError::because(name, ErrorKind::Gone, "no answer")),
    }
}
