//! What is owed after a crash, or when news never came: found and paid when the shop opens again.

use std::time::Duration;

use kiosk::app::App;
use kiosk::clock::Clock;
use kiosk::store::StoreError;
use kiosk::{binds, sql};
use kiosk_emulator::{PayOptions, PayOutcome};

use crate::on_both_engines;
use crate::support::db::TestDb;
use crate::support::shop::{LiveShop, settings};

sql! {
    OWE = "after.owe",
        "UPDATE inbox SET screen_owed = $2
         WHERE seq = (SELECT MAX(seq) FROM inbox WHERE lane = $1)";
    CUT = "after.cut",
        "SELECT COUNT(*) FROM (SELECT pg_terminate_backend(pid) AS cut FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()) AS others WHERE cut";
    GHOST = "after.ghost",
        "UPDATE lanes SET owner = 'ghost', fence = fence + 1, lease_until = $2 WHERE lane = $1";
    OWED = "after.owed", "SELECT COUNT(*) FROM inbox WHERE screen_owed IS NOT NULL";
}

on_both_engines! {
    async fn what_can_not_be_stored_is_not_acknowledged(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let ann = shop.customer("Ann", "en");
        shop.control.say(ann, "/start");
        shop.reads(ann, "Zeta shop").await;
        shop.quiet().await;
        shop.shut_inbox().await;
        let update = shop.control.say(ann, "/help").update_id.expect("an update");
        let polls = shop.control.calls_of("getUpdates").len();
        // The update is handed out, can't be stored, and is asked for again.
        while shop.control.calls_of("getUpdates").len() < polls + 3 {
            tokio::task::yield_now().await;
        }
        assert!(!shop.control.confirmed_updates().contains(&update), "it is not acknowledged");
        shop.open_inbox().await;
        shop.reads(ann, "How it works").await;
        shop.close().await;
    }

    async fn a_payment_whose_news_never_came_is_found_in_the_list(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let ann = shop.customer("Ann", "en");
        let invoice = shop.invoice(ann).await;
        let options = PayOptions { lose_notice: true, ..PayOptions::default() };
        let paid = shop.control.pay(ann, invoice.message_id, options).await;
        assert!(matches!(paid, PayOutcome::Paid { .. }), "{paid:?}");
        shop.quiet().await;
        let shop = shop.reopen(&db).await;
        shop.reads(ann, "zeta-month-0001").await;
        shop.close().await;
    }

    async fn a_screen_that_a_crash_swallowed_is_drawn_when_the_shop_opens(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let (ann, bob) = (shop.customer("Ann", "en"), shop.customer("Bob", "en"));
        for user in [ann, bob] {
            shop.control.say(user, "/start");
            shop.reads(user, "Zeta shop").await;
        }
        shop.control.say(ann, "/orders");
        shop.reads(ann, "have not ordered anything").await;
        shop.quiet().await;
        let now = Clock::system().now();
        // Ann's screen is owed for a second, Bob's for eleven minutes: he has gone on with his day.
        shop.store.write("after.owe", move |tx| Box::pin(async move {
            tx.execute(&OWE, binds![ann, now - 1_000]).await?;
            tx.execute(&OWE, binds![bob, now - 660_000]).await
        })).await.map_err(|error: StoreError| error).unwrap();
        let his = shop.control.messages(bob).len();
        let hers = shop.control.messages(ann).len();
        let shop = shop.reopen(&db).await;
        let again = shop.control.wait_for_message(ann, move |message| {
            message.from_bot && message.text.contains("have not ordered anything")
        }).await;
        assert!(again.is_ok());
        while shop.control.messages(ann).len() == hers {
            tokio::task::yield_now().await;
        }
        loop {
            let (owed,): (i64,) = shop.store.read("after.owed", |tx| Box::pin(tx.one(&OWED, &[])))
                .await.map_err(|error: StoreError| error).unwrap();
            if owed == 0 { break; }
        }
        assert_eq!(shop.control.messages(bob).len(), his);
        shop.close().await;
    }

    async fn a_shop_opens_and_closes_while_telegram_is_away(db: TestDb) {
        let app = App::start(settings(db.location(), "http://127.0.0.1:9")).await.expect("it opens");
        let address = app.ops().expect("an address");
        let ready = reqwest::get(format!("http://{address}/readyz")).await.unwrap();
        assert_eq!(ready.status().as_u16(), 200);
        app.stop(Duration::from_secs(10)).await.unwrap();
    }
}

#[tokio::test]
async fn a_screen_that_a_dead_process_owes_is_drawn_by_one_that_lives() {
    let db = TestDb::postgres().await;
    let shop = LiveShop::open(&db, 1).await;
    let ann = shop.customer("Ann", "en");
    shop.control.say(ann, "/orders");
    shop.reads(ann, "have not ordered anything").await;
    shop.quiet().await;
    let before = shop.control.messages(ann).len();
    // Another process had her chat, and died between commit and screen.
    let now = Clock::system().now();
    shop.store
        .write("after.ghost", move |tx| {
            Box::pin(async move {
                tx.execute(&OWE, binds![ann, now - 1_000]).await?;
                tx.execute(&GHOST, binds![ann, now + 60_000]).await
            })
        })
        .await
        .map_err(|error: StoreError| error)
        .unwrap();
    while shop.control.messages(ann).len() == before {
        tokio::task::yield_now().await;
    }
    let drawn = shop.control.last_message(ann).expect("a screen").text;
    assert!(drawn.contains("have not ordered anything"), "{drawn}");
    shop.close().await;
}

#[tokio::test]
async fn a_database_that_cuts_every_connection_is_found_again() {
    let db = TestDb::postgres().await;
    let shop = LiveShop::open(&db, 20).await;
    let ann = shop.customer("Ann", "en");
    shop.control.set_stars(ann, 100_000);
    for purchase in 1..=5 {
        let invoice = shop.invoice(ann).await;
        // As when the server restarts; each process finds it again by itself.
        let cut = shop.store.write("after.cut", |tx| {
            Box::pin(async move { tx.all::<(i64,)>(&CUT, &[]).await })
        });
        let _ = cut.await.map_err(|error: StoreError| error);
        let paid = shop
            .control
            .pay(ann, invoice.message_id, PayOptions::default())
            .await;
        assert!(matches!(paid, PayOutcome::Paid { .. }), "{paid:?}");
        shop.reads(ann, &format!("zeta-month-{purchase:04}")).await;
    }
    shop.close().await;
}
