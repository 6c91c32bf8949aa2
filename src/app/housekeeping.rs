//! What has to be done from time to time, by one process of the shop.

use std::time::Duration;

use tokio::sync::watch;

use crate::bus::{Bus, Duty};
use crate::shop::access::{links, sessions};
use crate::shop::confirmations::upkeep;
use crate::shop::downloads::start;
use crate::shop::orders::release;
use crate::shop::payments::decide;
use crate::store::{Store, StoreError};

/// The name of the duty to end holds and to tell staff the news.
pub(super) const DUTY: &str = "housekeeping";
/// How soon it is taken over from a process that is gone.
pub(super) const STANDBY: Duration = Duration::from_secs(2);

/// An order that nobody pays ends at the latest this long after its hold.
const SWEEP: Duration = Duration::from_secs(15);
/// Orders looked up at once.
const SWEPT: i64 = 500;

/// Ends holds and confirmations that have run out.
pub(super) async fn sweep(store: Store, bus: Bus, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match sweep_once(&store, &bus).await {
            Ok(Some(next)) => {
                let left = next - store.clock().now();
                Duration::from_millis(left.clamp(100, SWEEP.as_millis() as i64) as u64)
            }
            Ok(None) => SWEEP,
            Err(error) => {
                tracing::warn!(%error, "holds can't be ended, trying again");
                SWEEP
            }
        };
        tokio::select! {
            () = store.clock().sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Expires what is due; when the next of it runs out.
async fn sweep_once(store: &Store, bus: &Bus) -> Result<Option<i64>, StoreError> {
    if bus.duty(DUTY).await? == Duty::Theirs {
        return Ok(Some(store.clock().now() + STANDBY.as_millis() as i64));
    }
    let due = store
        .read("orders.expire.due", |tx| Box::pin(release::due(tx, SWEPT)))
        .await?;
    for order in due {
        store
            .write("orders.expire", move |tx| {
                Box::pin(release::expire(tx, order))
            })
            .await?;
    }
    // Keys may have been imported since: who has paid and waits gets them.
    let waiting = store
        .read("orders.backorders", |tx| {
            Box::pin(decide::waiting(tx, SWEPT))
        })
        .await?;
    for order in waiting {
        store
            .write("orders.fulfil_backorder", move |tx| {
                Box::pin(decide::fulfil(tx, order))
            })
            .await?;
    }
    store
        .write("confirmations.expire", |tx| {
            Box::pin(async move {
                upkeep::sweep(tx, SWEPT).await?;
                // What opened the cabinet long ago is of no use to anybody.
                links::forget(tx).await?;
                sessions::forget(tx).await?;
                start::forget(tx).await
            })
        })
        .await?;
    let (hold, confirmation) = store
        .read("housekeeping.next", |tx| {
            Box::pin(async move {
                let hold = release::next_due(tx).await?;
                Ok::<_, StoreError>((hold, upkeep::next_due(tx).await?))
            })
        })
        .await?;
    Ok(hold.into_iter().chain(confirmation).min())
}
