//! The Telegram face: receives updates, reads what matters from their raw JSON, and draws screens.

pub mod callback;
mod carrier;
mod checkout;
mod drawing;
pub mod face;
mod handlers;
pub mod intake;
pub mod listener;
pub mod menu_button;
mod place;
pub mod screens;
mod sealed;
mod visit;
pub mod vital;
pub mod webhook;

use self::face::Username;
use self::screens::Localizer;
use crate::shop::texts::Language;
use crate::telegram::{CallError, Client, Command};

/// Learns the bot's name, and sets the commands in each language.
pub async fn introduce(client: &Client, username: &Username) -> Result<(), CallError> {
    let me = client.get_me().await?;
    tracing::info!(bot = %me.username, "the bot is known to Telegram");
    let _ = username.set(me.username);
    for language in Language::ALL {
        let l = Localizer::plain_words(language);
        let described: Vec<(&str, String)> = screens::commands(&l);
        let commands: Vec<Command<'_>> = described
            .iter()
            .map(|(command, description)| Command {
                command,
                description,
            })
            .collect();
        // The first language also serves all that we don't speak.
        if language == Language::default() {
            client.set_my_commands(&commands, None, None).await?;
        }
        client
            .set_my_commands(&commands, Some(language.code()), None)
            .await?;
    }
    Ok(())
}

/// Shows a member of staff the desk's command beside those of customers, in their own chat only. Without it the command
/// works all the same, so a failure is only logged.
async fn staff_commands(client: &Client, chat: i64, l: &Localizer) {
    let described = screens::desk_commands(l);
    let commands: Vec<Command<'_>> = described
        .iter()
        .map(|(command, description)| Command {
            command,
            description,
        })
        .collect();
    if let Err(error) = client.set_my_commands(&commands, None, Some(chat)).await {
        tracing::info!(chat, %error, "a member of staff does not see the desk's command yet");
    }
}

/// Leaves a chat with the commands that everybody has.
async fn forget_staff_commands(client: &Client, chat: i64) {
    if let Err(error) = client.delete_my_commands(chat).await {
        tracing::info!(chat, %error, "a chat's own commands can't be taken away");
    }
}

/// Shows a member of staff the desk's command, in a language.
pub async fn staff_commands_in(client: &Client, chat: i64, language: Language) {
    staff_commands(client, chat, &Localizer::plain_words(language)).await;
}
