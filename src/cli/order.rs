//! `kiosk order show`: the whole story of an order. Key text is not part of it.

use std::fmt::Write;

use super::words::{at, money};
use super::{Failure, Outcome};
use crate::config::Config;
use crate::i18n::clean;
use crate::shop::money::Prices;
use crate::shop::staff::story::{self, Head, Story};
use crate::shop::texts::{Language, Texts};
use crate::store::StoreError;

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
}

enum Found {
    One(Box<Story>),
    Many(Vec<Head>),
    None,
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Outcome, Failure> {
    let Command::Show { number, json } = command;
    let store = super::open(config).await?;
    let wanted = number.clone();
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
        .await;
    store.close().await;
    match found? {
        Found::One(told) if json => {
            Ok(Outcome::complete(serde_json::to_string_pretty(&*told)?))
        }
        Found::One(told) => Ok(Outcome::complete(text(&told, config))),
        Found::Many(heads) => {
            let mut text = format!("{number} is the number of several orders, name one by its public id:");
            for head in heads {
                let _ = write!(text, "\n{}  {}  {}", head.id, at(config, head.created_at), clean(&head.name));
            }
            Err(text.into())
        }
        Found::None => Err(format!(
            "there is no order {number}: expected a number such as 7F3A-91C2, as the customer sees it, or a public id"
        )
        .into()),
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
    line("\nkeys".to_owned());
    for unit in &story.units {
        let key = match (unit.key, &unit.state) {
            (Some(key), Some(state)) => format!("key {key}, {state}"),
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
