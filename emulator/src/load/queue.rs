//! The updates that wait for the bot, as Telegram keeps them: in order, until an offset confirms them.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Notify;

use super::{chat::Seat, wire};

/// An update and whose it is.
struct Waiting {
    id: i64,
    json: Vec<u8>,
    seat: Arc<Seat>,
    handed: bool,
}

struct Line {
    waiting: VecDeque<Waiting>,
    next_id: i64,
    /// Which `getUpdates` is the newest.
    poll: u64,
}

pub(super) struct Queue {
    line: Mutex<Line>,
    /// Rings when an update comes, and when a newer poll does.
    pub(super) bell: Notify,
}

/// What a poll finds.
pub(super) enum Found {
    /// So many updates were written into the buffer.
    Batch(usize),
    Nothing,
    /// A newer poll has begun.
    Replaced,
}

impl Queue {
    pub(super) fn new(next_id: i64) -> Self {
        Self {
            line: Mutex::new(Line {
                waiting: VecDeque::new(),
                next_id,
                poll: 0,
            }),
            bell: Notify::new(),
        }
    }

    fn line(&self) -> std::sync::MutexGuard<'_, Line> {
        // Nothing panics under this lock, and a line is whole between its statements.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an update; `write` writes the object after `"kind":`.
    pub(super) fn push(&self, seat: &Arc<Seat>, kind: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let mut json = Vec::with_capacity(512);
        let mut object = Vec::with_capacity(512);
        write(&mut object);
        let mut line = self.line();
        let id = line.next_id;
        line.next_id += 1;
        wire::update(&mut json, id, kind);
        json.extend_from_slice(&object);
        json.push(b'}');
        line.waiting.push_back(Waiting {
            id,
            json,
            seat: seat.clone(),
            handed: false,
        });
        drop(line);
        self.bell.notify_one();
    }

    /// Updates that are not confirmed.
    pub(super) fn len(&self) -> usize {
        self.line().waiting.len()
    }

    /// Forgets everything: a bot that went away leaves no mess to the next one.
    pub(super) fn clear(&self) {
        self.line().waiting.clear();
    }

    /// Begins a poll: what comes before `offset` is confirmed, and an older poll is sent away.
    pub(super) fn begin(&self, offset: i64) -> u64 {
        let mut line = self.line();
        while line.waiting.front().is_some_and(|first| first.id < offset) {
            line.waiting.pop_front();
        }
        line.poll += 1;
        let poll = line.poll;
        drop(line);
        // The older poll may be the one that sleeps.
        self.bell.notify_waiters();
        poll
    }

    /// Writes the oldest updates as a JSON array. `now` is when they are handed out, in microseconds.
    pub(super) fn batch(&self, poll: u64, limit: usize, buffer: &mut Vec<u8>, now: u64) -> Found {
        let mut line = self.line();
        if line.poll != poll {
            return Found::Replaced;
        }
        if line.waiting.is_empty() {
            return Found::Nothing;
        }
        let mut fresh = 0;
        buffer.push(b'[');
        for (index, waiting) in line.waiting.iter_mut().take(limit).enumerate() {
            if index > 0 {
                buffer.push(b',');
            }
            buffer.extend_from_slice(&waiting.json);
            if !waiting.handed {
                waiting.handed = true;
                fresh += 1;
                waiting.seat.hand_over(now);
            }
        }
        buffer.push(b']');
        Found::Batch(fresh)
    }
}
