//! Updates pushed to the bot's own server, with the secret header, retries and `Retry-After`.

use serde_json::{Map, Value, json};
use std::{collections::HashSet, sync::Arc, time::Duration};

use crate::{
    bot_api,
    params::Params,
    polling::remember_allowed,
    reply::{Answer, ApiError},
    state::State,
    world::World,
};

/// The first retry comes at once, the second after this, each further one after twice as long as the one before.
const SECOND_RETRY_MS: i64 = 2_000;
/// The longest pause is drawn between this and twice as much.
const LONGEST_RETRY_MS: i64 = 60_000;
/// An answer of 410 that lasts so long ends the webhook.
const GONE_MS: i64 = 23 * 60 * 60 * 1000;
/// Ports that Telegram pushes to.
const PORTS: [u16; 4] = [80, 88, 443, 8443];
/// Telegram obeys a `Retry-After` of up to an hour.
const LONGEST_RETRY_AFTER_S: i64 = 3_600;
const PUSH_TIMEOUT: Duration = Duration::from_mins(1);

/// Where updates go.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    url: String,
    secret: Option<String>,
    max_connections: usize,
    last_error: Option<(i64, String)>,
    /// Since when it answers nothing but 410.
    gone_since_ms: Option<i64>,
}

/// `setWebhook`.
pub(crate) fn set(state: &mut State, params: &Params) -> Answer {
    let url = params.text("url").unwrap_or_default();
    if url.is_empty() {
        return Ok(delete(state, params));
    }
    let parsed = reqwest::Url::parse(&url)
        .ok()
        .filter(reqwest::Url::has_host)
        .ok_or_else(|| ApiError::bad("invalid webhook URL specified"))?;
    // Of this machine any address is taken, as a Bot API server of one's own does with `--local`.
    let is_local = matches!(parsed.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    if !is_local && parsed.scheme() != "https" {
        return Err(ApiError::bad(
            "bad webhook: An HTTPS URL must be provided for webhook",
        ));
    }
    if !is_local && parsed.port().is_some_and(|port| !PORTS.contains(&port)) {
        return Err(ApiError::bad(
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
        ));
    }
    let secret = params
        .text("secret_token")
        .filter(|secret| !secret.is_empty());
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if let Some(secret) = &secret {
        if secret.len() > 256 {
            return Err(ApiError::bad("secret token is too long"));
        }
        if !secret.bytes().all(is_plain) {
            return Err(ApiError::bad("secret token contains unallowed characters"));
        }
    }
    remember_allowed(state, params)?;
    if params.flag("drop_pending_updates") {
        state.queue.waiting.clear();
    }
    let max_connections = params
        .integer("max_connections")
        .unwrap_or(40)
        .clamp(1, 100);
    let webhook = Webhook {
        url,
        secret,
        max_connections: max_connections as usize,
        last_error: None,
        gone_since_ms: None,
    };
    let same = |old: &Webhook| {
        (&old.url, &old.secret, old.max_connections)
            == (&webhook.url, &webhook.secret, webhook.max_connections)
    };
    if state.webhook.as_ref().is_some_and(same) {
        return Ok(json!(true));
    }
    // What waited for its retry at the old one is pushed to the new one at once.
    for queued in &mut state.queue.waiting {
        queued.attempts = 0;
        queued.not_before_ms = 0;
    }
    state.webhook = Some(webhook);
    state.wake();
    Ok(json!(true))
}

/// `deleteWebhook`.
pub(crate) fn delete(state: &mut State, params: &Params) -> Value {
    state.webhook = None;
    if params.flag("drop_pending_updates") {
        state.queue.waiting.clear();
    }
    state.wake();
    json!(true)
}

/// `getWebhookInfo`.
pub(crate) fn info(state: &mut State) -> Value {
    let now_ms = state.now_ms();
    state.queue.expire(now_ms);
    let mut info = json!({
        "url": "",
        "has_custom_certificate": false,
        "pending_update_count": state.queue.waiting.len(),
    });
    if let Some(webhook) = &state.webhook {
        info["url"] = json!(webhook.url);
        info["max_connections"] = json!(webhook.max_connections);
        info["ip_address"] = json!(ip_address(&webhook.url));
        if let Some((at_ms, error)) = &webhook.last_error {
            info["last_error_date"] = json!(at_ms / 1000);
            info["last_error_message"] = json!(error);
        }
    }
    if let Some(kinds) = &state.queue.allowed {
        info["allowed_updates"] = json!(kinds);
    }
    info
}

/// Where pushes go, as far as it is known without asking for the name.
fn ip_address(url: &str) -> String {
    let url = reqwest::Url::parse(url).ok();
    let host = url.as_ref().and_then(reqwest::Url::host_str);
    let ip = host.filter(|host| host.parse::<std::net::Ipv4Addr>().is_ok());
    ip.unwrap_or("<unknown>").to_owned()
}

/// An update on its way.
struct Push {
    serial: u64,
    json: String,
    url: String,
    secret: Option<String>,
}

/// Pushes updates while a webhook is set, until the emulator stops.
pub(crate) async fn run(world: Arc<World>, client: reqwest::Client) {
    let mut bell = world.read(|state| state.queue_changed.subscribe());
    let mut closing = world.closing.subscribe();
    while !*closing.borrow() {
        let (due, wait_ms) = world.change_quietly(|state| {
            bell.mark_unchanged();
            take_due(state)
        });
        for push in due {
            tokio::spawn(deliver(world.clone(), client.clone(), push));
        }
        let wait = Duration::from_millis(wait_ms.unwrap_or(LONGEST_RETRY_MS) as u64);
        tokio::select! {
            _ = bell.changed() => {}
            _ = closing.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// The updates that may go now, the first of each lane, and how long until the next retry.
fn take_due(state: &mut State) -> (Vec<Push>, Option<i64>) {
    let now_ms = state.now_ms();
    state.queue.expire(now_ms);
    let Some(webhook) = &state.webhook else {
        return (Vec::new(), None);
    };
    let mut flying = state.queue.waiting.iter().filter(|q| q.in_flight).count();
    // A lane is closed behind an update that flies or waits for its retry.
    let mut closed: HashSet<i64> = state
        .queue
        .waiting
        .iter()
        .filter(|queued| queued.in_flight)
        .map(|queued| queued.lane)
        .collect();
    let mut due = Vec::new();
    let mut soonest: Option<i64> = None;
    for queued in &mut state.queue.waiting {
        if flying >= webhook.max_connections {
            break;
        }
        if queued.in_flight || !closed.insert(queued.lane) {
            continue;
        }
        if queued.not_before_ms > now_ms {
            let wait_ms = queued.not_before_ms - now_ms;
            soonest = Some(soonest.map_or(wait_ms, |other| other.min(wait_ms)));
            continue;
        }
        queued.in_flight = true;
        flying += 1;
        due.push(Push {
            serial: queued.serial,
            json: queued.json.clone(),
            url: webhook.url.clone(),
            secret: webhook.secret.clone(),
        });
    }
    (due, soonest)
}

async fn deliver(world: Arc<World>, client: reqwest::Client, push: Push) {
    let mut request = client
        .post(&push.url)
        .header("content-type", "application/json")
        .timeout(PUSH_TIMEOUT)
        .body(push.json);
    if let Some(secret) = &push.secret {
        request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
    }
    match request.send().await {
        Ok(response) if response.status().is_success() => {
            let body = response.bytes().await.unwrap_or_default();
            world.change(|state| {
                if let Some(id) = state.queue.confirm_copy(push.serial) {
                    state.note_confirmed(&[id]);
                }
                if let Some(webhook) = &mut state.webhook {
                    webhook.gone_since_ms = None;
                }
                state.wake();
            });
            answer_in_place(&world, &body);
        }
        Ok(response) => {
            let retry_after = response
                .headers()
                .get("retry-after")
                .and_then(|value| value.to_str().ok()?.trim().parse::<i64>().ok());
            let status = response.status();
            let error = format!("Wrong response from the webhook: {status}");
            postpone(
                &world,
                push.serial,
                retry_after,
                error,
                status.as_u16() == 410,
            );
        }
        Err(error) => {
            let error = format!("Connection failed: {}", error.without_url());
            postpone(&world, push.serial, None, error, false);
        }
    }
}

fn postpone(world: &World, serial: u64, retry_after: Option<i64>, error: String, is_gone: bool) {
    world.change(|state| {
        let now_ms = state.now_ms();
        let longest_ms = LONGEST_RETRY_MS + state.random.below(LONGEST_RETRY_MS as u64) as i64;
        if let Some(queued) = state.queue.waiting.iter_mut().find(|q| q.serial == serial) {
            let wait_ms = match (retry_after.unwrap_or_default(), queued.attempts) {
                (1.., _) => retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER_S) * 1000,
                (_, 0) => 0,
                (_, failed) => (SECOND_RETRY_MS << (failed - 1).min(16)).min(longest_ms),
            };
            queued.in_flight = false;
            queued.attempts += 1;
            queued.not_before_ms = now_ms + wait_ms;
        }
        let mut is_over = false;
        if let Some(webhook) = &mut state.webhook {
            webhook.last_error = Some((now_ms, error));
            webhook.gone_since_ms = is_gone.then(|| webhook.gone_since_ms.unwrap_or(now_ms));
            is_over = webhook
                .gone_since_ms
                .is_some_and(|since_ms| now_ms > since_ms + GONE_MS);
        }
        if is_over {
            state.webhook = None;
        }
        state.wake();
    });
}

/// A webhook may answer with a method call; its result goes nowhere.
fn answer_in_place(world: &World, body: &[u8]) {
    let Ok(mut values) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return;
    };
    let Some(Value::String(method)) = values.remove("method") else {
        return;
    };
    let lower = method.to_ascii_lowercase();
    if lower.starts_with("get")
        || ["setwebhook", "deletewebhook", "close", "logout"].contains(&lower.as_str())
    {
        return;
    }
    // The outcome stands in the log of calls.
    let _ = bot_api::run_logged(world, &method, &Params::from_values(values), None);
}
