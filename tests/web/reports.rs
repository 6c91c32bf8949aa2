//! What providers tell of codes: genuine reports become facts, once; forged ones leave nothing.

use std::sync::Arc;

use kiosk::shop::confirmations::senders::{Call, Progress, Report, Reporter, Told};
use kiosk::store::StoreError;
use kiosk::{binds, sql};
use reqwest::{Method, StatusCode};

use super::browser::{Otherwise, Pages};
use crate::on_both_engines;

sql! {
    FACTS = "web_test.facts", "SELECT source, event_id, kind, raw FROM inbox ORDER BY seq";
}

/// A provider whose every genuine request carries a secret.
struct Fake;

impl Reporter for Fake {
    fn path(&self) -> &'static str {
        "fake-main"
    }

    fn read(&self, call: &Call<'_>) -> Told {
        if let Some(words) = call.query.strip_prefix("challenge=") {
            return Told::Challenge(words.to_owned());
        }
        let is_signed = call
            .headers
            .iter()
            .any(|(name, value)| name == "x-signature" && value == b"secret");
        if !is_signed {
            return Told::Forged;
        }
        let report = |progress| Report {
            account: "fake:main".to_owned(),
            reference: String::from_utf8_lossy(call.body).into_owned(),
            progress,
            at: call.now,
        };
        Told::Reports(
            vec![report(Progress::Delivered), report(Progress::Read)],
            "heard",
        )
    }
}

async fn facts(pages: &Pages) -> Vec<(String, String, String, Vec<u8>)> {
    let facts = pages.shop.store.read("web_test.facts", |tx| {
        Box::pin(async move { tx.all(&FACTS, binds![]).await })
    });
    facts
        .await
        .map_err(|error: StoreError| error)
        .expect("facts")
}

on_both_engines! {
    async fn genuine_reports_are_stored_once_and_forged_ones_leave_nothing(db: TestDb) {
        let otherwise = Otherwise { reporters: vec![Arc::new(Fake)], ..Otherwise::default() };
        let pages = Pages::open_with(&db, otherwise).await;
        let browser = pages.browser();
        let sends = async |path: &str, signature: &str, body: Vec<u8>| {
            let request = browser.request(Method::POST, path).header("x-signature", signature);
            browser.send(request.body(body)).await
        };
        let path = "/webhooks/phone/fake-main";
        let unknown = sends("/webhooks/phone/other", "secret", b"r1".to_vec()).await;
        let forged = sends(path, "guessed", b"r1".to_vec()).await;
        let unsigned = browser.get(path).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        assert_eq!((forged.status, &forged.text), (unknown.status, &unknown.text));
        assert_eq!((unsigned.status, &unsigned.text), (unknown.status, &unknown.text));
        assert_eq!(sends(path, "secret", vec![b'x'; 65 * 1024]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(facts(&pages).await, []);
        let challenge = browser.get(&format!("{path}?challenge=4711")).await;
        assert_eq!((challenge.status, challenge.text.as_str()), (StatusCode::OK, "4711"));
        for _ in 0..3 {
            let heard = sends(path, "secret", b"r1".to_vec()).await;
            assert_eq!((heard.status, heard.text.as_str()), (StatusCode::OK, "heard"));
        }
        let facts = facts(&pages).await;
        let names: Vec<(&str, &str, &str)> = facts.iter().map(|it| (it.0.as_str(), it.1.as_str(), it.2.as_str())).collect();
        assert_eq!(names, [("phone:fake:main", "r1:delivered", "report"), ("phone:fake:main", "r1:read", "report")]);
        let raw: serde_json::Value = serde_json::from_slice(&facts[0].3).unwrap();
        assert_eq!((raw["account"].as_str(), raw["reference"].as_str(), raw["progress"].as_str()), (Some("fake:main"), Some("r1"), Some("delivered")));
    }
}
