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
    pub(crate) chat_instance: String,
    pub(crate) stars: i64,
    /// Counts changes of the chat, for those who wait for one.
    pub(crate) changed: watch::Sender<u64>,
}

impl Customer {
    pub(crate) fn new(id: i64, spec: CustomerSpec, chat_instance: String) -> Self {
        Self {
            id,
            spec,
            started: false,
            blocked: false,
            messages: BTreeMap::new(),
            reply_keyboard: None,
            chat_instance,
            stars: FIRST_STARS,
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
