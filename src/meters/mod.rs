//! What is counted and timed while the shop runs: every counter and histogram of the program, and the page that shows
//! them to Prometheus. `docs/operators/metrics.md` says what each means; a test compares the two.
//!
//! They are statics that add to atomics: counting costs a look-up among a family's few series, and keeps nothing that
//! grows while nobody reads it.

mod cell;
mod page;
mod process;

use self::cell::Shown;
pub use self::cell::{Count, Counter, Histogram, word};
pub use self::page::{MEDIA_TYPE, Page};
pub use self::process::{show as show_process, show_runtime};

/// For calls over the network and what waits for them, up to a long poll, in microseconds.
const CALLS: [u64; 13] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    10_000_000, 40_000_000,
];
/// For transactions, of which there are many names, in microseconds.
const TRANSACTIONS: [u64; 8] = [100, 500, 1_000, 5_000, 25_000, 100_000, 500_000, 5_000_000];
/// For the question before a payment: a second is the aim, eight the deadline, in microseconds.
const PRE_CHECKOUTS: [u64; 9] = [
    5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 4_000_000, 8_000_000,
];

/// Updates stored, by kind; a repeat is not counted again.
pub static UPDATES: Counter<1> = Counter::new(
    "kiosk_updates_received_total",
    ["kind"],
    "Updates and other facts stored in the inbox.",
);
/// Pushed updates that were not taken.
pub static WEBHOOK_REFUSED: Counter<1> = Counter::new(
    "kiosk_webhook_refused_total",
    ["reason"],
    "Requests to the webhook that were refused, by reason (stranger, too_large, too_slow, broken, busy).",
);
/// From an update's first attempt to its end, with the pauses between attempts.
pub static HANDLED: Histogram<2> = Histogram::new(
    "kiosk_update_handling_duration_seconds",
    ["kind", "outcome"],
    &CALLS,
    "Time from an update's first attempt to its end, by kind and outcome (done, dead, lost, left).",
);
/// Attempts at an update that failed.
pub static FAILED: Counter<2> = Counter::new(
    "kiosk_update_failures_total",
    ["kind", "reason"],
    "Attempts to handle an update that failed, by kind and reason (unavailable, retry, final).",
);
/// Handlers of the bot.
pub static HANDLERS: Histogram<2> = Histogram::new(
    "kiosk_handler_duration_seconds",
    ["handler", "outcome"],
    &CALLS,
    "Time that a handler of the bot took to read, write and draw, by handler and outcome (ok, failed).",
);
/// The question before a payment.
pub static PRE_CHECKOUT: Histogram<1> = Histogram::new(
    "kiosk_pre_checkout_duration_seconds",
    ["outcome"],
    &PRE_CHECKOUTS,
    "Time from the receipt of a pre-checkout query to its answer, by outcome (approved, refused, busy, undone, unanswered).",
);
/// Transactions, as their callers see them.
pub static TRANSACTION: Histogram<3> = Histogram::new(
    "kiosk_transaction_duration_seconds",
    ["name", "mode", "outcome"],
    &TRANSACTIONS,
    "Time that a transaction took with its wait for a turn and its commit, by name, mode (read, write) and outcome (done, refused, failed).",
);
/// Runs of a transaction after its first.
pub static RETRIES: Counter<1> = Counter::new(
    "kiosk_transaction_retries_total",
    ["name"],
    "Transactions run again because another was in the way.",
);
/// Letters after an attempt to send them.
pub static LETTERS: Counter<2> = Counter::new(
    "kiosk_outbox_letters_total",
    ["kind", "outcome"],
    "Attempts to send a letter, by kind and what became of it (sent, pending, uncertain, dead).",
);
/// One attempt to send a letter.
pub static SENDS: Histogram<1> = Histogram::new(
    "kiosk_outbox_send_duration_seconds",
    ["kind"],
    &CALLS,
    "Time that an attempt to send a letter took.",
);
/// Calls of the Bot API.
pub static TELEGRAM: Histogram<2> = Histogram::new(
    "kiosk_telegram_call_duration_seconds",
    ["method", "outcome"],
    &CALLS,
    "Time that a call of the Bot API took, by method and outcome.",
);
/// Calls of those who carry mails and codes.
pub static SENDERS: Histogram<2> = Histogram::new(
    "kiosk_sender_call_duration_seconds",
    ["kind", "outcome"],
    &CALLS,
    "Time that a mail or a code took to be handed over, by kind (mail, gateway, whatsapp, vk, log) and outcome.",
);
/// What became of orders.
pub static ORDERS: Counter<1> = Counter::new(
    "kiosk_orders_total",
    ["event"],
    "Orders, by what became of them (placed, paid, fulfilled, backorder, expired, cancelled, closed).",
);
/// What became of downloads.
pub static DOWNLOADS: Counter<1> = Counter::new(
    "kiosk_downloads_total",
    ["event"],
    "Downloads of sold files, by what became of them (granted, started, revoked).",
);
/// Payments that arrived.
pub static PAYMENTS: Counter<2> = Counter::new(
    "kiosk_payments_total",
    ["method", "disposition"],
    "Payments that arrived, by method and disposition (applied, excess, short, wrong_currency, unmatched).",
);
/// Money of payments that were applied to orders.
pub static TAKEN: Counter<2> = Counter::new(
    "kiosk_payments_minor_units_total",
    ["method", "currency"],
    "Money of applied payments in the currency's minor units (Stars are whole).",
);
/// Refunds.
pub static REFUNDS: Counter<1> = Counter::new(
    "kiosk_refunds_total",
    ["event"],
    "Refunds, by what became of them (requested, succeeded, failed).",
);
/// Money of applied payments that went back.
pub static RETURNED: Counter<1> = Counter::new(
    "kiosk_refunds_minor_units_total",
    ["currency"],
    "Money of applied payments that went back in the currency's minor units (Stars are whole).",
);

/// Confirmations.
pub static CONFIRMATIONS: Counter<2> = Counter::new(
    "kiosk_confirmations_total",
    ["purpose", "event"],
    "Confirmations, by purpose (phone, email, recover, login) and by what became of them (begun, resent, consumed, locked, limited).",
);

const ALL: [&dyn Shown; 19] = [
    &UPDATES,
    &WEBHOOK_REFUSED,
    &HANDLED,
    &FAILED,
    &HANDLERS,
    &PRE_CHECKOUT,
    &TRANSACTION,
    &RETRIES,
    &LETTERS,
    &SENDS,
    &TELEGRAM,
    &SENDERS,
    &ORDERS,
    &DOWNLOADS,
    &PAYMENTS,
    &TAKEN,
    &REFUNDS,
    &RETURNED,
    &CONFIRMATIONS,
];

/// Writes every counter and histogram above, and which version this is.
pub fn show(page: &mut Page) {
    page.family(
        "gauge",
        "kiosk_build_info",
        "Always 1; the label says which version runs.",
    );
    let version = env!("CARGO_PKG_VERSION");
    page.sample("kiosk_build_info", "", &[("version", version)], 1);
    for family in ALL {
        family.show(page);
    }
}
