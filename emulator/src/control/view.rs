//! What a waiting test looks at: the state between two changes.

use serde::{Deserialize, Serialize};

use crate::{
    calls::{Call, Counts},
    mailbox::Mail,
    message::Message,
    payment::Charge,
    state::State,
};

/// How the bot answered a tap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackAnswer {
    /// The toast; empty if the bot only ended the spinner.
    pub text: String,
    /// Whether it is an alert that must be closed.
    pub show_alert: bool,
    /// A link that the client opens.
    #[serde(default)]
    pub url: Option<String>,
}

/// The state, held still while one looks.
pub struct View<'a> {
    pub(super) state: &'a State,
}

impl View<'_> {
    /// The chat, oldest first.
    pub fn messages(&self, user: i64) -> impl DoubleEndedIterator<Item = &Message> {
        let customer = self.state.customers.get(&user);
        customer
            .into_iter()
            .flat_map(|customer| customer.messages.values())
    }

    /// One message of a chat.
    pub fn message(&self, user: i64, message_id: i64) -> Option<&Message> {
        self.state.message(user, message_id)
    }

    /// All calls so far.
    pub fn calls(&self) -> &[Call] {
        &self.state.calls
    }

    /// All charges so far.
    pub fn charges(&self) -> &[Charge] {
        &self.state.charges
    }

    /// All mails so far, oldest first.
    pub fn mails(&self) -> impl DoubleEndedIterator<Item = &Mail> {
        self.state.mails.iter()
    }

    /// Ids of confirmed updates.
    pub fn confirmed(&self) -> &[i64] {
        &self.state.queue.confirmed
    }

    /// How many updates wait to be confirmed.
    pub fn pending(&self) -> usize {
        self.state.queue.waiting.len()
    }

    /// Counters.
    pub fn counts(&self) -> Counts {
        Counts {
            updates: self.state.queue.made,
            confirmed: self.state.queue.confirmed_count,
            calls: self.state.call_count,
        }
    }

    /// The emulator's clock.
    pub fn now_ms(&self) -> i64 {
        self.state.now_ms()
    }

    /// How the bot answered a tap, if it did.
    pub fn callback_answer(&self, query_id: &str) -> Option<CallbackAnswer> {
        let answer = self.state.callbacks.get(query_id)?.answer.as_ref()?;
        Some(CallbackAnswer {
            text: answer["text"].as_str().unwrap_or_default().to_owned(),
            show_alert: answer["show_alert"] == true,
            url: answer["url"].as_str().map(str::to_owned),
        })
    }

    pub(super) fn summary(&self) -> String {
        let last: Vec<_> = self
            .state
            .calls
            .iter()
            .rev()
            .take(5)
            .map(|call| format!("{} {}", call.method, call.error.as_deref().unwrap_or("ok")))
            .collect();
        format!(
            "{:?}, {} updates pending, {} charges, last calls (newest first) {last:?}",
            self.counts(),
            self.pending(),
            self.charges().len()
        )
    }

    pub(super) fn chat_summary(&self, user: i64) -> String {
        let lines: Vec<_> = self
            .messages(user)
            .rev()
            .take(6)
            .map(|message| {
                let buttons: Vec<_> = message.buttons().map(|b| b.text.as_str()).collect();
                let who = if message.from_bot { "bot" } else { "customer" };
                format!(
                    "{who} {} {:?} {:?} {buttons:?}",
                    message.message_id, message.kind, message.text
                )
            })
            .collect();
        let summary = self.summary();
        let lines = if lines.is_empty() {
            "nothing".to_owned()
        } else {
            lines.join("\n  ")
        };
        format!("chat {user}, newest first:\n  {lines}\n{summary}")
    }
}
