//! The emulator by itself, browsing beside a bare bot, and how soon an update is answered.

use kiosk_emulator::load::{Browse, Hello};

use super::{BROWSERS, Bench, Round, ms, troubles};
use crate::Failure;
use crate::process::Process;
use crate::shop::Shop;

/// Customers of whom one acts at each beat of the open loop.
const POOL: usize = 1_000;
/// Beats of it a second.
const BEATS: u32 = 200;

/// Adds a round to a sum.
fn add(sum: &mut Option<Round>, round: Round) {
    match sum {
        Some(sum) => sum.add(&round),
        None => *sum = Some(round),
    }
}

impl Bench {
    /// Updates a second against the raw bot.
    pub async fn emulator(&mut self) -> Result<(), Failure> {
        self.say("the raw bot");
        let bot = Process::bot("raw-bot", &self.server.url())?;
        let crowd = self.server.crowd(BROWSERS, |_| Box::new(Hello));
        crowd.enter();
        let round = self.measure(&bot, self.asked.round).await?;
        self.dismiss(crowd).await;
        bot.close().await?;
        let found = format!(
            "{:.0}/s, answered p50 {:.1} ms, p99 {:.1} ms{}",
            round.rate(),
            ms(&round.figures.answer, 50.0),
            ms(&round.figures.answer, 99.0),
            troubles(&round.figures)
        );
        let share = format!("{:.0} %", round.figures.share * 100.0);
        self.row(
            "emulator in load mode against a raw bot, one call an update",
            "≥ 40,000/s",
            format!("{found}; the emulator took {share} of the machine"),
            round.rate() >= 40_000.0,
            None,
        );
        Ok(())
    }

    async fn look_around(&self, bot: &Process) -> Result<Round, Failure> {
        let crowd = self
            .server
            .crowd(BROWSERS, |seed| Box::new(Browse::new(seed)));
        crowd.enter();
        let round = self.measure(bot, self.asked.round).await;
        self.dismiss(crowd).await;
        round
    }

    /// Kiosk on each engine and the bare bot, in turns.
    pub async fn browse(&mut self) -> Result<(), Failure> {
        let mut shops: Vec<Shop> = Vec::new();
        for engine in self.engines.clone() {
            shops.push(self.shop(engine, 100).await?);
        }
        let mut bare: Option<Round> = None;
        let mut ours: Vec<Option<Round>> = shops.iter().map(|_| None).collect();
        for round in 1..=self.asked.rounds {
            for (shop, sum) in shops.iter().zip(&mut ours) {
                self.say(&format!(
                    "browsing, round {round}: {}, then the bare bot",
                    shop.engine.name()
                ));
                let kiosk = self.open(shop).await?;
                let found = self.look_around(&kiosk).await;
                kiosk.close().await?;
                add(sum, found?);
                let bot = Process::bot("bare-bot", &self.server.url())?;
                let found = self.look_around(&bot).await;
                bot.close().await?;
                add(&mut bare, found?);
            }
        }
        let Some(bare) = bare else { return Ok(()) };
        for (shop, sum) in shops.iter().zip(ours) {
            let Some(sum) = sum else { continue };
            let ratio = sum.rate() / bare.rate();
            let sqlite = shop.engine == crate::shop::Engine::Sqlite;
            self.row(
                format!("browsing, {BROWSERS} customers in a closed loop, {}", shop.engine.name()),
                if sqlite { "≥ 0.7 of a bare bot, past 1.0" } else { "≥ 0.2 of a bare bot" },
                format!(
                    "{ratio:.2}: {:.0}/s beside {:.0}/s; answered p50 {:.0} ms, p99 {:.0} ms beside {:.0} and {:.0} ms; {:.0} MiB beside {:.0} MiB{}",
                    sum.rate(),
                    bare.rate(),
                    ms(&sum.figures.answer, 50.0),
                    ms(&sum.figures.answer, 99.0),
                    ms(&bare.figures.answer, 50.0),
                    ms(&bare.figures.answer, 99.0),
                    sum.peak,
                    bare.peak,
                    troubles(&sum.figures)
                ),
                ratio >= if sqlite { 0.7 } else { 0.2 },
                Some(sum.figures.share.max(bare.figures.share)),
            );
            if sqlite {
                self.row(
                    format!("user + system time an update, browsing at {BROWSERS}, SQLite"),
                    "≤ 0.15 ms",
                    format!(
                        "{:.3} ms beside the bare bot's {:.3} ms",
                        sum.cpu_ms(),
                        bare.cpu_ms()
                    ),
                    sum.cpu_ms() <= 0.15,
                    Some(sum.figures.share),
                );
                self.row(
                    format!("resident memory under the load of {BROWSERS}, SQLite"),
                    "≤ 60 MiB",
                    format!("{:.1} MiB at its highest", sum.peak),
                    sum.peak <= 60.0,
                    None,
                );
            }
        }
        for shop in shops {
            shop.drop().await?;
        }
        Ok(())
    }

    /// How soon an update is answered while there is room.
    pub async fn latency(&mut self) -> Result<(), Failure> {
        for engine in self.engines.clone() {
            let shop = self.shop(engine, 100).await?;
            self.say("the open loop");
            let kiosk = self.open(&shop).await?;
            let crowd = self.server.crowd(POOL, |seed| Box::new(Browse::new(seed)));
            crowd.act_at(BEATS);
            let length = self.asked.round * self.asked.rounds;
            let round = self.measure(&kiosk, length).await;
            self.dismiss(crowd).await;
            kiosk.close().await?;
            let figures = round?.figures;
            let (p50, p99) = (ms(&figures.answer, 50.0), ms(&figures.answer, 99.0));
            let sqlite = engine == crate::shop::Engine::Sqlite;
            self.row(
                format!("hand-out to the first answer, {BEATS} updates/s in an open loop, {}", engine.name()),
                if sqlite { "p50 ≤ 2 ms, p99 ≤ 10 ms" } else { "none" },
                format!(
                    "p50 {p50:.2} ms, p99 {p99:.2} ms, p99.9 {:.1} ms (since the customer acted: {:.2}, {:.2}, {:.1} ms), {} updates{}",
                    ms(&figures.answer, 99.9),
                    ms(&figures.since_due, 50.0),
                    ms(&figures.since_due, 99.0),
                    ms(&figures.since_due, 99.9),
                    figures.answered,
                    troubles(&figures)
                ),
                !sqlite || p50 <= 2.0 && p99 <= 10.0,
                Some(figures.share),
            );
            shop.drop().await?;
        }
        Ok(())
    }
}
