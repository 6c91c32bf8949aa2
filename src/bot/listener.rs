//! Long polling. An update is stored, and only then acknowledged by the next call; it never waits for a handler.

use std::time::Duration;

use tokio::sync::watch;

use super::intake::Intake;
use super::vital::Kind;
use crate::bus::Duty;
use crate::clock::Millis;
use crate::store::{Store, StoreError};
use crate::telegram::{CallError, Client, RawUpdate};

/// How long Telegram holds a call open while there is nothing to tell.
const POLL: Duration = Duration::from_secs(30);
/// The most that one call brings.
const BATCH: u8 = 100;
/// How long a full memory is given before it is looked at again.
const BREATH: Duration = Duration::from_millis(20);
/// Pauses after trouble: from this, doubling, to [`LONGEST`].
const SHORTEST: Duration = Duration::from_millis(500);
/// An outage that ends is noticed after this time at the latest.
const LONGEST: Duration = Duration::from_secs(30);
/// While another process of the shop polls.
const STANDBY: Duration = Duration::from_secs(1);
/// While another program gets the bot's updates.
const RIVAL: Duration = Duration::from_secs(5);
/// A webhook that somebody sets again and again is taken off no more often than this, in milliseconds.
const TAKEN: Millis = 300_000;
/// The last acknowledgement may take this long.
const GOODBYE: Duration = Duration::from_secs(5);

/// Brings updates from Telegram into the inbox.
#[derive(Debug)]
pub struct Listener {
    client: Client,
    store: Store,
    intake: Intake,
    /// The first update that is not stored yet.
    offset: Option<i64>,
    /// Whether Telegram has been told of `offset`.
    acknowledged: bool,
    /// Which one process at a time has.
    duty: String,
    pause: Duration,
    /// When a webhook was taken off.
    taken_over: Option<Millis>,
}

/// What a round left to wait for.
enum Next {
    /// Nothing.
    Go,
    /// The Clock.
    Wait(Duration),
}

impl Listener {
    /// A listener that brings what it gets in by `intake`. On SQLite the caller holds the instance lock.
    pub fn new(client: Client, intake: Intake) -> Self {
        Self {
            duty: format!("polling {}", client.bot_id()),
            client,
            store: intake.store().clone(),
            intake,
            offset: None,
            acknowledged: true,
            pause: SHORTEST,
            taken_over: None,
        }
    }

    /// Listens until `stop` turns true or its sender is gone. The batch in hand is stored first and, if Telegram can
    /// still be reached, acknowledged.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        while !is_set(&stop) {
            match self.round(&mut stop).await {
                Next::Go => {}
                Next::Wait(pause) => {
                    tokio::select! {
                        () = self.store.clock().sleep(pause) => {}
                        () = set(&mut stop) => {}
                    }
                }
            }
        }
        self.say_goodbye().await;
        if let Err(error) = self.intake.bus().give_up(&self.duty).await {
            tracing::debug!(%error, "polling is left to the others when this process is gone");
        }
    }

    async fn round(&mut self, stop: &mut watch::Receiver<bool>) -> Next {
        match self.may_poll().await {
            Ok(true) => {}
            Ok(false) => return Next::Wait(STANDBY),
            Err(error) => {
                let pause = self.next_pause();
                tracing::warn!(%error, "can't ask who polls, trying again");
                return Next::Wait(pause);
            }
        }
        while self.intake.is_full() {
            tokio::select! {
                () = tokio::time::sleep(BREATH) => {}
                () = set(stop) => return Next::Go,
            }
        }
        let kinds = Kind::ALL.map(Kind::name);
        let polled = tokio::select! {
            polled = self.client.get_updates(self.offset, BATCH, POLL, &kinds) => polled,
            () = set(stop) => return Next::Go,
        };
        let updates = match polled {
            Ok(updates) => updates,
            Err(error) => return self.after_trouble(&error).await,
        };
        self.acknowledged = true;
        if updates.is_empty() {
            self.pause = SHORTEST;
            return Next::Go;
        }
        if let Err(error) = self.keep(&updates).await {
            let pause = self.next_pause();
            tracing::error!(%error, updates = updates.len(), pause_ms = pause.as_millis() as u64,
                "can't store updates: they are not acknowledged and stay with Telegram");
            return Next::Wait(pause);
        }
        let Some(last) = updates.iter().filter_map(|update| update.id).max() else {
            // Stored under their hashes. Without a number they can't be acknowledged, and come again.
            tracing::error!("Telegram sent updates without numbers");
            return Next::Wait(LONGEST);
        };
        self.pause = SHORTEST;
        self.offset = Some(last + 1);
        self.acknowledged = false;
        Next::Go
    }

    async fn keep(&self, updates: &[RawUpdate]) -> Result<(), StoreError> {
        let bodies = updates.iter().map(|update| update.body.get().as_bytes());
        self.intake
            .keep(bodies.map(|body| self.intake.fact(body)))
            .await
    }

    async fn after_trouble(&mut self, error: &CallError) -> Next {
        match error {
            CallError::Wait(pause) => {
                tracing::warn!(%error, "can't get updates, trying again");
                Next::Wait(*pause)
            }
            CallError::Conflict(reason) => {
                if self.end_webhook().await {
                    return Next::Go;
                }
                tracing::error!(
                    reason,
                    "somebody else gets this bot's updates: stop the other program that uses its token"
                );
                Next::Wait(RIVAL)
            }
            CallError::Unauthorized => {
                tracing::error!(%error, "can't get updates, trying again");
                Next::Wait(LONGEST)
            }
            CallError::Refused { .. }
            | CallError::Blocked(_)
            | CallError::NotSent(_)
            | CallError::Unknown(_) => {
                let pause = self.next_pause();
                tracing::warn!(%error, "can't get updates, trying again");
                Next::Wait(pause)
            }
        }
    }

    /// Takes a webhook off that stands in the way: this shop polls. What waits for it is kept, and comes by the next
    /// poll. Two programs that take the bot from each other would never rest, so it is done once in a while only.
    async fn end_webhook(&mut self) -> bool {
        let now = self.store.clock().now();
        if self.taken_over.is_some_and(|at| now - at < TAKEN) {
            return false;
        }
        let waiting = match self.client.get_webhook_info().await {
            Ok(info) if !info.url.is_empty() => info.pending_update_count,
            Ok(_) => return false,
            Err(error) => {
                tracing::warn!(%error, "Telegram does not tell whether a webhook is set");
                return false;
            }
        };
        match self.client.delete_webhook().await {
            Ok(()) => {
                tracing::warn!(
                    waiting,
                    "a webhook got this bot's updates: it is ended, and the shop polls"
                );
                self.taken_over = Some(now);
                true
            }
            Err(error) => {
                tracing::warn!(%error, "the webhook can't be ended yet");
                false
            }
        }
    }

    fn next_pause(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST);
        pause
    }

    /// Whether this process is the one that polls. Elsewhere than on PostgreSQL it always is.
    async fn may_poll(&mut self) -> Result<bool, StoreError> {
        match self.intake.bus().duty(&self.duty).await? {
            Duty::Theirs => Ok(false),
            Duty::Ours => Ok(true),
            Duty::Begun => {
                // Another process may have gone further meanwhile: Telegram knows.
                self.offset = None;
                self.acknowledged = true;
                Ok(true)
            }
        }
    }

    /// Acknowledges the last batch, so that the next start does not get it again. Nothing is lost without it.
    async fn say_goodbye(&self) {
        if self.acknowledged {
            return;
        }
        let last = self.client.get_updates(self.offset, 1, Duration::ZERO, &[]);
        match tokio::time::timeout(GOODBYE, last).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::info!(%error, "the last updates will come again"),
            Err(_) => tracing::info!("the last updates will come again"),
        }
    }
}

fn is_set(stop: &watch::Receiver<bool>) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}

async fn set(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, which ends the listener too.
    let _ = stop.wait_for(|stop| *stop).await;
}

#[cfg(test)]
mod tests;
