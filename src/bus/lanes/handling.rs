//! One row on its way through the handler: attempts, retries, and what is left to the bulk commit.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;

use super::{Bus, HandlerError};
use crate::bus::bulk::Finished;
use crate::bus::dialogue::{self, Dialogue};
use crate::bus::inbox::{self, Stored};
use crate::bus::leases::Lease;
use crate::bus::turn::{Ended, Turn, Write};
use crate::meters;
use crate::store::StoreError;

/// The head of a lane retries for at most this long, then it is put aside.
const HEAD: Duration = Duration::from_secs(15);

enum Attempt {
    Done,
    Lost,
    Failed(HandlerError),
}

/// How a row's handling ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Done,
    /// Put aside, with a task for staff.
    Dead,
    /// The lane is another's by now.
    Lost,
    /// The program stops: the next start goes on with it.
    Left,
}

impl End {
    fn word(self) -> &'static str {
        match self {
            End::Done => "done",
            End::Dead => "dead",
            End::Lost => "lost",
            End::Left => "left",
        }
    }
}

impl Bus {
    /// Handles a row to its end. False: the lane is another's by now.
    pub(super) async fn handle(&self, row: Arc<Stored>, lease: Option<Lease>) -> bool {
        let (kind, started) = (meters::word(&row.kind), Instant::now());
        let end = self.handle_to_end(row, lease, kind).await;
        meters::HANDLED.since([kind, end.word()], started);
        end != End::Lost
    }

    async fn handle_to_end(
        &self,
        row: Arc<Stored>,
        lease: Option<Lease>,
        kind: &'static str,
    ) -> End {
        let clock = self.inner.store.clock();
        let started = clock.now();
        let mut pause = Duration::from_millis(50);
        loop {
            match self.attempt(&row, lease.as_ref()).await {
                Attempt::Done => return End::Done,
                Attempt::Lost => return End::Lost,
                Attempt::Failed(error) => {
                    let late = clock.now() - started >= HEAD.as_millis() as i64;
                    let (bury, reason) = match &error {
                        HandlerError::Unavailable(_) => (false, "unavailable"),
                        HandlerError::Retry(_) => (late, "retry"),
                        HandlerError::Final(_) => (true, "final"),
                    };
                    meters::FAILED.count([kind, reason]);
                    tracing::warn!(seq = row.seq, kind = row.kind, %error, bury, "a turn failed");
                    if bury && self.bury(&row, &error.to_string()).await {
                        return End::Dead;
                    }
                }
            }
            let mut closing = self.inner.closing.subscribe();
            tokio::select! {
                () = clock.sleep(pause) => {}
                _ = closing.wait_for(|closing| *closing) => return End::Left,
            }
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    async fn attempt(&self, row: &Arc<Stored>, lease: Option<&Lease>) -> Attempt {
        // For this attempt only: rows that wait to be tried again hold nobody up. The semaphores are never closed.
        let _permit = match row.lane {
            Some(_) => self.inner.turns.acquire().await,
            None => self.inner.alone_turns.acquire().await,
        };
        let dialogue = match self.dialogue_of(row.lane).await {
            Ok(dialogue) => dialogue,
            Err(error) => return Attempt::Failed(error.into()),
        };
        let turn = Arc::new(Turn::new(
            self.inner.store.clone(),
            row.clone(),
            lease.cloned(),
            dialogue,
        ));
        let result = AssertUnwindSafe(self.inner.handler.handle(turn.clone()))
            .catch_unwind()
            .await;
        let ended = turn.ended();
        if let Some(misuse) = ended.misuse {
            tracing::error!(
                seq = row.seq,
                kind = row.kind,
                misuse,
                "a handler broke the turn's rules"
            );
        }
        if ended.write == Write::Superseded {
            if let (Some(lane), Some(leases)) = (row.lane, &self.inner.leases) {
                leases.drop_lane(lane);
            }
            return if lease.is_some() {
                Attempt::Lost
            } else {
                Attempt::Done
            };
        }
        let error = match result {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error),
            Err(_panic) => Some(HandlerError::Final("the handler panicked".to_owned())),
        };
        match error {
            Some(error) if !ended.written() && !ended.postponed => Attempt::Failed(error),
            error => {
                if let Some(error) = error {
                    tracing::warn!(seq = row.seq, kind = row.kind, %error, "the turn is applied, its screen is owed");
                }
                if !ended.postponed {
                    self.finish(row, lease, &ended);
                }
                Attempt::Done
            }
        }
    }

    /// Leaves to the bulk commit what the turn's own write did not do.
    fn finish(&self, row: &Arc<Stored>, lease: Option<&Lease>, ended: &Ended) {
        let mut lanes = self.lanes();
        let mut pay = false;
        if let Some(lane) = row.lane {
            let entry = lanes.entry(lane).or_default();
            pay = ended.drawn && (ended.written() || entry.owes);
            entry.owes = if ended.drawn {
                false
            } else {
                entry.owes || ended.written()
            };
            if ended.written() {
                entry.dialogue = None;
            }
            if ended.written() && !pay {
                return;
            }
            entry.waiting += 1;
            if !ended.written() && ended.dialogue.is_dirty() {
                entry.dialogue = Some(ended.dialogue.clone());
            }
        } else if ended.written() {
            return;
        }
        drop(lanes);
        let _ = self.inner.finished.send(Finished {
            lane: row.lane,
            seq: row.seq,
            lease: lease.cloned(),
            mark_done: !ended.written(),
            dialogue: (!ended.written() && ended.dialogue.is_dirty())
                .then(|| ended.dialogue.clone()),
            pay_screen: pay,
        });
    }

    /// Called after the bulk commit, with the lanes that were another's by then.
    pub(in crate::bus) fn committed(&self, finished: &[Finished], lost: &[i64]) {
        if let Some(leases) = &self.inner.leases {
            for &lane in lost {
                leases.drop_lane(lane);
            }
        }
        let mut lanes = self.lanes();
        for done in finished {
            let Some(lane) = done.lane else { continue };
            if let Some(entry) = lanes.get_mut(&lane) {
                entry.waiting = entry.waiting.saturating_sub(1);
                if entry.waiting == 0 {
                    entry.dialogue = None;
                }
                if entry.is_forgettable() {
                    lanes.remove(&lane);
                }
            }
        }
        drop(lanes);
        self.inner.idle.notify_waiters();
    }

    async fn dialogue_of(&self, lane: Option<i64>) -> Result<Dialogue, StoreError> {
        let Some(lane) = lane else {
            return Ok(Dialogue::default());
        };
        if let Some(dialogue) = self
            .lanes()
            .get(&lane)
            .and_then(|entry| entry.dialogue.clone())
        {
            return Ok(dialogue);
        }
        let stored = self
            .inner
            .store
            .read("bus.dialogue", move |tx| Box::pin(dialogue::load(tx, lane)))
            .await?;
        Ok(Dialogue::new(stored, false))
    }

    async fn bury(&self, row: &Arc<Stored>, reason: &str) -> bool {
        let (handler, row, reason) = (self.inner.handler.clone(), row.clone(), reason.to_owned());
        let result = self
            .inner
            .store
            .write("bus.bury", move |tx| {
                let (handler, row, reason) = (handler.clone(), row.clone(), reason.clone());
                Box::pin(async move {
                    if inbox::bury(tx, row.seq, &reason).await? {
                        handler.buried(tx, &row).await?;
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .await;
        result
            .inspect_err(|error| tracing::error!(%error, "can't put an update aside"))
            .is_ok()
    }
}
