//! Keys that are imported while the shop sells, and updates that piled up while it was dead.

use std::time::{Duration, Instant};

use kiosk_emulator::load::{Browse, Sale};

use super::{BROWSERS, Bench, PATIENCE, WARM_UP, ms, troubles};
use crate::Failure;
use crate::process::Process;
use crate::shop::{MARK, SLUG, key_file};

/// Customers who may buy while keys come in.
const BUYERS: usize = 200;
/// Purchases that begin in a second meanwhile.
const PURCHASES: u32 = 20;
/// More than are bought until the import ends.
const FIRST_KEYS: usize = 20_000;
/// Updates that pile up: so many customers write so often.
const PILE: (usize, usize) = (2_000, 5);
/// Nobody waits longer for a shop that was killed.
const LONGEST: Duration = Duration::from_mins(2);

impl Bench {
    /// A million keys, by the command line, beside the open shop.
    pub async fn import(&mut self) -> Result<(), Failure> {
        let count = self.asked.keys;
        for engine in self.engines.clone() {
            let shop = self.shop(engine, FIRST_KEYS).await?;
            let file = key_file(&self.program.folder, &format!("more{}", self.shops), count)?;
            let kiosk = self.open(&shop).await?;
            let crowd = self
                .server
                .crowd(BUYERS, |_| Box::new(Sale::new(SLUG, MARK)));
            crowd.begin_at(PURCHASES);
            tokio::time::sleep(WARM_UP).await;
            self.server.figures();
            self.say(&format!("{count} keys come in"));
            let begun = Instant::now();
            let command = self
                .program
                .command(&shop.url, &["import", "keys", SLUG, &file]);
            Process::beside(command)?.end().await?;
            let seconds = begun.elapsed().as_secs_f64();
            let figures = self.server.figures();
            self.dismiss(crowd).await;
            kiosk.close().await?;
            std::fs::remove_file(file)?;
            let (p99, whole) = (ms(&figures.answer, 99.0), ms(&figures.round, 99.0));
            let budget = 40.0 * count as f64 / 1_000_000.0;
            self.row(
                format!("import of {count} keys beside the open shop, {}", engine.name()),
                "≤ 40 s a million, aim 20; p99 of a sale ≤ 100 ms",
                format!(
                    "{seconds:.1} s; meanwhile {} sales, whole (five updates, four commits and more) p50 {:.0} ms, p99 {whole:.0} ms; a step of one p99 {p99:.0} ms; \
                     pre-checkout p99 {:.0} ms{}",
                    figures.rounds,
                    ms(&figures.round, 50.0),
                    ms(&figures.pre_checkout, 99.0),
                    troubles(&figures)
                ),
                seconds <= budget && whole <= 100.0,
                None,
            );
            shop.drop().await?;
        }
        Ok(())
    }

    /// The shop is killed at work; what piles up meanwhile is answered after its next start.
    pub async fn backlog(&mut self) -> Result<(), Failure> {
        for engine in self.engines.clone() {
            let shop = self.shop(engine, 100).await?;
            let kiosk = self.open(&shop).await?;
            let crowd = self
                .server
                .crowd(BROWSERS, |seed| Box::new(Browse::new(seed)));
            crowd.enter();
            tokio::time::sleep(WARM_UP).await;
            self.say("kill -9");
            kiosk.kill().await?;
            drop(crowd);
            let (customers, times) = PILE;
            let crowd = self
                .server
                .crowd(customers, |seed| Box::new(Browse::new(seed)));
            crowd.pile("/start", times);
            let waiting = self.server.waiting();
            let store = shop.store().await?;
            let stored = self.unfinished(&store).await?;
            let begun = Instant::now();
            let (kiosk, opened) = self.program.open(&shop.url, &self.server.url()).await?;
            while self.server.waiting() > 0 || self.unfinished(&store).await? > 0 {
                if begun.elapsed() > LONGEST {
                    return Err("the backlog is not drained".into());
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let drained = begun.elapsed().as_secs_f64();
            store.close().await;
            let unanswered = crowd.leave(PATIENCE).await;
            let figures = self.server.figures();
            kiosk.close().await?;
            self.server.forget();
            self.row(
                format!("backlog after a kill, {}", engine.name()),
                "10,000 drained ≤ 10 s",
                format!(
                    "{waiting} at Telegram and {stored} in the inbox drained {drained:.1} s after exec (ready after {:.2} s); {unanswered} customers unanswered{}",
                    opened.as_secs_f64(),
                    troubles(&figures)
                ),
                drained <= 10.0 && unanswered == 0,
                None,
            );
            shop.drop().await?;
        }
        Ok(())
    }
}
