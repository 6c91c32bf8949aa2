//! The calls that the bot makes, one function each.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::client::{ORDINARY, Pool};
use super::{CallError, Client};

/// A tap waits for its answer no longer than this.
const TAP: Duration = Duration::from_secs(10);
/// Telegram gives up a pre-checkout query 10 s after it was made.
const PRE_CHECKOUT: Duration = Duration::from_secs(8);
/// How much longer than its own timeout a long poll may take.
const POLL_GRACE: Duration = Duration::from_secs(10);

/// Who the bot is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Me {
    /// Its id.
    pub id: i64,
    /// Its name without the `@`.
    pub username: String,
}

/// An update as it came.
#[derive(Clone, Debug)]
pub struct RawUpdate {
    /// Its number, unless even that can't be read.
    pub id: Option<i64>,
    /// Its JSON.
    pub body: Box<RawValue>,
}

/// A text to send.
#[derive(Clone, Debug, Serialize)]
pub struct Message<'a> {
    /// Where to.
    pub chat_id: i64,
    /// HTML.
    #[serde(rename = "text")]
    pub html: &'a str,
    /// An inline or reply keyboard in Telegram's JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_markup: Option<&'a RawValue>,
    /// Keeps the text from being forwarded and saved.
    #[serde(skip_serializing_if = "is_false")]
    pub protect_content: bool,
}

/// A text to put in the place of another.
#[derive(Clone, Debug, Serialize)]
pub struct Edit<'a> {
    /// The chat.
    pub chat_id: i64,
    /// The message.
    pub message_id: i64,
    /// HTML.
    #[serde(rename = "text")]
    pub html: &'a str,
    /// The inline keyboard in Telegram's JSON; without it the message loses the one that it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_markup: Option<&'a RawValue>,
}

/// The answer to a tap.
#[derive(Clone, Debug, Serialize)]
pub struct Toast<'a> {
    /// The tap.
    pub callback_query_id: &'a str,
    /// Plain text, 200 characters at the most; without it the tap just ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
    /// A window to close instead of a toast.
    #[serde(skip_serializing_if = "is_false")]
    pub show_alert: bool,
}

/// A message that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Sent {
    /// Its number in the chat.
    pub message_id: i64,
}

/// An invoice, in Stars or by card.
#[derive(Clone, Debug)]
pub struct Invoice<'a> {
    /// Where to.
    pub chat_id: i64,
    /// Plain text, 1 to 32 characters.
    pub title: &'a str,
    /// Plain text, 1 to 255 characters.
    pub description: &'a str,
    /// Ours, 1 to 128 bytes; the customer never sees it.
    pub payload: &'a str,
    /// `XTR` for Stars, otherwise an ISO 4217 code.
    pub currency: &'a str,
    /// The bank's provider, from BotFather; empty for Stars.
    pub provider_token: &'a str,
    /// In minor units.
    pub amount: i64,
    /// Not empty: a forwarded copy then opens the bot instead of taking a stranger's money.
    pub start_parameter: &'a str,
    /// The inline keyboard, whose first button must be the Pay button.
    pub reply_markup: Option<&'a RawValue>,
}

/// The answer to a pre-checkout query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreCheckoutAnswer<'a> {
    /// The money may come.
    Approve,
    /// It may not, with the reason in the customer's language.
    Refuse(&'a str),
}

/// A command in the bot's menu.
#[derive(Clone, Debug, Serialize)]
pub struct Command<'a> {
    /// Without the slash.
    pub command: &'a str,
    /// Plain text, 1 to 256 characters.
    pub description: &'a str,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the shape that serde asks for"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A text with what every text of ours has.
#[derive(Serialize)]
struct Html<'a, T> {
    #[serde(flatten)]
    body: &'a T,
    parse_mode: &'static str,
    link_preview_options: LinkPreview,
}

#[derive(Serialize)]
struct LinkPreview {
    is_disabled: bool,
}

impl<'a, T> Html<'a, T> {
    fn new(body: &'a T) -> Self {
        Self {
            body,
            parse_mode: "HTML",
            link_preview_options: LinkPreview { is_disabled: true },
        }
    }
}

impl Client {
    /// Who the bot is: proves address and token.
    pub async fn get_me(&self) -> Result<Me, CallError> {
        self.call(Pool::Ordinary, ORDINARY, "getMe", &Empty {})
            .await
    }

    /// Waits up to `wait` for updates from `offset` on, which confirms those before it. One that can't be read does
    /// not cost the others.
    pub async fn get_updates(
        &self,
        offset: Option<i64>,
        limit: u8,
        wait: Duration,
        allowed_updates: &[&str],
    ) -> Result<Vec<RawUpdate>, CallError> {
        #[derive(Serialize)]
        struct Params<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            offset: Option<i64>,
            limit: u8,
            timeout: u64,
            #[serde(skip_serializing_if = "<[&str]>::is_empty")]
            allowed_updates: &'a [&'a str],
        }
        #[derive(Deserialize)]
        struct Numbered {
            update_id: i64,
        }
        let params = Params {
            offset,
            limit,
            timeout: wait.as_secs(),
            allowed_updates,
        };
        let bodies: Vec<Box<RawValue>> = self
            .call(Pool::Polling, wait + POLL_GRACE, "getUpdates", &params)
            .await?;
        let number = |body: &RawValue| serde_json::from_str::<Numbered>(body.get()).ok();
        let updates = bodies.into_iter().map(|body| RawUpdate {
            id: number(&body).map(|numbered| numbered.update_id),
            body,
        });
        Ok(updates.collect())
    }

    /// Sends a text.
    pub async fn send_message(&self, message: &Message<'_>) -> Result<Sent, CallError> {
        self.call(Pool::Ordinary, ORDINARY, "sendMessage", &Html::new(message))
            .await
    }

    /// Changes a text that the bot sent. [`CallError::is_not_modified`] is as good as done.
    pub async fn edit_message_text(&self, edit: &Edit<'_>) -> Result<(), CallError> {
        let _: serde::de::IgnoredAny = self
            .call(
                Pool::Ordinary,
                ORDINARY,
                "editMessageText",
                &Html::new(edit),
            )
            .await?;
        Ok(())
    }

    /// Answers a tap.
    pub async fn answer_callback_query(&self, toast: &Toast<'_>) -> Result<(), CallError> {
        let _: bool = self
            .call(Pool::Ordinary, TAP, "answerCallbackQuery", toast)
            .await?;
        Ok(())
    }

    /// Sends an invoice in Stars.
    pub async fn send_invoice(&self, invoice: &Invoice<'_>) -> Result<Sent, CallError> {
        #[derive(Serialize)]
        struct Params<'a> {
            chat_id: i64,
            title: &'a str,
            description: &'a str,
            payload: &'a str,
            provider_token: &'a str,
            currency: &'a str,
            prices: [Price<'a>; 1],
            start_parameter: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            reply_markup: Option<&'a RawValue>,
        }
        #[derive(Serialize)]
        struct Price<'a> {
            label: &'a str,
            amount: i64,
        }
        let params = Params {
            chat_id: invoice.chat_id,
            title: invoice.title,
            description: invoice.description,
            payload: invoice.payload,
            provider_token: invoice.provider_token,
            currency: invoice.currency,
            prices: [Price {
                label: invoice.title,
                amount: invoice.amount,
            }],
            start_parameter: invoice.start_parameter,
            reply_markup: invoice.reply_markup,
        };
        self.call(Pool::Ordinary, ORDINARY, "sendInvoice", &params)
            .await
    }

    /// Answers a pre-checkout query, on connections that nothing else uses.
    pub async fn answer_pre_checkout_query(
        &self,
        query_id: &str,
        answer: PreCheckoutAnswer<'_>,
    ) -> Result<(), CallError> {
        #[derive(Serialize)]
        struct Params<'a> {
            pre_checkout_query_id: &'a str,
            ok: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            error_message: Option<&'a str>,
        }
        let error_message = match answer {
            PreCheckoutAnswer::Approve => None,
            PreCheckoutAnswer::Refuse(reason) => Some(reason),
        };
        let params = Params {
            pre_checkout_query_id: query_id,
            ok: error_message.is_none(),
            error_message,
        };
        let _: bool = self
            .call(
                Pool::Urgent,
                PRE_CHECKOUT,
                "answerPreCheckoutQuery",
                &params,
            )
            .await?;
        Ok(())
    }

    /// Sets the menu of commands, for the people whose app speaks `language_code`; `None` is everybody else. `chat`
    /// narrows it to one chat.
    pub async fn set_my_commands(
        &self,
        commands: &[Command<'_>],
        language_code: Option<&str>,
        chat: Option<i64>,
    ) -> Result<(), CallError> {
        #[derive(Serialize)]
        struct Params<'a> {
            commands: &'a [Command<'a>],
            #[serde(skip_serializing_if = "Option::is_none")]
            language_code: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            scope: Option<Scope>,
        }
        #[derive(Serialize)]
        struct Scope {
            r#type: &'static str,
            chat_id: i64,
        }
        let scope = chat.map(|chat_id| Scope {
            r#type: "chat",
            chat_id,
        });
        let params = Params {
            commands,
            language_code,
            scope,
        };
        let _: bool = self
            .call(Pool::Ordinary, ORDINARY, "setMyCommands", &params)
            .await?;
        Ok(())
    }

    /// Takes the menu of commands that one chat has for itself away.
    pub async fn delete_my_commands(&self, chat: i64) -> Result<(), CallError> {
        #[derive(Serialize)]
        struct Params {
            scope: Scope,
        }
        #[derive(Serialize)]
        struct Scope {
            r#type: &'static str,
            chat_id: i64,
        }
        let scope = Scope {
            r#type: "chat",
            chat_id: chat,
        };
        let _: bool = self
            .call(
                Pool::Ordinary,
                ORDINARY,
                "deleteMyCommands",
                &Params { scope },
            )
            .await?;
        Ok(())
    }
}

#[derive(Serialize)]
struct Empty {}
