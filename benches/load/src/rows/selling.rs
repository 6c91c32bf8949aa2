//! Purchases from the deep link to the key, and the questions before their payments.

use std::time::Instant;

use kiosk::shop::audit;
use kiosk::store::StoreError;
use kiosk::{binds, sql};
use kiosk_emulator::load::{Browse, Figures, Sale};

use super::{Bench, PATIENCE, WARM_UP, ms, troubles};
use crate::Failure;
use crate::shop::{Engine, MARK, SLUG, Shop};

/// Customers who buy at the same time.
const BUYERS: usize = 100;
/// Customers who only look around meanwhile.
const ONLOOKERS: usize = 200;
/// Questions before a payment that are needed for a percentile of 99.9.
const SAMPLES: u64 = 5_000;
/// Keys for each second of selling: more than are sold.
const KEYS_A_SECOND: u64 = 2_500;
/// The collecting of questions ends after so many rounds' time.
const LONGEST: u32 = 12;

sql! {
    /// Facts and letters that are not finished.
    BUSY = "load.busy",
        "SELECT (SELECT COUNT(*) FROM inbox WHERE state = 'new')
              + (SELECT COUNT(*) FROM outbox WHERE state IN ('pending', 'sending'))";
}

impl Bench {
    /// Facts and letters that the shop has not finished.
    pub(super) async fn unfinished(&self, store: &kiosk::store::Store) -> Result<i64, Failure> {
        let count: Result<(i64,), StoreError> = store
            .read("load.busy", |tx| Box::pin(tx.one(&BUSY, binds![])))
            .await;
        Ok(count?.0)
    }

    /// Waits until the shop has nothing left to do, and expects clean books.
    async fn audit(&self, shop: &Shop) -> Result<(), Failure> {
        let store = shop.store().await?;
        let begun = Instant::now();
        while self.unfinished(&store).await? > 0 && begun.elapsed() < PATIENCE {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let findings = store
            .snapshot("audit", |tx| Box::pin(audit::audit(tx, true)))
            .await?;
        store.close().await;
        if findings.is_empty() {
            Ok(())
        } else {
            Err(format!("the books are not clean: {findings:?}").into())
        }
    }

    fn keys(&self, rounds: u32) -> usize {
        let seconds = (self.asked.round * rounds + WARM_UP + PATIENCE / 4).as_secs();
        usize::try_from(seconds * KEYS_A_SECOND).unwrap_or(usize::MAX)
    }

    /// Whole purchases a second.
    pub async fn sales(&mut self) -> Result<(), Failure> {
        for engine in self.engines.clone() {
            let keys = self.keys(self.asked.rounds);
            let shop = self.shop(engine, keys).await?;
            self.say("selling");
            let kiosk = self.open(&shop).await?;
            let crowd = self
                .server
                .crowd(BUYERS, |_| Box::new(Sale::new(SLUG, MARK)));
            crowd.enter();
            let round = self
                .measure(&kiosk, self.asked.round * self.asked.rounds)
                .await;
            self.dismiss(crowd).await;
            self.audit(&shop).await?;
            kiosk.close().await?;
            let round = round?;
            let figures = &round.figures;
            let rate = figures.rounds as f64 / figures.seconds;
            let aim = if engine == Engine::Sqlite {
                500.0
            } else {
                200.0
            };
            self.row(
                format!("sales by the whole path, {BUYERS} buyers, {}", engine.name()),
                if engine == Engine::Sqlite { "≥ 500/s" } else { "≥ 200/s" },
                format!(
                    "{rate:.0}/s ({:.0} updates/s); a sale p50 {:.0} ms, p99 {:.0} ms; pre-checkout p50 {:.1} ms, p99.9 {:.0} ms; {:.2} ms of processor a sale; {:.0} MiB{}",
                    round.rate(),
                    ms(&figures.round, 50.0),
                    ms(&figures.round, 99.0),
                    ms(&figures.pre_checkout, 50.0),
                    ms(&figures.pre_checkout, 99.9),
                    round.cpu.as_secs_f64() * 1_000.0 / figures.rounds.max(1) as f64,
                    round.peak,
                    troubles(figures)
                ),
                rate >= aim,
                Some(figures.share),
            );
            shop.drop().await?;
        }
        Ok(())
    }

    /// Questions before a payment while customers browse and buy.
    pub async fn pre_checkout(&mut self) -> Result<(), Failure> {
        for engine in self.engines.clone() {
            let keys = self.keys(LONGEST);
            let shop = self.shop(engine, keys).await?;
            self.say("questions before payments, among everything else");
            let kiosk = self.open(&shop).await?;
            let buyers = self
                .server
                .crowd(BUYERS, |_| Box::new(Sale::new(SLUG, MARK)));
            let onlookers = self
                .server
                .crowd(ONLOOKERS, |seed| Box::new(Browse::new(seed)));
            buyers.enter();
            onlookers.enter();
            let mut sum: Option<Figures> = None;
            for _ in 0..LONGEST {
                let round = self.measure(&kiosk, self.asked.round).await?;
                match &mut sum {
                    Some(sum) => sum.add(&round.figures),
                    None => sum = Some(round.figures),
                }
                let samples = sum.as_ref().map_or(0, |sum| sum.pre_checkout.len());
                if samples >= SAMPLES || self.asked.quick {
                    break;
                }
            }
            let looking = onlookers.leave(PATIENCE).await;
            if looking > 0 {
                self.say(&format!("{looking} onlookers are still waiting"));
            }
            self.dismiss(buyers).await;
            kiosk.close().await?;
            let Some(figures) = sum else { continue };
            let worst = ms(&figures.pre_checkout, 99.9);
            self.row(
                format!(
                    "pre-checkout while {BUYERS} buy and {ONLOOKERS} browse, {}",
                    engine.name()
                ),
                "p99.9 ≤ 1 s, none past 8 s",
                format!(
                    "p50 {:.1} ms, p99 {:.0} ms, p99.9 {worst:.0} ms, the longest {:.0} ms, {} past 8 s, {} samples; {:.0} updates/s{}",
                    ms(&figures.pre_checkout, 50.0),
                    ms(&figures.pre_checkout, 99.0),
                    figures.pre_checkout.max() as f64 / 1_000.0,
                    figures.late,
                    figures.pre_checkout.len(),
                    figures.answered as f64 / figures.seconds,
                    troubles(&figures)
                ),
                worst <= 1_000.0
                    && figures.late == 0
                    && figures.silent == 0
                    && figures.pre_checkout.len() >= SAMPLES,
                Some(figures.share),
            );
            shop.drop().await?;
        }
        Ok(())
    }
}
