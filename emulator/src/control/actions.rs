//! What customers do: write, tap, share, block.

use axum::body::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Control;
use crate::{
    customers::CustomerSpec,
    message::{Message, MessageKind},
    methods,
    state::{Callback, State},
    text,
};

/// A message that a customer sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Number of the message.
    pub message_id: i64,
    /// The update; `None` if the bot doesn't want messages.
    pub update_id: Option<i64>,
}

/// Why a tap was not possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PressError {
    /// The message is not in the chat.
    #[error("there is no message {0} in the chat")]
    NoMessage(i64),
    /// The message has no such callback button.
    #[error("no button {wanted:?} there; there are {present:?}")]
    NoButton {
        /// What was to be tapped.
        wanted: String,
        /// What could have been.
        present: Vec<String>,
    },
}

impl Control {
    /// Makes a customer and answers their id; an id that is taken is answered as it is. The bot may write to them once they wrote to it.
    pub fn customer(&self, spec: CustomerSpec) -> i64 {
        self.world.change(|state| state.customer(spec))
    }

    /// Sends text; a slash command gets its entity. A customer who had blocked the bot unblocks it first, as their client would.
    pub fn say(&self, user: i64, text: &str) -> Sent {
        self.world.change(|state| {
            let mut message = state.draft(user, MessageKind::Text);
            text.trim().clone_into(&mut message.text);
            message.entities = text::commands(&message.text);
            send(state, message)
        })
    }

    /// Sends a message with these fields merged into its Bot API object (they win).
    pub fn send_raw_message(&self, user: i64, fields: Map<String, Value>) -> Sent {
        self.world.change(|state| {
            let mut message = state.draft(user, MessageKind::Other);
            if let Some(Value::String(text)) = fields.get("text") {
                text.clone_into(&mut message.text);
                message.entities = text::commands(text);
            }
            message.extra.clone_from(&fields);
            send_merged(state, message, fields)
        })
    }

    /// Makes any update; `update_id` is added if missing. Answers its id.
    pub fn push_update_raw(&self, update: Map<String, Value>) -> i64 {
        self.world.change(|state| state.enqueue_raw(update))
    }

    /// The number on a customer's own contact card.
    pub fn phone(&self, user: i64) -> String {
        self.world
            .change_quietly(|state| state.known(user).phone.clone())
    }

    /// Changes the number on a customer's own contact card.
    pub fn set_phone(&self, user: i64, phone: &str) {
        self.world.change(|state| {
            let customer = state.known(user);
            phone.clone_into(&mut customer.phone);
            customer.touch();
        });
    }

    /// Shares a contact: their own if `contact_user_id` is theirs; `forwarded` adds the origin of a forwarded message.
    pub fn share_contact(
        &self,
        user: i64,
        phone: &str,
        contact_user_id: Option<i64>,
        forwarded: bool,
    ) -> Sent {
        self.world.change(|state| {
            let mut contact = json!({
                "phone_number": phone,
                "first_name": state.known(user).spec.first_name,
            });
            if let Some(id) = contact_user_id {
                contact["user_id"] = json!(id);
            }
            let mut message = state.draft(user, MessageKind::Contact);
            message.extra.insert("contact".into(), contact);
            if forwarded {
                let origin = json!({
                    "type": "hidden_user",
                    "date": message.date_ms / 1000,
                    "sender_user_name": "Somebody",
                });
                message.extra.insert("forward_origin".into(), origin);
            }
            send(state, message)
        })
    }

    /// Sends a sticker.
    pub fn send_sticker(&self, user: i64) -> Sent {
        self.world.change(|state| {
            let mut message = state.draft(user, MessageKind::Sticker);
            let sticker = json!({
                "file_id": format!("CAAC{}", state.random.text(52)),
                "file_unique_id": format!("AgAD{}", state.random.text(11)),
                "type": "regular",
                "width": 512,
                "height": 512,
                "is_animated": false,
                "is_video": false,
                "emoji": "👍",
            });
            message.extra.insert("sticker".into(), sticker);
            send(state, message)
        })
    }

    /// Sends a file, such as a list of keys that a seller loads.
    pub fn send_document(
        &self,
        user: i64,
        name: &str,
        bytes: impl Into<Bytes>,
        caption: &str,
    ) -> Sent {
        let bytes = bytes.into();
        self.world.change(|state| {
            let mut message = methods::document_message(state, user, name, None, bytes);
            captioned(&mut message, caption);
            send(state, message)
        })
    }

    /// Sends a photo.
    pub fn send_photo(
        &self,
        user: i64,
        name: &str,
        bytes: impl Into<Bytes>,
        caption: &str,
    ) -> Sent {
        let bytes = bytes.into();
        self.world.change(|state| {
            let mut message = methods::photo_message(state, user, name, bytes);
            captioned(&mut message, caption);
            send(state, message)
        })
    }

    /// Taps the button with this callback data, which must be on that message. Answers the id of the callback query.
    pub fn press(
        &self,
        user: i64,
        message_id: i64,
        callback_data: &str,
    ) -> Result<String, PressError> {
        self.world.change(|state| {
            let message = state
                .message(user, message_id)
                .ok_or(PressError::NoMessage(message_id))?;
            let has = |data: &Option<String>| data.as_deref() == Some(callback_data);
            if !message.buttons().any(|button| has(&button.callback_data)) {
                let data = message.buttons().filter_map(|b| b.callback_data.clone());
                return Err(PressError::NoButton {
                    wanted: callback_data.to_owned(),
                    present: data.collect(),
                });
            }
            Ok(tap(state, user, message_id, callback_data))
        })
    }

    /// Taps the callback button whose text contains `text`, on the newest message that has one.
    pub fn press_text(&self, user: i64, text: &str) -> Result<String, PressError> {
        self.world.change(|state| {
            let chat = state.customers.get(&user);
            let messages = chat.into_iter().flat_map(|c| c.messages.values().rev());
            let buttons: Vec<_> = messages
                .flat_map(|message| message.buttons().map(|button| (message.message_id, button)))
                .filter_map(|(number, button)| {
                    let data = button.callback_data.as_ref()?;
                    Some((number, button.text.as_str(), data.as_str()))
                })
                .collect();
            let wanted = buttons.iter().find(|(_, label, _)| label.contains(text));
            let Some(&(number, _, data)) = wanted else {
                return Err(PressError::NoButton {
                    wanted: text.to_owned(),
                    present: buttons
                        .iter()
                        .map(|(_, label, _)| (*label).to_owned())
                        .collect(),
                });
            };
            let data = data.to_owned();
            Ok(tap(state, user, number, &data))
        })
    }

    /// Sends a tap with any data, unchecked, as a forged client could. Answers the id of the callback query.
    pub fn press_forged(&self, user: i64, message_id: i64, data: &str) -> String {
        self.world
            .change(|state| tap(state, user, message_id, data))
    }

    /// Blocks the bot.
    pub fn block(&self, user: i64) {
        self.world.change(|state| {
            state.known(user).blocked = true;
            membership(state, user, "member", "kicked");
        });
    }

    /// Takes the block back.
    pub fn unblock(&self, user: i64) {
        self.world.change(|state| unblock(state, user));
    }

    /// Sets what a customer has in their purse.
    pub fn set_stars(&self, user: i64, stars: i64) {
        self.world.change(|state| {
            let customer = state.known(user);
            customer.stars = stars;
            customer.touch();
        });
    }

    /// What a customer has in their purse.
    pub fn stars(&self, user: i64) -> i64 {
        self.world.read(|state| {
            state
                .customers
                .get(&user)
                .map_or(0, |customer| customer.stars)
        })
    }

    /// Delivers an update again, confirmed or not. False if it was never made.
    pub fn redeliver(&self, update_id: i64, copies: u32) -> bool {
        self.world.change(|state| {
            let known = state.queue.redeliver(update_id, copies);
            state.wake();
            known
        })
    }
}

fn captioned(message: &mut Message, caption: &str) {
    caption.clone_into(&mut message.text);
    message.entities = text::commands(caption);
}

/// Puts a customer's message into the chat and makes its update.
fn send(state: &mut State, message: Message) -> Sent {
    send_merged(state, message, Map::new())
}

fn send_merged(state: &mut State, mut message: Message, fields: Map<String, Value>) -> Sent {
    let user = message.chat_id;
    if state.known(user).blocked {
        unblock(state, user);
    }
    state.known(user).started = true;
    message.source.clone_from(&message.text);
    let message_id = message.message_id;
    let mut api = state.place(message);
    if let Value::Object(object) = &mut api {
        object.extend(fields);
    }
    let update_id = state.enqueue("message", user, &api);
    Sent {
        message_id,
        update_id,
    }
}

fn tap(state: &mut State, user: i64, message_id: i64, data: &str) -> String {
    let id = state.random.digits();
    state.known(user).started = true;
    let message = match state.message(user, message_id) {
        Some(message) => state.message_api(message),
        // What Telegram shows of a message that is gone.
        None => json!({ "chat": state.known(user).chat(), "message_id": message_id, "date": 0 }),
    };
    let customer = state.known(user);
    let query = json!({
        "id": id,
        "from": customer.user(),
        "message": message,
        "chat_instance": customer.chat_instance,
        "data": data,
    });
    let callback = Callback {
        made_ms: state.now_ms(),
        answer: None,
    };
    state.callbacks.insert(id.clone(), callback);
    state.enqueue("callback_query", user, &query);
    id
}

fn unblock(state: &mut State, user: i64) {
    state.known(user).blocked = false;
    membership(state, user, "kicked", "member");
}

fn membership(state: &mut State, user: i64, old: &str, new: &str) {
    let bot = state.bot_user();
    let date = state.now_ms() / 1000;
    let member = |status: &str| {
        let mut member = json!({ "status": status, "user": bot });
        if status == "kicked" {
            member["until_date"] = json!(0);
        }
        member
    };
    let customer = state.known(user);
    let change = json!({
        "chat": customer.chat(),
        "from": customer.user(),
        "date": date,
        "old_chat_member": member(old),
        "new_chat_member": member(new),
    });
    customer.touch();
    state.enqueue("my_chat_member", user, &change);
}
