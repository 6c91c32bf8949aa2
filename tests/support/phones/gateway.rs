//! The Telegram Gateway.

use std::sync::{Arc, Mutex};

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Fault, Heard, Provider};

pub const TOKEN: &str = "AAFgatewaytokengatewaytoken";
/// Nobody on Telegram has it.
pub const NOBODY: &str = "+79990000000";

const KNOWN: [&str; 7] = [
    "phone_number",
    "request_id",
    "sender_username",
    "code",
    "callback_url",
    "payload",
    "ttl",
];

/// The provider, and what it has carried.
#[derive(Clone)]
pub struct Gateway {
    provider: Provider,
    sent: Arc<Mutex<Vec<Value>>>,
}

impl Gateway {
    pub async fn start() -> Self {
        let sent: Arc<Mutex<Vec<Value>>> = Arc::default();
        let keep = sent.clone();
        let provider = Provider::start(move |heard| match usual(heard, &keep) {
            Ok(result) => (200, json!({ "ok": true, "result": result })),
            Err(error) => (200, json!({ "ok": false, "error": error })),
        })
        .await;
        Self { provider, sent }
    }

    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The next request is refused so.
    pub fn refuse(&self, error: &str) {
        let answer = json!({ "ok": false, "error": error });
        self.provider.fail(Fault::Answer(200, answer));
    }

    /// What it was asked to send, and sent.
    pub fn sent(&self) -> Vec<Value> {
        self.sent.lock().expect("no panic").clone()
    }
}

fn usual(heard: &Heard, sent: &Mutex<Vec<Value>>) -> Result<Value, &'static str> {
    if heard.bearer() != TOKEN {
        return Err("ACCESS_TOKEN_INVALID");
    }
    let body = heard.json();
    match heard.path.to_lowercase().as_str() {
        "/sendverificationmessage" => send(&body, sent),
        "/checkverificationstatus" => Err("REQUEST_ID_INVALID"),
        _ => Err("METHOD_NOT_FOUND"),
    }
}

fn send(body: &Value, sent: &Mutex<Vec<Value>>) -> Result<Value, &'static str> {
    let fields = body.as_object().ok_or("BODY_INVALID")?;
    if fields.keys().any(|name| !KNOWN.contains(&name.as_str())) {
        return Err("PARAMETER_UNKNOWN");
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let phone = text("phone_number");
    if !phone.strip_prefix('+').is_some_and(digits) {
        return Err("PHONE_NUMBER_INVALID");
    }
    let code = text("code");
    if !(4..=8).contains(&code.len()) || !digits(code) {
        return Err("CODE_INVALID");
    }
    if !body["ttl"]
        .as_u64()
        .is_some_and(|ttl| (30..=3_600).contains(&ttl))
    {
        return Err("TTL_INVALID");
    }
    if text("payload").len() > 128 {
        return Err("PAYLOAD_INVALID");
    }
    let callback = text("callback_url");
    if callback.len() > 256 || !(callback.is_empty() || callback.starts_with("https://")) {
        return Err("CALLBACK_URL_INVALID");
    }
    if phone == NOBODY {
        return Err("PHONE_NUMBER_NOT_FOUND");
    }
    let mut sent = sent.lock().expect("no panic");
    sent.push(body.clone());
    let id = 1_000_000 + sent.len();
    Ok(json!({
        "request_id": id.to_string(),
        "phone_number": phone,
        "request_cost": 0.01,
        "remaining_balance": 9.87,
        "delivery_status": { "status": "sent", "updated_at": 1_790_000_000 },
        "payload": body["payload"],
    }))
}

/// The body of a report.
pub fn report(request_id: &str, status: &str, updated_at: i64) -> String {
    json!({
        "request_id": request_id,
        "phone_number": "+79991234567",
        "request_cost": 0.01,
        "delivery_status": { "status": status, "updated_at": updated_at },
        "verification_status": { "status": "code_valid", "updated_at": updated_at, "code_entered": "048291" },
    })
    .to_string()
}

/// The headers that go with a report at this second.
pub fn signed(token: &str, at: i64, body: &str) -> Vec<(String, Vec<u8>)> {
    let key = Sha256::digest(token);
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length");
    mac.update(format!("{at}\n{body}").as_bytes());
    let bytes = mac.finalize().into_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    vec![
        (
            "x-request-timestamp".to_owned(),
            at.to_string().into_bytes(),
        ),
        ("x-request-signature".to_owned(), hex.into_bytes()),
    ]
}
