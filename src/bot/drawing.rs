//! Drawing: a screen is edited in place or sent. Telegram's pauses are waited for, within reason.

use std::time::Duration;

use serde_json::value::RawValue;
use tokio::time::Instant;

use super::screens::{Prompt, Screen};
use crate::telegram::{CallError, Client, Edit, Message, Toast};

/// A screen waits for Telegram's pauses no longer than this.
const PATIENCE: Duration = Duration::from_secs(15);

/// How drawing ended.
pub(super) enum Drawn {
    /// The customer has it, or has it as far as anybody can know.
    Seen,
    /// The customer has blocked the bot.
    Blocked,
    /// Not now, for this reason.
    Not(String),
}

/// Puts the screen in place of `message`, or sends it.
pub(super) async fn draw(
    client: &Client,
    chat: i64,
    message: Option<i64>,
    screen: &Screen,
) -> Drawn {
    let markup = screen.reply_markup();
    put(client, chat, message, &screen.html, markup.as_deref()).await
}

/// Sends a prompt.
pub(super) async fn ask(client: &Client, chat: i64, prompt: &Prompt) -> Drawn {
    put(client, chat, None, &prompt.html, prompt.markup.as_deref()).await
}

async fn put(
    client: &Client,
    chat: i64,
    mut edited: Option<i64>,
    html: &str,
    reply_markup: Option<&RawValue>,
) -> Drawn {
    let started = Instant::now();
    loop {
        let result = if let Some(message_id) = edited {
            let edit = Edit {
                chat_id: chat,
                message_id,
                html,
                reply_markup,
            };
            client.edit_message_text(&edit).await
        } else {
            let text = Message {
                chat_id: chat,
                html,
                reply_markup,
                protect_content: false,
            };
            client.send_message(&text).await.map(|_| ())
        };
        match result {
            Ok(()) => return Drawn::Seen,
            Err(error) if error.is_not_modified() => return Drawn::Seen,
            // Any other trouble with an edit: the screen comes as a new message.
            Err(CallError::Refused { .. }) if edited.is_some() => edited = None,
            Err(CallError::Wait(pause)) if started.elapsed() + pause < PATIENCE => {
                tokio::time::sleep(pause).await;
            }
            Err(CallError::Blocked(_)) => return Drawn::Blocked,
            Err(error @ (CallError::Refused { .. } | CallError::Unknown(_))) => {
                // A refused screen is a bug of ours; one of unknown fate may be there. Neither is helped by a repeat.
                tracing::warn!(chat, %error, "a screen could not be drawn");
                return Drawn::Seen;
            }
            Err(error) => return Drawn::Not(error.to_string()),
        }
    }
}

/// Ends a tap, with a toast if there are words.
pub(super) async fn answer(client: &Client, tap: &str, words: Option<&str>) {
    let toast = Toast {
        callback_query_id: tap,
        text: words,
        show_alert: false,
    };
    if let Err(error) = client.answer_callback_query(&toast).await {
        tracing::debug!(%error, "a tap could not be answered");
    }
}
