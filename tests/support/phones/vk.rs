//! VK's API, as far as a community writes messages, and VK ID.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

use super::{Fault, Heard, Provider};

pub const TOKEN: &str = "vk1.a.communitytoken";

/// What one message of the community said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub user: i64,
    pub text: String,
}

#[derive(Default)]
struct Kept {
    permitted: HashSet<i64>,
    messages: Vec<Message>,
    /// By `random_id`, and to whom.
    numbers: HashMap<(i64, i32), i64>,
}

/// The API, and what the community wrote.
#[derive(Clone)]
pub struct Vk {
    provider: Provider,
    kept: Arc<Mutex<Kept>>,
}

impl Vk {
    pub async fn start() -> Self {
        let kept: Arc<Mutex<Kept>> = Arc::default();
        let keep = kept.clone();
        let provider = Provider::start(move |heard| match usual(heard, &keep) {
            Ok(response) => (200, json!({ "response": response })),
            Err(code) => (200, error(code, heard)),
        })
        .await;
        Self { provider, kept }
    }

    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Somebody lets the community write to them.
    pub fn permit(&self, user: i64) {
        self.kept.lock().expect("no panic").permitted.insert(user);
    }

    /// The next request gets this error.
    pub fn refuse(&self, code: i64) {
        let answer = json!({ "error": {
            "error_code": code,
            "error_msg": "something about vk1.a.communitytoken",
            "request_params": [{ "key": "message", "value": "048291" }],
        } });
        self.provider.fail(Fault::Answer(200, answer));
    }

    pub fn messages(&self) -> Vec<Message> {
        self.kept.lock().expect("no panic").messages.clone()
    }
}

/// An error repeats all that was sent.
fn error(code: i64, heard: &Heard) -> Value {
    let params: Vec<Value> = form_urlencoded::parse(&heard.body)
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect();
    json!({ "error": { "error_code": code, "error_msg": "Error", "request_params": params } })
}

fn usual(heard: &Heard, kept: &Mutex<Kept>) -> Result<Value, i64> {
    if heard.field("access_token") != TOKEN {
        return Err(5);
    }
    if heard.field("v") != "5.199" {
        return Err(100);
    }
    match heard.path.as_str() {
        "/method/groups.getTokenPermissions" => Ok(json!({ "mask": 4096, "permissions": [] })),
        "/method/messages.send" => send(heard, kept),
        _ => Err(3),
    }
}

fn send(heard: &Heard, kept: &Mutex<Kept>) -> Result<Value, i64> {
    let user: i64 = heard.field("user_id").parse().map_err(|_| 100)?;
    let number: i32 = heard.field("random_id").parse().map_err(|_| 100)?;
    let text = heard.field("message");
    if number == 0 || text.is_empty() {
        return Err(100);
    }
    if text.chars().count() > 9_000 {
        return Err(914);
    }
    let mut kept = kept.lock().expect("no panic");
    if !kept.permitted.contains(&user) {
        return Err(901);
    }
    let next = 100 + kept.messages.len() as i64;
    let id = *kept.numbers.entry((user, number)).or_insert(next);
    if id == next {
        kept.messages.push(Message { user, text });
    }
    Ok(json!(id))
}

/// A login that somebody has agreed to, and nobody has used.
struct Agreed {
    challenge: String,
    redirect: String,
    client: String,
    device: String,
}

#[derive(Default)]
struct Logins {
    agreed: HashMap<String, Agreed>,
    tokens: HashSet<String>,
    user: i64,
    phone: Option<String>,
}

/// VK ID with one person, at first user 501.
#[derive(Clone)]
pub struct VkId {
    provider: Provider,
    logins: Arc<Mutex<Logins>>,
}

/// With what the browser comes back.
pub struct Came {
    pub code: String,
    pub state: String,
    pub device_id: String,
}

impl VkId {
    /// The person shares this number, or none.
    pub async fn start(phone: Option<&str>) -> Self {
        let logins = Logins {
            user: 501,
            phone: phone.map(str::to_owned),
            ..Logins::default()
        };
        let logins = Arc::new(Mutex::new(logins));
        let keep = logins.clone();
        let provider = Provider::start(move |heard| match answer(heard, &keep) {
            Ok(Value::String(to)) => (303, Value::String(to)),
            Ok(value) => (200, value),
            Err(error) => (
                400,
                json!({ "error": error, "error_description": "vk1.a.secret" }),
            ),
        })
        .await;
        Self { provider, logins }
    }

    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// From now on it is this person, who shares this number or none.
    pub fn is_used_by(&self, user: i64, phone: Option<&str>) {
        let mut logins = self.logins.lock().expect("no panic");
        logins.user = user;
        logins.phone = phone.map(str::to_owned);
    }

    /// The person opens the address, logs in and agrees.
    pub fn agree(&self, url: &Url) -> Came {
        assert_eq!(url.path(), "/authorize");
        let asked = url.query_pairs().into_owned().collect();
        agree(&mut self.logins.lock().expect("no panic"), &asked)
    }
}

/// The person agrees to what is asked. In a browser they do as soon as they are asked.
fn agree(logins: &mut Logins, asked: &HashMap<String, String>) -> Came {
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert!(
        asked["scope"].split(' ').any(|it| it == "phone"),
        "{asked:?}"
    );
    assert!(asked["state"].len() >= 32, "{asked:?}");
    let code = format!("code-{}", logins.agreed.len());
    let agreed = Agreed {
        challenge: asked["code_challenge"].clone(),
        redirect: asked["redirect_uri"].clone(),
        client: asked["client_id"].clone(),
        device: "device-1".to_owned(),
    };
    logins.agreed.insert(code.clone(), agreed);
    Came {
        code,
        state: asked["state"].clone(),
        device_id: "device-1".to_owned(),
    }
}

fn answer(heard: &Heard, logins: &Mutex<Logins>) -> Result<Value, &'static str> {
    let mut logins = logins.lock().expect("no panic");
    match heard.path.as_str() {
        "/authorize" => {
            let asked = form_urlencoded::parse(heard.query.as_bytes());
            let asked: HashMap<String, String> = asked.into_owned().collect();
            let Came {
                code,
                state,
                device_id,
            } = agree(&mut logins, &asked);
            let mut back: Url = asked["redirect_uri"].parse().expect("an address");
            back.query_pairs_mut()
                .append_pair("code", &code)
                .append_pair("state", &state)
                .append_pair("device_id", &device_id);
            Ok(Value::String(back.into()))
        }
        "/oauth2/auth" => {
            if heard.field("grant_type") != "authorization_code" {
                return Err("unsupported_grant_type");
            }
            let agreed = logins.agreed.remove(&heard.field("code"));
            let agreed = agreed.ok_or("invalid_grant")?;
            let verifier = Sha256::digest(heard.field("code_verifier"));
            let is_same = agreed.challenge == URL_SAFE_NO_PAD.encode(verifier)
                && agreed.redirect == heard.field("redirect_uri")
                && agreed.client == heard.field("client_id")
                && agreed.device == heard.field("device_id");
            if !is_same {
                return Err("invalid_grant");
            }
            let token = format!("vk2.a.{}", logins.tokens.len());
            logins.tokens.insert(token.clone());
            let scope = match &logins.phone {
                Some(_) => "vkid.personal_info phone",
                None => "vkid.personal_info",
            };
            Ok(json!({
                "access_token": token, "refresh_token": "r", "id_token": "i", "expires_in": 3600,
                "user_id": logins.user, "state": heard.field("state"), "scope": scope,
            }))
        }
        "/oauth2/user_info" => {
            if !logins.tokens.contains(&heard.field("access_token")) {
                return Err("invalid_token");
            }
            let mut user = json!({ "user_id": logins.user.to_string(), "first_name": "Ann", "last_name": "A" });
            if let Some(phone) = &logins.phone {
                user["phone"] = json!(phone);
            }
            Ok(json!({ "user": user }))
        }
        _ => Err("invalid_request"),
    }
}
