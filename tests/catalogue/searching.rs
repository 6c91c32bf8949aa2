//! Looking for words in the catalogue.

use kiosk_emulator::Message;

use super::{CATALOGUE, load};
use crate::on_both_engines;
use crate::support::shop::LiveShop;

/// Writes words and waits for what is found.
async fn found(shop: &LiveShop, user: i64, words: &str) -> Message {
    let last = shop
        .control
        .last_message(user)
        .map_or(0, |message| message.message_id);
    shop.control.say(user, words);
    shop.control
        .wait_for_message(user, |message| message.message_id > last)
        .await
        .expect("an answer")
}

on_both_engines! {
    async fn words_are_found_in_any_language_and_case_and_all_must_be_there(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        load(&shop.store, CATALOGUE).await;
        let olga = shop.customer("Ольга", "ru");
        shop.control.say(olga, "/start");
        shop.reads(olga, "Zeta shop").await;
        for (words, button) in [
            ("зеленый ЧАЙ", "Зелёный чай"),
            ("зелёная", "Зелёный чай"),
            ("НЕ СЕТЬ", "Зелёный чай"),
            ("green", "Зелёный чай"),
            ("  ГОД   eta ", "Eta VPN, год"),
            ("100%", "Зелёный чай"),
            ("tea_bag", "Зелёный чай"),
        ] {
            let list = found(&shop, olga, words).await;
            assert!(list.text.contains("Найдено"), "{words}: {}", list.text);
            assert_eq!(list.keyboard.len(), 2, "{words}: {:?}", list.keyboard);
            assert!(list.button(button).is_some(), "{words}: {:?}", list.keyboard);
        }
        for words in ["зеленый кофе", "%", "__ чай", "e%a", "'; DROP TABLE products; --", "<b>", "\\"] {
            let list = found(&shop, olga, words).await;
            let nothing = list.text.contains("ничего не нашлось") && list.text.contains(words);
            // Some of these stand in a title.
            let is_there = ["%", "<b>"].contains(&words) && list.button("чай").is_some();
            assert!(nothing || is_there, "{words}: {}", list.text);
        }
        shop.press(olga, "🛍 Каталог");
        shop.reads(olga, "🔎 Ищете").await;
        let silent = found(&shop, olga, "\u{2003}\u{a0} ").await;
        assert!(silent.text.contains("Я понимаю"), "{}", silent.text);
        shop.close().await;
    }

    async fn what_is_found_has_pages_and_the_card_leads_back_to_it(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let mut many = CATALOGUE.to_owned();
        for at in 1..=10 {
            many += &format!("[[product]]\nid = \"p-{at}\"\nkind = \"stock\"\ntitle.en = \"Pen {at:02}\"\nprice.XTR = {at}\n");
        }
        load(&shop.store, &many).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/start");
        shop.reads(ann, "Zeta shop").await;
        let long = format!("pen {}", "pen ".repeat(100));
        let list = found(&shop, ann, &long).await;
        assert!(list.text.contains("page 1 of 2") && list.text.chars().count() < 120, "{}", list.text);
        shop.press(ann, "▶");
        shop.reads(ann, "page 2 of 2").await;
        shop.press(ann, "Pen 10");
        shop.reads(ann, "Sold out").await;
        shop.press(ann, "⬅ Back");
        let second = shop.reads(ann, "page 2 of 2").await;
        assert_eq!(second.message_id, list.message_id);
        // After another screen the words are forgotten: an old list says so and offers the catalogue.
        shop.control.say(ann, "/orders");
        shop.reads(ann, "orders").await;
        let query = shop.control.press(ann, list.message_id, "aq0").expect("a tap");
        let answer = shop.control.wait_for_callback_answer(&query).await.unwrap();
        assert!(!answer.text.is_empty());
        shop.close().await;
    }

    async fn a_screen_of_the_catalogue_that_a_crash_swallowed_is_drawn_again(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        load(&shop.store, CATALOGUE).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/start");
        shop.reads(ann, "Zeta shop").await;
        let list = found(&shop, ann, "eta").await;
        // A button of another version is answered by the place's own screen, drawn afresh.
        let query = shop.control.press_forged(ann, list.message_id, "zold");
        shop.control.wait_for_callback_answer(&query).await.unwrap();
        shop.press(ann, "Eta VPN, one month");
        let card = shop.reads(ann, "Price").await;
        let query = shop.control.press_forged(ann, card.message_id, "zold");
        let answer = shop.control.wait_for_callback_answer(&query).await.unwrap();
        assert!(answer.text.contains("older version"), "{answer:?}");
        shop.quiet().await;
        shop.press(ann, "⬅ Back");
        let again = shop.reads(ann, "Results for eta").await;
        assert_eq!(again.message_id, list.message_id);
        shop.close().await;
    }
}
