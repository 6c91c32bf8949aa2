//! Updates pushed to the bot's own server.

use crate::support::Bench;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::post,
};
use kiosk_emulator::CustomerSpec;
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::mpsc;

/// What the bot's server answers next; an empty list means 200.
type Answers = Arc<Mutex<Vec<(u16, Option<&'static str>, String)>>>;
/// The secret header and the update.
type Arrival = (Option<String>, Value);
type Arrivals = mpsc::UnboundedReceiver<Arrival>;

type Inside = (Answers, mpsc::UnboundedSender<Arrival>);

/// A server that answers in this order (last first) and tells what arrived.
async fn server(answers: Answers) -> (String, Arrivals) {
    let (arrived, arrivals) = mpsc::unbounded_channel();
    let handler =
        async |State((answers, arrived)): State<Inside>, headers: HeaderMap, body: String| {
            let secret = headers.get("x-telegram-bot-api-secret-token");
            let secret = secret.map(|value| value.to_str().unwrap().to_owned());
            arrived
                .send((secret, serde_json::from_str(&body).unwrap()))
                .unwrap();
            let next = answers.lock().unwrap().pop();
            let (code, retry_after, body) = next.unwrap_or((200, None, String::new()));
            let mut response = (StatusCode::from_u16(code).unwrap(), body).into_response();
            if let Some(seconds) = retry_after {
                response
                    .headers_mut()
                    .insert("retry-after", seconds.parse().unwrap());
            }
            response
        };
    let router = Router::new()
        .route("/hook", post(handler))
        .with_state((answers, arrived));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, arrivals)
}

/// The next arrival, while the emulator's clock runs ahead in steps.
async fn arrival(bench: &Bench, arrivals: &mut Arrivals, step_ms: i64) -> Arrival {
    for _ in 0..1000 {
        if let Ok(arrival) = tokio::time::timeout(Duration::from_millis(10), arrivals.recv()).await
        {
            return arrival.unwrap();
        }
        bench.control.advance(step_ms);
    }
    panic!("nothing arrived");
}

#[tokio::test]
async fn updates_arrive_with_the_secret_and_in_order() {
    let bench = Bench::start().await;
    let (url, mut arrivals) = server(Answers::default()).await;
    bench
        .call(
            "setWebhook",
            json!({ "url": url, "secret_token": "s3cret_-" }),
        )
        .await;
    for text in ["one", "two", "three"] {
        bench.control.say(bench.ann, text);
    }
    for text in ["one", "two", "three"] {
        let (secret, update) = arrivals.recv().await.unwrap();
        assert_eq!(secret.as_deref(), Some("s3cret_-"));
        assert_eq!(update["message"]["text"], text);
    }
    bench.control.wait_until_confirmed().await.unwrap();
    assert_eq!(bench.control.confirmed_updates().len(), 4);
}

#[tokio::test]
async fn a_refused_update_comes_again_and_holds_its_chat_back() {
    let bench = Bench::start().await;
    let answers = Answers::default();
    answers.lock().unwrap().extend([
        (503, Some("3600"), String::new()),
        (500, None, String::new()),
    ]);
    let (url, mut arrivals) = server(answers).await;
    bench.call("setWebhook", json!({ "url": url })).await;
    bench.control.say(bench.ann, "one");
    bench.control.say(bench.ann, "two");
    let (_, first) = arrivals.recv().await.unwrap();
    assert_eq!(arrival(&bench, &mut arrivals, 100).await.1, first);
    let refused_ms = bench.control.now_ms();
    // Only `Retry-After` keeps it back that long.
    assert_eq!(arrival(&bench, &mut arrivals, 600_000).await.1, first);
    assert!(bench.control.now_ms() - refused_ms >= 3_600_000);
    let (_, second) = arrival(&bench, &mut arrivals, 0).await;
    assert_eq!(second["message"]["text"], "two");
    bench.control.wait_until_confirmed().await.unwrap();
    let info = bench.call("getWebhookInfo", json!({})).await;
    assert_eq!(info["pending_update_count"], 0);
    assert!(info["last_error_message"].as_str().unwrap().contains("503"));
}

/// Milliseconds of the emulator's clock until the next push, to the step.
async fn pause(bench: &Bench, arrivals: &mut Arrivals, step_ms: i64) -> i64 {
    let before_ms = bench.control.now_ms();
    arrival(bench, arrivals, step_ms).await;
    bench.control.now_ms() - before_ms
}

#[tokio::test]
async fn retries_come_at_once_then_after_2_seconds_and_twice_as_long_each_time() {
    let bench = Bench::start().await;
    let answers = Answers::default();
    answers
        .lock()
        .unwrap()
        .extend((0..12).map(|_| (500, None, String::new())));
    let (url, mut arrivals) = server(answers).await;
    bench.call("setWebhook", json!({ "url": url })).await;
    bench.control.say(bench.ann, "one");
    arrivals.recv().await.unwrap();
    arrivals.recv().await.unwrap();
    for seconds in [2, 4, 8, 16, 32] {
        let pause_ms = pause(&bench, &mut arrivals, 500).await;
        assert!(pause_ms >= seconds * 900, "{seconds} s: {pause_ms} ms");
    }
    for _ in 0..2 {
        let pause_ms = pause(&bench, &mut arrivals, 2_000).await;
        assert!(pause_ms >= 55_000, "{pause_ms} ms");
    }
}

#[tokio::test]
async fn chats_do_not_wait_for_each_other_and_one_chat_keeps_its_order() {
    let bench = Bench::start().await;
    let answers = Answers::default();
    answers
        .lock()
        .unwrap()
        .push((503, Some("3600"), String::new()));
    let (url, mut arrivals) = server(answers).await;
    bench
        .call("setWebhook", json!({ "url": url, "max_connections": 2 }))
        .await;
    let ben = bench.control.customer(CustomerSpec::named("Ben"));
    bench.control.say(bench.ann, "held back");
    assert_eq!(
        arrivals.recv().await.unwrap().1["message"]["text"],
        "held back"
    );
    bench.control.say(bench.ann, "behind it");
    bench.control.say(ben, "past both");
    assert_eq!(
        arrivals.recv().await.unwrap().1["message"]["text"],
        "past both"
    );
    // A new address gets at once what waited for its retry at the old one.
    let (url, mut arrivals) = server(Answers::default()).await;
    bench.call("setWebhook", json!({ "url": url })).await;
    for text in ["held back", "behind it"] {
        assert_eq!(arrivals.recv().await.unwrap().1["message"]["text"], text);
    }
}

#[tokio::test]
async fn a_bot_that_is_gone_for_23_hours_loses_its_webhook() {
    let bench = Bench::start().await;
    let answers = Answers::default();
    answers
        .lock()
        .unwrap()
        .extend((0..99).map(|_| (410, Some("3600"), String::new())));
    let (url, mut arrivals) = server(answers).await;
    bench.call("setWebhook", json!({ "url": url })).await;
    bench.control.say(bench.ann, "one");
    for _ in 0..23 {
        arrival(&bench, &mut arrivals, 600_000).await;
        assert_eq!(
            bench.call("getWebhookInfo", json!({})).await["url"],
            json!(url)
        );
    }
    while bench.call("getWebhookInfo", json!({})).await["url"] != "" {
        bench.control.advance(600_000);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_answer_may_be_a_method_call() {
    let bench = Bench::start().await;
    let answers = Answers::default();
    let call = json!({ "method": "sendMessage", "chat_id": bench.ann, "text": "in place" });
    answers.lock().unwrap().push((200, None, call.to_string()));
    let (url, _arrivals) = server(answers).await;
    bench.call("setWebhook", json!({ "url": url })).await;
    bench.control.say(bench.ann, "one");
    bench
        .control
        .wait_for_text(bench.ann, "in place")
        .await
        .unwrap();
}

#[tokio::test]
async fn bad_webhooks_are_refused() {
    let bench = Bench::start().await;
    let refusal = bench
        .refused("setWebhook", json!({ "url": "http://bot.example/" }))
        .await;
    assert_eq!(
        refusal,
        "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
    );
    for (url, why) in [
        (
            "https://bot.example:8080/",
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
        ),
        ("nowhere", "invalid webhook URL specified"),
    ] {
        let refusal = bench.refused("setWebhook", json!({ "url": url })).await;
        assert_eq!(refusal, format!("Bad Request: {why}"));
    }
    let params = json!({ "url": "https://bot.example/", "secret_token": "x".repeat(257) });
    let refusal = bench.refused("setWebhook", params).await;
    assert_eq!(refusal, "Bad Request: secret token is too long");
    let params = json!({ "url": "https://bot.example/", "secret_token": "not allowed!" });
    let refusal = bench.refused("setWebhook", params).await;
    assert_eq!(
        refusal,
        "Bad Request: secret token contains unallowed characters"
    );
}
