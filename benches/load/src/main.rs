//! What Kiosk can take, row by row of the table of figures that we want to reach: `cargo run --profile bench -p kiosk-load -- all`.
//!
//! The real program runs as a process of its own, on SQLite and, where `KIOSK_BENCH_POSTGRES` names a server, on PostgreSQL; so does the bare bot
//! beside it. The customers and their Telegram are in this process, on 127.0.0.1. Nothing but processes, files and databases of our own is touched.

mod bare;
mod bulk;
mod process;
mod raw;
mod rows;
mod shop;
mod table;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use kiosk_emulator::load::{Options, Server};

use process::Program;
use rows::Bench;

/// What went wrong, for a person.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// The bot's token: any that looks like one.
pub(crate) const TOKEN: &str = "4242:load";
/// The shops' master key.
pub(crate) const MASTER: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

const USAGE: &str = "\
usage: kiosk-load ROW… [--seconds N] [--orders N] [--keys N] [--quick] [--json]

rows:
  emulator     updates a second that the emulator takes itself, against a raw bot
  browse       500 customers look around: Kiosk beside a bare bot, and processor time
  latency      200 updates a second by a schedule: hand-out to the first answer
  sales        whole purchases a second
  precheckout  answers before a payment while customers browse and buy
  import       a million keys while the shop sells
  backlog      10,000 updates that piled up after a kill
  past         with a million orders: memory, start, and the claim of a key
  all          all of these
The use-cases alone are measured by `cargo bench --bench sales`.

  --seconds N  how long a round lasts (8)
  --orders N   orders of a shop with a past (1000000)
  --keys N     keys to import (1000000)
  --quick      short rounds and a tenth of everything: to see that it works
  --json       the rows as JSON lines, too

KIOSK_BENCH_POSTGRES  a server, such as postgres://user@127.0.0.1/postgres; without it PostgreSQL is left out
KIOSK_BENCH_PROGRAM   a kiosk that is built already (without the demo); otherwise one is built";

const ROWS: [&str; 8] = [
    "emulator",
    "browse",
    "latency",
    "sales",
    "precheckout",
    "import",
    "backlog",
    "past",
];

/// What was asked for.
struct Asked {
    rows: Vec<String>,
    round: Duration,
    rounds: u32,
    orders: i64,
    keys: usize,
    quick: bool,
    json: bool,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("kiosk-load: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bare-bot", url] => runtime.block_on(bare::run(url, TOKEN)),
        ["raw-bot", url] => runtime.block_on(raw::run(url, TOKEN)),
        _ => match asked(&args) {
            Ok(Some(asked)) => runtime.block_on(run(asked)),
            Ok(None) => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            Err(mistake) => {
                eprintln!("kiosk-load: {mistake}\n{USAGE}");
                return ExitCode::from(2);
            }
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kiosk-load: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `None` asks for help.
fn asked(args: &[String]) -> Result<Option<Asked>, String> {
    let mut asked = Asked {
        rows: Vec::new(),
        round: Duration::from_secs(8),
        rounds: 3,
        orders: 1_000_000,
        keys: 1_000_000,
        quick: false,
        json: false,
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut number = || {
            let value = args.next().and_then(|text| text.parse::<u32>().ok());
            value
                .filter(|number| *number > 0)
                .ok_or(format!("{arg} needs a number"))
        };
        match arg.as_str() {
            "-h" | "--help" => return Ok(None),
            "--seconds" => asked.round = Duration::from_secs(number()?.into()),
            "--orders" => asked.orders = number()?.into(),
            "--keys" => asked.keys = number()? as usize,
            "--quick" => asked.quick = true,
            "--json" => asked.json = true,
            "all" => asked.rows.extend(ROWS.map(str::to_owned)),
            row if ROWS.contains(&row) => asked.rows.push(row.to_owned()),
            other => return Err(format!("unknown argument {other}")),
        }
    }
    if asked.rows.is_empty() {
        return Ok(None);
    }
    if asked.quick {
        asked.round = asked.round.min(Duration::from_secs(3));
        asked.rounds = 1;
        asked.orders = asked.orders.min(100_000);
        asked.keys = asked.keys.min(100_000);
    }
    Ok(Some(asked))
}

async fn run(asked: Asked) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let program = Program::find(folder.path()).await?;
    let server = Server::start(Options::default()).await?;
    let rows = asked.rows.clone();
    let mut bench = Bench::new(asked, program, server);
    let mut outcome = Ok(());
    for row in rows {
        outcome = match row.as_str() {
            "emulator" => bench.emulator().await,
            "browse" => bench.browse().await,
            "latency" => bench.latency().await,
            "sales" => bench.sales().await,
            "precheckout" => bench.pre_checkout().await,
            "import" => bench.import().await,
            "backlog" => bench.backlog().await,
            _ => bench.past().await,
        };
        if outcome.is_err() {
            break;
        }
    }
    bench.finish();
    outcome
}
