//! Updates that Telegram pushes: a whole shop on a webhook, and both ways of getting updates in turn.

mod forged;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use futures::future::join_all;
use kiosk::app::{App, CabinetSettings, Settings, WebSettings};
use kiosk::store::{Sql, StoreError};
use kiosk::{binds, sql};
use kiosk_emulator::{CustomerSpec, PayOptions, PayOutcome};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::on_both_engines;
use crate::support::db::TestDb;
use crate::support::shop::{LiveShop, TOKEN, settings};

const SECRET: &str = "a-secret-of-the-webhook_0123456789";
const HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";

sql! {
    ROWS = "webhook_test.rows",
        "SELECT (SELECT COUNT(*) FROM inbox), (SELECT COUNT(*) FROM outbox), (SELECT COUNT(*) FROM customers),
                (SELECT COUNT(*) FROM orders), (SELECT COUNT(*) FROM payments), (SELECT COUNT(*) FROM attention)";
    PUSHED = "webhook_test.pushed", "SELECT COUNT(*) FROM inbox WHERE source LIKE 'telegram:%'";
    UNDONE = "webhook_test.undone", "SELECT COUNT(*) FROM inbox WHERE state <> 'done'";
    RAW = "webhook_test.raw", "SELECT raw FROM inbox";
    DEAD = "webhook_test.dead", "SELECT event_id FROM inbox WHERE state = 'dead' ORDER BY seq";
}

/// Rows of the inbox, the outbox, customers, orders, payments and tasks.
type Rows = (i64, i64, i64, i64, i64, i64);

fn pushed(settings: &mut Settings) {
    settings.webhook_secret = Some(SECRET.into());
    settings.web = Some(WebSettings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        is_public: true,
        address_header: None,
        accel_prefix: None,
        cabinet: CabinetSettings::default(),
    });
}

async fn open(db: &TestDb, keys: i64) -> LiveShop {
    let shop = LiveShop::open_with(db, keys, pushed).await;
    set(&shop, 1).await;
    shop
}

/// Waits until the webhook has been set so many times.
async fn set(shop: &LiveShop, times: usize) {
    let is_set = shop.control.wait(Duration::from_secs(20), move |view| {
        let calls = view.calls().iter();
        let set = calls.filter(|call| call.method == "setWebhook" && call.ok);
        (set.count() >= times).then_some(())
    });
    is_set.await.expect("the webhook is set");
}

fn address(shop: &LiveShop) -> String {
    let address = shop.app.web().expect("pages are served");
    format!("http://{address}/webhooks/telegram")
}

/// What Telegram says of the webhook.
async fn info(shop: &LiveShop) -> Value {
    call(shop, "getWebhookInfo", json!({})).await
}

/// Somebody else who has the bot's token.
async fn call(shop: &LiveShop, method: &str, params: Value) -> Value {
    let url = format!("{}/bot{TOKEN}/{method}", shop.emulator.url());
    let answer = Client::new().post(url).json(&params).send().await.unwrap();
    let mut answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["ok"], true, "{answer}");
    answer["result"].take()
}

async fn rows(shop: &LiveShop) -> Rows {
    let rows = shop.store.read("webhook_test.rows", |tx| {
        Box::pin(async move { tx.one::<Rows>(&ROWS, binds![]).await })
    });
    rows.await
        .map_err(|error: StoreError| error)
        .expect("counted")
}

async fn count(shop: &LiveShop, sql: &'static Sql) -> i64 {
    let count = shop.store.read("webhook_test.count", move |tx| {
        Box::pin(async move { tx.one::<(i64,)>(sql, binds![]).await })
    });
    let count = count.await.map_err(|error: StoreError| error);
    count.expect("counted").0
}

/// Whether Telegram's updates are in the inbox, each once, and applied.
async fn each_is_applied_once(shop: &LiveShop) {
    let made = shop.control.updates_log().len() as i64;
    assert_eq!(count(shop, &PUSHED).await, made);
    assert_eq!(count(shop, &UNDONE).await, 0);
}

async fn buys(shop: &LiveShop, user: i64, key: &str) {
    let invoice = shop.invoice(user).await;
    let paid = shop
        .control
        .pay(user, invoice.message_id, PayOptions::default())
        .await;
    assert!(matches!(paid, PayOutcome::Paid { .. }), "{paid:?}");
    shop.reads(user, key).await;
}

/// How many of a chat's messages have these words.
fn said(shop: &LiveShop, user: i64, words: &str) -> usize {
    let messages = shop.control.messages(user);
    let said = messages.iter().filter(|it| it.text.contains(words));
    said.count()
}

/// Until something is true, while Telegram's clock runs: it tries again what was refused.
async fn while_telegram_retries(shop: &LiveShop, done: impl AsyncFn() -> bool) {
    let retried = async {
        while !done().await {
            // A little with each look: Telegram forgets what it can't deliver for a day.
            info(shop).await;
            shop.control.advance(20);
        }
    };
    tokio::time::timeout(Duration::from_secs(30), retried)
        .await
        .expect("it comes again");
}

/// A body that an honest server would take.
fn update(id: i64) -> String {
    json!({ "update_id": id, "message": {
        "message_id": 1, "date": 0, "text": "/start",
        "chat": { "id": 77, "type": "private", "first_name": "Eve" },
        "from": { "id": 77, "is_bot": false, "first_name": "Eve" },
    }})
    .to_string()
}

on_both_engines! {
    async fn a_customer_buys_through_the_webhook_with_a_restart_in_between(db: TestDb) {
        let shop = open(&db, 2).await;
        let told = info(&shop).await;
        assert_eq!(told["url"], address(&shop));
        assert_eq!(told["allowed_updates"], json!(["message", "callback_query", "pre_checkout_query", "my_chat_member"]));
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/start");
        shop.reads(ann, "Zeta shop").await;
        let invoice = shop.invoice(ann).await;
        shop.quiet().await;
        // At another port: what waits for the old one is pushed there as soon as the webhook is set.
        let shop = shop.reopen_with(&db, async |control| { control.say(ann, "/help"); }, pushed).await;
        set(&shop, 2).await;
        shop.reads(ann, "How it works").await;
        let paid = shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        assert!(matches!(paid, PayOutcome::Paid { .. }), "{paid:?}");
        shop.reads(ann, "zeta-month-0001").await;
        shop.quiet().await;
        each_is_applied_once(&shop).await;
        let calls = shop.control.calls(0);
        assert!(calls.iter().all(|call| !["getUpdates", "deleteWebhook"].contains(&call.method.as_str())));
        assert!(calls.iter().filter(|call| call.method == "setWebhook").all(|call| call.params["drop_pending_updates"] != json!(true)));
        shop.close().await;
    }

    async fn from_polling_to_a_webhook_and_back_each_update_is_applied_once(db: TestDb) {
        let shop = LiveShop::open(&db, 3).await;
        let ann = shop.customer("Ann", "en");
        buys(&shop, ann, "zeta-month-0001").await;
        shop.quiet().await;
        // Polled and never acknowledged, as far as Telegram knows: all of it comes again, the payment too.
        let polled = shop.control.confirmed_updates();
        let again = polled.clone();
        let shop = shop.reopen_with(&db, async move |control| {
            for update in again {
                assert!(control.redeliver(update, 2));
            }
            control.say(ann, "/help");
        }, pushed).await;
        shop.reads(ann, "How it works").await;
        buys(&shop, ann, "zeta-month-0002").await;
        shop.quiet().await;
        each_is_applied_once(&shop).await;
        let taken = shop.control.confirmed_updates();
        let shop = shop.reopen_with(&db, async move |control| {
            for update in taken.into_iter().rev().take(10) {
                assert!(control.redeliver(update, 1));
            }
            control.say(ann, "/terms");
        }, |_| {}).await;
        shop.reads(ann, "Terms").await;
        buys(&shop, ann, "zeta-month-0003").await;
        shop.quiet().await;
        assert_eq!(info(&shop).await["url"], "");
        each_is_applied_once(&shop).await;
        let (_, _, customers, orders, payments, tasks) = rows(&shop).await;
        assert_eq!((customers, orders, payments, tasks), (1, 3, 3, 0));
        for words in ["How it works", "zeta-month-0001", "zeta-month-0002", "zeta-month-0003"] {
            assert_eq!(said(&shop, ann, words), 1, "{words}");
        }
        let dropped = shop.control.calls(0).into_iter().any(|call| call.params["drop_pending_updates"] == json!(true));
        assert!(!dropped, "nothing that waits is thrown away");
        shop.close().await;
    }

    async fn what_can_not_be_stored_is_answered_503_and_comes_again(db: TestDb) {
        let shop = open(&db, 1).await;
        let ann = shop.customer("Ann", "en");
        let bob = shop.customer("Bob", "en");
        let invoice = shop.invoice(ann).await;
        shop.quiet().await;
        shop.shut_inbox().await;
        let before = rows(&shop).await;
        let update_id = shop.control.say(bob, "/help").update_id.expect("an update");
        let asked = shop.control.start_pay(ann, invoice.message_id, PayOptions::default()).unwrap();
        let url = address(&shop);
        for body in [update(1), "no JSON".to_owned()] {
            let answer = Client::new().post(&url).header(HEADER, SECRET).body(body).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(answer.headers()["retry-after"], "1");
        }
        while_telegram_retries(&shop, async || info(&shop).await["last_error_message"].as_str().is_some_and(|it| it.contains("503"))).await;
        assert!(!shop.control.confirmed_updates().contains(&update_id), "it is not acknowledged");
        assert_eq!(rows(&shop).await, before);
        shop.open_inbox().await;
        while_telegram_retries(&shop, async || said(&shop, bob, "How it works") == 1).await;
        let paid = shop.control.finish_pay(&asked).await;
        assert!(matches!(paid, PayOutcome::Paid { .. }), "{paid:?}");
        shop.reads(ann, "zeta-month-0001").await;
        shop.close().await;
    }

    async fn what_staff_write_is_sealed_before_it_is_stored(db: TestDb) {
        let shop = LiveShop::open_with(&db, 0, |settings| {
            pushed(settings);
            settings.owners = vec![5_005];
        }).await;
        let owner = shop.control.customer(CustomerSpec { id: Some(5_005), ..CustomerSpec::named("Olga") });
        shop.control.say(owner, "/start");
        shop.reads(owner, "Zeta shop").await;
        shop.control.say(owner, "PASTED-KEY-0001");
        shop.quiet().await;
        let raw: Vec<(Vec<u8>,)> = shop.store
            .read("webhook_test.raw", |tx| Box::pin(async move { tx.all(&RAW, binds![]).await }))
            .await.map_err(|error: StoreError| error).unwrap();
        let all = raw.iter().map(|(raw,)| String::from_utf8_lossy(raw).into_owned());
        let all = all.collect::<String>();
        assert!(all.contains("/start") && all.contains("kiosk_sealed") && !all.contains("PASTED-KEY"), "{all}");
        shop.close().await;
    }

    async fn a_webhook_that_somebody_takes_is_set_again(db: TestDb) {
        let shop = open(&db, 0).await;
        let ann = shop.customer("Ann", "en");
        let ours = address(&shop);
        let others = [
            ("deleteWebhook", json!({})),
            ("setWebhook", json!({ "url": "https://other.example.com/hook" })),
            ("setWebhook", json!({ "url": ours, "secret_token": SECRET, "allowed_updates": ["message"], "max_connections": 100 })),
        ];
        for (method, params) in others {
            call(&shop, method, params).await;
            let back = async {
                loop {
                    let told = info(&shop).await;
                    if told["url"] == ours && told["allowed_updates"].as_array().is_some_and(|it| it.len() == 4) {
                        return;
                    }
                    shop.clock.advance(Duration::from_mins(3));
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), back).await.expect("it is ours again");
        }
        shop.control.say(ann, "/start");
        shop.reads(ann, "Zeta shop").await;
        shop.close().await;
    }

    async fn a_shop_that_polls_ends_a_webhook_that_stands_in_its_way(db: TestDb) {
        let shop = LiveShop::open(&db, 0).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/start");
        shop.reads(ann, "Zeta shop").await;
        call(&shop, "setWebhook", json!({ "url": "http://127.0.0.1:9/hook" })).await;
        shop.control.say(ann, "/help");
        shop.reads(ann, "How it works").await;
        assert_eq!(info(&shop).await["url"], "");
        shop.close().await;
    }
}

/// Hands each request to the next of these addresses, as a proxy in front of several processes does.
async fn proxy(behind: Arc<Mutex<Vec<SocketAddr>>>) -> String {
    let client = Client::new();
    let pass = async move |State(behind): State<Arc<Mutex<Vec<SocketAddr>>>>,
                           headers: HeaderMap,
                           body: Bytes| {
        let next = {
            let mut behind = behind.lock().expect("no panic while it is held");
            behind.rotate_left(1);
            behind[0]
        };
        let request = client.post(format!("http://{next}/webhooks/telegram"));
        let request = request.header(HEADER, headers[HEADER].clone()).body(body);
        let status = request.send().await.map(|answer| answer.status());
        status.unwrap_or(StatusCode::BAD_GATEWAY)
    };
    let router = Router::new().fallback(pass).with_state(behind);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn two_processes_share_a_webhook() {
    let db = TestDb::postgres().await;
    let behind = Arc::new(Mutex::new(Vec::new()));
    let public_url = proxy(behind.clone()).await;
    let shared = |settings: &mut Settings| {
        pushed(settings);
        settings.shopfront.public_url = Some(public_url.clone());
        settings.web.as_mut().expect("set above").is_public = false;
    };
    let shop = LiveShop::open_with(&db, 6, shared).await;
    let mut settings = settings(db.location(), &shop.emulator.url());
    shared(&mut settings);
    let second = App::start(settings).await.expect("another process");
    {
        let mut behind = behind.lock().unwrap();
        behind.extend([shop.app.web().unwrap(), second.web().unwrap()]);
    }
    set(&shop, 2).await;
    let customers = ["Ann", "Ben", "Cid", "Dan", "Eve", "Fay"];
    let customers = customers.map(|name| shop.customer(name, "en"));
    join_all(customers.map(|user| buys(&shop, user, "zeta-month-"))).await;
    // The one that goes leaves everything to the other.
    behind
        .lock()
        .unwrap()
        .retain(|it| Some(*it) == shop.app.web());
    second.stop(Duration::from_secs(30)).await.unwrap();
    for user in customers {
        shop.control.say(user, "/help");
    }
    for user in customers {
        shop.reads(user, "How it works").await;
    }
    shop.quiet().await;
    each_is_applied_once(&shop).await;
    let rows = rows(&shop).await;
    assert_eq!((rows.2, rows.3, rows.4, rows.5), (6, 6, 6, 0));
    shop.close().await;
}
