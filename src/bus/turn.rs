//! The handling of one update: its effects, its dialogue, its letters and "row done" commit together.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::dialogue::Dialogue;
use super::inbox::{self, Stored};
use super::leases::{self, Lease};
use crate::clock::Millis;
use crate::store::{ErrorKind, Store, StoreError, Tx};
use crate::{binds, sql};

/// A turn's write: like [`crate::store::Work`], with the dialogue as it was before the turn at each run.
pub trait TurnWork<T, E>:
    for<'t, 'c> Fn(
        &'t mut Tx<'c>,
        &'t mut Dialogue,
    ) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>
    + Send
    + Sync
    + 'static
{
}
impl<T, E, F> TurnWork<T, E> for F where
    F: for<'t, 'c> Fn(
            &'t mut Tx<'c>,
            &'t mut Dialogue,
        ) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>
        + Send
        + Sync
        + 'static
{
}

/// An update's unit of work.
#[derive(Debug)]
pub struct Turn {
    store: Store,
    row: Arc<Stored>,
    lease: Option<Lease>,
    urgent: bool,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    dialogue: Dialogue,
    write: Write,
    drawn: bool,
    postponed: bool,
    misuse: Option<&'static str>,
}

/// How far the turn's one write has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Write {
    /// Not asked for.
    #[default]
    None,
    /// Asked for; not committed (yet).
    Called,
    /// Committed.
    Done,
    /// Not applied: the row, or the lane, is no longer ours.
    Superseded,
}

sql! {
    DONE_IN_LANE = "turn.done_in_lane",
        "UPDATE inbox SET state = 'done', screen_owed = CASE WHEN seq = $2 THEN CAST($3 AS BIGINT) END
         WHERE lane = $1 AND seq <= $2 AND state = 'new'";
    DONE_ALONE = "turn.done_alone",
        "UPDATE inbox SET state = 'done' WHERE seq = $1 AND state = 'new'";
}

impl Turn {
    pub(super) fn new(
        store: Store,
        row: Arc<Stored>,
        lease: Option<Lease>,
        dialogue: Dialogue,
    ) -> Self {
        let urgent = row.lane.is_none();
        let inner = Inner {
            dialogue,
            ..Inner::default()
        };
        Self {
            store,
            row,
            lease,
            urgent,
            inner: Mutex::new(inner),
        }
    }

    /// The update.
    pub fn row(&self) -> &Stored {
        &self.row
    }

    /// The store, for reads.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A copy of the dialogue as the turn sees it.
    pub fn dialogue(&self) -> Dialogue {
        self.lock().dialogue.clone()
    }

    /// Changes the dialogue of a turn that does not write. After a write it is too late: the worker reports it.
    pub fn set_dialogue(&self, state: Option<String>) {
        let mut inner = self.lock();
        if inner.write == Write::Done {
            inner.misuse = Some("the dialogue was changed after the turn's write");
        } else {
            inner.dialogue.set(state);
        }
    }

    /// Commits the turn's effects with its dialogue and "row done". May be called once. If somebody has finished the
    /// row, or the lane is another's by now, nothing is applied and the error's kind is `Superseded`.
    pub async fn write<T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: TurnWork<T, E>,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let before = {
            let mut inner = self.lock();
            if inner.write != Write::None {
                inner.misuse = Some("a second write in one turn");
                return Err(E::from(StoreError::because(
                    name,
                    ErrorKind::Failed,
                    "a second write in one turn",
                )));
            }
            inner.write = Write::Called;
            inner.dialogue.clone()
        };
        let (row, lease) = (self.row.clone(), self.lease.clone());
        let work = Arc::new(work);
        let written: Result<Written<T>, E> = self
            .store
            .write_as(name, self.urgent, move |tx| {
                let (row, lease, work, mut dialogue) =
                    (row.clone(), lease.clone(), work.clone(), before.clone());
                Box::pin(async move {
                    if !finish(tx, &row, lease.as_ref()).await? {
                        return Ok(Written::Superseded);
                    }
                    tx.pause("turn.row_done").await;
                    let value = work(tx, &mut dialogue).await?;
                    if let (Some(lane), true) = (row.lane, dialogue.is_dirty()) {
                        dialogue.store(tx, lane).await?;
                    }
                    Ok(Written::Done(value, dialogue))
                })
            })
            .await;
        match written? {
            Written::Done(value, dialogue) => {
                self.store.points().pass("turn.written").await;
                let mut inner = self.lock();
                inner.write = Write::Done;
                inner.dialogue = dialogue;
                Ok(value)
            }
            Written::Superseded => {
                self.lock().write = Write::Superseded;
                Err(E::from(StoreError::new(name, ErrorKind::Superseded)))
            }
        }
    }

    /// Puts a fact without a lane off until `until`.
    pub async fn postpone(&self, until: Millis) -> Result<(), StoreError> {
        let seq = self.row.seq;
        self.store
            .write("turn.postpone", move |tx| {
                Box::pin(inbox::postpone(tx, seq, until))
            })
            .await?;
        self.lock().postponed = true;
        Ok(())
    }

    /// Whether the turn's write is committed.
    pub fn is_written(&self) -> bool {
        self.lock().write == Write::Done
    }

    /// Says that the customer has seen a screen: whatever the lane owed is paid.
    pub fn drew(&self) {
        self.lock().drawn = true;
    }

    pub(super) fn ended(&self) -> Ended {
        let inner = self.lock();
        Ended {
            write: inner.write,
            drawn: inner.drawn,
            postponed: inner.postponed,
            misuse: inner.misuse,
            dialogue: inner.dialogue.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Written<T> {
    Done(T, Dialogue),
    Superseded,
}

/// How a turn ended, for the worker.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) write: Write,
    pub(super) drawn: bool,
    pub(super) postponed: bool,
    pub(super) misuse: Option<&'static str>,
    pub(super) dialogue: Dialogue,
}

impl Ended {
    pub(super) fn written(&self) -> bool {
        self.write == Write::Done
    }
}

/// "Row done", under the lane's lock and fence. A write also finishes the lane's earlier rows that wait for the bulk
/// commit. False: the row, or the lane, is no longer ours.
async fn finish(tx: &mut Tx<'_>, row: &Stored, lease: Option<&Lease>) -> Result<bool, StoreError> {
    if let Some(lease) = lease
        && !leases::hold(tx, lease).await?
    {
        return Ok(false);
    }
    let now = tx.now();
    let done = match row.lane {
        Some(lane) => {
            tx.execute(&DONE_IN_LANE, binds![lane, row.seq, now])
                .await?
        }
        None => tx.execute(&DONE_ALONE, binds![row.seq]).await?,
    };
    Ok(done > 0)
}
