//! What staff decide about money, from the command line beside an open shop: each decision is one, however often it is asked for.

use kiosk::shop::money::Currency;
use kiosk::shop::payments::{Method, Offer};
use kiosk::store::{PublicId, StoreError};
use kiosk::{binds, sql};
use kiosk_emulator::{Fault, FaultKind, PayOptions};
use serde_json::Value;

use super::with;
use crate::on_both_engines;
use crate::support::child::run;
use crate::support::db::TestDb;
use crate::support::shop::LiveShop;

sql! {
    NEWEST = "cli_money.newest", "SELECT public_id FROM orders ORDER BY id DESC LIMIT 1";
    BOTH = "cli_money.both", "UPDATE products SET prices = '{\"RUB\":49900,\"XTR\":250}'";
}

async fn newest(shop: &LiveShop) -> String {
    let read = shop.store.read("test.newest", |tx| {
        Box::pin(async move { tx.one::<(PublicId,)>(&NEWEST, binds![]).await })
    });
    let order = read
        .await
        .map_err(|error: StoreError| error)
        .expect("an order");
    order.0.to_string()
}

/// A shop that takes cards too, and a customer who has paid for a key with one.
async fn paid_by_card(db: &TestDb) -> (LiveShop, i64, i64) {
    let shop = LiveShop::open_with(db, 1, |settings| {
        let front = &mut settings.shopfront;
        front
            .rules
            .offers
            .push(Offer::new(Method::TelegramCard, Currency::RUB));
        front.provider_token = Some("123456:TEST:provider".into());
    })
    .await;
    let repriced = shop.store.write("test.both", |tx| {
        Box::pin(async move { tx.execute(&BOTH, binds![]).await })
    });
    repriced
        .await
        .map_err(|error: StoreError| error)
        .expect("repriced");
    let ann = shop.customer("Ann", "en");
    shop.control.say(ann, "/start p_zeta-month");
    shop.reads(ann, "Zeta, one month").await;
    shop.press(ann, "⚡ Buy now");
    shop.reads(ann, "How would you like to pay?").await;
    shop.press(ann, "💳 Pay by card");
    let invoice = shop
        .control
        .wait_for_message(ann, |it| it.invoice.is_some())
        .await
        .unwrap();
    (shop, ann, invoice.message_id)
}

async fn task(db: &TestDb) -> (String, String) {
    let done = run(with(db, &["attention", "list", "--json"]), "").await;
    let tasks: Value = serde_json::from_str(&done.out).expect("JSON");
    (
        tasks[0]["kind"].as_str().unwrap_or_default().to_owned(),
        tasks[0]["id"].to_string(),
    )
}

on_both_engines! {
    async fn card_money_goes_back_by_hand_and_the_order_closes(db: TestDb) {
        let (shop, ann, invoice) = paid_by_card(&db).await;
        shop.control.pay(ann, invoice, PayOptions::default()).await;
        shop.reads(ann, "zeta-month-0001").await;
        let order = newest(&shop).await;
        let done = run(with(&db, &["order", "refund", "--", &order]), "").await;
        assert_eq!(done.status, 0, "{}", done.err);
        let again = run(with(&db, &["order", "refund", "--", &order]), "").await;
        assert!(again.out.contains("already"), "{}{}", again.out, again.err);
        let (kind, id) = task(&db).await;
        assert_eq!(kind, "refund.by_hand");
        let shown = run(with(&db, &["attention", "show", &id]), "").await;
        assert!(shown.out.contains("cabinet of your payment provider, charge "), "{}", shown.out);
        let done = run(with(&db, &["attention", "resolve", &id, "--note", "bank transfer 77"]), "").await;
        assert_eq!(done.status, 0, "{}", done.err);
        shop.reads(ann, "has been returned to you").await;
        let shown = run(with(&db, &["attention", "show", &id]), "").await;
        assert!(shown.out.contains("by cli") && shown.out.contains("bank transfer 77"), "{}", shown.out);
        let told = run(with(&db, &["order", "show", "--", &order]), "").await;
        assert!(told.out.contains("state     closed") && told.out.contains("revoked"), "{}", told.out);
        let done = run(with(&db, &["order", "refund", "--", &order]), "").await;
        assert_eq!((done.status, done.err.contains("the order is closed")), (1, true), "{}", done.err);
        shop.close().await;
    }

    async fn a_paid_order_without_keys_is_helped_before_its_task_is_done(db: TestDb) {
        let (shop, ann, invoice) = paid_by_card(&db).await;
        shop.clock.advance(std::time::Duration::from_mins(16));
        shop.reads(ann, "not paid in time").await;
        let bob = shop.customer("Bob", "en");
        let his = shop.invoice(bob).await;
        shop.control.pay(bob, his.message_id, PayOptions::default()).await;
        shop.reads(bob, "zeta-month-0001").await;
        shop.control.charge_silently(ann, invoice, PayOptions::default());
        shop.reads(ann, "sold out by then").await;
        let (kind, id) = task(&db).await;
        assert_eq!(kind, "order.backorder");
        let done = run(with(&db, &["attention", "resolve", &id]), "").await;
        assert_eq!((done.status, done.err.contains("import keys")), (1, true), "{}{}", done.out, done.err);
        // The newest order is Bob's: hers is found by the task.
        let told = run(with(&db, &["attention", "list", "--json"]), "").await;
        let tasks: Value = serde_json::from_str(&told.out).unwrap();
        let hers = tasks[0]["subject"].as_str().unwrap().to_owned();
        let done = run(with(&db, &["order", "fulfil", "--", &hers]), "").await;
        assert_eq!((done.status, done.err.contains("not enough keys")), (1, true), "{}", done.err);
        let done = run(with(&db, &["import", "keys", "zeta-month", "-"]), "zeta-month-late\n").await;
        assert_eq!(done.status, 0, "{}", done.err);
        // The shop may have handed them out by itself meanwhile.
        let done = run(with(&db, &["order", "fulfil", "--", &hers]), "").await;
        assert_eq!(done.status, 0, "{}", done.err);
        shop.reads(ann, "zeta-month-late").await;
        let done = run(with(&db, &["attention", "list"]), "").await;
        assert_eq!(done.out.trim(), "no task is open");
        shop.close().await;
    }

    async fn a_refused_refund_is_tried_again(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let ann = shop.customer("Ann", "en");
        let invoice = shop.invoice(ann).await;
        shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        shop.reads(ann, "zeta-month-0001").await;
        let refused = FaultKind::Status { code: 400, description: "Bad Request: BALANCE_TOO_LOW".to_owned() };
        shop.control.fault(Fault::once("refundStarPayment", refused));
        let order = newest(&shop).await;
        run(with(&db, &["order", "refund", "--", &order]), "").await;
        let id = loop {
            let (kind, id) = task(&db).await;
            if kind == "refund.failed" {
                break id;
            }
        };
        let done = run(with(&db, &["attention", "retry", &id]), "").await;
        assert_eq!(done.status, 0, "{}{}", done.out, done.err);
        shop.reads(ann, "has been returned to you").await;
        shop.quiet().await;
        let refunded = shop.control.charges().iter().filter(|charge| charge.refunded).count();
        assert_eq!(refunded, 1, "once");
        let done = run(with(&db, &["attention", "retry", &id]), "").await;
        assert_eq!(done.status, 1, "{}", done.out);
        let done = run(with(&db, &["order", "new-link", "--", &order]), "").await;
        assert_eq!(done.status, 0, "{}", done.err);
        shop.close().await;
    }
}
