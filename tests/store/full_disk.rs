//! SQLite on a full disk, both ways that it can go: the statement fails and the batch lives on, or the whole batch is
//! rolled back under the closure that runs.

use std::process::Command;

use kiosk::store::{ErrorKind, Store, StoreError};
use kiosk::{binds, sql};

use crate::store::batches::Gate;
use crate::store::{clock, names, put, written};
use crate::support::db::TestDb;

sql! {
    // More than one row under a CHECK: SQLite keeps a statement journal and can undo this statement alone.
    MANY = "test.many",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
         INSERT INTO cursors (name, position, updated_at) SELECT 'many ' || i, i, $1 FROM n";
    PAGES = "test.pages", "SELECT page_count FROM pragma_page_count";
    LOAD = "test.load", "INSERT INTO dialogues (chat_id, state, updated_at) VALUES ($1, $2, 0)";
    CHATS = "test.chats", "SELECT COUNT(*) FROM dialogues";
}

async fn count(store: &Store, sql: &'static kiosk::store::Sql) -> i64 {
    store
        .read("test.count", move |tx| {
            Box::pin(async move { tx.one::<(i64,)>(sql, binds![]).await })
        })
        .await
        .expect("a count")
        .0
}

#[tokio::test]
async fn a_statement_that_finds_no_room_fails_alone_while_its_batch_lives() {
    let db = TestDb::sqlite().await;
    let store = db.store(&clock()).await;
    written(&store, "before").await.unwrap();
    let pages = count(&store, &PAGES).await;
    store.limit_pages(pages + 1).await.unwrap();
    let gate = Gate::close(&store).await;
    let first = written(&store, "first");
    let full = store.write("test.full", |tx| {
        Box::pin(async move {
            put(tx, "with the full one").await?;
            tx.execute(&MANY, binds![0_i64]).await
        })
    });
    let last = written(&store, "last");
    let (first, full, last, gate) = tokio::join!(first, full, last, gate.open());
    first.and(last).and(gate).unwrap();
    assert_eq!(full.map_err(|error| error.kind), Err(ErrorKind::Full));
    assert_eq!(names(&store).await, ["before", "first", "last"]);
    store.limit_pages(pages + 10_000).await.unwrap();
    store
        .write("test.room", |tx| {
            Box::pin(async move { tx.execute(&MANY, binds![0_i64]).await })
        })
        .await
        .unwrap();
}

/// Writes until a statement fails, hides that, and goes on as if nothing had happened.
async fn careless(store: &Store) -> Result<i64, StoreError> {
    store
        .write("test.careless", |tx| {
            Box::pin(async move {
                let page = "x".repeat(64 * 1024);
                let mut stored = 0;
                while stored < 4_096
                    && tx
                        .execute(&LOAD, binds![stored, page.as_str()])
                        .await
                        .is_ok()
                {
                    stored += 1;
                }
                let _ = put(tx, "after the loss").await;
                let _ = tx.execute(&LOAD, binds![-1_i64, "after the loss"]).await;
                Ok::<_, StoreError>(stored)
            })
        })
        .await
}

/// A closure before the careless one, in its batch, and one behind it.
async fn lose_a_batch(store: &Store) {
    // A batch is cut off after 2 ms of running: on a busy machine the first may have its commit for itself.
    for _ in 0..50 {
        let gate = Gate::close(store).await;
        let (first, careless, last, _) = tokio::join!(
            written(store, "first"),
            careless(store),
            written(store, "last"),
            gate.open()
        );
        let error = careless.expect_err("the disk is full");
        assert_eq!(error.kind, ErrorKind::BatchLost, "{error}");
        assert!(error.is_transient());
        assert_eq!(count(store, &CHATS).await, 0, "it committed by itself");
        last.expect("a new batch has room");
        let left = names(store).await;
        if first.is_err_and(|error| error.kind == ErrorKind::BatchLost) {
            assert_eq!(left, ["last"]);
            return;
        }
        assert_eq!(left, ["first", "last"]);
        clean(store).await;
    }
    panic!("fifty times the first closure was committed before the careless one began");
}

/// What fits the cache fails no earlier than at the commit.
async fn fail_at_commit(store: &Store) {
    for chat in 0..32 {
        let committed = store
            .write("test.mebibyte", move |tx| {
                Box::pin(async move {
                    let mebibyte = "x".repeat(1024 * 1024);
                    tx.execute(&LOAD, binds![chat, mebibyte]).await
                })
            })
            .await;
        if let Err(error) = committed {
            assert_eq!(
                (error.statement, error.kind),
                ("store.commit", ErrorKind::Disk)
            );
            assert!(error.is_transient());
            assert_eq!(count(store, &CHATS).await, chat);
            return;
        }
    }
    panic!("32 MiB found room");
}

async fn clean(store: &Store) {
    sql! { CLEAN = "test.clean", "DELETE FROM cursors"; }
    store
        .write("test.clean", |tx| {
            Box::pin(async move { tx.execute(&CLEAN, binds![]).await })
        })
        .await
        .unwrap();
}

/// One row without a statement journal: SQLite undoes all that is not committed.
#[tokio::test]
async fn a_batch_that_the_database_rolls_back_is_answered_and_nothing_after_it_commits() {
    let db = TestDb::sqlite().await;
    let store = db.store(&clock()).await;
    let pages = count(&store, &PAGES).await;
    store.limit_pages(pages + 40).await.unwrap();
    lose_a_batch(&store).await;
}

/// The same where the system refuses to let a file grow, while the cache spills into the log: this test runs itself
/// under `ulimit -f`, which needs no right and no file system of its own.
#[tokio::test]
async fn a_batch_that_is_lost_to_the_system_is_answered_and_nothing_after_it_commits() {
    const LIMITED: &str = "KIOSK_TEST_LIMITED";
    const NAME: &str = "store::full_disk::a_batch_that_is_lost_to_the_system_is_answered_and_nothing_after_it_commits";
    if std::env::var_os(LIMITED).is_some() {
        let db = TestDb::sqlite().await;
        let store = db.store(&clock()).await;
        lose_a_batch(&store).await;
        fail_at_commit(&store).await;
        return;
    }
    // In blocks of 512 or 1024 bytes, as the shell likes: 8 or 16 MiB, both more than the cache and less than is written.
    // The signal that comes with the limit is ignored, so that a write fails with an error.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 16384 && exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(LIMITED, "1")
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{complained}"
    );
}
