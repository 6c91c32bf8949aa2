//! What a later version of the program left in the database that it shares with this one.

use std::time::Duration;

use kiosk::bus::inbox::{self, Birth, Fact};
use kiosk::bus::outbox::{self, Letter, Priority, Semantics};
use kiosk::clock::Clock;
use kiosk::sql;
use kiosk::store::StoreError;

use crate::on_both_engines;
use crate::support::shop::LiveShop;

sql! {
    FACTS = "later.facts", "SELECT state FROM inbox WHERE source = 'carrier-pigeon:1'";
    LETTERS = "later.letters", "SELECT state FROM outbox WHERE kind = 'hologram'";
    TASKS = "later.tasks", "SELECT kind FROM attention WHERE state = 'open' ORDER BY kind";
}

async fn texts(shop: &LiveShop, sql: &'static kiosk::store::Sql) -> Vec<String> {
    let rows: Result<Vec<(String,)>, StoreError> = shop
        .store
        .read("later.texts", move |tx| Box::pin(tx.all(sql, &[])))
        .await;
    rows.expect("rows").into_iter().map(|row| row.0).collect()
}

on_both_engines! {
    async fn what_only_a_later_version_knows_waits_for_it_an_hour(db: TestDb) {
        let clock = Clock::frozen(1_700_000_000_000);
        let time = clock.clone();
        let shop = LiveShop::open_with(&db, 1, |settings| settings.clock = time).await;
        let fact = Fact {
            source: "carrier-pigeon:1".to_owned(),
            event_id: "1".to_owned(),
            kind: "message",
            lane: None,
            raw: b"coo".to_vec(),
            birth: Birth::New,
        };
        let now = clock.now();
        let stored = db.store(&Clock::frozen(now)).await;
        stored.write("later.leave", move |tx| {
            let fact = fact.clone();
            Box::pin(async move {
                inbox::store(tx, &[fact]).await?;
                outbox::post(tx, &Letter {
                    dedup_key: "hologram:1",
                    kind: "hologram",
                    chat: Some(7),
                    priority: Priority::Notice,
                    semantics: Semantics::AtLeastOnce,
                    payload: "{\"letter\":\"hologram\",\"language\":\"en\"}",
                }).await
            })
        }).await.map_err(|error: StoreError| error).unwrap();
        // It has been tried for most of the hour, and still waits.
        for _ in 0..55 {
            clock.advance(Duration::from_mins(1));
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(texts(&shop, &FACTS).await, ["new"]);
        let letters = texts(&shop, &LETTERS).await;
        assert!(letters == ["pending"] || letters == ["sending"], "{letters:?}");
        // Nobody came for it: staff decide.
        while texts(&shop, &FACTS).await != ["dead"] || texts(&shop, &LETTERS).await != ["dead"] {
            clock.advance(Duration::from_secs(30));
            tokio::task::yield_now().await;
        }
        assert_eq!(texts(&shop, &TASKS).await, ["inbox.dead", "outbox.dead"]);
        stored.close().await;
        shop.app.stop(Duration::from_secs(30)).await.unwrap();
    }
}
