//! Moves the write-ahead log into the database beside the commits, so that no sale waits for it.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rusqlite::Connection;

/// A log of this size is worth a checkpoint.
const WORTH_BYTES: u64 = 4 * 1024 * 1024;
/// A log of this size is cut by the writer itself: a reader that never rests must not let it grow for ever.
const TOO_LARGE_BYTES: u64 = 128 * 1024 * 1024;
/// The log's size is looked at once in so many commits.
const EVERY: u32 = 32;

/// The writer's side: tells the thread that it may look.
pub(super) struct Checkpointer {
    wal: PathBuf,
    commits: u32,
    wake: SyncSender<()>,
}

impl Checkpointer {
    /// Starts the thread, which owns `conn` and ends with the writer.
    pub(super) fn start(conn: Connection, wal: PathBuf) -> std::io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        std::thread::Builder::new()
            .name("store-checkpoint".into())
            .spawn(move || run(&conn, &woken))?;
        Ok(Self {
            wal,
            commits: 0,
            wake,
        })
    }

    /// Called by the writer after each batch.
    pub(super) fn committed(&mut self, writer: &Connection) {
        self.commits += 1;
        if self.commits < EVERY {
            return;
        }
        self.commits = 0;
        let size = std::fs::metadata(&self.wal).map_or(0, |meta| meta.len());
        if size >= TOO_LARGE_BYTES {
            checkpoint(writer, "PRAGMA wal_checkpoint(TRUNCATE)");
        } else if size >= WORTH_BYTES {
            // Full means that it is at work already.
            let _ = self.wake.try_send(());
        }
    }
}

/// Moves all of the log into the database and cuts it off: what was replaced there is gone then. False: somebody was in the
/// way for longer than one waits.
pub(super) fn cut(conn: &Connection) -> rusqlite::Result<bool> {
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        row.get::<_, i64>(0).map(|busy| busy == 0)
    })
}

fn run(conn: &Connection, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        checkpoint(conn, "PRAGMA wal_checkpoint(PASSIVE)");
    }
}

fn checkpoint(conn: &Connection, pragma: &str) {
    // A checkpoint that can't run now (a full disk, a busy reader) is tried again later; no sale depends on it.
    if let Err(error) = conn.query_row(pragma, [], |_| Ok(())) {
        tracing::debug!(%error, "checkpoint put off");
    }
}
