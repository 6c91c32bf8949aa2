//! Sending, editing and deleting messages.

use serde_json::{Value, json};

use super::chat_id;
use crate::{
    keyboard::{self, Markup},
    message::{Message, MessageKind},
    params::Params,
    reply::{Answer, ApiError},
    state::State,
    text::{self, Formatted},
};

pub(crate) const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message";
/// Telegram lets a bot delete for everybody within 48 hours.
const DELETABLE_MS: i64 = 48 * 60 * 60 * 1000;

/// How long a client shows a chat action.
const ACTION_SHOWN_MS: i64 = 5_000;

/// `sendMessage`.
pub(super) fn send(state: &mut State, params: &Params) -> Answer {
    let chat = chat_id(params)?;
    let formatted = text::message_text(params)?;
    let markup = keyboard::markup(params, false)?;
    deliver(
        state,
        params,
        chat,
        MessageKind::Text,
        |message| {
            fill(message, formatted);
        },
        markup,
    )
}

/// Checks the chat and the answered message, then puts a new message of the bot there.
pub(super) fn deliver(
    state: &mut State,
    params: &Params,
    chat: i64,
    kind: MessageKind,
    fill: impl FnOnce(&mut Message),
    markup: Markup,
) -> Answer {
    state.recipient(chat)?;
    let answered = answered(state, params, chat)?;
    let mut message = state.draft(chat, kind);
    message.from_bot = true;
    message.protect_content = params.flag("protect_content");
    if let Some(answered) = answered {
        message.extra.insert("reply_to_message".into(), answered);
    }
    fill(&mut message);
    match markup {
        Markup::Inline(value) => message.set_keyboard(Some(value)),
        Markup::Reply(value) => {
            let customer = state.known(chat);
            customer.reply_keyboard = Some(value);
            customer.reply_keyboard_id = message.message_id;
        }
        Markup::Remove => state.known(chat).reply_keyboard = None,
        Markup::None => {}
    }
    Ok(state.place(message))
}

fn answered(state: &State, params: &Params, chat: i64) -> Result<Option<Value>, ApiError> {
    let reply = params.json("reply_parameters")?.unwrap_or_default();
    let wanted = reply["message_id"]
        .as_i64()
        .or_else(|| params.integer("reply_to_message_id"));
    let Some(wanted) = wanted else {
        return Ok(None);
    };
    let lenient =
        reply["allow_sending_without_reply"] == true || params.flag("allow_sending_without_reply");
    match state.message(chat, wanted) {
        Some(message) => Ok(Some(state.message_api(message))),
        None if lenient => Ok(None),
        None => Err(ApiError::bad("message to be replied not found")),
    }
}

pub(super) fn fill(message: &mut Message, formatted: Formatted) {
    message.source = formatted.source;
    message.text = formatted.text;
    message.entities = formatted.entities;
}

/// The message that a call edits.
pub(super) fn editable<'a>(state: &'a State, params: &Params) -> Result<&'a Message, ApiError> {
    if params.text("inline_message_id").is_some() {
        return Err(ApiError::bad("MESSAGE_ID_INVALID"));
    }
    let chat = state.chat(chat_id(params)?)?;
    let message = params
        .integer("message_id")
        .ok_or_else(|| ApiError::bad("message identifier is not specified"))
        .map(|number| chat.messages.get(&number))?
        .ok_or_else(|| ApiError::bad("message to edit not found"))?;
    if !message.from_bot || message.kind == MessageKind::RefundedPayment {
        return Err(ApiError::bad("message can't be edited"));
    }
    Ok(message)
}

/// `editMessageText`; without `reply_markup` the keyboard goes.
pub(super) fn edit_text(state: &mut State, params: &Params) -> Answer {
    let formatted = text::message_text(params)?;
    let markup = keyboard::markup(params, false)?.inline();
    let message = editable(state, params)?;
    if message.kind != MessageKind::Text {
        return Err(ApiError::bad("there is no text in the message to edit"));
    }
    edit_content(state, params, formatted, markup)
}

/// `editMessageCaption`.
pub(super) fn edit_caption(state: &mut State, params: &Params) -> Answer {
    let formatted = text::caption(params)?;
    let markup = keyboard::markup(params, false)?.inline();
    let message = editable(state, params)?;
    if !matches!(message.kind, MessageKind::Photo | MessageKind::Document) {
        return Err(ApiError::bad("there is no caption in the message to edit"));
    }
    edit_content(state, params, formatted, markup)
}

fn edit_content(
    state: &mut State,
    params: &Params,
    formatted: Formatted,
    markup: Option<Value>,
) -> Answer {
    let message = editable(state, params)?;
    if message.text == formatted.text
        && message.entities == formatted.entities
        && message.reply_markup == markup
    {
        return Err(ApiError::bad(NOT_MODIFIED));
    }
    let mut edited = message.clone();
    fill(&mut edited, formatted);
    edited.set_keyboard(markup);
    Ok(replace(state, edited))
}

/// `editMessageReplyMarkup`.
pub(super) fn edit_markup(state: &mut State, params: &Params) -> Answer {
    let message = editable(state, params)?;
    let is_invoice = message.kind == MessageKind::Invoice;
    let markup = keyboard::markup(params, is_invoice)?.inline();
    if message.reply_markup == markup {
        return Err(ApiError::bad(NOT_MODIFIED));
    }
    let mut edited = message.clone();
    edited.set_keyboard(markup);
    Ok(replace(state, edited))
}

pub(super) fn replace(state: &mut State, mut edited: Message) -> Value {
    edited.edited_ms = Some(state.now_ms());
    edited.edits += 1;
    state.note_message("edit", &edited);
    let api = state.message_api(&edited);
    if let Some(customer) = state.customers.get_mut(&edited.chat_id) {
        customer.messages.insert(edited.message_id, edited);
        customer.touch();
    }
    api
}

/// `deleteMessage`.
pub(super) fn delete(state: &mut State, params: &Params) -> Answer {
    let chat = chat_id(params)?;
    state.chat(chat)?;
    let number = params.integer("message_id").unwrap_or_default();
    let now_ms = state.now_ms();
    match state.message(chat, number) {
        None => return Err(ApiError::bad("message to delete not found")),
        Some(message) if now_ms - message.date_ms > DELETABLE_MS => {
            return Err(ApiError::bad("message can't be deleted for everyone"));
        }
        Some(_) => {}
    }
    remove(state, chat, number);
    Ok(json!(true))
}

/// `deleteMessages`: unknown ones are skipped.
pub(super) fn delete_many(state: &mut State, params: &Params) -> Answer {
    let chat = chat_id(params)?;
    state.chat(chat)?;
    let numbers = params.json("message_ids")?.unwrap_or_default();
    for number in numbers.as_array().into_iter().flatten() {
        remove(state, chat, number.as_i64().unwrap_or_default());
    }
    Ok(json!(true))
}

fn remove(state: &mut State, chat: i64, number: i64) {
    if let Some(customer) = state.customers.get_mut(&chat) {
        customer.messages.remove(&number);
        customer.touch();
    }
    let line =
        json!({ "event": "delete", "at_ms": state.now_ms(), "chat": chat, "message_id": number });
    state.note(&line);
}

/// `sendChatAction`.
pub(super) fn chat_action(state: &mut State, params: &Params) -> Answer {
    const ACTIONS: [&str; 11] = [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ];
    let chat = chat_id(params)?;
    state.recipient(chat)?;
    let action = params.text("action").unwrap_or_default();
    if !ACTIONS.contains(&action.as_str()) {
        return Err(ApiError::bad("wrong parameter action in request"));
    }
    let until_ms = state.now_ms() + ACTION_SHOWN_MS;
    let customer = state.known(chat);
    customer.typing_until_ms = until_ms;
    customer.touch();
    Ok(json!(true))
}

/// `getChat`: what a `ChatFullInfo` of a private chat must have.
pub(super) fn chat(state: &mut State, params: &Params) -> Answer {
    let mut chat = state.chat(chat_id(params)?)?.chat();
    chat["accent_color_id"] = json!(0);
    chat["max_reaction_count"] = json!(11);
    chat["accepted_gift_types"] = json!({
        "unlimited_gifts": true,
        "limited_gifts": true,
        "unique_gifts": true,
        "premium_subscription": true,
        "gifts_from_channels": true,
    });
    Ok(chat)
}
