//! Those who only pretend to be Telegram, and what comes in no good shape.

use futures::future::join_all;
use kiosk::binds;
use kiosk::clock::Clock;
use kiosk::store::StoreError;
use kiosk_emulator::{CustomerSpec, Message};
use reqwest::{Client, Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::support::child::{Child, command};
use crate::support::shop::{emulator, stock};

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

    async fn connections_that_never_ask_do_not_hold_the_closing_up(db: TestDb) {
        let shop = open(&db, 0).await;
        let address = shop.app.web().unwrap();
        let mut half = Vec::new();
        for part in ["", "POST /webhooks/telegram HTTP/1.1\r\nHost", "POST /webhooks/telegram HTTP/1.1\r\nHost: x\r\n"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(part.as_bytes()).await.unwrap();
            half.push(stream);
        }
        half.push(hangs(&shop, SECRET).await);
        shop.quiet().await;
        let closed = tokio::time::timeout(Duration::from_secs(15), shop.app.stop(Duration::from_mins(1))).await;
        closed.expect("it closes all the same").unwrap();
        shop.store.close().await;
        shop.emulator.stop().await;
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
