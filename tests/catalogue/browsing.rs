//! Walking through categories and families, always with a way back.

use kiosk::store::StoreError;
use kiosk::{binds, sql};
use kiosk_emulator::Message;

use super::{CATALOGUE, fill, load};
use crate::on_both_engines;
use crate::support::shop::LiveShop;

sql! {
    ARCHIVE = "catalogue.test.archive", "UPDATE products SET state = 'archived' WHERE slug = $1";
}

/// The labels of a message's buttons.
fn labels(message: &Message) -> Vec<&str> {
    message
        .buttons()
        .map(|button| button.text.as_str())
        .collect()
}

async fn archive(shop: &LiveShop, slug: &'static str) {
    shop.store
        .write("catalogue.test.archive", move |tx| {
            Box::pin(async move { tx.execute(&ARCHIVE, binds![slug]).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("archived");
}

/// Waits until the bot's newest message is edited into one with these words and, perhaps, these buttons.
async fn sees(shop: &LiveShop, user: i64, words: &'static str, button: &'static str) -> Message {
    shop.control
        .wait_for_message(user, |message| {
            message.text.contains(words) && message.button(button).is_some()
        })
        .await
        .unwrap_or_else(|error| panic!("{words:?} with {button:?}: {error}"))
}

on_both_engines! {
    async fn categories_lead_down_and_back_and_one_message_shows_it_all(db: TestDb) {
        let shop = LiveShop::open(&db, 2).await;
        load(&shop.store, CATALOGUE).await;
        fill(&shop.store, "eta-year", 3).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/catalog");
        let top = sees(&shop, ann, "🔎", "📁 Network").await;
        assert_eq!(labels(&top), ["📁 Network", "Zeta, one month · 250\u{a0}⭐", "🏠 Menu"]);
        shop.press(ann, "Network");
        let net = sees(&shop, ann, "Catalogue › Network", "VPN").await;
        assert_eq!(labels(&net), ["📁 VPN", "A 100% <b>green</b> tea_bag · sold out", "⬅ Back", "🏠 Menu"]);
        shop.press(ann, "📁 VPN");
        let vpn = sees(&shop, ann, "Catalogue › Network › VPN", "Eta").await;
        assert_eq!(labels(&vpn), ["Eta VPN · from 50\u{a0}⭐", "⬅ Back", "🏠 Menu"]);
        shop.press(ann, "Eta VPN");
        // The month is sold out, so the year is chosen.
        let card = sees(&shop, ann, "Only 3 left", "⚡ Buy now").await;
        assert_eq!(labels(&card), ["One month · sold out", "✓ One year · 500\u{a0}⭐", "⚡ Buy now", "➕ Add to cart", "⬅ Back"]);
        shop.press(ann, "One month");
        let card = sees(&shop, ann, "Sold out", "✓ One month").await;
        assert!(card.text.contains("₽99.00 · 50\u{a0}⭐"), "{}", card.text);
        assert!(card.button("Buy").is_none());
        shop.press(ann, "⬅ Back");
        sees(&shop, ann, "Network › VPN", "Eta").await;
        shop.press(ann, "⬅ Back");
        sees(&shop, ann, "Catalogue › Network", "tea").await;
        shop.press(ann, "tea");
        let tea = sees(&shop, ann, "<b>green</b>", "⬅ Back").await;
        shop.press(ann, "⬅ Back");
        sees(&shop, ann, "Catalogue › Network", "tea").await;
        shop.press(ann, "⬅ Back");
        let again = sees(&shop, ann, "🔎", "Zeta, one month").await;
        let messages = shop.control.messages(ann);
        assert_eq!(messages.iter().filter(|message| message.from_bot).count(), 1);
        assert_eq!((top.message_id, tea.message_id), (again.message_id, again.message_id));
        shop.close().await;
    }

    async fn a_deep_link_opens_the_card_and_back_leads_to_its_category(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        load(&shop.store, CATALOGUE).await;
        let olga = shop.customer("Ольга", "ru");
        shop.control.say(olga, "/start p_tea");
        sees(&shop, olga, "Зелёный чай", "⬅ Назад").await;
        shop.press(olga, "⬅ Назад");
        sees(&shop, olga, "Каталог › Сеть", "Зелёный чай · распродано").await;
        archive(&shop, "tea").await;
        shop.control.say(olga, "/start p_tea");
        sees(&shop, olga, "больше не продаётся", "🛍 Каталог").await;
        shop.close().await;
    }

    async fn a_long_shelf_has_pages_and_back_leads_to_the_page(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let mut many = CATALOGUE.to_owned();
        for at in 1..=20 {
            many += &format!("[[product]]\nid = \"p-{at}\"\nkind = \"stock\"\ncategory = \"net\"\ntitle.en = \"P{at:02}\"\nprice.XTR = {at}\n");
        }
        load(&shop.store, &many).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/catalog");
        sees(&shop, ann, "🔎", "Network").await;
        shop.press(ann, "Network");
        let first = sees(&shop, ann, "page 1 of 3", "▶").await;
        assert_eq!(labels(&first).len(), 8 + 1 + 2);
        shop.press(ann, "▶");
        let second = sees(&shop, ann, "page 2 of 3", "P07").await;
        assert!(second.button("P14").is_some() && second.button("P15").is_none(), "{:?}", labels(&second));
        shop.press(ann, "P10");
        sees(&shop, ann, "P10", "⬅ Back").await;
        shop.press(ann, "⬅ Back");
        sees(&shop, ann, "page 2 of 3", "P10").await;
        shop.press(ann, "▶");
        let third = sees(&shop, ann, "page 3 of 3", "P20").await;
        assert_eq!(labels(&third).len(), 6 + 1 + 2, "{:?}", labels(&third));
        shop.close().await;
    }

    async fn what_is_taken_out_while_on_screen_is_told_and_a_fresh_shelf_is_shown(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        load(&shop.store, CATALOGUE).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/start p_tea");
        sees(&shop, ann, "green", "⬅ Back").await;
        shop.press(ann, "⬅ Back");
        let net = sees(&shop, ann, "Catalogue › Network", "tea").await;
        archive(&shop, "tea").await;
        let query = shop.press(ann, "tea");
        let answer = shop.control.wait_for_callback_answer(&query).await.unwrap();
        assert!(answer.text.contains("no longer sold"), "{answer:?}");
        let fresh = shop.control.wait_for_message(ann, |message| message.edits > net.edits).await.unwrap();
        assert_eq!(labels(&fresh), ["📁 VPN", "⬅ Back", "🏠 Menu"]);
        // A category that has nothing any more is told as well.
        archive(&shop, "eta-month").await;
        archive(&shop, "eta-year").await;
        let query = shop.press(ann, "📁 VPN");
        let answer = shop.control.wait_for_callback_answer(&query).await.unwrap();
        assert!(answer.text.contains("any more"), "{answer:?}");
        let top = sees(&shop, ann, "Catalogue", "Zeta").await;
        assert_eq!(labels(&top).len(), 2);
        let query = shop.control.press_forged(ann, top.message_id, "afeta");
        let answer = shop.control.wait_for_callback_answer(&query).await.unwrap();
        assert!(answer.text.contains("no longer sold"), "{answer:?}");
        shop.close().await;
    }

    async fn names_that_would_break_a_screen_are_shown_as_they_are(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let toml = format!(
            "[[category]]\nid = \"odd\"\ntitle.en = \"<i>\\u202eOdd & {}\"\n\
             [[product]]\nid = \"emoji\"\nkind = \"stock\"\ncategory = \"odd\"\ntitle.en = \"🎁🎁🎁\"\nprice.XTR = 1\n\
             description.en = \"<script>alert('&amp;')</script> \\u2066{}\"\n",
            "я".repeat(50), "😀".repeat(700),
        );
        load(&shop.store, &toml).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/catalog");
        sees(&shop, ann, "🔎", "Odd").await;
        shop.press(ann, "Odd");
        let odd = sees(&shop, ann, "Catalogue › <i>Odd & я", "🎁🎁🎁").await;
        assert!(!odd.text.contains('\u{202e}'));
        shop.press(ann, "🎁🎁🎁");
        let card = sees(&shop, ann, "<script>alert('&amp;')</script> 😀", "⬅ Back").await;
        assert!(!card.text.contains('\u{2066}'));
        shop.close().await;
    }
}
