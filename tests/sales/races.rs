//! Rivals: two or many of them at once, and each pair forced to meet inside its transactions.

use futures::FutureExt;

use kiosk::shop::letters::Misfit;
use kiosk::shop::orders::State;
use kiosk::shop::orders::approve::Approval;
use kiosk::shop::orders::place::{self, PlaceError, Request};
use kiosk::shop::payments::settle::Settled;
use kiosk::store::StoreError;
use kiosk::{binds, sql};
use tokio::task::JoinHandle;

use crate::on_both_engines;
use crate::sales::rig::{HOLD, SLUG, Shop};
use crate::support::rivals::{meet, waiting};

const BUYERS: i64 = 24;
const ROUNDS: i64 = 30;

sql! {
    SHORTEN = "races.shorten", "UPDATE orders SET expires_at = $1 WHERE state = 'open'";
    ORDER = "races.order", "SELECT MAX(id) FROM orders";
}

async fn last_order(shop: &Shop) -> i64 {
    shop.store
        .read("races.order", |tx| Box::pin(tx.one::<(i64,)>(&ORDER, &[])))
        .await
        .map_err(|error: StoreError| error)
        .expect("an order")
        .0
}

/// A buyer whose transaction takes the key and then fails.
async fn take_and_fail(shop: Shop, customer: i64) -> Result<(), PlaceError> {
    let request = Request {
        customer,
        wanted: vec![Shop::wanted(SLUG, 1)],
        checkout_key: "fails".to_owned(),
        rules: Shop::rules(),
    };
    shop.store
        .write("orders.place_and_fail", move |tx| {
            let request = request.clone();
            Box::pin(async move {
                place::place(tx, &request).await?;
                Err(PlaceError::NoOffer)
            })
        })
        .await
}

on_both_engines! {
    async fn one_last_key_has_one_winner(db: TestDb) {
        let shop = Shop::with_keys(&db, 0).await;
        let mut buyers = Vec::new();
        for id in 1..=BUYERS {
            buyers.push(shop.customer(id).await);
        }
        for round in 0..ROUNDS {
            shop.restock(SLUG, round, 1).await;
            let rivals = buyers.iter().map(|buyer| {
                let (shop, buyer) = (shop.clone(), buyer.clone());
                tokio::spawn(async move { shop.place(&buyer, &format!("round:{round}")).await })
            });
            let rivals: Vec<_> = rivals.collect();
            let mut winners = 0;
            for rival in rivals {
                match rival.await.unwrap() {
                    Ok(_) => winners += 1,
                    Err(PlaceError::SoldOut) => {}
                    Err(error) => panic!("round {round}: {error}"),
                }
            }
            assert_eq!(winners, 1, "round {round}");
            assert_eq!(shop.keys_in("reserved").await, round + 1);
        }
        shop.expect_clean_books().await;
    }

    async fn a_winner_that_rolls_back_leaves_the_key_to_one_other(db: TestDb) {
        let shop = Shop::with_keys(&db, 0).await;
        let loser = shop.customer(1_000).await;
        let mut buyers = Vec::new();
        for id in 1..=BUYERS {
            buyers.push(shop.customer(id).await);
        }
        for round in 0..ROUNDS {
            shop.restock(SLUG, round, 1).await;
            let held = shop.store.is_shared().then(|| {
                (shop.store.points().hold("orders.placed"), shop.store.points().hold("keys.claim.second_look"))
            });
            let failing = tokio::spawn(take_and_fail(shop.clone(), loser.id));
            if let Some((placed, _)) = &held {
                placed.reached().await;
            }
            let rivals: Vec<_> = buyers.iter().map(|buyer| {
                let (shop, buyer) = (shop.clone(), buyer.clone());
                tokio::spawn(async move { shop.place(&buyer, &format!("round:{round}")).await })
            }).collect();
            if let Some((placed, second_look)) = held {
                // One has seen no free key and is about to look again; let it wait for the holder.
                second_look.reached().await;
                drop(second_look);
                while waiting(&shop.watch).await == 0 && !rivals.iter().all(JoinHandle::is_finished) {
                    tokio::task::yield_now().await;
                }
                drop(placed);
            }
            assert!(failing.await.unwrap().is_err());
            let mut winners = 0;
            for rival in rivals {
                match rival.await.unwrap() {
                    Ok(_) => winners += 1,
                    Err(PlaceError::SoldOut) => {}
                    Err(error) => panic!("round {round}: {error}"),
                }
            }
            assert_eq!(winners, 1, "round {round}");
        }
        shop.expect_clean_books().await;
    }

    async fn a_buyer_does_not_wait_for_another_while_keys_are_left(db: TestDb) {
        let shop = Shop::with_keys(&db, 2).await;
        let (ann, bob) = (shop.customer(1).await, shop.customer(2).await);
        if shop.store.is_shared() {
            let held = shop.store.points().hold("orders.placed");
            let first = tokio::spawn({
                let (shop, ann) = (shop.clone(), ann.clone());
                async move { shop.place(&ann, "a").await }
            });
            held.reached().await;
            let second = tokio::spawn({
                let (shop, bob) = (shop.clone(), bob.clone());
                async move { shop.place(&bob, "b").await }
            });
            // The second reaches the same point while the first still has its key.
            loop {
                tokio::select! {
                    biased;
                    () = held.reached() => break,
                    count = waiting(&shop.watch) => assert_eq!(count, 0, "a buyer waits for another"),
                }
            }
            drop(held);
            first.await.unwrap().unwrap();
            second.await.unwrap().unwrap();
        } else {
            shop.place(&ann, "a").await.unwrap();
            shop.place(&bob, "b").await.unwrap();
        }
        assert_eq!(shop.keys_in("reserved").await, 2);
        shop.expect_clean_books().await;
    }

    async fn one_notice_fifty_times_at_once_gives_one_set_of_keys(db: TestDb) {
        let shop = Shop::with_keys(&db, 3).await;
        let ann = shop.customer(1).await;
        let (order, payload) = shop.invoiced(&ann, "a").await;
        let charge = Shop::charge(&ann, &payload, "c1");
        let all: Vec<_> = (0..50).map(|_| {
            let (shop, charge) = (shop.clone(), charge.clone());
            tokio::spawn(async move { shop.settle(&charge).await })
        }).collect();
        let mut fulfilled = 0;
        for one in all {
            match one.await.unwrap() {
                Settled::Fulfilled(_) => fulfilled += 1,
                other => assert_eq!(other, Settled::Repeat),
            }
        }
        assert_eq!(fulfilled, 1);
        assert_eq!((shop.payments().await, shop.keys_in("sold").await), (1, 1));
        assert_eq!(shop.keys(&ann, order).await.len(), 1);
        assert_eq!(shop.refunds().await, []);
        // Money for nobody has no order to lock: only the charge id keeps it single.
        let stray = Shop::charge(&ann, "", "c2");
        let all: Vec<_> = (0..50).map(|_| {
            let (shop, stray) = (shop.clone(), stray.clone());
            tokio::spawn(async move { shop.settle(&stray).await })
        }).collect();
        for one in all {
            one.await.unwrap();
        }
        assert_eq!(shop.payments().await, 2);
        shop.expect_clean_books().await;
    }

    async fn expire_meets_pay(db: TestDb) {
        let shop = Shop::with_keys(&db, 4).await;
        let ann = shop.customer(1).await;
        for (point, expire_first) in [("orders.expired", true), ("payments.settle", false), ("payments.claimed", false)] {
            let (order, payload) = shop.invoiced(&ann, point).await;
            let row = last_order(&shop).await;
            shop.clock.advance(HOLD);
            let expire = { let shop = shop.clone(); async move { shop.expire_one(row).await } };
            let pay = { let (shop, charge) = (shop.clone(), Shop::charge(&ann, &payload, point)); async move { shop.settle(&charge).await } };
            let settled = if expire_first {
                meet((&shop.store, &shop.watch), point, expire.boxed(), pay.boxed()).await.1
            } else {
                meet((&shop.store, &shop.watch), point, pay.boxed(), expire.boxed()).await.0
            };
            assert_eq!(settled, Settled::Fulfilled(order), "money wins over the clock");
            assert_eq!(shop.state(&ann, order).await, State::Fulfilled);
        }
        assert_eq!((shop.keys_in("sold").await, shop.keys_in("available").await), (3, 1));
        shop.expect_clean_books().await;
    }

    async fn cancel_meets_pay(db: TestDb) {
        let shop = Shop::with_keys(&db, 4).await;
        let ann = shop.customer(1).await;
        for (point, cancel_first) in [("orders.cancelled", true), ("payments.settle", false), ("payments.claimed", false)] {
            let (order, payload) = shop.invoiced(&ann, point).await;
            let cancel = { let (shop, ann) = (shop.clone(), ann.clone()); async move { shop.cancel(&ann, order).await } };
            let pay = { let (shop, charge) = (shop.clone(), Shop::charge(&ann, &payload, point)); async move { shop.settle(&charge).await } };
            let settled = if cancel_first {
                meet((&shop.store, &shop.watch), point, cancel.boxed(), pay.boxed()).await.1
            } else {
                meet((&shop.store, &shop.watch), point, pay.boxed(), cancel.boxed()).await.0
            };
            assert_eq!(settled, Settled::Fulfilled(order));
        }
        assert_eq!((shop.keys_in("sold").await, shop.keys_in("available").await), (3, 1));
        shop.expect_clean_books().await;
    }

    async fn pay_meets_pay(db: TestDb) {
        let shop = Shop::with_keys(&db, 4).await;
        let ann = shop.customer(1).await;
        for point in ["payments.settle", "payments.claimed"] {
            let (order, payload) = shop.invoiced(&ann, point).await;
            let pay = |charge: &str| {
                let (shop, charge) = (shop.clone(), Shop::charge(&ann, &payload, charge));
                async move { shop.settle(&charge).await }
            };
            let (one, other) = meet((&shop.store, &shop.watch), point, pay(&format!("{point}:1")).boxed(), pay(&format!("{point}:2")).boxed()).await;
            assert_eq!(one, Settled::Fulfilled(order));
            assert_eq!(other, Settled::Returned(order, Misfit::Excess));
        }
        assert_eq!((shop.payments_with("applied").await, shop.payments_with("excess").await), (2, 2));
        assert_eq!(shop.keys_in("sold").await, 2);
        let refunds = shop.refunds().await;
        assert_eq!(refunds.len(), 2);
        for refund in refunds {
            shop.store.write("refunds.done", move |tx| {
                Box::pin(kiosk::shop::payments::refund::succeeded(tx, refund))
            }).await.unwrap();
        }
        shop.expect_clean_books().await;
    }

    async fn approve_meets_expire(db: TestDb) {
        let shop = Shop::with_keys(&db, 4).await;
        let ann = shop.customer(1).await;
        for (point, approve_first) in [("orders.approve", true), ("orders.expired", false)] {
            let (order, payload) = shop.invoiced(&ann, point).await;
            let row = last_order(&shop).await;
            shop.clock.advance(HOLD.saturating_sub(std::time::Duration::from_secs(1)));
            let approve = { let (shop, ann, payload) = (shop.clone(), ann.clone(), payload.clone()); async move { shop.approve(&ann, &payload, point).await } };
            let expire = { let shop = shop.clone(); async move {
                shop.clock.advance(std::time::Duration::from_secs(1));
                shop.expire_one(row).await
            } };
            let (approval, expired) = if approve_first {
                meet((&shop.store, &shop.watch), point, approve.boxed(), expire.boxed()).await
            } else {
                let (expired, approval) = meet((&shop.store, &shop.watch), point, expire.boxed(), approve.boxed()).await;
                (approval, expired)
            };
            assert_ne!(approval == Approval::Approved, expired, "one of the two");
            let state = shop.state(&ann, order).await;
            assert_eq!(state, if expired { State::Expired } else { State::Open });
            if !expired {
                assert_eq!(shop.settle(&Shop::charge(&ann, &payload, point)).await, Settled::Fulfilled(order));
            }
        }
        shop.expect_clean_books().await;
    }

    async fn an_approved_order_neither_expires_nor_is_cancelled_however_short_its_hold(db: TestDb) {
        let shop = Shop::with_keys(&db, 1).await;
        let ann = shop.customer(1).await;
        let (order, payload) = shop.invoiced(&ann, "a").await;
        assert_eq!(shop.approve(&ann, &payload, "q").await, Approval::Approved);
        let now = shop.clock.now();
        shop.store.write("races.shorten", move |tx| Box::pin(async move {
            tx.execute(&SHORTEN, binds![now]).await
        })).await.map_err(|error: StoreError| error).unwrap();
        assert!(!shop.expire_one(last_order(&shop).await).await);
        assert_eq!(shop.expire().await, 0);
        assert_eq!(shop.cancel(&ann, order).await, kiosk::shop::orders::release::Cancelled::BeingPaid);
        assert_eq!(shop.settle(&Shop::charge(&ann, &payload, "c")).await, Settled::Fulfilled(order));
        shop.expect_clean_books().await;
    }
}
