//! What Meta tells of sends: its question when the webhook is set up, and signed reports of how far each got.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::form_urlencoded;

use crate::senders::proof::{header, is_same, is_signed};
use crate::senders::reach::Reach;
use crate::senders::settings::WhatsappSettings;
use crate::shop::confirmations::senders::{Call, Progress, Report, Reporter, Told};

/// What a call is answered with.
const HEARD: &str = "ok";

/// The webhook of one application at Meta, which tells of all its numbers.
#[derive(Debug)]
pub struct Hook {
    path: String,
    app_secret: SecretString,
    verify_token: SecretString,
    /// The ids of the application's numbers with their accounts.
    numbers: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct News {
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    value: Changed,
}

#[derive(Deserialize)]
struct Changed {
    metadata: Option<Metadata>,
    #[serde(default)]
    statuses: Vec<Status>,
}

#[derive(Deserialize)]
struct Metadata {
    phone_number_id: String,
}

#[derive(Deserialize)]
struct Status {
    id: String,
    #[serde(rename = "status")]
    word: String,
    timestamp: String,
}

impl Hook {
    /// The webhook of an account that has both its secrets; `numbers` are all numbers of the same application.
    pub(in crate::senders) fn new(
        reach: &Reach,
        settings: &WhatsappSettings,
        numbers: Vec<(String, String)>,
    ) -> Option<Self> {
        Some(Self {
            path: reach.path().to_owned(),
            app_secret: settings.app_secret.clone()?,
            verify_token: settings.verify_token.clone()?,
            numbers,
        })
    }

    /// Meta asks once, when the webhook is set up, and wants its words back.
    fn challenge(&self, query: &str) -> Told {
        let mut mode = None;
        let mut token = None;
        let mut challenge = None;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "hub.mode" => mode = Some(value),
                "hub.verify_token" => token = Some(value),
                "hub.challenge" => challenge = Some(value),
                _ => {}
            }
        }
        let (Some("subscribe"), Some(token), Some(challenge)) = (mode.as_deref(), token, challenge)
        else {
            return Told::Forged;
        };
        let known = self.verify_token.expose_secret().as_bytes();
        // The words go back to whoever asked: they must be none that a browser would run.
        let is_plain =
            challenge.len() <= 256 && challenge.bytes().all(|it| it.is_ascii_alphanumeric());
        if is_same(known, token.as_bytes()) && is_plain {
            Told::Challenge(challenge.into_owned())
        } else {
            Told::Forged
        }
    }

    fn report(&self, number: Option<&str>, status: Status) -> Option<Report> {
        let progress = match status.word.as_str() {
            "sent" => Progress::Accepted,
            "delivered" => Progress::Delivered,
            "read" => Progress::Read,
            "failed" => Progress::Undelivered,
            _ => return None,
        };
        let mut known = self.numbers.iter();
        let (_, account) = known.find(|(id, _)| number == Some(id.as_str()))?;
        let at: i64 = status.timestamp.parse().ok()?;
        Some(Report {
            account: account.clone(),
            reference: status.id,
            progress,
            at: at.saturating_mul(1_000),
        })
    }
}

impl Reporter for Hook {
    fn path(&self) -> &str {
        &self.path
    }

    fn read(&self, call: &Call<'_>) -> Told {
        if call.method == "GET" {
            return self.challenge(call.query);
        }
        let signature = header(call, "x-hub-signature-256");
        let signature = signature.and_then(|value| value.strip_prefix(b"sha256="));
        let key = self.app_secret.expose_secret().as_bytes();
        if call.method != "POST" || !signature.is_some_and(|it| is_signed(key, &[call.body], it)) {
            return Told::Forged;
        }
        let Ok(news) = serde_json::from_slice::<News>(call.body) else {
            return Told::Nothing(HEARD);
        };
        let changes = news.entry.into_iter().flat_map(|entry| entry.changes);
        let reports = changes.flat_map(|change| {
            let number = change.value.metadata.map(|it| it.phone_number_id);
            let statuses = change.value.statuses.into_iter();
            statuses.filter_map(move |status| self.report(number.as_deref(), status))
        });
        let reports: Vec<Report> = reports.collect();
        if reports.is_empty() {
            Told::Nothing(HEARD)
        } else {
            Told::Reports(reports, HEARD)
        }
    }
}
