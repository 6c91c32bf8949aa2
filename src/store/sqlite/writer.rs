//! The one thread that writes: it drains what is queued into one `BEGIN IMMEDIATE … COMMIT`, each closure in a
//! savepoint, and answers all of them after the commit. It never waits for more work.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::checkpoint::Checkpointer;
use crate::clock::Clock;
use crate::store::error::{ErrorKind, StoreError};
use crate::store::pause::PausePoints;
use crate::store::signal::Signals;
use crate::store::tx::{Conn, Tally, Tx};

/// At most this many closures in a commit.
const BATCH: usize = 128;
/// At most this long inside a batch before it commits.
const BATCH_TIME: Duration = Duration::from_millis(2);

/// What the writer runs: a closure with a place for its answer.
pub(super) trait Job: Send {
    /// The transaction's name.
    fn name(&self) -> &'static str;
    /// The statement that failed, if one did.
    fn failure(&self) -> Option<&StoreError>;
    /// Runs inside a savepoint; true keeps its changes.
    fn run(&mut self, conn: &mut Connection, clock: &Clock, points: &PausePoints) -> bool;
    /// After the commit (`None`) or after its failure.
    fn answer(self: Box<Self>, failure: Option<&StoreError>);
}

/// A closure of [`Store::write`](crate::store::Store::write).
pub(super) struct Closure<T, E, F> {
    pub(super) name: &'static str,
    pub(super) work: F,
    pub(super) result: Option<Result<T, E>>,
    pub(super) failure: Option<StoreError>,
    pub(super) caller: oneshot::Sender<Answer<T, E>>,
    pub(super) signals: Arc<Signals>,
    pub(super) raised: u8,
    pub(super) tally: Tally,
}

/// A caller's answer, and whether a statement failed.
pub(super) type Answer<T, E> = (Result<T, E>, bool);

impl<T, E, F> Job for Closure<T, E, F>
where
    F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>
        + Send
        + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn failure(&self) -> Option<&StoreError> {
        self.failure.as_ref()
    }

    fn run(&mut self, conn: &mut Connection, clock: &Clock, points: &PausePoints) -> bool {
        let mut tx = Tx {
            conn: Conn::Sqlite(conn),
            now: clock.now(),
            read_only: false,
            failure: None,
            points,
            signals: 0,
            tally: Tally::default(),
        };
        let result = poll_once(self.name, &self.work, &mut tx);
        let keep = result.is_ok();
        if keep {
            (self.raised, self.tally) = (tx.signals, std::mem::take(&mut tx.tally));
        }
        self.failure = tx.failure;
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, failure: Option<&StoreError>) {
        let broke = failure.is_some() || self.failure.is_some();
        let answer = match (failure, self.result) {
            (Some(failure), _) => (Err(E::from(failure.clone())), true),
            (None, Some(result)) => (result, broke),
            (None, None) => (
                Err(E::from(StoreError::new(self.name, ErrorKind::Failed))),
                true,
            ),
        };
        if failure.is_none() {
            self.signals.raise(self.raised);
            self.tally.count();
        }
        // A caller that went away does not undo what is committed.
        let _ = self.caller.send(answer);
    }
}

/// Runs `work` to its end in place. Its future may wait for nothing but the database, which on SQLite never waits: one
/// that isn't ready at once is a bug and ends as an error that names the transaction.
pub(super) fn poll_once<T, E, F>(name: &'static str, work: &F, tx: &mut Tx<'_>) -> Result<T, E>
where
    F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>,
    E: From<StoreError>,
{
    let polled = catch_unwind(AssertUnwindSafe(|| {
        let mut future = work(tx);
        future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
    }));
    let mut broken = |kind| {
        let error = StoreError::new(name, kind);
        tx.fail(error.clone());
        E::from(error)
    };
    let result = match polled {
        Ok(Poll::Ready(result)) => result,
        Ok(Poll::Pending) => Err(broken(ErrorKind::Awaited)),
        Err(_panic) => Err(broken(ErrorKind::Panicked)),
    };
    match (&tx.failure, result) {
        // A closure must not turn a failed statement into a success.
        (Some(failure), Ok(_)) => Err(E::from(failure.clone())),
        (_, result) => result,
    }
}

#[derive(Default)]
struct Queue {
    urgent: VecDeque<Box<dyn Job>>,
    normal: VecDeque<Box<dyn Job>>,
    closed: bool,
}

impl Queue {
    fn pop(&mut self) -> Option<Box<dyn Job>> {
        self.urgent.pop_front().or_else(|| self.normal.pop_front())
    }
}

/// The door to the writer thread.
pub(super) struct Writer {
    shared: Arc<(Mutex<Queue>, Condvar)>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(
        conn: Connection,
        clock: Clock,
        points: Arc<PausePoints>,
        checkpointer: Checkpointer,
    ) -> std::io::Result<Self> {
        let shared = Arc::new((Mutex::new(Queue::default()), Condvar::new()));
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn({
                let shared = shared.clone();
                move || {
                    Loop {
                        conn,
                        clock,
                        points,
                        checkpointer,
                        shared,
                    }
                    .run();
                }
            })?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Queues a job. Urgent ones (pre-checkout) go first.
    pub(super) fn submit(&self, job: Box<dyn Job>, urgent: bool) {
        let (queue, wake) = &*self.shared;
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.closed {
            drop(queue);
            let failure = StoreError::new(job.name(), ErrorKind::Closed);
            job.answer(Some(&failure));
            return;
        }
        if urgent {
            queue.urgent.push_back(job);
        } else {
            queue.normal.push_back(job);
        }
        drop(queue);
        wake.notify_one();
    }

    /// Takes no more work: the thread ends once the queue is empty.
    pub(super) fn refuse(&self) {
        self.shared
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .closed = true;
        self.shared.1.notify_all();
    }

    /// Finishes what is queued and ends the thread.
    pub(super) fn close(&self) {
        self.refuse();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

struct Loop {
    conn: Connection,
    clock: Clock,
    points: Arc<PausePoints>,
    checkpointer: Checkpointer,
    shared: Arc<(Mutex<Queue>, Condvar)>,
}

impl Loop {
    fn run(mut self) {
        while let Some(first) = self.wait() {
            self.batch(first);
            self.checkpointer.committed(&self.conn);
        }
    }

    fn wait(&self) -> Option<Box<dyn Job>> {
        let (queue, wake) = &*self.shared;
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(job) = queue.pop() {
                return Some(job);
            }
            if queue.closed {
                return None;
            }
            queue = wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn next(&self) -> Option<Box<dyn Job>> {
        self.shared
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    /// One commit's worth of closures.
    fn batch(&mut self, first: Box<dyn Job>) {
        if let Err(failure) = self.statement("store.begin", "BEGIN IMMEDIATE") {
            first.answer(Some(&failure));
            return;
        }
        let started = Instant::now();
        let mut done: Vec<Box<dyn Job>> = Vec::with_capacity(8);
        let mut job = first;
        let failure = loop {
            let result = self.one(&mut *job);
            done.push(job);
            if let Err(failure) = result {
                break Some(failure);
            }
            if done.len() >= BATCH || started.elapsed() >= BATCH_TIME {
                break None;
            }
            match self.next() {
                Some(next) => job = next,
                None => break None,
            }
        };
        let failure = failure.or_else(|| self.statement("store.commit", "COMMIT").err());
        if failure.is_some() && !self.conn.is_autocommit() {
            // Nothing of a batch whose commit failed may be left for the next one.
            let _ = self.statement("store.rollback", "ROLLBACK");
        }
        for job in done {
            job.answer(failure.as_ref());
        }
    }

    /// One closure in its savepoint. `Err` means that the whole batch is gone.
    fn one(&mut self, job: &mut dyn Job) -> Result<(), StoreError> {
        self.statement(job.name(), "SAVEPOINT job")?;
        let keep = job.run(&mut self.conn, &self.clock, &self.points);
        // A full disk can roll the whole batch back under a running closure; what came next would commit by itself.
        if self.conn.is_autocommit() {
            return Err(match job.failure() {
                Some(cause) => StoreError::because(job.name(), ErrorKind::BatchLost, cause.clone()),
                None => StoreError::new(job.name(), ErrorKind::BatchLost),
            });
        }
        if !keep {
            self.statement(job.name(), "ROLLBACK TO job")?;
        }
        self.statement(job.name(), "RELEASE job")
    }

    fn statement(&self, name: &'static str, sql: &'static str) -> Result<(), StoreError> {
        self.conn
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map(|_| ())
            .map_err(|error| StoreError::sqlite(name, error))
    }
}
