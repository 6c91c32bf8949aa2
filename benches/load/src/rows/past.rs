//! Shops with a past: what a million orders do to memory, start and the claim of a key.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use kiosk::shop::keys::claim::CLAIM;
use kiosk::store::{Sql, Store, StoreError};
use kiosk::{binds, sql};
use kiosk_emulator::load::Browse;

use super::{BROWSERS, Bench};
use crate::Failure;
use crate::bulk;
use crate::shop::{Engine, SLUG, Shop};

/// Orders of the small shop.
const FEW: i64 = 1_000;
/// Keys that are left for sale in each shop.
const KEYS: usize = 5_000;
/// When memory is looked at, after the shop is ready.
const SETTLED: Duration = Duration::from_secs(10);
/// How often the shop is started.
const STARTS: usize = 5;
/// Claims in one transaction, and such transactions on each shop, in turns.
const CLAIMS: usize = 50;
const TURNS: usize = 40;

sql! {
    EMPTY_UNITS = "load.empty_units",
        "SELECT u.id, u.product_id FROM order_units u JOIN orders o ON o.id = u.order_id
         WHERE o.state = 'open' AND o.checkout_key LIKE 'load:%' ORDER BY u.id LIMIT 2000";
    PRODUCT = "load.product", "SELECT id FROM products WHERE slug = $1";
}

/// The claim's plan, without what differs from run to run.
async fn plan(store: &Store, product: i64) -> Result<String, Failure> {
    let filled = |text: &str| {
        let text = text.replace("$1", &product.to_string());
        text.replace("?1", &product.to_string())
            .replace("$2", "NULL")
            .replace("?2", "NULL")
            .replace("$3", "0")
            .replace("?3", "0")
    };
    let lite = format!("EXPLAIN QUERY PLAN {}", filled(CLAIM.sqlite));
    let pg = format!("EXPLAIN (COSTS OFF) {}", filled(CLAIM.postgres));
    // A statement lives as long as the program; there are two of these.
    let explain: &'static Sql =
        Box::leak(Box::new(Sql::new("load.explain", lite.leak(), pg.leak())));
    let lines: Result<Vec<String>, StoreError> = store
        .read("load.explain", move |tx| {
            Box::pin(async move {
                if tx.is_postgres() {
                    let rows: Vec<(String,)> = tx.all(explain, binds![]).await?;
                    Ok(rows.into_iter().map(|row| row.0).collect())
                } else {
                    let rows: Vec<(i64, i64, i64, String)> = tx.all(explain, binds![]).await?;
                    Ok(rows.into_iter().map(|row| row.3).collect())
                }
            })
        })
        .await;
    Ok(lines?.join(" / "))
}

/// Why a transaction was rolled back.
enum Undone {
    OnPurpose,
    Broken(StoreError),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Broken(error)
    }
}

/// Times `CLAIMS` claims in one transaction, which is rolled back.
async fn claim(store: &Store, times: &Arc<Mutex<Histogram<u64>>>) -> Result<(), Failure> {
    let times = times.clone();
    let outcome: Result<(), Undone> = store
        .write("load.claim", move |tx| {
            let times = times.clone();
            Box::pin(async move {
                let units: Vec<(i64, i64)> = tx.all(&EMPTY_UNITS, binds![]).await?;
                let now = tx.now();
                for (unit, product) in units.into_iter().take(CLAIMS) {
                    let begun = Instant::now();
                    let _: (i64,) = tx.one(&CLAIM, binds![product, unit, now]).await?;
                    let nanos = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
                    let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
                    times.saturating_record(nanos.max(1));
                }
                // Nothing is kept: the next claims find the same keys.
                Err(Undone::OnPurpose)
            })
        })
        .await;
    match outcome {
        Ok(()) | Err(Undone::OnPurpose) => Ok(()),
        Err(Undone::Broken(error)) => Err(error.into()),
    }
}

impl Bench {
    async fn shop_with_past(&mut self, engine: Engine, orders: i64) -> Result<Shop, Failure> {
        let shop = self.shop(engine, KEYS).await?;
        let store = shop.store().await?;
        self.say(&format!("{orders} orders are made"));
        let took = bulk::seed(&store, orders).await?;
        store.close().await;
        self.say(&format!("made in {:.0} s", took.as_secs_f64()));
        Ok(shop)
    }

    /// Claims on the shop with many orders and on the one with few, in turns.
    async fn claims(&mut self, many: &Shop, few: &Shop, orders: i64) -> Result<(), Failure> {
        self.say("claims");
        let mut stores = Vec::new();
        for shop in [many, few] {
            let store = shop.store().await?;
            let product: Result<(i64,), StoreError> = store
                .read("load.product", |tx| {
                    Box::pin(async move { tx.one(&PRODUCT, binds![SLUG]).await })
                })
                .await;
            let plan = plan(&store, product?.0).await?;
            let times = Histogram::new_with_bounds(1, 10_000_000_000, 3)?;
            stores.push((store, plan, Arc::new(Mutex::new(times))));
        }
        for turn in 0..=TURNS {
            for (store, _, times) in &stores {
                claim(store, times).await?;
                if turn == 0 {
                    times.lock().unwrap_or_else(PoisonError::into_inner).clear();
                }
            }
        }
        let micros = |index: usize, percent: f64| {
            let (_, _, times) = &stores[index];
            let times = times.lock().unwrap_or_else(PoisonError::into_inner);
            times.value_at_quantile(percent / 100.0) as f64 / 1_000.0
        };
        let ratio = |percent| micros(0, percent) / micros(1, percent);
        let same = stores[0].1 == stores[1].1;
        if !same {
            self.say(&format!("plans: {} | {}", stores[0].1, stores[1].1));
        }
        self.row(
            format!("claim of a key, {orders} orders against {FEW}, {}", many.engine.name()),
            "p50 and p95 ≤ 1.5 ×, same plan",
            format!(
                "p50 {:.2} × ({:.0} against {:.0} µs), p95 {:.2} × ({:.0} against {:.0} µs), {} plan",
                ratio(50.0),
                micros(0, 50.0),
                micros(1, 50.0),
                ratio(95.0),
                micros(0, 95.0),
                micros(1, 95.0),
                if same { "the same" } else { "another" }
            ),
            same && ratio(50.0) <= 1.5 && ratio(95.0) <= 1.5,
            None,
        );
        for (store, _, _) in stores {
            store.close().await;
        }
        Ok(())
    }

    /// Memory 10 s after ready, of a shop without a past.
    async fn fresh_memory(&mut self, engine: Engine) -> Result<(), Failure> {
        let shop = self.shop(engine, 100).await?;
        let kiosk = self.open(&shop).await?;
        tokio::time::sleep(SETTLED).await;
        let memory = kiosk.memory()?;
        kiosk.close().await?;
        shop.drop().await?;
        self.row(
            format!("resident memory 10 s after ready, {}", engine.name()),
            "≤ 25 MiB",
            format!(
                "{:.1} MiB, {:.1} MiB at its highest",
                memory.now, memory.peak
            ),
            memory.now <= 25.0,
            None,
        );
        Ok(())
    }

    /// All that a million orders could change.
    pub async fn past(&mut self) -> Result<(), Failure> {
        let orders = self.asked.orders;
        for engine in self.engines.clone() {
            self.fresh_memory(engine).await?;
            let few = self.shop_with_past(engine, FEW).await?;
            let many = self.shop_with_past(engine, orders).await?;
            self.claims(&many, &few, orders).await?;
            few.drop().await?;

            self.say("starts");
            let mut slowest = Duration::ZERO;
            let mut times = Vec::new();
            for _ in 0..STARTS {
                let (kiosk, took) = self.program.open(&many.url, &self.server.url()).await?;
                kiosk.close().await?;
                slowest = slowest.max(took);
                times.push(format!("{:.0}", took.as_secs_f64() * 1_000.0));
            }
            self.row(
                format!("exec to ready with {orders} orders, {}", engine.name()),
                "≤ 1 s",
                format!("{} ms", times.join(", ")),
                slowest <= Duration::from_secs(1),
                None,
            );

            let kiosk = self.open(&many).await?;
            tokio::time::sleep(SETTLED).await;
            let idle = kiosk.memory()?;
            let crowd = self
                .server
                .crowd(BROWSERS, |seed| Box::new(Browse::new(seed)));
            crowd.enter();
            let round = self.measure(&kiosk, self.asked.round).await;
            self.dismiss(crowd).await;
            kiosk.close().await?;
            let peak = round?.peak;
            self.row(
                format!("resident memory with {orders} orders, {}", engine.name()),
                "≤ 60 MiB",
                format!("{:.1} MiB 10 s after ready, {peak:.1} MiB at its highest under the load of {BROWSERS}", idle.now),
                peak <= 60.0,
                None,
            );
            many.drop().await?;
        }
        Ok(())
    }
}
