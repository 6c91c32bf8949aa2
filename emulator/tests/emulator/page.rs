//! The chat page's files and its API.

use crate::support::{Bench, post, stars_invoice};
use kiosk_emulator::{Note, OnAdvance, Options, PageOptions};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// What a page that has seen this is told.
async fn news(bench: &Bench, seen: Value) -> Value {
    let (status, told) = post(bench, "/chat/api/news", seen).await;
    assert_eq!(status, 200, "{told}");
    told
}

/// What the page sends to hear only of what comes after `told`.
fn having_seen(told: &Value) -> Value {
    let chats = told["chats"].as_object().unwrap();
    let versions: serde_json::Map<_, _> = chats
        .iter()
        .map(|(user, chat)| (user.clone(), chat["version"].clone()))
        .collect();
    json!({ "epoch": told["epoch"], "chats": versions, "mails": told["mail_count"] })
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let bench = Bench::start().await;
    for (path, kind) in [
        ("/", "text/html"),
        ("/chat?user=5&name=Ann", "text/html"),
        ("/chat/icon.svg", "image/svg+xml"),
        ("/chat/page.css", "text/css"),
        ("/chat/chat.css", "text/css"),
        ("/chat/theme.js", "text/javascript"),
        ("/chat/page.js", "text/javascript"),
        ("/chat/chat.js", "text/javascript"),
        ("/chat/composer.js", "text/javascript"),
        ("/chat/draw.js", "text/javascript"),
        ("/chat/sheets.js", "text/javascript"),
        ("/chat/panel.js", "text/javascript"),
        ("/chat/words.js", "text/javascript"),
    ] {
        let url = format!("{}{path}", bench.emulator.url());
        let response = bench.client.get(url).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let headers = response.headers();
        assert!(headers["content-type"].to_str().unwrap().starts_with(kind));
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
        let text = response.text().await.unwrap();
        // The policy would stop these: whoever writes them learns it here.
        for forbidden in ["innerHTML", "style=\"", "onclick=\"", "javascript:"] {
            assert!(!text.contains(forbidden), "{forbidden} in {path}");
        }
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
    let before = news(&bench, json!({})).await;
    let chat = &before["chats"][user.to_string()];
    assert_eq!(
        (&chat["started"], &chat["first_name"]),
        (&json!(false), &json!(name))
    );
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
    let shown = news(&bench, json!({})).await;
    let fresh = tokio::spawn({
        let (bench, seen) = (bench.clone(), having_seen(&shown));
        async move { news(&bench, seen).await }
    });
    let keyboard = json!({ "keyboard": [[{ "text": "Shop" }]], "resize_keyboard": true });
    let params = json!({ "chat_id": user, "text": "Hello", "reply_markup": keyboard });
    bench.call("sendMessage", params).await;
    let fresh = fresh.await.unwrap();
    assert_eq!(fresh["chats"].as_object().unwrap().len(), 1);
    let chat = &fresh["chats"][user.to_string()];
    assert_eq!(chat["messages"][1]["text"], "Hello");
    assert_eq!(chat["reply_keyboard"]["keyboard"][0][0]["text"], "Shop");
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
async fn two_customers_and_advice_are_there_from_the_start() {
    let bench = Bench::start().await;
    let told = news(&bench, json!({})).await;
    let mut people: Vec<_> = told["chats"].as_object().unwrap().values().collect();
    people.sort_by_key(|chat| chat["place"].as_i64());
    let of = |field: &str| {
        let texts = people.iter().map(|chat| chat[field].as_str().unwrap());
        texts.collect::<Vec<_>>()
    };
    assert_eq!(of("first_name"), ["Emma", "Иван", "Ann"]);
    assert_eq!(of("language"), ["en", "ru", "en"]);
    assert!(of("phone").iter().all(|phone| phone.starts_with('+')));
    let url = format!("{}/chat/api/about", bench.emulator.url());
    let response = bench.client.get(url).send().await.unwrap();
    let about: Value = response.json().await.unwrap();
    assert_eq!(about["can_advance"], false);
    let notes = about["notes"].as_array().unwrap();
    for language in ["en", "ru"] {
        assert!(notes.iter().any(|note| note["language"] == language));
    }
    let (status, why) = post(&bench, "/chat/api/advance", json!({ "ms": 1 })).await;
    assert_eq!((status, why), (400, json!("this clock can't be moved")));
}

#[tokio::test]
async fn the_page_moves_both_clocks_where_it_may() {
    let moved = Arc::new(Mutex::new(Duration::ZERO));
    let by = moved.clone();
    let page = PageOptions {
        customers: Vec::new(),
        notes: vec![Note::new("en", "Wait", "The hold runs out.").saying("/orders")],
        on_advance: Some(OnAdvance::new(move |time| *by.lock().unwrap() += time)),
    };
    let options = Options {
        bot_name: "Corner shop".into(),
        page,
        ..Options::default()
    };
    let bench = Bench::with(options).await;
    let before = bench.control.now_ms();
    let (_, now) = post(&bench, "/chat/api/advance", json!({ "ms": 900_000 })).await;
    assert!(now["now_ms"].as_i64().unwrap() >= before + 900_000);
    assert_eq!(*moved.lock().unwrap(), Duration::from_mins(15));
    let told = news(&bench, json!({})).await;
    let chat = &told["chats"][bench.ann.to_string()];
    assert_eq!(chat["bot"]["name"], "Corner shop");
    assert_eq!(
        bench.call("getMe", json!({})).await["first_name"],
        "Corner shop"
    );
}

#[tokio::test]
async fn what_is_in_the_purse_is_news() {
    let bench = Bench::start().await;
    let seen = having_seen(&news(&bench, json!({})).await);
    bench.control.set_stars(bench.ann, 7);
    let told = news(&bench, seen).await;
    assert_eq!(told["chats"][bench.ann.to_string()]["stars"], 7);
}

#[tokio::test]
async fn typing_is_shown_until_the_message_comes() {
    let bench = Bench::start().await;
    let typing = async || {
        let told = news(&bench, json!({})).await;
        told["chats"][bench.ann.to_string()]["typing_ms"].as_i64()
    };
    assert_eq!(typing().await, Some(0));
    let action = json!({ "chat_id": bench.ann, "action": "typing" });
    bench.call("sendChatAction", action).await;
    assert!(typing().await > Some(0));
    bench.send("Here it is").await;
    assert_eq!(typing().await, Some(0));
}

#[tokio::test]
async fn new_commands_are_news() {
    let bench = Arc::new(Bench::start().await);
    let seen = having_seen(&news(&bench, json!({})).await);
    let waits = tokio::spawn({
        let bench = bench.clone();
        async move { news(&bench, seen).await }
    });
    let commands = json!({ "commands": [{ "command": "help", "description": "Help" }] });
    bench.call("setMyCommands", commands).await;
    let told = waits.await.unwrap();
    let chat = &told["chats"][bench.ann.to_string()];
    assert_eq!(chat["commands"][0]["command"], "help");
}

#[tokio::test]
async fn the_number_on_the_contact_card_can_be_changed() {
    let bench = Bench::start().await;
    let own = bench.control.phone(bench.ann);
    let body = json!({ "user": bench.ann, "phone": own });
    post(&bench, "/chat/api/contact", body).await;
    let contact = bench.update().await["message"]["contact"].clone();
    assert_eq!(contact["phone_number"], json!(own));
    assert_eq!(contact["user_id"], json!(bench.ann));
    let body = json!({ "user": bench.ann, "phone": " +12025550199 " });
    post(&bench, "/chat/api/contact", body).await;
    bench.updates().await;
    assert_eq!(bench.control.phone(bench.ann), "+12025550199");
    let body = json!({ "user": bench.ann, "phone": " " });
    assert_eq!(post(&bench, "/chat/api/contact", body).await.0, 400);
}
