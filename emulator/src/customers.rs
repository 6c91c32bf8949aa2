//! People who talk to the bot.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::sync::watch;

use crate::message::Message;

/// Stars in a new customer's purse: more than any test spends.
pub(crate) const FIRST_STARS: i64 = 1_000_000;

/// What a customer looks like to the bot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerSpec {
    /// Telegram id; `None` draws a free one.
    pub id: Option<i64>,
    /// First name; empty becomes `Customer`.
    pub first_name: String,
    /// Last name.
    pub last_name: Option<String>,
    /// Name after the `@`.
    pub username: Option<String>,
    /// Language of the client, such as `en`.
    pub language_code: Option<String>,
    /// Phone number that the client shares, such as `+12025550123`; `None` draws one that nobody has.
    pub phone: Option<String>,
}

impl CustomerSpec {
    /// A customer with a first name, everything else left open.
    pub fn named(first_name: impl Into<String>) -> Self {
        Self {
            first_name: first_name.into(),
            ..Self::default()
        }
    }

    /// The same with a language.
    #[must_use]
    pub fn speaking(mut self, language_code: impl Into<String>) -> Self {
        self.language_code = Some(language_code.into());
        self
    }

    fn speaks_russian(&self) -> bool {
        self.language_code.as_deref() == Some("ru")
    }
}

/// A customer and the chat with them.
pub(crate) struct Customer {
    pub(crate) id: i64,
    pub(crate) spec: CustomerSpec,
    /// Whether they ever wrote to the bot; before that the bot can't write to them.
    pub(crate) started: bool,
    pub(crate) blocked: bool,
    pub(crate) messages: BTreeMap<i64, Message>,
    pub(crate) reply_keyboard: Option<Value>,
    /// The message that brought the keyboard: a new one shows a keyboard that was put away.
    pub(crate) reply_keyboard_id: i64,
    pub(crate) chat_instance: String,
    pub(crate) stars: i64,
    /// The number on their contact card.
    pub(crate) phone: String,
    /// Which of all customers they are, from 0.
    pub(crate) place: usize,
    /// Until when "typing…" is shown, unless a message comes first.
    pub(crate) typing_until_ms: i64,
    /// Counts changes of the chat, for those who wait for one.
    pub(crate) changed: watch::Sender<u64>,
}

impl Customer {
    pub(crate) fn new(id: i64, spec: CustomerSpec, chat_instance: String, place: usize) -> Self {
        let phone = spec.phone.clone().unwrap_or_else(|| {
            // +1 202 555 01xx is kept for stories, and no Russian operator has +7 900 000.
            let start = if spec.speaks_russian() {
                "+790000001"
            } else {
                "+120255501"
            };
            format!("{start}{:02}", place % 100)
        });
        Self {
            id,
            spec,
            started: false,
            blocked: false,
            messages: BTreeMap::new(),
            reply_keyboard: None,
            reply_keyboard_id: 0,
            chat_instance,
            stars: FIRST_STARS,
            phone,
            place,
            typing_until_ms: 0,
            changed: watch::Sender::new(0),
        }
    }

    pub(crate) fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// The `User` object.
    pub(crate) fn user(&self) -> Value {
        let mut user = self.person();
        user["is_bot"] = json!(false);
        if let Some(language) = &self.spec.language_code {
            user["language_code"] = json!(language);
        }
        user
    }

    /// The private `Chat` object.
    pub(crate) fn chat(&self) -> Value {
        let mut chat = self.person();
        chat["type"] = json!("private");
        chat
    }

    fn person(&self) -> Value {
        let mut person = json!({ "id": self.id, "first_name": self.spec.first_name });
        if let Some(last_name) = &self.spec.last_name {
            person["last_name"] = json!(last_name);
        }
        if let Some(username) = &self.spec.username {
            person["username"] = json!(username);
        }
        person
    }
}
