//! Bad input: each gets a clear answer, nothing is lost, nothing panics.

use kiosk_emulator::PayOptions;
use serde_json::{Value, json};

use crate::on_both_engines;
use crate::support::shop::LiveShop;

on_both_engines! {
    async fn any_name_is_shown_as_text_and_in_bounds(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let long = "Я".repeat(4_096);
        for name in ["<b>Ann</b> & Co", "\u{202e}nnA\u{2066}", "🔑🔑", " ", long.as_str()] {
            let user = shop.customer(name, "en");
            shop.control.say(user, "/profile");
            let shown = shop.reads(user, "Your profile").await;
            assert!(!shown.text.contains(['\u{202e}', '\u{2066}']), "{}", shown.text);
            assert!(shown.text.chars().count() < 300, "{} characters", shown.text.chars().count());
            if name.starts_with('<') {
                assert!(shown.text.contains("<b>Ann</b> & Co"), "as they wrote it: {}", shown.text);
            }
            let invoice = shop.invoice(user).await;
            shop.press(user, "✖ Cancel order");
            shop.reads(user, "is cancelled").await;
            drop(invoice);
        }
        shop.close().await;
    }

    async fn unknown_commands_and_stickers_are_answered(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/frobnicate");
        shop.reads(ann, "no such command").await;
        shop.control.send_sticker(ann);
        shop.reads(ann, "I only understand").await;
        shop.control.say(ann, "hello");
        shop.control.say(ann, "/start p_no-such-thing");
        shop.reads(ann, "in the catalogue").await;
        shop.control.say(ann, "/cancel");
        shop.reads(ann, "Zeta shop").await;
        shop.close().await;
    }

    async fn stale_and_forged_buttons_get_a_toast_and_a_fresh_screen(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/start");
        let menu = shop.reads(ann, "Zeta shop").await;
        for (data, words) in [("zm", "older version"), ("am💣", "doesn't work"), ("", "doesn't work"), ("apno-such", "no longer sold")] {
            let query = shop.control.press_forged(ann, menu.message_id, data);
            let answer = shop.control.wait_for_callback_answer(&query).await.unwrap();
            let toast = answer.text;
            assert!(toast.contains(words), "{data:?}: {toast:?}");
        }
        shop.close().await;
    }

    async fn a_strangers_order_can_not_be_seen_paid_or_cancelled(db: TestDb) {
        let shop = LiveShop::open(&db, 2).await;
        let (ann, eve) = (shop.customer("Ann", "en"), shop.customer("Eve", "en"));
        let invoice = shop.invoice(ann).await;
        let payment = shop.reads(ann, "The invoice is in this chat").await;
        shop.control.say(eve, "/start");
        let menu = shop.reads(eve, "Zeta shop").await;
        let codes: Vec<String> = payment.keyboard.iter().flatten().filter_map(|button| button.callback_data.clone()).collect();
        assert!(codes.len() >= 2, "{codes:?}");
        for code in codes {
            let query = shop.control.press_forged(eve, menu.message_id, &code);
            let answer = shop.control.wait_for_callback_answer(&query).await.unwrap();
            assert!(answer.text.contains("no such order"), "{code}");
        }
        shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        shop.reads(ann, "zeta-month-0001").await;
        assert!(shop.control.messages(eve).iter().all(|message| !message.text.contains("zeta-month-")));
        shop.close().await;
    }

    async fn a_pre_checkout_that_does_not_fit_is_refused_in_words(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let (ann, eve) = (shop.customer("Ann", "en"), shop.customer("Eve", "en"));
        let invoice = shop.invoice(ann).await;
        for (options, words) in [
            (PayOptions { amount: Some(1), ..PayOptions::default() }, "amount has changed"),
            (PayOptions { currency: Some("RUB".to_owned()), ..PayOptions::default() }, "amount has changed"),
            (PayOptions { payer: Some(eve), force: true, ..PayOptions::default() }, "another customer"),
        ] {
            let outcome = shop.control.pay(ann, invoice.message_id, options.clone()).await;
            let kiosk_emulator::PayOutcome::Refused { message, .. } = &outcome else { panic!("{outcome:?}") };
            assert!(message.contains(words), "{options:?}: {message}");
        }
        shop.press(ann, "✖ Cancel order");
        shop.reads(ann, "is cancelled").await;
        shop.close().await;
    }

    async fn a_payment_in_an_update_that_nobody_else_can_read_is_credited(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let ann = shop.customer("Ann", "en");
        let invoice = shop.invoice(ann).await;
        let payload = invoice.invoice.as_ref().unwrap().payload.clone();
        let update = json!({ "message": {
            "message_id": 900_000, "date": "not a date", "chat": { "id": ann, "type": "private" },
            "from": { "id": ann, "first_name": "Ann", "is_bot": "perhaps" },
            "entities": [{ "type": "hologram", "offset": -1 }],
            "successful_payment": {
                "currency": "XTR", "total_amount": 250, "invoice_payload": payload,
                "telegram_payment_charge_id": "unreadable-1", "provider_payment_charge_id": "",
            },
        }});
        let Value::Object(update) = update else { unreachable!() };
        shop.control.push_update_raw(update);
        shop.reads(ann, "zeta-month-0001").await;
        shop.close().await;
    }

    async fn an_update_that_nobody_can_read_is_a_task_and_the_chat_goes_on(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/start");
        shop.reads(ann, "Zeta shop").await;
        for update in [
            json!({ "message": { "chat": { "id": ann, "type": "private" }, "from": { "id": ann, "first_name": "Ann" }, "message_id": "many" } }),
            json!({ "message": "gibberish" }),
            json!({ "callback_query": { "id": 7 } }),
            json!({ "pre_checkout_query": [] }),
            json!({ "quantum_leap": { "from": "here" } }),
        ] {
            let Value::Object(update) = update else { unreachable!() };
            shop.control.push_update_raw(update);
        }
        shop.reads(ann, "Something went wrong on our side").await;
        shop.control.say(ann, "/help");
        shop.reads(ann, "How it works").await;
        shop.close().await;
    }

    async fn a_customer_who_blocked_the_bot_gets_the_key_when_they_are_back(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let ann = shop.customer("Ann", "en");
        let invoice = shop.invoice(ann).await;
        let query = shop.control.start_pay(ann, invoice.message_id, PayOptions::default());
        let query = query.expect("a query");
        shop.control.block(ann);
        shop.control.finish_pay(&query).await;
        shop.quiet().await;
        shop.control.unblock(ann);
        shop.control.say(ann, "/start");
        shop.reads(ann, "zeta-month-0001").await;
        shop.close().await;
    }
}
