//! `getUpdates`: offsets, limits, waiting, and the one consumer.

use crate::support::Bench;
use std::time::Duration;

use serde_json::{Value, json};
use std::sync::Arc;

fn ids(updates: &Value) -> Vec<i64> {
    let updates = updates.as_array().unwrap().iter();
    updates
        .map(|update| update["update_id"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn an_offset_confirms_what_is_below_it() {
    let bench = Bench::start().await;
    let before = bench.control.confirmed_updates().len();
    let sent: Vec<_> = (0..3)
        .map(|n| {
            bench
                .control
                .say(bench.ann, &format!("{n}"))
                .update_id
                .unwrap()
        })
        .collect();
    assert_eq!(ids(&bench.call("getUpdates", json!({})).await), sent);
    // Unconfirmed ones come again.
    assert_eq!(
        ids(&bench.call("getUpdates", json!({ "limit": 2 })).await),
        sent[..2]
    );
    assert_eq!(bench.control.pending_updates(), 3);
    let rest = bench.call("getUpdates", json!({ "offset": sent[1] })).await;
    assert_eq!(ids(&rest), sent[1..]);
    assert_eq!(bench.control.confirmed_updates()[before..], sent[..1]);
    let none = bench
        .call("getUpdates", json!({ "offset": sent[2] + 1 }))
        .await;
    assert_eq!(ids(&none), Vec::<i64>::new());
    assert_eq!(bench.control.confirmed_updates()[before..], sent);
}

#[tokio::test]
async fn a_negative_offset_forgets_all_but_the_last() {
    let bench = Bench::start().await;
    let sent: Vec<_> = (0..3)
        .map(|n| {
            bench
                .control
                .say(bench.ann, &format!("{n}"))
                .update_id
                .unwrap()
        })
        .collect();
    let last = bench.call("getUpdates", json!({ "offset": -1 })).await;
    assert_eq!(ids(&last), sent[2..]);
    assert_eq!(bench.control.pending_updates(), 1);
}

#[tokio::test]
async fn a_long_poll_ends_with_the_first_update() {
    let bench = Arc::new(Bench::start().await);
    let poll = tokio::spawn({
        let bench = bench.clone();
        async move { bench.call("getUpdates", json!({ "timeout": 50 })).await }
    });
    let sent = bench.control.say(bench.ann, "hello").update_id.unwrap();
    assert_eq!(ids(&poll.await.unwrap()), [sent]);
}

#[tokio::test]
async fn the_older_of_two_polls_is_sent_away() {
    let bench = Arc::new(Bench::start().await);
    let older = tokio::spawn({
        let bench = bench.clone();
        async move { bench.raw("getUpdates", json!({ "timeout": 50 })).await }
    });
    // Until the older one has arrived, a newer one changes nothing.
    while !older.is_finished() {
        bench.call("getUpdates", json!({})).await;
    }
    let (status, body) = older.await.unwrap();
    assert_eq!(status, 409);
    assert_eq!(
        body["description"],
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    );
}

#[tokio::test]
async fn a_webhook_excludes_polling() {
    let bench = Bench::start().await;
    bench
        .call("setWebhook", json!({ "url": "http://127.0.0.1:9/hook" }))
        .await;
    let refusal = bench.refused("getUpdates", json!({})).await;
    assert!(refusal.starts_with("Conflict: can't use getUpdates method while webhook is active"));
    bench.call("deleteWebhook", json!({})).await;
    bench.call("getUpdates", json!({})).await;
    // One that waits is sent away. Once one of two has ended, the other is known to wait.
    let wait = json!({ "timeout": 50 });
    let (first, second, ()) = tokio::join!(
        bench.refused("getUpdates", wait.clone()),
        bench.refused("getUpdates", wait.clone()),
        async {
            let one_ended = bench.control.wait(Duration::from_secs(10), |view| {
                let mut refusals = view.calls().iter().filter_map(|call| call.error.as_ref());
                refusals
                    .any(|refusal| refusal.contains("other getUpdates"))
                    .then_some(())
            });
            one_ended.await.unwrap();
            bench
                .call("setWebhook", json!({ "url": "http://127.0.0.1:9/hook" }))
                .await;
        }
    );
    let mut refusals = [first, second];
    refusals.sort();
    assert_eq!(
        refusals,
        [
            "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            "Conflict: terminated by setWebhook request",
        ]
    );
}

#[tokio::test]
async fn kinds_that_the_bot_does_not_want_are_not_made() {
    let bench = Bench::start().await;
    bench
        .call(
            "getUpdates",
            json!({ "allowed_updates": ["callback_query"] }),
        )
        .await;
    assert_eq!(bench.control.say(bench.ann, "hello").update_id, None);
    // Without the parameter the old list stays; an empty list lifts it.
    bench.call("getUpdates", json!({})).await;
    assert_eq!(bench.control.say(bench.ann, "hello").update_id, None);
    bench
        .call("getUpdates", json!({ "allowed_updates": [] }))
        .await;
    assert!(bench.control.say(bench.ann, "hello").update_id.is_some());
}

#[tokio::test]
async fn an_old_update_can_come_again() {
    let bench = Bench::start().await;
    let sent = bench.control.say(bench.ann, "hello").update_id.unwrap();
    let first = bench.update().await;
    assert!(bench.control.redeliver(sent, 2));
    let again = bench
        .call("getUpdates", json!({ "offset": sent + 1 }))
        .await;
    assert_eq!(again, json!([first, first]));
    bench
        .call("getUpdates", json!({ "offset": sent + 1 }))
        .await;
    assert_eq!(bench.control.pending_updates(), 0);
}

#[tokio::test]
async fn updates_are_kept_for_a_day() {
    let bench = Bench::start().await;
    bench.control.say(bench.ann, "hello");
    bench.control.advance(24 * 60 * 60 * 1000 - 60_000);
    assert_eq!(bench.control.pending_updates(), 1);
    bench.control.advance(60_000);
    assert_eq!(bench.control.pending_updates(), 0);
    assert_eq!(bench.call("getUpdates", json!({})).await, json!([]));
}

#[tokio::test]
async fn stopping_ends_a_long_poll() {
    let bench = Bench::start().await;
    let request = bench
        .client
        .post(bench.method_url("getUpdates"))
        .json(&json!({ "timeout": 50 }));
    let (emulator, control) = (bench.emulator, bench.control);
    let poll = tokio::spawn(request.send());
    emulator.stop().await;
    // Whether it was answered or cut, it is over.
    let _ = poll.await.unwrap();
    assert_eq!(control.pending_updates(), 0);
}
