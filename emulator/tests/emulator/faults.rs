//! Trouble on demand.

use crate::support::Bench;
use kiosk_emulator::{Fault, FaultKind};
use serde_json::json;

#[tokio::test]
async fn a_refusal_comes_as_often_as_asked_and_has_no_effect() {
    let bench = Bench::start().await;
    let message = json!({ "chat_id": bench.ann, "text": "x" });
    bench.control.fault(Fault::once(
        "sendMessage",
        FaultKind::TooMany { retry_after: 7 },
    ));
    let (status, body) = bench.raw("sendMessage", message.clone()).await;
    assert_eq!(status, 429);
    assert_eq!(body["description"], "Too Many Requests: retry after 7");
    assert_eq!(body["parameters"]["retry_after"], 7);
    let kind = FaultKind::Status {
        code: 502,
        description: "Bad Gateway".into(),
    };
    bench.control.fault(
        Fault::always(kind)
            .on("sendMessage")
            .in_chat(bench.ann)
            .times(2),
    );
    for _ in 0..2 {
        assert_eq!(
            bench.refused("sendMessage", message.clone()).await,
            "Bad Gateway"
        );
    }
    assert!(bench.control.last_message(bench.ann).is_none());
    bench.call("sendMessage", message).await;
}

#[tokio::test]
async fn a_connection_is_dropped_before_or_after_the_effect() {
    let bench = Bench::start().await;
    for (kind, delivered) in [(FaultKind::DropBefore, 0), (FaultKind::DropAfter, 1)] {
        bench.control.fault(Fault::once("sendMessage", kind));
        let message = json!({ "chat_id": bench.ann, "text": "x" });
        let request = bench
            .client
            .post(bench.method_url("sendMessage"))
            .json(&message);
        let error = request.send().await.unwrap_err();
        assert!(error.is_request(), "{error:?}");
        let shown = bench
            .control
            .messages(bench.ann)
            .iter()
            .filter(|m| m.from_bot)
            .count();
        assert_eq!(shown, delivered);
    }
    let calls = bench.control.calls_of("sendMessage");
    assert_eq!(
        calls.iter().map(|call| call.ok).collect::<Vec<_>>(),
        [false, true]
    );
}

#[tokio::test]
async fn an_answer_can_be_cut_or_late() {
    let bench = Bench::start().await;
    bench
        .control
        .fault(Fault::once("getMe", FaultKind::MalformedJson));
    let text = bench
        .client
        .get(bench.method_url("getMe"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
    bench
        .control
        .fault(Fault::once("getMe", FaultKind::Delay { ms: 30 }));
    let before = std::time::Instant::now();
    bench.call("getMe", json!({})).await;
    assert!(before.elapsed().as_millis() >= 30);
}

#[tokio::test]
async fn faults_end_when_cleared() {
    let bench = Bench::start().await;
    bench
        .control
        .fault(Fault::always(FaultKind::TooMany { retry_after: 1 }));
    bench.refused("getMe", json!({})).await;
    bench.refused("getUpdates", json!({})).await;
    bench.control.clear_faults();
    bench.call("getMe", json!({})).await;
}
