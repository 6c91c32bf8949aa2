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
        "SELECT id, public_id, order_id, method, currency, amount_minor, state
         FROM payment_attempts
         WHERE public_id = $1";
    LIVE = "attempts.live",
        "SELECT id, public_id, order_id, method, currency, amount_minor, state
         FROM payment_attempts
         WHERE order_id = $1 AND method = $2 AND state IN ('creating', 'open')";
    OPEN_OF_ORDER = "attempts.open_of_order",
        "SELECT public_id FROM payment_attempts
         WHERE order_id = $1 AND state IN ('creating', 'open')";
    NUMBER = "attempts.number",
        "SELECT COALESCE(MAX(attempt_no), 0) + 1 FROM payment_attempts
         WHERE order_id = $1 AND method = $2";
    INSERT = "attempts.insert",
        "INSERT INTO payment_attempts
             (public_id, order_id, method, attempt_no, currency, amount_minor, state, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $7)";
    END = "attempts.end",
        "UPDATE payment_attempts SET state = $3, changed_at = $2
         WHERE order_id = $1 AND state = 'open'";
    CANCEL = "attempts.cancel",
        "UPDATE payment_attempts SET state = 'cancelled', changed_at = $2
         WHERE id = $1 AND state = 'open'";
    FAIL = "attempts.fail",
        "UPDATE payment_attempts SET state = 'failed', changed_at = $2
         WHERE id = $1 AND state = 'open'";
    CAPTURE = "attempts.capture",
        "UPDATE payment_attempts SET state = 'captured', changed_at = $2
         WHERE id = $1 AND state <> 'captured'";
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
    let Some(order) = orders::of_customer(tx, customer, order).await? else {
        return Ok(Asked::Unknown);
    };
    let order = orders::lock(tx, order.id).await?;
    let now = tx.now();
    match order.state()? {
        State::Open if order.expires_at <= now && !order.is_approved(now) => {
            return Ok(Asked::Not(State::Expired));
        }
        State::Open => {}
        state => return Ok(Asked::Not(state)),
    }
    let live: Option<Attempt> = tx.optional(&LIVE, binds![order.id, word]).await?;
    if let Some(live) = live {
        if instead != Some(live.public_id) {
            return Ok(Asked::Already(live.public_id));
        }
        tx.execute(&CANCEL, binds![live.id, now]).await?;
        withdraw(tx, live.public_id).await?;
    }
    let Some(amount) = amount_of(tx, order.id, offer).await? else {
        return Ok(Asked::NotOffered);
    };
    let (number,): (i64,) = tx.one(&NUMBER, binds![order.id, word]).await?;
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
    let Some(attempt) = by_public_id(tx, attempt).await? else {
        return Ok(None);
    };
    let order = orders::by_id(tx, attempt.order).await?;
    let is_theirs = order.customer().id == customer;
    Ok(Method::from_word(&attempt.method)
        .filter(|_| is_theirs)
        .map(|method| (order.public_id, method)))
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

/// The attempt's money is here.
pub(in crate::shop) async fn capture(tx: &mut Tx<'_>, attempt: i64) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&CAPTURE, binds![attempt, now]).await.map(|_| ())
}

/// Ends what is still open of an order's attempts, and withdraws invoices that have not been sent.
pub(in crate::shop) async fn end_open(
    tx: &mut Tx<'_>,
    order: i64,
    state: &'static str,
) -> Result<(), StoreError> {
    let open: Vec<(PublicId,)> = tx.all(&OPEN_OF_ORDER, binds![order]).await?;
    if open.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    tx.execute(&END, binds![order, now, state]).await?;
    for (attempt,) in open {
        withdraw(tx, attempt).await?;
    }
    Ok(())
}

async fn withdraw(tx: &mut Tx<'_>, attempt: PublicId) -> Result<(), StoreError> {
    outbox::withdraw(tx, &Letter::Invoice { attempt }.dedup_key()).await
}
