//! What the bot says of itself: its name, commands, menu button and descriptions.

use serde_json::{Value, json};
use std::collections::HashMap;

use crate::{
    html::is_link,
    params::Params,
    reply::{Answer, ApiError},
    state::State,
    text::utf16_length,
};

const COMMANDS: usize = 100;
const COMMAND_LENGTH: std::ops::RangeInclusive<usize> = 1..=32;
const DESCRIPTION_LENGTH: std::ops::RangeInclusive<usize> = 1..=256;

/// `getMe`.
pub(super) fn me(state: &State) -> Value {
    let mut user = state.bot_user();
    user["can_join_groups"] = json!(false);
    user["can_read_all_group_messages"] = json!(false);
    user["supports_inline_queries"] = json!(false);
    user["can_connect_to_business"] = json!(false);
    user["has_main_web_app"] = json!(false);
    user
}

fn key(params: &Params) -> Result<(String, String), ApiError> {
    let scope = params.json("scope")?.unwrap_or(Value::Null);
    let name = match scope["type"].as_str() {
        None => "default".to_owned(),
        Some("chat") => {
            let chat = &scope["chat_id"];
            let chat = chat.as_i64().or_else(|| chat.as_str()?.parse().ok());
            format!(
                "chat:{}",
                chat.ok_or_else(|| ApiError::bad("chat not found"))?
            )
        }
        Some(
            known @ ("default"
            | "all_private_chats"
            | "all_group_chats"
            | "all_chat_administrators"),
        ) => known.to_owned(),
        Some(other) => {
            return Err(ApiError::bad(format!(
                "unsupported command scope \"{other}\""
            )));
        }
    };
    Ok((name, language(params)))
}

fn language(params: &Params) -> String {
    params.text("language_code").unwrap_or_default()
}

/// `setMyCommands`.
pub(super) fn set_commands(state: &mut State, params: &Params) -> Answer {
    let key = key(params)?;
    let list = params.json("commands")?.unwrap_or_default();
    let commands = list
        .as_array()
        .ok_or_else(|| ApiError::bad("expected an Array of BotCommand"))?;
    if commands.len() > COMMANDS {
        return Err(ApiError::bad("BOT_COMMANDS_TOO_MUCH"));
    }
    for command in commands {
        let name = command["command"].as_str().unwrap_or_default();
        let name = name.strip_prefix('/').unwrap_or(name);
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !COMMAND_LENGTH.contains(&name.len()) || !name.bytes().all(is_plain) {
            return Err(ApiError::bad("BOT_COMMAND_INVALID"));
        }
        let description = command["description"].as_str().unwrap_or_default();
        if !DESCRIPTION_LENGTH.contains(&utf16_length(description)) {
            return Err(ApiError::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    state.bot.commands.insert(key, list);
    state.touch_all();
    Ok(json!(true))
}

/// `getMyCommands`.
pub(super) fn get_commands(state: &mut State, params: &Params) -> Answer {
    let commands = state.bot.commands.get(&key(params)?);
    Ok(commands.cloned().unwrap_or_else(|| json!([])))
}

/// `deleteMyCommands`.
pub(super) fn delete_commands(state: &mut State, params: &Params) -> Answer {
    state.bot.commands.remove(&key(params)?);
    state.touch_all();
    Ok(json!(true))
}

/// `setChatMenuButton`.
pub(super) fn set_menu_button(state: &mut State, params: &Params) -> Answer {
    let button = params
        .json("menu_button")?
        .unwrap_or_else(|| json!({ "type": "default" }));
    match button["type"].as_str() {
        Some("commands" | "default") => {}
        Some("web_app") => check_app_button(&button)?,
        _ if !button.is_object() => {
            return Err(ApiError::bad("can't parse menu button JSON object"));
        }
        _ => {
            let why = "can't parse menu button: MenuButton has unsupported type";
            return Err(ApiError::bad(why));
        }
    }
    let chat = params.integer("chat_id").unwrap_or_default();
    if chat != 0 {
        state.chat(chat)?;
    }
    state.bot.menu_buttons.insert(chat, button);
    Ok(json!(true))
}

fn check_app_button(button: &Value) -> Result<(), ApiError> {
    let missing = |field: &str| {
        ApiError::bad(format!(
            "can't parse menu button: Can't find field \"{field}\""
        ))
    };
    let text = button["text"].as_str().ok_or_else(|| missing("text"))?;
    let app = button["web_app"].as_object();
    let url = app.ok_or_else(|| missing("web_app"))?.get("url");
    let url = url.and_then(Value::as_str).ok_or_else(|| missing("url"))?;
    if text.trim().is_empty() {
        return Err(ApiError::bad("menu button text must be non-empty"));
    }
    // No http here, not even of this machine: a shop must learn that Telegram takes none.
    let refused = |why: &str| {
        let text = format!("menu button Web App URL '{url}' is invalid: {why}");
        Err(ApiError::bad(text))
    };
    if url.is_empty() || url.contains(char::is_whitespace) || !is_link(url) {
        return refused("Wrong HTTP URL");
    }
    if !url.to_ascii_lowercase().starts_with("https://") {
        return refused("Only HTTPS links are allowed");
    }
    Ok(())
}

/// `getChatMenuButton`.
pub(super) fn menu_button(state: &State, params: &Params) -> Value {
    let chat = params.integer("chat_id").unwrap_or_default();
    let buttons = &state.bot.menu_buttons;
    let button = buttons.get(&chat).or_else(|| buttons.get(&0));
    button
        .cloned()
        .unwrap_or_else(|| json!({ "type": "commands" }))
}

fn describe(
    texts: &mut HashMap<String, String>,
    params: &Params,
    field: &str,
    limit: usize,
) -> Answer {
    let text = params.text(field).unwrap_or_default();
    if utf16_length(&text) > limit {
        return Err(ApiError::bad(format!("{field} is too long")));
    }
    texts.insert(language(params), text);
    Ok(json!(true))
}

fn described(texts: &HashMap<String, String>, params: &Params, field: &str) -> Value {
    let text = texts.get(&language(params)).or_else(|| texts.get(""));
    json!({ field: text.cloned().unwrap_or_default() })
}

/// `setMyDescription`.
pub(super) fn set_description(state: &mut State, params: &Params) -> Answer {
    let set = describe(&mut state.bot.descriptions, params, "description", 512)?;
    state.touch_all();
    Ok(set)
}

/// `getMyDescription`.
pub(super) fn description(state: &State, params: &Params) -> Value {
    described(&state.bot.descriptions, params, "description")
}

/// `setMyShortDescription`.
pub(super) fn set_short_description(state: &mut State, params: &Params) -> Answer {
    describe(
        &mut state.bot.short_descriptions,
        params,
        "short_description",
        120,
    )
}

/// `getMyShortDescription`.
pub(super) fn short_description(state: &State, params: &Params) -> Value {
    described(&state.bot.short_descriptions, params, "short_description")
}
