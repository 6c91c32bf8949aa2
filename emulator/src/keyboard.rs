//! Reply markups: which keyboards Telegram takes and how it refuses the others.

use serde_json::{Value, json};

use crate::{html::is_link, params::Params, reply::ApiError, text::utf16_length};

const BUTTONS: usize = 100;
const BUTTONS_A_ROW: usize = 8;
const CALLBACK_DATA: std::ops::RangeInclusive<usize> = 1..=64;
const COPY_TEXT: std::ops::RangeInclusive<usize> = 1..=256;

/// The actions of which an inline button has exactly one.
const ACTIONS: [&str; 10] = [
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
];

/// A markup that was found good.
#[derive(Debug, Default)]
pub(crate) enum Markup {
    #[default]
    None,
    Inline(Value),
    /// A keyboard in place of the letters.
    Reply(Value),
    Remove,
}

impl Markup {
    /// The inline keyboard, if it is one.
    pub(crate) fn inline(self) -> Option<Value> {
        match self {
            Self::Inline(value) => Some(value),
            Self::None | Self::Reply(_) | Self::Remove => None,
        }
    }
}

/// Reads `reply_markup`. `invoice` says whether a Pay button may, and then must, come first.
pub(crate) fn markup(params: &Params, invoice: bool) -> Result<Markup, ApiError> {
    let Some(value) = params.json("reply_markup")? else {
        return Ok(Markup::None);
    };
    let Some(object) = value.as_object() else {
        return Err(ApiError::bad("object expected as reply markup"));
    };
    if let Some(rows) = object.get("inline_keyboard") {
        return inline(rows, invoice);
    }
    if invoice && !object.is_empty() {
        // UNVERIFIED wording: an invoice takes an inline keyboard only.
        return Err(ApiError::bad("inline keyboard expected"));
    }
    if let Some(rows) = object.get("keyboard") {
        check_reply_rows(rows)?;
        return Ok(Markup::Reply(value));
    }
    if object.get("remove_keyboard") == Some(&Value::Bool(true)) {
        return Ok(Markup::Remove);
    }
    Ok(Markup::None)
}

fn rows_of(rows: &Value) -> Result<Vec<&Vec<Value>>, ApiError> {
    let rows = rows.as_array().ok_or_else(|| {
        ApiError::bad("field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array")
    })?;
    let rows = rows
        .iter()
        .map(|row| row.as_array())
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| ApiError::bad("can't parse keyboard row: array expected"))?;
    // The two limits are known from client libraries; the wording is UNVERIFIED.
    if rows.iter().any(|row| row.len() > BUTTONS_A_ROW) {
        return Err(ApiError::bad("reply markup has too long a row"));
    }
    if rows.iter().map(|row| row.len()).sum::<usize>() > BUTTONS {
        return Err(ApiError::bad("reply markup is too long"));
    }
    Ok(rows)
}

fn inline(rows: &Value, invoice: bool) -> Result<Markup, ApiError> {
    let rows = rows_of(rows)?;
    let kept: Vec<_> = rows.into_iter().filter(|row| !row.is_empty()).collect();
    for (index, button) in kept.iter().copied().flatten().enumerate() {
        check_inline_button(button)?;
        let pays = button["pay"] == true;
        // UNVERIFIED wording: Pay is for invoices and stands first.
        if pays && !(invoice && index == 0) {
            return Err(ApiError::bad("BUTTON_TYPE_INVALID"));
        }
        if invoice && index == 0 && !pays {
            return Err(ApiError::bad("REPLY_MARKUP_BUY_EMPTY"));
        }
    }
    if kept.is_empty() {
        return Ok(Markup::None);
    }
    Ok(Markup::Inline(json!({ "inline_keyboard": kept })))
}

fn check_inline_button(button: &Value) -> Result<(), ApiError> {
    let refuse = |why: &str| ApiError::bad(format!("can't parse inline keyboard button: {why}"));
    if !button.is_object() {
        return Err(refuse("Object expected as button"));
    }
    let text = button["text"]
        .as_str()
        .ok_or_else(|| refuse("Can't find field \"text\""))?;
    if text.trim().is_empty() {
        // UNVERIFIED wording.
        return Err(refuse("Text must be non-empty"));
    }
    let actions = ACTIONS
        .iter()
        .filter(|action| !matches!(button[**action], Value::Null | Value::Bool(false)))
        .count();
    match actions {
        0 => return Err(refuse("Text buttons are unallowed in the inline keyboard")),
        1 => {}
        // UNVERIFIED: Telegram may just take the first; the documentation asks for exactly one.
        _ => return Err(refuse("Exactly one action must be used")),
    }
    match &button["callback_data"] {
        Value::Null => {}
        Value::String(data) if CALLBACK_DATA.contains(&data.len()) => {}
        _ => return Err(ApiError::bad("BUTTON_DATA_INVALID")),
    }
    match &button["copy_text"] {
        Value::Null => {}
        copy => {
            let length = copy["text"].as_str().map_or(0, utf16_length);
            if !COPY_TEXT.contains(&length) {
                // UNVERIFIED wording.
                return Err(ApiError::bad("BUTTON_COPY_TEXT_INVALID"));
            }
        }
    }
    for url in [
        &button["url"],
        &button["web_app"]["url"],
        &button["login_url"]["url"],
    ] {
        match url {
            Value::Null => {}
            Value::String(url) if is_button_url(url) => {}
            _ => return Err(ApiError::bad("BUTTON_URL_INVALID")),
        }
    }
    Ok(())
}

/// Unlike Telegram, `http://127.0.0.1` is fine here: the shop under test lives there.
fn is_button_url(url: &str) -> bool {
    let scheme = url.split(':').next().unwrap_or_default();
    url.contains("://")
        && matches!(
            scheme.to_ascii_lowercase().as_str(),
            "http" | "https" | "tg"
        )
        && is_link(url)
        && !url.contains(char::is_whitespace)
}

fn check_reply_rows(rows: &Value) -> Result<(), ApiError> {
    for button in rows_of(rows)?.into_iter().flatten() {
        let text = button.as_str().or_else(|| button["text"].as_str());
        if text.is_none_or(|text| text.trim().is_empty()) {
            return Err(ApiError::bad(
                "can't parse keyboard button: Can't find field \"text\"",
            ));
        }
    }
    Ok(())
}
