//! What the chat can't take goes by mail: a word with a link, never a key.

use std::sync::Arc;
use std::time::Duration;

use kiosk::bus::Outcome;
use kiosk::bus::outbox::Claimed;
use kiosk::clock::Clock;
use kiosk::shop::confirmations::mail;
use kiosk::shop::confirmations::senders::{MailSender, Mailed};
use kiosk::shop::vault::{MasterKey, Vault};
use kiosk::store::StoreError;
use kiosk::{binds, sql};
use kiosk_emulator::{Fault, FaultKind, PayOptions};

use crate::confirmations::senders::{FakeMail, Plain};
use crate::on_both_engines;
use crate::support::db::TestDb;
use crate::support::post::Post;
use crate::support::shop::{LiveShop, MASTER};

const ANNS: &str = "ann@example.com";

sql! {
    MAIL = "by_mail.mail",
        "SELECT id, public_id, kind, chat_id, priority, semantics, payload, fence, attempts, created_at
         FROM outbox WHERE kind = 'mail_order'";
    DELIVERY = "by_mail.delivery", "SELECT state, attempts, due_at FROM outbox WHERE kind = 'delivery'";
    MAILED = "by_mail.mailed", "SELECT state FROM outbox WHERE kind = 'mail_order'";
    REDELIVERY = "by_mail.redelivery", "SELECT state FROM outbox WHERE kind = 'redelivery'";
    TASKS = "by_mail.tasks", "SELECT kind, subject FROM attention WHERE state = 'open' ORDER BY id";
    ADDRESSES = "by_mail.addresses", "UPDATE customers SET email = NULL, email_key = NULL, email_confirmed_at = NULL";
}

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

async fn all<T: kiosk::store::FromRow + Send + 'static>(
    shop: &LiveShop,
    sql: &'static kiosk::store::Sql,
) -> Vec<T> {
    let rows: Result<Vec<T>, StoreError> = shop
        .store
        .read("by_mail.all", move |tx| Box::pin(tx.all(sql, binds![])))
        .await;
    rows.expect("rows")
}

/// The kinds of the open tasks, and of the letters that they are about.
async fn tasks(shop: &LiveShop) -> Vec<(String, String)> {
    let rows: Vec<(String, String)> = all(shop, &TASKS).await;
    let letter = |subject: String| subject.split(':').next().unwrap_or_default().to_owned();
    rows.into_iter()
        .map(|(kind, subject)| (kind, letter(subject)))
        .collect()
}

fn task(kind: &str, letter: &str) -> (String, String) {
    (kind.to_owned(), letter.to_owned())
}

/// A shop whose clock a test moves.
async fn slow_shop(db: &TestDb) -> (LiveShop, Post) {
    LiveShop::open_posting(db, 2, |settings, post| {
        settings.senders = post.senders();
        settings.shopfront.public_url = Some("https://shop.example.com".to_owned());
        settings.clock = Clock::frozen(1_700_000_000_000);
    })
    .await
}

/// Lets the delivery be tried, each time as soon as it is due, until `is_enough`, which gets its state and its tries.
async fn tries(shop: &LiveShop, is_enough: impl AsyncFn(&str, i64) -> bool) {
    loop {
        let (state, attempts, due): (String, i64, i64) = all(shop, &DELIVERY).await.remove(0);
        if is_enough(&state, attempts).await {
            return;
        }
        if state == "pending" {
            // A little more each time: the worker may have looked just before.
            let left = (due - shop.clock.now()).max(1);
            shop.clock.advance(Duration::from_millis(left as u64));
        }
        tokio::task::yield_now().await;
    }
}

/// Asks for the keys of their order once more, and can't be written to any more when they come.
async fn asks_again_and_is_gone(shop: &LiveShop, user: i64) {
    shop.hears(user, "/orders", "Your orders").await;
    shop.taps(user, "Delivered", "Zeta, one month").await;
    let description = "Forbidden: bot was blocked by the user".to_owned();
    let blocked = FaultKind::Status {
        code: 403,
        description,
    };
    shop.control
        .fault(Fault::always(blocked).on("sendMessage").in_chat(user));
    shop.press(user, "🔑 Show the keys");
    shop.quiet().await;
    let asked: Vec<(String,)> = all(shop, &REDELIVERY).await;
    assert_eq!(asked, [("dead".to_owned(),)]);
    shop.control.clear_faults();
}

/// Pays while every message to them meets this fault.
async fn pays_unheard(shop: &LiveShop, user: i64, kind: FaultKind) {
    let invoice = shop.invoice(user).await;
    let query = shop
        .control
        .start_pay(user, invoice.message_id, PayOptions::default());
    let query = query.expect("a query");
    shop.control
        .fault(Fault::always(kind).on("sendMessage").in_chat(user));
    shop.control.finish_pay(&query).await;
    while all::<(String, i64, i64)>(shop, &DELIVERY).await.is_empty() {
        tokio::task::yield_now().await;
    }
}

on_both_engines! {
    async fn a_paid_order_whose_mail_is_refused_is_a_task_for_staff(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let ann = shop.customer("Ann", "en");
        confirms(&shop, &post, ann).await;
        post.loses_everything();
        pays_and_blocks(&shop, ann).await;
        assert_eq!(tasks(&shop).await, [task("outbox.dead", "mail_order")]);
        // Asked for once more, and no mail can tell of it: that is a task, too.
        shop.control.unblock(ann);
        shop.control.say(ann, "/start");
        shop.reads(ann, "zeta-month-0001").await;
        asks_again_and_is_gone(&shop, ann).await;
        let both = [task("outbox.dead", "mail_order"), task("outbox.dead", "redelivery")];
        assert_eq!(tasks(&shop).await, both);
        shop.close().await;
    }

    async fn whatever_keeps_the_mail_of_a_paid_order_staff_are_told(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let ann = shop.customer("Ann", "en");
        confirms(&shop, &post, ann).await;
        pays_and_blocks(&shop, ann).await;
        let vault = Vault::open(&shop.store, &MasterKey::from_base64(MASTER).unwrap()).await.unwrap();
        let letter: Claimed = all(&shop, &MAIL).await.remove(0);
        let refused = async |accounts: &[Arc<FakeMail>], letter: &Claimed| {
            let accounts: Vec<Arc<dyn MailSender>> = accounts.iter().map(|it| it.clone() as Arc<dyn MailSender>).collect();
            match mail::carry(&shop.store, &vault, &accounts, &Plain, letter).await {
                Outcome::Refused { reason, alert: true } => reason,
                other => panic!("{other:?}"),
            }
        };
        // The address is none after all.
        let account = [FakeMail::new("mail:a", "shop.example")];
        account[0].will(Mailed::NoSuchAddress("550 5.1.1 no such user".to_owned()));
        let reason = refused(&account, &letter).await;
        assert!(reason.contains("550 5.1.1") && reason.contains("kiosk order show"), "it says what to do: {reason}");
        // Its mailbox is full, and stays so.
        let full = || Mailed::TurnedAway { is_final: true, reason: "552 5.2.2 full".to_owned() };
        account[0].will(full());
        let mut tried = letter.clone();
        tried.attempts = 1;
        let waits = mail::carry(&shop.store, &vault, &[account[0].clone() as Arc<dyn MailSender>], &Plain, &tried).await;
        assert!(matches!(waits, Outcome::Until(..)), "{waits:?}");
        account[0].will(full());
        tried.attempts = 4;
        assert!(refused(&account, &tried).await.contains("5.2.2"));
        // The last account is gone.
        refused(&[], &letter).await;
        // They have taken their address out.
        let forgotten = shop.store.write("by_mail.forget", |tx| Box::pin(tx.execute(&ADDRESSES, binds![])));
        forgotten.await.map_err(|error: StoreError| error).unwrap();
        refused(&account, &letter).await;
        // There is no such order.
        let mut stray = letter.clone();
        let order = stray.payload.split("\"order\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        stray.payload = stray.payload.replace(&order, &kiosk::store::PublicId([7; 16]).to_string());
        refused(&account, &stray).await;
        assert_eq!(account[0].mails().len(), 3);
        shop.close().await;
    }

    async fn a_chat_that_telegram_does_not_know_is_told_by_mail_like_a_blocked_one(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let ann = shop.customer("Ann", "en");
        confirms(&shop, &post, ann).await;
        let description = "Bad Request: chat not found".to_owned();
        pays_unheard(&shop, ann, FaultKind::Status { code: 400, description }).await;
        shop.quiet().await;
        assert!(post.mail(ANNS, 2).await.text.contains("https://shop.example.com/o/"));
        assert_eq!(tasks(&shop).await, []);
        shop.control.clear_faults();
        shop.control.say(ann, "/start");
        shop.reads(ann, "zeta-month-0001").await;
        shop.close().await;
    }

    async fn keys_that_telegram_refuses_are_told_by_mail_and_to_staff(db: TestDb) {
        let (shop, post) = shop(&db).await;
        let ann = shop.customer("Ann", "en");
        confirms(&shop, &post, ann).await;
        let description = "Bad Request: can't parse entities".to_owned();
        pays_unheard(&shop, ann, FaultKind::Status { code: 400, description }).await;
        shop.quiet().await;
        assert!(post.mail(ANNS, 2).await.text.contains("https://shop.example.com/o/"));
        assert_eq!(tasks(&shop).await, [task("outbox.dead", "delivery")]);
        shop.close().await;
    }

    async fn an_outage_of_telegram_is_told_by_mail_and_ends_no_delivery(db: TestDb) {
        let (shop, post) = slow_shop(&db).await;
        let ann = shop.customer("Ann", "en");
        confirms(&shop, &post, ann).await;
        let began = shop.clock.now();
        pays_unheard(&shop, ann, FaultKind::DropBefore).await;
        // A hiccup is no reason for a mail, minutes are.
        tries(&shop, async |_, attempts| attempts >= 8).await;
        assert_eq!(post.count(ANNS), 1, "the address alone");
        tries(&shop, async |state, _| state == "dead" || !all::<Claimed>(&shop, &MAIL).await.is_empty()).await;
        let minutes = (shop.clock.now() - began) / 60_000;
        assert!((3..10).contains(&minutes), "{minutes} minutes");
        let told = post.mail(ANNS, 2).await;
        assert!(told.text.contains("https://shop.example.com/o/"), "{}", told.text);
        assert!(!told.text.contains("zeta-month-"), "no key is in a mail: {}", told.text);
        // The clock stands while it is written down: a lease that ends would send it twice.
        while all::<(String,)>(&shop, &MAILED).await != [("sent".to_owned(),)] {
            tokio::task::yield_now().await;
        }
        // Hours later it is still tried, and staff know, once.
        tries(&shop, async |state, attempts| attempts >= 60 || state == "dead").await;
        assert_eq!(tasks(&shop).await, [task("outbox.late", "delivery")]);
        assert_eq!(post.count(ANNS), 2);
        shop.control.clear_faults();
        tries(&shop, async |state, _| state == "sent" || state == "dead").await;
        shop.reads(ann, "zeta-month-0001").await;
        assert_eq!(tasks(&shop).await, []);
        shop.close().await;
    }

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
        asks_again_and_is_gone(&shop, ann).await;
        assert_eq!(post.count(ANNS), 2, "the address, and the order once");
        assert_eq!(tasks(&shop).await, []);
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
