//! The sidecar's pages, as a browser gets them.

pub mod browser;
mod cabinet;
pub mod downloads;
mod evicted;
pub mod login;
mod nginx;
mod oidc;
mod over;
mod reports;
mod silence;
mod starts;
mod strangers;
mod twice;
pub mod vk;
pub mod ways;
mod webhook;

use std::net::SocketAddr;
use std::time::Duration;

use kiosk::app::{CabinetSettings, WebSettings};
use kiosk::shop::orders::link;
use kiosk::shop::payments::decide::{self, Decided};
use kiosk::store::{PublicId, StoreError};
use kiosk::{binds, sql};
use kiosk_emulator::PayOptions;
use reqwest::{Client, Response, StatusCode, header};

use crate::on_both_engines;
use crate::support::db::TestDb;
use crate::support::shop::LiveShop;

sql! {
    TITLE = "web_test.title", "UPDATE products SET title = $1";
    NEWEST = "web_test.newest", "SELECT public_id FROM orders ORDER BY id DESC LIMIT 1";
}

async fn open(db: &TestDb, keys: i64) -> LiveShop {
    LiveShop::open_with(db, keys, |settings| {
        settings.web = Some(WebSettings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            is_public: true,
            address_header: None,
            accel_prefix: None,
            cabinet: CabinetSettings::default(),
        });
    })
    .await
}

/// A customer who has bought a key, and the link that came with it.
async fn bought(shop: &LiveShop, language: &str, key: &str) -> (i64, String) {
    let user = shop.customer("Ann", language);
    shop.control.say(user, "/start p_zeta-month");
    shop.reads(user, "Zeta").await;
    shop.press(user, "⚡");
    shop.reads(user, "1").await;
    let pay = shop
        .control
        .wait_for_message(user, |it| {
            it.keyboard
                .iter()
                .flatten()
                .any(|button| button.text.starts_with('⭐'))
        })
        .await;
    pay.expect("a way to pay");
    shop.press(user, "⭐");
    let invoice = shop
        .control
        .wait_for_message(user, |it| it.invoice.is_some())
        .await
        .unwrap();
    shop.control
        .pay(user, invoice.message_id, PayOptions::default())
        .await;
    let delivery = shop.reads(user, key).await;
    let (_, link) = delivery
        .source
        .split_once("href=\"")
        .expect("a link to the page");
    let (link, _) = link.split_once('"').expect("a whole link");
    (user, link.to_owned())
}

async fn newest(shop: &LiveShop) -> PublicId {
    shop.store
        .read("web_test.newest", |tx| {
            Box::pin(async move { tx.one::<(PublicId,)>(&NEWEST, binds![]).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("an order")
        .0
}

async fn get(url: &str) -> Response {
    Client::new().get(url).send().await.expect("an answer")
}

async fn post(url: &str) -> Response {
    Client::new().post(url).send().await.expect("an answer")
}

fn header_of(response: &Response, name: header::HeaderName) -> String {
    let value = response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap().to_owned());
    value.unwrap_or_default()
}

on_both_engines! {
    async fn the_order_page_shows_keys_on_demand_and_as_a_file(db: TestDb) {
        let shop = open(&db, 2).await;
        let (_, link) = bought(&shop, "en", "zeta-month-0001").await;
        let page = get(&link).await;
        assert_eq!(page.status(), StatusCode::OK);
        let policy = header_of(&page, header::CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(header_of(&page, header::CACHE_CONTROL), "no-store");
        assert_eq!(header_of(&page, header::REFERRER_POLICY), "no-referrer");
        assert_eq!(header_of(&page, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        let text = page.text().await.unwrap();
        assert!(text.contains("Delivered") && text.contains("Zeta, one month") && text.contains("Paid: 250"), "{text}");
        assert!(!text.contains("zeta-month-0001"), "a look shows no key");
        let russian = get(&format!("{link}?lang=ru")).await.text().await.unwrap();
        assert!(russian.contains("Доставлен") && russian.contains("Показать ключи") && russian.contains("lang=\"ru\""), "{russian}");
        let shown = post(&format!("{link}/keys?lang=en")).await.text().await.unwrap();
        assert!(shown.contains("<code>zeta-month-0001</code>"), "{shown}");
        let file = post(&format!("{link}/file")).await;
        assert!(header_of(&file, header::CONTENT_DISPOSITION).starts_with("attachment; filename=\"order-"));
        assert_eq!(file.text().await.unwrap(), "zeta-month-0001\r\n");
        let reloaded = get(&format!("{link}/keys")).await;
        assert_eq!(reloaded.url().as_str(), link, "a reload leads back to the page");
        assert!(!reloaded.text().await.unwrap().contains("zeta-month-0001"));
        shop.close().await;
    }

    async fn a_russian_gets_the_page_in_russian(db: TestDb) {
        let shop = open(&db, 1).await;
        let (_, link) = bought(&shop, "ru", "zeta-month-0001").await;
        let text = get(&link).await.text().await.unwrap();
        assert!(text.contains("lang=\"ru\"") && text.contains("Zeta, месяц"), "{text}");
        shop.close().await;
    }

    async fn a_stranger_gets_404_whatever_they_try(db: TestDb) {
        let shop = open(&db, 3).await;
        let (_, mine) = bought(&shop, "en", "zeta-month-0001").await;
        let (_, other) = bought(&shop, "en", "zeta-month-0002").await;
        let (site, mine) = mine.rsplit_once('/').unwrap();
        let (_, other) = other.rsplit_once('/').unwrap();
        assert_eq!(mine.len(), 43);
        // The id of one with the proof of the other, at the letter where the id ends.
        let crossed = format!("{}{}", &mine[..22], &other[22..]);
        let flipped = format!("{}{}", &mine[..42], if mine.ends_with('A') { 'B' } else { 'A' });
        let long = "A".repeat(5_000);
        let tries = ["", "x", &mine[..42], &mine[..22], &crossed, &flipped, &long, "..%2f..%2fetc%2fpasswd", "%00", "%D0%BA"];
        let mut answers = Vec::new();
        for token in tries {
            for url in [format!("{site}/{token}"), format!("{site}/{token}?lang=ru")] {
                let answer = get(&url).await;
                assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{url}");
                assert!(header_of(&answer, header::CONTENT_SECURITY_POLICY).contains("default-src 'none'"));
                answers.push(answer.text().await.unwrap());
            }
            for what in ["keys", "file"] {
                let answer = post(&format!("{site}/{token}/{what}")).await;
                assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{token} {what}");
                answers.push(answer.text().await.unwrap());
            }
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "all of them look the same");
        assert!(answers[0].contains("no such page") && answers[0].contains("Такой страницы нет"));
        shop.close().await;
    }

    async fn a_link_is_taken_back_by_a_new_one(db: TestDb) {
        let shop = open(&db, 1).await;
        let (ann, link) = bought(&shop, "en", "zeta-month-0001").await;
        let order = newest(&shop).await;
        let renewed = shop.store.write("test.renew", move |tx| Box::pin(link::renew(tx, order))).await;
        assert!(renewed.map_err(|error: StoreError| error).unwrap());
        assert_eq!(get(&link).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(post(&format!("{link}/keys")).await.status(), StatusCode::NOT_FOUND);
        shop.control.say(ann, "/keys");
        shop.reads(ann, "Your keys").await;
        shop.press(ann, "Zeta");
        let again = shop.control.wait_for_message(ann, |it| it.source.contains("/o/") && !it.source.contains(&link)).await.unwrap();
        let (_, fresh) = again.source.split_once("href=\"").unwrap();
        let (fresh, _) = fresh.split_once('"').unwrap();
        assert_eq!(get(fresh).await.status(), StatusCode::OK);
        shop.close().await;
    }

    async fn a_page_follows_its_order_and_shows_no_key_before_or_after(db: TestDb) {
        let shop = open(&db, 2).await;
        let (ann, link) = bought(&shop, "en", "zeta-month-0001").await;
        let order = newest(&shop).await;
        let refunded = shop.app.store().write("test.refund", move |tx| Box::pin(decide::refund(tx, order))).await;
        assert_eq!(refunded.map_err(|error: StoreError| error).unwrap(), Decided::Done);
        shop.reads(ann, "has been returned to you").await;
        let text = get(&link).await.text().await.unwrap();
        assert!(text.contains("Money returned") && !text.contains("Show the keys"), "{text}");
        assert!(!post(&format!("{link}/keys")).await.text().await.unwrap().contains("zeta-month-0001"));
        assert_eq!(post(&format!("{link}/file")).await.status(), StatusCode::NOT_FOUND);
        // One that is still to be paid, and runs out.
        shop.invoice(ann).await;
        let order = newest(&shop).await;
        let site = link.rsplit_once('/').unwrap().0.to_owned();
        let token = token(&shop, order).await;
        let text = get(&format!("{site}/{token}")).await.text().await.unwrap();
        assert!(text.contains("Waiting for payment"), "{text}");
        assert!(!post(&format!("{site}/{token}/keys")).await.text().await.unwrap().contains("zeta-month-0002"));
        shop.clock.advance(Duration::from_mins(16));
        shop.reads(ann, "not paid in time").await;
        let text = get(&format!("{site}/{token}")).await.text().await.unwrap();
        assert!(text.contains("Not paid in time"), "{text}");
        shop.close().await;
    }

    async fn what_people_wrote_is_escaped(db: TestDb) {
        let shop = open(&db, 1).await;
        shop.store
            .write("web_test.title", |tx| {
                Box::pin(async move {
                    let title = r#"{"en":"<script>alert(1)</script> \u202e \"Zeta\" & Co"}"#;
                    tx.execute(&TITLE, binds![title]).await
                })
            })
            .await
            .map_err(|error: StoreError| error)
            .unwrap();
        let (_, link) = bought(&shop, "en", "zeta-month-0001").await;
        let text = post(&format!("{link}/keys")).await.text().await.unwrap();
        assert!(!text.contains("<script>alert") && !text.contains('\u{202e}'), "{text}");
        shop.close().await;
    }
}

async fn token(shop: &LiveShop, order: PublicId) -> String {
    use kiosk::shop::vault::{MasterKey, Vault};
    let master = MasterKey::from_base64(crate::support::shop::MASTER).expect("a master key");
    let vault = Vault::open(&shop.store, &master).await.expect("a vault");
    shop.store
        .read("test.token", move |tx| {
            let vault = vault.clone();
            Box::pin(async move { link::token(tx, &vault, order).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("a token")
        .expect("an order")
}
