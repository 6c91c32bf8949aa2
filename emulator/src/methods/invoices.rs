//! Invoices: what Telegram takes. The wording of refusals is UNVERIFIED except where the fact sheets have it.

use serde_json::{Value, json};

use super::{chat_id, messages};
use crate::{
    currency,
    keyboard::{self, Markup},
    message::MessageKind,
    params::Params,
    payment::{Invoice, Price, STARS},
    reply::{Answer, ApiError},
    state::State,
};

/// What every subscription's period must be.
const SUBSCRIPTION_SECONDS: i64 = 2_592_000;
const SUBSCRIPTION_STARS: i64 = 10_000;

/// `sendInvoice`.
pub(super) fn send(state: &mut State, params: &Params) -> Answer {
    let chat = chat_id(params)?;
    let invoice = invoice(params)?;
    let markup = match keyboard::markup(params, true)? {
        Markup::None => Markup::Inline(json!({
            "inline_keyboard": [[{ "text": pay_label(&invoice), "pay": true }]],
        })),
        given => given,
    };
    let object = json!({
        "title": invoice.title,
        "description": invoice.description,
        "start_parameter": invoice.start_parameter,
        "currency": invoice.currency,
        "total_amount": invoice.total_amount,
    });
    messages::deliver(
        state,
        params,
        chat,
        MessageKind::Invoice,
        |message| {
            message.extra.insert("invoice".into(), object);
            message.invoice = Some(invoice);
        },
        markup,
    )
}

fn pay_label(invoice: &Invoice) -> String {
    if invoice.currency == STARS {
        format!("Pay ⭐ {}", invoice.total_amount)
    } else {
        "Pay".to_owned()
    }
}

/// `createInvoiceLink`.
pub(super) fn link(state: &mut State, params: &Params) -> Answer {
    let invoice = invoice(params)?;
    if let Some(period) = params.integer("subscription_period").filter(|p| *p != 0) {
        let fits = period == SUBSCRIPTION_SECONDS
            && invoice.currency == STARS
            && invoice.total_amount <= SUBSCRIPTION_STARS;
        if !fits {
            return Err(ApiError::bad("SUBSCRIPTION_PERIOD_INVALID"));
        }
    }
    let slug = state.random.text(20);
    let url = format!("https://t.me/${slug}");
    state.links.insert(url.clone(), invoice);
    Ok(json!(url))
}

fn sized(params: &Params, name: &str, limit: usize, refusal: &str) -> Result<String, ApiError> {
    let text = params.text(name).unwrap_or_default();
    let length = if name == "payload" {
        text.len()
    } else {
        text.chars().count()
    };
    if (1..=limit).contains(&length) {
        Ok(text)
    } else {
        Err(ApiError::bad(refusal))
    }
}

fn prices(params: &Params) -> Result<Vec<Price>, ApiError> {
    let refuse = || ApiError::bad("can't parse prices JSON object");
    let list = params.json("prices")?.ok_or_else(refuse)?;
    let prices = list.as_array().ok_or_else(refuse)?;
    prices
        .iter()
        .map(|price| {
            // Amounts may come as text in forms made by hand; Telegram reads those too.
            let amount = match &price["amount"] {
                Value::Number(number) => number.as_i64(),
                Value::String(text) => text.parse().ok(),
                _ => None,
            };
            Ok(Price {
                label: price["label"].as_str().ok_or_else(refuse)?.to_owned(),
                amount: amount.ok_or_else(refuse)?,
            })
        })
        .collect()
}

/// Reads an invoice and checks it.
pub(crate) fn invoice(params: &Params) -> Result<Invoice, ApiError> {
    let title = sized(params, "title", 32, "INVOICE_TITLE_INVALID")?;
    let description = sized(params, "description", 255, "INVOICE_DESCRIPTION_INVALID")?;
    let payload = sized(params, "payload", 128, "INVOICE_PAYLOAD_INVALID")?;
    let currency = params.text("currency").unwrap_or_default();
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(ApiError::bad("CURRENCY_INVALID"));
    }
    if params.flag("is_flexible") && currency != STARS {
        return Err(ApiError::bad(
            "the emulator has no shipping queries: is_flexible must be false",
        ));
    }
    let prices = prices(params)?;
    let provider_token = params.text("provider_token").unwrap_or_default();
    let total = prices
        .iter()
        .try_fold(0i64, |sum, price| sum.checked_add(price.amount));
    let total_amount = total.filter(|total| *total > 0);
    if currency == STARS {
        // UNVERIFIED wording.
        if prices.len() != 1 || !provider_token.is_empty() || total_amount.is_none() {
            return Err(ApiError::bad("STARS_INVOICE_INVALID"));
        }
        if params.integer("max_tip_amount").unwrap_or_default() != 0 {
            return Err(ApiError::bad("STARS_INVOICE_INVALID"));
        }
    } else if !currency::is_known(&currency) {
        return Err(ApiError::bad("CURRENCY_INVALID"));
    } else if !is_provider_token(&provider_token) {
        return Err(ApiError::bad("PAYMENT_PROVIDER_INVALID"));
    }
    let total_amount =
        total_amount.ok_or_else(|| ApiError::bad("CURRENCY_TOTAL_AMOUNT_INVALID"))?;
    if !currency::limits(&currency).contains(&total_amount) {
        return Err(ApiError::bad("CURRENCY_TOTAL_AMOUNT_INVALID"));
    }
    if prices.iter().any(|price| price.label.is_empty()) {
        return Err(ApiError::bad("INVOICE_PRICE_LABEL_EMPTY"));
    }
    if let Some(data) = params.text("provider_data").filter(|data| !data.is_empty())
        && serde_json::from_str::<Value>(&data).is_err()
    {
        return Err(ApiError::bad("DATA_JSON_INVALID"));
    }
    let start_parameter = params.text("start_parameter").unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if start_parameter.len() > 64 || !start_parameter.bytes().all(is_plain) {
        return Err(ApiError::bad("START_PARAM_INVALID"));
    }
    let needs = ["name", "phone_number", "email"]
        .into_iter()
        .filter(|field| currency != STARS && params.flag(&format!("need_{field}")))
        .map(str::to_owned)
        .collect();
    Ok(Invoice {
        title,
        description,
        payload,
        currency,
        total_amount,
        prices,
        start_parameter,
        provider_token,
        needs,
        paid: false,
    })
}

/// `<digits>:TEST:…` or `<digits>:LIVE:…`.
fn is_provider_token(token: &str) -> bool {
    let mut parts = token.splitn(3, ':');
    let digits = parts.next().unwrap_or_default();
    let mode = parts.next().unwrap_or_default();
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(mode, "TEST" | "LIVE")
        && parts.next().is_some_and(|rest| !rest.is_empty())
}
