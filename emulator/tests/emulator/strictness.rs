//! What Telegram refuses, and the words in which it does.

use crate::support::{Bench, changed, id_of, stars_invoice};
use kiosk_emulator::CustomerSpec;
use serde_json::{Value, json};

const NOT_MODIFIED: &str = "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message";

fn keyboard(button: &Value) -> Value {
    json!({ "text": "x", "reply_markup": { "inline_keyboard": [[button]] } })
}

#[tokio::test]
async fn bad_messages_are_refused() {
    let bench = Bench::start().await;
    let base = json!({ "chat_id": bench.ann });
    let rows = |rows: usize, columns: usize| {
        let button = json!({ "text": "b", "callback_data": "d" });
        json!({ "text": "x", "reply_markup": { "inline_keyboard": vec![vec![button; columns]; rows] } })
    };
    let table = [
        (json!({ "text": "" }), "Bad Request: message text is empty"),
        (json!({}), "Bad Request: message text is empty"),
        (
            json!({ "text": " \n " }),
            "Bad Request: message text is empty",
        ),
        (
            json!({ "text": "<b></b>", "parse_mode": "HTML" }),
            "Bad Request: message text is empty",
        ),
        (
            json!({ "text": "й".repeat(4097) }),
            "Bad Request: message is too long",
        ),
        (
            json!({ "text": "😀".repeat(2049) }),
            "Bad Request: message is too long",
        ),
        (
            json!({ "text": "x", "parse_mode": "Fancy" }),
            "Bad Request: unsupported parse_mode",
        ),
        (
            json!({ "text": "x", "parse_mode": "MarkdownV2" }),
            "Bad Request: can't parse entities: the emulator knows parse_mode HTML only",
        ),
        (
            json!({ "text": "x", "chat_id": 1 }),
            "Bad Request: chat not found",
        ),
        (
            json!({ "text": "x", "chat_id": "@shop" }),
            "Bad Request: chat not found",
        ),
        (
            json!({ "text": "x", "chat_id": null }),
            "Bad Request: chat_id is empty",
        ),
        (
            json!({ "text": "x", "reply_parameters": { "message_id": 1 } }),
            "Bad Request: message to be replied not found",
        ),
        (
            keyboard(&json!({ "text": "b", "callback_data": "" })),
            "Bad Request: BUTTON_DATA_INVALID",
        ),
        (
            keyboard(&json!({ "text": "b", "callback_data": "й".repeat(33) })),
            "Bad Request: BUTTON_DATA_INVALID",
        ),
        (
            keyboard(&json!({ "text": "b" })),
            "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            keyboard(&json!({ "text": "b", "callback_data": "d", "url": "https://a.example" })),
            "Bad Request: can't parse inline keyboard button: Exactly one action must be used",
        ),
        (
            keyboard(&json!({ "callback_data": "d" })),
            "Bad Request: can't parse inline keyboard button: Can't find field \"text\"",
        ),
        (
            keyboard(&json!({ "text": "b", "url": "javascript:alert(1)" })),
            "Bad Request: BUTTON_URL_INVALID",
        ),
        (
            keyboard(&json!({ "text": "b", "url": "no scheme" })),
            "Bad Request: BUTTON_URL_INVALID",
        ),
        (
            keyboard(&json!({ "text": "b", "copy_text": { "text": "c".repeat(257) } })),
            "Bad Request: BUTTON_COPY_TEXT_INVALID",
        ),
        (
            keyboard(&json!({ "text": "b", "pay": true })),
            "Bad Request: BUTTON_TYPE_INVALID",
        ),
        (rows(1, 9), "Bad Request: reply markup has too long a row"),
        (rows(101, 1), "Bad Request: reply markup is too long"),
        (
            json!({ "text": "x", "reply_markup": "{broken" }),
            "Bad Request: can't parse reply_markup JSON object",
        ),
    ];
    for (change, expected) in table {
        let params = changed(&base, change);
        assert_eq!(
            bench.refused("sendMessage", params.clone()).await,
            expected,
            "{params}"
        );
    }
    assert!(bench.control.last_message(bench.ann).is_none());
}

#[tokio::test]
async fn what_just_fits_is_taken() {
    let bench = Bench::start().await;
    bench.send(&"😀".repeat(2048)).await;
    let long = format!("<b>{}</b>", "й".repeat(4096));
    let params = json!({ "chat_id": bench.ann.to_string(), "text": long, "parse_mode": "html" });
    bench.call("sendMessage", params).await;
    let button = json!({ "text": "b", "callback_data": "й".repeat(32) });
    let params = changed(&json!({ "chat_id": bench.ann }), keyboard(&button));
    bench.call("sendMessage", params).await;
    let shown = bench.control.last_message(bench.ann).unwrap();
    assert_eq!(
        shown.button("b").unwrap().callback_data,
        Some("й".repeat(32))
    );
}

#[tokio::test]
async fn bad_edits_are_refused() {
    let bench = Bench::start().await;
    let ann = bench.ann;
    let markup = json!({ "inline_keyboard": [[{ "text": "b", "callback_data": "d" }]] });
    let params = json!({ "chat_id": ann, "text": "<b>one</b>", "parse_mode": "HTML", "reply_markup": markup });
    let number = id_of(&bench.call("sendMessage", params.clone()).await);
    let base = changed(&params, json!({ "message_id": number }));
    assert_eq!(
        bench.refused("editMessageText", base.clone()).await,
        NOT_MODIFIED
    );
    assert_eq!(
        bench.refused("editMessageReplyMarkup", base.clone()).await,
        NOT_MODIFIED
    );
    let of_customer = bench.control.say(ann, "hello").message_id;
    let invoice = bench.invoice("").await;
    let table = [
        (
            json!({ "message_id": 1 }),
            "Bad Request: message to edit not found",
        ),
        (
            json!({ "message_id": null }),
            "Bad Request: message identifier is not specified",
        ),
        (
            json!({ "message_id": of_customer }),
            "Bad Request: message can't be edited",
        ),
        (
            json!({ "message_id": invoice }),
            "Bad Request: there is no text in the message to edit",
        ),
        (json!({ "text": "" }), "Bad Request: message text is empty"),
        (json!({ "chat_id": 1 }), "Bad Request: chat not found"),
    ];
    for (change, expected) in table {
        let params = changed(&base, change);
        assert_eq!(bench.refused("editMessageText", params).await, expected);
    }
    // Formatting alone is a change, and an edit without a keyboard takes it away.
    bench
        .call(
            "editMessageText",
            changed(
                &base,
                json!({ "parse_mode": null, "text": "one", "reply_markup": null }),
            ),
        )
        .await;
    let message = bench.control.message(ann, number).unwrap();
    assert_eq!((message.text.as_str(), message.edits), ("one", 1));
    assert!(message.keyboard.is_empty() && message.entities.is_empty());
    bench
        .call(
            "deleteMessage",
            json!({ "chat_id": ann, "message_id": number }),
        )
        .await;
    assert_eq!(
        bench
            .refused(
                "deleteMessage",
                json!({ "chat_id": ann, "message_id": number })
            )
            .await,
        "Bad Request: message to delete not found"
    );
    assert_eq!(
        bench.refused("editMessageText", base).await,
        "Bad Request: message to edit not found"
    );
}

#[tokio::test]
async fn bad_invoices_are_refused() {
    let bench = Bench::start().await;
    let two = json!([{ "label": "a", "amount": 1 }, { "label": "b", "amount": 1 }]);
    let table = [
        (json!({ "title": "" }), "INVOICE_TITLE_INVALID"),
        (json!({ "title": "t".repeat(33) }), "INVOICE_TITLE_INVALID"),
        (
            json!({ "description": "d".repeat(256) }),
            "INVOICE_DESCRIPTION_INVALID",
        ),
        (
            json!({ "payload": "й".repeat(65) }),
            "INVOICE_PAYLOAD_INVALID",
        ),
        (json!({ "payload": null }), "INVOICE_PAYLOAD_INVALID"),
        (json!({ "currency": "stars" }), "CURRENCY_INVALID"),
        (json!({ "prices": two }), "STARS_INVOICE_INVALID"),
        (
            json!({ "prices": [{ "label": "a", "amount": 0 }] }),
            "STARS_INVOICE_INVALID",
        ),
        (
            json!({ "prices": [{ "label": "a", "amount": -5 }] }),
            "STARS_INVOICE_INVALID",
        ),
        (
            json!({ "provider_token": "1:TEST:x" }),
            "STARS_INVOICE_INVALID",
        ),
        (json!({ "currency": "EUR" }), "PAYMENT_PROVIDER_INVALID"),
        (
            json!({ "currency": "EUR", "provider_token": "abc" }),
            "PAYMENT_PROVIDER_INVALID",
        ),
        (
            json!({ "currency": "EUR", "provider_token": "1:TEST:x", "prices": [] }),
            "CURRENCY_TOTAL_AMOUNT_INVALID",
        ),
        (
            json!({ "prices": [{ "label": "", "amount": 5 }] }),
            "INVOICE_PRICE_LABEL_EMPTY",
        ),
        (json!({ "prices": "5" }), "can't parse prices JSON object"),
        (
            json!({ "start_parameter": "no spaces" }),
            "START_PARAM_INVALID",
        ),
    ];
    let base = changed(&stars_invoice(), json!({ "chat_id": bench.ann }));
    for (change, expected) in table {
        let params = changed(&base, change);
        let expected = format!("Bad Request: {expected}");
        assert_eq!(
            bench.refused("sendInvoice", params.clone()).await,
            expected,
            "{params}"
        );
        assert_eq!(
            bench.refused("createInvoiceLink", params.clone()).await,
            expected
        );
    }
    let other_first = json!({ "inline_keyboard": [[{ "text": "Help", "callback_data": "h" }]] });
    let params = changed(&base, json!({ "reply_markup": other_first }));
    assert_eq!(
        bench.refused("sendInvoice", params).await,
        "Bad Request: REPLY_MARKUP_BUY_EMPTY"
    );
    let euros = json!({ "currency": "EUR", "provider_token": "1:TEST:x", "prices": two });
    bench.call("sendInvoice", changed(&base, euros)).await;
    let shown = bench.control.last_message(bench.ann).unwrap();
    assert_eq!(shown.invoice.as_ref().unwrap().total_amount, 2);
    assert!(shown.button("Pay").unwrap().pay);
}

#[tokio::test]
async fn a_bot_writes_only_to_those_who_let_it() {
    let bench = Bench::start().await;
    let bob = bench.control.customer(CustomerSpec::named("Bob"));
    let to_bob = json!({ "chat_id": bob, "text": "x" });
    assert_eq!(
        bench.refused("sendMessage", to_bob.clone()).await,
        "Forbidden: bot can't initiate conversation with a user"
    );
    bench.control.say(bob, "hi");
    bench.call("sendMessage", to_bob.clone()).await;
    bench.control.block(bob);
    assert_eq!(
        bench.refused("sendMessage", to_bob.clone()).await,
        "Forbidden: bot was blocked by the user"
    );
    bench.control.unblock(bob);
    bench.call("sendMessage", to_bob).await;
    let kinds: Vec<_> = bench
        .updates()
        .await
        .iter()
        .map(|update| {
            update["my_chat_member"]["new_chat_member"]["status"]
                .as_str()
                .map(str::to_owned)
        })
        .collect();
    assert_eq!(kinds, [None, Some("kicked".into()), Some("member".into())]);
}

#[tokio::test]
async fn names_of_methods_have_no_case_and_parameters_have_four_forms() {
    let bench = Bench::start().await;
    let ann = bench.ann;
    assert_eq!(
        bench.refused("sendNothing", json!({})).await,
        "Not Found: method not found"
    );
    bench
        .call("SENDMESSAGE", json!({ "chat_id": ann, "text": "json" }))
        .await;
    let markup = r#"{"inline_keyboard":[[{"text":"b","callback_data":"d"}]]}"#;
    let fields = [
        ("chat_id", ann.to_string()),
        ("text", "a+b & й".into()),
        ("reply_markup", markup.into()),
    ];
    let url = bench.method_url("sendMessage");
    let form = bench.client.post(&url).form(&fields).send().await.unwrap();
    assert_eq!(form.status(), 200);
    let query = bench.client.get(&url).query(&fields).send().await.unwrap();
    assert_eq!(query.status(), 200);
    let mut parts = reqwest::multipart::Form::new();
    for (name, value) in fields {
        parts = parts.text(name, value);
    }
    let multipart = bench
        .client
        .post(&url)
        .multipart(parts)
        .send()
        .await
        .unwrap();
    assert_eq!(multipart.status(), 200);
    let shown: Vec<_> = bench
        .control
        .messages(ann)
        .into_iter()
        .filter(|message| message.from_bot)
        .collect();
    let texts: Vec<_> = shown.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["json", "a+b & й", "a+b & й", "a+b & й"]);
    assert!(
        shown[1..]
            .iter()
            .all(|message| message.button("b").is_some())
    );
}

#[tokio::test]
async fn only_the_right_token_is_let_in() {
    let options = kiosk_emulator::Options {
        token: Some(crate::support::TOKEN.into()),
        ..Default::default()
    };
    let bench = Bench::with(options).await;
    assert_eq!(bench.call("getMe", json!({})).await["id"], 4242);
    for (token, why) in [
        ("4242:other", "Unauthorized"),
        ("nonsense", "Unauthorized: invalid token specified"),
    ] {
        let url = format!("{}/bot{token}/getMe", bench.emulator.url());
        let response = bench.client.get(url).send().await.unwrap();
        assert_eq!(response.status(), 401);
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["description"], why);
    }
}

#[tokio::test]
async fn a_menu_button_opens_https_only_and_is_kept() {
    let bench = Bench::start().await;
    let app = |text: &str, url: &str| json!({ "type": "web_app", "text": text, "web_app": { "url": url } });
    let table = [
        (json!([1]), "can't parse menu button JSON object"),
        (
            json!({ "type": "game" }),
            "can't parse menu button: MenuButton has unsupported type",
        ),
        (
            json!({ "type": "web_app", "web_app": { "url": "https://example.com" } }),
            "can't parse menu button: Can't find field \"text\"",
        ),
        (
            json!({ "type": "web_app", "text": "App" }),
            "can't parse menu button: Can't find field \"web_app\"",
        ),
        (
            json!({ "type": "web_app", "text": "App", "web_app": {} }),
            "can't parse menu button: Can't find field \"url\"",
        ),
        (
            app(" ", "https://example.com"),
            "menu button text must be non-empty",
        ),
        (
            app("App", "http://example.com/app"),
            "menu button Web App URL 'http://example.com/app' is invalid: Only HTTPS links are allowed",
        ),
        (
            app("App", "http://127.0.0.1:8080/app"),
            "menu button Web App URL 'http://127.0.0.1:8080/app' is invalid: Only HTTPS links are allowed",
        ),
        (
            app("App", ""),
            "menu button Web App URL '' is invalid: Wrong HTTP URL",
        ),
    ];
    for (button, why) in table {
        let params = json!({ "menu_button": button });
        let said = bench.refused("setChatMenuButton", params).await;
        assert_eq!(said, format!("Bad Request: {why}"), "{button}");
    }
    let known = async |params: Value| bench.call("getChatMenuButton", params).await;
    assert_eq!(known(json!({})).await["type"], "commands");
    let button = app("App", "https://example.com/app");
    bench
        .call("setChatMenuButton", json!({ "menu_button": button }))
        .await;
    assert_eq!(known(json!({})).await, button);
    assert_eq!(
        known(json!({ "chat_id": bench.ann })).await,
        button,
        "a chat without its own has that of all"
    );
}

#[tokio::test]
async fn commands_are_kept_by_scope_and_language() {
    let bench = Bench::start().await;
    let list = json!([{ "command": "shop", "description": "The shop" }]);
    let key = json!({ "scope": { "type": "all_private_chats" }, "language_code": "en" });
    bench
        .call("setMyCommands", changed(&key, json!({ "commands": list })))
        .await;
    assert_eq!(bench.call("getMyCommands", key.clone()).await, list);
    assert_eq!(bench.call("getMyCommands", json!({})).await, json!([]));
    bench.call("deleteMyCommands", key.clone()).await;
    assert_eq!(bench.call("getMyCommands", key).await, json!([]));
    let bad = json!({ "commands": [{ "command": "Shop!", "description": "x" }] });
    assert_eq!(
        bench.refused("setMyCommands", bad).await,
        "Bad Request: BOT_COMMAND_INVALID"
    );
}
