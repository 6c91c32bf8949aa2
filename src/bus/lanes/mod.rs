//! The lanes: each chat's updates in order, one at a time; facts without a chat at once. On SQLite lanes live in
//! memory; on PostgreSQL a process works only on lanes that it leases, and reads them from the database.

mod handling;
mod peers;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::time::Instant;

use super::bulk::{self, Finished};
use super::dialogue::Dialogue;
use super::inbox::{self, Birth, Fact, Stored};
use super::leases::{Lease, Leases};
use super::presence::{Duty, Presence};
use super::turn::Turn;
use crate::store::{ErrorKind, Store, StoreError, Tx};

/// Turns of chats at work at once. Each holds what it reads and draws and a connection to Telegram: more of them take
/// memory and are no faster.
const TURNS: usize = 64;
/// Facts without a chat at work at once, beside them: a question before a payment never waits for a screen.
const ALONE: usize = 64;
/// Rows of one lane read at once on PostgreSQL.
const PAGE: i64 = 64;

/// What a handler's future is.
pub type Handling<'a> = BoxFuture<'a, Result<(), HandlerError>>;

/// The face that updates are for.
pub trait Handler: Send + Sync + 'static {
    /// Handles one turn: one use-case, one screen.
    fn handle(&self, turn: Arc<Turn>) -> Handling<'_>;
    /// Runs in the transaction that puts an update aside: the word to the customer.
    fn buried<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        row: &'t Stored,
    ) -> BoxFuture<'t, Result<(), StoreError>>;
}

/// Why a turn failed, told apart by what the lane does about it.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// The database is away or full: the row waits for it as long as it takes.
    #[error("the database is not available: {0}")]
    Unavailable(StoreError),
    /// It may work in a moment.
    #[error("{0}")]
    Retry(String),
    /// It won't work however often it is tried.
    #[error("{0}")]
    Final(String),
}

impl From<StoreError> for HandlerError {
    fn from(error: StoreError) -> Self {
        match error.kind {
            ErrorKind::Conflict => HandlerError::Retry(error.to_string()),
            _ if error.is_transient() => HandlerError::Unavailable(error),
            _ => HandlerError::Final(error.to_string()),
        }
    }
}

/// The inbox at work. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Bus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bus")
            .field("owner", &self.inner.owner)
            .finish_non_exhaustive()
    }
}

struct Inner {
    store: Store,
    owner: String,
    handler: Arc<dyn Handler>,
    lanes: Mutex<HashMap<i64, Lane>>,
    /// Facts without a lane that are being handled.
    alone: Mutex<HashSet<i64>>,
    leases: Option<Leases>,
    presence: Presence,
    finished: mpsc::UnboundedSender<Finished>,
    turns: Semaphore,
    alone_turns: Semaphore,
    /// Held from the storing of facts until they are in their lanes.
    receiving: tokio::sync::Mutex<()>,
    at_work: AtomicUsize,
    idle: Notify,
    closing: watch::Sender<bool>,
}

#[derive(Default)]
struct Lane {
    queue: VecDeque<Arc<Stored>>,
    running: bool,
    /// On PostgreSQL: the database may have rows that the queue has not.
    stale: bool,
    /// Everything up to here has been handled, though "row done" may still wait for the bulk commit.
    handled_to: i64,
    /// On PostgreSQL: the lease's number, for which `handled_to` and `dialogue` hold.
    fence: i64,
    /// Turns that wait for the bulk commit.
    waiting: usize,
    /// The dialogue as the last of them left it.
    dialogue: Option<Dialogue>,
    /// Whether a written turn's customer is still owed a screen.
    owes: bool,
}

impl Lane {
    fn is_forgettable(&self) -> bool {
        !self.running && self.queue.is_empty() && self.waiting == 0 && !self.stale && !self.owes
    }
}

impl Bus {
    /// Starts the bus of the instance `owner`. Nothing is handled before [`Bus::recover`] or [`Bus::accept`].
    pub fn start(store: &Store, owner: &str, handler: Arc<dyn Handler>) -> Self {
        let (finished, done) = mpsc::unbounded_channel();
        let leases = store
            .is_shared()
            .then(|| Leases::new(store.clone(), owner.to_owned()));
        let bus = Self {
            inner: Arc::new(Inner {
                store: store.clone(),
                owner: owner.to_owned(),
                handler,
                lanes: Mutex::default(),
                alone: Mutex::default(),
                leases,
                presence: Presence::new(store.clone(), owner.to_owned()),
                finished,
                turns: Semaphore::new(TURNS),
                alone_turns: Semaphore::new(ALONE),
                receiving: tokio::sync::Mutex::new(()),
                at_work: AtomicUsize::new(0),
                idle: Notify::new(),
                closing: watch::Sender::new(false),
            }),
        };
        tokio::spawn(bulk::run(bus.clone(), done));
        tokio::spawn(bus.clone().sweep());
        tokio::spawn(bus.clone().hear());
        bus
    }

    pub(super) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Takes up what an earlier run left: call it before new facts are accepted.
    pub async fn recover(&self) -> Result<(), StoreError> {
        if self.inner.leases.is_some() {
            self.free_dead_peers().await?;
        } else {
            let mut after = 0;
            loop {
                let rows: Vec<Stored> = self
                    .inner
                    .store
                    .read("bus.recover", move |tx| {
                        Box::pin(inbox::waiting(tx, after, 1_000))
                    })
                    .await?;
                let Some(last) = rows.last() else { break };
                after = last.seq;
                self.accept(rows);
            }
        }
        self.look().await
    }

    /// Keeps facts and hands those that are new and have to be handled to their lanes; answers, once they are committed,
    /// which are new. Callers may come at once: facts reach their lanes in the order of their commits. Once begun it
    /// ends, also when nobody waits for it any more.
    pub async fn receive(&self, facts: Vec<Fact>) -> Result<Vec<bool>, StoreError> {
        let bus = self.clone();
        tokio::spawn(async move { bus.keep(facts).await })
            .await
            .unwrap_or_else(|_| Err(StoreError::new("bus.receive", ErrorKind::Panicked)))
    }

    async fn keep(&self, facts: Vec<Fact>) -> Result<Vec<bool>, StoreError> {
        let urgent = facts.iter().all(|fact| fact.lane.is_none());
        // What has no lane has no order either.
        let _order = if urgent {
            None
        } else {
            Some(self.inner.receiving.lock().await)
        };
        let facts = Arc::new(facts);
        let kept = facts.clone();
        let rows = self
            .inner
            .store
            .write_as("bus.receive", urgent, move |tx| {
                let kept = kept.clone();
                Box::pin(async move { inbox::store(tx, &kept).await })
            })
            .await?;
        let new = rows.iter().map(Option::is_some).collect();
        let to_handle = rows
            .into_iter()
            .zip(facts.iter())
            .filter(|(_, fact)| fact.birth == Birth::New)
            .filter_map(|(row, _)| row)
            .collect();
        self.accept(to_handle);
        Ok(new)
    }

    /// Hands stored facts to their lanes. Those of one lane must come in the order of their commits.
    pub fn accept(&self, rows: Vec<Stored>) {
        for row in rows {
            match row.lane {
                Some(lane) => self.push(lane, Some(row)),
                None => self.alone(row),
            }
        }
    }

    /// How many facts are in memory, waiting or being handled.
    pub fn in_memory(&self) -> usize {
        self.lanes()
            .values()
            .map(|lane| lane.queue.len())
            .sum::<usize>()
            + self.inner.at_work.load(Ordering::Relaxed)
    }

    /// Remembers that the lane's customer is owed a screen, so that the next one pays it.
    pub fn owes_screen(&self, lane: i64) {
        self.lanes().entry(lane).or_default().owes = true;
    }

    /// Stops: no turn begins any more; waits until those at work have ended and everything is committed, `patience` at
    /// the most, then gives the leases back.
    pub async fn drain(&self, patience: Duration) -> Result<(), StoreError> {
        self.inner.closing.send_replace(true);
        let deadline = Instant::now() + patience;
        loop {
            let notified = self.inner.idle.notified();
            let waiting: usize = self.lanes().values().map(|lane| lane.waiting).sum();
            if self.inner.at_work.load(Ordering::SeqCst) == 0 && waiting == 0 {
                break;
            }
            if tokio::time::timeout_at(deadline, notified).await.is_err() {
                tracing::warn!("stopping with turns at work: they are taken up at the next start");
                break;
            }
        }
        if let Some(leases) = &self.inner.leases {
            leases.release_all().await?;
        }
        self.inner.presence.leave().await;
        Ok(())
    }

    /// Whether the duty `name`, which one process at a time has, is this one's.
    pub async fn duty(&self, name: &str) -> Result<Duty, StoreError> {
        self.inner.presence.duty(name).await
    }

    /// Leaves a duty to the others, at the end of an orderly stop.
    pub async fn give_up(&self, name: &str) -> Result<(), StoreError> {
        self.inner.presence.give_up(name).await
    }

    fn is_closing(&self) -> bool {
        *self.inner.closing.borrow()
    }

    fn push(&self, lane: i64, row: Option<Stored>) {
        let mut lanes = self.lanes();
        let entry = lanes.entry(lane).or_default();
        match row {
            Some(row) if self.inner.leases.is_none() => entry.queue.push_back(Arc::new(row)),
            _ => entry.stale = true,
        }
        if !entry.running {
            entry.running = true;
            drop(lanes);
            self.began();
            tokio::spawn(self.clone().run_lane(lane));
        }
    }

    fn alone(&self, row: Stored) {
        if !self.set_alone(row.seq) {
            return;
        }
        self.began();
        let bus = self.clone();
        tokio::spawn(async move {
            let seq = row.seq;
            bus.handle(Arc::new(row), None).await;
            bus.inner
                .alone
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&seq);
            bus.ended();
        });
    }

    fn set_alone(&self, seq: i64) -> bool {
        self.inner
            .alone
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(seq)
    }

    async fn run_lane(self, lane: i64) {
        while let Next::Row(row, lease) = self.next_of(lane).await {
            let seq = row.seq;
            let keep = self.handle(row, lease).await;
            let mut lanes = self.lanes();
            if let Some(entry) = lanes.get_mut(&lane) {
                entry.handled_to = entry.handled_to.max(seq);
                if !keep {
                    entry.queue.clear();
                    entry.dialogue = None;
                }
            }
        }
        self.ended();
    }

    /// The lane's next row, or its rest: then `running` is off.
    async fn next_of(&self, lane: i64) -> Next {
        loop {
            let mut reload = None;
            {
                let mut lanes = self.lanes();
                let entry = lanes.entry(lane).or_default();
                if self.is_closing() {
                    entry.running = false;
                    return Next::Idle;
                }
                if let Some(row) = entry.queue.pop_front() {
                    if row.seq <= entry.handled_to {
                        continue;
                    }
                    if self.inner.leases.is_none() {
                        return Next::Row(row, None);
                    }
                    reload = Some(row);
                } else if entry.stale {
                    entry.stale = false;
                } else {
                    entry.running = false;
                    if entry.is_forgettable() {
                        lanes.remove(&lane);
                    }
                    return Next::Idle;
                }
            }
            let Some(leases) = &self.inner.leases else {
                continue;
            };
            let lease = match leases.take(lane).await {
                Ok(Some(lease)) => lease,
                Ok(None) => return self.rest(lane),
                Err(error) => {
                    tracing::warn!(%error, lane, "can't lease the lane, trying again");
                    return self.rest(lane);
                }
            };
            if self.is_new_lease(lane, lease.fence) {
                continue;
            }
            if let Some(row) = reload {
                return Next::Row(row, Some(lease));
            }
            let after = self.lanes().get(&lane).map_or(0, |entry| entry.handled_to);
            let rows: Result<Vec<Stored>, StoreError> = self
                .inner
                .store
                .read("bus.lane", move |tx| {
                    Box::pin(inbox::waiting_in_lane(tx, lane, after, PAGE))
                })
                .await;
            match rows {
                Ok(rows) => {
                    let mut lanes = self.lanes();
                    let entry = lanes.entry(lane).or_default();
                    entry.stale |= rows.len() as i64 == PAGE;
                    entry.queue.extend(rows.into_iter().map(Arc::new));
                }
                Err(error) => {
                    tracing::warn!(%error, lane, "can't read the lane, trying again");
                    return self.rest(lane);
                }
            }
        }
    }

    /// Leaves the lane to the next sweep.
    fn rest(&self, lane: i64) -> Next {
        let mut lanes = self.lanes();
        if let Some(entry) = lanes.get_mut(&lane) {
            entry.running = false;
            entry.queue.clear();
            if entry.is_forgettable() {
                lanes.remove(&lane);
            }
        }
        Next::Idle
    }

    /// Whether the lane was another's since we saw it last: then what we know of it is worth nothing.
    fn is_new_lease(&self, lane: i64, fence: i64) -> bool {
        let mut lanes = self.lanes();
        let entry = lanes.entry(lane).or_default();
        if entry.fence == fence {
            return false;
        }
        entry.fence = fence;
        entry.handled_to = 0;
        entry.dialogue = None;
        entry.queue.clear();
        entry.stale = true;
        true
    }

    fn began(&self) {
        self.inner.at_work.fetch_add(1, Ordering::SeqCst);
    }

    fn ended(&self) {
        self.inner.at_work.fetch_sub(1, Ordering::SeqCst);
        self.inner.idle.notify_waiters();
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<i64, Lane>> {
        self.inner
            .lanes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

enum Next {
    Row(Arc<Stored>, Option<Lease>),
    Idle,
}
