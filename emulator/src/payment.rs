//! Invoices, attempts to pay them, and the charges that come of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How long a bot may take to answer a `pre_checkout_query`.
pub(crate) const ANSWER_WITHIN_MS: i64 = 10_000;

/// Telegram's code for Stars.
pub(crate) const STARS: &str = "XTR";

/// An invoice, sent or made as a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Name of the thing.
    pub title: String,
    /// A line about it.
    pub description: String,
    /// The bot's own words, never shown.
    pub payload: String,
    /// ISO 4217, or `XTR`.
    pub currency: String,
    /// Sum of the prices in the smallest unit.
    pub total_amount: i64,
    /// Labelled parts of the sum.
    pub prices: Vec<Price>,
    /// Empty: every copy has a Pay button; else only the original does, once.
    pub start_parameter: String,
    /// Empty for Stars.
    pub provider_token: String,
    /// What the sheet asks the payer for: `name`, `phone_number`, `email`. Never for Stars.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Whether a charge was made for this very message.
    #[serde(default)]
    pub paid: bool,
}

/// A part of an invoice's sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// What the part is for.
    pub label: String,
    /// How much, in the smallest unit.
    pub amount: i64,
}

/// Money that was taken. The list of these is the truth that a shop is held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// `telegram_payment_charge_id`.
    pub charge_id: String,
    /// `provider_payment_charge_id`.
    pub provider_charge_id: String,
    /// Whose invoice it was: the chat it was sent to (of a link: the payer).
    pub user_id: i64,
    /// Who paid.
    pub payer: i64,
    /// ISO 4217, or `XTR`.
    pub currency: String,
    /// In the smallest unit.
    pub amount: i64,
    /// The invoice's payload.
    pub payload: String,
    /// Whether it was given back.
    pub refunded: bool,
    /// When it was given back.
    pub refunded_ms: Option<i64>,
    /// When it was taken, by the emulator's clock.
    pub at_ms: i64,
    /// The invoice message; `None` for a link.
    pub message_id: Option<i64>,
}

/// A provider's test card.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Card {
    /// Pays.
    #[default]
    Good,
    /// Is declined: the bot is asked, then the provider takes nothing.
    Declined,
}

/// How a payment is to go; `PayOptions::default()` is the honest way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PayOptions {
    /// Somebody else pays (a forwarded invoice).
    pub payer: Option<i64>,
    /// Another amount in query and charge.
    pub amount: Option<i64>,
    /// Another currency in query and charge.
    pub currency: Option<String>,
    /// Charge without asking the bot.
    pub skip_precheckout: bool,
    /// How many `successful_payment` updates tell of the one charge: same message, same charge, each its own update id.
    pub times: u32,
    /// The charge is made and no update ever tells of it.
    pub lose_notice: bool,
    /// Pay although the message is gone, was paid, or can't be paid by this person.
    pub force: bool,
    /// Which of the provider's test cards pays; Stars need none.
    pub card: Card,
    /// `order_info` of query and payment (name, phone, e-mail, address).
    pub order_info: Option<Value>,
}

impl Default for PayOptions {
    fn default() -> Self {
        Self {
            payer: None,
            amount: None,
            currency: None,
            skip_precheckout: false,
            times: 1,
            lose_notice: false,
            force: false,
            card: Card::Good,
            order_info: None,
        }
    }
}

/// How a payment ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PayOutcome {
    /// Money was taken.
    Paid {
        /// The new charge.
        charge_id: String,
    },
    /// The bot said no.
    Refused {
        /// What it told the customer.
        message: String,
    },
    /// The bot said yes and the provider took nothing: the invoice can be paid again. The bot hears no more of it.
    Declined,
    /// The bot didn't answer within ten seconds of the emulator's clock.
    TimedOut,
    /// There was nothing to pay: the client would not even ask the bot.
    NotPayable {
        /// Why.
        reason: String,
    },
}

impl PayOutcome {
    /// The charge of a payment that went through.
    pub fn charge_id(&self) -> Option<&str> {
        match self {
            Self::Paid { charge_id } => Some(charge_id),
            Self::Refused { .. } | Self::Declined | Self::TimedOut | Self::NotPayable { .. } => {
                None
            }
        }
    }
}

/// Where an attempt stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AttemptState {
    Waiting,
    Approved,
    Done(PayOutcome),
}

/// A tap on Pay and what became of it.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// Chat of the invoice.
    pub(crate) user_id: i64,
    pub(crate) payer: i64,
    pub(crate) message_id: Option<i64>,
    pub(crate) currency: String,
    pub(crate) amount: i64,
    pub(crate) payload: String,
    pub(crate) made_ms: i64,
    pub(crate) state: AttemptState,
    pub(crate) options: PayOptions,
}
