//! Updates pushed to the bot's own server.

use crate::support::Bench;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::post,
};
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
    let params = json!({ "url": "https://bot.example/", "secret_token": "not allowed!" });
    let refusal = bench.refused("setWebhook", params).await;
    assert_eq!(
        refusal,
        "Bad Request: secret token contains unallowed characters"
    );
}
