//! Telegram Stars: refunds by a call, and the reconciler, which reads the list of all movements and so finds every
//! payment whose news never came.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Deserialize;
use tokio::sync::watch;

use crate::bus::inbox::{Birth, Fact, Stored};
use crate::bus::{Bus, Duty, Handler, HandlerError, Handling, Turn, inbox};
use crate::shop::money::Currency;
use crate::shop::payments::provider::{Provider, ProviderError};
use crate::shop::payments::refund::Call;
use crate::shop::payments::settle::Charge;
use crate::shop::payments::{Method, news};
use crate::shop::vault::Vault;
use crate::store::{Store, StoreError, Tx};
use crate::telegram::{CallError, Client, Direction, StarTransaction};
use crate::{binds, sql};

/// How often the list is read.
const ROUND: Duration = Duration::from_mins(1);
/// The most that one call brings.
const PAGE: u8 = 100;

/// The kind of the reconciler's facts.
const KIND: &str = "star_transaction";

/// The source of the reconciler's facts in the inbox.
pub fn source(bot_id: i64) -> String {
    format!("stars:{bot_id}")
}

/// Stars as a provider.
#[derive(Clone, Debug)]
pub struct Stars {
    client: Client,
}

impl Stars {
    /// Stars of the client's bot.
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl Provider for Stars {
    fn refund<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<(), ProviderError>> {
        async move {
            let answer = self
                .client
                .refund_star_payment(call.payer, &call.charge_id)
                .await;
            match answer {
                Ok(()) => Ok(()),
                Err(error) if error.is_already_refunded() => Ok(()),
                Err(CallError::Refused { description, .. }) => {
                    Err(ProviderError::Refused(description))
                }
                Err(CallError::Wait(pause)) => Err(ProviderError::Wait(pause)),
                Err(
                    error @ (CallError::NotSent(_)
                    | CallError::Unauthorized
                    | CallError::Conflict(_)
                    | CallError::Blocked(_)),
                ) => Err(ProviderError::NotSent(error.to_string())),
                Err(CallError::Unknown(reason)) => Err(ProviderError::Unknown(reason)),
            }
        }
        .boxed()
    }
}

/// Reads the list of movements from where it stopped.
#[derive(Debug)]
pub struct Reconciler {
    client: Client,
    store: Store,
    bus: Bus,
    /// The list may start anew, as an emulator's does.
    restarts: bool,
}

sql! {
    CURSOR = "stars.cursor", "SELECT position FROM cursors WHERE name = $1";
    MOVE = "stars.move",
        "INSERT INTO cursors (name, position, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET position = excluded.position, updated_at = excluded.updated_at";
}

impl Reconciler {
    /// A reconciler that hands what it finds to `bus`. With `restarts` a list that is shorter than it was is read from
    /// its beginning: for the demo, whose Telegram forgets.
    pub fn new(client: Client, store: Store, bus: Bus, restarts: bool) -> Self {
        Self {
            client,
            store,
            bus,
            restarts,
        }
    }

    /// Reads until `stop` turns true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        if self.restarts {
            self.start_over_if_shorter().await;
        }
        while !*stop.borrow() {
            let pause = match self.page().await {
                Ok(true) => continue,
                Ok(false) => ROUND,
                Err(error) => {
                    tracing::warn!(%error, "the list of Star transactions can't be read, trying again");
                    ROUND
                }
            };
            tokio::select! {
                () = self.store.clock().sleep(pause) => {}
                stopped = stop.wait_for(|stop| *stop) => if stopped.is_err() { return },
            }
        }
    }

    /// Keeps one page; true if there may be more. Another process may have the duty: then there is nothing to do.
    async fn page(&self) -> Result<bool, ReconcileError> {
        let duty = format!("reconciling {}", self.client.bot_id());
        if self.bus.duty(&duty).await? == Duty::Theirs {
            return Ok(false);
        }
        let offset = self.offset().await?;
        let page = self.client.get_star_transactions(offset, PAGE).await?;
        let more = page.len() == usize::from(PAGE);
        if page.is_empty() {
            return Ok(false);
        }
        let source = source(self.client.bot_id());
        let next = offset + page.len() as i64;
        let facts: Arc<Vec<Fact>> = Arc::new(
            page.into_iter()
                .map(|movement| fact(&source, &movement))
                .collect(),
        );
        let rows = self
            .store
            .write("stars.keep", move |tx| {
                let (facts, source) = (facts.clone(), source.clone());
                Box::pin(async move {
                    let rows = inbox::store(tx, &facts).await?;
                    let now = tx.now();
                    tx.execute(&MOVE, binds![source, next, now]).await?;
                    Ok::<_, StoreError>(rows)
                })
            })
            .await?;
        self.bus.accept(rows.into_iter().flatten().collect());
        Ok(more)
    }

    async fn offset(&self) -> Result<i64, StoreError> {
        let source = source(self.client.bot_id());
        let found: Option<(i64,)> = self
            .store
            .read("stars.cursor", move |tx| {
                let source = source.clone();
                Box::pin(async move { tx.optional(&CURSOR, binds![source]).await })
            })
            .await?;
        Ok(found.map_or(0, |row| row.0))
    }

    async fn start_over_if_shorter(&self) {
        let shorter = async {
            let offset = self.offset().await?;
            if offset == 0 {
                return Ok(());
            }
            // The last entry that we have read must still be there.
            let last = self.client.get_star_transactions(offset - 1, 1).await?;
            if last.is_empty() {
                let source = source(self.client.bot_id());
                self.store
                    .write("stars.start_over", move |tx| {
                        let source = source.clone();
                        Box::pin(async move {
                            let now = tx.now();
                            tx.execute(&MOVE, binds![source, 0_i64, now]).await
                        })
                    })
                    .await?;
            }
            Ok::<_, ReconcileError>(())
        };
        if let Err(error) = shorter.await {
            tracing::warn!(%error, "can't see whether the list of Star transactions starts anew");
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum ReconcileError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Call(#[from] CallError),
}

/// What is kept of a movement, and read back in its turn.
#[derive(Debug, Deserialize, serde::Serialize)]
struct Movement {
    charge_id: String,
    amount: i64,
    incoming: bool,
    user: Option<i64>,
    payload: Option<String>,
}

fn fact(source: &str, movement: &StarTransaction) -> Fact {
    let incoming = matches!(movement.direction, Direction::In);
    let kept = Movement {
        charge_id: movement.id.clone(),
        amount: movement.amount,
        incoming,
        user: movement.user,
        payload: movement.invoice_payload.clone(),
    };
    // Only the payments of invoices, and what goes back of them, are a shop's affair.
    let birth = if kept.payload.is_some() || !incoming {
        Birth::New
    } else {
        Birth::Done
    };
    Fact {
        source: source.to_owned(),
        event_id: format!("{}:{}", movement.id, movement.direction.code()),
        kind: KIND,
        lane: None,
        // A map of texts and numbers always has its JSON.
        raw: serde_json::to_vec(&kept).unwrap_or_default(),
        birth,
    }
}

/// Handles the reconciler's facts.
#[derive(Debug)]
pub struct Movements {
    vault: Vault,
}

impl Movements {
    /// A handler for the shop of this vault.
    pub fn new(vault: Vault) -> Self {
        Self { vault }
    }

    async fn apply(&self, turn: &Turn) -> Result<(), HandlerError> {
        let movement: Movement = serde_json::from_slice(&turn.row().raw)
            .map_err(|error| HandlerError::Final(format!("an unreadable movement: {error}")))?;
        if movement.incoming {
            self.came(turn, movement).await
        } else {
            gone(turn, movement).await
        }
    }

    async fn came(&self, turn: &Turn, movement: Movement) -> Result<(), HandlerError> {
        let Some(payload) = movement.payload else {
            return Ok(());
        };
        let charge = Charge {
            method: Method::Stars,
            charge_id: movement.charge_id,
            provider_charge_id: None,
            payer: movement.user,
            currency: Currency::XTR.code().to_owned(),
            amount: movement.amount,
            payload,
        };
        let settled = news::came(turn, &self.vault, charge).await?;
        tracing::info!(?settled, "a payment was found by the list");
        Ok(())
    }
}

/// Money that went back: by our call, by staff elsewhere, or by its owner's bank.
async fn gone(turn: &Turn, movement: Movement) -> Result<(), HandlerError> {
    // Withdrawals of the shop's own balance go out too, and have no payload.
    if movement.payload.is_none() && movement.user.is_none() {
        return Ok(());
    }
    news::went_back(turn, Method::Stars, movement.charge_id).await
}

impl Handler for Movements {
    fn handle(&self, turn: Arc<Turn>) -> Handling<'_> {
        async move { self.apply(&turn).await }.boxed()
    }

    fn buried<'t>(
        &'t self,
        _tx: &'t mut Tx<'_>,
        _row: &'t Stored,
    ) -> BoxFuture<'t, Result<(), StoreError>> {
        // The task for staff is enough: no customer asked.
        async { Ok(()) }.boxed()
    }
}
