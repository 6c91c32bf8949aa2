//! Commands for staff beside an open shop: tasks, orders, and what was given up.

use kiosk::bus::attention::{self, Task};
use kiosk::bus::inbox::{self, Birth, Fact};
use kiosk::store::{Store, StoreError};
use kiosk::{binds, sql};
use kiosk_emulator::{Fault, FaultKind, PayOptions, View};
use serde_json::Value;

use super::with;
use crate::on_both_engines;
use crate::support::child::run;
use crate::support::shop::LiveShop;

sql! {
    ORDER_ID = "cli_staff.order", "SELECT public_id FROM orders ORDER BY id LIMIT 1";
    STATES = "cli_staff.states",
        "SELECT state FROM inbox WHERE event_id = 'lost' UNION ALL SELECT state FROM outbox WHERE kind = 'delivery'";
}

async fn write_task(store: &Store) {
    let open = store.write("test.task", |tx| {
        Box::pin(async move {
            let task = Task {
                kind: "payment.unmatched",
                subject: "stars:charge-1",
                order: None,
                payment: None,
                detail: "250 XTR came.\u{7} Look it up.",
            };
            attention::open(tx, &task).await
        })
    });
    open.await
        .map_err(|error: StoreError| error)
        .expect("a task");
}

async fn states(store: &Store) -> Vec<String> {
    let rows: Vec<(String,)> = store
        .read("test.states", |tx| {
            Box::pin(async move { tx.all(&STATES, binds![]).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("states");
    rows.into_iter().map(|row| row.0).collect()
}

on_both_engines! {
    async fn tasks_are_listed_shown_and_resolved(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let done = run(with(&db, &["attention", "list"]), "").await;
        assert_eq!((done.status, done.out.trim()), (0, "no task is open"), "{}", done.err);
        write_task(&shop.store).await;
        let done = run(with(&db, &["attention", "list"]), "").await;
        assert!(done.out.contains("payment.unmatched") && done.out.contains("money came that belongs to no order"), "{}", done.out);
        let done = run(with(&db, &["attention", "list", "--json"]), "").await;
        let tasks: Value = serde_json::from_str(&done.out).unwrap();
        let id = tasks[0]["id"].to_string();
        assert_eq!(tasks[0]["subject"], "stars:charge-1");
        let done = run(with(&db, &["attention", "show", &id]), "").await;
        assert!(done.out.contains("250 XTR came. Look it up.") && done.out.contains("Done means"), "{}", done.out);
        let done = run(with(&db, &["attention", "resolve", &id, "--note", "sent back by hand"]), "").await;
        assert_eq!((done.status, done.out.contains("Done means")), (0, true), "{}{}", done.out, done.err);
        let done = run(with(&db, &["attention", "resolve", &id]), "").await;
        assert!(done.out.contains("was done already") && done.out.contains("by cli"), "{}", done.out);
        let done = run(with(&db, &["attention", "show", &id]), "").await;
        assert!(done.out.contains("Note: sent back by hand"), "{}", done.out);
        for wrong in [["attention", "show", "999"], ["attention", "resolve", "999"]] {
            let done = run(with(&db, &wrong), "").await;
            assert_eq!((done.status, done.err.contains("there is no task 999")), (1, true), "{}", done.err);
        }
        assert_eq!(run(with(&db, &["attention", "show", "first"]), "").await.status, 2);
        shop.close().await;
    }

    async fn an_order_tells_its_whole_story_and_no_key(db: TestDb) {
        let shop = LiveShop::open(&db, 2).await;
        let ann = shop.customer("Ann\u{202e}", "en");
        let invoice = shop.invoice(ann).await;
        shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        shop.reads(ann, "zeta-month-0001").await;
        shop.quiet().await;
        let (id,): (kiosk::store::PublicId,) = shop.store
            .read("test.order", |tx| Box::pin(async move { tx.one(&ORDER_ID, binds![]).await }))
            .await.map_err(|error: StoreError| error).unwrap();
        let name = id.to_string();
        let lower = id.short().to_lowercase();
        let hashed = format!("#{}", id.short());
        let mut told = Vec::new();
        for number in [id.short().as_str(), &lower, &hashed, &name] {
            let done = run(with(&db, &["order", "show", "--", number]), "").await;
            assert_eq!(done.status, 0, "{number}: {}", done.err);
            told.push(done.out);
        }
        assert!(told.iter().all(|it| *it == told[0]));
        for words in [
            "state     fulfilled", "Ann, Telegram id", "Zeta, one month × 1  250\u{a0}⭐ each", "sold, first shown",
            "250\u{a0}⭐ by stars, captured", "came by stars, applied", "placed → open", "paid → fulfilled",
            "invoice, sent", "delivery, sent",
        ] {
            assert!(told[0].contains(words), "{words}: {}", told[0]);
        }
        let done = run(with(&db, &["order", "show", "--json", "--", &name]), "").await;
        let story: Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!((&story["order"]["state"], &story["units"][0]["state"]), (&"fulfilled".into(), &"sold".into()));
        assert!(!told[0].contains("zeta-month-0001") && !done.out.contains("zeta-month-0001"), "no key text");
        for number in ["0000-0000", "nonsense", "%"] {
            let done = run(with(&db, &["order", "show", number]), "").await;
            assert_eq!((done.status, done.err.contains("there is no order")), (1, true), "{}", done.err);
        }
        shop.close().await;
    }

    async fn what_was_given_up_is_tried_again_or_dropped(db: TestDb) {
        let shop = LiveShop::open(&db, 2).await;
        let ann = shop.customer("Ann", "en");
        let done = run(with(&db, &["dead", "list"]), "").await;
        assert_eq!((done.status, done.out.trim()), (0, "nothing is dead"), "{}", done.err);
        let invoice = shop.invoice(ann).await;
        shop.control.fault(Fault::always(FaultKind::Status {
            code: 400,
            description: "Bad Request: something is wrong".to_owned(),
        }).on("sendMessage").in_chat(ann));
        shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        shop.control.wait(std::time::Duration::from_secs(10), |view: &View<'_>| {
            view.calls().iter().any(|call| call.method == "sendMessage" && !call.ok).then_some(())
        }).await.unwrap();
        shop.quiet().await;
        // And an update of hers that nobody could handle: a command, put aside.
        let raw = serde_json::json!({ "update_id": 1, "message": {
            "message_id": 1, "date": 1, "text": "/help",
            "chat": { "id": ann, "type": "private", "first_name": "Ann" },
            "from": { "id": ann, "is_bot": false, "first_name": "Ann", "language_code": "en" },
            "entities": [{ "type": "bot_command", "offset": 0, "length": 5 }],
        }});
        let fact = Fact {
            source: "telegram:4242".to_owned(),
            event_id: "lost".to_owned(),
            kind: "message",
            lane: Some(ann),
            raw: raw.to_string().into_bytes(),
            birth: Birth::Dead("for the test".to_owned()),
        };
        shop.store.write("test.dead", move |tx| {
            let fact = fact.clone();
            Box::pin(async move { inbox::store(tx, &[fact]).await.map(|_| ()) })
        }).await.map_err(|error: StoreError| error).unwrap();

        let done = run(with(&db, &["dead", "list", "--json"]), "").await;
        let dead: Value = serde_json::from_str(&done.out).unwrap();
        let names: Vec<&str> = dead.as_array().unwrap().iter().filter_map(|it| it["name"].as_str()).collect();
        let [fact, letter] = names[..] else { panic!("{dead}") };
        assert!(fact.starts_with("in:") && letter.starts_with("out:"), "{names:?}");
        let done = run(with(&db, &["dead", "list"]), "").await;
        assert!(done.out.contains("something is wrong") && done.out.contains("for the test"), "{}", done.out);
        assert!(!done.out.contains("/help"), "what a message says is not shown");

        shop.control.clear_faults();
        let done = run(with(&db, &["dead", "retry", letter]), "").await;
        assert_eq!((done.status, done.out.contains("is tried again")), (0, true), "{}", done.err);
        shop.clock.advance(std::time::Duration::from_secs(2));
        shop.reads(ann, "zeta-month-0001").await;
        let done = run(with(&db, &["dead", "retry", fact]), "").await;
        assert_eq!(done.status, 0, "{}", done.err);
        shop.clock.advance(std::time::Duration::from_secs(2));
        shop.reads(ann, "How it works").await;
        shop.quiet().await;
        assert_eq!(states(&shop.store).await, ["done", "sent"]);
        let done = run(with(&db, &["attention", "list"]), "").await;
        assert_eq!(done.out.trim(), "no task is open");
        for again in ["retry", "drop"] {
            let done = run(with(&db, &["dead", again, letter]), "").await;
            assert_eq!((done.status, done.err.contains("nothing dead is called")), (1, true), "{}", done.err);
        }
        for wrong in [["dead", "retry", "12"], ["dead", "drop", "up:1"]] {
            assert_eq!(run(with(&db, &wrong), "").await.status, 2);
        }
        shop.close().await;
    }

    async fn what_is_dropped_is_told_and_its_task_done(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/start");
        shop.reads(ann, "Zeta shop").await;
        shop.control.fault(Fault::always(FaultKind::Status {
            code: 400,
            description: "Bad Request: something is wrong".to_owned(),
        }).on("sendMessage").in_chat(ann));
        let fact = Fact {
            source: "telegram:4242".to_owned(),
            event_id: "lost".to_owned(),
            kind: "message",
            lane: Some(ann),
            raw: b"{}".to_vec(),
            birth: Birth::Dead("for the test".to_owned()),
        };
        shop.store.write("test.dead", move |tx| {
            let fact = fact.clone();
            Box::pin(async move { inbox::store(tx, &[fact]).await.map(|_| ()) })
        }).await.map_err(|error: StoreError| error).unwrap();
        let done = run(with(&db, &["dead", "list", "--json"]), "").await;
        let dead: Value = serde_json::from_str(&done.out).unwrap();
        let name = dead[0]["name"].as_str().unwrap();
        let done = run(with(&db, &["dead", "drop", name]), "").await;
        assert!(done.status == 0 && done.out.contains("dropped") && done.out.contains("for the test"), "{}{}", done.out, done.err);
        assert_eq!(states(&shop.store).await, ["done"]);
        let done = run(with(&db, &["attention", "list"]), "").await;
        assert_eq!(done.out.trim(), "no task is open");
        shop.close().await;
    }
}
