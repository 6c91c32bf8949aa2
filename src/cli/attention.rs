//! `kiosk attention`: the tasks that wait for a person, also of a shop that is open.

use std::fmt::Write;

use super::words::{at, english};
use super::{Failure, Outcome};
use crate::bot::screens;
use crate::bus::attention::{self, Listed};
use crate::config::Config;
use crate::shop::payments::decide::Decided;
use crate::shop::staff::tasks::{self, Resolved};
use crate::store::StoreError;

/// So many tasks are listed; the oldest come first.
const LISTED: i64 = 1_000;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Which tasks are open
    List {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// One task with all that is known
    Show {
        /// Its number
        task: i64,
    },
    /// Ask a provider again that has refused a refund
    Retry {
        /// The task's number
        task: i64,
    },
    /// Say that a task is done
    Resolve {
        /// Its number
        task: i64,
        /// What was done, for whoever looks at it later
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Outcome, Failure> {
    let store = super::open(config).await?;
    let answer = match command {
        Command::List { json } => store
            .read("cli.attention.list", |tx| {
                Box::pin(attention::list(tx, LISTED, 0))
            })
            .await
            .map_err(|error: StoreError| error.into())
            .and_then(|tasks| list(&tasks, json, config)),
        Command::Show { task } => store
            .read("cli.attention.show", move |tx| {
                Box::pin(attention::one(tx, task))
            })
            .await
            .map_err(|error: StoreError| error.into())
            .and_then(|found| match found {
                Some(task) => Ok(show(&task, config)),
                None => Err(unknown(task)),
            }),
        Command::Resolve { task, note } => store
            .write("cli.attention.resolve", move |tx| {
                let note = note.clone();
                Box::pin(async move { tasks::resolve(tx, task, "cli", note.as_deref()).await })
            })
            .await
            .map_err(|error: StoreError| error.into())
            .and_then(|resolved| match resolved {
                Resolved::Done(task) => Ok(format!("task {} is done\n{}", task.id, means(&task))),
                Resolved::Already(task) => Ok(format!(
                    "task {} was done already, {}",
                    task.id,
                    by(&task, config)
                )),
                Resolved::Waits(task) => Err(means(&task).into()),
                Resolved::Unknown => Err(unknown(task)),
            }),
        Command::Retry { task } => store
            .write("cli.attention.retry", move |tx| {
                Box::pin(tasks::retry(tx, task))
            })
            .await
            .map_err(|error: StoreError| error.into())
            .and_then(|decided| match decided {
                Some(Decided::Done) => Ok("the provider is asked again".to_owned()),
                Some(Decided::Unknown) => Err(unknown(task)),
                Some(_) => Err(
                    "this refund has been tried again already: see `kiosk attention list`".into(),
                ),
                None => Err("only a refund that its provider refused can be tried again".into()),
            }),
    };
    store.close().await;
    answer.map(Outcome::complete)
}

fn unknown(task: i64) -> Failure {
    format!("there is no task {task}: see `kiosk attention list`").into()
}

fn list(tasks: &[Listed], json: bool, config: &Config) -> Result<String, Failure> {
    if json {
        return Ok(serde_json::to_string_pretty(tasks)?);
    }
    if tasks.is_empty() {
        return Ok("no task is open".to_owned());
    }
    let mut text = String::new();
    for task in tasks {
        let what = screens::task_kind(&english(), &task.kind);
        // Writing to a String can't fail.
        let _ = writeln!(
            text,
            "{:>5}  {}  {:<18} {what} ({})",
            task.id,
            at(config, task.opened_at),
            task.kind,
            task.subject
        );
    }
    text += "`kiosk attention show N` tells more";
    Ok(text)
}

fn show(task: &Listed, config: &Config) -> String {
    let mut text = format!(
        "task {}: {}\nkind      {}\nabout     {}\nopened    {}\n",
        task.id,
        screens::task_kind(&english(), &task.kind),
        task.kind,
        task.subject,
        at(config, task.opened_at)
    );
    if task.resolved_at.is_some() {
        // Writing to a String can't fail.
        let _ = writeln!(text, "done      {}", by(task, config));
    }
    let _ = writeln!(
        text,
        "\n{}\n\n{}",
        crate::i18n::clean(&task.detail),
        means(task)
    );
    text
}

fn by(task: &Listed, config: &Config) -> String {
    let by = task.resolved_by.as_deref().unwrap_or("Kiosk itself");
    let when = task
        .resolved_at
        .map_or_else(String::new, |when| at(config, when));
    format!("{when} by {by}")
}

fn means(task: &Listed) -> String {
    screens::task_means(&english(), &task.kind, &task.subject)
}
