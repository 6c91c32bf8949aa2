//! An e-mail address, proved by a code that is typed in the chat.

use std::time::Duration;

use kiosk::shop::confirmations::Purpose;
use kiosk::shop::confirmations::link::{self, Browser, Consumed};
use kiosk::shop::customers;
use kiosk_emulator::PayOptions;

use crate::on_both_engines;
use crate::support::db::TestDb;
use crate::support::post::{Post, wrong};
use crate::support::shop::{LiveShop, SLUG};

const ANNS: &str = "ann@example.com";
const MINUTE: Duration = Duration::from_secs(61);

async fn shop(db: &TestDb) -> (LiveShop, Post) {
    LiveShop::open_posting(db, 3, |settings, post| settings.senders = post.senders()).await
}

async fn asks(db: &TestDb) -> (LiveShop, Post) {
    LiveShop::open_posting(db, 3, |settings, post| {
        settings.senders = post.senders();
        settings.shopfront.rules.needs.email = true;
    })
    .await
}

async fn asked(shop: &LiveShop, user: i64) {
    shop.hears(user, "/profile", "Your profile").await;
    shop.taps(user, "✉️ Add my e-mail", "Write your e-mail address")
        .await;
}

/// The address that the shop knows.
async fn address(shop: &LiveShop, user: i64) -> Option<String> {
    shop.store
        .read("rig.email", move |tx| {
            Box::pin(async move {
                let customer = customers::by_telegram_id(tx, user).await?.expect("met");
                let profile = customers::profile::of(tx, customer.id).await?;
                Ok::<_, kiosk::store::StoreError>(profile.expect("known").email)
            })
        })
        .await
        .expect("a look")
}

on_both_engines! {
    async fn an_address_is_the_customers_when_its_code_is_typed(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let ann = shop.customer("Ann", "en");
        asked(&shop, ann).await;
        shop.hears(ann, "not an address", "not an e-mail address").await;
        shop.hears(ann, " Ann@Example.com ", "on its way to Ann@example.com").await;
        assert_eq!(address(&shop, ann).await, None, "not before it is proved");
        let code = post.code("Ann@example.com", 1).await;
        shop.hears(ann, &format!("{} {}", &code[..3], &code[3..]), "e-mail address is confirmed").await;
        shop.taps(ann, "👤 Profile", "Ann@example.com").await;
        shop.taps(ann, "🗑 Forget the e-mail", "E-mail: not given").await;
        assert_eq!(address(&shop, ann).await, None);
        shop.close().await;
    }

    async fn an_order_waits_for_an_address_and_goes_on_through_restarts_and_repeats(db: TestDb) {
        let (mut shop, post) = asks(&db).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, &format!("/start p_{SLUG}"));
        shop.reads(ann, "Zeta, one month").await;
        shop.press(ann, "⚡ Buy now");
        shop.reads(ann, "asks for a confirmed e-mail address").await;
        // After each step the shop is closed and opened, and hears the last update once more.
        for (say, answer) in [(ANNS, "on its way"), ("000", "That is no code"), ("", "is confirmed")] {
            shop = reopened(shop, &db, &post).await;
            let say = match say {
                "" => post.code(ANNS, 1).await,
                say => say.to_owned(),
            };
            shop.hears_once(ann, &say, answer).await;
        }
        assert_eq!(post.count(ANNS), 1, "one mail");
        shop = reopened(shop, &db, &post).await;
        shop.press(ann, "▶️ Go on with my order");
        shop.reads(ann, "How would you like to pay?").await;
        shop.press(ann, "⭐ Pay with Stars");
        let invoice = shop.control.wait_for_message(ann, |it| it.invoice.is_some()).await.unwrap();
        shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        shop.reads(ann, "zeta-month-0001").await;
        shop.close().await;
    }

    async fn wrong_codes_lock_and_another_one_is_good(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let ann = shop.customer("Ann", "en");
        asked(&shop, ann).await;
        shop.hears(ann, ANNS, "on its way").await;
        let code = post.code(ANNS, 1).await;
        for left in (1..=4).rev() {
            shop.hears(ann, &wrong(&code), &format!("{left} more tr")).await;
        }
        shop.hears(ann, &wrong(&code), "Too many wrong codes").await;
        shop.hears(ann, &code, "Too many wrong codes").await;
        assert_eq!(address(&shop, ann).await, None);
        let later = shop.taps(ann, "🔁 Send again", "Another code can be sent in").await;
        assert!(!later.text.contains("still good"), "{}", later.text);
        shop.hears(ann, &code, "Too many wrong codes").await;
        shop.clock.advance(MINUTE);
        shop.taps(ann, "🔁 Send again", "Another code is on its way").await;
        shop.hears(ann, &post.code(ANNS, 2).await, "is confirmed").await;
        shop.close().await;
    }

    async fn an_address_that_is_given_again_too_soon_waits_without_a_promise(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let ann = shop.customer("Ann", "en");
        asked(&shop, ann).await;
        shop.hears(ann, ANNS, "on its way").await;
        let later = shop.taps(ann, "🔁 Send again", "The last one is still good").await;
        assert!(later.text.contains("A code went out just now"), "{}", later.text);
        shop.taps(ann, "✉️ Another address", "Write your e-mail address").await;
        shop.hears(ann, "bob@example.com", "on its way").await;
        shop.taps(ann, "✉️ Another address", "Write your e-mail address").await;
        // The code for hers went out just now, and the one for Bob's ended it.
        let later = shop.hears(ann, ANNS, "Another code can be sent in").await;
        assert!(!later.text.contains("still good"), "{}", later.text);
        shop.hears(ann, &post.code(ANNS, 1).await, "That code for ann@example.com is no longer good").await;
        shop.clock.advance(MINUTE);
        shop.taps(ann, "🔁 Send again", "Another code is on its way to ann@example.com").await;
        shop.hears(ann, &post.code(ANNS, 2).await, "is confirmed").await;
        // What was confirmed and forgotten is asked for anew: its old code proves nothing more.
        shop.taps(ann, "👤 Profile", ANNS).await;
        shop.taps(ann, "🗑 Forget the e-mail", "E-mail: not given").await;
        shop.taps(ann, "✉️ Add my e-mail", "Write your e-mail address").await;
        shop.hears(ann, ANNS, "Another code can be sent in").await;
        shop.hears(ann, &post.code(ANNS, 2).await, "not an e-mail address").await;
        assert_eq!(address(&shop, ann).await, None);
        shop.close().await;
    }

    async fn an_old_code_gives_way_to_a_new_one(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let ann = shop.customer("Ann", "en");
        asked(&shop, ann).await;
        shop.hears(ann, ANNS, "on its way").await;
        let first = post.code(ANNS, 1).await;
        shop.clock.advance(Duration::from_mins(11));
        shop.hears(ann, &first, "no longer good. Have").await;
        shop.taps(ann, "🔁 Send again", "Another code is on its way").await;
        let second = post.code(ANNS, 2).await;
        assert_ne!(first, second);
        shop.hears(ann, &first, "not the code").await;
        shop.hears(ann, &second, "is confirmed").await;
        shop.close().await;
    }

    async fn the_question_can_be_left_at_each_step_and_taken_up_again(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let ann = shop.customer("Ann", "en");
        asked(&shop, ann).await;
        shop.hears(ann, "/cancel", "Zeta shop").await;
        asked(&shop, ann).await;
        shop.hears(ann, "bob@example.com", "on its way").await;
        shop.taps(ann, "✉️ Another address", "Write your e-mail address").await;
        shop.hears(ann, ANNS, "on its way").await;
        shop.hears(ann, "/cancel", "Zeta shop").await;
        // Nobody asks for a code now: it is a search.
        shop.hears(ann, &post.code(ANNS, 1).await, "Nothing found").await;
        shop.hears(ann, "/profile", "Your profile").await;
        shop.taps(ann, "✏️ The code for ann@example.com", "on its way").await;
        shop.hears(ann, &post.code("bob@example.com", 1).await, "not the code").await;
        shop.hears(ann, &post.code(ANNS, 1).await, "is confirmed").await;
        assert_eq!(address(&shop, ann).await.as_deref(), Some(ANNS));
        shop.close().await;
    }

    async fn the_old_address_is_told_of_the_new_one(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let ann = shop.customer("Ann", "en");
        asked(&shop, ann).await;
        shop.hears(ann, ANNS, "on its way").await;
        shop.hears(ann, &post.code(ANNS, 1).await, "is confirmed").await;
        shop.hears(ann, "/profile", "Your profile").await;
        shop.taps(ann, "✉️ Another address", "Write your e-mail address").await;
        shop.hears(ann, "new@example.com", "on its way").await;
        assert_eq!(address(&shop, ann).await.as_deref(), Some(ANNS), "the new one is not proved yet");
        shop.hears(ann, &post.code("new@example.com", 1).await, "is confirmed").await;
        assert_eq!(address(&shop, ann).await.as_deref(), Some("new@example.com"));
        let told = post.mail(ANNS, 2).await;
        assert!(told.subject.contains("your e-mail was changed"), "{}", told.subject);
        assert!(!told.text.contains("new@example.com"), "the old mailbox may be a stranger's");
        shop.close().await;
    }

    async fn of_two_customers_the_last_to_prove_an_address_has_it(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let (ann, bob) = (shop.customer("Ann", "en"), shop.customer("Bob", "en"));
        for (number, who) in [(1, ann), (2, bob)] {
            asked(&shop, who).await;
            shop.hears(who, ANNS, "on its way").await;
            assert_eq!(address(&shop, ann).await.is_some(), number == 2, "asking takes nothing");
            shop.hears(who, &post.code(ANNS, number).await, "is confirmed").await;
            shop.clock.advance(MINUTE);
        }
        assert_eq!(address(&shop, bob).await.as_deref(), Some(ANNS));
        assert_eq!(address(&shop, ann).await, None);
        shop.reads(ann, "taken it out of your profile").await;
        shop.close().await;
    }

    async fn a_link_from_the_mail_confirms_as_well(db: TestDb) {
        let (shop, post) = LiveShop::open_posting(&db, 1, |settings, post| {
            settings.senders = post.senders();
            settings.shopfront.public_url = Some("https://shop.example.com".to_owned());
        })
        .await;
        let ann = shop.customer("Ann", "en");
        asked(&shop, ann).await;
        shop.hears(ann, ANNS, "on its way").await;
        let mail = post.mail(ANNS, 1).await;
        let (_, rest) = mail.text.split_once("https://shop.example.com/c/").expect("a link");
        let token: String = rest.split_whitespace().next().expect("a token").to_owned();
        let consumed = shop.store
            .write("rig.consume", move |tx| {
                let token = token.clone();
                Box::pin(async move { link::consume(tx, Purpose::Email, &token, Browser::Any).await })
            })
            .await
            .expect("consumed");
        assert!(matches!(consumed, Consumed::Done(_)), "{consumed:?}");
        shop.hears(ann, &post.code(ANNS, 1).await, "is confirmed").await;
        shop.close().await;
    }

    async fn an_address_that_is_none_is_told_of(db: TestDb) {
        let (shop, post) = shop(&db).await;
        post.loses_everything();
        let ann = shop.customer("Ann", "en");
        asked(&shop, ann).await;
        shop.control.say(ann, ANNS);
        shop.reads(ann, "There is no such e-mail address").await;
        shop.close().await;
    }

    async fn a_shop_without_mails_asks_for_none(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let ann = shop.customer("Ann", "en");
        shop.hears(ann, "/profile", "Your profile").await;
        let page = shop.control.last_message(ann).unwrap();
        assert!(page.keyboard.iter().flatten().all(|it| !it.text.contains("e-mail")), "{page:?}");
        shop.close().await;
    }
}

async fn reopened(shop: LiveShop, db: &TestDb, post: &Post) -> LiveShop {
    let post = post.clone();
    shop.reopen_with(
        db,
        async |_| {},
        |settings| {
            settings.senders = post.senders();
            settings.shopfront.rules.needs.email = true;
        },
    )
    .await
}
