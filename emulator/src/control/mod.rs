//! The handle by which tests play customers, cause trouble, move the clock, and look at what came of it.

mod actions;
mod http;
mod pay;
mod view;

use std::{fmt, sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};

use crate::{
    calls::{Call, Counts},
    faults::Fault,
    message::Message,
    payment::Charge,
    state::in_order,
    updates::UpdateRecord,
    world::World,
};

pub use actions::{PressError, Sent};
pub(crate) use http::routes;
pub use view::{CallbackAnswer, View};

/// How long `wait_for_message` and its like wait unless told otherwise.
const DEADLINE: Duration = Duration::from_secs(10);

/// A cheap handle on a running emulator; clones control the same one.
#[derive(Clone)]
pub struct Control {
    pub(crate) world: Arc<World>,
    pub(crate) deadline: Duration,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// What was waited for did not come in time; it tells what there was instead.
#[derive(Debug, thiserror::Error)]
#[error("nothing fitting within {after:?}; there is: {seen}")]
pub struct TimedOut {
    after: Duration,
    seen: String,
}

impl Control {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self {
            world,
            deadline: DEADLINE,
        }
    }

    pub(crate) fn close(&self) {
        self.world.closing.send_replace(true);
    }

    /// A handle whose waits take at most this long.
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        Self {
            deadline,
            ..self.clone()
        }
    }

    /// Looks again after every change until `look` finds something.
    pub async fn wait<T>(
        &self,
        timeout: Duration,
        mut look: impl FnMut(&View<'_>) -> Option<T>,
    ) -> Result<T, TimedOut> {
        let bell = self.world.changed.subscribe();
        let found = wait_on(bell, timeout, || {
            self.world.read(|state| look(&View { state }))
        });
        found.await.ok_or_else(|| TimedOut {
            after: timeout,
            seen: self.world.read(|state| View { state }.summary()),
        })
    }

    /// The newest message of the bot in this chat that fits, as soon as there is one.
    pub async fn wait_for_message(
        &self,
        user: i64,
        mut fits: impl FnMut(&Message) -> bool,
    ) -> Result<Message, TimedOut> {
        let bell = self
            .world
            .change_quietly(|state| state.known(user).changed.subscribe());
        let found = wait_on(bell, self.deadline, || {
            self.world.read(|state| {
                let messages = &state.customers.get(&user)?.messages;
                let newest_first = messages.values().rev();
                let mut of_bot = newest_first.filter(|message| message.from_bot);
                of_bot.find(|message| fits(message)).cloned()
            })
        });
        found.await.ok_or_else(|| TimedOut {
            after: self.deadline,
            seen: self.world.read(|state| View { state }.chat_summary(user)),
        })
    }

    /// The newest message of the bot whose text contains `text`, as soon as there is one.
    pub async fn wait_for_text(&self, user: i64, text: &str) -> Result<Message, TimedOut> {
        self.wait_for_message(user, |message| message.text.contains(text))
            .await
    }

    /// The bot's answer to a tap, as soon as there is one.
    pub async fn wait_for_callback_answer(
        &self,
        query_id: &str,
    ) -> Result<CallbackAnswer, TimedOut> {
        self.wait(self.deadline, |view| view.callback_answer(query_id))
            .await
    }

    /// Waits until the bot has confirmed every update that was made.
    pub async fn wait_until_confirmed(&self) -> Result<(), TimedOut> {
        self.wait(self.deadline, |view| (view.pending() == 0).then_some(()))
            .await
    }

    /// The chat as it is now, oldest first; deleted messages are left out.
    pub fn messages(&self, user: i64) -> Vec<Message> {
        self.world.read(|state| {
            let customer = state.customers.get(&user);
            customer.map_or_else(Vec::new, |customer| in_order(&customer.messages))
        })
    }

    /// One message of a chat.
    pub fn message(&self, user: i64, message_id: i64) -> Option<Message> {
        self.world
            .read(|state| state.message(user, message_id).cloned())
    }

    /// The newest message of the bot.
    pub fn last_message(&self, user: i64) -> Option<Message> {
        self.messages(user)
            .into_iter()
            .rfind(|message| message.from_bot)
    }

    /// Calls with a number above `since`; 0 gives all.
    pub fn calls(&self, since: u64) -> Vec<Call> {
        self.world.read(|state| {
            let from = state.calls.partition_point(|call| call.n <= since);
            state.calls[from..].to_vec()
        })
    }

    /// Calls of one method.
    pub fn calls_of(&self, method: &str) -> Vec<Call> {
        self.world.read(|state| {
            let of_method = state
                .calls
                .iter()
                .filter(|call| call.method.eq_ignore_ascii_case(method));
            of_method.cloned().collect()
        })
    }

    /// Every charge that was ever made.
    pub fn charges(&self) -> Vec<Charge> {
        self.world.read(|state| state.charges.clone())
    }

    /// How the bot answered a tap.
    pub fn callback_answer(&self, query_id: &str) -> Option<CallbackAnswer> {
        self.world
            .read(|state| View { state }.callback_answer(query_id))
    }

    /// Ids of updates that were confirmed, by `offset` or by a webhook's 2xx.
    pub fn confirmed_updates(&self) -> Vec<i64> {
        self.world.read(|state| state.queue.confirmed.clone())
    }

    /// How many updates wait to be confirmed.
    pub fn pending_updates(&self) -> usize {
        self.world.change_quietly(|state| {
            let now_ms = state.now_ms();
            state.queue.expire(now_ms);
            state.queue.waiting.len()
        })
    }

    /// Every update that was ever made.
    pub fn updates_log(&self) -> Vec<UpdateRecord> {
        self.world.read(|state| state.queue.log.clone())
    }

    /// Counters, kept in load mode as well.
    pub fn counts(&self) -> Counts {
        self.world.read(|state| View { state }.counts())
    }

    /// Puts a fault in force.
    pub fn fault(&self, fault: Fault) {
        self.world.change(|state| state.faults.add(fault));
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.world.change(|state| state.faults.clear());
    }

    /// Seeds the choice that faults with a probability make.
    pub fn seed_faults(&self, seed: u64) {
        self.world.change(|state| state.faults.seed(seed));
    }

    /// The emulator's clock in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.world.read(crate::state::State::now_ms)
    }

    /// Moves the clock on.
    pub fn advance(&self, ms: i64) {
        self.world.change(|state| {
            state.offset_ms += ms;
            state.touch_all();
            state.wake();
        });
    }
}

/// Calls `look` now and after each ring until it finds something or time is up.
async fn wait_on<T>(
    mut bell: watch::Receiver<u64>,
    timeout: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Option<T> {
    let deadline = Instant::now() + timeout;
    loop {
        bell.mark_unchanged();
        if let Some(found) = look() {
            return Some(found);
        }
        match tokio::time::timeout_at(deadline, bell.changed()).await {
            Ok(Ok(())) => {}
            // Time is up, or nobody is left to ring.
            Ok(Err(_)) | Err(_) => return look(),
        }
    }
}
