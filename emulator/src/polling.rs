//! `getUpdates`: the one method that waits.

use std::time::Duration;
use tokio::time::Instant;

use crate::{params::Params, reply::ApiError, state::State, world::World};

/// Longer timeouts are cut to this.
const LONGEST_POLL: Duration = Duration::from_secs(50);
pub(crate) const OTHER_REQUEST: &str =
    "terminated by other getUpdates request; make sure that only one bot instance is running";
const WEBHOOK_WAS_SET: &str = "terminated by setWebhook request";
const WEBHOOK_IS_SET: &str = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

/// Remembers `allowed_updates`, if the call has them. An empty list means all.
pub(crate) fn remember_allowed(state: &mut State, params: &Params) -> Result<(), ApiError> {
    let Some(list) = params.json("allowed_updates")? else {
        return Ok(());
    };
    let kinds: Vec<String> = serde_json::from_value(list)
        .map_err(|_| ApiError::bad("can't parse allowed_updates: array of strings expected"))?;
    state.queue.allowed = (!kinds.is_empty()).then_some(kinds);
    Ok(())
}

/// Answers the array of updates as JSON text.
pub(crate) async fn get_updates(world: &World, params: &Params) -> Result<String, ApiError> {
    let limit = params.integer("limit").unwrap_or(100).clamp(1, 100) as usize;
    let seconds = params.integer("timeout").unwrap_or_default().max(0) as u64;
    let deadline = Instant::now() + Duration::from_secs(seconds).min(LONGEST_POLL);
    let poll = world.change(|state| begin(state, params))?;
    let mut bell = world.read(|state| state.queue_changed.subscribe());
    let mut closing = world.closing.subscribe();
    loop {
        let is_over = *closing.borrow() || Instant::now() >= deadline;
        let batch = world.change_quietly(|state| {
            bell.mark_unchanged();
            if state.poll != poll {
                return Err(ApiError::conflict(OTHER_REQUEST));
            }
            if state.webhook.is_some() {
                return Err(ApiError::conflict(WEBHOOK_WAS_SET));
            }
            let now_ms = state.now_ms();
            state.queue.expire(now_ms);
            Ok(state.queue.batch(limit))
        })?;
        match batch {
            Some(batch) => return Ok(batch),
            None if is_over => return Ok("[]".to_owned()),
            None => {}
        }
        tokio::select! {
            _ = bell.changed() => {}
            _ = closing.changed() => {}
            () = tokio::time::sleep_until(deadline) => {}
        }
    }
}

/// Confirms by `offset` and sends an older poll away; answers the number of this one.
fn begin(state: &mut State, params: &Params) -> Result<u64, ApiError> {
    if state.webhook.is_some() {
        return Err(ApiError::conflict(WEBHOOK_IS_SET));
    }
    remember_allowed(state, params)?;
    let confirmed = state
        .queue
        .confirm(params.integer("offset").unwrap_or_default());
    state.note_confirmed(&confirmed);
    state.poll += 1;
    state.wake();
    Ok(state.poll)
}
