//! The first words with Telegram.

use std::time::Duration;

use tokio::sync::watch;

use super::news;
use crate::bot::face::Username;
use crate::bot::menu_button;
use crate::store::Store;
use crate::telegram::{CallError, Client};

/// The first words with Telegram. Nothing waits for them.
pub(super) struct Introduction {
    pub(super) client: Client,
    pub(super) store: Store,
    pub(super) username: Username,
    /// Where the cabinet opens as a Mini App, if it does.
    pub(super) app_url: Option<String>,
    pub(super) link: watch::Sender<Option<String>>,
}

impl Introduction {
    /// Learns the bot's name, sets the commands and the menu button, and makes the owner's link.
    pub(super) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut pause = Duration::from_secs(1);
        loop {
            match self.once().await {
                Ok(()) => return,
                Err(error) => tracing::warn!(error, "the bot can't be set up yet, trying again"),
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            pause = (pause * 2).min(Duration::from_mins(1));
        }
    }

    async fn once(&self) -> Result<(), String> {
        let words = |error: &dyn std::error::Error| error.to_string();
        crate::bot::introduce(&self.client, &self.username)
            .await
            .map_err(|error| words(&error))?;
        let username = self.username.get().map_or("", String::as_str);
        news::owner_link(&self.store, username, &self.link)
            .await
            .map_err(|error| words(&error))?;
        news::staff_commands(&self.client, &self.store)
            .await
            .map_err(|error| words(&error))?;
        match menu_button::set(&self.client, self.app_url.as_deref()).await {
            Ok(()) => Ok(()),
            // Asking again would be refused again. The cabinet opens by the profile's button all the same.
            Err(error @ CallError::Refused { .. }) => {
                tracing::error!(%error, app_url = self.app_url, "Telegram does not take the menu button");
                Ok(())
            }
            Err(error) => Err(words(&error)),
        }
    }
}
