//! Attempts: what we asked a provider for. Each freezes method, currency and amount.

use super::{Method, Offer};
use crate::bus::outbox;
use crate::shop::letters::{self, Letter};
use crate::shop::money::{Currency, Money, Prices};
use crate::shop::orders::{self, State};
use crate::store::{ErrorKind, PublicId, StoreError, Tx};
use crate::{binds, row, sql};

row! {
    /// An attempt as its use-cases need it.
    #[derive(Clone, Debug)]
    pub(in crate::shop) struct Attempt {
        pub id: i64,
        pub public_id: PublicId,
        pub order: i64,
        pub method: String,
        pub currency: String,
        pub amount: i64,
        pub state: String,
        number: i64,
        /// The order's name.
        pub order_name: PublicId,
        /// Whose order it is: the customer's row, and their Telegram id.
        pub customer: i64,
        pub payer: i64,
    }
}

/// How asking for a payment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// An attempt was made, and its invoice is on its way.
    New(PublicId),
    /// There is an open attempt: its invoice has been sent.
    Already(PublicId),
    /// The order is no longer open.
    Not(State),
    /// Some line has no price in the method's currency, or the sum is outside its limits.
    NotOffered,
    /// The customer has no such order.
    Unknown,
}

sql! {
    BY_PUBLIC_ID = "attempts.by_public_id",
        "SELECT a.id, a.public_id, a.order_id, a.method, a.currency, a.amount_minor, a.state, a.attempt_no,
                o.public_id, c.id, c.telegram_id
         FROM payment_attempts a JOIN orders o ON o.id = a.order_id JOIN customers c ON c.id = o.customer_id
         WHERE a.public_id = $1";
    // The live one, if there is one, is the last: a new one is made only after the one before has ended.
    LAST = "attempts.last",
        "SELECT a.id, a.public_id, a.order_id, a.method, a.currency, a.amount_minor, a.state, a.attempt_no,
                o.public_id, c.id, c.telegram_id
         FROM payment_attempts a JOIN orders o ON o.id = a.order_id JOIN customers c ON c.id = o.customer_id
         WHERE a.order_id = $1 AND a.method = $2
         ORDER BY a.attempt_no DESC LIMIT 1";
    INSERT = "attempts.insert",
        "INSERT INTO payment_attempts
             (public_id, order_id, method, attempt_no, currency, amount_minor, state, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $7)";
    END = "attempts.end",
        "UPDATE payment_attempts SET state = $3, changed_at = $2
         WHERE order_id = $1 AND state = 'open'
         RETURNING public_id";
    CANCEL = "attempts.cancel",
        "UPDATE payment_attempts SET state = 'cancelled', changed_at = $2
         WHERE id = $1 AND state = 'open'";
    FAIL = "attempts.fail",
        "UPDATE payment_attempts SET state = 'failed', changed_at = $2
         WHERE id = $1 AND state = 'open'";
    CAPTURE = "attempts.capture",
        "UPDATE payment_attempts SET state = CASE WHEN id = $2 THEN 'captured' ELSE 'cancelled' END, changed_at = $3
         WHERE order_id = $1 AND state <> 'captured' AND (id = $2 OR state = 'open')
         RETURNING id, public_id";
    PRICES = "attempts.prices",
        "SELECT prices, quantity FROM order_lines
         WHERE order_id = $1 ORDER BY line_no";
}

/// Asks for the order's money by one way: makes an open attempt and posts its invoice, or finds the open one.
pub async fn ask(
    tx: &mut Tx<'_>,
    customer: i64,
    order: PublicId,
    offer: Offer,
) -> Result<Asked, StoreError> {
    ask_again(tx, customer, order, offer, None).await
}

/// The same, with a new invoice in place of the attempt `instead`, if that is still the open one.
pub async fn ask_again(
    tx: &mut Tx<'_>,
    customer: i64,
    order: PublicId,
    offer: Offer,
    instead: Option<PublicId>,
) -> Result<Asked, StoreError> {
    let word = offer.method.as_str();
    let Some(order) = orders::lock_of_customer(tx, customer, order).await? else {
        return Ok(Asked::Unknown);
    };
    let now = tx.now();
    match order.state()? {
        State::Open if order.expires_at <= now && !order.is_approved(now) => {
            return Ok(Asked::Not(State::Expired));
        }
        State::Open => {}
        state => return Ok(Asked::Not(state)),
    }
    let last: Option<Attempt> = tx.optional(&LAST, binds![order.id, word]).await?;
    let number = last.as_ref().map_or(1, |last| last.number + 1);
    if let Some(live) = last.filter(Attempt::is_live) {
        if instead != Some(live.public_id) {
            return Ok(Asked::Already(live.public_id));
        }
        tx.execute(&CANCEL, binds![live.id, now]).await?;
        withdraw(tx, live.public_id).await?;
    }
    let Some(amount) = amount_of(tx, order.id, offer).await? else {
        return Ok(Asked::NotOffered);
    };
    let public_id = PublicId::random(tx)?;
    let code = offer.currency.code();
    let binds = binds![public_id, order.id, word, number, code, amount, now];
    tx.execute(&INSERT, binds).await?;
    let letter = Letter::Invoice { attempt: public_id };
    letters::post(tx, &order.customer(), &letter).await?;
    Ok(Asked::New(public_id))
}

/// The customer's order that an attempt of theirs asks money for, and by which method; `None` for a stranger.
pub async fn order_of(
    tx: &mut Tx<'_>,
    customer: i64,
    attempt: PublicId,
) -> Result<Option<(PublicId, Method)>, StoreError> {
    let attempt = by_public_id(tx, attempt).await?;
    let Some(attempt) = attempt.filter(|attempt| attempt.customer == customer) else {
        return Ok(None);
    };
    Ok(Method::from_word(&attempt.method).map(|method| (attempt.order_name, method)))
}

/// An invoice to send.
#[derive(Clone, Debug)]
pub struct Invoice {
    /// The order.
    pub order: PublicId,
    /// Whether it may still be paid: an order that is no longer open needs no invoice.
    pub is_wanted: bool,
    /// The customer's row.
    pub customer: i64,
    /// The chat that it goes to.
    pub chat: i64,
    /// By which way.
    pub method: Method,
    /// What it asks for.
    pub money: Money,
    /// Slug and quantity of each line: for its payload.
    pub lines: Vec<(String, i64)>,
}

sql! {
    LINES = "attempts.invoice.lines",
        "SELECT p.slug, l.quantity FROM order_lines l JOIN products p ON p.id = l.product_id
         WHERE l.order_id = $1 ORDER BY l.line_no";
}

/// What the invoice of an attempt says.
pub async fn invoice(tx: &mut Tx<'_>, attempt: PublicId) -> Result<Invoice, StoreError> {
    let attempt: Attempt = tx.one(&BY_PUBLIC_ID, binds![attempt]).await?;
    let order = orders::by_id(tx, attempt.order).await?;
    Ok(Invoice {
        order: order.public_id,
        is_wanted: order.state()? == State::Open && attempt.state == "open",
        customer: order.customer().id,
        chat: order.customer().telegram_id,
        method: attempt.method()?,
        money: attempt.money()?,
        lines: tx.all(&LINES, binds![attempt.order]).await?,
    })
}

/// The provider refuses to ask for this money: the attempt fails, and its customer is told to choose another way.
/// A repeat changes nothing.
pub async fn refused(tx: &mut Tx<'_>, attempt: PublicId) -> Result<(), StoreError> {
    let attempt: Attempt = tx.one(&BY_PUBLIC_ID, binds![attempt]).await?;
    let order = orders::lock(tx, attempt.order).await?;
    let now = tx.now();
    if tx.execute(&FAIL, binds![attempt.id, now]).await? == 0 || order.state()? != State::Open {
        return Ok(());
    }
    let letter = Letter::InvoiceRefused {
        order: order.public_id,
        attempt: attempt.public_id,
    };
    letters::post(tx, &order.customer(), &letter).await
}

impl Attempt {
    fn is_live(&self) -> bool {
        matches!(self.state.as_str(), "creating" | "open")
    }

    fn method(&self) -> Result<Method, StoreError> {
        Method::from_word(&self.method).ok_or_else(|| {
            let word = format!("the method {}", self.method);
            StoreError::because("attempts.method", ErrorKind::Decode, word)
        })
    }

    pub fn money(&self) -> Result<Money, StoreError> {
        let currency: Currency = self
            .currency
            .parse()
            .map_err(|error| StoreError::because("attempts.money", ErrorKind::Decode, error))?;
        Ok(Money {
            minor: self.amount,
            currency,
        })
    }
}

/// What the order costs by this way, if it can take that.
async fn amount_of(tx: &mut Tx<'_>, order: i64, offer: Offer) -> Result<Option<i64>, StoreError> {
    let lines: Vec<(String, i64)> = tx.all(&PRICES, binds![order]).await?;
    let mut parsed = Vec::with_capacity(lines.len());
    for (prices, quantity) in &lines {
        let prices = Prices::from_json(prices)
            .map_err(|error| StoreError::because("attempts.prices", ErrorKind::Decode, error))?;
        parsed.push((prices, *quantity));
    }
    let total = Prices::checked_sum(parsed.iter().map(|(prices, quantity)| (prices, *quantity)));
    Ok(total.and_then(|total| offer.amount_of(&total)))
}

pub(in crate::shop) async fn by_public_id(
    tx: &mut Tx<'_>,
    attempt: PublicId,
) -> Result<Option<Attempt>, StoreError> {
    tx.optional(&BY_PUBLIC_ID, binds![attempt]).await
}

/// The attempt's money is here: the order's others are cancelled, and their invoices withdrawn that have not been sent.
pub(in crate::shop) async fn capture(tx: &mut Tx<'_>, attempt: &Attempt) -> Result<(), StoreError> {
    let now = tx.now();
    let binds = binds![attempt.order, attempt.id, now];
    let ended: Vec<(i64, PublicId)> = tx.all(&CAPTURE, binds).await?;
    for (_, other) in ended.into_iter().filter(|(id, _)| *id != attempt.id) {
        withdraw(tx, other).await?;
    }
    Ok(())
}

/// Ends what is still open of an order's attempts, and withdraws invoices that have not been sent.
pub(in crate::shop) async fn end_open(
    tx: &mut Tx<'_>,
    order: i64,
    state: &'static str,
) -> Result<(), StoreError> {
    let now = tx.now();
    let ended: Vec<(PublicId,)> = tx.all(&END, binds![order, now, state]).await?;
    for (attempt,) in ended {
        withdraw(tx, attempt).await?;
    }
    Ok(())
}

async fn withdraw(tx: &mut Tx<'_>, attempt: PublicId) -> Result<(), StoreError> {
    outbox::withdraw(tx, &Letter::Invoice { attempt }.dedup_key()).await
}
