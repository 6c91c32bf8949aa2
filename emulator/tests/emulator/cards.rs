//! Invoices that a card pays: currencies and their limits, the card that is declined, what the payer is asked for.

use crate::support::{Bench, changed, id_of, post};
use kiosk_emulator::{Card, PayOptions, PayOutcome};
use serde_json::{Value, json};

fn card_invoice() -> Value {
    json!({
        "title": "A key",
        "description": "One licence key",
        "payload": "order-1",
        "provider_token": "381764678:TEST:1122",
        "currency": "RUB",
        "prices": [{ "label": "A key", "amount": 45_000 }, { "label": "VAT", "amount": 4_900 }],
        "start_parameter": "o1",
        "need_email": true,
    })
}

async fn sent(bench: &Bench) -> i64 {
    let invoice = changed(&card_invoice(), json!({ "chat_id": bench.ann }));
    id_of(&bench.call("sendInvoice", invoice).await)
}

/// Pays and lets the bot approve.
async fn paid(bench: &Bench, invoice: i64, options: PayOptions) -> PayOutcome {
    let id = bench
        .control
        .start_pay(bench.ann, invoice, options)
        .unwrap();
    let query = bench.update().await["pre_checkout_query"].clone();
    assert_eq!(query["id"], json!(id));
    assert_eq!(
        (&query["currency"], &query["total_amount"]),
        (&json!("RUB"), &json!(49_900))
    );
    let yes = json!({ "pre_checkout_query_id": id, "ok": true });
    bench.call("answerPreCheckoutQuery", yes).await;
    bench.control.finish_pay(&id).await
}

#[tokio::test]
async fn a_card_pays_and_both_charge_ids_are_told() {
    let bench = Bench::start().await;
    let invoice = sent(&bench).await;
    let purse = bench.control.stars(bench.ann);
    let options = PayOptions {
        order_info: Some(json!({ "email": "ann@example.org" })),
        ..PayOptions::default()
    };
    let outcome = paid(&bench, invoice, options).await;
    let payment = bench.update().await["message"]["successful_payment"].clone();
    assert_eq!(
        outcome.charge_id(),
        payment["telegram_payment_charge_id"].as_str()
    );
    assert!(
        !payment["provider_payment_charge_id"]
            .as_str()
            .unwrap()
            .is_empty()
    );
    assert_ne!(
        payment["provider_payment_charge_id"],
        payment["telegram_payment_charge_id"]
    );
    assert_eq!(payment["order_info"]["email"], "ann@example.org");
    // A card's money is no Star: neither the purse nor the bot's balance moves, and Telegram does not give it back.
    assert_eq!(bench.control.stars(bench.ann), purse);
    assert_eq!(bench.call("getMyStarBalance", json!({})).await["amount"], 0);
    let back = json!({ "user_id": bench.ann, "telegram_payment_charge_id": outcome.charge_id() });
    let refusal = bench.refused("refundStarPayment", back).await;
    assert!(refusal.contains("CHARGE_ID_INVALID"), "{refusal}");
}

#[tokio::test]
async fn a_declined_card_takes_nothing_and_keeps_the_invoice() {
    let bench = Bench::start().await;
    let invoice = sent(&bench).await;
    let declined = PayOptions {
        card: Card::Declined,
        ..PayOptions::default()
    };
    assert_eq!(paid(&bench, invoice, declined).await, PayOutcome::Declined);
    assert!(bench.control.charges().is_empty());
    assert!(bench.updates().await.is_empty());
    let messages = bench.control.messages(bench.ann);
    assert!(!messages.last().unwrap().invoice.as_ref().unwrap().paid);
    let again = paid(&bench, invoice, PayOptions::default()).await;
    assert!(again.charge_id().is_some(), "{again:?}");
}

#[tokio::test]
async fn the_page_can_decline() {
    let bench = std::sync::Arc::new(Bench::start().await);
    let invoice = sent(&bench).await;
    let paying = tokio::spawn({
        let bench = bench.clone();
        let body = json!({ "user": bench.ann, "message_id": invoice, "card": "declined", "order_info": { "email": "a@b.c" } });
        async move { post(&bench, "/chat/api/pay", body).await.1 }
    });
    let query =
        bench.call("getUpdates", json!({ "timeout": 10 })).await[0]["pre_checkout_query"].clone();
    assert_eq!(query["order_info"]["email"], "a@b.c");
    let yes = json!({ "pre_checkout_query_id": query["id"], "ok": true });
    bench.call("answerPreCheckoutQuery", yes).await;
    assert_eq!(paying.await.unwrap(), json!({ "outcome": "declined" }));
}

#[tokio::test]
async fn stars_are_never_declined() {
    let bench = Bench::start().await;
    let invoice = bench.invoice("o1").await;
    let options = PayOptions {
        card: Card::Declined,
        skip_precheckout: true,
        ..PayOptions::default()
    };
    let outcome = bench.control.pay(bench.ann, invoice, options).await;
    assert!(outcome.charge_id().is_some(), "{outcome:?}");
}

#[tokio::test]
async fn amounts_outside_a_currencys_limits_are_refused() {
    let bench = Bench::start().await;
    let refused = async |change: Value| {
        let invoice = changed(&card_invoice(), json!({ "chat_id": bench.ann }));
        bench
            .refused("sendInvoice", changed(&invoice, change))
            .await
    };
    let prices = |amount: i64| json!([{ "label": "A key", "amount": amount }]);
    for (currency, amount) in [
        ("RUB", 6_290),
        ("RUB", 62_914_980),
        ("USD", 99),
        ("USD", 1_000_001),
        ("EUR", 0),
    ] {
        let change = json!({ "currency": currency, "prices": prices(amount) });
        assert_eq!(
            refused(change).await,
            "Bad Request: CURRENCY_TOTAL_AMOUNT_INVALID",
            "{amount} {currency}"
        );
    }
    for currency in ["XXX", "BTC", "rub", "KWD"] {
        assert_eq!(
            refused(json!({ "currency": currency })).await,
            "Bad Request: CURRENCY_INVALID"
        );
    }
    for token in ["", "381764678", "381764678:TEST:", "a:LIVE:b"] {
        assert_eq!(
            refused(json!({ "provider_token": token })).await,
            "Bad Request: PAYMENT_PROVIDER_INVALID"
        );
    }
    for (currency, amount) in [
        ("RUB", 6_291),
        ("USD", 1_000_000),
        ("JPY", 500),
        ("KZT", 250_000),
    ] {
        let good = json!({ "chat_id": bench.ann, "currency": currency, "prices": prices(amount) });
        bench
            .call("sendInvoice", changed(&card_invoice(), good))
            .await;
    }
}
