//! One product, one payment, one key; and what a customer may not do.

use kiosk::shop::customers::Customer;
use kiosk::shop::money::Currency;
use kiosk::shop::orders::State;
use kiosk::shop::orders::approve::{Approval, Query, Reason};
use kiosk::shop::orders::place::{PlaceError, Placed};
use kiosk::shop::orders::release::Cancelled;
use kiosk::shop::payments::attempt::Asked;
use kiosk::shop::payments::settle::Settled;
use kiosk::shop::payments::{Method, Offer};

use crate::on_both_engines;
use crate::sales::rig::{PRICE, Shop};

on_both_engines! {
    async fn a_purchase_ends_with_its_key(db: TestDb) {
        let shop = Shop::with_keys(&db, 2).await;
        let ann = shop.customer(1).await;
        let (order, payload) = shop.invoiced(&ann, "buy:1").await;
        assert_eq!(shop.keys_in("reserved").await, 1);
        assert_eq!(shop.keys(&ann, order).await, Vec::<String>::new(), "not paid yet");
        assert_eq!(shop.approve(&ann, &payload, "q1").await, Approval::Approved);
        let settled = shop.settle(&Shop::charge(&ann, &payload, "c1")).await;
        assert_eq!(settled, Settled::Fulfilled(order));
        assert_eq!(shop.state(&ann, order).await, State::Fulfilled);
        assert_eq!(shop.keys(&ann, order).await, ["zeta-month-0001"]);
        assert_eq!(shop.letters("delivery").await, 1);
        let eve = shop.customer(2).await;
        assert!(shop.view(&eve, order).await.is_none(), "a stranger finds nothing");
        assert_eq!(shop.keys(&eve, order).await, Vec::<String>::new());
        shop.expect_clean_books().await;
    }

    async fn a_double_tap_places_one_order(db: TestDb) {
        let shop = Shop::with_keys(&db, 5).await;
        let ann = shop.customer(1).await;
        let first = shop.place(&ann, "buy:1").await.unwrap();
        assert_eq!(shop.place(&ann, "buy:1").await.unwrap(), Placed::Again(first.order()));
        assert_eq!(shop.keys_in("reserved").await, 1);
        assert_eq!(shop.cancel(&ann, first.order()).await, Cancelled::Done);
        assert!(matches!(shop.place(&ann, "buy:1").await.unwrap(), Placed::New(_)), "a new one after the end");
        shop.expect_clean_books().await;
    }

    async fn an_order_of_several_pieces_is_filled_or_not_placed(db: TestDb) {
        let shop = Shop::with_keys(&db, 3).await;
        let ann = shop.customer(1).await;
        assert!(matches!(shop.place_many(&ann, "a", 4).await, Err(PlaceError::SoldOut)));
        assert_eq!(shop.keys_in("available").await, 3, "nothing is left of a refused order");
        let order = shop.place_many(&ann, "b", 3).await.unwrap().order();
        let Asked::New(attempt) = shop.ask(&ann, order).await else { panic!("an invoice") };
        let mut charge = Shop::charge(&ann, &shop.payload(attempt), "c1");
        charge.amount = 3 * PRICE;
        shop.settle(&charge).await;
        assert_eq!(shop.keys(&ann, order).await.len(), 3);
        for quantity in [0, -1, 1_001, i64::MAX] {
            let refused = shop.place_many(&ann, "c", quantity).await;
            assert!(matches!(refused, Err(PlaceError::NotForSale(_))), "{quantity}");
        }
        shop.expect_clean_books().await;
    }

    async fn a_second_tap_on_a_method_sends_nothing_and_send_again_replaces(db: TestDb) {
        let shop = Shop::with_keys(&db, 1).await;
        let ann = shop.customer(1).await;
        let order = shop.place(&ann, "a").await.unwrap().order();
        let Asked::New(first) = shop.ask(&ann, order).await else { panic!("an invoice") };
        assert_eq!(shop.ask(&ann, order).await, Asked::Already(first));
        let Asked::New(second) = shop.ask_again(&ann, order, first).await else { panic!("a new one") };
        assert_eq!(shop.ask_again(&ann, order, first).await, Asked::Already(second), "the same tap again");
        assert_eq!(shop.letters("invoice").await, 2);
        let eve = shop.customer(2).await;
        assert_eq!(shop.ask(&eve, order).await, Asked::Unknown);
        // The first invoice is still in the chat, and stays payable.
        let payload = shop.payload(first);
        assert_eq!(shop.approve(&ann, &payload, "q").await, Approval::Approved);
        assert_eq!(shop.settle(&Shop::charge(&ann, &payload, "c1")).await, Settled::Fulfilled(order));
        assert_eq!(shop.ask(&ann, order).await, Asked::Not(State::Fulfilled));
        shop.expect_clean_books().await;
    }

    async fn a_pre_checkout_with_another_amount_currency_or_payer_is_refused(db: TestDb) {
        let shop = Shop::with_keys(&db, 2).await;
        let (ann, eve) = (shop.customer(1).await, shop.customer(2).await);
        let (order, payload) = shop.invoiced(&ann, "a").await;
        let query = |payer: &Customer, amount, currency: &str, payload: &str| Query {
            id: "q".to_owned(),
            payer: payer.telegram_id,
            currency: currency.to_owned(),
            amount,
            payload: payload.to_owned(),
        };
        let mut forged = payload.clone().into_bytes();
        forged[30] ^= 1;
        let forged = String::from_utf8(forged).unwrap();
        for (query, reason) in [
            (query(&eve, PRICE, "XTR", &payload), Reason::NotYours),
            (query(&ann, PRICE - 1, "XTR", &payload), Reason::Changed),
            (query(&ann, PRICE + 1, "XTR", &payload), Reason::Changed),
            (query(&ann, PRICE, "RUB", &payload), Reason::Changed),
            (query(&ann, PRICE, "XTR", &forged), Reason::Unknown),
            (query(&ann, PRICE, "XTR", ""), Reason::Unknown),
            (query(&ann, PRICE, "XTR", "\0🙂"), Reason::Unknown),
        ] {
            assert_eq!(shop.approve_as(query.clone()).await, Approval::Refused(reason), "{query:?}");
        }
        assert_eq!(shop.cancel(&ann, order).await, Cancelled::Done, "no refused query keeps the order");
        assert_eq!(shop.approve(&ann, &payload, "q").await, Approval::Refused(Reason::Cancelled));
        shop.expect_clean_books().await;
    }

    async fn an_approval_keeps_the_order_and_ends(db: TestDb) {
        let shop = Shop::with_keys(&db, 1).await;
        let ann = shop.customer(1).await;
        let (order, payload) = shop.invoiced(&ann, "a").await;
        shop.clock.advance(std::time::Duration::from_secs(14 * 60 + 59));
        assert_eq!(shop.approve(&ann, &payload, "q1").await, Approval::Approved);
        assert_eq!(shop.approve(&ann, &payload, "q1").await, Approval::Approved, "the same query again");
        assert_eq!(shop.approve(&ann, &payload, "q2").await, Approval::Refused(Reason::BeingPaid));
        shop.clock.advance(std::time::Duration::from_secs(59));
        assert_eq!(shop.expire().await, 0);
        assert_eq!(shop.cancel(&ann, order).await, Cancelled::BeingPaid);
        assert_eq!(shop.approve(&ann, &payload, "q2").await, Approval::Approved, "the first is given up");
        shop.undo("q2").await;
        assert_eq!(shop.expire().await, 0, "the longer hold stays");
        assert_eq!(shop.cancel(&ann, order).await, Cancelled::Done);
        assert_eq!(shop.keys_in("available").await, 1);
        shop.expect_clean_books().await;
    }

    async fn a_hold_runs_out_and_its_key_is_for_sale_again(db: TestDb) {
        let shop = Shop::with_keys(&db, 1).await;
        let (ann, bob) = (shop.customer(1).await, shop.customer(2).await);
        let (order, payload) = shop.invoiced(&ann, "a").await;
        assert!(matches!(shop.place(&bob, "a").await, Err(PlaceError::SoldOut)));
        assert_eq!(shop.expire().await, 0);
        shop.clock.advance(crate::sales::rig::HOLD);
        assert_eq!(shop.approve(&ann, &payload, "q").await, Approval::Refused(Reason::Expired));
        assert_eq!(shop.ask(&ann, order).await, Asked::Not(State::Expired), "past its hold, not swept yet");
        assert_eq!(shop.expire().await, 1);
        assert_eq!(shop.expire().await, 0);
        assert_eq!(shop.letters("expired").await, 1);
        assert!(matches!(shop.place(&bob, "a").await, Ok(Placed::New(_))));
        assert_eq!(shop.cancel(&ann, order).await, Cancelled::Not(State::Expired));
        shop.expect_clean_books().await;
    }

    async fn prices_are_snapshots_and_a_free_order_is_fulfilled_at_once(db: TestDb) {
        let shop = Shop::with_keys(&db, 2).await;
        let ann = shop.customer(1).await;
        let (order, payload) = shop.invoiced(&ann, "a").await;
        shop.reprice(0).await;
        assert_eq!(shop.approve(&ann, &payload, "q").await, Approval::Approved, "the old price holds");
        assert_eq!(shop.settle(&Shop::charge(&ann, &payload, "c")).await, Settled::Fulfilled(order));
        let more = shop.place(&ann, "b").await;
        assert!(matches!(more, Err(PlaceError::Limit(_))), "what is free is one for each: {more:?}");
        let bob = shop.customer(2).await;
        let free = shop.place(&bob, "b").await.unwrap().order();
        assert_eq!(shop.state(&bob, free).await, State::Fulfilled);
        assert_eq!(shop.keys(&bob, free).await, ["zeta-month-0002"]);
        assert_eq!(shop.letters("delivery").await, 2);
        shop.expect_clean_books().await;
    }

    async fn a_product_without_a_usable_price_can_not_be_paid(db: TestDb) {
        let shop = Shop::with_keys(&db, 1).await;
        let ann = shop.customer(1).await;
        let order = shop.place(&ann, "a").await.unwrap().order();
        let card = Offer::new(Method::TelegramCard, Currency::RUB);
        assert_eq!(shop.ask_by(&ann, order, card).await, Asked::NotOffered, "it has no price in roubles");
        shop.cancel(&ann, order).await;
        shop.reprice(5_000_000).await;
        assert!(matches!(shop.place(&ann, "b").await, Err(PlaceError::NoOffer)), "no payment may be so large");
        shop.expect_clean_books().await;
    }
}
