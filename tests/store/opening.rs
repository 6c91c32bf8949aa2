//! Opening: migrations, the lock file, read-only files, and the meters of statements.

use std::io::{Seek, SeekFrom, Write};

use kiosk::store::migrate::{self, MigrateError};
use kiosk::store::{ErrorKind, InstanceLock, Location, LockError, Store, StoreError, timings};
use kiosk::{binds, sql};

use crate::on_both_engines;
use crate::store::{clock, names, written};
use crate::support::db::TestDb;

sql! {
    FROM_THE_FUTURE = "test.from_the_future",
        sqlite: "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (9999, 'a later one', 1, x'00', 0)",
        postgres: "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (9999, 'a later one', TRUE, '\\x00', 0)";
    MORE_FROM_THE_FUTURE = "test.more_from_the_future",
        sqlite: "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (9998, 'adds what a later one needs', 1, x'00', 0)",
        postgres: "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (9998, 'adds what a later one needs', TRUE, '\\x00', 0)";
}
sql! {
    EDITED = "test.edited", "UPDATE _sqlx_migrations SET checksum = $1 WHERE version = 1";
    METERED = "test.metered", "SELECT COUNT(*) FROM cursors";
}

on_both_engines! {
    async fn migrations_apply_once(db: TestDb) {
        assert_eq!(migrate::run(db.location()).await.unwrap(), 0);
        let steps = migrate::status(db.location()).await.unwrap();
        assert!(!steps.is_empty() && steps.iter().all(|step| step.applied));
    }

    async fn a_database_of_a_later_program_is_refused(db: TestDb) {
        let store = db.store(&clock()).await;
        store
            .write("test.future", |tx| {
                Box::pin(async move { tx.execute(&FROM_THE_FUTURE, binds![]).await })
            })
            .await
            .unwrap();
        store.close().await;
        let refused = migrate::run(db.location()).await;
        assert!(matches!(refused, Err(MigrateError::Newer { found: 9999, .. })), "{refused:?}");
    }

    async fn a_later_program_that_only_added_something_is_no_hindrance(db: TestDb) {
        let store = db.store(&clock()).await;
        store
            .write("test.future", |tx| {
                Box::pin(async move { tx.execute(&MORE_FROM_THE_FUTURE, binds![]).await })
            })
            .await
            .unwrap();
        store.close().await;
        assert_eq!(migrate::run(db.location()).await.unwrap(), 0);
    }

    async fn a_migration_that_is_not_ours_is_refused(db: TestDb) {
        let store = db.store(&clock()).await;
        store
            .write("test.edited", |tx| {
                Box::pin(async move { tx.execute(&EDITED, binds![[0_u8; 32]]).await })
            })
            .await
            .unwrap();
        store.close().await;
        let refused = migrate::status(db.location()).await;
        assert!(matches!(refused, Err(MigrateError::Changed { version: 1 })), "{refused:?}");
    }

    async fn a_statement_is_counted_and_timed(db: TestDb) {
        let store = db.store(&clock()).await;
        let of = || {
            timings()
                .into_iter()
                .find(|timing| timing.name == "test.metered")
                .map_or((0, 0, 0), |timing| (timing.count, timing.nanos, timing.buckets[9]))
        };
        let before = of();
        store
            .read("test.metered", |tx| {
                Box::pin(async move {
                    tx.one::<(i64,)>(&METERED, binds![]).await?;
                    tx.one::<(i64,)>(&METERED, binds![]).await
                })
            })
            .await
            .unwrap();
        let after = of();
        assert!(after.0 >= before.0 + 2 && after.1 > before.1 && after.2 > before.2, "{before:?} {after:?}");
    }
}

#[tokio::test]
async fn a_look_at_migrations_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kiosk.db");
    let location = Location::Sqlite(path.clone());
    let steps = migrate::status(&location).await.unwrap();
    assert!(!steps.is_empty() && steps.iter().all(|step| !step.applied));
    assert!(!path.exists());
    assert_eq!(migrate::run(&location).await.unwrap(), steps.len());
}

#[tokio::test]
async fn one_shop_runs_on_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kiosk.db");
    let first = InstanceLock::take(&path).unwrap();
    let second = InstanceLock::take(&path);
    assert!(matches!(second, Err(LockError::Taken { .. })), "{second:?}");
    drop(first);
    InstanceLock::take(&path).unwrap();
    let nowhere = InstanceLock::take(&folder.path().join("no/such/folder/kiosk.db"));
    assert!(matches!(nowhere, Err(LockError::Io { .. })), "{nowhere:?}");
}

/// SQLite treats a file whose header asks for a later writer as read-only: that holds for root too, whom no mode stops.
#[tokio::test]
async fn a_file_that_can_not_be_written_is_read_and_says_so() {
    let db = TestDb::sqlite().await;
    let store = db.store(&clock()).await;
    written(&store, "a").await.unwrap();
    let path = store.path().unwrap().to_owned();
    store.close().await;
    rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(18)).unwrap();
    file.write_all(&[3]).unwrap();
    drop(file);
    let store = db.store(&clock()).await;
    let refused = written(&store, "b").await;
    assert_eq!(
        refused.map_err(|error| error.kind),
        Err(ErrorKind::ReadOnly)
    );
    assert_eq!(names(&store).await, ["a"]);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("no/such/folder/kiosk.db"));
    let refused: Result<Store, StoreError> = Store::open(&location, 1, clock()).await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::ReadOnly);
}

/// Another process (an import, a backup) may hold the lock for longer than we wait.
#[tokio::test]
async fn a_file_that_another_process_writes_is_busy() {
    let db = TestDb::sqlite().await;
    let store = db.store(&clock()).await;
    let other = rusqlite::Connection::open(store.path().unwrap()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = written(&store, "a").await;
    assert_eq!(refused.map_err(|error| error.kind), Err(ErrorKind::Busy));
    other.execute_batch("COMMIT").unwrap();
    written(&store, "a").await.unwrap();
}
