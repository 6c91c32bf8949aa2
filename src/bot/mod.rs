//! The Telegram face: receives updates, reads what matters from their raw JSON, and draws screens.

pub mod callback;
mod carrier;
mod checkout;
mod drawing;
pub mod face;
pub mod listener;
mod place;
pub mod screens;
mod visit;
pub mod vital;

use self::face::Username;
use self::screens::Localizer;
use crate::i18n::Zone;
use crate::shop::texts::Language;
use crate::telegram::{CallError, Client, Command};

/// Learns the bot's name, takes a webhook off, so that polling gets the updates, and sets the commands in each language.
pub async fn introduce(client: &Client, username: &Username) -> Result<(), CallError> {
    let me = client.get_me().await?;
    tracing::info!(bot = %me.username, "the bot is known to Telegram");
    let _ = username.set(me.username);
    client.delete_webhook().await?;
    for language in Language::ALL {
        let l = Localizer {
            language,
            zone: Zone::UTC,
        };
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
