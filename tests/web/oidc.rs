//! "Log in with Telegram" through the pages: only the browser that asked comes in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use futures::FutureExt;
use futures::future::BoxFuture;
use kiosk::shop::access::Way;
use kiosk::shop::access::identity::keys::Keys;
use kiosk::shop::access::identity::oidc::{Client, Grant, OidcError, Provider};
use kiosk::shop::customers;
use kiosk::web::doors::TelegramDoor;
use reqwest::StatusCode;
use serde_json::{Value, json};
use url::Url;

use super::browser::{Browser, Otherwise, Pages};
use crate::on_both_engines;
use crate::sales::rig::START;

const ISSUER: &str = "https://oauth.example.com";

/// A provider who gives each code its answer: the nonce that goes into the token, or an error.
#[derive(Default)]
struct Fake {
    codes: Mutex<HashMap<String, Result<String, OidcError>>>,
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn token(nonce: &str) -> String {
    let now = START / 1_000;
    let head = json!({ "alg": "EdDSA", "kid": "first", "typ": "JWT" });
    let body = json!({
        "iss": ISSUER, "aud": "4242", "sub": "opaque", "id": 77, "name": "Ann",
        "nonce": nonce, "iat": now, "exp": now + 600,
    });
    let signed = format!("{}.{}", part(&head), part(&body));
    let signature = key().sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

impl Provider for Fake {
    fn exchange<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<String, OidcError>> {
        use secrecy::ExposeSecret;
        let mut codes = self.codes.lock().unwrap();
        let answer = codes.remove(grant.code.expose_secret());
        let answer = answer.unwrap_or(Err(OidcError::Refused));
        async move { answer.map(|nonce| token(&nonce)) }.boxed()
    }

    fn keys(&self) -> BoxFuture<'_, Result<String, OidcError>> {
        let x = URL_SAFE_NO_PAD.encode(key().verifying_key().to_bytes());
        let keys = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "first", "alg": "EdDSA", "use": "sig", "x": x }] });
        async move { Ok(keys.to_string()) }.boxed()
    }
}

async fn open(db: &crate::support::db::TestDb, fake: &Arc<Fake>) -> Pages {
    let client = Client {
        id: "4242".to_owned(),
        issuer: ISSUER.parse().unwrap(),
        redirect: "https://shop.example.com/login/telegram".parse().unwrap(),
    };
    let telegram = TelegramDoor {
        client,
        provider: fake.clone(),
        keys: Arc::new(Keys::default()),
    };
    let otherwise = Otherwise {
        telegram: Some(telegram),
        ..Otherwise::default()
    };
    Pages::open_with(db, otherwise).await
}

/// Goes to the provider; what it was asked: state and nonce.
async fn asks(browser: &Browser) -> (String, String) {
    browser.get("/login").await.shows("/login/telegram/go");
    let away = browser.get("/login/telegram/go").await;
    let address: Url = away.place().parse().expect("an address");
    assert!(
        address.as_str().starts_with(&format!("{ISSUER}/auth?")),
        "{address}"
    );
    let asked: HashMap<String, String> = address.query_pairs().into_owned().collect();
    (asked["state"].clone(), asked["nonce"].clone())
}

on_both_engines! {
    async fn only_the_browser_that_asked_comes_in_and_once(db: TestDb) {
        let fake = Arc::new(Fake::default());
        let pages = open(&db, &fake).await;
        let (browser, other) = (pages.browser(), pages.browser());
        let (state, nonce) = asks(&browser).await;
        let (_, others) = asks(&other).await;
        let gives = |code: &str, answer: Result<String, OidcError>| {
            fake.codes.lock().unwrap().insert(code.to_owned(), answer);
        };
        gives("code-1", Ok(nonce.clone()));
        let back = format!("/login/telegram?state={state}&code=code-1");
        // Somebody has a victim follow the way back of their own login.
        for lured in [&other, &pages.browser()] {
            let answer = lured.get(&back).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            answer.shows("no longer good");
            assert!(lured.cookie("kiosk").is_none());
        }
        assert_eq!(browser.get(&back).await.place(), "/cabinet");
        browser.get("/cabinet").await.shows("Hello Ann");
        let ann = pages.cabinet.read(|tx| Box::pin(customers::by_telegram_id(tx, 77))).await.expect("met");
        assert_eq!(pages.cabinet.sessions(ann.id).await[0].way, Way::Telegram);
        assert_eq!(browser.get(&back).await.status, StatusCode::UNPROCESSABLE_ENTITY, "once");
        // An answer to another question, a refusal, and a provider that is away.
        for (answer, status) in [
            (Ok(others), StatusCode::UNPROCESSABLE_ENTITY),
            (Err(OidcError::Refused), StatusCode::UNPROCESSABLE_ENTITY),
            (Err(OidcError::Unreachable("down".to_owned())), StatusCode::SERVICE_UNAVAILABLE),
        ] {
            let browser = pages.browser();
            let (state, _) = asks(&browser).await;
            gives("code-2", answer);
            let answer = browser.get(&format!("/login/telegram?state={state}&code=code-2")).await;
            assert_eq!(answer.status, status);
            assert!(browser.cookie("kiosk").is_none());
        }
        let refused = pages.browser();
        let (state, _) = asks(&refused).await;
        let answer = refused.get(&format!("/login/telegram?state={state}&error=access_denied")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
