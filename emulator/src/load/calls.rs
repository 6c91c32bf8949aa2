//! The calls that a bot makes again and again, validated as the emulator proper validates them.

use serde_json::{Value, json};
use std::sync::{Arc, PoisonError};

use super::{
    chat::{Chat, Seat, Shown},
    server::{Hall, Taken},
    wire::{self, Sum},
};
use crate::{
    keyboard::{self, Markup},
    message::Entity,
    methods,
    params::Params,
    reply::ApiError,
    text,
};

/// Writes the `result` of a call into `answer`.
pub(super) fn run(
    hall: &Hall,
    method: &str,
    params: &Params,
    answer: &mut Vec<u8>,
) -> Result<(), ApiError> {
    match method.to_ascii_lowercase().as_str() {
        "sendmessage" => send(hall, params, answer),
        "editmessagetext" => edit(hall, params, answer),
        "answercallbackquery" => answer_tap(hall, params, answer),
        "sendinvoice" => send_invoice(hall, params, answer),
        "answerprecheckoutquery" => answer_pre_checkout(hall, params, answer),
        "getstartransactions" => transactions(hall, params, answer),
        _ => {
            let value = hall
                .proper
                .change_quietly(|state| methods::run(state, method, params))?;
            hall.look_at_bot();
            wire::put(answer, &value);
            Ok(())
        }
    }
}

fn seat(hall: &Hall, params: &Params) -> Result<Arc<Seat>, ApiError> {
    let chat = methods::chat_id(params)?;
    hall.seat(chat)
        .ok_or_else(|| ApiError::bad("chat not found"))
}

/// What is shown by a call.
struct Content {
    text: String,
    entities: Vec<Entity>,
    markup: Option<Value>,
    invoice: Option<(Sum, Value)>,
}

/// Writes the message as JSON and puts it into the chat's hands.
fn shown(hall: &Hall, chat: &Chat, message_id: i64, edited: bool, content: Content) -> Shown {
    let mut json = Vec::with_capacity(1024);
    wire::from_bot(
        &mut json,
        message_id,
        &hall.bot(),
        &chat.who,
        hall.date(),
        edited,
    );
    if let Some((_, invoice)) = &content.invoice {
        wire::raw(&mut json, ",\"invoice\":");
        wire::put(&mut json, invoice);
    } else {
        wire::text(&mut json, &content.text, &content.entities);
    }
    if let Some(markup) = &content.markup {
        wire::raw(&mut json, ",\"reply_markup\":");
        wire::put(&mut json, markup);
    }
    wire::raw(&mut json, "}");
    Shown {
        message_id,
        text: content.text,
        entities: content.entities,
        markup: content.markup,
        invoice: content.invoice.map(|(sum, _)| sum),
        json,
    }
}

fn send(hall: &Hall, params: &Params, answer: &mut Vec<u8>) -> Result<(), ApiError> {
    let seat = seat(hall, params)?;
    let formatted = text::message_text(params)?;
    let markup = keyboard::markup(params, false)?.inline();
    let content = Content {
        text: formatted.text,
        entities: formatted.entities,
        markup,
        invoice: None,
    };
    let mut chat = seat.chat();
    let message = shown(hall, &chat, hall.message_id(), false, content);
    answer.extend_from_slice(&message.json);
    chat.place(message);
    hall.shown(&seat, &mut chat);
    Ok(())
}

fn edit(hall: &Hall, params: &Params, answer: &mut Vec<u8>) -> Result<(), ApiError> {
    let seat = seat(hall, params)?;
    let formatted = text::message_text(params)?;
    let markup = keyboard::markup(params, false)?.inline();
    let message_id = params
        .integer("message_id")
        .ok_or_else(|| ApiError::bad("message identifier is not specified"))?;
    let mut chat = seat.chat();
    let old = chat
        .message(message_id)
        .ok_or_else(|| ApiError::bad("message to edit not found"))?;
    if old.invoice.is_some() {
        return Err(ApiError::bad("there is no text in the message to edit"));
    }
    if old.text == formatted.text && old.entities == formatted.entities && old.markup == markup {
        return Err(ApiError::bad(methods::NOT_MODIFIED));
    }
    let content = Content {
        text: formatted.text,
        entities: formatted.entities,
        markup,
        invoice: None,
    };
    let message = shown(hall, &chat, message_id, true, content);
    answer.extend_from_slice(&message.json);
    chat.replace(message);
    hall.shown(&seat, &mut chat);
    Ok(())
}

fn send_invoice(hall: &Hall, params: &Params, answer: &mut Vec<u8>) -> Result<(), ApiError> {
    let seat = seat(hall, params)?;
    let invoice = methods::invoice(params)?;
    let markup = match keyboard::markup(params, true)? {
        Markup::None => Some(json!({ "inline_keyboard": [[{ "text": "Pay", "pay": true }]] })),
        given => given.inline(),
    };
    let object = json!({
        "title": invoice.title,
        "description": invoice.description,
        "start_parameter": invoice.start_parameter,
        "currency": invoice.currency,
        "total_amount": invoice.total_amount,
    });
    let sum = Sum {
        currency: invoice.currency,
        amount: invoice.total_amount,
        payload: invoice.payload,
    };
    let content = Content {
        text: String::new(),
        entities: Vec::new(),
        markup,
        invoice: Some((sum, object)),
    };
    let mut chat = seat.chat();
    // The screen that is pressed next is still the text above.
    let newest = chat.newest;
    let message = shown(hall, &chat, hall.message_id(), false, content);
    answer.extend_from_slice(&message.json);
    chat.place(message);
    chat.newest = newest;
    chat.invoiced = true;
    hall.advance(&seat, &mut chat);
    Ok(())
}

fn answer_tap(hall: &Hall, params: &Params, answer: &mut Vec<u8>) -> Result<(), ApiError> {
    let id = params.text("callback_query_id").unwrap_or_default();
    methods::toast(params)?;
    let too_old = || ApiError::bad(methods::TOO_OLD);
    let seat = hall.seat_of_query(&id).ok_or_else(too_old)?;
    let mut chat = seat.chat();
    let tap = chat.taps.iter().position(|tap| *tap == id);
    chat.taps.swap_remove(tap.ok_or_else(too_old)?);
    hall.advance(&seat, &mut chat);
    wire::raw(answer, "true");
    Ok(())
}

fn answer_pre_checkout(hall: &Hall, params: &Params, answer: &mut Vec<u8>) -> Result<(), ApiError> {
    let id = params.text("pre_checkout_query_id").unwrap_or_default();
    let ok = methods::refusal(params)?.is_none();
    let too_old = || ApiError::bad(methods::TOO_OLD);
    let seat = hall.seat_of_query(&id).ok_or_else(too_old)?;
    let mut chat = seat.chat();
    let asked = chat
        .asked
        .take_if(|asked| asked.query_id == id)
        .ok_or_else(too_old)?;
    hall.decided(&seat, &mut chat, asked, ok);
    wire::raw(answer, "true");
    Ok(())
}

fn transactions(hall: &Hall, params: &Params, answer: &mut Vec<u8>) -> Result<(), ApiError> {
    let (offset, limit) = methods::page(params)?;
    let charges = hall.charges.lock().unwrap_or_else(PoisonError::into_inner);
    wire::raw(answer, "{\"transactions\":[");
    for (index, taken) in charges.iter().skip(offset).take(limit).enumerate() {
        if index > 0 {
            wire::raw(answer, ",");
        }
        wire::transaction(
            answer,
            &taken.charge_id,
            &taken.payer,
            taken.date,
            &taken.sum,
        );
    }
    wire::raw(answer, "]}");
    Ok(())
}

impl Hall {
    pub(super) fn charged(&self, taken: Taken) {
        self.charges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(taken);
    }
}
