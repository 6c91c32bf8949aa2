//! JSON as it goes to the bot, written piece by piece into a buffer.

use serde::Serialize;
use std::io::Write;

use crate::message::Entity;

/// Writes what `serde` makes of `value`.
pub(super) fn put(buffer: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    // Writing into memory does not fail, and what is written here are texts, lists and JSON values.
    let _ = serde_json::to_writer(buffer, value);
}

pub(super) fn raw(buffer: &mut Vec<u8>, text: &str) {
    buffer.extend_from_slice(text.as_bytes());
}

pub(super) fn number(buffer: &mut Vec<u8>, number: i64) {
    // Writing into memory does not fail.
    let _ = write!(buffer, "{number}");
}

/// A person as the bot sees them, ready as JSON.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) id: i64,
    user: String,
    chat: String,
}

impl Person {
    /// Names are letters and digits here.
    pub(super) fn new(id: i64, name: &str, language: &str) -> Self {
        Self {
            id,
            user: format!(
                "{{\"id\":{id},\"is_bot\":false,\"first_name\":\"{name}\",\"language_code\":\"{language}\"}}"
            ),
            chat: format!("{{\"id\":{id},\"first_name\":\"{name}\",\"type\":\"private\"}}"),
        }
    }
}

/// What stands between the parts of a message and who sent it.
fn head(buffer: &mut Vec<u8>, message_id: i64, from: &str, chat: &str, date: i64) {
    raw(buffer, "{\"message_id\":");
    number(buffer, message_id);
    raw(buffer, ",\"from\":");
    raw(buffer, from);
    raw(buffer, ",\"chat\":");
    raw(buffer, chat);
    raw(buffer, ",\"date\":");
    number(buffer, date);
}

/// A message of the bot, without its end: the caller adds fields and the last brace.
pub(super) fn from_bot(
    buffer: &mut Vec<u8>,
    message_id: i64,
    bot: &str,
    to: &Person,
    date: i64,
    edited: bool,
) {
    head(buffer, message_id, bot, &to.chat, date);
    if edited {
        raw(buffer, ",\"edit_date\":");
        number(buffer, date);
    }
}

pub(super) fn text(buffer: &mut Vec<u8>, text: &str, entities: &[Entity]) {
    raw(buffer, ",\"text\":");
    put(buffer, text);
    if !entities.is_empty() {
        raw(buffer, ",\"entities\":");
        put(buffer, entities);
    }
}

/// `{"update_id":N,"kind":`: the caller adds the object and the last brace.
pub(super) fn update(buffer: &mut Vec<u8>, update_id: i64, kind: &str) {
    raw(buffer, "{\"update_id\":");
    number(buffer, update_id);
    raw(buffer, ",\"");
    raw(buffer, kind);
    raw(buffer, "\":");
}

/// A message with text that a customer wrote.
pub(super) fn said(
    buffer: &mut Vec<u8>,
    message_id: i64,
    who: &Person,
    date: i64,
    said: &str,
    entities: &[Entity],
) {
    head(buffer, message_id, &who.user, &who.chat, date);
    text(buffer, said, entities);
    raw(buffer, "}");
}

/// A tap on a button of `message`, which is JSON.
pub(super) fn tap(buffer: &mut Vec<u8>, id: &str, who: &Person, message: &[u8], data: &str) {
    raw(buffer, "{\"id\":\"");
    raw(buffer, id);
    raw(buffer, "\",\"from\":");
    raw(buffer, &who.user);
    raw(buffer, ",\"message\":");
    buffer.extend_from_slice(message);
    raw(buffer, ",\"chat_instance\":\"");
    number(buffer, who.id);
    raw(buffer, "\",\"data\":");
    put(buffer, data);
    raw(buffer, "}");
}

/// What money is asked for.
#[derive(Debug, Clone)]
pub(super) struct Sum {
    pub(super) currency: String,
    pub(super) amount: i64,
    pub(super) payload: String,
}

fn sum(buffer: &mut Vec<u8>, sum: &Sum) {
    raw(buffer, "\"currency\":");
    put(buffer, &sum.currency);
    raw(buffer, ",\"total_amount\":");
    number(buffer, sum.amount);
    raw(buffer, ",\"invoice_payload\":");
    put(buffer, &sum.payload);
}

pub(super) fn pre_checkout(buffer: &mut Vec<u8>, id: &str, who: &Person, asked: &Sum) {
    raw(buffer, "{\"id\":\"");
    raw(buffer, id);
    raw(buffer, "\",\"from\":");
    raw(buffer, &who.user);
    raw(buffer, ",");
    sum(buffer, asked);
    raw(buffer, "}");
}

/// The service message that tells of money.
pub(super) fn paid(
    buffer: &mut Vec<u8>,
    message_id: i64,
    who: &Person,
    date: i64,
    taken: &Sum,
    charge_id: &str,
) {
    head(buffer, message_id, &who.user, &who.chat, date);
    raw(buffer, ",\"successful_payment\":{");
    sum(buffer, taken);
    raw(buffer, ",\"telegram_payment_charge_id\":");
    put(buffer, charge_id);
    raw(buffer, ",\"provider_payment_charge_id\":");
    put(buffer, &format!("p{charge_id}"));
    raw(buffer, "}}");
}

/// An entry of `getStarTransactions`.
pub(super) fn transaction(
    buffer: &mut Vec<u8>,
    charge_id: &str,
    who: &Person,
    date: i64,
    taken: &Sum,
) {
    raw(buffer, "{\"id\":");
    put(buffer, charge_id);
    raw(buffer, ",\"amount\":");
    number(buffer, taken.amount);
    raw(buffer, ",\"date\":");
    number(buffer, date);
    raw(
        buffer,
        ",\"source\":{\"type\":\"user\",\"transaction_type\":\"invoice_payment\",\"user\":",
    );
    raw(buffer, &who.user);
    raw(buffer, ",\"invoice_payload\":");
    put(buffer, &taken.payload);
    raw(buffer, "}}");
}
