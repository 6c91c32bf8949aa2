//! Files by chat: the link comes with the payment, again when it is asked for, and no more once the money went back.

use std::net::SocketAddr;

use kiosk::app::{CabinetSettings, WebSettings};
use kiosk::shop::customers;
use kiosk::shop::downloads::folder::Folder;
use kiosk::shop::downloads::import::{self, Change};
use kiosk::shop::letters::{self, Letter};
use kiosk::shop::payments::decide::{self, Decided};
use kiosk::store::{PublicId, StoreError};
use kiosk::{binds, sql};
use kiosk_emulator::{Message, PayOptions, PayOutcome};
use tempfile::TempDir;

use crate::on_both_engines;
use crate::support::db::TestDb;
use crate::support::shop::{LiveShop, SLUG};

const BOOK: &str = "handbook";
const NAME: &str = "handbook & more.pdf";

sql! {
    PRODUCT = "bot_downloads.product",
        "INSERT INTO products (slug, kind, title, description, prices, position, created_at, updated_at,
             max_downloads, download_days)
         VALUES ($1, 'download', '{\"en\":\"The handbook\",\"ru\":\"Справочник\"}', '{}', '{\"XTR\":90}', 2, 0, 0, 3, 30)";
    NEWEST = "bot_downloads.newest", "SELECT public_id FROM orders ORDER BY id DESC LIMIT 1";
    LAST_LETTER = "bot_downloads.last_letter",
        "SELECT state, error FROM outbox WHERE kind = 'redelivery' ORDER BY id DESC LIMIT 1";
}

/// A shop with pages that sells one key and a file, and the folder of its files.
async fn open(db: &TestDb) -> (LiveShop, TempDir) {
    let home = tempfile::tempdir().expect("a folder");
    let folder = Folder::new(home.path().join("files"));
    let files = folder.clone();
    let shop = LiveShop::open_with(db, 1, move |settings| {
        settings.files = Some(files);
        settings.web = Some(WebSettings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            is_public: true,
            address_header: None,
            accel_prefix: None,
            cabinet: CabinetSettings::default(),
        });
    })
    .await;
    shop.store
        .write("test.product", |tx| {
            Box::pin(async move { tx.execute(&PRODUCT, binds![BOOK]).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("a product");
    let bytes: &[u8] = b"two pages";
    let report = import::import(&shop.store, &folder, BOOK, NAME, bytes, |_| {}).await;
    assert_eq!(report.expect("a file").change, Change::First);
    (shop, home)
}

/// Pays the invoice that comes, and returns the first message after it with a file's link.
async fn pay(shop: &LiveShop, user: i64) -> Message {
    let invoice = shop
        .control
        .wait_for_message(user, |message| message.invoice.is_some())
        .await
        .expect("an invoice");
    let paid = shop
        .control
        .pay(user, invoice.message_id, PayOptions::default())
        .await;
    assert!(matches!(paid, PayOutcome::Paid { .. }), "{paid:?}");
    link_after(shop, user, invoice.message_id).await
}

async fn link_after(shop: &LiveShop, user: i64, before: i64) -> Message {
    shop.control
        .wait_for_message(user, move |message| {
            message.message_id > before && message.source.contains("/d/")
        })
        .await
        .expect("a link to a file")
}

/// Buys the file alone.
async fn bought(shop: &LiveShop, user: i64) -> Message {
    shop.hears(user, &format!("/start p_{BOOK}"), "").await;
    shop.taps(user, "⚡", "90").await;
    shop.press(user, "⭐");
    pay(shop, user).await
}

/// Waits until the card says that one piece is in the cart.
async fn in_cart(shop: &LiveShop, user: i64, card: i64) {
    shop.control
        .wait_for_message(user, move |message| {
            let mut buttons = message.keyboard.iter().flatten();
            message.message_id == card && buttons.any(|button| button.text.contains("🛒 × 1"))
        })
        .await
        .expect("a piece in the cart");
}

/// The address of the file's page in a message.
fn link(message: &Message) -> String {
    let (before, after) = message.source.split_once("/d/").expect("a link");
    let (_, site) = before.rsplit_once('"').expect("the link's site");
    let (token, _) = after.split_once('"').expect("a whole link");
    assert_eq!(token.len(), 43, "{token}");
    format!("{site}/d/{token}")
}

fn links(shop: &LiveShop, user: i64) -> usize {
    let messages = shop.control.messages(user);
    let with_link = messages.iter().filter(|it| it.source.contains("/d/"));
    with_link.count()
}

async fn newest(shop: &LiveShop) -> PublicId {
    shop.store
        .read("test.newest", |tx| {
            Box::pin(async move { tx.one::<(PublicId,)>(&NEWEST, binds![]).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("an order")
        .0
}

/// Lets the bot deliver an order once more, whatever became of it; returns what became of the letter.
async fn redeliver(
    shop: &LiveShop,
    user: i64,
    order: PublicId,
    asked: i64,
) -> (String, Option<String>) {
    shop.app
        .store()
        .write("test.redeliver", move |tx| {
            Box::pin(async move {
                let customer = customers::by_telegram_id(tx, user).await?;
                let customer = customer.expect("a customer");
                letters::post(tx, &customer, &Letter::Redelivery { order, asked }).await
            })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("posted");
    shop.quiet().await;
    shop.store
        .read("test.last_letter", |tx| {
            Box::pin(async move { tx.one(&LAST_LETTER, binds![]).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("a letter")
}

on_both_engines! {
    async fn a_file_is_bought_its_link_comes_and_comes_again(db: TestDb) {
        let (shop, _home) = open(&db).await;
        let ann = shop.customer("Ann", "en");
        let card = shop.hears(ann, "/start p_handbook", "The handbook").await;
        assert!(card.text.contains("A file: its link comes") && !card.text.contains("In stock"), "{}", card.text);
        let delivery = bought(&shop, ann).await;
        for words in ["is ready", "The handbook\n", NAME, "9\u{a0}B", "Can be downloaded 3 times, until ", "The order's page"] {
            assert!(delivery.text.contains(words), "{words}: {}", delivery.text);
        }
        let first = link(&delivery);
        let site = shop.app.web().expect("pages");
        assert!(first.starts_with(&format!("http://{site}/d/")), "{first}");
        let page = reqwest::get(&first).await.expect("an answer");
        assert_eq!(page.status(), reqwest::StatusCode::OK);
        let page = page.text().await.expect("a page");
        assert!(page.contains("The handbook") && page.contains("more.pdf"), "{page}");
        shop.hears(ann, "/orders", "Your orders").await;
        shop.taps(ann, "Delivered", "The handbook").await;
        let asked = shop.control.last_message(ann).expect("the order").message_id;
        shop.press(ann, "📥 Show the downloads");
        let again = link_after(&shop, ann, asked).await;
        assert_eq!(link(&again), first, "it is derived");
        assert!(!again.text.contains("Thank you"), "{}", again.text);
        shop.hears(ann, "/keys", "Your keys and files").await;
        let asked = shop.control.last_message(ann).expect("the list").message_id;
        shop.press(ann, "The handbook");
        assert_eq!(link(&link_after(&shop, ann, asked).await), first);
        shop.close().await;
    }

    async fn no_link_comes_once_the_money_went_back(db: TestDb) {
        let (shop, _home) = open(&db).await;
        let olga = shop.customer("Ольга", "ru");
        let delivery = bought(&shop, olga).await;
        assert!(delivery.text.contains("Можно скачать 3 раза, до "), "{}", delivery.text);
        shop.hears(olga, "/orders", "Ваши заказы").await;
        shop.taps(olga, "Доставлен", "Справочник").await;
        let screen = shop.control.last_message(olga).expect("the order");
        let order = newest(&shop).await;
        let (state, _) = redeliver(&shop, olga, order, -1).await;
        assert_eq!((state.as_str(), links(&shop, olga)), ("sent", 2));
        let refunded = shop.app.store().write("test.refund", move |tx| Box::pin(decide::refund(tx, order))).await;
        assert_eq!(refunded.map_err(|error: StoreError| error).unwrap(), Decided::Done);
        shop.quiet().await;
        assert_eq!(shop.control.calls_of("refundStarPayment").len(), 1);
        // The button that is still there leads to the order, which says so.
        let button = screen.keyboard.iter().flatten().find(|it| it.text.contains("📥")).expect("a button");
        let code = button.callback_data.clone().expect("a code");
        shop.control.press(olga, screen.message_id, &code).expect("a tap");
        shop.reads(olga, "Деньги возвращены").await;
        let (state, error) = redeliver(&shop, olga, order, -2).await;
        assert_eq!(state, "dead");
        assert!(error.is_some_and(|error| error.contains("nothing to deliver any more")));
        assert_eq!(links(&shop, olga), 2);
        shop.close().await;
    }

    async fn a_key_and_a_file_come_in_one_message(db: TestDb) {
        let (shop, _home) = open(&db).await;
        let ann = shop.customer("Ann", "en");
        for slug in [SLUG, BOOK] {
            let card = shop.hears(ann, &format!("/start p_{slug}"), "Price").await;
            shop.press(ann, "➕ Add to cart");
            in_cart(&shop, ann, card.message_id).await;
        }
        shop.hears(ann, "/cart", "The handbook × 1").await;
        shop.taps(ann, "✅ Checkout", "How would you like to pay?").await;
        shop.press(ann, "⭐ Pay with Stars");
        let delivery = pay(&shop, ann).await;
        for words in ["zeta-month-0001", NAME, "shows all of it again"] {
            assert!(delivery.text.contains(words), "{words}: {}", delivery.text);
        }
        link(&delivery);
        shop.hears(ann, "/orders", "Your orders").await;
        shop.taps(ann, "Delivered", "The handbook").await;
        let asked = shop.control.last_message(ann).expect("the order").message_id;
        shop.press(ann, "🔑 Show the keys");
        let again = link_after(&shop, ann, asked).await;
        assert!(again.text.contains("zeta-month-0001"), "{}", again.text);
        shop.close().await;
    }
}
