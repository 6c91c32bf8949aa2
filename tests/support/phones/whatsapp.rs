//! WhatsApp's Cloud API.

use std::sync::{Arc, Mutex};

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Fault, Heard, Provider};

pub const TOKEN: &str = "EAAwhatsapptoken";
pub const NUMBER: &str = "106540352242922";
pub const TEMPLATE: &str = "otp";
pub const VERSION: &str = "v23.0";
/// Nobody on WhatsApp has it.
pub const NOBODY: &str = "+49990000000";

/// The provider, and what it has carried.
#[derive(Clone)]
pub struct Graph {
    provider: Provider,
    sent: Arc<Mutex<Vec<Value>>>,
}

impl Graph {
    pub async fn start() -> Self {
        let sent: Arc<Mutex<Vec<Value>>> = Arc::default();
        let keep = sent.clone();
        let provider = Provider::start(move |heard| match usual(heard, &keep) {
            Ok(value) => (200, value),
            Err((status, code)) => (status, error(code)),
        })
        .await;
        Self { provider, sent }
    }

    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The next request gets this error.
    pub fn refuse(&self, status: u16, code: i64) {
        self.provider.fail(Fault::Answer(status, error(code)));
    }

    pub fn sent(&self) -> Vec<Value> {
        self.sent.lock().expect("no panic").clone()
    }
}

/// An error as Meta writes it; it repeats the number, as the real one may.
fn error(code: i64) -> Value {
    json!({ "error": {
        "message": "(#1) something about +79991234567 and 048291",
        "type": "OAuthException",
        "code": code,
        "error_data": { "messaging_product": "whatsapp", "details": "something" },
        "fbtrace_id": "AbC",
    } })
}

fn usual(heard: &Heard, sent: &Mutex<Vec<Value>>) -> Result<Value, (u16, i64)> {
    if heard.bearer() != TOKEN {
        return Err((401, 190));
    }
    if heard.method == "GET" && heard.path == format!("/{VERSION}/{NUMBER}") {
        return Ok(json!({ "id": NUMBER }));
    }
    if heard.method != "POST" || heard.path != format!("/{VERSION}/{NUMBER}/messages") {
        return Err((400, 100));
    }
    let body = heard.json();
    let template = &body["template"];
    let is_ours = body["messaging_product"] == "whatsapp" && body["type"] == "template";
    let to = body["to"].as_str().unwrap_or_default();
    if !is_ours || to.is_empty() || !to.bytes().all(|it| it.is_ascii_digit()) {
        return Err((400, 100));
    }
    let language = template["language"]["code"].as_str();
    if template["name"] != TEMPLATE || !matches!(language, Some("ru" | "en_US")) {
        return Err((404, 132_001));
    }
    let text = |component: &Value| {
        component["parameters"][0]["text"]
            .as_str()
            .map(str::to_owned)
    };
    let [shown, copied] = template["components"].as_array().map_or(&[][..], |all| all) else {
        return Err((400, 132_000));
    };
    let is_button =
        copied["type"] == "button" && copied["sub_type"] == "url" && copied["index"] == "0";
    if shown["type"] != "body" || !is_button || text(shown).is_none() || text(shown) != text(copied)
    {
        return Err((400, 132_000));
    }
    if NOBODY == format!("+{to}") {
        return Err((400, 131_026));
    }
    let mut sent = sent.lock().expect("no panic");
    sent.push(body.clone());
    Ok(json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": to, "wa_id": to }],
        "messages": [{ "id": format!("wamid.{}", sent.len()), "message_status": "accepted" }],
    }))
}

/// What the webhook tells of sends: id, status and second of each.
pub fn news(number: &str, statuses: &[(&str, &str, i64)]) -> String {
    let statuses: Vec<Value> = statuses
        .iter()
        .map(|(id, status, at)| {
            json!({ "id": id, "status": status, "timestamp": at.to_string(), "recipient_id": "79991234567" })
        })
        .collect();
    json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15550000000", "phone_number_id": number },
            "statuses": statuses,
        } }] }],
    })
    .to_string()
}

/// The header that goes with a report.
pub fn signed(secret: &str, body: &str) -> Vec<(String, Vec<u8>)> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(body.as_bytes());
    let bytes = mac.finalize().into_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    vec![(
        "x-hub-signature-256".to_owned(),
        format!("sha256={hex}").into_bytes(),
    )]
}
