//! What a store promises, on both engines; and what only one of them has.

mod batches;
mod full_disk;
mod opening;
mod postgres;
mod reads;
mod transactions;

use kiosk::clock::Clock;
use kiosk::store::{Store, StoreError, Tx};
use kiosk::{binds, sql};

sql! {
    PUT = "test.put", "INSERT INTO cursors (name, position, updated_at) VALUES ($1, $2, $3)";
    SET = "test.set", "UPDATE cursors SET position = $2 WHERE name = $1";
    NAMES = "test.names", "SELECT name FROM cursors ORDER BY name";
    POSITION = "test.position", "SELECT position FROM cursors WHERE name = $1";
}

/// A clock that nobody moves.
fn clock() -> Clock {
    Clock::frozen(1_000_000)
}

async fn put(tx: &mut Tx<'_>, name: &str) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&PUT, binds![name, 0_i64, now]).await.map(|_| ())
}

/// Commits one row.
async fn written(store: &Store, name: &'static str) -> Result<(), StoreError> {
    store
        .write("test.write", move |tx| Box::pin(put(tx, name)))
        .await
}

/// The rows that are committed.
async fn names(store: &Store) -> Vec<String> {
    store
        .read("test.read", |tx| {
            Box::pin(async move { tx.all::<(String,)>(&NAMES, binds![]).await })
        })
        .await
        .expect("the names")
        .into_iter()
        .map(|row| row.0)
        .collect()
}

async fn position(store: &Store, name: &'static str) -> i64 {
    store
        .read("test.read", move |tx| {
            Box::pin(async move { tx.one::<(i64,)>(&POSITION, binds![name]).await })
        })
        .await
        .expect("the row")
        .0
}
