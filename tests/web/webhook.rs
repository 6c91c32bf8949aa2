//! Updates that Telegram pushes: a whole shop on a webhook, both ways of getting updates in turn, and those who only
//! pretend to be Telegram.

use std::net::SocketAddr;
use std::time::Duration;

use futures::future::join_all;
use kiosk::app::{Settings, WebSettings};
use kiosk::clock::Clock;
use kiosk::store::{Sql, StoreError};
use kiosk::{binds, sql};
use kiosk_emulator::{CustomerSpec, Message, PayOptions, PayOutcome};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::on_both_engines;
use crate::support::child::{Child, command};
use crate::support::db::TestDb;
use crate::support::shop::{LiveShop, TOKEN, emulator, stock};

const SECRET: &str = "a-secret-of-the-webhook_0123456789";
const HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";

sql! {
    ROWS = "webhook_test.rows",
        "SELECT (SELECT COUNT(*) FROM inbox), (SELECT COUNT(*) FROM outbox), (SELECT COUNT(*) FROM customers),
                (SELECT COUNT(*) FROM orders), (SELECT COUNT(*) FROM payments), (SELECT COUNT(*) FROM attention)";
    PUSHED = "webhook_test.pushed", "SELECT COUNT(*) FROM inbox WHERE source LIKE 'telegram:%'";
    UNDONE = "webhook_test.undone", "SELECT COUNT(*) FROM inbox WHERE state <> 'done'";
    DEAD = "webhook_test.dead", "SELECT event_id FROM inbox WHERE state = 'dead' ORDER BY seq";
}

sql! {
    SHUT = "webhook_test.shut",
        sqlite: "CREATE TRIGGER inbox_shut BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'shut'); END",
        postgres: "CREATE TRIGGER inbox_shut BEFORE INSERT ON inbox
            FOR EACH ROW EXECUTE FUNCTION kiosk_refuse('shut')";
    UNSHUT = "webhook_test.unshut",
        sqlite: "DROP TRIGGER inbox_shut",
        postgres: "DROP TRIGGER inbox_shut ON inbox";
}

/// Rows of the inbox, the outbox, customers, orders, payments and tasks.
type Rows = (i64, i64, i64, i64, i64, i64);

fn pushed(settings: &mut Settings) {
    settings.webhook_secret = Some(SECRET.into());
    settings.web = Some(WebSettings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        is_public: true,
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

async fn change(shop: &LiveShop, sql: &'static Sql) {
    shop.store
        .write("webhook_test.change", move |tx| {
            Box::pin(async move { tx.execute(sql, &[]).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("changed");
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

async fn knock(client: &Client, url: &str, secret: Option<&str>, body: String) -> StatusCode {
    let mut request = client.post(url).body(body);
    if let Some(secret) = secret {
        request = request.header(HEADER, secret);
    }
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    assert_eq!(answer.text().await.unwrap(), "", "no detail");
    status
}

/// A request that never ends: its body is announced and does not come.
async fn hangs(shop: &LiveShop, secret: &str) -> TcpStream {
    let mut stream = TcpStream::connect(shop.app.web().unwrap()).await.unwrap();
    let head = format!(
        "POST /webhooks/telegram HTTP/1.1\r\nHost: x\r\n{HEADER}: {secret}\r\nContent-Length: 500\r\n\r\n{{\"update_id\""
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Nobody who does not know the secret gets past the door, whatever they send.
async fn flood(shop: &LiveShop, rounds: i64) {
    let client = Client::new();
    let url = address(shop);
    let longer = format!("{SECRET}0");
    let other_case = SECRET.to_uppercase();
    let strangers = [
        None,
        Some(""),
        Some("wrong"),
        Some(&SECRET[..1]),
        Some(&SECRET[..SECRET.len() - 1]),
        Some(&longer),
        Some(&other_case),
    ];
    for round in 0..rounds {
        let forged = strangers.into_iter().enumerate().map(|(at, secret)| {
            let body = match at {
                0 => update(2_000_000_000 + round),
                1 => "no JSON".to_owned(),
                2 => "x".repeat(64 * 1024),
                _ => update(2_000_000_000 + round * 10 + at as i64),
            };
            knock(&client, &url, secret, body)
        });
        for status in join_all(forged).await {
            assert_eq!(status, StatusCode::UNAUTHORIZED);
        }
        for method in [
            Method::GET,
            Method::PUT,
            Method::DELETE,
            Method::HEAD,
            Method::OPTIONS,
        ] {
            let request = client.request(method.clone(), &url).header(HEADER, SECRET);
            let answer = request.body(update(3_000_000_000)).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        }
    }
    // Announced too large, and grown too large without being announced.
    let large = "x".repeat(1024 * 1024 + 1);
    let chunks = vec![Ok::<_, std::io::Error>(large.clone())];
    let stream = reqwest::Body::wrap_stream(futures::stream::iter(chunks));
    for body in [large.into(), stream] {
        let request = client.post(&url).header(HEADER, SECRET).body(body);
        let status = request.send().await.map(|answer| answer.status());
        // A server that has heard enough may close before everything is sent.
        assert!(
            status
                .as_ref()
                .map_or(true, |it| *it == StatusCode::PAYLOAD_TOO_LARGE),
            "{status:?}"
        );
    }
    // A stranger is answered before a byte of the body is read.
    for mut slow in join_all((0..50).map(|_| hangs(shop, "wrong"))).await {
        let mut answer = [0; 12];
        slow.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 401");
    }
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
        change(&shop, &SHUT).await;
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
        change(&shop, &UNSHUT).await;
        while_telegram_retries(&shop, async || said(&shop, bob, "How it works") == 1).await;
        let paid = shop.control.finish_pay(&asked).await;
        assert!(matches!(paid, PayOutcome::Paid { .. }), "{paid:?}");
        shop.reads(ann, "zeta-month-0001").await;
        shop.close().await;
    }

    async fn a_flood_of_forgeries_changes_nothing_and_holds_nobody_up(db: TestDb) {
        let shop = open(&db, 2).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/start");
        shop.reads(ann, "Zeta shop").await;
        shop.quiet().await;
        let before = rows(&shop).await;
        flood(&shop, 40).await;
        shop.quiet().await;
        assert_eq!(rows(&shop).await, before, "not a row");
        // Even with the secret, requests that hang hold nobody up.
        let hanging = join_all((0..60).map(|_| hangs(&shop, SECRET))).await;
        futures::join!(flood(&shop, 40), async {
            buys(&shop, ann, "zeta-month-0001").await;
            buys(&shop, ann, "zeta-month-0002").await;
        });
        drop(hanging);
        shop.quiet().await;
        let after = rows(&shop).await;
        assert_eq!((after.2, after.3, after.4, after.5), (1, 2, 2, 0));
        each_is_applied_once(&shop).await;
        shop.close().await;
    }

    async fn a_body_that_nobody_can_read_is_kept_once_and_is_a_task(db: TestDb) {
        let shop = open(&db, 0).await;
        let (client, url) = (Client::new(), address(&shop));
        let before = rows(&shop).await;
        for body in ["no JSON", "no JSON", "[1]", "", "no JSON"] {
            assert_eq!(knock(&client, &url, Some(SECRET), body.to_owned()).await, StatusCode::OK);
        }
        let bytes = client.post(&url).header(HEADER, SECRET).body(vec![0xff, 0, 0xfe]);
        assert_eq!(bytes.send().await.unwrap().status(), StatusCode::OK);
        let dead: Vec<(String,)> = shop.store
            .read("webhook_test.dead", |tx| Box::pin(async move { tx.all(&DEAD, binds![]).await }))
            .await.map_err(|error: StoreError| error).unwrap();
        assert_eq!(dead.len(), 4);
        assert!(dead.iter().all(|(name,)| name.starts_with("sha256:")), "{dead:?}");
        let after = rows(&shop).await;
        assert_eq!((after.0, after.2, after.3), (before.0 + 4, before.2, before.3));
        assert!(after.5 > before.5, "staff are asked to look");
        // An update that was pushed twice is applied once.
        for _ in 0..3 {
            assert_eq!(knock(&client, &url, Some(SECRET), update(5)).await, StatusCode::OK);
        }
        assert_eq!(rows(&shop).await.0, after.0 + 1);
        shop.quiet().await;
        shop.app.stop(Duration::from_secs(30)).await.unwrap();
        shop.store.close().await;
        shop.emulator.stop().await;
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

    async fn without_a_webhook_there_is_no_such_page(db: TestDb) {
        let shop = LiveShop::open_with(&db, 0, |settings| {
            pushed(settings);
            settings.webhook_secret = None;
        }).await;
        let answer = Client::new().post(address(&shop)).header(HEADER, SECRET).body(update(1)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        shop.close().await;
    }

    async fn the_secret_is_in_no_log_and_no_metric(db: TestDb) {
        let store = db.store(&Clock::system()).await;
        stock(&store, 1).await;
        let emulator = emulator().await;
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let mut loud = command(&db);
        loud.env("KIOSK_LOG__FILTER", "trace")
            .env("KIOSK_TELEGRAM__MODE", "webhook")
            .env("KIOSK_TELEGRAM__WEBHOOK_SECRET", SECRET)
            .env("KIOSK_WEB__LISTEN", &address)
            .env("KIOSK_WEB__PUBLIC_URL", format!("http://{address}"));
        let shop = Child::start_as(loud, &emulator.url()).await;
        let control = emulator.control();
        let ann = control.customer(CustomerSpec::named("Ann").speaking("en"));
        control.say(ann, "/start p_zeta-month");
        let card = |message: &Message| message.text.contains("Zeta, one month");
        control.wait_for_message(ann, card).await.unwrap();
        let (client, url) = (Client::new(), format!("http://{address}/webhooks/telegram"));
        assert_eq!(knock(&client, &url, Some(&SECRET[1..]), update(1)).await, StatusCode::UNAUTHORIZED);
        assert_eq!(knock(&client, &url, Some(SECRET), "no JSON".to_owned()).await, StatusCode::OK);
        let metrics = reqwest::get(format!("http://{}/metrics", shop.ops())).await.unwrap();
        let metrics = metrics.text().await.unwrap();
        assert!(metrics.contains("kiosk_webhook_refused_total{reason=\"stranger\"} 1"), "{metrics}");
        let log = shop.log();
        assert!(log.contains("TRACE") && log.contains("Telegram pushes the bot's updates"), "{log}");
        for (place, text) in [("the log", &log), ("the metrics", &metrics)] {
            assert!(!text.contains(&SECRET[1..]), "the secret in {place}");
        }
        shop.terminate().await;
        store.close().await;
        emulator.stop().await;
    }
}
