//! How an update comes into the house, whether it was asked for or pushed: what staff write is sealed, then everything is
//! stored in one commit, and only after it handled and acknowledged.

use std::sync::Arc;

use super::sealed;
use super::vital::{self, Kind};
use crate::bus::Bus;
use crate::bus::inbox::{self, Birth, Fact, Stored};
use crate::shop::customers::{self, Customer};
use crate::shop::letters::{self, Letter};
use crate::shop::staff;
use crate::shop::vault::Vault;
use crate::store::{ErrorKind, Store, StoreError, Tx};

/// With so many facts in memory the rest may wait at Telegram, which keeps them for a day.
const FULL: usize = 10_000;

/// The way into the inbox. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Intake {
    store: Store,
    bus: Bus,
    bot_id: i64,
    /// What staff write in free text is sealed by it before it is stored.
    vault: Option<Vault>,
}

impl Intake {
    /// Stores the updates of a bot into `store` and hands what is new to `bus`.
    pub fn new(store: Store, bus: Bus, bot_id: i64) -> Self {
        Self {
            store,
            bus,
            bot_id,
            vault: None,
        }
    }

    /// Seals what staff write in free text: it may be keys for sale.
    #[must_use]
    pub fn sealing(mut self, vault: Vault) -> Self {
        self.vault = Some(vault);
        self
    }

    /// Where the updates are stored.
    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Who handles them.
    pub(super) fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Whether so much waits in memory that more should not be asked for.
    pub(super) fn is_full(&self) -> bool {
        self.bus.in_memory() >= FULL
    }

    /// An update as the inbox keeps it. Whatever the body is, there is a fact.
    pub(super) fn fact(&self, body: &[u8]) -> Fact {
        vital::fact(self.bot_id, body)
    }

    /// Stores updates and hands what is new to the bus. Questions before a payment don't wait for the others. Callers
    /// take turns: facts must reach their lanes in the order of their commits.
    pub(super) async fn keep(&self, facts: impl Iterator<Item = Fact>) -> Result<(), StoreError> {
        let (urgent, ordinary): (Vec<Fact>, Vec<Fact>) = facts.partition(is_urgent);
        let (urgent, ordinary) =
            futures::join!(self.keep_as(urgent, true), self.keep_as(ordinary, false));
        urgent.and(ordinary)
    }

    async fn keep_as(&self, facts: Vec<Fact>, urgent: bool) -> Result<(), StoreError> {
        if facts.is_empty() {
            return Ok(());
        }
        let facts = self.conceal(facts).await?;
        let rows = store(&self.store, facts, urgent).await?;
        self.store.points().pass("inbox.stored").await;
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
}

/// Whether Telegram waits for an answer with its customer at the pay button.
pub(super) fn is_urgent(fact: &Fact) -> bool {
    fact.kind == Kind::PreCheckoutQuery.name()
}

/// Keeps facts in one transaction and returns those that are new and have to be handled.
async fn store(store: &Store, facts: Vec<Fact>, urgent: bool) -> Result<Vec<Stored>, StoreError> {
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
