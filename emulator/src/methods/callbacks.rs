//! Answers to taps on callback buttons.

use serde_json::json;

use crate::{
    params::Params,
    reply::{Answer, ApiError},
    state::State,
    text::utf16_length,
};

/// How long a tap waits for its answer. UNVERIFIED: Telegram documents no figure.
const ANSWER_WITHIN_MS: i64 = 15_000;
const TEXT_LIMIT: usize = 200;

/// What Telegram says of a query that is unknown, old or answered.
pub(crate) const TOO_OLD: &str =
    "query is too old and response timeout expired or query ID is invalid";

/// Reads the text of an answer to a tap, which may be empty.
pub(crate) fn toast(params: &Params) -> Result<String, ApiError> {
    let text = params.text("text").unwrap_or_default();
    if utf16_length(&text) > TEXT_LIMIT {
        return Err(ApiError::bad("MESSAGE_TOO_LONG"));
    }
    Ok(text)
}

/// `answerCallbackQuery`.
pub(super) fn answer(state: &mut State, params: &Params) -> Answer {
    let id = params.text("callback_query_id").unwrap_or_default();
    let text = toast(params)?;
    let now_ms = state.now_ms();
    let too_old = || ApiError::bad(TOO_OLD);
    let callback = state.callbacks.get_mut(&id).ok_or_else(too_old)?;
    if callback.answer.is_some() || now_ms - callback.made_ms > ANSWER_WITHIN_MS {
        return Err(too_old());
    }
    callback.answer = Some(json!({
        "text": text,
        "show_alert": params.flag("show_alert"),
        "url": params.text("url"),
    }));
    Ok(json!(true))
}
