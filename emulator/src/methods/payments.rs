//! Answers to pre-checkout queries, refunds, and the list of Stars that came and went.

use serde_json::{Value, json};

use super::callbacks::TOO_OLD;
use crate::{
    customers::Customer,
    message::MessageKind,
    params::Params,
    payment::{ANSWER_WITHIN_MS, AttemptState, Charge, PayOutcome, STARS},
    reply::{Answer, ApiError},
    state::State,
};

/// Reads the bot's word on a payment: why it refuses, or `None` where it does not.
pub(crate) fn refusal(params: &Params) -> Result<Option<String>, ApiError> {
    if params.flag("ok") {
        return Ok(None);
    }
    let message = params.text("error_message").unwrap_or_default();
    if message.is_empty() {
        return Err(ApiError::bad("ERROR_TEXT_EMPTY"));
    }
    Ok(Some(message))
}

/// `answerPreCheckoutQuery`.
pub(super) fn answer_pre_checkout(state: &mut State, params: &Params) -> Answer {
    let id = params.text("pre_checkout_query_id").unwrap_or_default();
    let refusal = refusal(params)?;
    let now_ms = state.now_ms();
    let attempt = state
        .attempts
        .get_mut(&id)
        .filter(|attempt| attempt.state == AttemptState::Waiting)
        .filter(|attempt| now_ms - attempt.made_ms < ANSWER_WITHIN_MS)
        .ok_or_else(|| ApiError::bad(TOO_OLD))?;
    attempt.state = match refusal {
        None => AttemptState::Approved,
        Some(message) => AttemptState::Done(PayOutcome::Refused { message }),
    };
    let payer = attempt.payer;
    // The payer's client waits for this word.
    state.known(payer).touch();
    Ok(json!(true))
}

/// `refundStarPayment`. The wording of its refusals is UNVERIFIED.
pub(super) fn refund(state: &mut State, params: &Params) -> Answer {
    let user_id = params.integer("user_id").unwrap_or_default();
    let charge_id = params
        .text("telegram_payment_charge_id")
        .unwrap_or_default();
    let now_ms = state.now_ms();
    let charge = state
        .charges
        .iter_mut()
        .find(|charge| charge.charge_id == charge_id && charge.currency == STARS)
        .filter(|charge| charge.payer == user_id)
        .ok_or_else(|| ApiError::bad("CHARGE_ID_INVALID"))?;
    if charge.refunded {
        return Err(ApiError::bad("CHARGE_ALREADY_REFUNDED"));
    }
    charge.refunded = true;
    charge.refunded_ms = Some(now_ms);
    let charge = charge.clone();
    let line = json!({ "event": "refund", "at_ms": now_ms, "charge_id": charge_id, "payer": user_id, "amount": charge.amount });
    state.note(&line);
    let customer = state.known(user_id);
    customer.stars += charge.amount;
    let mut message = state.draft(user_id, MessageKind::RefundedPayment);
    let details = json!({
        "currency": charge.currency,
        "total_amount": charge.amount,
        "invoice_payload": charge.payload,
        "telegram_payment_charge_id": charge.charge_id,
        "provider_payment_charge_id": charge.provider_charge_id,
    });
    message.extra.insert("refunded_payment".into(), details);
    let api = state.place(message);
    state.enqueue("message", user_id, &api);
    Ok(json!(true))
}

/// Reads `offset` and `limit` of a list of transactions.
pub(crate) fn page(params: &Params) -> Result<(usize, usize), ApiError> {
    let offset = params.integer("offset").unwrap_or_default();
    let limit = params.integer("limit").unwrap_or(100);
    let offset = usize::try_from(offset).map_err(|_| ApiError::bad("OFFSET_INVALID"))?;
    match usize::try_from(limit) {
        Ok(limit @ 1..=100) => Ok((offset, limit)),
        _ => Err(ApiError::bad("LIMIT_INVALID")),
    }
}

/// `getStarTransactions`.
pub(super) fn list(state: &mut State, params: &Params) -> Answer {
    let (offset, limit) = page(params)?;
    let all = transactions(state);
    let page: Vec<_> = all.into_iter().skip(offset).take(limit).collect();
    Ok(json!({ "transactions": page }))
}

/// All movements of Stars, oldest first.
pub(crate) fn transactions(state: &State) -> Vec<Value> {
    let mut moves: Vec<(i64, bool, &Charge)> = Vec::new();
    for charge in state
        .charges
        .iter()
        .filter(|charge| charge.currency == STARS)
    {
        moves.push((charge.at_ms, false, charge));
        if let Some(refunded_ms) = charge.refunded_ms {
            moves.push((refunded_ms, true, charge));
        }
    }
    moves.sort_by_key(|(at_ms, is_refund, _)| (*at_ms, *is_refund));
    moves
        .into_iter()
        .map(|(at_ms, is_refund, charge)| {
            let user = state.customers.get(&charge.payer).map(Customer::user);
            let partner = json!({
                "type": "user",
                "transaction_type": "invoice_payment",
                "user": user,
                "invoice_payload": charge.payload,
            });
            let side = if is_refund { "receiver" } else { "source" };
            json!({
                "id": charge.charge_id,
                "amount": charge.amount,
                "date": at_ms / 1000,
                side: partner,
            })
        })
        .collect()
}

/// Stars that the bot holds.
pub(crate) fn balance(state: &State) -> i64 {
    state
        .charges
        .iter()
        .filter(|charge| charge.currency == STARS && !charge.refunded)
        .map(|charge| charge.amount)
        .sum()
}

/// `getMyStarBalance`.
pub(super) fn star_balance(state: &State) -> Value {
    json!({ "amount": balance(state) })
}
