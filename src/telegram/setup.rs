//! How the bot is set up at Telegram: for a look before the shop opens.

use serde::{Deserialize, Serialize};

use super::client::{ORDINARY, Pool};
use super::{CallError, Client};

/// What Telegram knows of the bot's webhook.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WebhookInfo {
    /// Where updates are pushed to; empty without a webhook.
    pub url: String,
    /// How many updates wait.
    #[serde(default)]
    pub pending_update_count: i64,
}

#[derive(Serialize)]
struct Empty {}

impl Client {
    /// Whether updates are pushed somewhere, and where to.
    pub async fn get_webhook_info(&self) -> Result<WebhookInfo, CallError> {
        self.call(Pool::Ordinary, ORDINARY, "getWebhookInfo", &Empty {})
            .await
    }

    /// The names of the commands that everybody sees.
    pub async fn get_my_commands(&self) -> Result<Vec<String>, CallError> {
        #[derive(Deserialize)]
        struct Command {
            command: String,
        }
        let commands: Vec<Command> = self
            .call(Pool::Ordinary, ORDINARY, "getMyCommands", &Empty {})
            .await?;
        Ok(commands.into_iter().map(|it| it.command).collect())
    }
}
