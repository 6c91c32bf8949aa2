//! What is counted at each scrape is read by indexes of the unfinished, on both engines.

use kiosk::bus::waiting;
use kiosk::clock::Clock;
use kiosk::shop::stats;
use kiosk::store::{self, Sql, Store, StoreError};
use kiosk::{binds, sql};

use crate::on_both_engines;

sql! {
    NO_SCANS = "test.no_scans",
        sqlite: "SELECT 'nothing to set'",
        postgres: "SELECT set_config('enable_seqscan', 'off', true)";
}

/// Each statement of a scrape with the beginnings of the names of the indexes that it must follow: PostgreSQL chooses
/// among several by what the tables hold.
const FOLLOWS: [(&str, &[&str]); 8] = [
    ("waiting.facts", &["inbox_waiting"]),
    ("waiting.dead_facts", &["inbox_dead"]),
    ("waiting.letters", &["outbox_pending"]),
    ("waiting.dead_letters", &["outbox_dead"]),
    ("attention.by_kind", &["attention_"]),
    ("stats.open_orders", &["orders_"]),
    ("stats.backorders", &["orders_unfinished"]),
    ("stats.held_keys", &["orders_", "order_units_", "keys_"]),
];

/// What the engine means to do for a statement.
async fn plan(store: &Store, name: &'static str) -> String {
    let found = store::used(name).unwrap_or_else(|| panic!("{name} has not run"));
    let lite: &str = format!("EXPLAIN QUERY PLAN {}", found.sqlite).leak();
    let pg: &str = format!("EXPLAIN (COSTS OFF) {}", found.postgres).leak();
    let explain: &'static Sql = Box::leak(Box::new(Sql::new("test.plan", lite, pg)));
    let steps = store.snapshot("test.plan", move |tx| {
        Box::pin(async move {
            tx.all::<(String,)>(&NO_SCANS, binds![]).await?;
            let steps: Vec<String> = if tx.is_postgres() {
                let rows: Vec<(String,)> = tx.all(explain, binds![waiting::MOST]).await?;
                rows.into_iter().map(|row| row.0).collect()
            } else {
                let rows: Vec<(i64, i64, i64, String)> =
                    tx.all(explain, binds![waiting::MOST]).await?;
                rows.into_iter().map(|row| row.3).collect()
            };
            Ok::<_, StoreError>(steps.join("\n"))
        })
    });
    steps.await.expect("a plan")
}

on_both_engines! {
    async fn a_scrape_follows_indexes_of_the_unfinished(db: TestDb) {
        let store = db.store(&Clock::system()).await;
        let look = store.read("test.scrape", |tx| {
            Box::pin(async move {
                stats::unfinished(tx, waiting::MOST).await?;
                waiting::look(tx).await
            })
        });
        look.await.expect("a look");
        for (name, indexes) in FOLLOWS {
            let plan = plan(&store, name).await;
            for index in indexes {
                assert!(plan.contains(index), "{name} without {index}: {plan}");
            }
            // SQLite says SCAN without an index for a walk of a table, PostgreSQL Seq Scan. What is counted is no table.
            let scans = plan.lines().filter(|step| {
                let is_scan = step.starts_with("SCAN ") && !step.ends_with("counted");
                is_scan && !step.contains("INDEX")
                    || step.contains("Seq Scan")
                    || step.contains("B-TREE FOR ORDER BY")
            });
            assert_eq!(scans.collect::<Vec<_>>(), Vec::<&str>::new(), "{name}: {plan}");
        }
        store.close().await;
    }
}
