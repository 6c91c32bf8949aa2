//! By what the code for a typed number comes, as the chat asks it.

use std::time::Duration;

use kiosk::app::Settings;
use kiosk::shop::confirmations::senders::Messenger;

use crate::on_both_engines;
use crate::support::db::TestDb;
use crate::support::post::Post;
use crate::support::shop::{LiveShop, SLUG};

const NUMBER: &str = "+79990001122";
const ACCOUNTS: [(&str, Messenger); 3] = [
    ("gateway:a", Messenger::Telegram),
    ("whatsapp:a", Messenger::Whatsapp),
    ("vk:a", Messenger::Vk),
];

fn asks(settings: &mut Settings, post: &Post, accounts: &[(&'static str, Messenger)]) {
    settings.senders = post.senders_by(accounts);
    settings.shopfront.rules.needs.phone = true;
}

async fn open(db: &TestDb, accounts: &[(&'static str, Messenger)]) -> (LiveShop, Post) {
    LiveShop::open_posting(db, 3, |settings, post| asks(settings, post, accounts)).await
}

async fn wants(shop: &LiveShop, user: i64) {
    shop.control.say(user, &format!("/start p_{SLUG}"));
    shop.reads(user, "Zeta, one month").await;
    shop.press(user, "⚡ Buy now");
    shop.reads(user, "Or type a mobile number").await;
}

on_both_engines! {
    async fn a_number_waits_for_the_choice_over_a_restart_and_another_code_comes_by_another_way(db: TestDb) {
        let (shop, post) = open(&db, &ACCOUNTS).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann).await;
        let asked = shop.hears(ann, "8 (999) 000-11-22", "How should we send the code to +79990001122?").await;
        let labels: Vec<&str> = asked.keyboard.iter().flatten().map(|it| it.text.as_str()).collect();
        assert_eq!(labels, ["✉️ Whichever works", "Telegram", "WhatsApp", "📱 Another number", "✖ Not now"]);
        assert_eq!(post.count(NUMBER), 0, "nothing is sent as yet");
        let again = post.clone();
        let shop = shop.reopen_with(&db, async |_| {}, |settings| asks(settings, &again, &ACCOUNTS)).await;
        let sent = shop.taps(ann, "WhatsApp", "on its way to +79990001122").await;
        assert!(sent.text.contains("You chose WhatsApp"), "{}", sent.text);
        assert_eq!(post.mail(NUMBER, 1).await.from, "whatsapp:a");
        // The old button once more: the question for the code, and no second code.
        let whatsapp = asked.keyboard[1][1].callback_data.clone().expect("a code");
        shop.control.press_forged(ann, asked.message_id, &whatsapp);
        shop.quiet().await;
        assert_eq!(post.count(NUMBER), 1);
        let first = post.code(NUMBER, 1).await;
        shop.clock.advance(Duration::from_secs(61));
        let other = shop.taps(ann, "By Telegram", "Another code is on its way").await;
        assert!(other.text.contains("You chose Telegram"), "{}", other.text);
        assert_eq!(post.mail(NUMBER, 2).await.from, "gateway:a");
        shop.clock.advance(Duration::from_secs(61));
        shop.press(ann, "🔁 Send again");
        assert_eq!(post.mail(NUMBER, 3).await.from, "gateway:a", "as before");
        shop.hears(ann, &first, "not the code").await;
        shop.hears(ann, &post.code(NUMBER, 3).await, "number is confirmed").await;
        shop.press(ann, "▶️ Go on with my order");
        shop.reads(ann, "How would you like to pay?").await;
        shop.close().await;
    }

    async fn one_tap_is_enough_and_another_number_can_be_typed_instead(db: TestDb) {
        let (shop, post) = open(&db, &ACCOUNTS).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann).await;
        shop.hears(ann, "+7 999 000-11-33", "How should we send the code to +79990001133?").await;
        shop.hears(ann, "+7 999 000-11-22", "How should we send the code to +79990001122?").await;
        let sent = shop.taps(ann, "✉️ Whichever works", "on its way to +79990001122").await;
        assert!(!sent.text.contains("You chose"), "{}", sent.text);
        assert_eq!(post.count("+79990001133"), 0);
        shop.hears(ann, &post.code(NUMBER, 1).await, "number is confirmed").await;
        // The contact button still proves a number at once, from the question, too.
        let bob = shop.customer("Bob", "en");
        wants(&shop, bob).await;
        shop.hears(bob, "+7 999 000-11-44", "How should we send the code").await;
        shop.control.share_contact(bob, "79990001155", Some(bob), false);
        shop.reads(bob, "your number is confirmed").await;
        shop.reads(bob, "Your order can go on").await;
        shop.close().await;
    }

    async fn with_one_kind_that_proves_numbers_nothing_is_asked(db: TestDb) {
        let (shop, post) = open(&db, &[ACCOUNTS[0], ACCOUNTS[2]]).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann).await;
        let sent = shop.hears(ann, NUMBER, "on its way to +79990001122").await;
        let mut labels = sent.keyboard.iter().flatten();
        assert!(labels.all(|it| !it.text.starts_with("By ")), "{sent:?}");
        shop.hears(ann, &post.code(NUMBER, 1).await, "number is confirmed").await;
        shop.close().await;
    }

    async fn where_vk_alone_writes_no_number_is_asked_to_be_typed(db: TestDb) {
        let (shop, _) = open(&db, &[ACCOUNTS[2]]).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, &format!("/start p_{SLUG}"));
        shop.reads(ann, "Zeta, one month").await;
        shop.press(ann, "⚡ Buy now");
        let asked = shop.reads(ann, "confirmed phone number").await;
        assert!(!asked.text.contains("Or type"), "{}", asked.text);
        shop.close().await;
    }
}
