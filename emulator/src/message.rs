//! A message of a chat, as the emulator keeps it and as tests see it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::payment::Invoice;

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Plain or formatted text.
    Text,
    /// A photo, perhaps with a caption.
    Photo,
    /// A file, perhaps with a caption.
    Document,
    /// An invoice card.
    Invoice,
    /// A sticker of the customer.
    Sticker,
    /// A contact that the customer shared.
    Contact,
    /// The service message after a payment.
    SuccessfulPayment,
    /// The service message after a refund.
    RefundedPayment,
    /// Anything else, made by `send_raw_message`.
    Other,
}

/// A formatted stretch of text; offsets count UTF-16 code units, as Telegram counts them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// `bold`, `text_link`, `bot_command`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it starts.
    pub offset: usize,
    /// How long it is.
    pub length: usize,
    /// Target of a `text_link`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Programming language of a `pre`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Emoji of a `custom_emoji`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_emoji_id: Option<String>,
}

/// A button of an inline keyboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What the customer reads.
    pub text: String,
    /// Data of a callback button.
    #[serde(default)]
    pub callback_data: Option<String>,
    /// Target of a link button.
    #[serde(default)]
    pub url: Option<String>,
    /// Text that a tap copies.
    #[serde(default)]
    pub copy_text: Option<String>,
    /// Page of a Mini App button.
    #[serde(default)]
    pub web_app: Option<String>,
    /// Whether it is the Pay button of an invoice.
    #[serde(default)]
    pub pay: bool,
    /// `danger`, `success` or `primary`.
    #[serde(default)]
    pub style: Option<String>,
}

/// A file that a message carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What `getFile` takes.
    pub file_id: String,
    /// Its name, for documents.
    pub name: Option<String>,
    /// Its size in bytes.
    pub size: usize,
}

/// A message in a private chat between a customer and the bot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Number of the message.
    pub message_id: i64,
    /// The chat, which is the customer's id.
    pub chat_id: i64,
    /// Whether the bot wrote it; else the customer did.
    pub from_bot: bool,
    /// When it was made, by the emulator's clock.
    pub date_ms: i64,
    /// When it was last edited.
    pub edited_ms: Option<i64>,
    /// How often it was edited.
    pub edits: u32,
    /// What it is.
    pub kind: MessageKind,
    /// Text or caption as the bot sent it, tags included.
    pub source: String,
    /// Text or caption as the customer reads it.
    pub text: String,
    /// Its formatting.
    pub entities: Vec<Entity>,
    /// Inline keyboard as buttons.
    pub keyboard: Vec<Vec<Button>>,
    /// Inline keyboard as the bot sent it.
    pub reply_markup: Option<Value>,
    /// The invoice, if it is one.
    pub invoice: Option<Invoice>,
    /// Photo or file.
    pub attachment: Option<Attachment>,
    /// Whether Telegram would forbid saving and forwarding it.
    pub protect_content: bool,
    /// Further fields of the Bot API object: `contact`, `successful_payment`, …
    pub extra: Map<String, Value>,
}

impl Message {
    /// An empty message of `kind`, to be filled by the caller.
    pub(crate) fn new(chat_id: i64, message_id: i64, now_ms: i64, kind: MessageKind) -> Self {
        Self {
            message_id,
            chat_id,
            from_bot: false,
            date_ms: now_ms,
            edited_ms: None,
            edits: 0,
            kind,
            source: String::new(),
            text: String::new(),
            entities: Vec::new(),
            keyboard: Vec::new(),
            reply_markup: None,
            invoice: None,
            attachment: None,
            protect_content: false,
            extra: Map::new(),
        }
    }

    /// All buttons of the inline keyboard, row by row.
    pub fn buttons(&self) -> impl Iterator<Item = &Button> {
        self.keyboard.iter().flatten()
    }

    /// The first button whose text contains `text`.
    pub fn button(&self, text: &str) -> Option<&Button> {
        self.buttons().find(|button| button.text.contains(text))
    }

    pub(crate) fn set_keyboard(&mut self, markup: Option<Value>) {
        self.keyboard = markup.as_ref().map(buttons_of).unwrap_or_default();
        self.reply_markup = markup;
    }

    /// The Bot API object, given the `from` and `chat` objects.
    pub(crate) fn api(&self, from: Value, chat: Value) -> Value {
        let mut object = self.extra.clone();
        object.insert("message_id".into(), self.message_id.into());
        object.insert("from".into(), from);
        object.insert("chat".into(), chat);
        object.insert("date".into(), (self.date_ms / 1000).into());
        if let Some(edited_ms) = self.edited_ms {
            object.insert("edit_date".into(), (edited_ms / 1000).into());
        }
        let (text, entities) = match self.kind {
            MessageKind::Photo | MessageKind::Document => ("caption", "caption_entities"),
            _ => ("text", "entities"),
        };
        if !self.text.is_empty() {
            object.insert(text.into(), self.text.clone().into());
            if !self.entities.is_empty() {
                object.insert(entities.into(), json!(self.entities));
            }
        }
        if let Some(markup) = &self.reply_markup {
            object.insert("reply_markup".into(), markup.clone());
        }
        if self.protect_content {
            object.insert("has_protected_content".into(), true.into());
        }
        Value::Object(object)
    }
}

fn buttons_of(markup: &Value) -> Vec<Vec<Button>> {
    let field = |button: &Value, name: &str| button[name].as_str().map(str::to_owned);
    let rows = markup["inline_keyboard"].as_array();
    rows.into_iter()
        .flatten()
        .map(|row| {
            row.as_array()
                .into_iter()
                .flatten()
                .map(|button| Button {
                    text: field(button, "text").unwrap_or_default(),
                    callback_data: field(button, "callback_data"),
                    url: field(button, "url"),
                    copy_text: field(&button["copy_text"], "text"),
                    web_app: field(&button["web_app"], "url"),
                    pay: button["pay"] == true,
                    style: field(button, "style"),
                })
                .collect()
        })
        .collect()
}
