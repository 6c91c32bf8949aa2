//! The staff desk: what it shows, and keys that come in by the chat.

use kiosk::bus::attention::{self, Task};
use kiosk::shop::staff::Role;
use kiosk::store::{Location, StoreError};
use kiosk::{binds, sql};
use kiosk_emulator::{Fault, FaultKind, PayOptions};

use super::member;
use crate::on_both_engines;
use crate::support::shop::LiveShop;

sql! {
    STOCK = "desk_test.stock", "SELECT COUNT(*) FROM keys WHERE state = 'available'";
    BODIES = "desk_test.bodies", "SELECT raw FROM inbox";
}

async fn stock(shop: &LiveShop) -> i64 {
    let (count,): (i64,) = shop
        .store
        .read("test.stock", |tx| {
            Box::pin(async move { tx.one(&STOCK, binds![]).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("a count");
    count
}

/// Opens the desk and asks for the keys of the only product.
async fn asks_for_keys(shop: &LiveShop, staff: i64) {
    shop.control.say(staff, "/admin");
    shop.reads(staff, "Staff desk").await;
    shop.press(staff, "📊 Stock");
    shop.reads(staff, "the lowest first").await;
    shop.press(staff, "📥 Zeta");
    shop.reads(staff, "Send the keys").await;
}

on_both_engines! {
    async fn a_manager_adds_pasted_keys_and_they_are_stored_sealed_only(db: TestDb) {
        let shop = LiveShop::open(&db, 0).await;
        let max = member(&shop, "Max", "en", Role::Manager).await;
        asks_for_keys(&shop, max).await;
        let sent = shop.control.say(max, "CANARY-0001\nCANARY-0002\n\nCANARY-0001\nbad\u{1}line");
        let preview = shop.reads(max, "Add them?").await;
        for words in ["2 new keys", "1 line repeats another one", "1 line is no key: line 5"] {
            assert!(preview.text.contains(words), "{words}: {}", preview.text);
        }
        assert_eq!(stock(&shop).await, 0, "nothing before the yes");
        shop.press(max, "✅ Add");
        let added = shop.reads(max, "2 keys added").await;
        assert!(added.text.contains("is deleted from this chat"), "{}", added.text);
        assert!(shop.control.message(max, sent.message_id).is_none(), "the message is gone");
        assert_eq!(stock(&shop).await, 2);
        // A customer gets what was pasted.
        let ann = shop.customer("Ann", "en");
        let invoice = shop.invoice(ann).await;
        shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        shop.reads(ann, "CANARY-0001").await;
        shop.quiet().await;
        let bodies: Vec<(Vec<u8>,)> = shop.store
            .read("test.bodies", |tx| Box::pin(async move { tx.all(&BODIES, binds![]).await }))
            .await.map_err(|error: StoreError| error).unwrap();
        let has = |bytes: &[u8]| bytes.windows(6).any(|part| part == b"CANARY");
        assert!(!bodies.iter().any(|(body,)| has(body)), "a key in the inbox");
        shop.close().await;
        if let Location::Sqlite(path) = db.location() {
            for ending in ["", "-wal"] {
                let bytes = std::fs::read(format!("{}{ending}", path.display())).unwrap_or_default();
                assert!(!has(&bytes), "a key in the file");
            }
        }
    }

    async fn a_file_of_keys_is_looked_at_and_added_or_not(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let olga = member(&shop, "Olga", "en", Role::Owner).await;
        asks_for_keys(&shop, olga).await;
        let file = "zeta-month-0001\r\nF-1\r\nF-2\r\nF-3\r\n";
        let first = shop.control.send_document(olga, "keys.txt", file, "");
        let preview = shop.reads(olga, "Add them?").await;
        assert!(preview.text.contains("3 new keys") && preview.text.contains("1 key is in the shop already"), "{}", preview.text);
        shop.press(olga, "✖ Cancel");
        shop.reads(olga, "Nothing was added").await;
        assert!(shop.control.message(olga, first.message_id).is_none());
        assert_eq!(stock(&shop).await, 1);
        asks_for_keys(&shop, olga).await;
        shop.control.send_sticker(olga);
        shop.reads(olga, "There are no keys in that").await;
        shop.control.send_document(olga, "keys.txt", file, "");
        shop.reads(olga, "Add them?").await;
        shop.control.fault(Fault::once("deleteMessage", FaultKind::Status {
            code: 400,
            description: "Bad Request: message can't be deleted".to_owned(),
        }));
        shop.press(olga, "✅ Add");
        let added = shop.reads(olga, "3 keys added").await;
        assert!(added.text.contains("delete it yourself"), "{}", added.text);
        assert_eq!(stock(&shop).await, 4);
        asks_for_keys(&shop, olga).await;
        shop.control.send_document(olga, "big.txt", vec![b'x'; 21 * 1024 * 1024], "");
        let told = shop.reads(olga, "larger than the 20 MB").await;
        assert!(told.text.contains("kiosk import keys zeta-month FILE"), "{}", told.text);
        shop.close().await;
    }

    async fn support_sees_tasks_and_stock_but_adds_no_keys(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let sue = member(&shop, "Sue", "en", Role::Support).await;
        let bob = shop.customer("Bob", "en");
        shop.control.say(bob, "/start");
        let menu = shop.reads(bob, "Zeta shop").await;
        shop.control.say(sue, "/admin");
        let desk = shop.reads(sue, "You are here as support").await;
        shop.press(sue, "📊 Stock");
        let levels = shop.reads(sue, "the lowest first").await;
        assert!(!levels.keyboard.iter().flatten().any(|button| button.text.contains("📥")), "{levels:?}");
        for code in ["adkzeta-month", "ada1.zeta-month", "adx1"] {
            let tap = shop.control.press_forged(sue, desk.message_id, code);
            let answer = shop.control.wait_for_callback_answer(&tap).await.unwrap();
            assert!(answer.text.contains("Your role does not allow that"), "{code}: {}", answer.text);
        }
        for code in ["ad", "adt0", "adn1", "adr1", "ady1", "ads0", "ado0", "adkzeta-month", "ada1.zeta-month", "adx1"] {
            let tap = shop.control.press_forged(bob, menu.message_id, code);
            let answer = shop.control.wait_for_callback_answer(&tap).await.unwrap();
            assert!(answer.text.contains("doesn't work"), "{code}: {}", answer.text);
        }
        assert_eq!(stock(&shop).await, 1);
        shop.close().await;
    }

    async fn the_desk_shows_the_day_and_settles_a_task(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let sue = member(&shop, "Sue", "ru", Role::Support).await;
        let ann = shop.customer("Ann <3", "en");
        let invoice = shop.invoice(ann).await;
        shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        shop.reads(ann, "zeta-month-0001").await;
        shop.store.write("test.task", |tx| Box::pin(async move {
            let task = Task { kind: "payment.unmatched", subject: "stars:1", order: None, payment: None, detail: "5 <XTR>" };
            attention::open(tx, &task).await
        })).await.map_err(|error: StoreError| error).unwrap();
        shop.quiet().await;
        shop.control.say(sue, "/admin");
        let desk = shop.reads(sue, "Стол продавца").await;
        for words in ["1 продажа, 250\u{a0}⭐", "Открыта 1 задача", "Закончился 1 товар"] {
            assert!(desk.text.contains(words), "{words}: {}", desk.text);
        }
        shop.press(sue, "📦 Последние заказы");
        let orders = shop.reads(sue, "Последние заказы").await;
        assert!(orders.text.contains("Ann <3 · доставлен"), "{}", orders.text);
        shop.press(sue, "⬅ Стол продавца");
        shop.reads(sue, "Стол продавца").await;
        shop.press(sue, "⚠️ Задачи");
        shop.reads(sue, "сначала старые").await;
        shop.press(sue, "1 · пришли");
        let task = shop.reads(sue, "Задача 1").await;
        assert!(task.text.contains("5 <XTR>"), "{}", task.text);
        shop.press(sue, "✅ Готово");
        shop.reads(sue, "Готово?").await;
        shop.press(sue, "✅ Да, готово");
        shop.reads(sue, "Открытых задач нет. Всё в порядке").await;
        let tap = shop.control.press_forged(sue, desk.message_id, "ady1");
        let answer = shop.control.wait_for_callback_answer(&tap).await.unwrap();
        assert!(answer.text.contains("уже закрыта"), "{}", answer.text);
        shop.close().await;
    }
}
