//! A phone number where the shop asks for one: the sender's own, from their own app, and nothing else.

use kiosk_emulator::PayOptions;

use crate::on_both_engines;
use crate::support::shop::{LiveShop, SLUG};

async fn asks(db: &crate::support::db::TestDb) -> LiveShop {
    LiveShop::open_with(db, 3, |settings| {
        settings.shopfront.rules.needs.phone = true;
    })
    .await
}

async fn wants(shop: &LiveShop, user: i64) {
    shop.control.say(user, &format!("/start p_{SLUG}"));
    shop.reads(user, "Zeta, one month").await;
    shop.press(user, "⚡ Buy now");
    shop.reads(user, "asks for a confirmed phone number").await;
}

on_both_engines! {
    async fn an_order_goes_on_when_the_number_is_shared(db: TestDb) {
        let shop = asks(&db).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann).await;
        shop.control.share_contact(ann, "79990001122", Some(ann), false);
        shop.reads(ann, "your number is confirmed").await;
        shop.reads(ann, "Your order can go on").await;
        shop.press(ann, "▶️ Go on with my order");
        shop.reads(ann, "How would you like to pay?").await;
        shop.press(ann, "⭐ Pay with Stars");
        let invoice = shop.control.wait_for_message(ann, |it| it.invoice.is_some()).await.unwrap();
        shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        shop.reads(ann, "zeta-month-0001").await;
        shop.control.say(ann, "/profile");
        shop.reads(ann, "+79990001122").await;
        shop.press(ann, "Forget the number");
        shop.reads(ann, "not given").await;
        shop.close().await;
    }

    async fn somebody_elses_number_is_not_taken(db: TestDb) {
        let shop = asks(&db).await;
        let (ann, bob) = (shop.customer("Ann", "en"), shop.customer("Bob", "en"));
        let contacts = [
            ("79990001122", Some(bob), false),
            ("79990001122", None, false),
            ("79990001122", Some(ann), true),
            ("call me", Some(ann), false),
        ];
        wants(&shop, ann).await;
        for (phone, owner, forwarded) in contacts {
            let before = shop.control.messages(ann).len();
            shop.control.share_contact(ann, phone, owner, forwarded);
            shop.control
                .wait_for_message(ann, |it| it.text.contains("not your own number"))
                .await
                .unwrap();
            shop.quiet().await;
            assert_eq!(shop.control.messages(ann).len(), before + 2, "one answer to {phone}, {owner:?}");
        }
        shop.control.say(ann, "/profile");
        shop.reads(ann, "not given").await;
        shop.close().await;
    }

    async fn the_question_can_be_left(db: TestDb) {
        let shop = asks(&db).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann).await;
        shop.control.say(ann, "+7 999 000-11-22");
        shop.reads(ann, "Please use the button below").await;
        shop.control.say(ann, "✖ Not now");
        shop.reads(ann, "Fine, without the number").await;
        shop.reads(ann, "Zeta shop").await;
        wants(&shop, ann).await;
        shop.control.say(ann, "/cancel");
        shop.reads(ann, "Zeta shop").await;
        shop.close().await;
    }

    async fn the_buttons_of_the_question_go_with_whatever_is_tapped_instead(db: TestDb) {
        let shop = asks(&db).await;
        let ann = shop.customer("Ann", "en");
        for button in ["➕ Add to cart", "⬅ Back"] {
            shop.hears(ann, &format!("/start p_{SLUG}"), "Zeta, one month").await;
            let asked = shop.taps(ann, "⚡ Buy now", "asks for a confirmed phone number").await.message_id;
            // It stands above the question, and writes or only reads.
            shop.press(ann, button);
            let gone = shop.control.wait_for_message(ann, move |it| it.message_id > asked).await.unwrap();
            assert_eq!(gone.text, "Fine, without the number.", "{button}");
            let messages = shop.control.messages(ann).len();
            shop.hears(ann, "/menu", "Zeta shop").await;
            assert_eq!(shop.control.messages(ann).len(), messages + 2, "once");
        }
        shop.close().await;
    }

    async fn the_way_out_of_the_question_leads_to_the_menu_from_anywhere(db: TestDb) {
        let shop = asks(&db).await;
        let ann = shop.customer("Ann", "en");
        for place in ["/cart", "/profile", &format!("/start p_{SLUG}")] {
            for words in ["✖ Not now", "✖ Не сейчас"] {
                shop.control.say(ann, place);
                shop.quiet().await;
                shop.hears(ann, words, "Fine, without the number").await;
                shop.quiet().await;
                let last = shop.control.last_message(ann).unwrap();
                assert!(last.text.contains("Zeta shop"), "{place}: {}", last.text);
            }
        }
        shop.close().await;
    }

    async fn a_number_may_be_given_without_being_asked_for(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let olga = shop.customer("Ольга", "ru");
        shop.control.say(olga, "/profile");
        shop.reads(olga, "не указан").await;
        shop.press(olga, "📱 Отправить мой номер");
        shop.reads(olga, "Отправьте свой номер").await;
        shop.control.share_contact(olga, "+79990001122", Some(olga), false);
        shop.reads(olga, "номер подтверждён").await;
        shop.reads(olga, "+79990001122").await;
        shop.close().await;
    }
}
