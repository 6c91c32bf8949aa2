//! The control API over HTTP, for tests that are not written in Rust.

use crate::support::{Bench, changed, post, stars_invoice};
use serde_json::json;

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

#[tokio::test]
async fn contacts_of_every_kind_can_be_shared_over_http() {
    let bench = Bench::start().await;
    let ann = bench.ann;
    for (fields, user_id, forwarded) in [
        (json!({ "contact_user_id": ann }), json!(ann), false),
        (json!({ "contact_user_id": 5 }), json!(5), false),
        (json!({}), json!(null), false),
        (
            json!({ "contact_user_id": ann, "forwarded": true }),
            json!(ann),
            true,
        ),
    ] {
        let base = json!({ "user": ann, "phone": "+12025550123" });
        post(&bench, "/control/contact", changed(&base, fields)).await;
        let message = bench.update().await["message"].clone();
        assert_eq!(message["contact"]["user_id"], user_id);
        assert_eq!(message["forward_origin"].is_object(), forwarded);
    }
    let body = json!({ "user": ann, "phone": "+12025550188" });
    post(&bench, "/control/phone", body).await;
    let (_, told) = post(&bench, "/control/phone", json!({ "user": ann })).await;
    assert_eq!(told["phone"], "+12025550188");
}
