//! A purchase from the first word to the key, and what customers do to it.

use kiosk_emulator::{PayOptions, PayOutcome};

use crate::on_both_engines;
use crate::support::shop::LiveShop;

on_both_engines! {
    async fn a_newcomer_buys_a_key(db: TestDb) {
        let shop = LiveShop::open(&db, 2).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/start");
        shop.reads(ann, "Zeta shop").await;
        shop.press(ann, "🛍 Catalogue");
        shop.reads(ann, "Catalogue").await;
        let invoice = shop.invoice(ann).await;
        let paid = shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        assert!(matches!(paid, PayOutcome::Paid { .. }), "{paid:?}");
        shop.reads(ann, "zeta-month-0001").await;
        shop.control.say(ann, "/orders");
        shop.reads(ann, "Your orders").await;
        shop.control.say(ann, "/keys");
        shop.reads(ann, "Your keys").await;
        shop.close().await;
    }
}
