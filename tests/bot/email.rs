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
        settings.shopfront.rules.needs_email = true;
    })
    .await
}

/// Says something, lets the shop finish, and hears what it said last.
async fn says(shop: &LiveShop, user: i64, text: &str) -> String {
    shop.control.say(user, text);
    last(shop, user).await
}

async fn presses(shop: &LiveShop, user: i64, label: &str) -> String {
    shop.press(user, label);
    last(shop, user).await
}

async fn last(shop: &LiveShop, user: i64) -> String {
    shop.quiet().await;
    shop.control.last_message(user).expect("an answer").text
}

async fn asked(shop: &LiveShop, user: i64) {
    says(shop, user, "/profile").await;
    let asked = presses(shop, user, "✉️ Add my e-mail").await;
    assert!(asked.contains("Write your e-mail address"), "{asked}");
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
        let none = says(&shop, ann, "not an address").await;
        assert!(none.contains("no e-mail address"), "{none}");
        let sent = says(&shop, ann, " Ann@Example.com ").await;
        assert!(sent.contains("on its way to Ann@example.com"), "{sent}");
        assert_eq!(address(&shop, ann).await, None, "not before it is proved");
        let code = post.code("Ann@example.com", 1).await;
        let kept = says(&shop, ann, &format!("{} {}", &code[..3], &code[3..])).await;
        assert!(kept.contains("e-mail address is confirmed"), "{kept}");
        let page = presses(&shop, ann, "👤 Profile").await;
        assert!(page.contains("Ann@example.com"), "{page}");
        let page = presses(&shop, ann, "🗑 Forget the e-mail").await;
        assert!(!page.contains("example.com"), "{page}");
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
            let sent = shop.control.say(ann, &say);
            shop.reads(ann, answer).await;
            shop.quiet().await;
            let messages = shop.control.messages(ann).len();
            shop.control.redeliver(sent.update_id.expect("an update"), 2);
            shop.quiet().await;
            assert_eq!(shop.control.messages(ann).len(), messages, "a repeat of {say} says nothing");
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
        says(&shop, ann, ANNS).await;
        let code = post.code(ANNS, 1).await;
        for left in (1..=4).rev() {
            let answer = says(&shop, ann, &wrong(&code)).await;
            assert!(answer.contains(&format!("{left} more tr")), "{answer}");
        }
        let locked = says(&shop, ann, &wrong(&code)).await;
        assert!(locked.contains("Too many wrong codes"), "{locked}");
        let locked = says(&shop, ann, &code).await;
        assert!(locked.contains("Too many wrong codes"), "the right one is too late: {locked}");
        assert_eq!(address(&shop, ann).await, None);
        let soon = presses(&shop, ann, "🔁 Send again").await;
        assert!(soon.contains("A code went out just now"), "{soon}");
        shop.clock.advance(MINUTE);
        let sent = presses(&shop, ann, "🔁 Send again").await;
        assert!(sent.contains("on its way"), "{sent}");
        let kept = says(&shop, ann, &post.code(ANNS, 2).await).await;
        assert!(kept.contains("is confirmed"), "{kept}");
        shop.close().await;
    }

    async fn an_old_code_gives_way_to_a_new_one(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let ann = shop.customer("Ann", "en");
        asked(&shop, ann).await;
        says(&shop, ann, ANNS).await;
        let first = post.code(ANNS, 1).await;
        shop.clock.advance(Duration::from_mins(11));
        let old = says(&shop, ann, &first).await;
        assert!(old.contains("too old"), "{old}");
        presses(&shop, ann, "🔁 Send again").await;
        let second = post.code(ANNS, 2).await;
        assert_ne!(first, second);
        let wrong = says(&shop, ann, &first).await;
        assert!(wrong.contains("not the code"), "{wrong}");
        let kept = says(&shop, ann, &second).await;
        assert!(kept.contains("is confirmed"), "{kept}");
        shop.close().await;
    }

    async fn the_question_can_be_left_at_each_step_and_taken_up_again(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let ann = shop.customer("Ann", "en");
        asked(&shop, ann).await;
        let menu = says(&shop, ann, "/cancel").await;
        assert!(menu.contains("Zeta shop"), "{menu}");
        asked(&shop, ann).await;
        says(&shop, ann, "bob@example.com").await;
        presses(&shop, ann, "✉️ Another address").await;
        says(&shop, ann, ANNS).await;
        let menu = says(&shop, ann, "/cancel").await;
        assert!(menu.contains("Zeta shop"), "{menu}");
        let search = says(&shop, ann, &post.code(ANNS, 1).await).await;
        assert!(!search.contains("is confirmed"), "nobody asks now: {search}");
        says(&shop, ann, "/profile").await;
        presses(&shop, ann, "✏️ The code for ann@example.com").await;
        let old = says(&shop, ann, &post.code("bob@example.com", 1).await).await;
        assert!(old.contains("not the code"), "{old}");
        let kept = says(&shop, ann, &post.code(ANNS, 1).await).await;
        assert!(kept.contains("is confirmed"), "{kept}");
        assert_eq!(address(&shop, ann).await.as_deref(), Some(ANNS));
        shop.close().await;
    }

    async fn the_old_address_is_told_of_the_new_one(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let ann = shop.customer("Ann", "en");
        asked(&shop, ann).await;
        says(&shop, ann, ANNS).await;
        says(&shop, ann, &post.code(ANNS, 1).await).await;
        says(&shop, ann, "/profile").await;
        presses(&shop, ann, "✉️ Another address").await;
        says(&shop, ann, "new@example.com").await;
        assert_eq!(address(&shop, ann).await.as_deref(), Some(ANNS), "the new one is not proved yet");
        says(&shop, ann, &post.code("new@example.com", 1).await).await;
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
            says(&shop, who, ANNS).await;
            if number == 2 {
                // Ann's own try and her address are untouched by that.
                let page = says(&shop, ann, "/profile").await;
                assert!(page.contains(ANNS), "{page}");
                shop.clock.advance(MINUTE);
                let sent = presses_if_early(&shop, bob).await;
                assert!(sent.contains("on its way"), "{sent}");
            }
            says(&shop, who, &post.code(ANNS, number).await).await;
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
        says(&shop, ann, ANNS).await;
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
        let kept = says(&shop, ann, &post.code(ANNS, 1).await).await;
        assert!(kept.contains("is confirmed"), "the code says so, too: {kept}");
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
        says(&shop, ann, "/profile").await;
        let page = shop.control.last_message(ann).unwrap();
        assert!(page.keyboard.iter().flatten().all(|it| !it.text.contains("e-mail")), "{page:?}");
        shop.close().await;
    }
}

/// Of the second to ask for an address the code may have to wait a minute.
async fn presses_if_early(shop: &LiveShop, user: i64) -> String {
    let last = shop.control.last_message(user).expect("an answer");
    if last.text.contains("on its way") {
        return last.text;
    }
    says(shop, user, ANNS).await
}

async fn reopened(shop: LiveShop, db: &TestDb, post: &Post) -> LiveShop {
    let post = post.clone();
    shop.reopen_with(
        db,
        async |_| {},
        |settings| {
            settings.senders = post.senders();
            settings.shopfront.rules.needs_email = true;
        },
    )
    .await
}
