//! Mails that a shop sent: kept, waited for, and shown without harm.

use crate::support::{Bench, post};
use kiosk_emulator::Mail;
use serde_json::json;

fn mail(subject: &str) -> Mail {
    Mail {
        from: "Shop <shop@example.org>".into(),
        to: "ann@example.org".into(),
        subject: subject.into(),
        text: "Open https://example.org/c/1".into(),
        html: Some(
            "<a href=\"https://example.org/c/1\">Confirm</a><script>alert(1)</script>".into(),
        ),
        ..Mail::default()
    }
}

#[tokio::test]
async fn mails_are_numbered_and_waited_for() {
    let bench = Bench::start().await;
    assert!(bench.control.mails().is_empty());
    let control = bench.control.clone();
    let waits = tokio::spawn(async move {
        control
            .wait_for_mail(|mail| mail.subject.contains("second"))
            .await
    });
    assert_eq!(bench.control.mail(mail("The first")), 1);
    let (_, sent) = post(&bench, "/control/mail", json!(mail("The second"))).await;
    assert_eq!(sent["id"], 2);
    let second = waits.await.unwrap().unwrap();
    assert_eq!((second.id, second.to.as_str()), (2, "ann@example.org"));
    assert!(second.at_ms > 0);
    let (_, all) = post(&bench, "/control/mails", json!({})).await;
    assert_eq!(all.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_page_is_told_of_each_mail_once() {
    let bench = Bench::start().await;
    bench.control.mail(mail("The first"));
    let (_, told) = post(&bench, "/chat/api/news", json!({})).await;
    assert_eq!(told["mails"][0]["subject"], "The first");
    bench.control.mail(mail("The second"));
    let seen = json!({ "epoch": told["epoch"], "mails": 1 });
    let (_, told) = post(&bench, "/chat/api/news", seen).await;
    assert_eq!(told["mails"].as_array().unwrap().len(), 1);
    assert_eq!(told["mails"][0]["subject"], "The second");
    // A page that talked to an emulator before this one begins anew.
    let seen = json!({ "epoch": "of another", "mails": 2 });
    let (_, told) = post(&bench, "/chat/api/news", seen).await;
    assert_eq!(told["mails"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_mail_is_shown_and_runs_nothing() {
    let bench = Bench::start().await;
    let id = bench.control.mail(mail("Confirm"));
    let url = format!("{}/chat/api/mail/{id}", bench.emulator.url());
    let response = bench.client.get(&url).send().await.unwrap();
    let policy = response.headers()["content-security-policy"].clone();
    let policy = policy.to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"));
    assert!(!policy.contains("script-src") && !policy.contains("allow-scripts"));
    assert!(response.text().await.unwrap().contains(">Confirm</a>"));
    let nothing = bench.client.get(format!("{url}0")).send().await.unwrap();
    assert_eq!(nothing.status(), 404);
}
