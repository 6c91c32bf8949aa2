//! "Log in with Telegram" through the pages: only the browser that asked comes in.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
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
use kiosk::web::exchange::Exchanges;
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
    /// How often it was asked, and how many wait for an answer.
    asked: AtomicUsize,
    waiting: AtomicUsize,
    /// While somebody holds it, nobody is answered.
    gate: tokio::sync::Mutex<()>,
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
        "nonce": nonce, "iat": now, "exp": now + 3_600,
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
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.waiting.fetch_add(1, Ordering::SeqCst);
        async move {
            drop(self.gate.lock().await);
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            answer.map(|nonce| token(&nonce))
        }
        .boxed()
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
        exchanges: Exchanges::default(),
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

/// A browser that makes a question up and answers it itself.
fn forges(browser: &Browser) -> String {
    let part = URL_SAFE_NO_PAD.encode([7; 32]);
    browser.set_cookie("kiosk-question", &format!("{part}.{part}.{part}"));
    format!("/login/telegram?state={part}&code=made-up")
}

on_both_engines! {
    async fn who_makes_the_way_back_up_has_the_shop_ask_only_so_often(db: TestDb) {
        let fake = Arc::new(Fake::default());
        let pages = open(&db, &fake).await;
        let browser = pages.browser();
        let mut refused = 0;
        for _ in 0..50 {
            let answer = browser.get(&forges(&browser)).await;
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
                answer.shows("Too many attempts");
                refused += 1;
            }
        }
        let asked = fake.asked.load(Ordering::SeqCst);
        assert!(asked <= 30 && asked + refused == 50, "{asked} {refused}");
        // What is no answer to this browser's question is not asked about, and not counted.
        pages.shop.clock.advance(std::time::Duration::from_mins(15));
        for _ in 0..50 {
            browser.set_cookie("kiosk-question", "x");
            let answer = browser.get("/login/telegram?state=x&code=made-up").await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        assert_eq!(fake.asked.load(Ordering::SeqCst), asked);
        // Whoever was too fast comes in as soon as the time is over.
        let (state, nonce) = asks(&browser).await;
        fake.codes.lock().unwrap().insert("code-1".to_owned(), Ok(nonce));
        let back = format!("/login/telegram?state={state}&code=code-1");
        assert_eq!(browser.get(&back).await.place(), "/cabinet");
    }

    async fn only_so_many_wait_for_the_provider_at_once_and_the_others_try_again(db: TestDb) {
        let fake = Arc::new(Fake::default());
        let pages = open(&db, &fake).await;
        let closed = fake.gate.lock().await;
        let mut all = futures::stream::FuturesUnordered::new();
        for _ in 0..20 {
            let browser = pages.browser();
            let path = forges(&browser);
            all.push(tokio::spawn(async move { (browser.get(&path).await, path, browser) }));
        }
        let mut sent_away = Vec::new();
        loop {
            if fake.asked.load(Ordering::SeqCst) + sent_away.len() == 20 {
                break;
            }
            match futures::StreamExt::next(&mut all).now_or_never() {
                Some(Some(one)) => sent_away.push(one.unwrap()),
                _ => tokio::task::yield_now().await,
            }
        }
        assert!(fake.waiting.load(Ordering::SeqCst) <= 8, "{}", sent_away.len());
        for (answer, ..) in &sent_away {
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
            answer.shows("Too many people");
        }
        drop(closed);
        while let Some(one) = futures::StreamExt::next(&mut all).await {
            assert_eq!(one.unwrap().0.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        // Reloading the page is enough: the question is still there.
        let (_, path, browser) = &sent_away[0];
        assert_eq!(browser.get(path).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(fake.waiting.load(Ordering::SeqCst), 0);
    }

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
