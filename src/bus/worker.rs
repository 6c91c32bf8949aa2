//! The outbox's worker: claims what is due by priority, sends it, and writes down how it went. A poison letter never
//! stops its neighbours.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{Semaphore, watch};

use super::POSTED;
use super::attention::{self, Task};
use super::outbox::{self, Claimed, Finish, Priority, Semantics};
use crate::clock::Millis;
use crate::meters;
use crate::store::{Store, StoreError, Tx, random_bytes};

/// Longer than any send may take, so that a lease ends only when its holder is gone.
pub(crate) const LEASE: Duration = Duration::from_mins(1);
/// Letters being sent at once.
const SENDS: usize = 64;
/// Letters taken by one claim.
const CLAIM: usize = 32;
/// A letter that failed so often is dead, or late if it must not be lost. With the pauses below that is about three hours.
const ATTEMPTS: i64 = 40;
/// The task: a letter was given up.
const DEAD: &str = "outbox.dead";
/// The task: a letter that must not be lost is still tried, and fails.
const LATE: &str = "outbox.late";
/// The longest pause between attempts.
const LONGEST: Duration = Duration::from_mins(5);
/// How long the worker sleeps when it knows of nothing due. Another process may post too.
const POLL: Duration = Duration::from_secs(1);
/// Several chats told to wait within this time means that the whole bot is.
const STORM: Duration = Duration::from_secs(1);
/// So many chats make a storm.
const STORM_CHATS: usize = 3;

/// How a send went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived, or it had arrived before.
    Sent,
    /// It certainly did not arrive; try again.
    Retry(String),
    /// Nobody can carry it before this time; other letters need not wait.
    Until(Millis, String),
    /// The other side asks for a pause, in its own words `retry_after`.
    Wait(Duration),
    /// Whether it arrived is unknown.
    Unknown(String),
    /// It will never arrive. With `alert`, staff must know.
    Refused {
        /// Why.
        reason: String,
        /// Whether it opens a task.
        alert: bool,
    },
}

/// Who carries letters out of the house.
pub trait Carrier: Send + Sync + 'static {
    /// Sends one letter. Outside every transaction, with timeouts of its own.
    fn carry<'a>(&'a self, letter: &'a Claimed) -> BoxFuture<'a, Outcome>;
}

/// The outbox at work. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox")
            .field("owner", &self.inner.owner)
            .finish_non_exhaustive()
    }
}

struct Inner {
    store: Store,
    owner: String,
    carrier: Arc<dyn Carrier>,
    slots: Arc<Semaphore>,
    pauses: Mutex<Pauses>,
    closing: watch::Sender<bool>,
}

#[derive(Default)]
struct Pauses {
    everyone: Millis,
    chats: HashMap<i64, Millis>,
    recent: Vec<(i64, Millis)>,
}

impl Outbox {
    /// Starts the worker of the instance `owner`. On a database of its own it first frees what a run before it held.
    pub async fn start(
        store: &Store,
        owner: &str,
        carrier: Arc<dyn Carrier>,
    ) -> Result<Self, StoreError> {
        if !store.is_shared() {
            store
                .write("outbox.free_all", |tx| Box::pin(outbox::free_all(tx)))
                .await?;
        }
        let outbox = Self {
            inner: Arc::new(Inner {
                store: store.clone(),
                owner: owner.to_owned(),
                carrier,
                slots: Arc::new(Semaphore::new(SENDS)),
                pauses: Mutex::default(),
                closing: watch::Sender::new(false),
            }),
        };
        tokio::spawn(outbox.clone().run());
        Ok(outbox)
    }

    /// Stops claiming, waits for what is being sent (`patience` at the most) and leaves nothing leased.
    pub async fn drain(&self, patience: Duration) -> Result<(), StoreError> {
        self.inner.closing.send_replace(true);
        let all = self.inner.slots.acquire_many(SENDS as u32);
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!("stopping with letters on their way: the next start decides about them");
        }
        outbox::release_of(&self.inner.store, &self.inner.owner).await
    }

    async fn run(self) {
        let mut closing = self.inner.closing.subscribe();
        while !*closing.borrow() {
            let pause = match self.round().await {
                Ok(true) => continue,
                Ok(false) => self.until_due().await,
                Err(error) => {
                    tracing::warn!(%error, "the outbox can't be worked on, trying again");
                    POLL
                }
            };
            tokio::select! {
                () = self.inner.store.clock().sleep(pause) => {}
                () = self.inner.store.signalled(POSTED) => {}
                _ = closing.wait_for(|closing| *closing) => {}
            }
        }
    }

    /// How long until the next letter is due.
    async fn until_due(&self) -> Duration {
        let next = self
            .inner
            .store
            .read("outbox.next_due", |tx| Box::pin(outbox::next_due(tx)))
            .await;
        match next {
            Ok(Some(due)) => {
                let left = due - self.inner.store.clock().now();
                Duration::from_millis(left.clamp(1, POLL.as_millis() as i64) as u64)
            }
            _ => POLL,
        }
    }

    /// Claims and begins to send; true if there may be more.
    async fn round(&self) -> Result<bool, StoreError> {
        self.inner
            .store
            .write("outbox.free_expired", |tx| {
                Box::pin(outbox::free_expired(tx))
            })
            .await?;
        loop {
            // Wait for a free slot, so that what is claimed is sent at once. The semaphore is never closed.
            let Ok(first) = self.inner.slots.clone().acquire_owned().await else {
                return Ok(false);
            };
            if *self.inner.closing.borrow() {
                return Ok(false);
            }
            let limit = (self.inner.slots.available_permits() + 1).min(CLAIM) as i64;
            let owner = self.inner.owner.clone();
            let letters: Vec<Claimed> = self
                .inner
                .store
                .write("outbox.claim", move |tx| {
                    let owner = owner.clone();
                    Box::pin(async move {
                        let lease_until = tx.now() + LEASE.as_millis() as i64;
                        outbox::claim(tx, &owner, lease_until, limit).await
                    })
                })
                .await?;
            drop(first);
            if letters.is_empty() {
                return Ok(false);
            }
            for letters in by_chat(letters) {
                let Ok(slot) = self.inner.slots.clone().acquire_owned().await else {
                    return Ok(false);
                };
                let outbox = self.clone();
                tokio::spawn(async move {
                    for letter in letters {
                        outbox.send(&letter).await;
                    }
                    drop(slot);
                });
            }
        }
    }

    async fn send(&self, letter: &Claimed) {
        let kind = meters::word(&letter.kind);
        self.inner.store.points().pass("outbox.claimed").await;
        let outcome = if let Some(pause) = self.pause_of(letter.chat) {
            Outcome::Wait(pause)
        } else {
            let started = Instant::now();
            let carried = AssertUnwindSafe(self.inner.carrier.carry(letter));
            let outcome = carried.catch_unwind().await;
            meters::SENDS.since([kind], started);
            outcome.unwrap_or_else(|_| Outcome::Refused {
                reason: "the carrier panicked".to_owned(),
                alert: true,
            })
        };
        self.inner.store.points().pass("outbox.sent").await;
        if let Outcome::Wait(pause) = outcome {
            self.paused(letter.chat, pause);
        }
        let now = self.inner.store.clock().now();
        let finish = finish_of(letter, &outcome, now);
        meters::LETTERS.count([kind, finish.state]);
        let task = match &outcome {
            Outcome::Refused { alert, .. } => alert.then_some(DEAD),
            _ if finish.state == "dead" => Some(DEAD),
            _ => is_late(letter, &finish).then_some(LATE),
        };
        self.write_down(letter, &finish, task).await;
        if finish.state != "sent" {
            tracing::info!(
                letter = letter.id,
                kind = letter.kind,
                state = finish.state,
                ?outcome,
                "a letter did not arrive"
            );
        }
    }

    /// Writes down how a send went, again and again while the database is away: what is not known to have arrived is sent
    /// once more, or, if a repeat would be wrong, is left in doubt.
    async fn write_down(&self, letter: &Claimed, finish: &Finish, task: Option<&'static str>) {
        let (since, mut pause) = (Instant::now(), Duration::from_millis(50));
        loop {
            let (letter, finish) = (letter.clone(), finish.clone());
            let id = letter.id;
            let written = self.inner.store.write("outbox.finish", move |tx| {
                let (letter, finish) = (letter.clone(), finish.clone());
                Box::pin(async move { finished(tx, &letter, &finish, task).await })
            });
            let Err(error) = written.await else { return };
            if !error.is_transient() || since.elapsed() + pause >= LEASE {
                // The lease ends, and the letter's semantics decide.
                tracing::warn!(%error, letter = id, "can't write down how a send went");
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    fn pause_of(&self, chat: Option<i64>) -> Option<Duration> {
        let now = self.inner.store.clock().now();
        let pauses = self
            .inner
            .pauses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let chat = chat
            .and_then(|chat| pauses.chats.get(&chat).copied())
            .unwrap_or(0);
        let left = pauses.everyone.max(chat) - now;
        (left > 0).then(|| Duration::from_millis(left as u64))
    }

    fn paused(&self, chat: Option<i64>, pause: Duration) {
        let now = self.inner.store.clock().now();
        let until = now + pause.as_millis() as i64;
        let mut pauses = self
            .inner
            .pauses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        pauses.chats.retain(|_, until| *until > now);
        pauses
            .recent
            .retain(|(_, at)| now - at < STORM.as_millis() as i64);
        if let Some(chat) = chat {
            if pauses.chats.insert(chat, until).is_none() {
                pauses.recent.push((chat, now));
            }
        } else {
            pauses.everyone = pauses.everyone.max(until);
        }
        if pauses.recent.len() >= STORM_CHATS {
            pauses.everyone = pauses.everyone.max(until);
        }
    }
}

/// What follows an attempt, in one transaction.
async fn finished(
    tx: &mut Tx<'_>,
    letter: &Claimed,
    finish: &Finish,
    task: Option<&'static str>,
) -> Result<(), StoreError> {
    if !outbox::finish(tx, letter, finish).await? {
        return Ok(());
    }
    let subject = format!("{}:{}", letter.kind, letter.id);
    if let Some(kind) = task {
        let task = Task {
            kind,
            subject: &subject,
            order: None,
            payment: None,
            detail: finish.error.as_deref().unwrap_or_default(),
        };
        attention::open(tx, &task).await?;
    }
    if finish.state == "sent" {
        attention::resolve(tx, DEAD, &subject).await?;
    }
    if matches!(finish.state, "sent" | "dead") {
        attention::resolve(tx, LATE, &subject).await?;
    }
    Ok(())
}

/// The letters of one chat go one after another, in the order of posting; the chat with the most urgent one goes first.
fn by_chat(letters: Vec<Claimed>) -> Vec<Vec<Claimed>> {
    let mut groups: Vec<Vec<Claimed>> = Vec::new();
    let mut of_chat: HashMap<i64, usize> = HashMap::new();
    for letter in letters {
        if let Some(at) = letter.chat.and_then(|chat| of_chat.get(&chat).copied()) {
            groups[at].push(letter);
        } else {
            if let Some(chat) = letter.chat {
                of_chat.insert(chat, groups.len());
            }
            groups.push(vec![letter]);
        }
    }
    groups.sort_by_key(|group| group.iter().map(|letter| letter.priority).min());
    groups
}

fn finish_of(letter: &Claimed, outcome: &Outcome, now: Millis) -> Finish {
    let plain = |state: &'static str, error: Option<String>| Finish {
        state,
        due_at: now,
        error,
        uncounted: 0,
    };
    match outcome {
        Outcome::Sent => plain("sent", None),
        Outcome::Wait(pause) => Finish {
            state: "pending",
            due_at: now + pause.as_millis() as i64,
            error: Some("asked to wait".to_owned()),
            uncounted: 1,
        },
        Outcome::Refused { reason, .. } => plain("dead", Some(reason.clone())),
        Outcome::Unknown(reason) if letter.semantics() == Semantics::AtMostOnce => {
            plain("uncertain", Some(reason.clone()))
        }
        Outcome::Retry(reason) | Outcome::Unknown(reason) | Outcome::Until(_, reason)
            if letter.attempts >= ATTEMPTS && !must_arrive(letter) =>
        {
            plain("dead", Some(reason.clone()))
        }
        Outcome::Until(at, reason) if *at > now => Finish {
            state: "pending",
            due_at: *at,
            error: Some(reason.clone()),
            uncounted: 0,
        },
        Outcome::Retry(reason) | Outcome::Unknown(reason) | Outcome::Until(_, reason) => Finish {
            state: "pending",
            due_at: now + pause_after(letter.attempts).as_millis() as i64,
            error: Some(reason.clone()),
            uncounted: 0,
        },
    }
}

/// Keys and receipts are tried until they arrive, or until somebody says that they never will.
fn must_arrive(letter: &Claimed) -> bool {
    letter.priority <= Priority::Delivery as i64
}

/// Whether staff are to know that a letter has failed for long. It may be at hand again when they have said that they do.
fn is_late(letter: &Claimed, finish: &Finish) -> bool {
    let is_tried = finish.state == "pending" && finish.uncounted == 0;
    is_tried && letter.attempts >= ATTEMPTS && letter.attempts % ATTEMPTS == 0
}

/// 0.5 s, 1, 2, 4, … up to 300 s, each with up to a quarter more by chance, so that a crowd does not come back at once.
fn pause_after(attempts: i64) -> Duration {
    let millis = 500_u64 << (attempts.clamp(1, 20) - 1);
    let base = Duration::from_millis(millis).min(LONGEST);
    let chance = random_bytes::<1>().map_or(0, |byte| u32::from(byte[0]));
    base + base / 4 * chance / 255
}
