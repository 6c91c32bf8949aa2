//! What must never be misread, taken from an update's raw JSON by small structs of ours before anybody else looks at
//! it: whose it is, its lane, and everything about money. Unknown fields, kinds and entities never matter.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::bus::inbox::{Birth, Fact};

/// The kinds of update that we subscribe to. An update has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A message to the bot, also one about a payment.
    Message,
    /// A tap on a button.
    CallbackQuery,
    /// The question before a payment.
    PreCheckoutQuery,
    /// The bot was blocked or let in again.
    MyChatMember,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 4] = [
        Kind::Message,
        Kind::CallbackQuery,
        Kind::PreCheckoutQuery,
        Kind::MyChatMember,
    ];

    /// The field of the update, which is also its name in the inbox and in `allowed_updates`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Message => "message",
            Kind::CallbackQuery => "callback_query",
            Kind::PreCheckoutQuery => "pre_checkout_query",
            Kind::MyChatMember => "my_chat_member",
        }
    }

    /// The kind that the inbox calls `name`.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A person as Telegram describes them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Person {
    /// Their Telegram id.
    pub id: i64,
    /// As they write it; empty if it can't be read.
    #[serde(default, deserialize_with = "text")]
    pub first_name: String,
    /// As they write it; empty if they have none.
    #[serde(default, deserialize_with = "text")]
    pub last_name: String,
    /// The language of their app; empty if it is unknown.
    #[serde(default, deserialize_with = "text")]
    pub language_code: String,
}

impl Person {
    /// Both names.
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
            .trim()
            .to_owned()
    }
}

/// The question before a payment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PreCheckout {
    /// What the answer names.
    pub id: String,
    /// The payer.
    pub from: Person,
    /// `XTR`, or an ISO 4217 code.
    pub currency: String,
    /// In minor units.
    pub total_amount: i64,
    /// What our invoice carried.
    pub invoice_payload: String,
}

/// Money that has come, or gone back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Payment {
    /// `XTR`, or an ISO 4217 code.
    pub currency: String,
    /// In minor units.
    pub total_amount: i64,
    /// What our invoice carried.
    pub invoice_payload: String,
    /// The charge id.
    pub telegram_payment_charge_id: String,
    /// The bank provider's name for the money; empty if there is none.
    #[serde(default, deserialize_with = "text")]
    pub provider_payment_charge_id: String,
}

/// A contact that was shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The number as it came, perhaps without its `+`.
    pub phone_number: String,
    /// Whose it is, if Telegram knows. Anybody's contact can be shared: compare it with the sender.
    pub user_id: Option<i64>,
    /// Whether the message came from somewhere else.
    pub forwarded: bool,
}

/// A tap on a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tap {
    /// What the answer names.
    pub id: String,
    /// What the button carried.
    pub data: Option<String>,
    /// The message that the button is under.
    pub message_id: Option<i64>,
}

/// The vital part of an update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vital {
    /// Its number.
    pub update_id: Option<i64>,
    /// Its kind; `None` for one that we don't subscribe to.
    pub kind: Option<Kind>,
    /// The chat whose order it keeps. `pre_checkout_query` and `refunded_payment` have none.
    pub lane: Option<i64>,
    /// The chat that it came from.
    pub chat: Option<i64>,
    /// Whether that is a chat with one person.
    pub is_private: bool,
    /// Who did it.
    pub from: Option<Person>,
    /// The text of a message.
    pub text: Option<String>,
    /// The tap, for [`Kind::CallbackQuery`].
    pub tap: Option<Tap>,
    /// The question before a payment, for [`Kind::PreCheckoutQuery`].
    pub pre_checkout: Option<PreCheckout>,
    /// Money that has come.
    pub successful_payment: Option<Payment>,
    /// Money that has gone back.
    pub refunded_payment: Option<Payment>,
    /// A contact that was shared.
    pub contact: Option<Contact>,
    /// It is about money that has come or gone back, and that part has a shape that we can't read: staff must look.
    pub unreadable_payment: bool,
    /// Why the vital part can't be read, if it can't.
    pub flaw: Option<String>,
}

#[derive(Deserialize)]
struct MessageBody<'a> {
    #[serde(borrow)]
    chat: Option<&'a RawValue>,
    #[serde(borrow)]
    from: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    successful_payment: Option<&'a RawValue>,
    #[serde(borrow)]
    refunded_payment: Option<&'a RawValue>,
    #[serde(borrow)]
    contact: Option<&'a RawValue>,
    #[serde(borrow)]
    forward_origin: Option<&'a RawValue>,
    #[serde(borrow)]
    forward_date: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct TapBody<'a> {
    id: String,
    from: Person,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct TapMessage {
    message_id: i64,
    chat: Chat,
}

#[derive(Deserialize)]
struct MemberBody {
    chat: Chat,
    from: Person,
}

#[derive(Deserialize)]
struct Chat {
    id: i64,
    #[serde(default, deserialize_with = "text")]
    r#type: String,
}

#[derive(Deserialize)]
struct ContactBody<'a> {
    phone_number: String,
    #[serde(borrow)]
    user_id: Option<&'a RawValue>,
}

/// A text that nothing depends on: anything else is empty.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(read(raw).unwrap_or_default())
}

fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

impl Vital {
    /// Reads an update. `None`: it is no JSON object.
    pub fn read(raw: &[u8]) -> Option<Self> {
        let fields: HashMap<String, &RawValue> = serde_json::from_slice(raw).ok()?;
        let mut vital = Vital {
            update_id: fields.get("update_id").and_then(|raw| read(raw)),
            ..Vital::default()
        };
        let of = |kind: &Kind| fields.get(kind.name()).map(|body| (*kind, *body));
        let Some((kind, body)) = Kind::ALL.iter().find_map(of) else {
            return Some(vital);
        };
        vital.kind = Some(kind);
        let flaw = match kind {
            Kind::Message => vital.message(body),
            Kind::CallbackQuery => vital.callback_query(body),
            Kind::PreCheckoutQuery => vital.pre_checkout_query(body),
            Kind::MyChatMember => vital.my_chat_member(body),
        };
        vital.flaw = flaw.err().map(|error| error.to_string());
        Some(vital)
    }

    fn message(&mut self, raw: &RawValue) -> Result<(), serde_json::Error> {
        let body: MessageBody<'_> = serde_json::from_str(raw.get()).inspect_err(|_| {
            // Not even the outline: let nothing about money slip by.
            self.unreadable_payment = raw.get().contains("\"successful_payment\"")
                || raw.get().contains("\"refunded_payment\"");
        })?;
        self.from = body.from.and_then(read);
        self.text = body.text.and_then(read);
        self.successful_payment = body.successful_payment.and_then(read);
        self.refunded_payment = body.refunded_payment.and_then(read);
        self.unreadable_payment = (body.successful_payment.is_some()
            && self.successful_payment.is_none())
            || (body.refunded_payment.is_some() && self.refunded_payment.is_none());
        let forwarded = body.forward_origin.is_some() || body.forward_date.is_some();
        self.contact = body
            .contact
            .and_then(read::<ContactBody<'_>>)
            .map(|contact| Contact {
                phone_number: contact.phone_number,
                user_id: contact.user_id.and_then(read),
                forwarded,
            });
        let chat: Result<Chat, _> = serde_json::from_str(body.chat.map_or("null", RawValue::get));
        if let Ok(chat) = &chat {
            self.chat = Some(chat.id);
            self.is_private = chat.r#type == "private";
        }
        // A payment whose chat can't be read still keeps the order of its payer's chat.
        let payer = self.from.as_ref().map(|from| from.id);
        self.lane = match body.refunded_payment {
            Some(_) => None,
            None => self.chat.or(payer),
        };
        chat.map(|_| ())
    }

    fn callback_query(&mut self, raw: &RawValue) -> Result<(), serde_json::Error> {
        let body: TapBody<'_> = serde_json::from_str(raw.get())?;
        let message: Option<TapMessage> = body.message.and_then(read);
        self.chat = message.as_ref().map(|message| message.chat.id);
        self.is_private = message
            .as_ref()
            .is_some_and(|message| message.chat.r#type == "private");
        self.lane = Some(self.chat.unwrap_or(body.from.id));
        self.tap = Some(Tap {
            id: body.id,
            data: body.data.and_then(read),
            message_id: message.map(|message| message.message_id),
        });
        self.from = Some(body.from);
        Ok(())
    }

    fn pre_checkout_query(&mut self, raw: &RawValue) -> Result<(), serde_json::Error> {
        let query: PreCheckout = serde_json::from_str(raw.get())?;
        self.from = Some(query.from.clone());
        self.pre_checkout = Some(query);
        Ok(())
    }

    fn my_chat_member(&mut self, raw: &RawValue) -> Result<(), serde_json::Error> {
        let body: MemberBody = serde_json::from_str(raw.get())?;
        self.chat = Some(body.chat.id);
        self.is_private = body.chat.r#type == "private";
        self.lane = self.chat;
        self.from = Some(body.from);
        Ok(())
    }

    /// Whether it is about money that has come or gone back. Such an update is always handled.
    pub fn is_about_money(&self) -> bool {
        self.successful_payment.is_some()
            || self.refunded_payment.is_some()
            || self.unreadable_payment
    }

    fn birth(&self) -> Birth {
        if self.is_about_money() {
            return Birth::New;
        }
        match (&self.kind, &self.flaw) {
            (Some(kind), Some(flaw)) => {
                Birth::Dead(format!("a {} that can't be read: {flaw}", kind.name()))
            }
            (Some(_), None) if self.update_id.is_none() => {
                Birth::Dead("an update without a number".to_owned())
            }
            (Some(_), None) => Birth::New,
            (None, _) => Birth::Done,
        }
    }
}

/// The source of a bot's updates in the inbox.
pub fn source(bot_id: i64) -> String {
    format!("telegram:{bot_id}")
}

/// An update of the bot as the inbox keeps it. Whatever the body is, there is a fact.
pub fn fact(bot_id: i64, raw: &[u8]) -> Fact {
    let (event_id, kind, lane, birth) = match Vital::read(raw) {
        Some(vital) => (
            vital.update_id.map(|id| id.to_string()),
            vital.kind.map_or("other", Kind::name),
            vital.lane,
            vital.birth(),
        ),
        None => (
            None,
            "unreadable",
            None,
            Birth::Dead("a body that is no JSON object".to_owned()),
        ),
    };
    Fact {
        source: source(bot_id),
        event_id: event_id.unwrap_or_else(|| hash(raw)),
        kind,
        lane,
        raw: raw.to_vec(),
        birth,
    }
}

/// The name of a body that has none.
fn hash(raw: &[u8]) -> String {
    use std::fmt::Write;
    let mut name = "sha256:".to_owned();
    for byte in Sha256::digest(raw) {
        // Writing into a String can't fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

#[cfg(test)]
mod tests;
