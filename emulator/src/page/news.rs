//! What the page doesn't know yet: it asks with what it has seen, and is answered as soon as there is more.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{collections::HashMap, time::Duration};

use crate::{
    control::Control,
    customers::Customer,
    state::{State, in_order},
};

/// How long a request for news waits when there is none.
const NEWS_WITHIN: Duration = Duration::from_secs(25);

/// What a page has seen; `default` is a page that was just opened.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Seen {
    /// Which emulator it talked to: one that started anew counts from the beginning.
    epoch: String,
    /// Versions of the chats, by customer.
    chats: HashMap<i64, u64>,
    /// How many mails.
    mails: usize,
}

/// Waits until there is something that `seen` lacks, for a while.
pub(super) async fn news(control: &Control, epoch: &str, mut seen: Seen) -> Value {
    if seen.epoch != epoch {
        seen = Seen::default();
    }
    let world = &control.world;
    let mut bell = world.changed.subscribe();
    let mut closing = world.closing.subscribe();
    let late = tokio::time::sleep(NEWS_WITHIN);
    tokio::pin!(late);
    loop {
        bell.mark_unchanged();
        if world.read(|state| has_more(state, &seen)) {
            break;
        }
        tokio::select! {
            _ = bell.changed() => {}
            _ = closing.changed() => break,
            () = &mut late => break,
        }
    }
    let mut told = world.read(|state| unseen(state, &seen));
    told["epoch"] = json!(epoch);
    told
}

fn version(customer: &Customer) -> u64 {
    *customer.changed.borrow()
}

fn is_new(customer: &Customer, seen: &Seen) -> bool {
    seen.chats.get(&customer.id) != Some(&version(customer))
}

fn has_more(state: &State, seen: &Seen) -> bool {
    state.mails.len() != seen.mails || state.customers.values().any(|one| is_new(one, seen))
}

fn unseen(state: &State, seen: &Seen) -> Value {
    let chats: Map<String, Value> = state
        .customers
        .values()
        .filter(|customer| is_new(customer, seen))
        .map(|customer| (customer.id.to_string(), snapshot(state, customer)))
        .collect();
    json!({
        "now_ms": state.now_ms(),
        "chats": chats,
        "mails": state.mails.get(seen.mails..).unwrap_or_default(),
        "mail_count": state.mails.len(),
    })
}

/// A chat as its customer sees it.
fn snapshot(state: &State, customer: &Customer) -> Value {
    let language = customer.spec.language_code.as_deref().unwrap_or_default();
    let descriptions = &state.bot.descriptions;
    let description = descriptions.get(language).or_else(|| descriptions.get(""));
    let buttons = &state.bot.menu_buttons;
    json!({
        "version": version(customer),
        "place": customer.place,
        "user": customer.id,
        "first_name": customer.spec.first_name,
        "last_name": customer.spec.last_name,
        "language": language,
        "phone": customer.phone,
        "started": customer.started,
        "blocked": customer.blocked,
        "stars": customer.stars,
        "typing_ms": (customer.typing_until_ms - state.now_ms()).max(0),
        "messages": in_order(&customer.messages),
        "reply_keyboard": customer.reply_keyboard,
        "reply_keyboard_id": customer.reply_keyboard_id,
        "commands": state.commands_for(customer),
        "menu_button": buttons.get(&customer.id).or_else(|| buttons.get(&0)),
        "bot": {
            "name": state.bot.name,
            "username": crate::BOT_USERNAME,
            "description": description,
        },
    })
}
