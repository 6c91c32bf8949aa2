//! What the chat can't take goes by mail: a word with a link, never a key.

use kiosk_emulator::PayOptions;

use crate::on_both_engines;
use crate::support::db::TestDb;
use crate::support::post::Post;
use crate::support::shop::LiveShop;

const ANNS: &str = "ann@example.com";

async fn shop(db: &TestDb) -> (LiveShop, Post) {
    LiveShop::open_posting(db, 2, |settings, post| {
        settings.senders = post.senders();
        settings.shopfront.public_url = Some("https://shop.example.com".to_owned());
    })
    .await
}

async fn confirms(shop: &LiveShop, post: &Post, user: i64) {
    shop.hears(user, "/profile", "Your profile").await;
    shop.taps(user, "✉️ Add my e-mail", "Write your e-mail address")
        .await;
    shop.hears(user, ANNS, "on its way").await;
    shop.hears(user, &post.code(ANNS, 1).await, "is confirmed")
        .await;
}

/// Pays, and is gone before the keys come.
async fn pays_and_blocks(shop: &LiveShop, user: i64) {
    let invoice = shop.invoice(user).await;
    let query = shop
        .control
        .start_pay(user, invoice.message_id, PayOptions::default());
    let query = query.expect("a query");
    shop.control.block(user);
    shop.control.finish_pay(&query).await;
    shop.quiet().await;
}

on_both_engines! {
    async fn who_blocked_the_bot_is_told_of_the_order_by_mail_once(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let ann = shop.customer("Ann", "en");
        confirms(&shop, &post, ann).await;
        pays_and_blocks(&shop, ann).await;
        let told = post.mail(ANNS, 2).await;
        assert!(told.subject.contains("is ready"), "{}", told.subject);
        assert!(told.text.contains("https://shop.example.com/o/"), "{}", told.text);
        assert!(!told.text.contains("zeta-month-"), "no key is in a mail: {}", told.text);
        // Back in the chat they get the keys there, and no other mail.
        shop.control.unblock(ann);
        shop.control.say(ann, "/start");
        shop.reads(ann, "zeta-month-0001").await;
        shop.quiet().await;
        assert_eq!(post.count(ANNS), 2);
        shop.close().await;
    }

    async fn who_asks_for_the_keys_again_and_is_gone_gets_no_second_mail(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let ann = shop.customer("Ann", "en");
        confirms(&shop, &post, ann).await;
        pays_and_blocks(&shop, ann).await;
        shop.control.unblock(ann);
        shop.control.say(ann, "/start");
        shop.reads(ann, "zeta-month-0001").await;
        shop.control.block(ann);
        shop.control.say(ann, "/keys");
        shop.quiet().await;
        assert_eq!(post.count(ANNS), 2, "the address, and the order once");
        shop.close().await;
    }

    async fn without_an_address_staff_are_told_as_before(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let ann = shop.customer("Ann", "en");
        pays_and_blocks(&shop, ann).await;
        assert_eq!(post.count(ANNS), 0);
        shop.control.unblock(ann);
        shop.control.say(ann, "/start");
        shop.reads(ann, "zeta-month-0001").await;
        shop.close().await;
    }
}
