//! `kiosk order show`: the whole story of an order. Key text is not part of it.

use std::fmt::Write;

use super::words::{at, money};
use super::{Failure, Outcome};
use crate::config::Config;
use crate::i18n::clean;
use crate::shop::downloads::renew;
use crate::shop::money::Prices;
use crate::shop::orders::{State, link};
use crate::shop::payments::decide::{self, Decided};
use crate::shop::staff::story::{self, Head, Story};
use crate::shop::texts::{Language, Texts};
use crate::store::{PublicId, Store, StoreError};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Who ordered what, the states of its keys, its money, its letters and its tasks
    Show {
        /// The number that the customer sees, such as 7F3A-91C2, or the public id
        number: String,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Send all the money of an order back; its keys are revoked when it has gone
    Refund {
        /// The number that the customer sees, or the public id
        number: String,
    },
    /// Hand out the keys of a paid order that waits for them
    Fulfil {
        /// The number that the customer sees, or the public id
        number: String,
    },
    /// Let the order's files be downloaded once more; every older link to them is taken back
    RenewDownloads {
        /// The number that the customer sees, or the public id
        number: String,
        /// So often, at least, may each of them be downloaded from now on
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(i64).range(1..=1_000))]
        times: i64,
    },
    /// Take every link to the order's page back; the next message brings a new one
    NewLink {
        /// The number that the customer sees, or the public id
        number: String,
    },
}

enum Found {
    One(Box<Story>),
    Many(Vec<Head>),
    None,
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Outcome, Failure> {
    let store = super::open(config).await?;
    let answer = match &command {
        Command::Show { number, json } => show(&store, number, *json, config).await,
        Command::Refund { number } => refund(&store, number, config).await,
        Command::Fulfil { number } => fulfil(&store, number, config).await,
        Command::RenewDownloads { number, times } => {
            renew_downloads(&store, number, *times, config).await
        }
        Command::NewLink { number } => new_link(&store, number, config).await,
    };
    store.close().await;
    answer.map(Outcome::complete)
}

async fn show(store: &Store, number: &str, json: bool, config: &Config) -> Result<String, Failure> {
    let wanted = number.to_owned();
    let found = store
        .snapshot("cli.order", move |tx| {
            let wanted = wanted.clone();
            Box::pin(async move {
                let mut found = story::find(tx, &wanted).await?;
                Ok::<_, StoreError>(match (found.pop(), found.is_empty()) {
                    (None, _) => Found::None,
                    (Some(head), true) => Found::One(Box::new(story::of(tx, head).await?)),
                    (Some(head), false) => {
                        found.push(head);
                        Found::Many(found)
                    }
                })
            })
        })
        .await?;
    match found {
        Found::One(told) if json => Ok(serde_json::to_string_pretty(&*told)?),
        Found::One(told) => Ok(text(&told, config)),
        Found::Many(heads) => Err(namesakes(number, &heads, config)),
        Found::None => Err(unknown(number)),
    }
}

/// The one order of this number.
async fn named(store: &Store, number: &str, config: &Config) -> Result<PublicId, Failure> {
    let wanted = number.to_owned();
    let heads: Vec<Head> = store
        .read("cli.order.named", move |tx| {
            let wanted = wanted.clone();
            Box::pin(async move { story::find(tx, &wanted).await })
        })
        .await?;
    match heads.as_slice() {
        [] => Err(unknown(number)),
        [head] => Ok(head.id),
        heads => Err(namesakes(number, heads, config)),
    }
}

fn namesakes(number: &str, heads: &[Head], config: &Config) -> Failure {
    let mut text = format!("{number} is the number of several orders, name one by its public id:");
    for head in heads {
        let created = at(config, head.created_at);
        let _ = write!(text, "\n{}  {created}  {}", head.id, clean(&head.name));
    }
    text.into()
}

fn unknown(number: &str) -> Failure {
    format!(
        "there is no order {number}: expected a number such as 7F3A-91C2, as the customer sees it, or a public id"
    )
    .into()
}

async fn refund(store: &Store, number: &str, config: &Config) -> Result<String, Failure> {
    let order = named(store, number, config).await?;
    let decided = store
        .write("cli.order.refund", move |tx| {
            Box::pin(decide::refund(tx, order))
        })
        .await?;
    match decided {
        Decided::Done => Ok(
            "the money goes back: by itself where its provider can be asked, otherwise `kiosk attention list` has a \
             task for it. The customer is told when it has gone"
                .to_owned(),
        ),
        Decided::Already => Ok("its money is on its way back already, or has gone".to_owned()),
        Decided::Not(state) => Err(format!(
            "the order is {}: there is no money of it to send back",
            state.as_str()
        )
        .into()),
        Decided::SoldOut | Decided::Unknown => Err(unknown(number)),
    }
}

async fn fulfil(store: &Store, number: &str, config: &Config) -> Result<String, Failure> {
    let order = named(store, number, config).await?;
    let decided = store
        .write("cli.order.fulfil", move |tx| {
            Box::pin(decide::fulfil(tx, order))
        })
        .await?;
    match decided {
        Decided::Done => Ok("the keys are on their way to the customer".to_owned()),
        Decided::Already => Ok("it has its keys already".to_owned()),
        Decided::SoldOut => {
            Err("not enough keys are there: import some with `kiosk import keys`".into())
        }
        Decided::Not(State::Backorder) => {
            Err("its money is on its way back, so it gets no keys".into())
        }
        Decided::Not(state) => {
            Err(format!("the order is {}: it does not wait for keys", state.as_str()).into())
        }
        Decided::Unknown => Err(unknown(number)),
    }
}

async fn renew_downloads(
    store: &Store,
    number: &str,
    times: i64,
    config: &Config,
) -> Result<String, Failure> {
    let order = named(store, number, config).await?;
    let renewed = store
        .write("cli.order.renew_downloads", move |tx| {
            Box::pin(renew::renew(tx, order, times))
        })
        .await?;
    if renewed == 0 {
        return Err(format!(
            "the order has no file that can be downloaded: see `kiosk order show {number}`"
        )
        .into());
    }
    Ok(format!(
        "each of its {renewed} files can be downloaded {times} times more, at least. Older links no longer open them; /keys \
         sends the customer new ones, and the cabinet has them"
    ))
}

async fn new_link(store: &Store, number: &str, config: &Config) -> Result<String, Failure> {
    let order = named(store, number, config).await?;
    let renewed = store
        .write("cli.order.new_link", move |tx| {
            Box::pin(link::renew(tx, order))
        })
        .await?;
    if renewed {
        Ok(
            "older links to the order's page no longer open it; /keys sends the customer a new one"
                .to_owned(),
        )
    } else {
        Err(unknown(number))
    }
}

fn text(story: &Story, config: &Config) -> String {
    let order = &story.order;
    let mut text = String::new();
    let mut line = |line: String| {
        text += line.trim_end();
        text.push('\n');
    };
    line(format!("order     {} ({})", order.id.short(), order.id));
    line(format!("state     {}", order.state));
    let blocked = if order.customer_state == "blocked" {
        ", has blocked the bot"
    } else {
        ""
    };
    line(format!(
        "customer  {}, Telegram id {}, {}{blocked}",
        clean(&order.name),
        order.telegram_id,
        order.language
    ));
    line(format!("placed    {}", at(config, order.created_at)));
    line(format!("held to   {}", at(config, order.expires_at)));
    line("\nlines".to_owned());
    for it in &story.lines {
        let title = Texts::from_json(&it.title).unwrap_or_default();
        let prices = Prices::from_json(&it.prices).unwrap_or_default();
        let prices: Vec<String> = prices
            .iter()
            .map(|price| money(price.minor, price.currency.code()))
            .collect();
        line(format!(
            "  {} × {}  {} each  ({})",
            clean(title.in_language(Language::En)),
            it.quantity,
            prices.join(" or "),
            it.product
        ));
    }
    line("\nunits".to_owned());
    for unit in &story.units {
        let key = match (unit.key, &unit.state, &unit.download) {
            (Some(key), Some(state), _) => format!("key {key}, {state}"),
            (.., Some(state)) => {
                let (started, most) = (unit.started.unwrap_or(0), unit.most.unwrap_or(0));
                let until = unit.until.map_or_else(String::new, |until| {
                    format!(", until {}", at(config, until))
                });
                format!("download, {state}, started {started} of {most} times{until}")
            }
            _ => "no key".to_owned(),
        };
        let shown = unit.revealed_at.map_or_else(String::new, |when| {
            format!(", first shown {}", at(config, when))
        });
        line(format!("  {} #{}: {key}{shown}", unit.product, unit.unit));
    }
    line("\nasked for".to_owned());
    for it in &story.attempts {
        line(format!(
            "  {}  {} by {}, {}",
            at(config, it.created_at),
            money(it.amount_minor, &it.currency),
            it.method,
            it.state
        ));
    }
    line("\nmoney".to_owned());
    for it in &story.payments {
        line(format!(
            "  {}  {} came by {}, {}, charge {}",
            at(config, it.received_at),
            money(it.amount_minor, &it.currency),
            it.provider,
            it.disposition,
            clean(&it.charge_id)
        ));
    }
    for it in &story.refunds {
        line(format!(
            "  {}  {} goes back, {} ({})",
            at(config, it.changed_at),
            money(it.amount_minor, &it.currency),
            it.state,
            it.reason
        ));
    }
    line("\nhistory".to_owned());
    for it in &story.events {
        let from = if it.from.is_empty() {
            "placed"
        } else {
            &it.from
        };
        line(format!("  {}  {from} → {}", at(config, it.at), it.to));
    }
    line("\nletters".to_owned());
    for it in &story.letters {
        let error = it
            .error
            .as_ref()
            .map_or_else(String::new, |error| format!(": {}", clean(error)));
        line(format!(
            "  {}  {}, {}, tries: {}{error}",
            at(config, it.changed_at),
            it.kind,
            it.state,
            it.attempts
        ));
    }
    line("\ntasks".to_owned());
    for it in &story.tasks {
        line(format!(
            "  {}  task {}, {}, {}",
            at(config, it.opened_at),
            it.id,
            it.kind,
            it.state
        ));
    }
    text
}
