//! How the bot is set up at Telegram: its webhook, and for a look before the shop opens.

use secrecy::{ExposeSecret, SecretString};
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
    /// When an update could not be pushed for the last time, in seconds since 1970.
    pub last_error_date: Option<i64>,
    /// Why not.
    pub last_error_message: Option<String>,
    /// How many requests are made at once.
    pub max_connections: Option<i64>,
    /// The kinds of update that were asked for; `None` is Telegram's own choice.
    pub allowed_updates: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Empty {}

impl Client {
    /// Has updates pushed to `url`, each with `secret` in its header. What waits is kept.
    pub async fn set_webhook(
        &self,
        url: &str,
        secret: &SecretString,
        allowed_updates: &[&str],
        max_connections: u8,
    ) -> Result<(), CallError> {
        #[derive(Serialize)]
        struct Params<'a> {
            url: &'a str,
            secret_token: &'a str,
            allowed_updates: &'a [&'a str],
            max_connections: u8,
            drop_pending_updates: bool,
        }
        let params = Params {
            url,
            secret_token: secret.expose_secret(),
            allowed_updates,
            max_connections,
            drop_pending_updates: false,
        };
        let _: bool = self
            .call(Pool::Ordinary, ORDINARY, "setWebhook", &params)
            .await?;
        Ok(())
    }

    /// Ends the webhook, so that polling may begin. What waits is kept.
    pub async fn delete_webhook(&self) -> Result<(), CallError> {
        #[derive(Serialize)]
        struct Params {
            drop_pending_updates: bool,
        }
        let params = Params {
            drop_pending_updates: false,
        };
        let _: bool = self
            .call(Pool::Ordinary, ORDINARY, "deleteWebhook", &params)
            .await?;
        Ok(())
    }

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
