//! WhatsApp's Cloud API: a code in an authentication template that Meta has approved. What it accepts may still not
//! arrive: the webhook tells.

mod hook;

use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};

pub use self::hook::Hook;
use super::http::{Answer, Connections, exchange};
use super::measure;
use super::reach::Reach;
use super::settings::WhatsappSettings;
use crate::shop::confirmations::senders::{Carried, Messenger, PhoneCode, PhoneSender, Recipient};

/// A number on WhatsApp.
#[derive(Debug)]
pub struct Whatsapp {
    reach: Reach,
    connections: Connections,
    settings: WhatsappSettings,
}

#[derive(Deserialize)]
struct Sent {
    messages: Option<Vec<Id>>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

/// Its message is not read: it may repeat the number.
#[derive(Deserialize)]
struct Refusal {
    code: i64,
}

impl Whatsapp {
    /// A number that sends by `settings`.
    pub fn new(reach: Reach, connections: Connections, settings: WhatsappSettings) -> Self {
        Self {
            reach,
            connections,
            settings,
        }
    }

    async fn send(&self, code: &PhoneCode) -> Carried {
        let settings = &self.settings;
        let path = format!("{}/{}/messages", settings.version, settings.number_id);
        let request = self
            .connections
            .post(&settings.api_url, &path)
            .bearer_auth(settings.token.expose_secret())
            .json(&self.body(code));
        match exchange(request).await {
            Ok(answer) => read(&answer),
            Err(none) => none.into(),
        }
    }

    /// The code stands twice: in the text and behind the button that copies it.
    fn body(&self, code: &PhoneCode) -> Value {
        let given = json!([{ "type": "text", "text": code.code.expose() }]);
        json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": code.to.phone.as_str().trim_start_matches('+'),
            "type": "template",
            "template": {
                "name": self.settings.template,
                "language": { "code": self.settings.language(code.to.language) },
                "components": [
                    { "type": "body", "parameters": given },
                    { "type": "button", "sub_type": "url", "index": "0", "parameters": given },
                ],
            },
        })
    }

    /// Whether the token opens the number's own record. UNVERIFIED: that every token which may send may also read it.
    pub(super) async fn try_out(&self) -> Result<(), Carried> {
        let settings = &self.settings;
        let path = format!("{}/{}?fields=id", settings.version, settings.number_id);
        let request = self.connections.get(&settings.api_url, &path);
        let request = request.bearer_auth(settings.token.expose_secret());
        let answer = exchange(request).await?;
        match serde_json::from_slice::<Sent>(&answer.body) {
            Ok(Sent { error: None, .. }) if answer.status == 200 => Ok(()),
            Ok(Sent {
                error: Some(error), ..
            }) => Err(refused(&answer, error.code)),
            _ => Err(Carried::Unknown(format!("status {}", answer.status))),
        }
    }
}

fn read(answer: &Answer) -> Carried {
    let sent: Option<Sent> = serde_json::from_slice(&answer.body).ok();
    match (answer.status, sent) {
        (
            _,
            Some(Sent {
                error: Some(error), ..
            }),
        ) => refused(answer, error.code),
        (
            200..300,
            Some(Sent {
                messages: Some(messages),
                ..
            }),
        ) => Carried::Accepted {
            reference: messages.into_iter().next().map(|message| message.id),
        },
        (401 | 403, _) => Carried::Misconfigured(format!("status {}", answer.status)),
        (429, _) => busy(answer, "status 429".to_owned()),
        (status, _) => Carried::Unknown(format!("status {status} without a readable answer")),
    }
}

/// What an error's code means; 10, 200, 4, 80007, 131005, 131000 and 131016 are UNVERIFIED. One that we do not know is taken for the
/// number's: the next sender may reach it.
fn refused(answer: &Answer, code: i64) -> Carried {
    let reason = |what: &str| format!("error {code}: {what}");
    match code {
        190 => Carried::Misconfigured(reason("the token is not valid, or has run out")),
        10 | 200 | 131_005 => Carried::Misconfigured(reason("the token lacks a right")),
        100 | 132_000 => Carried::Misconfigured(reason(
            "the template takes other values: it must be one for authentication with a button that copies the code",
        )),
        132_001 => Carried::Misconfigured(reason("there is no such template in this language")),
        132_015 | 132_016 => Carried::Misconfigured(reason("the template is paused or disabled")),
        131_031 | 368 => Carried::Misconfigured(reason("the account is locked")),
        133_010 => Carried::Misconfigured(reason("the number that sends is not registered")),
        131_047 => Carried::Misconfigured(reason("it was no template that was sent")),
        131_026 => Carried::NotReachable(reason("it can't be delivered to this number")),
        131_030 => {
            Carried::NotReachable(reason("the number is not on the list of the test account"))
        }
        4 | 80_007 | 130_429 | 131_048 | 131_056 => busy(answer, reason("too much at once")),
        131_000 | 131_016 => Carried::Unknown(reason("something is wrong over there")),
        _ if answer.status >= 500 => Carried::Unknown(format!("error {code}")),
        _ if answer.status == 429 => busy(answer, format!("error {code}")),
        _ if answer.status == 401 => Carried::Misconfigured(format!("error {code}")),
        _ => Carried::NotReachable(format!("error {code}")),
    }
}

fn busy(answer: &Answer, reason: String) -> Carried {
    Carried::Busy {
        pause: answer.pause,
        reason,
    }
}

impl PhoneSender for Whatsapp {
    fn account(&self) -> &str {
        self.reach.account()
    }

    fn messenger(&self) -> Messenger {
        Messenger::Whatsapp
    }

    fn can_reach(&self, to: &Recipient) -> bool {
        self.reach.covers(&to.phone)
    }

    fn most_a_day(&self) -> Option<i64> {
        self.reach.most_a_day()
    }

    fn carry<'a>(&'a self, code: &'a PhoneCode) -> BoxFuture<'a, Carried> {
        measure::carried("whatsapp", self.send(code)).boxed()
    }
}
