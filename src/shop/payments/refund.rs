//! Refunds: the amount is committed on the payment first, so that no more than it ever goes back; then a letter carries
//! the call. When all the money of an order has gone back, the order is closed and its keys are revoked.

use super::Method;
use crate::bus::attention::{self, Task};
use crate::meters;
use crate::shop::downloads::grant;
use crate::shop::keys::claim;
use crate::shop::letters::{self, Letter, Misfit};
use crate::shop::money::Money;
use crate::shop::orders::{self, Order, State};
use crate::shop::staff::news;
use crate::store::{ErrorKind, PublicId, StoreError, Tx};
use crate::{binds, row, sql};

/// Why money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// It does not fit its order.
    Misfit(Misfit),
    /// The keys were gone.
    SoldOut,
    /// Staff have decided so.
    Staff,
    /// It went back without our asking: by the provider, by its owner's bank, by staff elsewhere.
    Elsewhere,
}

impl Because {
    fn as_str(self) -> &'static str {
        match self {
            Because::Misfit(Misfit::Excess) => "excess",
            Because::Misfit(Misfit::Short) => "short",
            Because::Misfit(Misfit::WrongCurrency) => "wrong_currency",
            Because::SoldOut => "sold_out",
            Because::Staff => "staff",
            Because::Elsewhere => "elsewhere",
        }
    }
}

row! {
    #[derive(Debug)]
    struct Payment {
        id: i64,
        order: Option<i64>,
        disposition: String,
        currency: String,
        amount: i64,
        committed: i64,
    }
}

row! {
    #[derive(Debug)]
    struct Refund {
        id: i64,
        public_id: PublicId,
        payment: i64,
        amount: i64,
        state: String,
    }
}

/// A call to make: give this charge back to its payer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// By which way the money came.
    pub method: Method,
    /// The provider's name for it.
    pub charge_id: String,
    /// Who paid.
    pub payer: i64,
}

sql! {
    PAYMENT = "refunds.payment",
        "SELECT id, order_id, disposition, currency, amount_minor, refund_committed_minor
         FROM payments WHERE id = $1";
    PAYMENT_OF_CHARGE = "refunds.payment_of_charge",
        "SELECT id, order_id, disposition, currency, amount_minor, refund_committed_minor
         FROM payments WHERE provider = $1 AND charge_id = $2";
    COMMIT = "refunds.commit",
        "UPDATE payments SET refund_committed_minor = refund_committed_minor + $2
         WHERE id = $1 AND refund_committed_minor + $2 <= amount_minor";
    TAKE_BACK = "refunds.take_back",
        "UPDATE payments SET refund_committed_minor = refund_committed_minor - $2 WHERE id = $1";
    INSERT = "refunds.insert",
        "INSERT INTO refunds (public_id, payment_id, idem_key, amount_minor, reason, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)";
    BY_PUBLIC_ID = "refunds.by_public_id",
        "SELECT id, public_id, payment_id, amount_minor, state FROM refunds WHERE public_id = $1";
    UNFINISHED = "refunds.unfinished",
        "SELECT id, public_id, payment_id, amount_minor, state FROM refunds
         WHERE payment_id = $1 AND state NOT IN ('succeeded', 'failed') ORDER BY id";
    CALL = "refunds.call",
        "SELECT p.provider, p.charge_id, p.payer_telegram_id FROM payments p WHERE p.id = $1";
    CHARGE = "refunds.charge", "SELECT charge_id, provider_charge_id FROM payments WHERE id = $1";
    BEFORE = "refunds.before", "SELECT COUNT(*) FROM refunds WHERE payment_id = $1 AND reason = $2";
    STATE = "refunds.state",
        "UPDATE refunds SET state = $2, changed_at = $3 WHERE id = $1 AND state <> $2";
    GONE_BACK = "refunds.gone_back",
        "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM refunds
         WHERE payment_id = $1 AND state = 'succeeded'";
    CLOSE = "orders.close",
        "UPDATE orders SET state = 'closed', changed_at = $2
         WHERE id = $1 AND state IN ('paid', 'fulfilled', 'backorder')";
}

/// Sends a whole payment back, with a word to the customer where they would wonder.
pub(in crate::shop) async fn request(
    tx: &mut Tx<'_>,
    method: Method,
    payment: i64,
    order: &Order,
    because: Because,
) -> Result<(), StoreError> {
    let payment: Payment = tx.one(&PAYMENT, binds![payment]).await?;
    let Some(refund) = commit(tx, &payment, payment.amount, because).await? else {
        return Ok(());
    };
    let customer = order.customer();
    if method.refunds() {
        letters::post(tx, &customer, &Letter::Refund { refund }).await?;
    } else {
        let subject = refund.to_string();
        let (charge_id, at_bank): (String, Option<String>) =
            tx.one(&CHARGE, binds![payment.id]).await?;
        let detail = format!(
            "Telegram has no call for it: send {} {} (minor units) back in the cabinet of your payment provider, charge {}. \
             Then resolve this task: the customer is told, and an order of it is closed.",
            payment.amount,
            payment.currency,
            at_bank.unwrap_or(charge_id),
        );
        let task = Task {
            kind: "refund.by_hand",
            subject: &subject,
            order: Some(order.id),
            payment: Some(payment.id),
            detail: &detail,
        };
        attention::open(tx, &task).await?;
    }
    if let Because::Misfit(why) = because {
        // A currency that we don't know has no name for the customer; the refund itself needs none.
        if let Some(money) = payment.money(payment.amount) {
            let letter = Letter::Returned {
                order: order.public_id,
                refund,
                money,
                why,
            };
            letters::post(tx, &customer, &letter).await?;
        }
    }
    Ok(())
}

/// Begins a refund's call; `None` if there is nothing left to do.
pub async fn begin(tx: &mut Tx<'_>, refund: PublicId) -> Result<Option<Call>, StoreError> {
    let refund: Refund = tx.one(&BY_PUBLIC_ID, binds![refund]).await?;
    if matches!(refund.state.as_str(), "succeeded" | "failed") {
        return Ok(None);
    }
    set(tx, &refund, "sending").await?;
    let (provider, charge_id, payer): (String, String, Option<i64>) =
        tx.one(&CALL, binds![refund.payment]).await?;
    let broken = |what: String| StoreError::because("refunds.call", ErrorKind::Decode, what);
    Ok(Some(Call {
        method: Method::from_word(&provider)
            .ok_or_else(|| broken(format!("the provider {provider}")))?,
        charge_id,
        payer: payer.ok_or_else(|| broken("a payment without its payer".to_owned()))?,
    }))
}

/// The money is back with its payer.
pub async fn succeeded(tx: &mut Tx<'_>, refund: PublicId) -> Result<(), StoreError> {
    finish(tx, refund).await
}

/// Whether it went back is unknown: it is tried again.
pub async fn unknown(tx: &mut Tx<'_>, refund: PublicId) -> Result<(), StoreError> {
    let refund: Refund = tx.one(&BY_PUBLIC_ID, binds![refund]).await?;
    if refund.state == "sending" {
        set(tx, &refund, "unknown").await?;
    }
    Ok(())
}

/// The provider refuses: a task for staff.
pub async fn failed(tx: &mut Tx<'_>, refund: PublicId, reason: &str) -> Result<(), StoreError> {
    let refund: Refund = tx.one(&BY_PUBLIC_ID, binds![refund]).await?;
    if refund.state != "sending" {
        return Ok(());
    }
    set(tx, &refund, "failed").await?;
    tx.tally(meters::REFUNDS.of(["failed"]), 1);
    tx.execute(&TAKE_BACK, binds![refund.payment, refund.amount])
        .await?;
    let payment: Payment = tx.one(&PAYMENT, binds![refund.payment]).await?;
    let detail = format!("The provider refuses to send the money back: {reason}");
    let subject = refund.public_id.to_string();
    let task = Task {
        kind: "refund.failed",
        subject: &subject,
        order: payment.order,
        payment: Some(payment.id),
        detail: &detail,
    };
    attention::open(tx, &task).await
}

/// How news of money that went back ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// It is in the books.
    Known,
    /// No such payment yet: the news of the payment itself may still be on its way.
    Unknown,
}

/// The provider says that a charge went back: by our call, or without our asking.
pub async fn arrived(
    tx: &mut Tx<'_>,
    method: Method,
    charge_id: &str,
) -> Result<Arrived, StoreError> {
    let provider = method.as_str();
    let binds = binds![provider, charge_id];
    let Some(payment) = tx.optional::<Payment>(&PAYMENT_OF_CHARGE, binds).await? else {
        return Ok(Arrived::Unknown);
    };
    let order = match payment.order {
        Some(order) => Some(orders::lock(tx, order).await?),
        None => None,
    };
    for refund in tx.all::<Refund>(&UNFINISHED, binds![payment.id]).await? {
        finish(tx, refund.public_id).await?;
    }
    let payment: Payment = tx.one(&PAYMENT, binds![payment.id]).await?;
    let left = payment.amount - payment.committed;
    if left > 0
        && let Some(public_id) = commit(tx, &payment, left, Because::Elsewhere).await?
    {
        finish(tx, public_id).await?;
    }
    if order.is_none() {
        let subject = format!("{}:{charge_id}", method.as_str());
        attention::resolve(tx, "payment.unmatched", &subject).await?;
    }
    Ok(Arrived::Known)
}

/// A task for news of money that went back and was never heard to come.
pub async fn never_came(
    tx: &mut Tx<'_>,
    method: Method,
    charge_id: &str,
) -> Result<(), StoreError> {
    let subject = format!("{}:{charge_id}", method.as_str());
    let task = Task {
        kind: "refund.unmatched",
        subject: &subject,
        order: None,
        payment: None,
        detail: "Money went back that this shop never heard to come. Look the charge up at the provider.",
    };
    attention::open(tx, &task).await
}

impl Payment {
    fn money(&self, minor: i64) -> Option<Money> {
        let currency = self.currency.parse().ok()?;
        Some(Money { minor, currency })
    }
}

/// Takes `amount` out of what the payment may still give back; `None` if it has no more.
async fn commit(
    tx: &mut Tx<'_>,
    payment: &Payment,
    amount: i64,
    because: Because,
) -> Result<Option<PublicId>, StoreError> {
    if amount == 0 || tx.execute(&COMMIT, binds![payment.id, amount]).await? == 0 {
        return Ok(None);
    }
    let (now, public_id) = (tx.now(), PublicId::random(tx)?);
    let reason = because.as_str();
    // One that was refused may be tried again, as another.
    let (before,): (i64,) = tx.one(&BEFORE, binds![payment.id, reason]).await?;
    let key = match before {
        0 => format!("{reason}:{}", payment.id),
        _ => format!("{reason}:{}:{before}", payment.id),
    };
    let binds = binds![public_id, payment.id, key, amount, reason, now];
    tx.execute(&INSERT, binds).await?;
    tx.tally(meters::REFUNDS.of(["requested"]), 1);
    Ok(Some(public_id))
}

async fn finish(tx: &mut Tx<'_>, public_id: PublicId) -> Result<(), StoreError> {
    let refund: Refund = tx.one(&BY_PUBLIC_ID, binds![public_id]).await?;
    let payment: Payment = tx.one(&PAYMENT, binds![refund.payment]).await?;
    let order = match payment.order {
        Some(order) => Some(orders::lock(tx, order).await?),
        None => None,
    };
    // Under the order's lock: our own call and the provider's news may both say so at once.
    let refund: Refund = tx.one(&BY_PUBLIC_ID, binds![public_id]).await?;
    if matches!(refund.state.as_str(), "succeeded" | "failed") {
        return Ok(());
    }
    set(tx, &refund, "sending").await?;
    set(tx, &refund, "succeeded").await?;
    tx.tally(meters::REFUNDS.of(["succeeded"]), 1);
    if payment.disposition == "applied" {
        let currency = meters::word(&payment.currency);
        tx.tally(meters::RETURNED.of([currency]), refund.amount);
    }
    let subject = refund.public_id.to_string();
    attention::resolve(tx, "refund.failed", &subject).await?;
    attention::resolve(tx, "refund.by_hand", &subject).await?;
    let (for_order, money) = (
        order.as_ref().map(|order| order.public_id),
        payment.money(refund.amount),
    );
    news::refunded(tx, refund.public_id, for_order, money).await?;
    let (gone,): (i64,) = tx.one(&GONE_BACK, binds![payment.id]).await?;
    let Some(order) = order.filter(|_| payment.disposition == "applied" && gone == payment.amount)
    else {
        return Ok(());
    };
    close(tx, &order).await?;
    if let Some(money) = payment.money(payment.amount) {
        let letter = Letter::Refunded {
            order: order.public_id,
            refund: refund.public_id,
            money,
        };
        letters::post(tx, &order.customer(), &letter).await?;
    }
    Ok(())
}

async fn close(tx: &mut Tx<'_>, order: &Order) -> Result<(), StoreError> {
    if order.state()? == State::Closed {
        return Ok(());
    }
    let now = tx.now();
    claim::revoke(tx, order.id).await?;
    grant::revoke(tx, order.id).await?;
    tx.execute(&CLOSE, binds![order.id, now]).await?;
    tx.tally(meters::ORDERS.of(["closed"]), 1);
    let subject = order.public_id.to_string();
    attention::resolve(tx, "order.backorder", &subject).await
}

async fn set(tx: &mut Tx<'_>, refund: &Refund, state: &'static str) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&STATE, binds![refund.id, state, now])
        .await
        .map(|_| ())
}
