//! `kiosk dead`: messages that nobody could handle, and letters that did not arrive.

use std::fmt::Write;

use serde_json::json;

use super::words::at;
use super::{Failure, Outcome};
use crate::config::Config;
use crate::shop::staff::dead::{self, Dead, Done, Name, Wish};
use crate::store::StoreError;

/// So many of each kind are listed; the oldest come first.
const LISTED: i64 = 500;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// What was given up, and why
    List {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Try it again
    Retry {
        /// A name from the list, such as in:12 or out:7
        name: Name,
    },
    /// Let it go for good
    Drop {
        /// A name from the list, such as in:12 or out:7
        name: Name,
    },
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Outcome, Failure> {
    match command {
        Command::List { json } => {
            let store = super::open(config).await?;
            let dead = store
                .read("cli.dead.list", |tx| Box::pin(dead::list(tx, LISTED)))
                .await;
            store.close().await;
            list(&dead?, json, config).map(Outcome::complete)
        }
        Command::Retry { name } => settle(name, Wish::Retry, config).await,
        Command::Drop { name } => settle(name, Wish::Drop, config).await,
    }
}

async fn settle(name: Name, wish: Wish, config: &Config) -> Result<Outcome, Failure> {
    let store = super::open(config).await?;
    let done: Result<Done, StoreError> = store
        .write("cli.dead.settle", move |tx| {
            Box::pin(dead::settle(tx, name, wish))
        })
        .await;
    store.close().await;
    match (done?, wish) {
        (Done::Done(dead), Wish::Retry) => Ok(Outcome::complete(format!(
            "{}\nis tried again: at once by a shop that is open, else at its next start",
            line(&dead, config)
        ))),
        (Done::Done(dead), Wish::Drop) => Ok(Outcome::complete(format!(
            "dropped, and its task is done:\n{}",
            line(&dead, config)
        ))),
        (Done::RefundRefused(_), _) => Err(format!(
            "the provider has refused the refund that {name} carries, and would refuse it again: send the money back at \
             the provider, then `kiosk attention list` has the task to resolve"
        )
        .into()),
        (Done::Unknown, _) => {
            Err(format!("nothing dead is called {name}: see `kiosk dead list`").into())
        }
    }
}

fn list(dead: &[Dead], json: bool, config: &Config) -> Result<String, Failure> {
    if json {
        let all: Vec<_> = dead.iter().map(object).collect();
        return Ok(serde_json::to_string_pretty(&all)?);
    }
    if dead.is_empty() {
        return Ok("nothing is dead".to_owned());
    }
    let mut text = String::new();
    for dead in dead {
        text += &line(dead, config);
        text.push('\n');
    }
    text += "`kiosk dead retry NAME` tries one again, `kiosk dead drop NAME` lets it go";
    Ok(text)
}

/// What it is, never what it says: a message may hold anything.
fn line(dead: &Dead, config: &Config) -> String {
    let mut text = String::new();
    let (name, kind, when, chat, error) = match dead {
        Dead::Fact(fact) => (
            Name::In(fact.seq),
            format!("{} from {}", fact.kind, fact.source),
            fact.received_at,
            fact.lane,
            &fact.error,
        ),
        Dead::Letter(letter) => (
            Name::Out(letter.id),
            format!("{} after {} tries", letter.kind, letter.attempts),
            letter.changed_at,
            letter.chat,
            &letter.error,
        ),
    };
    // Writing to a String can't fail.
    let _ = write!(text, "{name:<8}  {}  {kind}", at(config, when));
    if let Some(chat) = chat {
        let _ = write!(text, ", chat {chat}");
    }
    if let Some(error) = error {
        let _ = write!(text, ": {}", crate::i18n::clean(error));
    }
    text
}

fn object(dead: &Dead) -> serde_json::Value {
    match dead {
        Dead::Fact(fact) => json!({
            "name": Name::In(fact.seq).to_string(),
            "kind": fact.kind,
            "source": fact.source,
            "chat": fact.lane,
            "at": fact.received_at,
            "error": fact.error,
        }),
        Dead::Letter(letter) => json!({
            "name": Name::Out(letter.id).to_string(),
            "kind": letter.kind,
            "chat": letter.chat,
            "tries": letter.attempts,
            "at": letter.changed_at,
            "error": letter.error,
        }),
    }
}
