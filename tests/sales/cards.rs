//! Card money, which no call sends back: late, double, short and foreign as ever, and what staff decide about it.

use futures::future::join;
use kiosk::shop::customers::Customer;
use kiosk::shop::letters::Misfit;
use kiosk::shop::money::Currency;
use kiosk::shop::orders::State;
use kiosk::shop::payments::attempt::{self, Asked};
use kiosk::shop::payments::decide::{self, Decided};
use kiosk::shop::payments::refund;
use kiosk::shop::payments::settle::{Charge, Settled};
use kiosk::shop::payments::{Method, Offer};
use kiosk::store::{PublicId, StoreError};
use kiosk::{binds, sql};

use crate::on_both_engines;
use crate::sales::rig::{HOLD, SLUG, Shop};

sql! {
    ROUBLES = "cards.rig.roubles", "UPDATE products SET prices = '{\"RUB\":49900,\"XTR\":250}' WHERE slug = $1";
}

const CARD: Offer = Offer {
    method: Method::TelegramCard,
    currency: Currency::RUB,
};

async fn shop_with(db: &crate::support::db::TestDb, keys: i64) -> Shop {
    let shop = Shop::with_keys(db, keys).await;
    shop.store
        .write("cards.rig", |tx| {
            Box::pin(async move { tx.execute(&ROUBLES, binds![SLUG]).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("repriced");
    shop
}

async fn invoiced(shop: &Shop, customer: &Customer, key: &str) -> (PublicId, PublicId) {
    let order = shop.place(customer, key).await.expect("placed").order();
    let Asked::New(attempt) = shop.ask_by(customer, order, CARD).await else {
        panic!("an invoice");
    };
    (order, attempt)
}

fn charge(shop: &Shop, customer: &Customer, attempt: PublicId, id: &str) -> Charge {
    Charge {
        method: Method::TelegramCard,
        charge_id: id.to_owned(),
        provider_charge_id: Some(format!("bank-{id}")),
        payer: Some(customer.telegram_id),
        currency: "RUB".to_owned(),
        amount: 49_900,
        payload: shop.payload(attempt),
    }
}

async fn decided(
    shop: &Shop,
    decide: impl for<'t, 'c> Fn(
        &'t mut kiosk::store::Tx<'c>,
    ) -> futures::future::BoxFuture<'t, Result<Decided, StoreError>>
    + Send
    + Sync
    + 'static,
) -> Decided {
    shop.store.write("decide", decide).await.expect("decided")
}

on_both_engines! {
    async fn a_card_pays_in_the_shops_currency(db: TestDb) {
        let shop = shop_with(&db, 2).await;
        let ann = shop.customer(1).await;
        let (order, attempt) = invoiced(&shop, &ann, "a").await;
        let paid = charge(&shop, &ann, attempt, "c1");
        assert_eq!(shop.settle(&paid).await, Settled::Fulfilled(order));
        assert_eq!(shop.settle(&paid).await, Settled::Repeat);
        shop.expect_clean_books().await;
    }

    async fn both_ways_may_be_asked_for_and_the_second_money_goes_back_by_hand(db: TestDb) {
        let shop = shop_with(&db, 2).await;
        let ann = shop.customer(1).await;
        let (order, card) = invoiced(&shop, &ann, "a").await;
        let Asked::New(stars) = shop.ask(&ann, order).await else { panic!("an invoice in Stars too") };
        let in_stars = Shop::charge(&ann, &shop.payload(stars), "s1");
        assert_eq!(shop.settle(&in_stars).await, Settled::Fulfilled(order));
        let by_card = shop.settle(&charge(&shop, &ann, card, "c1")).await;
        assert_eq!(by_card, Settled::Returned(order, Misfit::Excess));
        assert_eq!(shop.letters("refund").await, 0, "there is no call for it");
        assert_eq!(shop.attention("refund.by_hand").await, 1);
        assert_eq!(shop.letters("returned").await, 1, "the customer knows");
        let by_hand = shop.refunds().await[0];
        for expected in [Decided::Done, Decided::Already] {
            let done = decided(&shop, move |tx| Box::pin(decide::sent_by_hand(tx, by_hand))).await;
            assert_eq!(done, expected);
        }
        assert_eq!(shop.attention("refund.by_hand").await, 0);
        assert_eq!(shop.state(&ann, order).await, State::Fulfilled, "its own money stays");
        shop.expect_clean_books().await;
    }

    async fn short_foreign_and_strangers_card_money_is_kept_for_staff(db: TestDb) {
        let shop = shop_with(&db, 2).await;
        let (ann, eve) = (shop.customer(1).await, shop.customer(2).await);
        let (order, attempt) = invoiced(&shop, &ann, "a").await;
        let money = |id: &str| charge(&shop, &ann, attempt, id);
        let short = Charge { amount: 49_899, ..money("short") };
        assert_eq!(shop.settle(&short).await, Settled::Returned(order, Misfit::Short));
        let foreign = Charge { currency: "USD".to_owned(), ..money("foreign") };
        assert_eq!(shop.settle(&foreign).await, Settled::Returned(order, Misfit::WrongCurrency));
        let stranger = Charge { payer: Some(eve.telegram_id), ..money("stranger") };
        assert_eq!(shop.settle(&stranger).await, Settled::Unmatched);
        let other_way = Charge { method: Method::Stars, ..money("other way") };
        assert_eq!(shop.settle(&other_way).await, Settled::Unmatched);
        assert_eq!(shop.attention("refund.by_hand").await, 2);
        assert_eq!(shop.attention("payment.unmatched").await, 2);
        assert_eq!(shop.settle(&money("right")).await, Settled::Fulfilled(order));
        shop.expect_clean_books().await;
    }

    async fn late_card_money_waits_for_keys_and_gets_them(db: TestDb) {
        let shop = shop_with(&db, 1).await;
        let (ann, bob) = (shop.customer(1).await, shop.customer(2).await);
        let (order, attempt) = invoiced(&shop, &ann, "a").await;
        shop.clock.advance(HOLD);
        shop.expire().await;
        let (his, other) = invoiced(&shop, &bob, "b").await;
        shop.settle(&charge(&shop, &bob, other, "b1")).await;
        assert_eq!(shop.settle(&charge(&shop, &ann, attempt, "a1")).await, Settled::Backorder(order));
        assert_eq!(shop.attention("order.backorder").await, 1);
        assert_eq!(shop.refunds().await, [], "card money is not sent back by itself");
        let waiting = shop.store.read("waiting", |tx| Box::pin(decide::waiting(tx, 10))).await.unwrap();
        assert_eq!(waiting, [order]);
        assert_eq!(decided(&shop, move |tx| Box::pin(decide::fulfil(tx, order))).await, Decided::SoldOut);
        shop.restock(SLUG, 1, 1).await;
        for expected in [Decided::Done, Decided::Already] {
            assert_eq!(decided(&shop, move |tx| Box::pin(decide::fulfil(tx, order))).await, expected);
        }
        assert_eq!(shop.state(&ann, order).await, State::Fulfilled);
        assert_eq!(shop.attention("order.backorder").await, 0);
        assert_eq!(shop.keys(&ann, order).await, ["zeta-month-0002"]);
        assert_eq!(shop.keys(&bob, his).await, ["zeta-month-0001"]);
        shop.expect_clean_books().await;
    }

    async fn a_backorder_gets_its_keys_or_its_money_never_both(db: TestDb) {
        let shop = shop_with(&db, 1).await;
        let bob = shop.customer(99).await;
        let mut late = Vec::new();
        for id in 1..=6 {
            let customer = shop.customer(id).await;
            let (order, attempt) = invoiced(&shop, &customer, "a").await;
            shop.clock.advance(HOLD);
            shop.expire().await;
            late.push((customer, order, attempt));
        }
        let (_, his) = invoiced(&shop, &bob, "b").await;
        shop.settle(&charge(&shop, &bob, his, "b1")).await;
        for (customer, order, attempt) in &late {
            let paid = charge(&shop, customer, *attempt, &format!("late-{}", customer.id));
            assert_eq!(shop.settle(&paid).await, Settled::Backorder(*order));
        }
        shop.restock(SLUG, 1, 6).await;
        for (at, (customer, order, _)) in late.into_iter().enumerate() {
            let keys = decided(&shop, move |tx| Box::pin(decide::fulfil(tx, order)));
            let money = decided(&shop, move |tx| Box::pin(decide::refund(tx, order)));
            let (keys, money) = if at % 2 == 0 {
                join(keys, money).await
            } else {
                let (money, keys) = join(money, keys).await;
                (keys, money)
            };
            // Money after keys is a refund of a delivered order: its key is revoked when the money has gone.
            assert_eq!(money, Decided::Done);
            assert!(matches!(keys, Decided::Done | Decided::Not(State::Backorder)), "{keys:?}");
            let before = shop.keys_in("revoked").await;
            let refund = *shop.refunds().await.last().unwrap();
            decided(&shop, move |tx| Box::pin(decide::sent_by_hand(tx, refund))).await;
            assert_eq!(shop.state(&customer, order).await, State::Closed);
            let revoked = shop.keys_in("revoked").await - before;
            assert_eq!(revoked, i64::from(keys == Decided::Done), "no key is good beside its money");
            let again = decided(&shop, move |tx| Box::pin(decide::fulfil(tx, order))).await;
            assert_eq!(again, Decided::Not(State::Closed));
        }
        shop.expect_clean_books().await;
    }

    async fn a_backorder_whose_money_is_on_its_way_back_gets_no_keys(db: TestDb) {
        let shop = shop_with(&db, 1).await;
        let (ann, bob) = (shop.customer(1).await, shop.customer(2).await);
        let (order, attempt) = invoiced(&shop, &ann, "a").await;
        shop.clock.advance(HOLD);
        shop.expire().await;
        let (_, his) = invoiced(&shop, &bob, "b").await;
        shop.settle(&charge(&shop, &bob, his, "b1")).await;
        shop.settle(&charge(&shop, &ann, attempt, "a1")).await;
        assert_eq!(decided(&shop, move |tx| Box::pin(decide::refund(tx, order))).await, Decided::Done);
        shop.restock(SLUG, 1, 1).await;
        let keys = decided(&shop, move |tx| Box::pin(decide::fulfil(tx, order))).await;
        assert_eq!(keys, Decided::Not(State::Backorder), "money or keys, never both");
        let waiting = shop.store.read("waiting", |tx| Box::pin(decide::waiting(tx, 10))).await.unwrap();
        assert_eq!(waiting, [], "nor by itself");
        assert_eq!(shop.keys_in("available").await, 1);
        shop.expect_clean_books().await;
    }

    async fn a_refused_refund_is_tried_again_once(db: TestDb) {
        let shop = shop_with(&db, 1).await;
        let ann = shop.customer(1).await;
        let (order, payload) = shop.invoiced(&ann, "a").await;
        shop.settle(&Shop::charge(&ann, &payload, "c1")).await;
        for round in 0..2 {
            let decide = if round == 0 {
                decided(&shop, move |tx| Box::pin(decide::refund(tx, order))).await
            } else {
                let failed = shop.refunds().await[0];
                decided(&shop, move |tx| Box::pin(decide::refund_again(tx, failed))).await
            };
            assert_eq!(decide, Decided::Done);
            assert_eq!(decided(&shop, move |tx| Box::pin(decide::refund(tx, order))).await, Decided::Already);
            if round > 0 {
                let failed = shop.refunds().await[0];
                let again = decided(&shop, move |tx| Box::pin(decide::refund_again(tx, failed))).await;
                assert_eq!(again, Decided::Already, "one at a time");
            }
            let refund = shop.refunds().await[round];
            shop.store
                .write("refused", move |tx| {
                    Box::pin(async move {
                        refund::begin(tx, refund).await?;
                        refund::failed(tx, refund, "not today").await
                    })
                })
                .await
                .map_err(|error: StoreError| error)
                .unwrap();
            assert_eq!(shop.attention("refund.failed").await, 1, "round {round}");
        }
        assert_eq!(shop.state(&ann, order).await, State::Fulfilled, "no money has gone back");
        shop.expect_clean_books().await;
    }

    async fn an_invoice_that_telegram_refuses_fails_its_attempt_and_another_way_pays(db: TestDb) {
        let shop = shop_with(&db, 1).await;
        let ann = shop.customer(1).await;
        let (order, card) = invoiced(&shop, &ann, "a").await;
        for _ in 0..2 {
            shop.store
                .write("refused", move |tx| Box::pin(attempt::refused(tx, card)))
                .await
                .map_err(|error: StoreError| error)
                .unwrap();
        }
        assert_eq!(shop.letters("invoice_refused").await, 1);
        assert!(shop.view(&ann, order).await.unwrap().attempt.is_none(), "the choice is open again");
        let Asked::New(stars) = shop.ask(&ann, order).await else { panic!("another way") };
        let paid = Shop::charge(&ann, &shop.payload(stars), "s1");
        assert_eq!(shop.settle(&paid).await, Settled::Fulfilled(order));
        shop.expect_clean_books().await;
    }
}
