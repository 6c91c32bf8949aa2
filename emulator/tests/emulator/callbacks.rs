//! Taps on buttons and their answers.

use crate::support::{Bench, id_of};
use kiosk_emulator::PressError;
use serde_json::json;

const TOO_OLD: &str =
    "Bad Request: query is too old and response timeout expired or query ID is invalid";

async fn with_button(bench: &Bench) -> i64 {
    let markup = json!({ "inline_keyboard": [[{ "text": "Buy", "callback_data": "buy:1" }]] });
    let params = json!({ "chat_id": bench.ann, "text": "A key", "reply_markup": markup });
    id_of(&bench.call("sendMessage", params).await)
}

#[tokio::test]
async fn a_tap_is_answered_once() {
    let bench = Bench::start().await;
    let message = with_button(&bench).await;
    let id = bench.control.press(bench.ann, message, "buy:1").unwrap();
    let query = &bench.update().await["callback_query"];
    assert_eq!(query["id"], json!(id));
    assert_eq!(query["data"], "buy:1");
    assert_eq!(query["from"]["language_code"], "en");
    assert_eq!(query["message"]["message_id"], json!(message));
    assert_eq!(query["message"]["from"]["is_bot"], true);
    assert!(query["chat_instance"].is_string());
    assert_eq!(bench.control.callback_answer(&id), None);
    let answer = json!({ "callback_query_id": id, "text": "Added", "show_alert": true });
    bench.call("answerCallbackQuery", answer.clone()).await;
    let seen = bench.control.callback_answer(&id).unwrap();
    assert_eq!((seen.text.as_str(), seen.show_alert), ("Added", true));
    assert_eq!(bench.refused("answerCallbackQuery", answer).await, TOO_OLD);
}

#[tokio::test]
async fn late_and_made_up_answers_are_refused() {
    let bench = Bench::start().await;
    let message = with_button(&bench).await;
    let id = bench.control.press_text(bench.ann, "Buy").unwrap();
    let long = json!({ "callback_query_id": id, "text": "x".repeat(201) });
    assert_eq!(
        bench.refused("answerCallbackQuery", long).await,
        "Bad Request: MESSAGE_TOO_LONG"
    );
    bench.control.advance(16_000);
    let late = json!({ "callback_query_id": id });
    assert_eq!(bench.refused("answerCallbackQuery", late).await, TOO_OLD);
    let unknown = json!({ "callback_query_id": "1" });
    assert_eq!(bench.refused("answerCallbackQuery", unknown).await, TOO_OLD);
    let missing = bench.control.press(bench.ann, message, "sell:1");
    assert!(matches!(missing, Err(PressError::NoButton { .. })));
    assert_eq!(
        bench.control.press(bench.ann, 1, "buy:1"),
        Err(PressError::NoMessage(1))
    );
}

#[tokio::test]
async fn a_forged_tap_reaches_the_bot() {
    let bench = Bench::start().await;
    bench.control.press_forged(bench.ann, 1, "admin:all");
    let query = &bench.update().await["callback_query"];
    assert_eq!(query["data"], "admin:all");
    assert_eq!(query["message"]["date"], 0);
}
