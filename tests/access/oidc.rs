//! "Log in with Telegram" against an OpenID provider of the test's own, by real HTTP.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use kiosk::app::login::TelegramLogin;
use kiosk::clock::{Clock, Millis};
use kiosk::shop::access::identity::Identity;
use kiosk::shop::access::identity::id_token::NotTaken;
use kiosk::shop::access::identity::keys::Keys;
use kiosk::shop::access::identity::oidc::{self, Client, OidcError, Question};
use serde_json::json;
use sha2::{Digest, Sha256};
use url::Url;

const ID: &str = "4242";
const SECRET: &str = "canary-client-secret";
const START: Millis = 1_700_000_000_000;

/// What the provider does wrong.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    Down,
    Elsewhere,
    Noise,
    Endless,
}

struct Provider {
    url: Url,
    clock: Clock,
    key: Mutex<(String, SigningKey)>,
    fault: Mutex<Fault>,
    /// Codes that were given out: challenge and nonce.
    codes: Mutex<HashMap<String, (String, String)>>,
    exchanges: AtomicUsize,
    lists: AtomicUsize,
}

fn key(name: &str) -> (String, SigningKey) {
    let seed: [u8; 32] = Sha256::digest(name).into();
    (name.to_owned(), SigningKey::from_bytes(&seed))
}

impl Provider {
    async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let this = Arc::new(Self {
            url: url.parse().unwrap(),
            clock: Clock::frozen(START),
            key: Mutex::new(key("first")),
            fault: Mutex::new(Fault::None),
            codes: Mutex::default(),
            exchanges: AtomicUsize::new(0),
            lists: AtomicUsize::new(0),
        });
        let router = Router::new()
            .route("/token", post(token))
            .route("/.well-known/jwks.json", get(list))
            .with_state(this.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        this
    }

    fn client(&self) -> Client {
        Client {
            id: ID.to_owned(),
            issuer: self.url.clone(),
            redirect: "https://shop.example.com/login/telegram".parse().unwrap(),
        }
    }

    fn login(&self, secret: &str) -> TelegramLogin {
        TelegramLogin::new(&self.client(), secret.into()).unwrap()
    }

    /// The person agrees on the provider's page: what the browser comes back with.
    fn agree(&self, address: &Url) -> (String, String) {
        let asked: HashMap<String, String> = address.query_pairs().into_owned().collect();
        assert_eq!(
            (address.path(), asked["response_type"].as_str()),
            ("/auth", "code")
        );
        assert_eq!(
            (
                asked["client_id"].as_str(),
                asked["code_challenge_method"].as_str()
            ),
            (ID, "S256")
        );
        assert_eq!(
            asked["redirect_uri"],
            "https://shop.example.com/login/telegram"
        );
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
        assert!(asked["state"].len() >= 43 && asked["nonce"].len() >= 43);
        let mut codes = self.codes.lock().unwrap();
        let code = format!("code-{}", codes.len());
        codes.insert(
            code.clone(),
            (asked["code_challenge"].clone(), asked["nonce"].clone()),
        );
        (asked["state"].clone(), code)
    }

    fn token(&self, nonce: &str) -> String {
        let (kid, key) = &*self.key.lock().unwrap();
        let now = self.clock.now() / 1_000;
        let head = json!({ "alg": "EdDSA", "kid": kid, "typ": "JWT" });
        let body = json!({
            "iss": self.url.as_str().trim_end_matches('/'), "aud": ID, "sub": "opaque", "id": 77, "name": "Ann",
            "nonce": nonce, "iat": now, "exp": now + 600,
        });
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&head), part(&body));
        let signature = key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    fn fault(&self) -> Option<Response> {
        Some(match *self.fault.lock().unwrap() {
            Fault::None => return None,
            Fault::Down => StatusCode::BAD_GATEWAY.into_response(),
            Fault::Elsewhere => Redirect::temporary("https://mallory.example/").into_response(),
            Fault::Noise => "<html>maintenance</html>".into_response(),
            Fault::Endless => "x".repeat(1 << 20).into_response(),
        })
    }

    async fn answer(
        &self,
        keys: &Keys,
        asked: &Question,
        state: &str,
        code: &str,
    ) -> Result<Identity, OidcError> {
        let (login, client) = (self.login(SECRET), self.client());
        oidc::answer(&login, keys, &client, asked, state, code, self.clock.now()).await
    }

    /// The whole way.
    async fn log_in(&self, keys: &Keys) -> Result<Identity, OidcError> {
        let question = Question::new().unwrap();
        let (state, code) = self.agree(&question.address(&self.client()));
        let asked = Question::kept(&question.keep()).unwrap();
        self.answer(keys, &asked, &state, &code).await
    }
}

async fn token(State(provider): State<Arc<Provider>>, headers: HeaderMap, body: Bytes) -> Response {
    provider.exchanges.fetch_add(1, Ordering::SeqCst);
    if let Some(fault) = provider.fault() {
        return fault;
    }
    let refuse = |status: StatusCode, word: &str| {
        (status, json!({ "error": word }).to_string()).into_response()
    };
    let basic = format!("Basic {}", STANDARD.encode(format!("{ID}:{SECRET}")));
    if headers["authorization"] != basic.as_str() {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let form: HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    // A code is good once, whatever becomes of it.
    let Some((challenge, nonce)) = provider.codes.lock().unwrap().remove(&form["code"]) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let verifier = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    let is_right = verifier == challenge
        && form["grant_type"] == "authorization_code"
        && form["redirect_uri"] == "https://shop.example.com/login/telegram";
    if !is_right {
        return refuse(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    json!({ "access_token": "a", "token_type": "Bearer", "id_token": provider.token(&nonce) })
        .to_string()
        .into_response()
}

async fn list(State(provider): State<Arc<Provider>>) -> Response {
    provider.lists.fetch_add(1, Ordering::SeqCst);
    if let Some(fault) = provider.fault() {
        return fault;
    }
    let (kid, key) = &*provider.key.lock().unwrap();
    let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
    // Beside ours a key of a kind that nobody knows.
    json!({ "keys": [
        { "kty": "ML-DSA", "kid": "later", "pub": "x" },
        { "kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "alg": "EdDSA", "use": "sig" },
    ] })
    .to_string()
    .into_response()
}

#[tokio::test]
async fn a_browser_that_asked_and_came_back_is_the_person_whom_telegram_names() {
    let (provider, keys) = (Provider::start().await, Keys::default());
    let ann = provider.log_in(&keys).await.unwrap();
    assert_eq!((ann.telegram_id, ann.name.as_str()), (77, "Ann"));
    // The list of keys is asked for once a day.
    provider.log_in(&keys).await.unwrap();
    assert_eq!(provider.lists.load(Ordering::SeqCst), 1);
    provider.clock.advance(Duration::from_hours(24));
    provider.log_in(&keys).await.unwrap();
    assert_eq!(provider.lists.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_answer_to_another_question_is_none() {
    let (provider, keys) = (Provider::start().await, Keys::default());
    let client = provider.client();
    let (anns, mallorys) = (Question::new().unwrap(), Question::new().unwrap());
    let (state, code) = provider.agree(&anns.address(&client));
    let (other_state, other_code) = provider.agree(&mallorys.address(&client));
    // Mallory's answer in Ann's browser, with its state and without.
    for state in [other_state.as_str(), "", "x"] {
        let answer = provider.answer(&keys, &anns, state, &other_code).await;
        assert_eq!(answer, Err(OidcError::Unasked));
    }
    assert_eq!(
        provider.exchanges.load(Ordering::SeqCst),
        0,
        "nobody was asked"
    );
    for code in ["", &"x".repeat(3_000)] {
        assert_eq!(
            provider.answer(&keys, &anns, &state, code).await,
            Err(OidcError::Unasked)
        );
    }
    // Mallory's code under Ann's state: only who asked knows the verifier.
    assert_eq!(
        provider.answer(&keys, &anns, &state, &other_code).await,
        Err(OidcError::Refused)
    );
    // A code is good once.
    provider.answer(&keys, &anns, &state, &code).await.unwrap();
    assert_eq!(
        provider.answer(&keys, &anns, &state, &code).await,
        Err(OidcError::Refused)
    );
    // What was kept is whole or nothing.
    for cookie in [
        "",
        "a.b.c",
        &anns.keep()[1..],
        &format!("{}.x", anns.keep()),
    ] {
        assert!(Question::kept(cookie).is_none(), "{cookie}");
    }
    assert_eq!(format!("{anns:?}"), "Question(…)");
}

#[tokio::test]
async fn a_token_for_another_login_or_another_shop_is_not_taken() {
    let (provider, keys) = (Provider::start().await, Keys::default());
    let client = provider.client();
    let question = Question::new().unwrap();
    let address = question.address(&client);
    let (state, code) = provider.agree(&address);
    // The provider is tricked into another nonce for this code.
    provider.codes.lock().unwrap().get_mut(&code).unwrap().1 = "another".to_owned();
    let answer = provider.answer(&keys, &question, &state, &code).await;
    assert_eq!(answer, Err(OidcError::NotTaken(NotTaken::Nonce)));
    // A token that the provider gave to another shop.
    let (state, code) = provider.agree(&address);
    let other = Client {
        id: "4243".to_owned(),
        ..client
    };
    let login = provider.login(SECRET);
    let answer = oidc::answer(&login, &keys, &other, &question, &state, &code, START).await;
    assert_eq!(answer, Err(OidcError::NotTaken(NotTaken::Audience)));
}

#[tokio::test]
async fn a_new_key_is_found_and_a_made_up_one_asks_for_the_list_once_a_minute() {
    let (provider, keys) = (Provider::start().await, Keys::default());
    provider.log_in(&keys).await.unwrap();
    *provider.key.lock().unwrap() = key("second");
    for _ in 0..20 {
        let answer = provider.log_in(&keys).await;
        assert_eq!(answer, Err(OidcError::NotTaken(NotTaken::UnknownKey)));
    }
    assert_eq!(provider.lists.load(Ordering::SeqCst), 1);
    provider.clock.advance(Duration::from_mins(1));
    let logins = (0..20).map(|_| provider.log_in(&keys));
    for answer in futures::future::join_all(logins).await {
        answer.unwrap();
    }
    assert_eq!(
        provider.lists.load(Ordering::SeqCst),
        2,
        "once for all of them"
    );
    // The key that the provider has taken back is no key any more.
    *provider.key.lock().unwrap() = key("first");
    let answer = provider.log_in(&keys).await;
    assert_eq!(answer, Err(OidcError::NotTaken(NotTaken::UnknownKey)));
}

#[tokio::test]
async fn a_provider_that_fails_is_told_apart_by_what_to_do() {
    let (provider, keys) = (Provider::start().await, Keys::default());
    for (fault, is_unreachable) in [
        (Fault::Down, true),
        (Fault::Elsewhere, false),
        (Fault::Noise, false),
        (Fault::Endless, false),
    ] {
        *provider.fault.lock().unwrap() = fault;
        let answer = provider.log_in(&keys).await;
        let is_right = match &answer {
            Err(OidcError::Unreachable(_)) => is_unreachable,
            Err(OidcError::Answer(_)) => !is_unreachable,
            _ => false,
        };
        assert!(is_right, "{answer:?}");
        assert!(!format!("{answer:?}").contains("canary"));
    }
    *provider.fault.lock().unwrap() = Fault::None;
    provider.log_in(&keys).await.unwrap();
    // The settings are wrong.
    let question = Question::new().unwrap();
    let (state, code) = provider.agree(&question.address(&provider.client()));
    let stranger = provider.login("canary-of-another");
    let answer = oidc::answer(
        &stranger,
        &keys,
        &provider.client(),
        &question,
        &state,
        &code,
        START,
    )
    .await;
    assert_eq!(answer, Err(OidcError::Unknown));
    assert!(!format!("{stranger:?} {answer:?}").contains("canary"));
    // Nobody is there.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = Client {
        issuer: format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap(),
        ..provider.client()
    };
    drop(listener);
    let login = TelegramLogin::new(&gone, SECRET.into()).unwrap();
    let answer = oidc::answer(&login, &keys, &gone, &question, &state, "code", START).await;
    assert!(
        matches!(answer, Err(OidcError::Unreachable(_))),
        "{answer:?}"
    );
}
