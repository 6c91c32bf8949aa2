//! Photos: sent, put in the place of others, and taken away. A picture is uploaded once; after that Telegram's name for it
//! will do.

use std::time::Duration;

use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::client::{ORDINARY, Pool};
use super::{CallError, Client};

/// What an upload may take.
const UPLOAD: Duration = Duration::from_secs(40);
/// The part of an upload that holds the picture.
const PART: &str = "picture";

/// A picture.
#[derive(Clone, Copy, Debug)]
pub enum Picture<'a> {
    /// By the `file_id` that this bot was given.
    Known(&'a str),
    /// Uploaded now.
    Upload {
        /// A file name whose ending tells the kind.
        name: &'a str,
        /// The file.
        bytes: &'a [u8],
    },
}

/// A photo with words under it.
#[derive(Clone, Copy, Debug)]
pub struct Photo<'a> {
    /// Where to.
    pub chat_id: i64,
    /// The picture.
    pub picture: Picture<'a>,
    /// HTML, 1,024 characters at the most once it is read.
    pub html: &'a str,
    /// The inline keyboard in Telegram's JSON; a message that is edited loses its own without it.
    pub reply_markup: Option<&'a RawValue>,
}

/// A message as Telegram tells it after the call.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    photo: Vec<Size>,
}

#[derive(Deserialize)]
struct Size {
    file_id: String,
    #[serde(default)]
    width: i64,
}

impl Told {
    /// The name of the largest size.
    fn file_id(self) -> Option<String> {
        let largest = self.photo.into_iter().max_by_key(|size| size.width);
        largest.map(|size| size.file_id)
    }
}

impl Client {
    /// Sends a photo; Telegram's name for its picture.
    pub async fn send_photo(&self, photo: &Photo<'_>) -> Result<Option<String>, CallError> {
        let mut fields = fields(photo);
        let named = match photo.picture {
            Picture::Known(file_id) => file_id.to_owned(),
            Picture::Upload { .. } => format!("attach://{PART}"),
        };
        fields.insert("photo".to_owned(), named.into());
        fields.insert("caption".to_owned(), photo.html.into());
        fields.insert("parse_mode".to_owned(), "HTML".into());
        self.show("sendPhoto", fields, photo.picture).await
    }

    /// Puts a photo in the place of another, or of a text; Telegram's name for its picture.
    pub async fn edit_message_media(
        &self,
        message_id: i64,
        photo: &Photo<'_>,
    ) -> Result<Option<String>, CallError> {
        let mut fields = fields(photo);
        let named = match photo.picture {
            Picture::Known(file_id) => file_id.to_owned(),
            Picture::Upload { .. } => format!("attach://{PART}"),
        };
        let media = serde_json::json!({
            "type": "photo",
            "media": named,
            "caption": photo.html,
            "parse_mode": "HTML",
        });
        fields.insert("message_id".to_owned(), message_id.into());
        fields.insert("media".to_owned(), media);
        self.show("editMessageMedia", fields, photo.picture).await
    }

    async fn show(
        &self,
        method: &'static str,
        fields: Map<String, Value>,
        picture: Picture<'_>,
    ) -> Result<Option<String>, CallError> {
        let told: Told = match picture {
            Picture::Known(_) => self.call(Pool::Ordinary, ORDINARY, method, &fields).await?,
            Picture::Upload { name, bytes } => {
                let part = Part::bytes(bytes.to_vec()).file_name(name.to_owned());
                let mut form = Form::new().part(PART, part);
                for (name, value) in fields {
                    let text = match value {
                        Value::String(text) => text,
                        other => other.to_string(),
                    };
                    form = form.text(name, text);
                }
                self.upload(Pool::Ordinary, UPLOAD, method, form).await?
            }
        };
        Ok(told.file_id())
    }

    /// Takes a message of the bot away. Telegram lets it for 48 hours.
    pub async fn delete_message(&self, chat_id: i64, message_id: i64) -> Result<(), CallError> {
        let params = serde_json::json!({ "chat_id": chat_id, "message_id": message_id });
        let _: bool = self
            .call(Pool::Ordinary, ORDINARY, "deleteMessage", &params)
            .await?;
        Ok(())
    }

    /// Takes the buttons under a message of the bot away.
    pub async fn remove_buttons(&self, chat_id: i64, message_id: i64) -> Result<(), CallError> {
        let params = serde_json::json!({ "chat_id": chat_id, "message_id": message_id });
        let _: serde::de::IgnoredAny = self
            .call(Pool::Ordinary, ORDINARY, "editMessageReplyMarkup", &params)
            .await?;
        Ok(())
    }
}

/// What both calls have.
fn fields(photo: &Photo<'_>) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("chat_id".to_owned(), photo.chat_id.into());
    // The keyboard was JSON before, and is again.
    let markup = photo.reply_markup.map(RawValue::get);
    if let Some(Ok(markup)) = markup.map(serde_json::from_str::<Value>) {
        fields.insert("reply_markup".to_owned(), markup);
    }
    fields
}
