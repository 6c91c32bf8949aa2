//! A customer's chat: the last messages of the bot, what the customer waits for, and the script that they follow.

use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    scripts::{Action, Script},
    wire::{Person, Sum},
};
use crate::message::Entity;

/// So many messages of a chat are kept: enough to press, edit and pay.
const KEPT: usize = 12;

/// A message of the bot as the customer sees it.
#[derive(Debug)]
pub struct Shown {
    pub(super) message_id: i64,
    pub(super) text: String,
    pub(super) entities: Vec<Entity>,
    pub(super) markup: Option<Value>,
    pub(super) invoice: Option<Sum>,
    /// The Bot API object.
    pub(super) json: Vec<u8>,
}

impl Shown {
    /// What is read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The rows of its inline keyboard.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &[Value]> {
        let rows = self
            .markup
            .as_ref()
            .and_then(|markup| markup["inline_keyboard"].as_array());
        rows.into_iter()
            .flatten()
            .filter_map(|row| row.as_array())
            .map(Vec::as_slice)
    }

    /// The callback data of the first button whose text contains `label`.
    pub fn button(&self, label: &str) -> Option<&str> {
        self.rows()
            .flatten()
            .find(|button| {
                button["text"]
                    .as_str()
                    .is_some_and(|text| text.contains(label))
            })
            .and_then(|button| button["callback_data"].as_str())
    }
}

/// A question before a payment that the bot has not answered.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) query_id: String,
    pub(super) at: u64,
    pub(super) sum: Sum,
}

/// How a script goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Only when it is told to.
    Standing,
    /// As soon as the bot has answered.
    Acting,
    /// The same within a round; the next round waits to be told.
    Rounds,
}

/// What a script looks at.
pub struct Chat {
    pub(super) who: Arc<Person>,
    pub(super) messages: VecDeque<Shown>,
    /// The message that was sent or edited last.
    pub(super) newest: i64,
    /// An invoice that came since the last action.
    pub(super) invoiced: bool,
    /// Whether the bot has shown something since the last update.
    pub(super) shown: bool,
    /// Taps that the bot has not answered.
    pub(super) taps: Vec<String>,
    pub(super) asked: Option<Asked>,
    pub(super) script: Option<Box<dyn Script>>,
    pub(super) pace: Pace,
    /// The first action of a round that has not begun.
    pub(super) resting: Option<Action>,
    /// When the last action was due, and when the round began, in microseconds.
    pub(super) due: u64,
    pub(super) began: u64,
}

impl Chat {
    /// The message that the bot sent or edited last.
    pub fn screen(&self) -> Option<&Shown> {
        self.message(self.newest)
    }

    /// Whether everything since the last action is answered: there is a screen, and no tap and no question waits.
    pub fn is_answered(&self) -> bool {
        self.shown && self.taps.is_empty() && self.asked.is_none()
    }

    /// Whether an invoice came since the last action.
    pub fn is_invoiced(&self) -> bool {
        self.invoiced
    }

    /// The highest number of a message of the bot.
    pub fn newest_number(&self) -> i64 {
        self.messages.back().map_or(0, |message| message.message_id)
    }

    /// Whether a message after number `after` has these words in it.
    pub fn has_read(&self, words: &str, after: i64) -> bool {
        self.messages
            .iter()
            .rev()
            .take_while(|message| message.message_id > after)
            .any(|message| message.text.contains(words))
    }

    pub(super) fn message(&self, message_id: i64) -> Option<&Shown> {
        let mut newest_first = self.messages.iter().rev();
        newest_first.find(|message| message.message_id == message_id)
    }

    pub(super) fn place(&mut self, message: Shown) {
        self.newest = message.message_id;
        if self.messages.len() == KEPT {
            self.messages.pop_front();
        }
        self.messages.push_back(message);
    }

    pub(super) fn replace(&mut self, message: Shown) {
        self.newest = message.message_id;
        let mut all = self.messages.iter_mut();
        if let Some(old) = all.find(|old| old.message_id == message.message_id) {
            *old = message;
        }
    }
}

/// A customer's place in the crowd.
pub(super) struct Seat {
    chat: Mutex<Chat>,
    /// When the last update of this chat was handed to the bot, in microseconds.
    handed: AtomicU64,
}

impl Seat {
    pub(super) fn new(who: Person, script: Box<dyn Script>) -> Self {
        Self {
            chat: Mutex::new(Chat {
                who: Arc::new(who),
                messages: VecDeque::new(),
                newest: 0,
                invoiced: false,
                shown: true,
                taps: Vec::new(),
                asked: None,
                script: Some(script),
                pace: Pace::Standing,
                resting: None,
                due: 0,
                began: 0,
            }),
            handed: AtomicU64::new(0),
        }
    }

    pub(super) fn chat(&self) -> MutexGuard<'_, Chat> {
        // A script that panicked took itself out: the chat is whole.
        self.chat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hand_over(&self, now: u64) {
        self.handed.store(now, Ordering::Release);
    }

    pub(super) fn handed(&self) -> u64 {
        self.handed.load(Ordering::Acquire)
    }
}
