//! The command line: a file for each command. A command answers with what to print and how it went; exit status 0 is
//! done, 1 failed, 2 wrong usage.

mod attention;
mod audit;
mod check;
mod dead;
#[cfg(feature = "demo")]
mod demo;
mod health;
mod import;
mod init;
mod migrate;
mod order;
mod run;
mod staff;
mod words;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::clock::Clock;
use crate::config::Config;
use crate::store::migrate as migrations;
use crate::store::{InstanceLock, Location, Store};
use crate::telemetry;

/// A storefront for digital goods that lives in a Telegram bot.
#[derive(Debug, Parser)]
#[command(name = "kiosk", version, about)]
pub struct Cli {
    /// The settings [default: kiosk.toml in the working folder, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show a stocked shop in a chat page on this machine, without any bot
    #[cfg(feature = "demo")]
    Demo(demo::Args),
    /// Write the first settings and a sample catalogue
    Init(init::Args),
    /// Prove the settings, the database and the bot, and tell how to mend what is wrong
    Check,
    /// Open the shop
    Run,
    /// Ask the shop that is open on this machine whether it is ready: for containers and watchdogs
    Health,
    /// Check the books: money, keys, orders and letters
    Audit(audit::Args),
    /// Bring the database to this program's version
    Migrate(migrate::Args),
    /// Load products or keys from a file
    #[command(subcommand)]
    Import(import::Command),
    /// Who runs the shop
    #[command(subcommand)]
    Staff(staff::Command),
    /// Tasks that wait for a person
    #[command(subcommand)]
    Attention(attention::Command),
    /// What became of an order
    #[command(subcommand)]
    Order(order::Command),
    /// Messages that could not be handled, and letters that did not arrive
    #[command(subcommand)]
    Dead(dead::Command),
}

/// How a command that did not fail went.
#[derive(Debug)]
struct Outcome {
    /// For the standard output.
    text: String,
    /// Whether everything that was asked for is done.
    is_complete: bool,
}

impl Outcome {
    fn complete(text: String) -> Self {
        Self {
            text,
            is_complete: true,
        }
    }
}

/// A command failed: its error says why, and what to do.
type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Cli {
    /// Runs the command to its end.
    pub fn run(self) -> ExitCode {
        match self.start() {
            Ok(outcome) => {
                // Nobody listens any more: that is no failure of the command.
                let _ = writeln!(std::io::stdout(), "{}", outcome.text.trim_end());
                if outcome.is_complete {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                }
            }
            Err(failure) => {
                let _ = writeln!(std::io::stderr(), "kiosk: {failure}");
                ExitCode::FAILURE
            }
        }
    }

    fn start(self) -> Result<Outcome, Failure> {
        let config = Config::load(self.config.as_deref())?;
        telemetry::start_log(&config.log.filter, config.log.format)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(self.command.run(&config))
    }
}

impl Command {
    async fn run(self, config: &Config) -> Result<Outcome, Failure> {
        match self {
            #[cfg(feature = "demo")]
            Command::Demo(args) => demo::run(&args, config).await,
            Command::Init(args) => init::run(&args),
            Command::Check => check::run(config).await,
            Command::Run => run::run(config).await,
            Command::Health => health::run(config).await,
            Command::Audit(args) => audit::run(&args, config).await,
            Command::Migrate(args) => migrate::run(&args, config).await,
            Command::Import(command) => import::run(command, config).await,
            Command::Staff(command) => staff::run(command, config).await,
            Command::Attention(command) => attention::run(command, config).await,
            Command::Order(command) => order::run(command, config).await,
            Command::Dead(command) => dead::run(command, config).await,
        }
    }
}

/// The lock that a migration, or a running shop, needs.
fn lock(location: &Location) -> Result<InstanceLock, Failure> {
    match location {
        Location::Sqlite(path) => Ok(InstanceLock::take(path)?),
        Location::Postgres(_) => Ok(InstanceLock::none()),
    }
}

/// Opens the shop's database beside a running shop. A database without any table is set up first; one of an older
/// program is left alone, because a shop may be running on it.
async fn open(config: &Config) -> Result<Store, Failure> {
    let location = &config.database.url;
    let steps = migrations::status(location).await?;
    if steps.iter().any(|step| !step.applied) {
        if steps.iter().any(|step| step.applied) {
            return Err(
                "the database is older than this program: run `kiosk migrate` first".into(),
            );
        }
        let _lock = lock(location)?;
        migrations::run(location).await?;
    }
    Ok(Store::open(location, config.database.connections, Clock::system()).await?)
}

#[cfg(test)]
mod tests;
