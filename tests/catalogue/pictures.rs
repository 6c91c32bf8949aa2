//! Photos on cards: uploaded once, edited in place, and never in the way of a sale.

use kiosk::store::StoreError;
use kiosk::{binds, sql};
use kiosk_emulator::{Call, Fault, FaultKind, Message, MessageKind};

use super::{CATALOGUE, load_with};
use crate::on_both_engines;
use crate::support::db::TestDb;
use crate::support::shop::LiveShop;

sql! {
    FORGET = "catalogue.test.forget", "UPDATE photo_files SET file_id = 'gone'";
    COUNT = "catalogue.test.photos", "SELECT COUNT(*) FROM photos";
}

/// The first bytes of a PNG of this size, which is as much as anybody looks at.
pub(super) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes
}

/// A shop in which the family, the tea and nothing else have pictures.
async fn open(db: &TestDb) -> LiveShop {
    let shop = LiveShop::open(db, 1).await;
    let toml = pictured();
    load_with(&shop.store, &toml, picture)
        .await
        .expect("imported");
    shop
}

fn pictured() -> String {
    CATALOGUE
        .replace("id = \"eta\"\n", "id = \"eta\"\nphoto = \"eta.png\"\n")
        .replace("id = \"tea\"\n", "id = \"tea\"\nphoto = \"tea.png\"\n")
}

fn picture(name: &str) -> Option<Vec<u8>> {
    match name {
        "eta.png" => Some(png(800, 500)),
        "tea.png" => Some(png(500, 800)),
        _ => None,
    }
}

/// The newest message of the bot once it has these words and is of this kind.
async fn sees(shop: &LiveShop, user: i64, words: &'static str, kind: MessageKind) -> Message {
    shop.control
        .wait_for_message(user, move |message| {
            message.text.contains(words) && message.kind == kind
        })
        .await
        .unwrap_or_else(|error| panic!("{words:?} as {kind:?}: {error}"))
}

fn is_upload(call: &Call) -> bool {
    call.params.to_string().contains("<file ")
}

fn menus(shop: &LiveShop, user: i64) -> usize {
    let messages = shop.control.messages(user);
    messages
        .iter()
        .filter(|message| !message.keyboard.is_empty())
        .count()
}

on_both_engines! {
    async fn a_picture_is_uploaded_once_and_then_known_by_its_name(db: TestDb) {
        let shop = open(&db).await;
        let (ann, bob) = (shop.customer("Ann", "en"), shop.customer("Bob", "ru"));
        shop.control.say(ann, "/start p_tea");
        let first = sees(&shop, ann, "green", MessageKind::Photo).await;
        // Its name is written down once Telegram has told it.
        shop.quiet().await;
        shop.control.say(bob, "/start p_tea");
        let second = sees(&shop, bob, "Зелёный", MessageKind::Photo).await;
        let file = |message: &Message| message.attachment.clone().expect("a photo").file_id;
        assert_eq!(file(&first), file(&second));
        let uploads: Vec<bool> = shop.control.calls_of("sendPhoto").iter().map(is_upload).collect();
        assert_eq!(uploads, [true, false]);
        // After a restart, too.
        shop.quiet().await;
        let shop = shop.reopen(&db).await;
        shop.control.say(ann, "/start p_tea");
        shop.quiet().await;
        let uploads: Vec<bool> = shop.control.calls_of("sendPhoto").iter().map(is_upload).collect();
        assert_eq!(uploads, [true, false, false]);
        shop.close().await;
    }

    async fn a_picture_that_telegram_has_forgotten_is_uploaded_again(db: TestDb) {
        let shop = open(&db).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/start p_tea");
        sees(&shop, ann, "green", MessageKind::Photo).await;
        shop.quiet().await;
        shop.store.write("catalogue.test.forget", |tx| Box::pin(async move {
            tx.execute(&FORGET, binds![]).await
        })).await.map_err(|error: StoreError| error).unwrap();
        for _ in 0..2 {
            shop.control.say(ann, "/start p_tea");
            shop.quiet().await;
        }
        let calls = shop.control.calls_of("sendPhoto");
        let seen: Vec<(bool, bool)> = calls.iter().map(|call| (is_upload(call), call.ok)).collect();
        assert_eq!(seen, [(true, true), (false, false), (true, true), (false, true)]);
        shop.close().await;
    }

    async fn walking_between_texts_and_photos_leaves_one_live_menu(db: TestDb) {
        let shop = open(&db).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/catalog");
        let text = sees(&shop, ann, "🔎", MessageKind::Text).await;
        shop.press(ann, "Network");
        sees(&shop, ann, "› Network", MessageKind::Text).await;
        shop.press(ann, "VPN");
        sees(&shop, ann, "› VPN", MessageKind::Text).await;
        shop.press(ann, "Eta VPN");
        // A text takes a photo in.
        let month = sees(&shop, ann, "one month", MessageKind::Photo).await;
        assert_eq!(month.message_id, text.message_id);
        shop.press(ann, "One year");
        let year = sees(&shop, ann, "one year", MessageKind::Photo).await;
        assert_eq!((year.message_id, &year.attachment), (text.message_id, &month.attachment));
        shop.press(ann, "⬅ Back");
        // A photo never becomes a text: it goes, and a new message comes.
        let shelf = sees(&shop, ann, "› VPN", MessageKind::Text).await;
        assert!(shelf.message_id > text.message_id);
        assert!(shop.control.message(ann, text.message_id).is_none());
        assert_eq!(menus(&shop, ann), 1);
        shop.close().await;
    }

    async fn a_menu_too_old_to_be_deleted_loses_its_buttons(db: TestDb) {
        let shop = open(&db).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/start p_tea");
        let card = sees(&shop, ann, "green", MessageKind::Photo).await;
        shop.control.advance(49 * 60 * 60 * 1_000);
        shop.press(ann, "⬅ Back");
        sees(&shop, ann, "› Network", MessageKind::Text).await;
        assert_eq!(menus(&shop, ann), 1);
        assert!(shop.control.message(ann, card.message_id).is_some());
        shop.close().await;
    }

    async fn a_card_whose_photo_telegram_refuses_is_sent_as_a_text(db: TestDb) {
        let shop = open(&db).await;
        let ann = shop.customer("Ann", "en");
        let refused = || FaultKind::Status { code: 400, description: "Bad Request: PHOTO_INVALID_DIMENSIONS".to_owned() };
        shop.control.fault(Fault::always(refused()).on("sendPhoto"));
        shop.control.fault(Fault::always(refused()).on("editMessageMedia"));
        shop.control.say(ann, "/start p_tea");
        sees(&shop, ann, "green", MessageKind::Text).await;
        shop.press(ann, "⬅ Back");
        let shelf = sees(&shop, ann, "› Network", MessageKind::Text).await;
        shop.press(ann, "tea");
        let card = sees(&shop, ann, "green", MessageKind::Text).await;
        assert!(card.message_id > shelf.message_id && menus(&shop, ann) == 1);
        shop.control.clear_faults();
        shop.close().await;
    }

    async fn a_pause_that_telegram_asks_for_is_waited_for(db: TestDb) {
        let shop = open(&db).await;
        let ann = shop.customer("Ann", "en");
        shop.control.fault(Fault::once("sendPhoto", FaultKind::TooMany { retry_after: 1 }));
        shop.control.say(ann, "/start p_tea");
        sees(&shop, ann, "green", MessageKind::Photo).await;
        assert_eq!(menus(&shop, ann), 1);
        shop.close().await;
    }

    async fn another_picture_takes_the_place_of_the_old_one_in_the_shop(db: TestDb) {
        let shop = open(&db).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/start p_tea");
        let old = sees(&shop, ann, "green", MessageKind::Photo).await;
        let again = load_with(&shop.store, &pictured(), picture).await.unwrap();
        assert_eq!(again.products.unchanged, 3);
        let other = |name: &str| (name == "tea.png").then(|| png(640, 640)).or_else(|| picture(name));
        let report = load_with(&shop.store, &pictured(), other).await.unwrap();
        let change = &report.products.changed[0].fields[0];
        assert_eq!((change.name.as_str(), change.new.as_deref()), ("photo", Some("tea.png")));
        // The old one is forgotten: by this import, or by the next if a chat is just writing down what Telegram calls it.
        let count = async || {
            let count = shop.store.read("catalogue.test.photos", |tx| Box::pin(async move {
                tx.one::<(i64,)>(&COUNT, binds![]).await
            }));
            count.await.map_err(|error: StoreError| error).unwrap().0
        };
        while count().await != 2 {
            load_with(&shop.store, &pictured(), other).await.unwrap();
        }
        shop.press(ann, "⬅ Back");
        sees(&shop, ann, "› Network", MessageKind::Text).await;
        shop.press(ann, "tea");
        let new = sees(&shop, ann, "green", MessageKind::Photo).await;
        assert_ne!(new.attachment, old.attachment);
        shop.close().await;
    }
}
