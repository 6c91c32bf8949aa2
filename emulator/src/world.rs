//! The state, its lock, and the bells that ring when it changes.

use std::{
    fs::File,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

use crate::state::State;

/// Shared by the server, the webhook and every `Control`.
pub(crate) struct World {
    state: Mutex<State>,
    /// Rings after each change of anything.
    pub(crate) changed: watch::Sender<u64>,
    /// Becomes true when the emulator stops.
    pub(crate) closing: watch::Sender<bool>,
    /// The only token that is taken, if one was set.
    pub(crate) token: Option<String>,
}

impl World {
    pub(crate) fn new(token: Option<String>, log: Option<File>) -> Self {
        let mut state = State::new(log);
        if let Some(id) = token.as_deref().and_then(bot_id) {
            state.bot.id = id;
        }
        Self {
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            closing: watch::Sender::new(false),
            token,
        }
    }

    // A panic under the lock can only come from a predicate of a test: what it looked at is still whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    pub(crate) fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let outcome = act(&mut self.lock());
        self.changed.send_modify(|count| *count += 1);
        outcome
    }

    /// A change that nobody waits for, such as the bookkeeping of a poll.
    pub(crate) fn change_quietly<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.lock())
    }

    /// Whether this token may call.
    pub(crate) fn admits(&self, token: &str) -> bool {
        match &self.token {
            Some(own) => own == token,
            None => bot_id(token).is_some(),
        }
    }
}

/// The bot's id, which stands before the colon of its token.
pub(crate) fn bot_id(token: &str) -> Option<i64> {
    let (id, secret) = token.split_once(':')?;
    if secret.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    id.parse().ok()
}
