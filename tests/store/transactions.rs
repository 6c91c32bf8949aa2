//! One write transaction: what it keeps, what it refuses and what it answers.

use futures::FutureExt;
use kiosk::store::{ErrorKind, Signal, StoreError};
use kiosk::{binds, sql};

use crate::on_both_engines;
use crate::store::{clock, names, position, put, written};

const SIGNAL: Signal = Signal::new(7);

sql! {
    OUT_OF_ORDER = "test.out_of_order",
        "UPDATE cursors SET position = $2, updated_at = $3 WHERE name = $1 AND position <> $2";
    NO_CUSTOMER = "test.no_customer",
        "INSERT INTO orders (public_id, customer_id, checkout_key, created_at, expires_at, changed_at)
         VALUES ($1, 1, 'cart', 1, 1, 1)";
    FORGED = "test.forged",
        "INSERT INTO state_transitions (entity, from_state, to_state) VALUES ('order', 'closed', 'open')";
    MISSPELT = "test.misspelt", "UPDATE cursors SET no_such_column = 1";
}

/// A use-case's own error.
#[derive(Debug, PartialEq)]
enum Refused {
    ByRule,
    Store(ErrorKind),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Refused::Store(error.kind)
    }
}

on_both_engines! {
    async fn what_is_written_is_read_and_an_err_leaves_nothing(db: TestDb) {
        let store = db.store(&clock()).await;
        written(&store, "kept").await.unwrap();
        let refused: Result<(), Refused> = store
            .write("test.refused", |tx| {
                Box::pin(async move {
                    put(tx, "refused").await?;
                    Err(Refused::ByRule)
                })
            })
            .await;
        assert_eq!(refused, Err(Refused::ByRule));
        assert_eq!(names(&store).await, ["kept"]);
    }

    async fn binds_go_by_their_number_out_of_order_and_again(db: TestDb) {
        let store = db.store(&clock()).await;
        written(&store, "a").await.unwrap();
        let changed = store
            .write("test.binds", |tx| {
                Box::pin(async move {
                    let first = tx.execute(&OUT_OF_ORDER, binds!["a", 5_i64, 7_i64]).await?;
                    let again = tx.execute(&OUT_OF_ORDER, binds!["a", 5_i64, 7_i64]).await?;
                    Ok::<_, StoreError>((first, again))
                })
            })
            .await
            .unwrap();
        assert_eq!(changed, (1, 0));
        assert_eq!(position(&store, "a").await, 5);
    }

    async fn a_repeat_and_a_broken_rule_are_told_apart(db: TestDb) {
        let store = db.store(&clock()).await;
        written(&store, "a").await.unwrap();
        let kind = |error: StoreError| error.kind;
        assert_eq!(written(&store, "a").await.map_err(kind), Err(ErrorKind::Unique));
        let check = store.write("test.check", |tx| {
            Box::pin(async move { tx.execute(&crate::store::PUT, binds!["b", -1_i64, 0_i64]).await })
        });
        assert_eq!(check.await.map_err(kind), Err(ErrorKind::Constraint));
        let foreign = store.write("test.foreign", |tx| {
            Box::pin(async move { tx.execute(&NO_CUSTOMER, binds![[1_u8; 16]]).await })
        });
        assert_eq!(foreign.await.map_err(kind), Err(ErrorKind::Constraint));
        let trigger = store.write("test.trigger", |tx| {
            Box::pin(async move { tx.execute(&FORGED, binds![]).await })
        });
        assert_eq!(trigger.await.map_err(kind), Err(ErrorKind::Constraint));
        let wrong = store.write("test.misspelt", |tx| {
            Box::pin(async move { tx.execute(&MISSPELT, binds![]).await })
        });
        assert_eq!(wrong.await.map_err(kind), Err(ErrorKind::Failed));
    }

    async fn after_a_failed_statement_nothing_commits_whatever_the_closure_answers(db: TestDb) {
        let store = db.store(&clock()).await;
        written(&store, "a").await.unwrap();
        let later = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = later.clone();
        let answer = store
            .write("test.sticky", move |tx| {
                let seen = seen.clone();
                Box::pin(async move {
                    put(tx, "before").await?;
                    let _ = put(tx, "a").await;
                    let after = put(tx, "after").await;
                    let read = tx.all::<(String,)>(&crate::store::NAMES, binds![]).await;
                    let mut seen = seen.lock().unwrap();
                    seen.push(after.map_err(|error| (error.statement, error.kind)));
                    seen.push(read.map(|_| ()).map_err(|error| (error.statement, error.kind)));
                    Ok::<_, StoreError>(())
                })
            })
            .await;
        assert_eq!(answer.map_err(|error| error.kind), Err(ErrorKind::Unique));
        let same = Err(("test.put", ErrorKind::Unique));
        assert_eq!(*later.lock().unwrap(), [same, same]);
        assert_eq!(names(&store).await, ["a"]);
    }

    async fn a_panic_in_a_closure_is_survived_and_leaves_nothing(db: TestDb) {
        let store = db.store(&clock()).await;
        let answer: Result<(), StoreError> = store
            .write("test.panic", |tx| {
                Box::pin(async move {
                    put(tx, "lost").await?;
                    panic!("this panic is part of the test");
                })
            })
            .await;
        assert_eq!(answer.map_err(|error| error.kind), Err(ErrorKind::Panicked));
        written(&store, "next").await.unwrap();
        assert_eq!(names(&store).await, ["next"]);
    }

    async fn a_missing_row_fails_the_transaction(db: TestDb) {
        let store = db.store(&clock()).await;
        let answer = store
            .write("test.no_row", |tx| {
                Box::pin(async move {
                    put(tx, "a").await?;
                    let _ = tx.one::<(i64,)>(&crate::store::POSITION, binds!["nobody"]).await;
                    Ok::<_, StoreError>(())
                })
            })
            .await;
        assert_eq!(answer.map_err(|error| error.kind), Err(ErrorKind::NoRow));
        assert_eq!(names(&store).await, Vec::<String>::new());
    }

    async fn a_signal_is_raised_by_a_commit_and_by_nothing_else(db: TestDb) {
        let store = db.store(&clock()).await;
        let refused: Result<(), Refused> = store
            .write("test.refused", |tx| {
                Box::pin(async move {
                    tx.raise(SIGNAL);
                    Err(Refused::ByRule)
                })
            })
            .await;
        assert_eq!(refused, Err(Refused::ByRule));
        assert!(store.signalled(SIGNAL).now_or_never().is_none());
        store
            .write("test.raise", |tx| {
                Box::pin(async move {
                    tx.raise(SIGNAL);
                    put(tx, "a").await
                })
            })
            .await
            .unwrap();
        // The commit came first: whoever is woken sees the row.
        store.signalled(SIGNAL).await;
        assert_eq!(names(&store).await, ["a"]);
        assert!(store.signalled(SIGNAL).now_or_never().is_none());
    }

    async fn time_and_chance_come_from_the_transaction(db: TestDb) {
        let store = db.store(&clock()).await;
        let draw = || {
            store.write("test.draw", |tx| {
                Box::pin(async move { Ok::<_, StoreError>((tx.now(), tx.random::<16>()?)) })
            })
        };
        let (first, second) = (draw().await.unwrap(), draw().await.unwrap());
        assert_eq!((first.0, second.0), (1_000_000, 1_000_000));
        assert_ne!(first.1, second.1);
    }

    async fn a_closed_store_has_finished_its_work_and_refuses_more(db: TestDb) {
        let store = db.store(&clock()).await;
        written(&store, "a").await.unwrap();
        store.close().await;
        let kind = |error: StoreError| error.kind;
        assert_eq!(written(&store, "b").await.map_err(kind), Err(ErrorKind::Closed));
        let read = store.read("test.closed", |tx| {
            Box::pin(async move { tx.all::<(String,)>(&crate::store::NAMES, binds![]).await })
        });
        assert_eq!(read.await.map_err(kind), Err(ErrorKind::Closed));
        assert_eq!(names(&db.store(&clock()).await).await, ["a"]);
    }
}
