//! The rows: each starts what it needs, measures, and ends what it started.

mod browsing;
mod import;
mod past;
mod selling;

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use kiosk_emulator::load::{Crowd, Figures, Server};

use crate::process::{Process, Program};
use crate::shop::{Engine, Shop};
use crate::table::{HEAD, Row};
use crate::{Asked, Failure};

/// Customers who look around at the same time.
const BROWSERS: usize = 500;
/// A bot and its customers get into their stride.
const WARM_UP: Duration = Duration::from_millis(1_500);
/// Whoever waits for an answer at the end of a round is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was asked, what is there, and what was found.
pub struct Bench {
    asked: Asked,
    program: Program,
    server: Server,
    engines: Vec<Engine>,
    rows: Vec<Row>,
    shops: usize,
    begun: Instant,
}

/// What a bot did in a round, and what it took.
struct Round {
    figures: Figures,
    cpu: Duration,
    /// The highest working set, in MiB.
    peak: f64,
}

impl Round {
    /// Updates a second.
    fn rate(&self) -> f64 {
        self.figures.answered as f64 / self.figures.seconds
    }

    /// User and system time an update, in milliseconds.
    fn cpu_ms(&self) -> f64 {
        self.cpu.as_secs_f64() * 1_000.0 / self.figures.answered.max(1) as f64
    }

    fn add(&mut self, other: &Self) {
        self.figures.add(&other.figures);
        self.cpu += other.cpu;
        self.peak = self.peak.max(other.peak);
    }
}

/// A percentile in milliseconds.
fn ms(times: &Histogram<u64>, percent: f64) -> f64 {
    times.value_at_quantile(percent / 100.0) as f64 / 1_000.0
}

/// What went wrong in a round, if anything, to stand behind a figure.
fn troubles(figures: &Figures) -> String {
    let mut text = String::new();
    for (what, count) in [
        ("answered nothing", figures.silent),
        ("lost their way", figures.lost),
        ("were turned down", figures.turned_down),
        ("were due and still waited", figures.busy),
    ] {
        if count > 0 {
            text += &format!("; {count} {what}");
        }
    }
    for (refusal, count) in &figures.refused {
        text += &format!("; {count} × {refusal}");
    }
    text
}

impl Bench {
    pub(crate) fn new(asked: Asked, program: Program, server: Server) -> Self {
        let mut engines = vec![Engine::Sqlite];
        if std::env::var_os("KIOSK_BENCH_POSTGRES").is_some() {
            engines.push(Engine::Postgres);
        } else {
            eprintln!("KIOSK_BENCH_POSTGRES is not set: PostgreSQL is left out");
        }
        Self {
            asked,
            program,
            server,
            engines,
            rows: Vec::new(),
            shops: 0,
            begun: Instant::now(),
        }
    }

    /// Tells who watches how far it is.
    fn say(&self, what: &str) {
        eprintln!("[{:>4} s] {what}", self.begun.elapsed().as_secs());
    }

    fn row(
        &mut self,
        what: impl Into<String>,
        aim: &'static str,
        found: String,
        met: bool,
        share: Option<f64>,
    ) {
        let row = Row {
            what: what.into(),
            aim,
            found,
            met,
            share,
        };
        self.say(&row.markdown());
        self.rows.push(row);
    }

    /// Prints the table.
    pub fn finish(self) {
        println!("{HEAD}");
        for row in &self.rows {
            println!("{}", row.markdown());
        }
        if self.asked.json {
            for row in &self.rows {
                println!("{}", row.json());
            }
        }
        self.say("done");
    }

    async fn shop(&mut self, engine: Engine, keys: usize) -> Result<Shop, Failure> {
        self.shops += 1;
        let name = format!("shop{}", self.shops);
        self.say(&format!("a shop on {}, {keys} keys", engine.name()));
        // Otherwise its reconciler would find the sales of the shops before it, thousands of them, and settle each as a stranger's.
        self.server.begin_anew();
        Shop::make(&self.program, engine, &name, keys).await
    }

    async fn open(&self, shop: &Shop) -> Result<Process, Failure> {
        let (process, _) = self.program.open(&shop.url, &self.server.url()).await?;
        Ok(process)
    }

    /// What the bot does in `length`, after the warm-up.
    async fn measure(&self, process: &Process, length: Duration) -> Result<Round, Failure> {
        tokio::time::sleep(WARM_UP).await;
        let before = process.cpu();
        self.server.figures();
        tokio::time::sleep(length).await;
        let figures = self.server.figures();
        Ok(Round {
            figures,
            cpu: process.cpu().saturating_sub(before),
            peak: process.memory()?.peak,
        })
    }

    /// Sends the crowd home, and forgets what the bot did not take.
    async fn dismiss(&self, crowd: Crowd) {
        let waiting = crowd.leave(PATIENCE).await;
        if waiting > 0 {
            self.say(&format!("{waiting} customers are still waiting"));
        }
        self.server.forget();
    }
}
