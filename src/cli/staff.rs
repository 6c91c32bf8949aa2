//! `kiosk staff`: who runs the shop, also beside one that is open.

use std::fmt::Write;

use serde_json::json;

use super::{Failure, Outcome};
use crate::config::Config;
use crate::i18n::{Zone, date};
use crate::shop::staff::{self, Changed, Member, Role};
use crate::shop::texts::Language;
use crate::store::StoreError;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Give a person a role, or another one
    Add {
        /// Their Telegram id; @userinfobot tells it
        id: i64,
        /// owner, manager or support
        #[arg(value_parser = role)]
        role: Role,
        /// Also when the shop is left without an owner by it
        #[arg(long)]
        force: bool,
    },
    /// Take a person's role away
    Remove {
        /// Their Telegram id
        id: i64,
        /// Also when the shop is left without an owner by it
        #[arg(long)]
        force: bool,
    },
    /// Who is staff
    List {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
}

fn role(word: &str) -> Result<Role, String> {
    Role::from_word(word).ok_or_else(|| "expected owner, manager or support".to_owned())
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Outcome, Failure> {
    match command {
        Command::Add { id, role, force } => {
            if id <= 0 {
                return Err(format!(
                    "{id} is no person's Telegram id: these are whole numbers above 0"
                )
                .into());
            }
            let changed = change(config, Some(role), id, force).await?;
            told(changed, id, Some(role), config)
        }
        Command::Remove { id, force } => {
            let changed = change(config, None, id, force).await?;
            told(changed, id, None, config)
        }
        Command::List { json } => {
            let store = super::open(config).await?;
            let staff = store
                .read("cli.staff", |tx| Box::pin(staff::list(tx)))
                .await;
            store.close().await;
            let staff = staff?;
            let text = if json {
                serde_json::to_string_pretty(&staff.iter().map(object).collect::<Vec<_>>())?
            } else {
                lines(&staff)
            };
            Ok(Outcome::complete(text))
        }
    }
}

async fn change(
    config: &Config,
    role: Option<Role>,
    id: i64,
    force: bool,
) -> Result<Changed, Failure> {
    let store = super::open(config).await?;
    let changed: Result<Changed, StoreError> = store
        .write("cli.staff.change", move |tx| {
            Box::pin(async move {
                match role {
                    Some(role) => staff::put(tx, id, role, force).await,
                    None => staff::remove(tx, id, force).await,
                }
            })
        })
        .await;
    store.close().await;
    Ok(changed?)
}

fn told(
    changed: Changed,
    id: i64,
    wanted: Option<Role>,
    config: &Config,
) -> Result<Outcome, Failure> {
    let role = wanted.map_or("staff", Role::as_str);
    let mut text = match changed {
        Changed::Added => format!("{id} is {role} now"),
        Changed::From(before) => format!("{id} is {role} now, and was {before} before"),
        Changed::Same => format!("{id} is {role} already"),
        Changed::Removed(before) => format!("{id} is staff no longer, and was {before} before"),
        Changed::Stranger => {
            return Err(format!("{id} is not staff: see `kiosk staff list`").into());
        }
        Changed::LastOwner => {
            return Err(format!(
                "{id} is the shop's last owner, and nothing was changed: name another owner first with `kiosk staff add \
                 ID owner`. With --force the shop has no owner then, and the next `kiosk run` prints a link for a new one"
            )
            .into());
        }
    };
    if wanted != Some(Role::Owner) && config.staff.owners.contains(&id) {
        text += "\nthe setting staff.owners names them: at the next start they are owner again, unless you take them out";
    }
    if matches!(changed, Changed::Added) {
        text += "\nthey open the desk with /admin in the bot's chat";
    }
    Ok(Outcome::complete(text))
}

fn object(member: &Member) -> serde_json::Value {
    json!({
        "telegram_id": member.telegram_id,
        "role": member.role.as_str(),
        "name": member.known.as_ref().map(|known| known.0.as_str()),
        "added_at": member.added_at,
    })
}

fn lines(staff: &[Member]) -> String {
    if staff.is_empty() {
        return "nobody is staff: `kiosk run` prints a link that makes its first opener the owner, and `kiosk staff add \
                ID owner` does it by hand"
            .to_owned();
    }
    let mut text = String::new();
    for member in staff {
        let name = member
            .known
            .as_ref()
            .map_or("has not written to the bot yet", |known| &known.0);
        let since = date(Language::En, &Zone::UTC, member.added_at);
        // Writing to a String can't fail.
        let _ = writeln!(
            text,
            "{:<12} {:<8} since {since}  {}",
            member.telegram_id,
            member.role,
            crate::i18n::clean(name)
        );
    }
    text
}
