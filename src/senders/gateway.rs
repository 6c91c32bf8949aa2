//! The Telegram Gateway: a code in the chat "Verification Codes" of whoever has the number, whether or not they know the
//! bot. The code is ours, so that every channel carries the same one. A send that does not arrive in time is paid back.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::http::{Answer, Connections, code_word, exchange};
use super::measure;
use super::proof::{header, is_signed};
use super::reach::Reach;
use super::settings::GatewaySettings;
use crate::shop::confirmations::senders::{
    Call, Carried, Messenger, PhoneCode, PhoneSender, Progress, Recipient, Report, Reporter, Told,
};

/// How long a code may take to arrive, in seconds, though it lives longer: what has not arrived by then is paid back and told,
/// and the next sender still has time for it.
const ARRIVES: u64 = 90;
/// The shortest lifetime that it takes, in seconds; the longest is 3,600. Older copies of its documentation say 60 to 86,400.
const SHORTEST: u64 = 30;
/// A report that is older is refused, and one from as far in the future. UNVERIFIED: that a repeated report, which comes up to
/// ten times, is signed with a time of its own.
const WINDOW: i64 = 5 * 60 * 1_000;
/// What a report is answered with: the status 200 counts, not the words.
const HEARD: &str = "ok";

/// An account of the Telegram Gateway.
#[derive(Debug)]
pub struct Gateway {
    reach: Reach,
    connections: Connections,
    settings: GatewaySettings,
    /// Where it sends its reports.
    callback: Option<String>,
}

#[derive(Serialize)]
struct Send<'a> {
    phone_number: &'a str,
    code: &'a str,
    ttl: u64,
    payload: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_username: Option<&'a str>,
}

#[derive(Deserialize)]
struct Envelope {
    ok: bool,
    error: Option<String>,
    result: Option<Status>,
}

/// How a send stands. It may hold the code that was entered: only what is needed is read, and nothing is logged.
#[derive(Deserialize)]
struct Status {
    request_id: String,
    delivery_status: Option<Delivery>,
}

#[derive(Deserialize)]
struct Delivery {
    status: String,
    updated_at: i64,
}

impl Gateway {
    /// An account whose reports come to `callback`, which must be https and of 256 bytes at most.
    pub fn new(
        reach: Reach,
        connections: Connections,
        settings: GatewaySettings,
        callback: Option<&Url>,
    ) -> Self {
        let fits = |url: &&Url| url.scheme() == "https" && url.as_str().len() <= 256;
        Self {
            reach,
            connections,
            settings,
            callback: callback.filter(fits).map(ToString::to_string),
        }
    }

    async fn send(&self, code: &PhoneCode) -> Carried {
        let body = Send {
            phone_number: code.to.phone.as_str(),
            code: code.code.expose(),
            ttl: code.lives.as_secs().clamp(SHORTEST, ARRIVES),
            payload: &code.reference,
            callback_url: self.callback.as_deref(),
            sender_username: self.settings.username.as_deref(),
        };
        let request = self
            .connections
            .post(&self.settings.api_url, "sendVerificationMessage")
            .bearer_auth(self.settings.token.expose_secret())
            .json(&body);
        match exchange(request).await {
            Ok(answer) => read(&answer),
            Err(none) => none.into(),
        }
    }

    /// Whether the token is taken. It asks for a send that does not exist, which costs nothing. UNVERIFIED: that the token
    /// is looked at before the request's id.
    pub(super) async fn try_out(&self) -> Result<(), Carried> {
        let request = self
            .connections
            .post(&self.settings.api_url, "checkVerificationStatus")
            .bearer_auth(self.settings.token.expose_secret())
            .json(&serde_json::json!({ "request_id": "0" }));
        let answer = exchange(request).await?;
        match serde_json::from_slice::<Envelope>(&answer.body) {
            Ok(envelope) if envelope.ok => Ok(()),
            Ok(envelope) => match refused(&answer, &envelope.error.unwrap_or_default()) {
                // A word about the id, or one that we do not know: the token was good for it.
                Carried::NotReachable(_) => Ok(()),
                Carried::Misconfigured(word) if word.starts_with("REQUEST_ID") => Ok(()),
                trouble => Err(trouble),
            },
            Err(_) => Err(Carried::Unknown(format!("status {}", answer.status))),
        }
    }
}

/// Both the status and `ok` must say so: a proxy's page has the one, and a refusal may come with the other.
fn read(answer: &Answer) -> Carried {
    let envelope: Option<Envelope> = serde_json::from_slice(&answer.body).ok();
    match (answer.status, envelope) {
        (
            200,
            Some(Envelope {
                ok: true, result, ..
            }),
        ) => Carried::Accepted {
            reference: result.map(|status| status.request_id),
        },
        (
            _,
            Some(Envelope {
                ok: false, error, ..
            }),
        ) => refused(answer, &error.unwrap_or_default()),
        (429, _) => Carried::Busy {
            pause: answer.pause,
            reason: "status 429".to_owned(),
        },
        (401 | 403, None) => Carried::Misconfigured(format!(
            "status {}: see the token, and its list of allowed addresses",
            answer.status
        )),
        (status, _) => Carried::Unknown(format!("status {status} without a readable answer")),
    }
}

/// What an error's name means. The set of names is open: `ACCESS_TOKEN_INVALID` alone is documented, the others are
/// UNVERIFIED. One that we do not know is taken for the number's: the next sender may reach it.
fn refused(answer: &Answer, error: &str) -> Carried {
    let word = code_word(error);
    let starts = |names: &[&str]| names.iter().any(|name| word.starts_with(name));
    if let Some(seconds) = word.strip_prefix("FLOOD_WAIT_") {
        let pause = seconds.parse().ok().map(Duration::from_secs);
        let pause = pause.or(answer.pause);
        return Carried::Busy {
            pause,
            reason: word,
        };
    }
    if answer.status == 429 || starts(&["FLOOD", "TOO_MANY", "LIMIT"]) {
        let pause = answer.pause;
        return Carried::Busy {
            pause,
            reason: word,
        };
    }
    if answer.status >= 500 || starts(&["INTERNAL", "TIMEOUT"]) {
        return Carried::Unknown(word);
    }
    let ours = [
        "ACCESS_TOKEN",
        "BALANCE",
        "IP_",
        "SENDER_",
        "CALLBACK_",
        "CODE_",
        "TTL_",
        "PAYLOAD_",
        "REQUEST_ID",
        "UNAUTHORIZED",
    ];
    if matches!(answer.status, 401 | 403) || starts(&ours) {
        return Carried::Misconfigured(word);
    }
    Carried::NotReachable(word)
}

impl PhoneSender for Gateway {
    fn account(&self) -> &str {
        self.reach.account()
    }

    fn messenger(&self) -> Messenger {
        Messenger::Telegram
    }

    fn can_reach(&self, to: &Recipient) -> bool {
        self.reach.covers(&to.phone)
    }

    fn most_a_day(&self) -> Option<i64> {
        self.reach.most_a_day()
    }

    fn carry<'a>(&'a self, code: &'a PhoneCode) -> BoxFuture<'a, Carried> {
        measure::carried("gateway", self.send(code)).boxed()
    }
}

impl Reporter for Gateway {
    fn path(&self) -> &str {
        self.reach.path()
    }

    fn read(&self, call: &Call<'_>) -> Told {
        if call.method != "POST" || !self.is_genuine(call) {
            return Told::Forged;
        }
        let Ok(status) = serde_json::from_slice::<Status>(call.body) else {
            return Told::Nothing(HEARD);
        };
        let Some(delivery) = status.delivery_status else {
            return Told::Nothing(HEARD);
        };
        let progress = match delivery.status.as_str() {
            "sent" => Progress::Accepted,
            "delivered" => Progress::Delivered,
            "read" => Progress::Read,
            "expired" | "revoked" => Progress::Undelivered,
            _ => return Told::Nothing(HEARD),
        };
        let report = Report {
            account: self.reach.account().to_owned(),
            reference: status.request_id,
            progress,
            at: delivery.updated_at.saturating_mul(1_000),
        };
        Told::Reports(vec![report], HEARD)
    }
}

impl Gateway {
    /// The key is the SHA-256 of the token; signed are the time, a line end and the body as it came.
    fn is_genuine(&self, call: &Call<'_>) -> bool {
        let (Some(time), Some(signature)) = (
            header(call, "x-request-timestamp"),
            header(call, "x-request-signature"),
        ) else {
            return false;
        };
        let key = Sha256::digest(self.settings.token.expose_secret());
        if !is_signed(&key, &[time, b"\n", call.body], signature) {
            return false;
        }
        let at = std::str::from_utf8(time).ok();
        let at: Option<i64> = at.and_then(|text| text.parse().ok());
        at.and_then(|at| at.checked_mul(1_000))
            .is_some_and(|at| call.now.abs_diff(at) <= WINDOW.unsigned_abs())
    }
}
