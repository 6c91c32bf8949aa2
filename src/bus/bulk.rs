//! Many turns that wrote nothing are marked done in one commit, with the dialogues that they changed and the screens
//! that they paid.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::dialogue::Dialogue;
use super::inbox;
use super::lanes::Bus;
use super::leases::{self, Lease};
use crate::store::{StoreError, Tx};
use crate::{binds, sql};

/// At most this many turns in a commit.
const BATCH: usize = 256;
/// A turn waits this long for company. A crash meanwhile only means that its screen is drawn again.
const LINGER: Duration = Duration::from_millis(5);

/// What a turn left to do.
#[derive(Clone, Debug)]
pub(super) struct Finished {
    pub(super) lane: Option<i64>,
    pub(super) seq: i64,
    pub(super) lease: Option<Lease>,
    /// The turn did not write, so its row is still `new`.
    pub(super) mark_done: bool,
    pub(super) dialogue: Option<Dialogue>,
    pub(super) pay_screen: bool,
}

sql! {
    DONE = "bulk.done", "UPDATE inbox SET state = 'done' WHERE seq = $1 AND state = 'new'";
}

pub(super) async fn run(bus: Bus, mut finished: UnboundedReceiver<Finished>) {
    let mut batch = Vec::new();
    while finished.recv_many(&mut batch, BATCH).await > 0 {
        tokio::time::sleep(LINGER).await;
        while batch.len() < BATCH
            && let Ok(next) = finished.try_recv()
        {
            batch.push(next);
        }
        // Locks are taken in one order everywhere: by lane.
        batch.sort_by_key(|done| (done.lane, done.seq));
        let mut pause = Duration::from_millis(50);
        let lost = loop {
            match commit(&bus, &batch).await {
                Ok(lost) => break lost,
                Err(error) => tracing::warn!(%error, "can't mark turns done, trying again"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        };
        bus.committed(&batch, &lost);
        batch.clear();
    }
}

/// Returns the lanes that turned out to be another's: their rows are left to it.
async fn commit(bus: &Bus, batch: &[Finished]) -> Result<Vec<i64>, StoreError> {
    let batch = batch.to_vec();
    bus.store()
        .write("bus.bulk", move |tx| {
            let batch = batch.clone();
            Box::pin(async move {
                let mut lost = Vec::new();
                for done in &batch {
                    if !one(tx, done).await? {
                        lost.extend(done.lane);
                    }
                }
                Ok(lost)
            })
        })
        .await
}

async fn one(tx: &mut Tx<'_>, done: &Finished) -> Result<bool, StoreError> {
    if let Some(lease) = &done.lease
        && !leases::hold(tx, lease).await?
    {
        return Ok(false);
    }
    // A later write of the lane may have finished this row, and stored a newer dialogue with it.
    let was_new = done.mark_done && tx.execute(&DONE, binds![done.seq]).await? > 0;
    if let (true, Some(lane), Some(dialogue)) = (was_new, done.lane, &done.dialogue) {
        dialogue.store(tx, lane).await?;
    }
    if let (true, Some(lane)) = (done.pay_screen, done.lane) {
        inbox::pay_screen(tx, lane, done.seq).await?;
    }
    Ok(true)
}
