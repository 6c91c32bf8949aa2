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

/// The button beside the field for messages, as it is for all private chats that have none of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MenuButton {
    /// Opens a Mini App.
    App {
        /// Its label.
        text: String,
        /// The https address that it opens.
        url: String,
    },
    /// Opens the menu of commands, or whatever Telegram chooses.
    Usual,
}

/// The same in Telegram's JSON.
#[derive(Debug, Serialize, Deserialize)]
struct MenuButtonObject {
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_app: Option<WebApp>,
}

#[derive(Debug, Serialize, Deserialize)]
struct WebApp {
    url: String,
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

    /// The menu button of all chats that have none of their own.
    pub async fn get_chat_menu_button(&self) -> Result<MenuButton, CallError> {
        let button: MenuButtonObject = self
            .call(Pool::Ordinary, ORDINARY, "getChatMenuButton", &Empty {})
            .await?;
        Ok(match (button.text, button.web_app) {
            (Some(text), Some(app)) => MenuButton::App { text, url: app.url },
            _ => MenuButton::Usual,
        })
    }

    /// Sets the menu button of all chats that have none of their own. It has one label for all languages.
    pub async fn set_chat_menu_button(&self, button: &MenuButton) -> Result<(), CallError> {
        #[derive(Serialize)]
        struct Params {
            menu_button: MenuButtonObject,
        }
        let menu_button = match button {
            MenuButton::App { text, url } => MenuButtonObject {
                r#type: "web_app".to_owned(),
                text: Some(text.clone()),
                web_app: Some(WebApp { url: url.clone() }),
            },
            MenuButton::Usual => MenuButtonObject {
                r#type: "default".to_owned(),
                text: None,
                web_app: None,
            },
        };
        let _: bool = self
            .call(
                Pool::Ordinary,
                ORDINARY,
                "setChatMenuButton",
                &Params { menu_button },
            )
            .await?;
        Ok(())
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
