//! Everything that the emulator knows, behind one lock.

use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::Write,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::watch;

use crate::{
    calls::Call,
    customers::{Customer, CustomerSpec},
    faults::Faults,
    files::Files,
    ids::{Random, first_id},
    mailbox::Mail,
    message::{Message, MessageKind},
    payment::{Attempt, Charge, Invoice},
    reply::ApiError,
    updates::UpdateQueue,
    webhook::Webhook,
};

/// Keeps message ids apart from update ids, so that a mix-up of the two shows.
const MESSAGES_ABOVE_UPDATES: i64 = 10_000_000;
/// A run makes more messages than updates: so far above an earlier run's last update the numbers of its messages end, too.
const ABOVE_AN_EARLIER_RUN: i64 = 10_000;

/// A tap on a callback button that the bot may answer.
#[derive(Debug, Clone)]
pub(crate) struct Callback {
    pub(crate) made_ms: i64,
    pub(crate) answer: Option<Value>,
}

/// What the bot says of itself.
#[derive(Debug, Default)]
pub(crate) struct Bot {
    pub(crate) id: i64,
    /// Its `first_name`.
    pub(crate) name: String,
    /// Commands by scope and language.
    pub(crate) commands: HashMap<(String, String), Value>,
    /// Menu buttons by chat; 0 is the default one.
    pub(crate) menu_buttons: HashMap<i64, Value>,
    pub(crate) descriptions: HashMap<String, String>,
    pub(crate) short_descriptions: HashMap<String, String>,
}

/// The emulated Telegram.
pub(crate) struct State {
    /// What `advance` added to the wall clock.
    pub(crate) offset_ms: i64,
    pub(crate) random: Random,
    pub(crate) bot: Bot,
    pub(crate) customers: HashMap<i64, Customer>,
    next_customer: i64,
    next_message: i64,
    pub(crate) queue: UpdateQueue,
    /// Counts changes that a waiting `getUpdates` or the webhook must see.
    pub(crate) queue_changed: watch::Sender<u64>,
    /// Which `getUpdates` is the newest.
    pub(crate) poll: u64,
    pub(crate) webhook: Option<Webhook>,
    pub(crate) callbacks: HashMap<String, Callback>,
    pub(crate) attempts: HashMap<String, Attempt>,
    pub(crate) charges: Vec<Charge>,
    pub(crate) links: HashMap<String, Invoice>,
    pub(crate) files: Files,
    /// What was sent by mail, oldest first.
    pub(crate) mails: Vec<Mail>,
    pub(crate) faults: Faults,
    pub(crate) calls: Vec<Call>,
    pub(crate) call_count: u64,
    log: Option<File>,
}

impl State {
    pub(crate) fn new(log: Option<File>) -> Self {
        let mut random = Random::from_entropy();
        let now_ms = wall_ms();
        let queue = UpdateQueue::new(first_id(now_ms, &mut random));
        Self {
            offset_ms: 0,
            bot: Bot {
                id: 1_000_001,
                name: crate::BOT_NAME.to_owned(),
                ..Bot::default()
            },
            customers: HashMap::new(),
            next_customer: 700_000_000 + random.below(100_000_000) as i64,
            next_message: first_id(now_ms, &mut random) + MESSAGES_ABOVE_UPDATES,
            queue,
            queue_changed: watch::Sender::new(0),
            poll: 0,
            webhook: None,
            callbacks: HashMap::new(),
            attempts: HashMap::new(),
            charges: Vec::new(),
            links: HashMap::new(),
            files: Files::default(),
            mails: Vec::new(),
            faults: Faults::default(),
            calls: Vec::new(),
            call_count: 0,
            log,
            random,
        }
    }

    /// Ids that are given from now on are above those of a run whose greatest `update_id` was `known`, whatever the clock says.
    pub(crate) fn begin_above(&mut self, known: i64) {
        let first = known.saturating_add(ABOVE_AN_EARLIER_RUN);
        self.queue.next_id = self.queue.next_id.max(first);
        self.next_message = self
            .next_message
            .max(self.queue.next_id + MESSAGES_ABOVE_UPDATES);
    }

    pub(crate) fn now_ms(&self) -> i64 {
        wall_ms() + self.offset_ms
    }

    /// The bot as a `User` object.
    pub(crate) fn bot_user(&self) -> Value {
        json!({
            "id": self.bot.id,
            "is_bot": true,
            "first_name": self.bot.name,
            "username": crate::BOT_USERNAME,
        })
    }

    /// Writes a line to the world log. It reaches the kernel before anybody learns of the effect.
    pub(crate) fn note(&mut self, line: &Value) {
        if let Some(file) = &mut self.log {
            let written = file.write_all(format!("{line}\n").as_bytes());
            if let Err(error) = written {
                tracing::error!(%error, "the world log can't be written");
            }
        }
    }

    /// Makes a customer, or finds the one with this id.
    pub(crate) fn customer(&mut self, mut spec: CustomerSpec) -> i64 {
        let id = spec.id.unwrap_or_else(|| {
            while self.customers.contains_key(&self.next_customer) {
                self.next_customer += 1;
            }
            self.next_customer
        });
        spec.id = Some(id);
        if spec.first_name.is_empty() {
            "Customer".clone_into(&mut spec.first_name);
        }
        if !self.customers.contains_key(&id) {
            let chat_instance = self.random.digits();
            let place = self.customers.len();
            self.customers
                .insert(id, Customer::new(id, spec, chat_instance, place));
        }
        id
    }

    /// The customer with this id, made if need be.
    pub(crate) fn known(&mut self, id: i64) -> &mut Customer {
        let instance = self.random.digits();
        let place = self.customers.len();
        self.customers.entry(id).or_insert_with(|| {
            let spec = CustomerSpec {
                id: Some(id),
                ..CustomerSpec::named("Customer")
            };
            Customer::new(id, spec, instance, place)
        })
    }

    /// The chat that the bot may write to, or Telegram's refusal.
    pub(crate) fn recipient(&self, id: i64) -> Result<&Customer, ApiError> {
        let customer = self.chat(id)?;
        if customer.blocked {
            return Err(ApiError::forbidden("bot was blocked by the user"));
        }
        if !customer.started {
            return Err(ApiError::forbidden(
                "bot can't initiate conversation with a user",
            ));
        }
        Ok(customer)
    }

    pub(crate) fn chat(&self, id: i64) -> Result<&Customer, ApiError> {
        self.customers
            .get(&id)
            .ok_or_else(|| ApiError::bad("chat not found"))
    }

    pub(crate) fn message(&self, chat: i64, message_id: i64) -> Option<&Message> {
        self.customers.get(&chat)?.messages.get(&message_id)
    }

    pub(crate) fn message_mut(&mut self, chat: i64, message_id: i64) -> Option<&mut Message> {
        self.customers.get_mut(&chat)?.messages.get_mut(&message_id)
    }

    /// A new message with the next number.
    pub(crate) fn draft(&mut self, chat: i64, kind: MessageKind) -> Message {
        let number = self.next_message;
        self.next_message += 1;
        Message::new(chat, number, self.now_ms(), kind)
    }

    /// The Bot API object of a message.
    pub(crate) fn message_api(&self, message: &Message) -> Value {
        let Some(customer) = self.customers.get(&message.chat_id) else {
            return Value::Null;
        };
        let from = if message.from_bot {
            self.bot_user()
        } else {
            customer.user()
        };
        message.api(from, customer.chat())
    }

    /// Puts a message into its chat; answers its Bot API object.
    pub(crate) fn place(&mut self, message: Message) -> Value {
        let api = self.message_api(&message);
        if message.from_bot {
            self.note_message("message", &message);
        }
        if let Some(customer) = self.customers.get_mut(&message.chat_id) {
            if message.from_bot {
                customer.typing_until_ms = 0;
            }
            customer.messages.insert(message.message_id, message);
            customer.touch();
        }
        api
    }

    /// Tells the world log of a message that the bot sent or edited.
    pub(crate) fn note_message(&mut self, event: &str, message: &Message) {
        if self.log.is_some() {
            let line = json!({
                "event": event,
                "at_ms": self.now_ms(),
                "chat": message.chat_id,
                "message_id": message.message_id,
                "kind": message.kind,
                "text": message.text,
            });
            self.note(&line);
        }
    }

    /// Makes an update; `None` if the bot doesn't want its kind.
    pub(crate) fn enqueue(&mut self, kind: &str, lane: i64, content: &Value) -> Option<i64> {
        if !self.queue.wants(kind) {
            return None;
        }
        let id = self.queue.take_id();
        let json = format!("{{\"update_id\":{id},\"{kind}\":{content}}}");
        let now_ms = self.now_ms();
        self.queue.push(id, kind, lane, json, now_ms);
        self.wake();
        Some(id)
    }

    /// Adds a finished update object as it is, with an `update_id` if it has none.
    pub(crate) fn enqueue_raw(&mut self, mut update: Map<String, Value>) -> i64 {
        let given = update.get("update_id").and_then(Value::as_i64);
        let id = given.unwrap_or_else(|| self.queue.take_id());
        update.insert("update_id".into(), id.into());
        let kind = update.keys().find(|key| *key != "update_id");
        let kind = kind.cloned().unwrap_or_default();
        let now_ms = self.now_ms();
        let json = Value::Object(update).to_string();
        self.queue.push(id, &kind, 0, json, now_ms);
        self.wake();
        id
    }

    /// Tells the world log which updates the bot confirmed.
    pub(crate) fn note_confirmed(&mut self, ids: &[i64]) {
        if self.log.is_some() && !ids.is_empty() {
            let line = json!({ "event": "confirmed", "at_ms": self.now_ms(), "update_ids": ids });
            self.note(&line);
        }
    }

    pub(crate) fn wake(&self) {
        self.queue_changed.send_modify(|count| *count += 1);
    }

    /// Tells every chat that something which all of them show has changed.
    pub(crate) fn touch_all(&self) {
        for customer in self.customers.values() {
            customer.touch();
        }
    }

    /// Commands that a customer sees: the narrowest scope that has any, their language first.
    pub(crate) fn commands_for(&self, customer: &Customer) -> Value {
        let language = customer.spec.language_code.clone().unwrap_or_default();
        let scopes = [
            format!("chat:{}", customer.id),
            "all_private_chats".to_owned(),
            "default".to_owned(),
        ];
        for scope in scopes {
            for language in [language.as_str(), ""] {
                let key = (scope.clone(), language.to_owned());
                if let Some(commands) = self.bot.commands.get(&key) {
                    return commands.clone();
                }
            }
        }
        json!([])
    }
}

/// Milliseconds of the wall clock since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where the emulator's own clock comes from"
)]
pub(crate) fn wall_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}

/// The messages of a chat in order.
pub(crate) fn in_order(messages: &BTreeMap<i64, Message>) -> Vec<Message> {
    messages.values().cloned().collect()
}
