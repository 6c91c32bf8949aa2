//! Paying and giving back.

use crate::support::{Bench, changed, stars_invoice};
use kiosk_emulator::{CustomerSpec, Options, PayOptions, PayOutcome};
use serde_json::{Value, json};

const TOO_OLD: &str =
    "Bad Request: query is too old and response timeout expired or query ID is invalid";

/// Taps Pay and takes the query that comes of it.
async fn asked(bench: &Bench, invoice: i64, options: PayOptions) -> (String, Value) {
    let id = bench
        .control
        .start_pay(bench.ann, invoice, options)
        .unwrap();
    let query = bench.update().await["pre_checkout_query"].clone();
    assert_eq!(query["id"], json!(id));
    (id, query)
}

async fn approve(bench: &Bench, id: &str) {
    let answer = json!({ "pre_checkout_query_id": id, "ok": true });
    bench.call("answerPreCheckoutQuery", answer).await;
}

/// Pays honestly; answers the charge id.
async fn paid(bench: &Bench, invoice: i64) -> String {
    let (id, _) = asked(bench, invoice, PayOptions::default()).await;
    approve(bench, &id).await;
    let outcome = bench.control.finish_pay(&id).await;
    outcome.charge_id().unwrap().to_owned()
}

#[tokio::test]
async fn an_approved_payment_is_charged_and_told() {
    let bench = Bench::start().await;
    let invoice = bench.invoice("one").await;
    let (id, query) = asked(&bench, invoice, PayOptions::default()).await;
    assert_eq!(query["total_amount"], 350);
    assert_eq!(query["currency"], "XTR");
    assert_eq!(query["invoice_payload"], "order-1");
    assert_eq!(query["from"]["id"], json!(bench.ann));
    let purse = bench.control.stars(bench.ann);
    let waiting = tokio::spawn({
        let (control, id) = (bench.control.clone(), id.clone());
        async move { control.finish_pay(&id).await }
    });
    approve(&bench, &id).await;
    let outcome = waiting.await.unwrap();
    let charge = outcome.charge_id().unwrap();
    let message = bench.update().await["message"].clone();
    let payment = &message["successful_payment"];
    assert_eq!(payment["telegram_payment_charge_id"], charge);
    assert!(payment["provider_payment_charge_id"].is_string());
    assert_eq!(payment["invoice_payload"], "order-1");
    let charges = bench.control.charges();
    assert_eq!(charges.len(), 1);
    assert_eq!(
        (charges[0].amount, charges[0].message_id),
        (350, Some(invoice))
    );
    assert_eq!(bench.control.stars(bench.ann), purse - 350);
    assert_eq!(
        bench.call("getMyStarBalance", json!({})).await["amount"],
        350
    );
}

#[tokio::test]
async fn a_refused_payment_tells_the_customer_why() {
    let bench = Bench::start().await;
    let invoice = bench.invoice("").await;
    let (id, _) = asked(&bench, invoice, PayOptions::default()).await;
    let mut answer = json!({ "pre_checkout_query_id": id, "ok": false });
    assert_eq!(
        bench
            .refused("answerPreCheckoutQuery", answer.clone())
            .await,
        "Bad Request: ERROR_TEXT_EMPTY"
    );
    answer["error_message"] = json!("Sold out");
    bench.call("answerPreCheckoutQuery", answer.clone()).await;
    let refused = PayOutcome::Refused {
        message: "Sold out".into(),
    };
    assert_eq!(bench.control.finish_pay(&id).await, refused);
    assert_eq!(
        bench.refused("answerPreCheckoutQuery", answer).await,
        TOO_OLD
    );
    assert!(bench.control.charges().is_empty());
}

#[tokio::test]
async fn ten_seconds_are_all_the_bot_has() {
    let bench = Bench::start().await;
    let invoice = bench.invoice("").await;
    let (id, _) = asked(&bench, invoice, PayOptions::default()).await;
    bench.control.advance(10_000);
    let late = json!({ "pre_checkout_query_id": id, "ok": true });
    assert_eq!(bench.refused("answerPreCheckoutQuery", late).await, TOO_OLD);
    assert_eq!(bench.control.finish_pay(&id).await, PayOutcome::TimedOut);
    assert!(bench.control.charges().is_empty());
}

#[tokio::test]
async fn advancing_the_clock_ends_a_payment_that_waits() {
    let bench = Bench::start().await;
    let invoice = bench.invoice("").await;
    let control = bench.control.clone();
    let ann = bench.ann;
    let waiting =
        tokio::spawn(async move { control.pay(ann, invoice, PayOptions::default()).await });
    bench
        .control
        .with_deadline(std::time::Duration::from_secs(5))
        .wait(std::time::Duration::from_secs(5), |view| {
            (view.pending() == 1).then_some(())
        })
        .await
        .unwrap();
    bench.control.advance(10_000);
    assert_eq!(waiting.await.unwrap(), PayOutcome::TimedOut);
    // The query itself outlives its usefulness.
    assert_eq!(bench.control.pending_updates(), 1);
    bench.control.advance(140_000);
    assert_eq!(bench.control.pending_updates(), 0);
}

#[tokio::test]
async fn an_invoice_with_a_start_parameter_is_paid_once_by_its_own_customer() {
    let bench = Bench::start().await;
    let bob = bench.control.customer(CustomerSpec::named("Bob"));
    let invoice = bench.invoice("one").await;
    let by_bob = PayOptions {
        payer: Some(bob),
        ..PayOptions::default()
    };
    assert!(matches!(
        bench.control.start_pay(bench.ann, invoice, by_bob),
        Err(PayOutcome::NotPayable { .. })
    ));
    paid(&bench, invoice).await;
    bench.updates().await;
    assert!(matches!(
        bench
            .control
            .pay(bench.ann, invoice, PayOptions::default())
            .await,
        PayOutcome::NotPayable { .. }
    ));
    let again = PayOptions {
        force: true,
        skip_precheckout: true,
        ..PayOptions::default()
    };
    let outcome = bench.control.pay(bench.ann, invoice, again).await;
    let charges = bench.control.charges();
    assert_eq!(charges.len(), 2);
    assert_eq!(outcome.charge_id(), Some(charges[1].charge_id.as_str()));
    assert_ne!(charges[0].charge_id, charges[1].charge_id);
}

#[tokio::test]
async fn an_invoice_without_one_is_paid_by_anybody_often() {
    let bench = Bench::start().await;
    let bob = bench.control.customer(CustomerSpec::named("Bob"));
    let invoice = bench.invoice("").await;
    paid(&bench, invoice).await;
    bench.updates().await;
    let options = PayOptions {
        payer: Some(bob),
        amount: Some(1),
        currency: Some("EUR".into()),
        ..PayOptions::default()
    };
    let (id, query) = asked(&bench, invoice, options).await;
    assert_eq!(query["from"]["id"], json!(bob));
    assert_eq!(
        (&query["total_amount"], &query["currency"]),
        (&json!(1), &json!("EUR"))
    );
    approve(&bench, &id).await;
    bench.control.finish_pay(&id).await;
    assert_eq!(bench.update().await["message"]["chat"]["id"], json!(bob));
    let charges = bench.control.charges();
    assert_eq!((charges[1].user_id, charges[1].payer), (bench.ann, bob));
}

#[tokio::test]
async fn news_of_a_charge_can_repeat_or_be_lost() {
    let bench = Bench::start().await;
    let invoice = bench.invoice("").await;
    let thrice = PayOptions {
        skip_precheckout: true,
        times: 3,
        ..PayOptions::default()
    };
    bench.control.pay(bench.ann, invoice, thrice).await;
    let updates = bench.updates().await;
    assert_eq!(updates.len(), 3);
    assert_eq!(updates[0]["message"], updates[2]["message"]);
    assert_ne!(updates[0]["update_id"], updates[2]["update_id"]);
    let lost = PayOptions {
        lose_notice: true,
        ..PayOptions::default()
    };
    let outcome = bench.control.charge_silently(bench.ann, invoice, lost);
    assert!(outcome.charge_id().is_some());
    assert_eq!(bench.control.pending_updates(), 0);
    assert_eq!(bench.control.charges().len(), 2);
}

#[tokio::test]
async fn a_link_is_paid_by_many() {
    let bench = Bench::start().await;
    let link = bench.call("createInvoiceLink", stars_invoice()).await;
    let link = link.as_str().unwrap();
    assert!(link.starts_with("https://t.me/$"));
    let at_once = || PayOptions {
        skip_precheckout: true,
        ..PayOptions::default()
    };
    for name in ["Bob", "Cid"] {
        let payer = bench.control.customer(CustomerSpec::named(name));
        let outcome = bench.control.pay_link(payer, link, at_once()).await;
        assert!(outcome.charge_id().is_some());
        assert_eq!(bench.update().await["message"]["from"]["first_name"], name);
    }
    assert!(
        bench
            .control
            .charges()
            .iter()
            .all(|charge| charge.message_id.is_none())
    );
}

#[tokio::test]
async fn a_charge_is_given_back_once() {
    let bench = Bench::start().await;
    let invoice = bench.invoice("").await;
    let charge = paid(&bench, invoice).await;
    bench.updates().await;
    let purse = bench.control.stars(bench.ann);
    let params = json!({ "user_id": bench.ann, "telegram_payment_charge_id": charge });
    for change in [
        json!({ "user_id": 1 }),
        json!({ "telegram_payment_charge_id": "x" }),
    ] {
        assert_eq!(
            bench
                .refused("refundStarPayment", changed(&params, change))
                .await,
            "Bad Request: CHARGE_ID_INVALID"
        );
    }
    assert_eq!(bench.call("refundStarPayment", params.clone()).await, true);
    let told = bench.update().await["message"]["refunded_payment"].clone();
    assert_eq!(told["telegram_payment_charge_id"], json!(charge));
    assert_eq!(told["total_amount"], 350);
    assert_eq!(
        bench.refused("refundStarPayment", params).await,
        "Bad Request: CHARGE_ALREADY_REFUNDED"
    );
    assert_eq!(bench.control.pending_updates(), 0);
    assert!(bench.control.charges()[0].refunded);
    assert_eq!(bench.control.stars(bench.ann), purse + 350);
    assert_eq!(bench.call("getMyStarBalance", json!({})).await["amount"], 0);
}

#[tokio::test]
async fn star_transactions_run_from_oldest_to_newest() {
    let bench = Bench::start().await;
    let invoice = bench.invoice("").await;
    let first = paid(&bench, invoice).await;
    bench.updates().await;
    bench.control.advance(1000);
    let second = paid(&bench, invoice).await;
    bench.control.advance(1000);
    let refund = json!({ "user_id": bench.ann, "telegram_payment_charge_id": first });
    bench.call("refundStarPayment", refund).await;
    let all = bench.call("getStarTransactions", json!({})).await["transactions"].clone();
    let ids: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [first.as_str(), &second, &first]);
    let (came, left) = (&all[0], &all[2]);
    assert_eq!(came["amount"], 350);
    assert_eq!(came["source"]["type"], "user");
    assert_eq!(came["source"]["transaction_type"], "invoice_payment");
    assert_eq!(came["source"]["user"]["id"], json!(bench.ann));
    assert_eq!(came["source"]["invoice_payload"], "order-1");
    assert!(came["receiver"].is_null() && left["source"].is_null());
    assert_eq!(left["receiver"]["user"]["id"], json!(bench.ann));
    let page = bench
        .call("getStarTransactions", json!({ "offset": 1, "limit": 1 }))
        .await;
    assert_eq!(page["transactions"], json!([all[1]]));
    assert_eq!(
        bench
            .refused("getStarTransactions", json!({ "limit": 101 }))
            .await,
        "Bad Request: LIMIT_INVALID"
    );
}

#[tokio::test]
async fn an_empty_purse_pays_nothing() {
    let bench = Bench::start().await;
    let invoice = bench.invoice("").await;
    bench.control.set_stars(bench.ann, 349);
    let outcome = bench
        .control
        .pay(bench.ann, invoice, PayOptions::default())
        .await;
    assert!(matches!(outcome, PayOutcome::NotPayable { .. }));
    assert_eq!(bench.control.pending_updates(), 0);
}

#[tokio::test]
async fn the_world_log_has_it_all() {
    let path = std::env::temp_dir().join(format!("kiosk-emulator-{}.jsonl", std::process::id()));
    let options = Options {
        log: Some(path.clone()),
        ..Options::default()
    };
    let bench = Bench::with(options).await;
    let invoice = bench.invoice("").await;
    let charge = paid(&bench, invoice).await;
    let refund = json!({ "user_id": bench.ann, "telegram_payment_charge_id": charge });
    bench.call("refundStarPayment", refund).await;
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let events: Vec<_> = lines
        .iter()
        .map(|line| line["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        events,
        ["confirmed", "message", "confirmed", "charge", "refund"]
    );
    assert_eq!(lines[3]["charge"]["charge_id"], json!(charge));
}
