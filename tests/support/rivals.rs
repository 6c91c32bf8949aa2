//! Pairs of transactions, forced to meet.

use futures::future::BoxFuture;
use kiosk::sql;
use kiosk::store::{Store, StoreError};

sql! {
    WAITING = "races.waiting",
        "SELECT COUNT(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
}

/// Lets `rival` run while `first` stands at `point` inside its transaction of `store`; `watch` looks on. On SQLite, where
/// transactions are serial, both are queued in this order.
pub async fn meet<A, B>(
    (store, watch): (&Store, &Store),
    point: &'static str,
    first: BoxFuture<'static, A>,
    rival: BoxFuture<'static, B>,
) -> (A, B)
where
    A: Send + 'static,
    B: Send + 'static,
{
    if !store.is_shared() {
        return tokio::join!(first, rival);
    }
    let held = store.points().hold(point);
    let first = tokio::spawn(first);
    held.reached().await;
    let rival = tokio::spawn(rival);
    while !rival.is_finished() && waiting(watch).await == 0 {
        tokio::task::yield_now().await;
    }
    drop(held);
    (
        first.await.expect("the first"),
        rival.await.expect("the rival"),
    )
}

/// How many transactions wait for a lock.
pub async fn waiting(watch: &Store) -> i64 {
    watch
        .read("races.waiting", |tx| {
            Box::pin(async move { tx.one::<(i64,)>(&WAITING, &[]).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("a look")
        .0
}
