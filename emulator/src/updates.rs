//! The queue of updates that the bot has not confirmed yet.

use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};

/// How long Telegram keeps a `pre_checkout_query`.
const PRE_CHECKOUT_KEPT_MS: i64 = 150_000;
/// How long it keeps anything else.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// An update that was made, for the log of all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateRecord {
    /// `update_id`.
    pub update_id: i64,
    /// `message`, `callback_query`, …
    pub kind: String,
}

/// An update in the queue.
#[derive(Debug, Clone)]
pub(crate) struct Queued {
    pub(crate) id: i64,
    /// What tells this copy from others of the same update.
    pub(crate) serial: u64,
    /// The whole update as JSON.
    pub(crate) json: String,
    /// Updates of one lane are pushed in order; lanes don't wait for each other.
    pub(crate) lane: i64,
    expires_ms: i64,
    /// An update made to come again: it is delivered even when the bot has confirmed its id before.
    again: bool,
    delivered: bool,
    pub(crate) attempts: u32,
    /// A failed push is tried again at this time.
    pub(crate) not_before_ms: i64,
    pub(crate) in_flight: bool,
}

/// Updates that wait, and what became of the others.
#[derive(Default)]
pub(crate) struct UpdateQueue {
    pub(crate) waiting: VecDeque<Queued>,
    pub(crate) next_id: i64,
    next_serial: u64,
    soonest_expiry_ms: i64,
    /// Kinds that the bot asked for; `None` is all.
    pub(crate) allowed: Option<Vec<String>>,
    pub(crate) confirmed: Vec<i64>,
    pub(crate) log: Vec<UpdateRecord>,
    archive: HashMap<i64, Queued>,
    pub(crate) made: u64,
    pub(crate) confirmed_count: u64,
}

impl UpdateQueue {
    pub(crate) fn new(next_id: i64) -> Self {
        Self {
            next_id,
            ..Self::default()
        }
    }

    pub(crate) fn wants(&self, kind: &str) -> bool {
        self.allowed
            .as_ref()
            .is_none_or(|kinds| kinds.iter().any(|wanted| wanted == kind))
    }

    pub(crate) fn take_id(&mut self) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// Adds an update that is ready as JSON.
    pub(crate) fn push(&mut self, id: i64, kind: &str, lane: i64, json: String, now_ms: i64) {
        let kept_ms = if kind == "pre_checkout_query" {
            PRE_CHECKOUT_KEPT_MS
        } else {
            KEPT_MS
        };
        self.next_id = self.next_id.max(id + 1);
        self.made += 1;
        let queued = Queued {
            id,
            serial: 0,
            json,
            lane,
            expires_ms: now_ms + kept_ms,
            again: false,
            delivered: false,
            attempts: 0,
            not_before_ms: 0,
            in_flight: false,
        };
        self.log.push(UpdateRecord {
            update_id: id,
            kind: kind.to_owned(),
        });
        self.archive.insert(id, queued.clone());
        self.enqueue(queued);
    }

    fn enqueue(&mut self, mut queued: Queued) {
        self.next_serial += 1;
        queued.serial = self.next_serial;
        if self.waiting.is_empty() || queued.expires_ms < self.soonest_expiry_ms {
            self.soonest_expiry_ms = queued.expires_ms;
        }
        self.waiting.push_back(queued);
    }

    /// Puts copies of an old update into the queue; false if it was never made (or logs are off).
    pub(crate) fn redeliver(&mut self, id: i64, copies: u32) -> bool {
        let Some(old) = self.archive.get(&id) else {
            return false;
        };
        let copy = Queued {
            again: true,
            ..old.clone()
        };
        for _ in 0..copies {
            self.enqueue(copy.clone());
        }
        true
    }

    /// Forgets what got too old.
    pub(crate) fn expire(&mut self, now_ms: i64) {
        if self.waiting.is_empty() || now_ms < self.soonest_expiry_ms {
            return;
        }
        self.waiting.retain(|queued| queued.expires_ms > now_ms);
        let soonest = self.waiting.iter().map(|queued| queued.expires_ms).min();
        self.soonest_expiry_ms = soonest.unwrap_or(i64::MAX);
    }

    /// Applies the `offset` of `getUpdates`; answers the ids that it confirmed.
    pub(crate) fn confirm(&mut self, offset: i64) -> Vec<i64> {
        let first_kept = match offset {
            0 => return Vec::new(),
            1.. => offset,
            // From the end: the earlier ones are forgotten.
            ..0 => {
                let back = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
                let mut ids: Vec<_> = self.waiting.iter().map(|queued| queued.id).collect();
                ids.sort_unstable();
                match ids.len().checked_sub(back) {
                    Some(index) => ids.get(index).copied().unwrap_or(i64::MAX),
                    None => return Vec::new(),
                }
            }
        };
        let mut gone = Vec::new();
        self.waiting.retain(|queued| {
            let keep = queued.id >= first_kept || (queued.again && !queued.delivered);
            if !keep {
                gone.push(queued.id);
            }
            keep
        });
        self.note_confirmed(&gone);
        gone
    }

    /// Takes out a copy that a webhook accepted.
    pub(crate) fn confirm_copy(&mut self, serial: u64) -> Option<i64> {
        let index = self
            .waiting
            .iter()
            .position(|queued| queued.serial == serial)?;
        let id = self.waiting.remove(index)?.id;
        self.note_confirmed(&[id]);
        Some(id)
    }

    fn note_confirmed(&mut self, ids: &[i64]) {
        self.confirmed_count += ids.len() as u64;
        self.confirmed.extend_from_slice(ids);
    }

    /// The oldest updates as a JSON array; `None` if there are none.
    pub(crate) fn batch(&mut self, limit: usize) -> Option<String> {
        if self.waiting.is_empty() {
            return None;
        }
        let mut array = String::from("[");
        for (index, queued) in self.waiting.iter_mut().take(limit).enumerate() {
            if index > 0 {
                array.push(',');
            }
            array.push_str(&queued.json);
            queued.delivered = true;
        }
        array.push(']');
        Some(array)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue_of(ids: std::ops::Range<i64>) -> UpdateQueue {
        let mut queue = UpdateQueue::new(ids.start);
        for id in ids {
            queue.push(id, "message", 1, format!("{{\"update_id\":{id}}}"), 0);
        }
        queue
    }

    #[test]
    fn a_negative_offset_keeps_the_last_and_forgets_the_rest() {
        let mut queue = queue_of(10..15);
        assert_eq!(queue.confirm(-2), [10, 11, 12]);
        assert_eq!(
            queue.batch(100).unwrap(),
            "[{\"update_id\":13},{\"update_id\":14}]"
        );
        assert!(queue.confirm(-9).is_empty());
    }

    #[test]
    fn an_update_made_to_come_again_outlives_its_offset_once() {
        let mut queue = queue_of(10..12);
        queue.batch(100);
        queue.confirm(12);
        assert!(queue.redeliver(10, 1));
        queue.confirm(12);
        assert_eq!(queue.batch(100).unwrap(), "[{\"update_id\":10}]");
        queue.confirm(12);
        assert!(queue.batch(100).is_none());
        assert!(!queue.redeliver(99, 1));
    }

    #[test]
    fn a_pre_checkout_query_is_kept_for_150_seconds_only() {
        let mut queue = queue_of(1..2);
        queue.push(2, "pre_checkout_query", 1, "{}".into(), 0);
        queue.expire(149_999);
        assert_eq!(queue.waiting.len(), 2);
        queue.expire(150_000);
        assert_eq!(queue.waiting.len(), 1);
        queue.expire(KEPT_MS);
        assert!(queue.waiting.is_empty());
    }
}
