//! Paying: the tap, the bot's word, the charge, and the news of it.

use serde_json::{Value, json};
use std::time::Duration;

use super::Control;
use crate::{
    message::MessageKind,
    payment::{
        ANSWER_WITHIN_MS, Attempt, AttemptState, Card, Charge, Invoice, PayOptions, PayOutcome,
        STARS,
    },
    state::State,
};

impl Control {
    /// Taps Pay on an invoice message and goes through with it.
    pub async fn pay(&self, user: i64, message_id: i64, options: PayOptions) -> PayOutcome {
        match self.start_pay(user, message_id, options) {
            Ok(query_id) => self.finish_pay(&query_id).await,
            Err(outcome) => outcome,
        }
    }

    /// Opens an invoice link and pays it.
    pub async fn pay_link(&self, payer: i64, link: &str, options: PayOptions) -> PayOutcome {
        match self.start_pay_link(payer, link, options) {
            Ok(query_id) => self.finish_pay(&query_id).await,
            Err(outcome) => outcome,
        }
    }

    /// The first half of `pay`: makes the `pre_checkout_query` and answers its id.
    pub fn start_pay(
        &self,
        user: i64,
        message_id: i64,
        options: PayOptions,
    ) -> Result<String, PayOutcome> {
        self.world.change(|state| {
            let message = state.message(user, message_id);
            let invoice = message
                .and_then(|message| message.invoice.clone())
                .ok_or_else(|| not_payable("there is no such invoice in the chat"))?;
            let payer = options.payer.unwrap_or(user);
            // An invoice with a start parameter belongs to one chat and is paid there once; others may be paid by anybody, many times.
            if !invoice.start_parameter.is_empty() && !options.force {
                if payer != user {
                    return Err(not_payable("a forwarded copy has no Pay button"));
                }
                if invoice.paid {
                    return Err(not_payable("it was paid"));
                }
            }
            begin(state, user, Some(message_id), &invoice, options)
        })
    }

    /// The first half of `pay_link`.
    pub fn start_pay_link(
        &self,
        payer: i64,
        link: &str,
        options: PayOptions,
    ) -> Result<String, PayOutcome> {
        self.world.change(|state| {
            let invoice = state.links.get(link).cloned();
            let invoice = invoice.ok_or_else(|| not_payable("there is no such link"))?;
            let payer = options.payer.unwrap_or(payer);
            begin(state, payer, None, &invoice, options)
        })
    }

    /// The second half: waits for the bot's word, at most ten seconds of the emulator's clock after the tap, and charges.
    pub async fn finish_pay(&self, query_id: &str) -> PayOutcome {
        let payer = self
            .world
            .read(|state| state.attempts.get(query_id).map(|a| a.payer));
        let Some(payer) = payer else {
            return not_payable("there is no such attempt");
        };
        let mut bell = self
            .world
            .change_quietly(|state| state.known(payer).changed.subscribe());
        loop {
            bell.mark_unchanged();
            let step = self.world.change(|state| settle(state, query_id));
            let wait = match step {
                Ok(outcome) => return outcome,
                Err(wait_ms) => Duration::from_millis(wait_ms as u64),
            };
            // Either the time is up or something rang: look again.
            let _ = tokio::time::timeout(wait, bell.changed()).await;
        }
    }

    /// Charges at once and without a word of the bot, as if Telegram had asked before a restart; no news if `options.lose_notice`.
    pub fn charge_silently(&self, user: i64, message_id: i64, options: PayOptions) -> PayOutcome {
        let options = PayOptions {
            skip_precheckout: true,
            force: true,
            ..options
        };
        match self.start_pay(user, message_id, options) {
            Ok(query_id) => self.world.change(|state| {
                settle(state, &query_id).unwrap_or_else(|_| not_payable("the attempt waits"))
            }),
            Err(outcome) => outcome,
        }
    }
}

fn not_payable(reason: &str) -> PayOutcome {
    PayOutcome::NotPayable {
        reason: reason.to_owned(),
    }
}

fn begin(
    state: &mut State,
    user: i64,
    message_id: Option<i64>,
    invoice: &Invoice,
    options: PayOptions,
) -> Result<String, PayOutcome> {
    let payer = options.payer.unwrap_or(user);
    let amount = options.amount.unwrap_or(invoice.total_amount);
    let currency = options
        .currency
        .clone()
        .unwrap_or_else(|| invoice.currency.clone());
    let purse = state.known(payer).stars;
    if currency == STARS && purse < amount && !options.force {
        return Err(not_payable("not enough Stars"));
    }
    let id = state.random.digits();
    let waits = !options.skip_precheckout;
    let mut query = json!({
        "id": id,
        "from": state.known(payer).user(),
        "currency": currency,
        "total_amount": amount,
        "invoice_payload": invoice.payload,
    });
    if let Some(info) = &options.order_info {
        query["order_info"] = info.clone();
    }
    let attempt = Attempt {
        user_id: user,
        payer,
        message_id,
        currency,
        amount,
        payload: invoice.payload.clone(),
        made_ms: state.now_ms(),
        state: if waits {
            AttemptState::Waiting
        } else {
            AttemptState::Approved
        },
        options,
    };
    state.attempts.insert(id.clone(), attempt);
    if waits {
        // Telegram queues these apart from the same person's messages.
        state.enqueue("pre_checkout_query", -payer, &query);
    }
    Ok(id)
}

/// How an attempt ended, charging if the bot approved; or how long it may still wait.
fn settle(state: &mut State, query_id: &str) -> Result<PayOutcome, i64> {
    let now_ms = state.now_ms();
    let Some(attempt) = state.attempts.get_mut(query_id) else {
        return Ok(not_payable("there is no such attempt"));
    };
    let outcome = match &attempt.state {
        AttemptState::Done(outcome) => outcome.clone(),
        AttemptState::Waiting => {
            let left_ms = attempt.made_ms + ANSWER_WITHIN_MS - now_ms;
            if left_ms > 0 {
                return Err(left_ms);
            }
            PayOutcome::TimedOut
        }
        AttemptState::Approved
            if attempt.options.card == Card::Declined && attempt.currency != STARS =>
        {
            PayOutcome::Declined
        }
        AttemptState::Approved => {
            let attempt = attempt.clone();
            charge(state, &attempt)
        }
    };
    if let Some(attempt) = state.attempts.get_mut(query_id) {
        attempt.state = AttemptState::Done(outcome.clone());
    }
    Ok(outcome)
}

fn charge(state: &mut State, attempt: &Attempt) -> PayOutcome {
    let stars = attempt.currency == STARS;
    let prefix = if stars { "stx" } else { "" };
    let charge = Charge {
        charge_id: format!("{prefix}{}", state.random.text(48)),
        provider_charge_id: state.random.text(24),
        user_id: attempt.user_id,
        payer: attempt.payer,
        currency: attempt.currency.clone(),
        amount: attempt.amount,
        payload: attempt.payload.clone(),
        refunded: false,
        refunded_ms: None,
        at_ms: state.now_ms(),
        message_id: attempt.message_id,
    };
    state.note(&json!({ "event": "charge", "charge": charge }));
    if stars {
        state.known(attempt.payer).stars -= attempt.amount;
    }
    if let Some(number) = attempt.message_id
        && attempt.payer == attempt.user_id
        && let Some(message) = state.message_mut(attempt.user_id, number)
        && let Some(invoice) = &mut message.invoice
    {
        invoice.paid = true;
    }
    let details = payment_details(&charge, attempt.options.order_info.as_ref());
    let charge_id = charge.charge_id.clone();
    state.charges.push(charge);
    let payer = attempt.payer;
    state.known(payer).started = true;
    let mut message = state.draft(payer, MessageKind::SuccessfulPayment);
    message.extra.insert("successful_payment".into(), details);
    let api = state.place(message);
    if !attempt.options.lose_notice {
        for _ in 0..attempt.options.times {
            state.enqueue("message", payer, &api);
        }
    }
    PayOutcome::Paid { charge_id }
}

fn payment_details(charge: &Charge, order_info: Option<&Value>) -> Value {
    let mut details = json!({
        "currency": charge.currency,
        "total_amount": charge.amount,
        "invoice_payload": charge.payload,
        "telegram_payment_charge_id": charge.charge_id,
        "provider_payment_charge_id": charge.provider_charge_id,
    });
    if let Some(info) = order_info {
        details["order_info"] = info.clone();
    }
    details
}
