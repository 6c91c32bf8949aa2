//! Reads: they change nothing, and a snapshot stands still.

use std::sync::{Arc, Mutex};

use kiosk::store::{ErrorKind, StoreError};
use kiosk::{binds, sql};

use crate::on_both_engines;
use crate::store::{clock, names, put, written};
use crate::support::db::TestDb;

sql! {
    PUT_AND_SHOW = "test.put_and_show",
        "INSERT INTO cursors (name, position, updated_at) VALUES ('sly', 0, 0) RETURNING name";
}

on_both_engines! {
    async fn a_read_can_not_write_by_any_verb(db: TestDb) {
        let store = db.store(&clock()).await;
        let kind = |error: StoreError| error.kind;
        let execute = store.read("test.read", |tx| Box::pin(put(tx, "a"))).await;
        assert_eq!(execute.map_err(kind), Err(ErrorKind::ReadOnly));
        let returning = store
            .read("test.read", |tx| {
                Box::pin(async move { tx.all::<(String,)>(&PUT_AND_SHOW, binds![]).await })
            })
            .await;
        assert_eq!(returning.map_err(kind), Err(ErrorKind::ReadOnly));
        let snapshot = store
            .snapshot("test.snapshot", |tx| {
                Box::pin(async move { tx.all::<(String,)>(&PUT_AND_SHOW, binds![]).await })
            })
            .await;
        assert_eq!(snapshot.map_err(kind), Err(ErrorKind::ReadOnly));
        assert_eq!(names(&store).await, Vec::<String>::new());
        written(&store, "a").await.unwrap();
    }

    async fn a_panic_in_a_read_is_survived(db: TestDb) {
        let store = db.store(&clock()).await;
        for _ in 0..20 {
            let answer: Result<(), StoreError> = store
                .snapshot("test.panic", |_| {
                    Box::pin(async move { panic!("this panic is part of the test") })
                })
                .await;
            assert_eq!(answer.map_err(|error| error.kind), Err(ErrorKind::Panicked));
        }
        assert_eq!(names(&store).await, Vec::<String>::new());
    }
}

/// Reads the names twice; `between` runs a rival after the first.
fn twice(
    between: impl Fn() + Send + Sync + 'static,
) -> impl kiosk::store::Work<(usize, usize), StoreError> {
    let between = Arc::new(between);
    move |tx| {
        let between = between.clone();
        Box::pin(async move {
            let first = tx
                .all::<(String,)>(&crate::store::NAMES, binds![])
                .await?
                .len();
            between();
            tx.pause("test.between").await;
            let second = tx
                .all::<(String,)>(&crate::store::NAMES, binds![])
                .await?
                .len();
            Ok((first, second))
        })
    }
}

#[tokio::test]
async fn a_snapshot_on_sqlite_stands_still_while_others_commit() {
    let db = TestDb::sqlite().await;
    let store = db.store(&clock()).await;
    let (reached, at_point) = tokio::sync::oneshot::channel();
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let (reached, gate) = (Mutex::new(Some(reached)), Mutex::new(gate));
    let reading = store.snapshot(
        "test.twice",
        twice(move || {
            let reached = reached.lock().unwrap().take().expect("one run");
            reached.send(()).expect("the test waits");
            gate.lock().unwrap().recv().expect("the test goes on");
        }),
    );
    let rival = async {
        at_point.await.unwrap();
        written(&store, "a").await.unwrap();
        go.send(()).unwrap();
    };
    let (seen, ()) = tokio::join!(reading, rival);
    assert_eq!(seen.unwrap(), (0, 0));
    assert_eq!(names(&store).await, ["a"]);
}

#[tokio::test]
async fn a_snapshot_on_postgres_stands_still_and_a_plain_read_does_not() {
    let db = TestDb::postgres().await;
    let store = db.store(&clock()).await;
    let held = store.points().hold("test.between");
    let rival = async |name| {
        held.reached().await;
        written(&store, name).await.unwrap();
        held.release();
    };
    let (seen, ()) = tokio::join!(store.snapshot("test.twice", twice(|| ())), rival("a"));
    assert_eq!(seen.unwrap(), (0, 0));
    let (seen, ()) = tokio::join!(store.read("test.twice", twice(|| ())), rival("b"));
    assert_eq!(seen.unwrap(), (1, 2));
}

#[tokio::test]
async fn a_snapshot_that_nobody_waits_for_leaves_no_open_transaction_behind() {
    let db = TestDb::postgres().await;
    let store = kiosk::store::Store::open(db.location(), 1, clock())
        .await
        .unwrap();
    let held = store.points().hold("test.between");
    tokio::select! {
        _ = store.snapshot("test.twice", twice(|| ())) => panic!("it is held"),
        () = held.reached() => {}
    }
    drop(held);
    written(&store, "a").await.unwrap();
    assert_eq!(names(&store).await, ["a"]);
}
