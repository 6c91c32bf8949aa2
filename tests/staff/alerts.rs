//! News for staff: told at once, then in batches, to those who run the shop and to nobody else.

use std::time::Duration;

use kiosk::bus::alerts::{self, Taken};
use kiosk::bus::attention::{self, Task};
use kiosk::clock::Clock;
use kiosk::shop::staff::Role;
use kiosk::store::{Store, StoreError};
use kiosk::{binds, sql};
use kiosk_emulator::{Fault, FaultKind, PayOptions, View};

use super::member;
use crate::on_both_engines;
use crate::support::shop::LiveShop;

sql! {
    WAITING = "alerts_test.waiting", "SELECT COUNT(*) FROM alerts WHERE batch IS NULL";
}

const PAUSE: Duration = Duration::from_secs(31);

/// Waits until so many pieces of news wait to be told.
async fn waiting(store: &Store, count: i64) {
    loop {
        let (now,): (i64,) = store
            .read("test.waiting", |tx| {
                Box::pin(async move { tx.one(&WAITING, binds![]).await })
            })
            .await
            .map_err(|error: StoreError| error)
            .expect("a count");
        if now == count {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Waits for these words, however many batches they take.
async fn hears(shop: &LiveShop, user: i64, words: &str) {
    for _ in 0..20 {
        let heard = |view: &View<'_>| {
            let mut told = view.messages(user).filter(|it| it.text.contains(words));
            told.next().map(|_| ())
        };
        if shop
            .control
            .wait(Duration::from_millis(500), heard)
            .await
            .is_ok()
        {
            return;
        }
        shop.clock.advance(PAUSE);
    }
    panic!("{words:?} was never told");
}

async fn task(store: &Store, kind: &'static str, subject: &'static str) {
    let open = store.write("test.task", move |tx| {
        Box::pin(async move {
            let task = Task {
                kind,
                subject,
                order: None,
                payment: None,
                detail: "for the test",
            };
            attention::open(tx, &task).await
        })
    });
    open.await
        .map_err(|error: StoreError| error)
        .expect("a task");
}

async fn buys(shop: &LiveShop, user: i64) {
    let invoice = shop.invoice(user).await;
    shop.control
        .pay(user, invoice.message_id, PayOptions::default())
        .await;
    shop.reads(user, "zeta-month-").await;
}

/// The news that a person was sent, oldest first.
fn news(shop: &LiveShop, user: i64) -> Vec<String> {
    let messages = shop.control.messages(user).into_iter();
    messages
        .map(|message| message.text)
        .filter(|text| text.contains('📣'))
        .collect()
}

/// The news of a person, once there are so many.
async fn told(shop: &LiveShop, user: i64, count: usize) -> Vec<String> {
    shop.control
        .wait(Duration::from_secs(10), |view: &View<'_>| {
            let news = view
                .messages(user)
                .filter(|message| message.text.contains('📣'));
            (news.count() >= count).then_some(())
        })
        .await
        .unwrap_or_else(|_| panic!("{count} wanted: {:#?}", news(shop, user)));
    news(shop, user)
}

on_both_engines! {
    async fn the_first_sale_is_told_at_once_and_the_next_ones_together(db: TestDb) {
        let shop = LiveShop::open(&db, 10).await;
        let owner = member(&shop, "Olga", "ru", Role::Owner).await;
        let manager = member(&shop, "Max", "en", Role::Manager).await;
        let support = member(&shop, "Sue", "en", Role::Support).await;
        let ann = shop.customer("Ann", "en");
        buys(&shop, ann).await;
        let first = told(&shop, manager, 1).await;
        assert!(first[0].contains("💰") && first[0].contains("Zeta, one month × 1 · 250\u{a0}⭐"), "{first:?}");
        for name in ["Bob", "Cid"] {
            let user = shop.customer(name, "en");
            buys(&shop, user).await;
        }
        task(shop.app.store(), "payment.unmatched", "stars:1").await;
        task(shop.app.store(), "payment.unmatched", "stars:1").await;
        waiting(&shop.store, 3).await;
        assert_eq!(news(&shop, manager).len(), 1, "half a minute between two");
        shop.clock.advance(PAUSE);
        let second = told(&shop, manager, 2).await.remove(1);
        assert!(second.contains("2 sales: 500\u{a0}⭐"), "{second}");
        assert_eq!(second.matches("Zeta, one month × 1").count(), 2, "{second}");
        assert!(second.contains("⚠️ Task 1: money came that belongs to no order"), "{second}");
        let russian = told(&shop, owner, 2).await.remove(1);
        assert!(russian.contains("2 продажи: 500\u{a0}⭐") && russian.contains("Задача 1"), "{russian}");
        shop.quiet().await;
        assert_eq!((news(&shop, support).len(), news(&shop, ann).len()), (0, 0));
        assert!(!second.contains("zeta-month-000"), "no key text");
        shop.close().await;
    }

    async fn the_last_key_and_money_that_goes_back_are_told(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let owner = member(&shop, "Olga", "en", Role::Owner).await;
        let ann = shop.customer("Ann", "en");
        let invoice = shop.invoice(ann).await;
        let first = told(&shop, owner, 1).await;
        assert!(first[0].contains("📭 Zeta, one month is sold out: zeta-month needs keys"), "{first:?}");
        // Her hold runs out, another customer takes the key, and her money comes all the same.
        shop.quiet().await;
        shop.clock.advance(Duration::from_mins(16));
        shop.reads(ann, "was not paid in time").await;
        let bob = shop.customer("Bob", "en");
        buys(&shop, bob).await;
        shop.control.charge_silently(ann, invoice.message_id, PayOptions::default());
        shop.reads(ann, "has been returned to you").await;
        hears(&shop, owner, "an order is paid, and its keys were gone").await;
        hears(&shop, owner, "↩️ 250\u{a0}⭐ went back, order").await;
        shop.close().await;
    }

    async fn a_repeat_of_news_says_the_same(db: TestDb) {
        let shop = LiveShop::open(&db, 3).await;
        let owner = member(&shop, "Olga", "en", Role::Owner).await;
        shop.control.fault(Fault::once("sendMessage", FaultKind::DropAfter).in_chat(owner));
        task(shop.app.store(), "order.backorder", "x").await;
        // The answer was lost: the letter is sent again after a pause.
        let first = told(&shop, owner, 1).await;
        task(shop.app.store(), "refund.failed", "y").await;
        shop.clock.advance(PAUSE);
        let all = told(&shop, owner, 3).await;
        assert_eq!(all.iter().filter(|text| **text == first[0]).count(), 2, "{all:#?}");
        shop.close().await;
    }

    async fn a_busy_half_minute_is_one_message(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let owner = member(&shop, "Olga", "ru", Role::Owner).await;
        let store = shop.app.store();
        store.write("test.many", |tx| Box::pin(async move {
            for at in 0..2_000_u64 {
                let order = kiosk::store::PublicId([&at.to_be_bytes()[..], &[0; 8]].concat().try_into().unwrap());
                let money = if at % 2 == 0 { "[49900,\"RUB\"]" } else { "[250,\"XTR\"]" };
                alerts::raise(tx, "sale", &order.to_string(), &format!("{{\"money\":{money}}}")).await?;
            }
            Ok::<_, StoreError>(())
        })).await.unwrap();
        let all = told(&shop, owner, 1).await;
        assert!(all[0].contains("2000 продаж: 499\u{a0}000\u{a0}₽ и 250\u{a0}000\u{a0}⭐"), "{}", all[0]);
        assert_eq!(all[0].matches("💰").count(), 10);
        assert!(all[0].contains("и ещё 1"), "{}", all[0]);
        shop.close().await;
    }

    async fn news_wait_for_the_first_owner(db: TestDb) {
        let shop = LiveShop::open(&db, 3).await;
        let ann = shop.customer("Ann", "en");
        buys(&shop, ann).await;
        shop.quiet().await;
        let owner = member(&shop, "Olga", "en", Role::Owner).await;
        shop.clock.advance(PAUSE);
        let all = told(&shop, owner, 1).await;
        assert!(all[0].contains("💰"), "{all:?}");
        shop.close().await;
    }

    async fn news_that_nobody_heard_are_bounded(db: TestDb) {
        let clock = Clock::frozen(1_795_000_000_000);
        let store = db.store(&clock).await;
        let raise = |from: i64, to: i64| store.write("test.raise", move |tx| Box::pin(async move {
            for at in from..to {
                alerts::raise(tx, "sale", &at.to_string(), "{}").await?;
            }
            Ok::<_, StoreError>(())
        }));
        let drop_old = || store.write("test.drop", |tx| Box::pin(async move {
            alerts::drop_old(tx).await
        }));
        raise(0, 1_200).await.unwrap();
        drop_old().await.map_err(|error: StoreError| error).unwrap();
        waiting(&store, 1_000).await;
        clock.advance(Duration::from_hours(25));
        raise(2_000, 2_003).await.unwrap();
        drop_old().await.map_err(|error: StoreError| error).unwrap();
        waiting(&store, 3).await;
        let take = || store.write("test.take", |tx| Box::pin(alerts::take(tx)));
        let taken = futures::future::join_all((0..8).map(|_| take())).await;
        let taken: Vec<Taken> = taken.into_iter().map(|it: Result<Taken, StoreError>| it.unwrap()).collect();
        assert_eq!(taken.iter().filter(|it| matches!(it, Taken::Batch(_))).count(), 1, "{taken:?}");
        store.close().await;
    }

    async fn staff_who_blocked_the_bot_cost_no_task(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let owner = member(&shop, "Olga", "en", Role::Owner).await;
        shop.quiet().await;
        // The shop does not know yet that she has blocked it.
        shop.control.fault(Fault::always(FaultKind::Status {
            code: 400,
            description: "Bad Request: chat not found".to_owned(),
        }).on("sendMessage").in_chat(owner));
        task(shop.app.store(), "order.backorder", "x").await;
        shop.control.wait(Duration::from_secs(10), |view: &View<'_>| {
            view.calls().iter().any(|call| call.method == "sendMessage" && !call.ok).then_some(())
        }).await.unwrap();
        shop.quiet().await;
        let (open,): (i64,) = shop.store.read("test.open", |tx| Box::pin(async move {
            attention::count(tx).await.map(|count| (count,))
        })).await.map_err(|error: StoreError| error).unwrap();
        assert_eq!(open, 1, "only the task that was there");
        shop.close().await;
    }
}
