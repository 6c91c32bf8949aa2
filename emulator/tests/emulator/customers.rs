//! What customers send besides text, and what tests can see of a chat.

use crate::support::{Bench, TOKEN};
use kiosk_emulator::{CustomerSpec, MessageKind};
use serde_json::{Value, json};
use std::time::Duration;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n...";

#[tokio::test]
async fn a_command_carries_its_entity() {
    let bench = Bench::start().await;
    let sent = bench.control.say(bench.ann, "/start ref_1");
    let update = bench.update().await;
    assert_eq!(Some(update["update_id"].as_i64().unwrap()), sent.update_id);
    let message = &update["message"];
    assert_eq!(message["message_id"], json!(sent.message_id));
    assert_eq!(
        message["chat"],
        json!({ "id": bench.ann, "type": "private", "first_name": "Ann" })
    );
    assert_eq!(message["from"]["is_bot"], false);
    assert_eq!(
        message["entities"],
        json!([{ "type": "bot_command", "offset": 0, "length": 6 }])
    );
}

#[tokio::test]
async fn contacts_stickers_and_raw_messages_arrive() {
    let bench = Bench::start().await;
    let ann = bench.ann;
    bench
        .control
        .share_contact(ann, "+79991234567", Some(ann), false);
    let own = bench.update().await["message"].clone();
    assert_eq!(own["contact"]["user_id"], json!(ann));
    assert!(own["forward_origin"].is_null());
    bench
        .control
        .share_contact(ann, "+79991234567", Some(5), true);
    assert!(bench.update().await["message"]["forward_origin"].is_object());
    bench.control.send_sticker(ann);
    assert!(bench.update().await["message"]["sticker"]["file_id"].is_string());
    let fields = json!({ "text": "x", "date": 1, "via_bot": { "id": 7 } });
    bench
        .control
        .send_raw_message(ann, fields.as_object().unwrap().clone());
    let raw = bench.update().await["message"].clone();
    assert_eq!(
        (&raw["date"], &raw["via_bot"]["id"]),
        (&json!(1), &json!(7))
    );
    let update = json!({ "poll": { "id": "1" } });
    let id = bench
        .control
        .push_update_raw(update.as_object().unwrap().clone());
    assert_eq!(
        bench.update().await,
        json!({ "update_id": id, "poll": { "id": "1" } })
    );
}

#[tokio::test]
async fn files_travel_both_ways() {
    let bench = Bench::start().await;
    let ann = bench.ann;
    bench
        .control
        .send_document(ann, "keys.txt", "A\nB", "/load 1");
    let document = bench.update().await["message"].clone();
    assert_eq!(document["caption"], "/load 1");
    let id = document["document"]["file_id"].as_str().unwrap();
    let file = bench.call("getFile", json!({ "file_id": id })).await;
    let path = file["file_path"].as_str().unwrap();
    let url = format!("{}/file/bot{TOKEN}/{path}", bench.emulator.url());
    let bytes = bench
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert_eq!(&bytes[..], b"A\nB");

    let upload = |field: &'static str, bytes: &'static [u8]| {
        let part = reqwest::multipart::Part::bytes(bytes).file_name("p.png");
        let form = reqwest::multipart::Form::new()
            .text("chat_id", ann.to_string())
            .text(field, "attach://part-1")
            .text("caption", "<b>A key</b>")
            .text("parse_mode", "HTML")
            .part("part-1", part);
        let method = if field == "photo" {
            "sendPhoto"
        } else {
            "sendDocument"
        };
        bench
            .client
            .post(bench.method_url(method))
            .multipart(form)
            .send()
    };
    let sent: Value = upload("photo", PNG).await.unwrap().json().await.unwrap();
    let photo = sent["result"]["photo"][0]["file_id"].clone();
    let again = json!({ "chat_id": ann, "photo": photo });
    bench.call("sendPhoto", again).await;
    let shown = bench.control.last_message(ann).unwrap();
    assert_eq!(shown.kind, MessageKind::Photo);
    assert_eq!(shown.attachment.unwrap().file_id, photo.as_str().unwrap());
    assert_eq!(
        bench
            .refused("sendDocument", json!({ "chat_id": ann, "document": photo }))
            .await,
        "Bad Request: can't use file of type Photo as Document"
    );
    let broken: Value = upload("photo", b"text")
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(broken["description"], "Bad Request: IMAGE_PROCESS_FAILED");
    let document: Value = upload("document", b"text")
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(document["result"]["document"]["file_name"], "p.png");
    assert_eq!(
        bench
            .refused("sendPhoto", json!({ "chat_id": ann, "photo": "made-up" }))
            .await,
        "Bad Request: wrong file identifier/HTTP URL specified"
    );
}

#[tokio::test]
async fn media_are_put_in_the_place_of_others_or_into_a_text() {
    let bench = Bench::start().await;
    let ann = bench.ann;
    let number = bench.send("a text").await;
    let keyboard = json!({ "inline_keyboard": [[{ "text": "A", "callback_data": "a" }]] });
    let edit = |media: Value| json!({ "chat_id": ann, "message_id": number, "media": media, "reply_markup": keyboard });
    let first = json!({ "type": "photo", "media": "attach://new", "caption": "<b>one</b>", "parse_mode": "HTML" });
    let form = reqwest::multipart::Form::new()
        .text("chat_id", ann.to_string())
        .text("message_id", number.to_string())
        .text("media", first.to_string())
        .text("reply_markup", keyboard.to_string())
        .part(
            "new",
            reqwest::multipart::Part::bytes(PNG.to_vec()).file_name("p.png"),
        );
    let url = bench.method_url("editMessageMedia");
    let sent = bench.client.post(url).multipart(form).send().await.unwrap();
    let sent: Value = sent.json().await.unwrap();
    assert_eq!(sent["result"]["caption"], "one", "{sent}");
    let photo = sent["result"]["photo"][0]["file_id"].clone();
    let shown = bench.control.message(ann, number).unwrap();
    assert_eq!((shown.kind, shown.keyboard.len()), (MessageKind::Photo, 1));

    let same = json!({ "type": "photo", "media": photo, "caption": "one" });
    let bold =
        json!({ "type": "photo", "media": photo, "caption": "<b>one</b>", "parse_mode": "HTML" });
    let refused = bench.refused("editMessageMedia", edit(bold)).await;
    assert!(refused.contains("message is not modified"), "{refused}");
    bench.call("editMessageMedia", edit(same)).await;
    let text = json!({ "chat_id": ann, "message_id": number, "text": "a text" });
    for (method, params, words) in [
        (
            "editMessageText",
            text,
            "there is no text in the message to edit",
        ),
        (
            "editMessageMedia",
            edit(json!({ "type": "photo", "media": "made-up" })),
            "wrong file identifier",
        ),
        (
            "editMessageMedia",
            edit(json!({ "type": "photo", "media": photo, "caption": "c".repeat(1_025) })),
            "message caption is too long",
        ),
        (
            "editMessageMedia",
            edit(json!({ "type": "dream", "media": photo })),
            "unsupported type",
        ),
        ("editMessageMedia", edit(json!(7)), "object expected"),
    ] {
        let refused = bench.refused(method, params).await;
        assert!(refused.contains(words), "{method}: {refused}");
    }
}

#[tokio::test]
async fn who_had_blocked_the_bot_unblocks_it_by_writing() {
    let bench = Bench::start().await;
    bench.control.block(bench.ann);
    bench.control.say(bench.ann, "hello again");
    let kinds: Vec<_> = bench
        .control
        .updates_log()
        .into_iter()
        .map(|record| record.kind)
        .collect();
    assert_eq!(kinds[1..], ["my_chat_member", "my_chat_member", "message"]);
    bench.send("welcome back").await;
}

#[tokio::test]
async fn waiting_ends_with_the_message_or_says_what_there_was() {
    let bench = Bench::start().await;
    let waiting = tokio::spawn({
        let (control, ann) = (bench.control.clone(), bench.ann);
        async move { control.wait_for_text(ann, "Hello").await }
    });
    let number = bench.send("Hello, Ann").await;
    assert_eq!(waiting.await.unwrap().unwrap().message_id, number);
    let impatient = bench.control.with_deadline(Duration::ZERO);
    let error = impatient
        .wait_for_text(bench.ann, "Bye")
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("Hello, Ann"), "{error}");
}

#[tokio::test]
async fn calls_are_numbered_and_kept() {
    let bench = Bench::start().await;
    let before = bench.control.calls(0).last().unwrap().n;
    bench.send("one").await;
    bench
        .refused("sendMessage", json!({ "chat_id": bench.ann }))
        .await;
    let calls = bench.control.calls(before);
    assert_eq!(calls.len(), 2);
    assert_eq!((calls[0].n, calls[0].ok), (before + 1, true));
    assert_eq!(
        calls[1].error.as_deref(),
        Some("Bad Request: message text is empty")
    );
    assert_eq!(bench.control.calls_of("sendmessage").len(), 2);
    assert_eq!(calls[0].params["text"], "one");
}

#[tokio::test]
async fn a_customer_is_made_once() {
    let bench = Bench::start().await;
    let spec = CustomerSpec {
        id: Some(77),
        ..CustomerSpec::named("Bob")
    };
    assert_eq!(bench.control.customer(spec.clone()), 77);
    assert_eq!(
        bench.control.customer(CustomerSpec {
            first_name: "Rob".into(),
            ..spec
        }),
        77
    );
    bench.control.say(77, "hi");
    assert_eq!(bench.update().await["message"]["from"]["first_name"], "Bob");
}
