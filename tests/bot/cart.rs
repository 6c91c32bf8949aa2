//! The cart by clicks: quantities, limits, changed prices, sold out in the middle, cards, and taps that nobody should make.

use kiosk::app::Settings;
use kiosk::shop::money::Currency;
use kiosk::shop::orders::place::Rules;
use kiosk::shop::payments::{Method, Offer};
use kiosk::store::StoreError;
use kiosk::{binds, sql};
use kiosk_emulator::{Fault, FaultKind, PayOptions, PayOutcome};

use crate::on_both_engines;
use crate::support::shop::{LiveShop, SLUG};

sql! {
    REPRICE = "bot_cart.reprice", "UPDATE products SET prices = $1";
    ARCHIVE = "bot_cart.archive", "UPDATE products SET state = 'archived'";
}

async fn reprice(shop: &LiveShop, prices: &'static str) {
    shop.store
        .write("test.reprice", move |tx| {
            Box::pin(async move { tx.execute(&REPRICE, binds![prices]).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("repriced");
}

/// Puts so many pieces into the cart and opens it.
async fn fill(shop: &LiveShop, user: i64, pieces: usize) {
    shop.control.say(user, &format!("/start p_{SLUG}"));
    shop.reads(user, "Zeta, one month").await;
    shop.press(user, "➕ Add to cart");
    labelled(shop, user, "🛒 × 1").await;
    for more in 2..=pieces {
        shop.press(user, "➕");
        labelled(shop, user, &format!("🛒 × {more}")).await;
    }
    shop.press(user, "🛒 ×");
    shop.reads(user, &format!("one month × {pieces} ·")).await;
}

async fn labelled(shop: &LiveShop, user: i64, label: &str) {
    shop.control
        .wait_for_message(user, |message| {
            message
                .keyboard
                .iter()
                .flatten()
                .any(|button| button.text.contains(label))
        })
        .await
        .unwrap_or_else(|_| {
            panic!(
                "no button {label:?}: {:#?}",
                shop.control.last_message(user)
            )
        });
}

fn with_cards(settings: &mut Settings) {
    let front = &mut settings.shopfront;
    front
        .rules
        .offers
        .push(Offer::new(Method::TelegramCard, Currency::RUB));
    front.provider_token = Some("123456:TEST:provider".into());
}

const BOTH: &str = r#"{"RUB":49900,"XTR":250}"#;

on_both_engines! {
    async fn a_cart_is_filled_ordered_and_paid(db: TestDb) {
        let shop = LiveShop::open(&db, 5).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/cart");
        shop.reads(ann, "It is empty").await;
        fill(&shop, ann, 3).await;
        shop.press(ann, "➖");
        shop.reads(ann, "× 2").await;
        shop.press(ann, "✅ Checkout");
        shop.reads(ann, "How would you like to pay?").await;
        shop.press(ann, "⭐ Pay with Stars");
        let invoice = shop.control.wait_for_message(ann, |it| it.invoice.is_some()).await.unwrap();
        let paid = shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        assert!(matches!(paid, PayOutcome::Paid { .. }), "{paid:?}");
        let keys = shop.reads(ann, "zeta-month-0001").await;
        assert!(keys.text.contains("zeta-month-0002"), "both in one message: {}", keys.text);
        shop.control.say(ann, "/cart");
        shop.reads(ann, "It is empty").await;
        shop.close().await;
    }

    async fn emptying_a_cart_is_asked_first(db: TestDb) {
        let shop = LiveShop::open(&db, 5).await;
        let ann = shop.customer("Ann", "en");
        fill(&shop, ann, 1).await;
        shop.press(ann, "🗑 Empty cart");
        shop.reads(ann, "Take everything out").await;
        shop.press(ann, "⬅ Back");
        shop.reads(ann, "× 1").await;
        shop.press(ann, "🗑 Empty cart");
        shop.reads(ann, "Take everything out").await;
        shop.press(ann, "🗑 Yes, empty it");
        shop.reads(ann, "It is empty").await;
        shop.close().await;
    }

    async fn a_price_that_changed_meanwhile_is_agreed_to(db: TestDb) {
        let shop = LiveShop::open(&db, 5).await;
        let ann = shop.customer("Ann", "en");
        fill(&shop, ann, 2).await;
        reprice(&shop, r#"{"XTR":300}"#).await;
        shop.press(ann, "✅ Checkout");
        let asked = shop.reads(ann, "Prices have changed").await;
        assert!(asked.text.contains("250\u{a0}⭐ 300\u{a0}⭐"), "{}", asked.text);
        shop.press(ann, "✅ Go on with the new prices");
        shop.reads(ann, "600\u{a0}⭐").await;
        shop.reads(ann, "How would you like to pay?").await;
        shop.close().await;
    }

    async fn sold_out_in_the_middle_offers_what_is_left(db: TestDb) {
        let shop = LiveShop::open(&db, 3).await;
        let (ann, bob) = (shop.customer("Ann", "en"), shop.customer("Bob", "en"));
        fill(&shop, ann, 3).await;
        fill(&shop, bob, 2).await;
        shop.press(bob, "✅ Checkout");
        shop.reads(bob, "How would you like to pay?").await;
        shop.press(ann, "✅ Checkout");
        shop.reads(ann, "Somebody was faster").await;
        shop.press(ann, "Take what is left");
        shop.reads(ann, "× 1").await;
        shop.press(ann, "✅ Checkout");
        shop.reads(ann, "How would you like to pay?").await;
        shop.close().await;
    }

    async fn the_same_tap_fifty_times_at_once_is_one_order(db: TestDb) {
        let shop = LiveShop::open(&db, 5).await;
        let ann = shop.customer("Ann", "en");
        fill(&shop, ann, 2).await;
        let taps: Vec<String> = (0..50).map(|_| shop.press(ann, "✅ Checkout")).collect();
        for tap in &taps {
            shop.control.wait_for_callback_answer(tap).await.expect("every tap is answered");
        }
        shop.quiet().await;
        shop.control.say(ann, "/orders");
        let orders = shop.reads(ann, "Your orders").await;
        assert_eq!(orders.keyboard.len(), 2, "one order and the way home: {:?}", orders.keyboard);
        shop.close().await;
    }

    async fn taps_that_no_button_carries_do_no_harm(db: TestDb) {
        let shop = LiveShop::open(&db, 5).await;
        let (ann, eve) = (shop.customer("Ann", "en"), shop.customer("Eve", "en"));
        fill(&shop, ann, 2).await;
        let cart = shop.control.last_message(ann).unwrap();
        let checkout = cart.keyboard.iter().flatten().find(|it| it.text.contains("Checkout")).unwrap();
        let checkout = checkout.callback_data.clone().unwrap();
        shop.control.say(eve, "/start");
        let menu = shop.reads(eve, "Zeta shop").await;
        // Her cart is hers: the same code in another chat is another cart, which is empty.
        shop.control.press_forged(eve, menu.message_id, &checkout);
        shop.reads(eve, "It is empty").await;
        for forged in ["av100000.zeta-month", "av65535.zeta-month", "aw-1", "aw9223372036854775807", "av1.no-such", "au01.zeta-month"] {
            let tap = shop.control.press_forged(eve, menu.message_id, forged);
            shop.control.wait_for_callback_answer(&tap).await.expect(forged);
        }
        shop.quiet().await;
        shop.control.say(eve, "/cart");
        let hers = shop.reads(eve, "Your cart").await;
        assert!(hers.text.contains("× 5"), "a wish for 65,535 is what there is: {}", hers.text);
        shop.close().await;
    }

    async fn a_removed_product_in_a_cart_is_told_and_taken_out(db: TestDb) {
        let shop = LiveShop::open(&db, 5).await;
        let ann = shop.customer("Ann", "en");
        fill(&shop, ann, 2).await;
        shop.store
            .write("test.archive", |tx| Box::pin(async move { tx.execute(&ARCHIVE, binds![]).await }))
            .await
            .map_err(|error: StoreError| error)
            .unwrap();
        shop.press(ann, "✅ Checkout");
        let told = shop.reads(ann, "Somebody was faster").await;
        assert!(told.text.contains("sold out"), "{}", told.text);
        shop.press(ann, "Take what is left");
        shop.reads(ann, "It is empty").await;
        shop.close().await;
    }

    async fn open_orders_are_limited_and_the_refusal_leads_to_them(db: TestDb) {
        let shop = LiveShop::open_with(&db, 5, |settings| {
            let rules = &mut settings.shopfront.rules;
            *rules = Rules { most_open: 1, ..rules.clone() };
        }).await;
        let ann = shop.customer("Ann", "en");
        let first = shop.invoice(ann).await;
        shop.control.say(ann, &format!("/start p_{SLUG}"));
        shop.control.wait_for_message(ann, |it| it.message_id > first.message_id && it.button("Buy").is_some()).await.unwrap();
        shop.press(ann, "⚡ Buy now");
        shop.reads(ann, "You have an order waiting for payment").await;
        shop.press(ann, "📦 Orders");
        shop.reads(ann, "Your orders").await;
        shop.press(ann, "Waiting for payment");
        shop.reads(ann, "The invoice is in this chat").await;
        shop.press(ann, "✖ Cancel order");
        shop.reads(ann, "is cancelled").await;
        shop.press(ann, "🔁 Order again");
        shop.reads(ann, "Your cart").await;
        shop.press(ann, "✅ Checkout");
        shop.reads(ann, "How would you like to pay?").await;
        shop.close().await;
    }

    async fn a_card_pays_beside_stars(db: TestDb) {
        let shop = LiveShop::open_with(&db, 3, with_cards).await;
        reprice(&shop, BOTH).await;
        let ann = shop.customer("Ann", "en");
        fill(&shop, ann, 2).await;
        shop.press(ann, "✅ Checkout");
        shop.reads(ann, "How would you like to pay?").await;
        shop.press(ann, "💳 Pay by card");
        let invoice = shop.control.wait_for_message(ann, |it| it.invoice.is_some()).await.unwrap();
        let paid = shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        assert!(matches!(paid, PayOutcome::Paid { .. }), "{paid:?}");
        shop.reads(ann, "zeta-month-0001").await;
        shop.quiet().await;
        assert_eq!(shop.control.calls_of("refundStarPayment").len(), 0);
        shop.close().await;
    }

    async fn an_invoice_that_telegram_refuses_leaves_the_other_way(db: TestDb) {
        let shop = LiveShop::open_with(&db, 3, with_cards).await;
        reprice(&shop, BOTH).await;
        let ann = shop.customer("Ann", "en");
        fill(&shop, ann, 1).await;
        shop.press(ann, "✅ Checkout");
        shop.reads(ann, "How would you like to pay?").await;
        let refused = FaultKind::Status { code: 400, description: "Bad Request: CURRENCY_TOTAL_AMOUNT_INVALID".to_owned() };
        shop.control.fault(Fault::once("sendInvoice", refused));
        shop.press(ann, "💳 Pay by card");
        shop.reads(ann, "Telegram refused the invoice").await;
        shop.press(ann, "📦 The order");
        shop.reads(ann, "How would you like to pay?").await;
        shop.press(ann, "⭐ Pay with Stars");
        let invoice = shop.control.wait_for_message(ann, |it| it.invoice.is_some()).await.unwrap();
        shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        shop.reads(ann, "zeta-month-0001").await;
        shop.close().await;
    }
}
