//! A few read-only connections, each on its own thread.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rusqlite::Connection;

use super::writer::Job;
use crate::clock::Clock;
use crate::store::error::{ErrorKind, StoreError};
use crate::store::pause::PausePoints;

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Box<dyn Job>>,
    closed: bool,
}

/// The door to the reader threads.
pub(super) struct Readers {
    shared: Arc<(Mutex<Queue>, Condvar)>,
}

impl Readers {
    pub(super) fn start(
        conns: Vec<Connection>,
        clock: &Clock,
        points: &Arc<PausePoints>,
    ) -> std::io::Result<Self> {
        let shared = Arc::new((Mutex::new(Queue::default()), Condvar::new()));
        for conn in conns {
            let (shared, clock, points) = (shared.clone(), clock.clone(), points.clone());
            std::thread::Builder::new()
                .name("store-reader".into())
                .spawn(move || run(conn, &clock, &points, &shared))?;
        }
        Ok(Self { shared })
    }

    pub(super) fn submit(&self, job: Box<dyn Job>) {
        let (queue, wake) = &*self.shared;
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.closed {
            drop(queue);
            let failure = StoreError::new(job.name(), ErrorKind::Closed);
            job.answer(Some(&failure));
            return;
        }
        queue.jobs.push_back(job);
        drop(queue);
        wake.notify_one();
    }

    pub(super) fn close(&self) {
        self.shared
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .closed = true;
        self.shared.1.notify_all();
    }
}

fn run(
    mut conn: Connection,
    clock: &Clock,
    points: &PausePoints,
    shared: &(Mutex<Queue>, Condvar),
) {
    loop {
        let mut queue = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut job = loop {
            if let Some(job) = queue.jobs.pop_front() {
                break job;
            }
            if queue.closed {
                return;
            }
            queue = shared.1.wait(queue).unwrap_or_else(PoisonError::into_inner);
        };
        drop(queue);
        let failure = read(&mut conn, &mut *job, clock, points).err();
        job.answer(failure.as_ref());
    }
}

/// All statements of one read see one snapshot.
fn read(
    conn: &mut Connection,
    job: &mut dyn Job,
    clock: &Clock,
    points: &PausePoints,
) -> Result<(), StoreError> {
    let name = job.name();
    let statement = |conn: &Connection, sql: &'static str| {
        conn.prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map_err(|error| StoreError::sqlite(name, error))
    };
    statement(conn, "BEGIN")?;
    job.run(conn, clock, points);
    statement(conn, "ROLLBACK").map(|_| ())
}
