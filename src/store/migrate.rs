//! Migrations: two folders of SQL, embedded. sqlx runs them on PostgreSQL; on SQLite a small runner does the same over
//! the same table, each migration in one transaction.
//!
//! While versions change, the older program goes on beside the newer one, and may have to come back. So a migration that
//! only adds (tables, indexes, columns that may be left out, transitions) has a name that begins with `adds`, such as
//! `0005_adds_messengers.sql`: a program that does not know it runs on. Any other later migration is refused.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use sqlx::Connection as _;
use sqlx::migrate::{Migrate, MigrateError as SqlxError, Migrator};

use super::error::{ErrorKind, StoreError};
use super::{Location, postgres, sqlite};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

const TABLE: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version INTEGER PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success INTEGER NOT NULL,
    checksum BLOB NOT NULL,
    execution_time INTEGER NOT NULL
)";

/// Why a database can't be brought to this program's version.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A later program has migrated it.
    #[error(
        "the database is newer than this program (it has migration {found}, this program knows up to {known}): \
         use the newer kiosk, or restore the backup made before it"
    )]
    Newer {
        /// The highest version in the database.
        found: i64,
        /// The highest version in the program.
        known: i64,
    },
    /// An applied migration has another text than ours.
    #[error(
        "migration {version} of the database is not this program's: it was edited, or the database is another program's"
    )]
    Changed {
        /// The migration.
        version: i64,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One migration and whether it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its number.
    pub version: i64,
    /// Its file's name in words.
    pub description: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// The program's migrations and which of them the database has. Changes nothing.
pub async fn status(location: &Location) -> Result<Vec<Step>, MigrateError> {
    let (migrator, applied) = match location {
        Location::Sqlite(path) => (&SQLITE, sqlite_applied(path)?),
        Location::Postgres(url) => (&POSTGRES, postgres_applied(url).await?),
    };
    check(migrator, &applied)?;
    Ok(migrator
        .iter()
        .map(|step| Step {
            version: step.version,
            description: step.description.to_string(),
            applied: applied.iter().any(|it| it.version == step.version),
        })
        .collect())
}

/// Applies what is missing. Returns how many it applied.
pub async fn run(location: &Location) -> Result<usize, MigrateError> {
    let missing = status(location)
        .await?
        .iter()
        .filter(|step| !step.applied)
        .count();
    if missing == 0 {
        return Ok(0);
    }
    match location {
        Location::Sqlite(path) => run_sqlite(path)?,
        Location::Postgres(url) => run_postgres(url).await?,
    }
    Ok(missing)
}

/// A migration that the database has.
#[derive(sqlx::FromRow)]
struct Applied {
    version: i64,
    description: String,
    checksum: Vec<u8>,
}

/// How the description of a migration begins beside which older programs run on.
const ADDS: &str = "adds ";

fn check(migrator: &Migrator, applied: &[Applied]) -> Result<(), MigrateError> {
    let known = migrator.iter().map(|step| step.version).max().unwrap_or(0);
    for Applied {
        version,
        description,
        checksum,
    } in applied
    {
        if *version > known {
            if description.starts_with(ADDS) {
                continue;
            }
            let found = *version;
            return Err(MigrateError::Newer { found, known });
        }
        let same = migrator
            .iter()
            .any(|step| step.version == *version && step.checksum[..] == checksum[..]);
        if !same {
            return Err(MigrateError::Changed { version: *version });
        }
    }
    Ok(())
}

fn sqlite_applied(path: &Path) -> Result<Vec<Applied>, StoreError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let read = || -> rusqlite::Result<Vec<Applied>> {
        let conn = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let table = conn
            .query_row(
                "SELECT 1 FROM sqlite_master WHERE name = '_sqlx_migrations'",
                [],
                |_| Ok(()),
            )
            .optional()?;
        if table.is_none() {
            return Ok(Vec::new());
        }
        conn.prepare(
            "SELECT version, description, checksum FROM _sqlx_migrations ORDER BY version DESC",
        )?
        .query_map([], |row| {
            Ok(Applied {
                version: row.get(0)?,
                description: row.get(1)?,
                checksum: row.get(2)?,
            })
        })?
        .collect()
    };
    read().map_err(|error| StoreError::sqlite("store.migrate.status", error))
}

fn run_sqlite(path: &Path) -> Result<(), MigrateError> {
    let mut conn = sqlite::connect(path)?;
    for step in SQLITE.iter() {
        let apply = |conn: &mut Connection| -> rusqlite::Result<()> {
            let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            tx.execute_batch(TABLE)?;
            let done = tx
                .query_row(
                    "SELECT 1 FROM _sqlx_migrations WHERE version = ?1",
                    [step.version],
                    |_| Ok(()),
                )
                .optional()?;
            if done.is_none() {
                tx.execute_batch(step.sql.as_str())?;
                tx.execute(
                    "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                     VALUES (?1, ?2, 1, ?3, 0)",
                    rusqlite::params![step.version, step.description, &step.checksum[..]],
                )?;
            }
            tx.commit()
        };
        apply(&mut conn).map_err(|error| StoreError::sqlite("store.migrate", error))?;
    }
    Ok(())
}

async fn postgres_applied(url: &str) -> Result<Vec<Applied>, StoreError> {
    const TABLE: &str = "SELECT COUNT(*) FROM information_schema.tables
        WHERE table_schema = current_schema() AND table_name = '_sqlx_migrations'";
    const APPLIED: &str =
        "SELECT version, description, checksum FROM _sqlx_migrations ORDER BY version DESC";
    let failed = |error| StoreError::postgres("store.migrate.status", error);
    let mut conn = connect(url).await?;
    let tables: i64 = sqlx::query_scalar(TABLE)
        .fetch_one(&mut conn)
        .await
        .map_err(failed)?;
    if tables == 0 {
        return Ok(Vec::new());
    }
    sqlx::query_as(APPLIED)
        .fetch_all(&mut conn)
        .await
        .map_err(failed)
}

async fn run_postgres(url: &str) -> Result<(), MigrateError> {
    let mut conn = connect(url).await?;
    // Its advisory lock lets one of several processes migrate and the others wait.
    conn.lock().await.map_err(|error| migrate_failed(&error))?;
    let result = POSTGRES.run_direct(None, &mut conn, false).await;
    let _ = conn.unlock().await;
    let _ = conn.close().await;
    result.map_err(|error| migrate_failed(&error).into())
}

async fn connect(url: &str) -> Result<sqlx::PgConnection, StoreError> {
    let options = postgres::options(url)?;
    sqlx::PgConnection::connect_with(&options)
        .await
        .map_err(|error| StoreError::postgres("store.migrate", error))
}

fn migrate_failed(error: &SqlxError) -> StoreError {
    StoreError::because("store.migrate", ErrorKind::Failed, error.to_string())
}
