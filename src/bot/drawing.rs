//! Drawing: a screen is edited in place where Telegram allows it, or sent, and never leaves two menus alive. Telegram's
//! pauses are waited for, within reason.

use std::time::Duration;

use tokio::time::Instant;

use super::screens::{Prompt, Screen};
use super::vital::Under;
use crate::shop::catalogue::photos;
use crate::shop::catalogue::picture::PictureKind;
use crate::store::{Store, StoreError};
use crate::telegram::{CallError, Client, Edit, Message, Photo, Picture, Toast};

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

/// The message that the tapped button is under.
#[derive(Clone, Copy, Debug)]
pub(super) struct Old {
    /// Its number in the chat.
    pub(super) message_id: i64,
    /// What it is.
    pub(super) kind: Under,
}

/// The picture over a screen.
enum Shown {
    /// By Telegram's name for it.
    Known(String),
    /// Uploaded with the screen.
    Upload(Vec<u8>),
}

/// The next call.
enum Step {
    EditText(i64),
    EditMedia(i64),
    TakeAway(i64),
    SendText,
    SendPhoto,
}

/// Puts the screen in place of `old`, or sends it.
pub(super) async fn draw(
    client: &Client,
    store: &Store,
    chat: i64,
    old: Option<Old>,
    screen: &Screen,
) -> Drawn {
    let mut picture = match find(client, store, screen.photo).await {
        Ok(picture) => picture,
        Err(error) => return Drawn::Not(error.to_string()),
    };
    let started = Instant::now();
    let markup = screen.reply_markup();
    let mut step = match (old, &picture) {
        (Some(old), None) if old.kind == Under::Text => Step::EditText(old.message_id),
        // Nothing turns a photo into a text.
        (Some(old), None) if old.kind == Under::Photo => Step::TakeAway(old.message_id),
        (Some(old), Some(_)) if old.kind != Under::Other => Step::EditMedia(old.message_id),
        (_, None) => Step::SendText,
        (_, Some(_)) => Step::SendPhoto,
    };
    loop {
        let result = match step {
            Step::EditText(message_id) => {
                let edit = Edit {
                    chat_id: chat,
                    message_id,
                    html: &screen.html,
                    reply_markup: markup.as_deref(),
                };
                client.edit_message_text(&edit).await.map(|()| None)
            }
            Step::SendText => {
                let text = Message {
                    chat_id: chat,
                    html: &screen.html,
                    reply_markup: markup.as_deref(),
                    protect_content: false,
                };
                client.send_message(&text).await.map(|_| None)
            }
            Step::TakeAway(message_id) => take_away(client, chat, message_id).await.map(|()| None),
            Step::EditMedia(_) | Step::SendPhoto => {
                let Some(shown) = &picture else {
                    step = Step::SendText;
                    continue;
                };
                let photo = Photo {
                    chat_id: chat,
                    picture: shown.as_picture(),
                    html: &screen.html,
                    reply_markup: markup.as_deref(),
                };
                match step {
                    Step::EditMedia(message_id) => {
                        client.edit_message_media(message_id, &photo).await
                    }
                    _ => client.send_photo(&photo).await,
                }
            }
        };
        match result {
            Ok(_) if matches!(step, Step::TakeAway(_)) => {
                step = if picture.is_some() {
                    Step::SendPhoto
                } else {
                    Step::SendText
                };
            }
            Ok(file_id) => {
                if let (Some(Shown::Upload(_)), Some(file_id)) = (&picture, file_id) {
                    remember(client, store, screen.photo, file_id).await;
                }
                return Drawn::Seen;
            }
            Err(error) if error.is_not_modified() => return Drawn::Seen,
            Err(CallError::Wait(pause)) if started.elapsed() + pause < PATIENCE => {
                tokio::time::sleep(pause).await;
            }
            Err(CallError::Blocked(_)) => return Drawn::Blocked,
            // Telegram has forgotten the file, or never knew it: an emulator begins anew at each start.
            Err(error) if error.is_wrong_file() && matches!(picture, Some(Shown::Known(_))) => {
                picture = match upload(store, screen.photo).await {
                    Ok(picture) => picture,
                    Err(error) => return Drawn::Not(error.to_string()),
                };
            }
            // Any other trouble with an edit: the screen comes as a new message.
            Err(CallError::Refused { .. }) if matches!(step, Step::EditText(_)) => {
                step = Step::SendText;
            }
            Err(CallError::Refused { .. }) if matches!(step, Step::EditMedia(_)) => {
                let Step::EditMedia(message_id) = step else {
                    continue;
                };
                step = Step::TakeAway(message_id);
            }
            // A picture that Telegram does not take costs nobody the screen.
            Err(error @ CallError::Refused { .. }) if matches!(step, Step::SendPhoto) => {
                tracing::warn!(chat, photo = screen.photo, %error, "a photo could not be shown");
                picture = None;
                step = Step::SendText;
            }
            Err(error @ (CallError::Refused { .. } | CallError::Unknown(_))) => {
                // A refused screen is a bug of ours; one of unknown fate may be there. Neither is helped by a repeat.
                tracing::warn!(chat, %error, "a screen could not be drawn");
                return Drawn::Seen;
            }
            Err(error) => return Drawn::Not(error.to_string()),
        }
    }
}

/// Sends a prompt, which is never edited.
pub(super) async fn ask(client: &Client, chat: i64, prompt: &Prompt) -> Drawn {
    let started = Instant::now();
    let text = Message {
        chat_id: chat,
        html: &prompt.html,
        reply_markup: prompt.markup.as_deref(),
        protect_content: false,
    };
    loop {
        match client.send_message(&text).await {
            Ok(_) => return Drawn::Seen,
            Err(CallError::Wait(pause)) if started.elapsed() + pause < PATIENCE => {
                tokio::time::sleep(pause).await;
            }
            Err(CallError::Blocked(_)) => return Drawn::Blocked,
            Err(error @ (CallError::Refused { .. } | CallError::Unknown(_))) => {
                // As with a screen: a repeat helps neither.
                tracing::warn!(chat, %error, "a prompt could not be sent");
                return Drawn::Seen;
            }
            Err(error) => return Drawn::Not(error.to_string()),
        }
    }
}

/// Deletes a menu. One that is too old for that keeps its words and loses its buttons.
async fn take_away(client: &Client, chat: i64, message_id: i64) -> Result<(), CallError> {
    match client.delete_message(chat, message_id).await {
        Err(CallError::Refused { .. }) => match client.remove_buttons(chat, message_id).await {
            // Gone already, or without buttons.
            Err(CallError::Refused { .. }) => Ok(()),
            other => other,
        },
        // It is gone, or will be asked away again by nobody: the new menu matters more.
        Err(CallError::Unknown(_)) => Ok(()),
        other => other,
    }
}

impl Shown {
    fn as_picture(&self) -> Picture<'_> {
        match self {
            Shown::Known(file_id) => Picture::Known(file_id),
            Shown::Upload(bytes) => Picture::Upload {
                name: match PictureKind::of(bytes) {
                    Some(PictureKind::Png) => "photo.png",
                    Some(PictureKind::WebP) => "photo.webp",
                    Some(PictureKind::Jpeg) | None => "photo.jpg",
                },
                bytes,
            },
        }
    }
}

/// The picture of a screen, by Telegram's name if this bot has uploaded it before.
async fn find(
    client: &Client,
    store: &Store,
    photo: Option<i64>,
) -> Result<Option<Shown>, StoreError> {
    let Some(id) = photo else {
        return Ok(None);
    };
    let bot = client.bot_id().to_string();
    let known = store
        .read("photos.file", move |tx| {
            let bot = bot.clone();
            Box::pin(async move { photos::file(tx, id, &bot).await })
        })
        .await?;
    match known {
        Some(file_id) => Ok(Some(Shown::Known(file_id))),
        None => upload(store, photo).await,
    }
}

/// The picture itself. One that is no longer kept leaves the screen without.
async fn upload(store: &Store, photo: Option<i64>) -> Result<Option<Shown>, StoreError> {
    let Some(id) = photo else {
        return Ok(None);
    };
    let bytes = store
        .read("photos.bytes", move |tx| Box::pin(photos::bytes(tx, id)))
        .await?;
    Ok(bytes.map(Shown::Upload))
}

/// Keeps Telegram's name for a picture. Without it the next screen uploads again.
async fn remember(client: &Client, store: &Store, photo: Option<i64>, file_id: String) {
    let Some(id) = photo else { return };
    let bot = client.bot_id().to_string();
    let kept = store
        .write("photos.name_file", move |tx| {
            let (bot, file_id) = (bot.clone(), file_id.clone());
            Box::pin(async move { photos::name_file(tx, id, &bot, &file_id).await })
        })
        .await;
    if let Err(error) = kept {
        tracing::warn!(photo = id, %error, "a photo's file id could not be kept");
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
