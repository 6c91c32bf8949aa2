//! Long polling. An update is stored, and only then acknowledged by the next call; it never waits for a handler.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::sealed;
use super::vital::{self, Kind};
use crate::bus::inbox::{self, Birth, Fact, Stored};
use crate::bus::{Bus, Duty};
use crate::shop::customers::{self, Customer};
use crate::shop::letters::{self, Letter};
use crate::shop::staff;
use crate::shop::vault::Vault;
use crate::store::{ErrorKind, Store, StoreError, Tx};
use crate::telegram::{CallError, Client, RawUpdate};

/// How long Telegram holds a call open while there is nothing to tell.
const POLL: Duration = Duration::from_secs(30);
/// The most that one call brings.
const BATCH: u8 = 100;
/// With so many facts in memory the rest may wait at Telegram, which keeps them for a day.
const FULL: usize = 10_000;
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
/// The last acknowledgement may take this long.
const GOODBYE: Duration = Duration::from_secs(5);

/// Brings updates from Telegram into the inbox.
#[derive(Debug)]
pub struct Listener {
    client: Client,
    store: Store,
    bus: Bus,
    /// The first update that is not stored yet.
    offset: Option<i64>,
    /// Whether Telegram has been told of `offset`.
    acknowledged: bool,
    /// Which one process at a time has.
    duty: String,
    pause: Duration,
    /// What staff write in free text is sealed by it before it is stored.
    vault: Option<Vault>,
}

/// What a round left to wait for.
enum Next {
    /// Nothing.
    Go,
    /// The Clock.
    Wait(Duration),
}

impl Listener {
    /// A listener that stores into `store` and hands new facts to `bus`. On SQLite the caller holds the instance lock.
    pub fn new(client: Client, store: Store, bus: Bus) -> Self {
        Self {
            duty: format!("polling {}", client.bot_id()),
            client,
            store,
            bus,
            offset: None,
            acknowledged: true,
            pause: SHORTEST,
            vault: None,
        }
    }

    /// Seals what staff write in free text: it may be keys for sale.
    #[must_use]
    pub fn sealing(mut self, vault: Vault) -> Self {
        self.vault = Some(vault);
        self
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
        if let Err(error) = self.bus.give_up(&self.duty).await {
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
        while self.bus.in_memory() >= FULL {
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
            Err(error) => return self.after_trouble(&error),
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

    /// Stores a batch and hands what is new to the bus. Questions before a payment don't wait for the others.
    async fn keep(&self, updates: &[RawUpdate]) -> Result<(), StoreError> {
        let bot_id = self.client.bot_id();
        let facts = updates
            .iter()
            .map(|update| vital::fact(bot_id, update.body.get().as_bytes()));
        let (urgent, ordinary): (Vec<Fact>, Vec<Fact>) =
            facts.partition(|fact| fact.kind == Kind::PreCheckoutQuery.name());
        let (urgent, ordinary) =
            futures::join!(self.store(urgent, true), self.store(ordinary, false));
        urgent.and(ordinary)
    }

    async fn store(&self, facts: Vec<Fact>, urgent: bool) -> Result<(), StoreError> {
        if facts.is_empty() {
            return Ok(());
        }
        let facts = self.conceal(facts).await?;
        let rows = store(&self.store, facts, urgent).await?;
        self.bus.accept(rows);
        Ok(())
    }

    async fn conceal(&self, mut facts: Vec<Fact>) -> Result<Vec<Fact>, StoreError> {
        let Some(vault) = &self.vault else {
            return Ok(facts);
        };
        for fact in &mut facts {
            let Some(chat) = sealed::free_text(fact) else {
                continue;
            };
            let role = self
                .store
                .read("listener.is_staff", move |tx| {
                    Box::pin(staff::role(tx, chat))
                })
                .await?;
            if role.is_some() {
                sealed::seal(vault, fact).map_err(|error| {
                    StoreError::because("listener.seal", ErrorKind::Failed, error)
                })?;
            }
        }
        Ok(facts)
    }

    fn after_trouble(&mut self, error: &CallError) -> Next {
        match error {
            CallError::Wait(pause) => {
                tracing::warn!(%error, "can't get updates, trying again");
                Next::Wait(*pause)
            }
            CallError::Conflict(reason) => {
                tracing::error!(
                    reason,
                    "somebody else gets this bot's updates: stop the other program that uses its token, or end its \
                     webhook"
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

    fn next_pause(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST);
        pause
    }

    /// Whether this process is the one that polls. Elsewhere than on PostgreSQL it always is.
    async fn may_poll(&mut self) -> Result<bool, StoreError> {
        match self.bus.duty(&self.duty).await? {
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

/// Keeps facts in one transaction and returns those that are new and have to be handled. A webhook stores by it too.
pub async fn store(
    store: &Store,
    facts: Vec<Fact>,
    urgent: bool,
) -> Result<Vec<Stored>, StoreError> {
    let facts = Arc::new(facts);
    let kept = {
        let facts = facts.clone();
        store.write_as("listener.store", urgent, move |tx| {
            let facts = facts.clone();
            Box::pin(async move {
                let rows = inbox::store(tx, &facts).await?;
                for (row, fact) in rows.iter().zip(facts.iter()) {
                    if let (Some(row), Birth::Dead(_)) = (row, &fact.birth) {
                        apologise(tx, row).await?;
                    }
                }
                Ok::<_, StoreError>(rows)
            })
        })
    };
    let rows = kept.await?.into_iter().zip(facts.iter());
    Ok(rows
        .filter(|(_, fact)| fact.birth == Birth::New)
        .filter_map(|(row, _)| row)
        .collect())
}

/// Tells the customer whose update can't be handled that staff know of it.
pub(super) async fn apologise(tx: &mut Tx<'_>, row: &Stored) -> Result<(), StoreError> {
    let Some(chat) = row.lane else { return Ok(()) };
    let customer = match customers::by_telegram_id(tx, chat).await? {
        Some(customer) => customer,
        None => Customer::unknown(chat),
    };
    letters::post(tx, &customer, &Letter::Trouble { asked: row.seq }).await
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
