//! A phone number that is typed, proved by a code.

use std::time::Duration;

use crate::on_both_engines;
use crate::support::db::TestDb;
use crate::support::post::{Post, wrong};
use crate::support::shop::{LiveShop, SLUG};

const NUMBER: &str = "+79990001122";

async fn asks(db: &TestDb) -> (LiveShop, Post) {
    LiveShop::open_posting(db, 3, |settings, post| {
        settings.senders = post.senders();
        settings.shopfront.rules.needs.phone = true;
    })
    .await
}

async fn wants(shop: &LiveShop, user: i64) {
    shop.control.say(user, &format!("/start p_{SLUG}"));
    shop.reads(user, "Zeta, one month").await;
    shop.press(user, "⚡ Buy now");
    shop.reads(user, "Or type a mobile number").await;
}

on_both_engines! {
    async fn an_order_goes_on_when_the_typed_number_is_proved(db: TestDb) {
        let (mut shop, post) = asks(&db).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann).await;
        shop.hears(ann, "8 800 555 35 35", "not a mobile number").await;
        for (say, answer) in [("8 (999) 000-11-22", "on its way to +79990001122"), ("", "number is confirmed")] {
            let again = post.clone();
            shop = shop.reopen_with(&db, async |_| {}, |settings| {
                settings.senders = again.senders();
                settings.shopfront.rules.needs.phone = true;
            })
            .await;
            let say = match say {
                "" => post.code(NUMBER, 1).await,
                say => say.to_owned(),
            };
            shop.hears_once(ann, &say, answer).await;
        }
        shop.press(ann, "▶️ Go on with my order");
        shop.reads(ann, "How would you like to pay?").await;
        shop.hears(ann, "/profile", NUMBER).await;
        assert_eq!(post.count(NUMBER), 1);
        shop.close().await;
    }

    async fn somebody_elses_number_can_not_be_proved(db: TestDb) {
        let (shop, post) = asks(&db).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann).await;
        shop.hears(ann, NUMBER, "on its way").await;
        let code = post.code(NUMBER, 1).await;
        for _ in 0..5 {
            shop.hears(ann, &wrong(&code), "code").await;
        }
        shop.hears(ann, &code, "Too many wrong codes").await;
        shop.hears(ann, "/profile", "Phone: not given").await;
        shop.close().await;
    }

    async fn another_code_waits_a_minute_and_another_number_none(db: TestDb) {
        let (shop, post) = asks(&db).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann).await;
        shop.hears(ann, NUMBER, "on its way").await;
        shop.taps(ann, "🔁 Send again", "can be sent in").await;
        shop.press(ann, "📱 Another number");
        shop.reads(ann, "Or type a mobile number").await;
        shop.hears(ann, "+7 999 000-11-33", "on its way to +79990001133").await;
        let first = post.code("+79990001133", 1).await;
        shop.clock.advance(Duration::from_secs(61));
        shop.taps(ann, "🔁 Send again", "Another code is on its way").await;
        shop.hears(ann, &first, "not the code").await;
        shop.hears(ann, &post.code("+79990001133", 2).await, "number is confirmed").await;
        shop.press(ann, "▶️ Go on with my order");
        shop.reads(ann, "How would you like to pay?").await;
        shop.close().await;
    }

    async fn a_number_that_is_given_again_too_soon_waits_without_a_promise(db: TestDb) {
        let (shop, post) = asks(&db).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann).await;
        for number in [NUMBER, "+79990001133"] {
            shop.hears(ann, number, &format!("on its way to {number}")).await;
            shop.press(ann, "📱 Another number");
            shop.reads(ann, "Or type a mobile number").await;
        }
        let later = shop.hears(ann, NUMBER, "Another code can be sent in").await;
        assert!(!later.text.contains("still good"), "{}", later.text);
        shop.clock.advance(Duration::from_secs(61));
        shop.taps(ann, "🔁 Send again", "Another code is on its way to +79990001122").await;
        shop.hears(ann, &post.code(NUMBER, 2).await, "number is confirmed").await;
        shop.close().await;
    }

    async fn a_number_that_is_theirs_already_needs_no_code_and_no_buttons(db: TestDb) {
        let (shop, post) = asks(&db).await;
        let ann = shop.customer("Ann", "en");
        shop.hears(ann, "/profile", "not given").await;
        shop.press(ann, "📱 Share my phone number");
        shop.reads(ann, "Or type a mobile number").await;
        shop.control.share_contact(ann, "79990001122", Some(ann), false);
        shop.reads(ann, NUMBER).await;
        shop.press(ann, "📱 Another number");
        shop.quiet().await;
        // These words come with what takes the buttons away.
        let gone = shop.hears(ann, NUMBER, "your number is confirmed. You can see it").await.message_id;
        let next = shop.control.wait_for_message(ann, move |it| it.message_id > gone).await.unwrap();
        assert!(next.text.contains("Your profile"), "{}", next.text);
        assert_eq!(post.count(NUMBER), 0);
        shop.close().await;
    }

    async fn the_button_still_proves_a_number_at_once(db: TestDb) {
        let (shop, post) = asks(&db).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann).await;
        shop.hears(ann, "+7 999 000-11-33", "on its way").await;
        shop.control.share_contact(ann, "79990001122", Some(ann), false);
        shop.reads(ann, "your number is confirmed").await;
        shop.reads(ann, "Your order can go on").await;
        shop.hears(ann, "/profile", NUMBER).await;
        assert_eq!(post.count(NUMBER), 0, "no code was needed");
        shop.close().await;
    }

    async fn who_can_not_be_sent_a_code_is_told_what_to_do(db: TestDb) {
        let (shop, post) = asks(&db).await;
        post.loses_everything();
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann).await;
        shop.control.say(ann, NUMBER);
        shop.reads(ann, "Your own phone number needs none").await;
        shop.close().await;
    }
}
