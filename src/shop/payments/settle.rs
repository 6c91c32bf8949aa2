//! Settling: money that arrived meets the order that it was meant for. In one transaction the order ends fulfilled, or as
//! a backorder with a task for staff; money that does not fit goes back, or to staff. Nothing is credited twice.

use super::Method;
use super::attempt::{self, Attempt};
use super::payload;
use super::refund::{self, Because};
use crate::bus::attention::{self, Task};
use crate::meters;
use crate::shop::downloads::grant;
use crate::shop::keys::claim::{self, Filled};
use crate::shop::letters::{self, Letter, Misfit};
use crate::shop::money::Money;
use crate::shop::orders::{self, Order, State};
use crate::shop::staff::news;
use crate::shop::vault::Vault;
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, sql};

/// Money that a provider says has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// By which way.
    pub method: Method,
    /// The provider's own name for the money.
    pub charge_id: String,
    /// For card money by Telegram: the bank provider's name for it.
    pub provider_charge_id: Option<String>,
    /// Who paid, if the provider says so.
    pub payer: Option<i64>,
    /// The currency as the provider writes it.
    pub currency: String,
    /// How much, in its minor units.
    pub amount: i64,
    /// The payload of the invoice that was paid.
    pub payload: String,
}

/// What became of the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is known already.
    Repeat,
    /// The order has its keys.
    Fulfilled(PublicId),
    /// The keys are gone: the money goes back, or staff decide.
    Backorder(PublicId),
    /// It does not fit its order and goes back.
    Returned(PublicId, Misfit),
    /// It belongs to no order: staff decide.
    Unmatched,
}

sql! {
    INSERT = "payments.insert",
        "INSERT INTO payments (provider, charge_id, disposition, order_id, attempt_id, payer_telegram_id,
             currency, amount_minor, received_at, provider_charge_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (provider, charge_id) DO NOTHING
         RETURNING id";
    KNOWN = "payments.known",
        "SELECT id FROM payments WHERE provider = $1 AND charge_id = $2";
    APPLIED = "payments.applied",
        "SELECT id FROM payments WHERE order_id = $1 AND disposition = 'applied'";
    PAID = "orders.paid",
        "UPDATE orders SET state = 'paid', changed_at = $2
         WHERE id = $1 AND state IN ('open', 'expired', 'cancelled', 'backorder')";
    FULFILLED = "orders.fulfilled",
        "UPDATE orders SET state = 'fulfilled', changed_at = $2 WHERE id = $1 AND state = 'paid'";
    BACKORDER = "orders.backorder",
        "UPDATE orders SET state = 'backorder', changed_at = $2
         WHERE id = $1 AND state IN ('open', 'expired', 'cancelled')";
}

/// Whether this money has been settled before.
pub async fn is_known(
    tx: &mut Tx<'_>,
    method: Method,
    charge_id: &str,
) -> Result<bool, StoreError> {
    let found: Option<(i64,)> = tx
        .optional(&KNOWN, binds![method.as_str(), charge_id])
        .await?;
    Ok(found.is_some())
}

/// Settles a charge.
pub async fn settle(
    tx: &mut Tx<'_>,
    vault: &Vault,
    charge: &Charge,
) -> Result<Settled, StoreError> {
    let Some(attempt) = asked_for(tx, vault, charge).await? else {
        return unmatched(tx, charge).await;
    };
    // The row is locked: two payments of one order are settled one after the other.
    let order = orders::lock(tx, attempt.order).await?;
    tx.pause("payments.settle").await;
    let applied: Option<(i64,)> = tx.optional(&APPLIED, binds![order.id]).await?;
    let misfit = if applied.is_some() || !is_payable(order.state()?) {
        Some(Misfit::Excess)
    } else if charge.currency != attempt.currency {
        Some(Misfit::WrongCurrency)
    } else if charge.amount < attempt.amount {
        Some(Misfit::Short)
    } else {
        None
    };
    let disposition = match misfit {
        Some(Misfit::Excess) => "excess",
        Some(Misfit::WrongCurrency) => "wrong_currency",
        Some(Misfit::Short) => "short",
        None => "applied",
    };
    let Some(payment) = insert(tx, charge, disposition, Some((&order, &attempt))).await? else {
        return Ok(Settled::Repeat);
    };
    if let Some(why) = misfit {
        let because = Because::Misfit(why);
        refund::request(tx, charge.method, payment, &order, because).await?;
        return Ok(Settled::Returned(order.public_id, why));
    }
    attempt::capture(tx, &attempt).await?;
    if charge.amount > attempt.amount {
        overpaid(tx, charge, &attempt, &order, payment).await?;
    }
    let money = charge.currency.parse().ok().map(|currency| Money {
        minor: charge.amount,
        currency,
    });
    if fulfil(tx, &order, money).await? {
        return Ok(Settled::Fulfilled(order.public_id));
    }
    backorder(tx, charge.method, payment, &order).await?;
    Ok(Settled::Backorder(order.public_id))
}

/// Fulfils an order that costs nothing, when it is placed.
pub(in crate::shop) async fn fulfil_free(tx: &mut Tx<'_>, order: i64) -> Result<(), StoreError> {
    let order = orders::lock(tx, order).await?;
    fulfil(tx, &order, None).await.map(|_| ())
}

/// Hands the keys of a backorder out, and resolves its task. False: they are still not there.
pub(in crate::shop) async fn fulfil_backorder(
    tx: &mut Tx<'_>,
    order: &Order,
    money: Option<Money>,
) -> Result<bool, StoreError> {
    let is_filled = fulfil(tx, order, money).await?;
    if is_filled {
        let subject = order.public_id.to_string();
        attention::resolve(tx, "order.backorder", &subject).await?;
    }
    Ok(is_filled)
}

/// The attempt that the charge names, if payer and MAC are right.
async fn asked_for(
    tx: &mut Tx<'_>,
    vault: &Vault,
    charge: &Charge,
) -> Result<Option<Attempt>, StoreError> {
    let Ok(payload) = payload::decode(vault, &charge.payload) else {
        return Ok(None);
    };
    let attempt = attempt::by_public_id(tx, payload.attempt).await?;
    Ok(attempt.filter(|attempt| {
        charge.payer.is_none_or(|payer| payer == attempt.payer)
            && attempt.method == charge.method.as_str()
    }))
}

fn is_payable(state: State) -> bool {
    matches!(state, State::Open | State::Expired | State::Cancelled)
}

/// The payment's row, or `None` if this money is known.
async fn insert(
    tx: &mut Tx<'_>,
    charge: &Charge,
    disposition: &'static str,
    meant: Option<(&Order, &Attempt)>,
) -> Result<Option<i64>, StoreError> {
    let (now, provider) = (tx.now(), charge.method.as_str());
    let (order, attempt) = meant.map(|(order, attempt)| (order.id, attempt.id)).unzip();
    let binds = binds![
        provider,
        charge.charge_id,
        disposition,
        order,
        attempt,
        charge.payer,
        charge.currency,
        charge.amount,
        now,
        charge.provider_charge_id
    ];
    let Some((payment,)) = tx.optional::<(i64,)>(&INSERT, binds).await? else {
        return Ok(None);
    };
    tx.tally(meters::PAYMENTS.of([provider, disposition]), 1);
    // Only what was asked for: then the currency is one of ours.
    if disposition == "applied" {
        let currency = meters::word(&charge.currency);
        tx.tally(meters::TAKEN.of([provider, currency]), charge.amount);
    }
    Ok(Some(payment))
}

/// Gives the order its keys and downloads, and posts them; false if a unit stays empty, and then nothing is changed.
async fn fulfil(tx: &mut Tx<'_>, order: &Order, money: Option<Money>) -> Result<bool, StoreError> {
    let Filled::Whole { has_downloads } = claim::fill(tx, order.id).await? else {
        claim::release(tx, order.id).await?;
        return Ok(false);
    };
    tx.pause("payments.claimed").await;
    claim::sell(tx, order.id).await?;
    if has_downloads {
        grant::grant(tx, order.id).await?;
    }
    let now = tx.now();
    tx.execute(&PAID, binds![order.id, now]).await?;
    tx.execute(&FULFILLED, binds![order.id, now]).await?;
    tx.tally(meters::ORDERS.of(["paid"]), 1);
    tx.tally(meters::ORDERS.of(["fulfilled"]), 1);
    let letter = Letter::Delivery {
        order: order.public_id,
    };
    letters::post(tx, &order.customer(), &letter).await?;
    // An order that was still open had claimed its keys, and told of it, when it was placed.
    if order.state()? != State::Open {
        news::claimed(tx, order.id).await?;
    }
    news::sold(tx, order.public_id, money).await?;
    Ok(true)
}

async fn backorder(
    tx: &mut Tx<'_>,
    method: Method,
    payment: i64,
    order: &Order,
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&BACKORDER, binds![order.id, now]).await?;
    tx.tally(meters::ORDERS.of(["backorder"]), 1);
    let subject = order.public_id.to_string();
    let refunded = method.refunds();
    let task = Task {
        kind: "order.backorder",
        subject: &subject,
        order: Some(order.id),
        payment: Some(payment),
        detail: if refunded {
            "Paid after its keys were gone. The money goes back by itself, which resolves this task."
        } else {
            "Paid after its keys were gone. Import keys, and they are delivered by themselves; or refund the order."
        },
    };
    attention::open(tx, &task).await?;
    if refunded {
        refund::request(tx, method, payment, order, Because::SoldOut).await?;
    }
    let letter = Letter::Backorder {
        order: order.public_id,
        refunded,
    };
    letters::post(tx, &order.customer(), &letter).await
}

async fn overpaid(
    tx: &mut Tx<'_>,
    charge: &Charge,
    attempt: &Attempt,
    order: &Order,
    payment: i64,
) -> Result<(), StoreError> {
    let detail = format!(
        "{} {} came where {} were asked, in minor units. Decide about the difference.",
        charge.amount, charge.currency, attempt.amount
    );
    let subject = order.public_id.to_string();
    let task = Task {
        kind: "payment.overpaid",
        subject: &subject,
        order: Some(order.id),
        payment: Some(payment),
        detail: &detail,
    };
    attention::open(tx, &task).await
}

/// Money that no order of ours asked for: kept, and never sent back by itself.
async fn unmatched(tx: &mut Tx<'_>, charge: &Charge) -> Result<Settled, StoreError> {
    let Some(payment) = insert(tx, charge, "unmatched", None).await? else {
        return Ok(Settled::Repeat);
    };
    let detail = format!(
        "{} {} in minor units from Telegram id {}: it names no order of this payer. Look the charge up at the provider.",
        charge.amount,
        charge.currency,
        charge
            .payer
            .map_or_else(|| "unknown".to_owned(), |id| id.to_string()),
    );
    let subject = format!("{}:{}", charge.method.as_str(), charge.charge_id);
    let task = Task {
        kind: "payment.unmatched",
        subject: &subject,
        order: None,
        payment: Some(payment),
        detail: &detail,
    };
    attention::open(tx, &task).await?;
    Ok(Settled::Unmatched)
}
