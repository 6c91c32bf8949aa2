//! The chat page's files and its API, and the control API over HTTP.

use crate::support::{Bench, changed, stars_invoice};
use serde_json::{Value, json};
use std::sync::Arc;

async fn post(bench: &Bench, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}{path}", bench.emulator.url());
    let response = bench.client.post(url).json(&body).send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

async fn state(bench: &Bench, query: &str) -> Value {
    let url = format!("{}/chat/api/state?{query}", bench.emulator.url());
    bench
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let bench = Bench::start().await;
    for (path, kind) in [
        ("/", "text/html"),
        ("/chat?user=5&name=Ann", "text/html"),
        ("/chat/chat.css", "text/css"),
        ("/chat/chat.js", "text/javascript"),
        ("/chat/draw.js", "text/javascript"),
        ("/chat/pay.js", "text/javascript"),
    ] {
        let url = format!("{}{path}", bench.emulator.url());
        let response = bench.client.get(url).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let headers = response.headers();
        assert!(headers["content-type"].to_str().unwrap().starts_with(kind));
        assert!(
            headers["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("default-src 'none'")
        );
        let text = response.text().await.unwrap();
        assert!(!text.contains("innerHTML"), "{path}");
    }
}

#[tokio::test]
async fn the_page_opens_talks_and_hears_of_news() {
    let bench = Arc::new(Bench::start().await);
    let name = "<img src=x onerror=alert(1)>";
    let (_, opened) = post(
        &bench,
        "/chat/api/open",
        json!({ "user": 0, "name": name, "lang": "ru" }),
    )
    .await;
    let user = opened["user"].as_i64().unwrap();
    let before = state(&bench, &format!("user={user}")).await;
    assert_eq!(before["started"], false);
    assert_eq!(before["first_name"], name);
    post(
        &bench,
        "/chat/api/say",
        json!({ "user": user, "text": "/start" }),
    )
    .await;
    assert_eq!(
        bench.update().await["message"]["from"]["language_code"],
        "ru"
    );
    let shown = state(&bench, &format!("user={user}")).await;
    let news = tokio::spawn({
        let (bench, query) = (
            bench.clone(),
            format!("user={user}&since={}", shown["version"]),
        );
        async move { state(&bench, &query).await }
    });
    let keyboard = json!({ "keyboard": [[{ "text": "Shop" }]], "resize_keyboard": true });
    let params = json!({ "chat_id": user, "text": "Hello", "reply_markup": keyboard });
    bench.call("sendMessage", params).await;
    let fresh = news.await.unwrap();
    assert_eq!(fresh["messages"][1]["text"], "Hello");
    assert_eq!(fresh["reply_keyboard"]["keyboard"][0][0]["text"], "Shop");
    let (status, why) = post(
        &bench,
        "/chat/api/say",
        json!({ "user": user, "text": " " }),
    )
    .await;
    assert_eq!((status, why), (400, json!("there is nothing to send")));
}

#[tokio::test]
async fn the_page_shows_toasts_and_payments() {
    let bench = Arc::new(Bench::start().await);
    let markup = json!({ "inline_keyboard": [[{ "text": "Buy", "callback_data": "buy" }]] });
    let params = json!({ "chat_id": bench.ann, "text": "x", "reply_markup": markup });
    let message = bench.call("sendMessage", params).await["message_id"].clone();
    let tap = tokio::spawn({
        let bench = bench.clone();
        let body = json!({ "user": bench.ann, "message_id": message, "data": "buy" });
        async move { post(&bench, "/chat/api/press", body).await }
    });
    let query = bench.call("getUpdates", json!({ "timeout": 10 })).await[0].clone();
    let answer = json!({ "callback_query_id": query["callback_query"]["id"], "text": "Added" });
    bench.call("answerCallbackQuery", answer).await;
    assert_eq!(tap.await.unwrap().1["text"], "Added");
    bench.updates().await;

    let link = bench.call("createInvoiceLink", stars_invoice()).await;
    let (_, seen) = post(&bench, "/chat/api/invoice", json!({ "link": link })).await;
    assert_eq!(seen["total_amount"], 350);
    let payment = tokio::spawn({
        let bench = bench.clone();
        let body = json!({ "user": bench.ann, "link": link });
        async move { post(&bench, "/chat/api/pay", body).await }
    });
    let query = bench.call("getUpdates", json!({ "timeout": 10 })).await[0].clone();
    let id = &query["pre_checkout_query"]["id"];
    let answer = json!({ "pre_checkout_query_id": id, "ok": false, "error_message": "Sold out" });
    bench.call("answerPreCheckoutQuery", answer).await;
    let refused = json!({ "outcome": "refused", "message": "Sold out" });
    assert_eq!(payment.await.unwrap().1, refused);
}

#[tokio::test]
async fn an_uploaded_file_is_only_ever_saved() {
    let bench = Bench::start().await;
    let url = format!(
        "{}/chat/api/upload?user={}&name=x.html&caption=hi",
        bench.emulator.url(),
        bench.ann
    );
    bench
        .client
        .post(url)
        .body("<script>")
        .send()
        .await
        .unwrap();
    let document = bench.update().await["message"]["document"].clone();
    let path = document["file_id"].as_str().unwrap();
    let url = format!("{}/chat/api/file/{path}", bench.emulator.url());
    let response = bench.client.get(url).send().await.unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "application/octet-stream"
    );
    assert_eq!(response.headers()["content-disposition"], "attachment");
}

#[tokio::test]
async fn the_control_api_works_over_http() {
    let bench = Bench::start().await;
    let (_, made) = post(&bench, "/control/customer", json!({ "first_name": "Bob" })).await;
    let user = made["user"].clone();
    let (_, sent) = post(
        &bench,
        "/control/say",
        json!({ "user": user, "text": "/start" }),
    )
    .await;
    assert_eq!(bench.update().await["update_id"], sent["update_id"]);
    let invoice = changed(&stars_invoice(), json!({ "chat_id": user }));
    let invoice = bench.call("sendInvoice", invoice).await["message_id"].clone();
    let (_, shown) = post(&bench, "/control/messages", json!({ "user": user })).await;
    assert_eq!(shown[1]["invoice"]["payload"], "order-1");
    let body =
        json!({ "user": user, "message_id": invoice, "options": { "skip_precheckout": true } });
    let (_, outcome) = post(&bench, "/control/pay", body).await;
    assert_eq!(outcome["outcome"], "paid");
    let (_, charges) = post(&bench, "/control/charges", json!({})).await;
    assert_eq!(charges[0]["charge_id"], outcome["charge_id"]);
    let fault = json!({ "method": "getMe", "kind": "too_many", "retry_after": 2, "times": 1 });
    post(&bench, "/control/fault", fault).await;
    assert_eq!(bench.raw("getMe", json!({})).await.0, 429);
    let (_, before) = post(&bench, "/control/now", json!({})).await;
    let (_, after) = post(&bench, "/control/advance", json!({ "ms": 60_000 })).await;
    assert!(after["now_ms"].as_i64() >= before["now_ms"].as_i64().map(|ms| ms + 60_000));
    assert_eq!(post(&bench, "/control/nothing", json!({})).await.0, 404);
}
