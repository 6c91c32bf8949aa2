//! PostgreSQL's conflicts: a closure that met one runs again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kiosk::store::{ErrorKind, Store, StoreError};
use kiosk::{binds, sql};

use crate::store::{SET, clock, position, put, written};
use crate::support::db::TestDb;

sql! {
    REPEATABLE = "test.repeatable", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
    NOW_OR_NEVER = "test.now_or_never", "SELECT position FROM cursors WHERE name = $1 FOR UPDATE NOWAIT";
    CONFLICT = "test.conflict",
        "DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '40001'; END $$";
}

async fn shop() -> (TestDb, Store) {
    let db = TestDb::postgres().await;
    let store = db.store(&clock()).await;
    written(&store, "a").await.unwrap();
    written(&store, "b").await.unwrap();
    (db, store)
}

async fn set(store: &Store, name: &'static str, to: i64) {
    store
        .write("test.set", move |tx| {
            Box::pin(async move { tx.execute(&SET, binds![name, to]).await })
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_serialization_failure_runs_the_closure_again() {
    let (_db, store) = shop().await;
    let runs = Arc::new(AtomicU32::new(0));
    let (counted, rival) = (runs.clone(), store.clone());
    let seen = store
        .write("test.serialization", move |tx| {
            let (runs, rival) = (counted.clone(), rival.clone());
            Box::pin(async move {
                tx.execute(&REPEATABLE, binds![]).await?;
                let (seen,) = tx
                    .one::<(i64,)>(&crate::store::POSITION, binds!["a"])
                    .await?;
                if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                    set(&rival, "a", 10).await;
                }
                tx.execute(&SET, binds!["a", seen + 1]).await?;
                Ok::<_, StoreError>(seen)
            })
        })
        .await
        .unwrap();
    assert_eq!((seen, runs.load(Ordering::SeqCst)), (10, 2));
    assert_eq!(position(&store, "a").await, 11);
}

#[tokio::test]
async fn a_deadlock_runs_its_victim_again() {
    let (_db, store) = shop().await;
    let held = store.points().hold("test.one_lock");
    let runs = Arc::new(AtomicU32::new(0));
    let both = |first: &'static str, second: &'static str| {
        let runs = runs.clone();
        store.write("test.deadlock", move |tx| {
            let runs = runs.clone();
            Box::pin(async move {
                let run = runs.fetch_add(1, Ordering::SeqCst);
                tx.execute(&SET, binds![first, i64::from(run)]).await?;
                tx.pause("test.one_lock").await;
                tx.execute(&SET, binds![second, i64::from(run)]).await?;
                Ok::<_, StoreError>(())
            })
        })
    };
    let rivals = async {
        held.reached().await;
        held.reached().await;
        drop(held);
    };
    let (one, other, ()) = tokio::join!(both("a", "b"), both("b", "a"), rivals);
    one.and(other).unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 3);
    assert_eq!(position(&store, "a").await, position(&store, "b").await);
}

#[tokio::test]
async fn a_lock_that_is_not_to_be_had_runs_the_closure_again() {
    let (_db, store) = shop().await;
    let held = Arc::new(store.points().hold("test.holds_a"));
    let holder = tokio::spawn({
        let store = store.clone();
        async move {
            store
                .write("test.holder", |tx| {
                    Box::pin(async move {
                        tx.execute(&SET, binds!["a", 7_i64]).await?;
                        tx.pause("test.holds_a").await;
                        Ok::<_, StoreError>(())
                    })
                })
                .await
        }
    });
    held.reached().await;
    let holder = Arc::new(tokio::sync::Mutex::new(Some(holder)));
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let seen = store
        .write("test.locked", move |tx| {
            let (runs, held, holder) = (counted.clone(), held.clone(), holder.clone());
            Box::pin(async move {
                if runs.fetch_add(1, Ordering::SeqCst) == 1 {
                    held.release();
                    let holder = holder.lock().await.take().expect("one second run");
                    holder.await.expect("no panic")?;
                }
                tx.one::<(i64,)>(&NOW_OR_NEVER, binds!["a"]).await
            })
        })
        .await
        .unwrap();
    assert_eq!((seen.0, runs.load(Ordering::SeqCst)), (7, 2));
}

#[tokio::test]
async fn a_conflict_that_never_ends_is_told_after_eight_runs() {
    let (_db, store) = shop().await;
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let answer = store
        .write("test.unlucky", move |tx| {
            let runs = counted.clone();
            Box::pin(async move {
                runs.fetch_add(1, Ordering::SeqCst);
                put(tx, "never").await?;
                // Even a closure that hides it can't turn a conflict into a success.
                let _ = tx.execute(&CONFLICT, binds![]).await;
                Ok::<_, StoreError>(())
            })
        })
        .await;
    assert_eq!(answer.map_err(|error| error.kind), Err(ErrorKind::Conflict));
    assert_eq!(runs.load(Ordering::SeqCst), 8);
}

#[tokio::test]
async fn what_is_urgent_has_connections_of_its_own() {
    let (_db, store) = shop().await;
    let held = store.points().hold("test.full_house");
    let crowd: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write("test.crowd", |tx| {
                        Box::pin(async move {
                            tx.pause("test.full_house").await;
                            Ok::<_, StoreError>(())
                        })
                    })
                    .await
            })
        })
        .collect();
    for _ in 0..8 {
        held.reached().await;
    }
    store
        .write_urgent("test.urgent", |tx| Box::pin(put(tx, "urgent")))
        .await
        .unwrap();
    drop(held);
    for one in crowd {
        one.await.unwrap().unwrap();
    }
}
