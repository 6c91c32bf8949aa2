//! Messages of a VK community. VK can't message a number: codes go to customers who have linked their VK account and let the
//! community write to them.

use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;

use super::http::{Answer, Connections, exchange};
use super::measure;
use super::reach::Reach;
use super::settings::VkSettings;
use super::words;
use crate::shop::confirmations::senders::{Carried, Messenger, PhoneCode, PhoneSender, Recipient};

/// The version of VK's API that we speak.
const VERSION: &str = "5.199";

/// A community that writes messages.
#[derive(Debug)]
pub struct Vk {
    reach: Reach,
    connections: Connections,
    settings: VkSettings,
    shop: String,
}

#[derive(Deserialize)]
struct Reply {
    response: Option<Value>,
    error: Option<Refusal>,
}

/// Of an error only its number is read: `request_params` repeats the token and the text.
#[derive(Deserialize)]
struct Refusal {
    error_code: i64,
}

impl Vk {
    /// A community that writes for the shop called `shop`.
    pub fn new(reach: Reach, connections: Connections, settings: VkSettings, shop: String) -> Self {
        Self {
            reach,
            connections,
            settings,
            shop,
        }
    }

    async fn send(&self, code: &PhoneCode) -> Carried {
        let Some(user) = code.to.vk_user else {
            return Carried::NotReachable("no VK account is linked".to_owned());
        };
        let text = words::code(code.to.language, &self.shop, &code.code, code.lives);
        // VK drops a second message with the same number, and none may be zero.
        let number = if code.number == 0 { 1 } else { code.number };
        let request = self
            .connections
            .post(&self.settings.api_url, "method/messages.send")
            .form(&[
                ("access_token", self.settings.token.expose_secret()),
                ("v", VERSION),
                ("user_id", &user.to_string()),
                ("random_id", &number.to_string()),
                ("message", &text),
                ("dont_parse_links", "1"),
                ("disable_mentions", "1"),
            ]);
        match exchange(request).await {
            Ok(answer) => read(&answer),
            Err(none) => none.into(),
        }
    }

    /// Whether the token is taken. UNVERIFIED: that `groups.getTokenPermissions` answers for every token of a community.
    pub(super) async fn try_out(&self) -> Result<(), Carried> {
        let request = self
            .connections
            .post(&self.settings.api_url, "method/groups.getTokenPermissions")
            .form(&[
                ("access_token", self.settings.token.expose_secret()),
                ("v", VERSION),
            ]);
        match read(&exchange(request).await?) {
            Carried::Accepted { .. } => Ok(()),
            other => Err(other),
        }
    }
}

/// VK answers 200 to errors, too.
fn read(answer: &Answer) -> Carried {
    let reply: Option<Reply> = serde_json::from_slice(&answer.body).ok();
    match (answer.status, reply) {
        (
            _,
            Some(Reply {
                error: Some(error), ..
            }),
        ) => refused(answer, error.error_code),
        (
            200,
            Some(Reply {
                response: Some(response),
                ..
            }),
        ) => Carried::Accepted {
            reference: response.as_i64().map(|id| id.to_string()),
        },
        (429, _) => Carried::Busy {
            pause: answer.pause,
            reason: "status 429".to_owned(),
        },
        (status, _) => Carried::Unknown(format!("status {status} without a readable answer")),
    }
}

/// What an error's number means; 27, 28 and 983 are UNVERIFIED. One that we do not know is taken for the customer's: the next
/// sender may reach them.
fn refused(answer: &Answer, code: i64) -> Carried {
    let reason = |what: &str| format!("error {code}: {what}");
    match code {
        5 | 27 | 28 => Carried::Misconfigured(reason("the token is not valid")),
        7 | 15 => Carried::Misconfigured(reason("the token has no right to messages")),
        911 | 914 => Carried::Misconfigured(reason("the message does not fit")),
        983 => Carried::Misconfigured(reason("the community sends notifications only")),
        900 | 901 | 902 | 936 | 943 | 944 => {
            Carried::NotReachable(reason("they do not take messages of the community"))
        }
        6 | 9 | 14 => Carried::Busy {
            pause: answer.pause,
            reason: reason("too much at once"),
        },
        1 | 10 | 950 => Carried::Unknown(reason("something is wrong over there")),
        _ if answer.status >= 500 => Carried::Unknown(format!("error {code}")),
        _ => Carried::NotReachable(format!("error {code}")),
    }
}

impl PhoneSender for Vk {
    fn account(&self) -> &str {
        self.reach.account()
    }

    fn messenger(&self) -> Messenger {
        Messenger::Vk
    }

    fn can_reach(&self, to: &Recipient) -> bool {
        to.vk_user.is_some() && self.reach.covers(&to.phone)
    }

    fn most_a_day(&self) -> Option<i64> {
        self.reach.most_a_day()
    }

    fn carry<'a>(&'a self, code: &'a PhoneCode) -> BoxFuture<'a, Carried> {
        measure::carried("vk", self.send(code)).boxed()
    }
}
