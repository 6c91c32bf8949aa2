//! Money that comes late, twice, short, foreign or to nobody; and money that goes back.

use kiosk::shop::letters::Misfit;
use kiosk::shop::orders::State;
use kiosk::shop::orders::release::Cancelled;
use kiosk::shop::payments::Method;
use kiosk::shop::payments::refund::{self, Arrived};
use kiosk::shop::payments::settle::{Charge, Settled};
use kiosk::store::{PublicId, StoreError};

use crate::on_both_engines;
use crate::sales::rig::{HOLD, PRICE, Shop};

async fn refunded(shop: &Shop, refund: PublicId) {
    shop.store
        .write("refunds.done", move |tx| {
            Box::pin(async move {
                assert!(refund::begin(tx, refund).await?.is_some(), "a call to make");
                refund::succeeded(tx, refund).await?;
                refund::succeeded(tx, refund).await
            })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("refunded");
}

async fn came_back(shop: &Shop, charge: &'static str) -> Arrived {
    shop.store
        .write("refunds.arrived", move |tx| {
            Box::pin(refund::arrived(tx, Method::Stars, charge))
        })
        .await
        .expect("heard")
}

on_both_engines! {
    async fn late_money_gets_its_keys_if_there_are_any(db: TestDb) {
        let shop = Shop::with_keys(&db, 1).await;
        let (ann, bob) = (shop.customer(1).await, shop.customer(2).await);
        let (late, payload) = shop.invoiced(&ann, "a").await;
        shop.clock.advance(HOLD);
        assert_eq!(shop.expire().await, 1);
        assert_eq!(shop.settle(&Shop::charge(&ann, &payload, "c1")).await, Settled::Fulfilled(late));
        assert_eq!(shop.keys(&ann, late).await, ["zeta-month-0001"]);
        shop.restock("zeta-month", 1, 1).await;
        let (cancelled, payload) = shop.invoiced(&bob, "b").await;
        assert_eq!(shop.cancel(&bob, cancelled).await, Cancelled::Done);
        assert_eq!(shop.settle(&Shop::charge(&bob, &payload, "c2")).await, Settled::Fulfilled(cancelled));
        shop.expect_clean_books().await;
    }

    async fn late_money_without_keys_goes_back(db: TestDb) {
        let shop = Shop::with_keys(&db, 1).await;
        let (ann, bob) = (shop.customer(1).await, shop.customer(2).await);
        let (late, payload) = shop.invoiced(&ann, "a").await;
        shop.clock.advance(HOLD);
        shop.expire().await;
        let (taken, his) = shop.invoiced(&bob, "b").await;
        assert_eq!(shop.settle(&Shop::charge(&bob, &his, "c1")).await, Settled::Fulfilled(taken));
        assert_eq!(shop.settle(&Shop::charge(&ann, &payload, "c2")).await, Settled::Backorder(late));
        assert_eq!(shop.state(&ann, late).await, State::Backorder);
        assert_eq!(shop.attention("order.backorder").await, 1);
        assert_eq!((shop.letters("backorder").await, shop.letters("refund").await), (1, 1));
        let refunds = shop.refunds().await;
        refunded(&shop, refunds[0]).await;
        assert_eq!(shop.state(&ann, late).await, State::Closed);
        assert_eq!(shop.attention("order.backorder").await, 0);
        assert_eq!(shop.letters("refunded").await, 1);
        assert_eq!(came_back(&shop, "c2").await, Arrived::Known, "Telegram tells of our own refund too");
        assert_eq!(shop.refunds().await.len(), 1);
        shop.expect_clean_books().await;
    }

    async fn a_backorder_of_several_pieces_puts_back_what_it_claimed(db: TestDb) {
        let shop = Shop::with_keys(&db, 3).await;
        let (ann, bob) = (shop.customer(1).await, shop.customer(2).await);
        let order = shop.place_many(&ann, "a", 3).await.unwrap().order();
        let kiosk::shop::payments::attempt::Asked::New(attempt) = shop.ask(&ann, order).await else { panic!() };
        shop.clock.advance(HOLD);
        shop.expire().await;
        shop.place(&bob, "b").await.unwrap();
        let mut charge = Shop::charge(&ann, &shop.payload(attempt), "c1");
        charge.amount = 3 * PRICE;
        assert_eq!(shop.settle(&charge).await, Settled::Backorder(order));
        assert_eq!((shop.keys_in("available").await, shop.keys_in("reserved").await), (2, 1));
        refunded(&shop, shop.refunds().await[0]).await;
        shop.expect_clean_books().await;
    }

    async fn a_second_payment_goes_back_and_the_first_stays(db: TestDb) {
        let shop = Shop::with_keys(&db, 1).await;
        let ann = shop.customer(1).await;
        let (order, payload) = shop.invoiced(&ann, "a").await;
        shop.settle(&Shop::charge(&ann, &payload, "c1")).await;
        let twice = shop.settle(&Shop::charge(&ann, &payload, "c2")).await;
        assert_eq!(twice, Settled::Returned(order, Misfit::Excess));
        refunded(&shop, shop.refunds().await[0]).await;
        assert_eq!(shop.state(&ann, order).await, State::Fulfilled);
        assert_eq!(shop.letters("returned").await, 1);
        assert_eq!(shop.keys_in("sold").await, 1);
        shop.expect_clean_books().await;
    }

    async fn short_and_foreign_money_goes_back_and_the_order_stays_open(db: TestDb) {
        let shop = Shop::with_keys(&db, 1).await;
        let ann = shop.customer(1).await;
        let (order, payload) = shop.invoiced(&ann, "a").await;
        let short = Charge { amount: PRICE - 1, ..Shop::charge(&ann, &payload, "c1") };
        assert_eq!(shop.settle(&short).await, Settled::Returned(order, Misfit::Short));
        let foreign = Charge { currency: "RUB".to_owned(), ..Shop::charge(&ann, &payload, "c2") };
        assert_eq!(shop.settle(&foreign).await, Settled::Returned(order, Misfit::WrongCurrency));
        let strange = Charge { currency: "???".to_owned(), ..Shop::charge(&ann, &payload, "c3") };
        assert_eq!(shop.settle(&strange).await, Settled::Returned(order, Misfit::WrongCurrency));
        assert_eq!(shop.state(&ann, order).await, State::Open);
        assert_eq!(shop.settle(&Shop::charge(&ann, &payload, "c4")).await, Settled::Fulfilled(order));
        for refund in shop.refunds().await {
            refunded(&shop, refund).await;
        }
        assert_eq!(shop.state(&ann, order).await, State::Fulfilled);
        shop.expect_clean_books().await;
    }

    async fn too_much_money_is_applied_and_staff_decide_about_the_rest(db: TestDb) {
        let shop = Shop::with_keys(&db, 1).await;
        let ann = shop.customer(1).await;
        let (order, payload) = shop.invoiced(&ann, "a").await;
        let more = Charge { amount: PRICE + 1, ..Shop::charge(&ann, &payload, "c1") };
        assert_eq!(shop.settle(&more).await, Settled::Fulfilled(order));
        assert_eq!(shop.attention("payment.overpaid").await, 1);
        shop.expect_clean_books().await;
    }

    async fn money_for_nobody_is_kept_for_staff_and_never_sent_back_by_itself(db: TestDb) {
        let shop = Shop::with_keys(&db, 1).await;
        let (ann, eve) = (shop.customer(1).await, shop.customer(2).await);
        let (order, payload) = shop.invoiced(&ann, "a").await;
        assert_eq!(shop.settle(&Shop::charge(&eve, &payload, "c1")).await, Settled::Unmatched);
        assert_eq!(shop.settle(&Shop::charge(&ann, "", "c2")).await, Settled::Unmatched);
        let unknown = shop.payload(PublicId([7; 16]));
        assert_eq!(shop.settle(&Shop::charge(&ann, &unknown, "c3")).await, Settled::Unmatched);
        assert_eq!(shop.settle(&Shop::charge(&ann, &unknown, "c3")).await, Settled::Repeat);
        assert_eq!(shop.attention("payment.unmatched").await, 3);
        assert_eq!(shop.refunds().await, []);
        assert_eq!(shop.state(&ann, order).await, State::Open);
        assert_eq!(came_back(&shop, "c1").await, Arrived::Known);
        assert_eq!(shop.attention("payment.unmatched").await, 2, "staff sent it back elsewhere");
        shop.cancel(&ann, order).await;
        shop.expect_clean_books().await;
    }

    async fn money_taken_back_elsewhere_closes_the_order_and_revokes_its_keys(db: TestDb) {
        let shop = Shop::with_keys(&db, 1).await;
        let ann = shop.customer(1).await;
        assert_eq!(came_back(&shop, "c1").await, Arrived::Unknown, "before the payment's own news");
        let (order, payload) = shop.invoiced(&ann, "a").await;
        shop.settle(&Shop::charge(&ann, &payload, "c1")).await;
        assert_eq!(came_back(&shop, "c1").await, Arrived::Known);
        assert_eq!(came_back(&shop, "c1").await, Arrived::Known);
        assert_eq!(shop.state(&ann, order).await, State::Closed);
        assert_eq!(shop.keys_in("revoked").await, 1);
        assert_eq!(shop.keys(&ann, order).await, Vec::<String>::new());
        assert_eq!(shop.letters("refunded").await, 1);
        shop.expect_clean_books().await;
    }

    async fn a_refused_refund_is_a_task_and_may_still_come(db: TestDb) {
        let shop = Shop::with_keys(&db, 1).await;
        let ann = shop.customer(1).await;
        let (_, payload) = shop.invoiced(&ann, "a").await;
        shop.settle(&Shop::charge(&ann, &payload, "c1")).await;
        shop.settle(&Shop::charge(&ann, &payload, "c2")).await;
        let id = shop.refunds().await[0];
        shop.store.write("refunds.fail", move |tx| Box::pin(async move {
            refund::begin(tx, id).await?;
            refund::unknown(tx, id).await?;
            refund::begin(tx, id).await?;
            refund::failed(tx, id, "NO").await?;
            assert!(refund::begin(tx, id).await?.is_none());
            Ok::<_, StoreError>(())
        })).await.unwrap();
        assert_eq!(shop.attention("refund.failed").await, 1);
        assert_eq!(came_back(&shop, "c2").await, Arrived::Known);
        assert_eq!(shop.keys_in("sold").await, 1, "the order keeps its keys");
        shop.expect_clean_books().await;
    }
}
