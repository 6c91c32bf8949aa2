//! A purchase from the first word to the key, in both languages, and the ways out of it.

use kiosk_emulator::{PayOptions, PayOutcome, View};

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
        shop.press(ann, "Delivered");
        shop.reads(ann, "Order").await;
        shop.control.say(ann, "/keys");
        shop.reads(ann, "Your keys").await;
        shop.close().await;
    }

    async fn a_russian_buys_in_russian(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let olga = shop.customer("Ольга", "ru");
        shop.control.say(olga, "/start p_zeta-month");
        shop.reads(olga, "Zeta, месяц").await;
        shop.press(olga, "⚡");
        shop.reads(olga, "Как").await;
        shop.press(olga, "⭐");
        let invoice = shop.control.wait_for_message(olga, |message| message.invoice.is_some()).await.unwrap();
        shop.control.pay(olga, invoice.message_id, PayOptions::default()).await;
        let delivery = shop.reads(olga, "zeta-month-0001").await;
        assert!(delivery.text.contains("готов"), "{}", delivery.text);
        shop.close().await;
    }

    async fn keys_are_shown_again_to_their_owner(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let ann = shop.customer("Ann", "en");
        let invoice = shop.invoice(ann).await;
        shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        shop.reads(ann, "zeta-month-0001").await;
        shop.control.say(ann, "/keys");
        shop.reads(ann, "Your keys").await;
        shop.press(ann, "Zeta");
        shop.control
            .wait(std::time::Duration::from_secs(10), |view: &View<'_>| {
                let shown = view.messages(ann).filter(|message| message.text.contains("zeta-month-0001"));
                (shown.count() == 2).then_some(())
            })
            .await
            .unwrap();
        shop.close().await;
    }

    async fn a_cancelled_order_gives_its_key_back_and_its_invoice_is_refused(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let (ann, bob) = (shop.customer("Ann", "en"), shop.customer("Bob", "en"));
        let invoice = shop.invoice(ann).await;
        shop.control.say(bob, "/start p_zeta-month");
        shop.reads(bob, "Sold out").await;
        shop.press(ann, "✖ Cancel order");
        shop.reads(ann, "is cancelled").await;
        let refused = shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        let PayOutcome::Refused { message, .. } = refused else { panic!("{refused:?}") };
        assert!(message.contains("cancelled"), "{message}");
        let invoice = shop.invoice(bob).await;
        shop.control.pay(bob, invoice.message_id, PayOptions::default()).await;
        shop.reads(bob, "zeta-month-0001").await;
        shop.close().await;
    }

    async fn a_new_invoice_takes_the_place_of_the_old_one_and_both_pay_the_order(db: TestDb) {
        let shop = LiveShop::open(&db, 2).await;
        let ann = shop.customer("Ann", "en");
        let first = shop.invoice(ann).await;
        shop.press(ann, "🔁 Send the invoice again");
        let second = shop.control.wait_for_message(ann, |message| {
            message.invoice.is_some() && message.message_id != first.message_id
        }).await.unwrap();
        shop.control.pay(ann, first.message_id, PayOptions::default()).await;
        shop.reads(ann, "zeta-month-0001").await;
        let again = shop.control.pay(ann, second.message_id, PayOptions::default()).await;
        assert!(matches!(again, PayOutcome::Refused { .. }), "{again:?}");
        shop.close().await;
    }

    async fn a_payment_whose_approval_telegram_skipped_goes_back(db: TestDb) {
        let shop = LiveShop::open(&db, 2).await;
        let ann = shop.customer("Ann", "en");
        let invoice = shop.invoice(ann).await;
        shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        shop.reads(ann, "zeta-month-0001").await;
        shop.control.charge_silently(ann, invoice.message_id, PayOptions { force: true, ..PayOptions::default() });
        shop.reads(ann, "goes back to you").await;
        shop.quiet().await;
        assert_eq!(shop.control.calls_of("refundStarPayment").len(), 1);
        let refunded = shop.control.charges().iter().filter(|charge| charge.refunded).count();
        assert_eq!(refunded, 1);
        shop.close().await;
    }

    async fn a_hold_that_runs_out_is_told_and_the_key_is_for_sale_again(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let (ann, bob) = (shop.customer("Ann", "en"), shop.customer("Bob", "en"));
        let invoice = shop.invoice(ann).await;
        // The screen beside the invoice is drawn before the hold runs out, or it would tell of that itself.
        shop.quiet().await;
        shop.clock.advance(std::time::Duration::from_mins(15));
        shop.reads(ann, "was not paid in time").await;
        let refused = shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        let PayOutcome::Refused { message, .. } = refused else { panic!("{refused:?}") };
        assert!(message.contains("not paid in time"), "{message}");
        let his = shop.invoice(bob).await;
        shop.control.pay(bob, his.message_id, PayOptions::default()).await;
        shop.reads(bob, "zeta-month-0001").await;
        // Money that comes all the same, too late and with no key left, goes back.
        shop.control.charge_silently(ann, invoice.message_id, PayOptions::default());
        shop.reads(ann, "sold out by then").await;
        shop.reads(ann, "has been returned to you").await;
        shop.close().await;
    }
}
