//! SQLite's writer thread: many closures in one commit, each for itself.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use kiosk::store::{ErrorKind, Store, StoreError, Work};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::store::{clock, names, put, written};
use crate::support::db::TestDb;

/// Holds the writer thread inside a closure until it is dropped, so that what is queued meanwhile forms the next batch.
pub struct Gate {
    open: Sender<()>,
    closure: JoinHandle<Result<(), StoreError>>,
}

impl Gate {
    pub async fn close(store: &Store) -> Self {
        let (open, closed): (Sender<()>, Receiver<()>) = channel();
        let (reached, at_work) = oneshot::channel();
        let held = Arc::new(Mutex::new(Some((reached, closed))));
        let store = store.clone();
        let closure = tokio::spawn(async move {
            store
                .write("test.gate", move |_| {
                    let held = held.clone();
                    Box::pin(async move {
                        let (reached, closed) = held.lock().unwrap().take().expect("one run");
                        reached.send(()).expect("the test waits");
                        // The other end says nothing: it goes away.
                        let _ = closed.recv();
                        Ok(())
                    })
                })
                .await
        });
        at_work.await.expect("the gate is reached");
        Self { open, closure }
    }

    /// The answer of the gate's own closure, which may have shared a batch with what waited.
    pub async fn open(self) -> Result<(), StoreError> {
        drop(self.open);
        self.closure.await.expect("no panic")
    }
}

/// The rows that a rival process sees.
pub fn seen_from_outside(path: &Path) -> usize {
    let conn = rusqlite::Connection::open(path).expect("the file");
    let count: i64 = conn
        .query_row("SELECT COUNT(*) FROM cursors", [], |row| row.get(0))
        .expect("a count");
    usize::try_from(count).expect("a count")
}

async fn shop() -> (TestDb, Store, PathBuf) {
    let db = TestDb::sqlite().await;
    let store = db.store(&clock()).await;
    let path = store.path().expect("a file").to_owned();
    (db, store, path)
}

#[tokio::test]
async fn a_closure_that_fails_takes_none_of_its_neighbours_along() {
    let (_db, store, path) = shop().await;
    // A batch is cut off after 2 ms of running, so on a busy machine the three may come apart: then they try again.
    for round in 0..100 {
        let gate = Gate::close(&store).await;
        let before = seen_from_outside(&path);
        let name = |letter: &str| format!("{letter}{round:02}");
        let (first, failing, last) = (name("a"), name("b"), name("c"));
        let first = store.write("test.first", move |tx| {
            let first = first.clone();
            Box::pin(async move { put(tx, &first).await })
        });
        let failing = store.write("test.failing", move |tx| {
            let failing = failing.clone();
            Box::pin(async move {
                put(tx, &failing).await?;
                put(tx, &failing).await
            })
        });
        let path = path.clone();
        let last = store.write("test.last", move |tx| {
            let (last, path) = (last.clone(), path.clone());
            Box::pin(async move {
                put(tx, &last).await?;
                Ok::<_, StoreError>(seen_from_outside(&path))
            })
        });
        let (first, failing, last, gate) = tokio::join!(first, failing, last, gate.open());
        first.and(gate).unwrap();
        assert_eq!(failing.map_err(|error| error.kind), Err(ErrorKind::Unique));
        let committed = names(&store).await;
        assert!(committed.contains(&name("a")) && committed.contains(&name("c")));
        assert!(!committed.contains(&name("b")));
        if last.unwrap() == before {
            return;
        }
    }
    panic!("a hundred times the three were not in one batch");
}

#[tokio::test]
async fn what_waits_for_something_else_than_the_database_is_refused() {
    let (_db, store, _) = shop().await;
    let answer = store
        .write("test.awaits", |tx| {
            Box::pin(async move {
                put(tx, "a").await?;
                tokio::task::yield_now().await;
                Ok::<_, StoreError>(())
            })
        })
        .await;
    let error = answer.unwrap_err();
    assert_eq!(
        (error.statement, error.kind),
        ("test.awaits", ErrorKind::Awaited)
    );
    let read = store
        .read("test.read_awaits", |_| {
            Box::pin(async move {
                tokio::task::yield_now().await;
                Ok::<_, StoreError>(())
            })
        })
        .await;
    assert_eq!(read.map_err(|error| error.kind), Err(ErrorKind::Awaited));
    assert_eq!(names(&store).await, Vec::<String>::new());
    written(&store, "next").await.unwrap();
}

/// A transaction that only notes that it ran.
fn note(
    order: &Arc<Mutex<Vec<&'static str>>>,
    what: &'static str,
) -> impl Work<(), StoreError> + use<> {
    let order = order.clone();
    move |_| {
        order.lock().unwrap().push(what);
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn what_is_urgent_goes_first() {
    let (_db, store, _) = shop().await;
    let gate = Gate::close(&store).await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let note = |what| note(&order, what);
    let (first, second, urgent, gate) = tokio::join!(
        store.write("test.note", note("first")),
        store.write("test.note", note("second")),
        store.write_urgent("test.note", note("urgent")),
        gate.open(),
    );
    first.and(second).and(urgent).and(gate).unwrap();
    assert_eq!(*order.lock().unwrap(), ["urgent", "first", "second"]);
}

#[tokio::test]
async fn nobody_is_answered_and_nothing_is_signalled_before_the_commit() {
    const SIGNAL: kiosk::store::Signal = kiosk::store::Signal::new(6);
    let (_db, store, path) = shop().await;
    let watcher = tokio::spawn({
        let (store, path) = (store.clone(), path.clone());
        async move {
            store.signalled(SIGNAL).await;
            seen_from_outside(&path)
        }
    });
    let gate = Gate::close(&store).await;
    let raising = store.write("test.raise", |tx| {
        Box::pin(async move {
            tx.raise(SIGNAL);
            put(tx, "a").await
        })
    });
    let (raised, gate) = tokio::join!(raising, gate.open());
    raised.and(gate).unwrap();
    assert_eq!(seen_from_outside(&path), 1);
    assert_eq!(watcher.await.unwrap(), 1);
}

#[tokio::test]
async fn closing_finishes_what_is_queued() {
    let (_db, store, path) = shop().await;
    let gate = Gate::close(&store).await;
    let queued: Vec<_> = ["a", "b", "c"]
        .into_iter()
        .map(|name| {
            let store = store.clone();
            tokio::spawn(async move { written(&store, name).await })
        })
        .collect();
    tokio::task::yield_now().await;
    let ((), gate) = tokio::join!(store.close(), gate.open());
    gate.unwrap();
    for answer in queued {
        answer.await.unwrap().unwrap();
    }
    assert_eq!(seen_from_outside(&path), 3);
}
