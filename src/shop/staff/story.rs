//! The whole story of an order, for staff: who, what, the keys' states (never their text), money, letters and tasks.

use serde::Serialize;

use crate::bus::attention;
use crate::clock::Millis;
use crate::shop::letters::Letter;
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, row, sql};

/// So many orders with the same number are shown to choose from. The number has 32 bits, so there is hardly ever a second.
const NAMESAKES: i64 = 10;

row! {
    /// An order and whose it is.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    pub struct Head {
        #[serde(skip)]
        row: i64,
        /// Its name.
        pub id: PublicId,
        /// Where it stands.
        pub state: String,
        /// When it was placed.
        pub created_at: Millis,
        /// When its hold runs, or ran, out.
        pub expires_at: Millis,
        /// The customer's Telegram id.
        pub telegram_id: i64,
        /// The customer's name.
        pub name: String,
        /// The customer's language.
        pub language: String,
        /// Whether the customer has blocked the bot: `active` or `blocked`.
        pub customer_state: String,
    }
}

row! {
    /// A line as it was ordered.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    pub struct Line {
        /// The product.
        pub product: String,
        /// Its title then, JSON by language.
        pub title: String,
        /// Its price then, JSON by currency in minor units.
        pub prices: String,
        /// How many pieces.
        pub quantity: i64,
    }
}

row! {
    /// One piece, and its key.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    pub struct Unit {
        /// The product.
        pub product: String,
        /// Its number in its line, from 1.
        pub unit: i64,
        /// The key's number, if it has one.
        pub key: Option<i64>,
        /// Where the key stands.
        pub state: Option<String>,
        /// When it was first shown.
        pub revealed_at: Option<i64>,
        /// Where its download stands, if it has one.
        pub download: Option<String>,
        /// How often that was started.
        pub started: Option<i64>,
        /// How often it may be.
        pub most: Option<i64>,
        /// Until when; `None`: for ever.
        pub until: Option<i64>,
    }
}

row! {
    /// What we asked a provider for.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    pub struct Attempt {
        /// Its name.
        pub id: PublicId,
        /// By which method.
        pub method: String,
        /// Minor units.
        pub amount_minor: i64,
        /// Their currency.
        pub currency: String,
        /// Where it stands.
        pub state: String,
        /// When it was made.
        pub created_at: Millis,
    }
}

row! {
    /// Money that came.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    pub struct Payment {
        #[serde(skip)]
        row: i64,
        /// By which provider.
        pub provider: String,
        /// The provider's name for it.
        pub charge_id: String,
        /// What it was for us.
        pub disposition: String,
        /// Minor units.
        pub amount_minor: i64,
        /// Their currency.
        pub currency: String,
        /// When it came.
        pub received_at: Millis,
    }
}

row! {
    /// Money that goes back.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    pub struct Refund {
        /// Its name.
        pub id: PublicId,
        /// Minor units.
        pub amount_minor: i64,
        /// Their currency.
        pub currency: String,
        /// Where it stands.
        pub state: String,
        /// Why.
        pub reason: String,
        /// When it changed last.
        pub changed_at: Millis,
    }
}

row! {
    /// A change of the order's state.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    pub struct Event {
        /// From; empty for its birth.
        pub from: String,
        /// To.
        pub to: String,
        /// When.
        pub at: Millis,
    }
}

row! {
    /// A letter about it.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    pub struct Sent {
        /// Its row.
        pub id: i64,
        /// Which words it has.
        pub kind: String,
        /// Where it stands.
        pub state: String,
        /// How often it was tried.
        pub attempts: i64,
        /// When it changed last.
        pub changed_at: Millis,
        /// What went wrong last.
        pub error: Option<String>,
    }
}

/// An order with all that happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Story {
    /// The order and whose it is.
    pub order: Head,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// Its pieces and their keys.
    pub units: Vec<Unit>,
    /// What was asked for.
    pub attempts: Vec<Attempt>,
    /// What came.
    pub payments: Vec<Payment>,
    /// What went back.
    pub refunds: Vec<Refund>,
    /// Its states.
    pub events: Vec<Event>,
    /// What was written about it.
    pub letters: Vec<Sent>,
    /// Tasks about it.
    pub tasks: Vec<attention::Listed>,
}

sql! {
    BY_ID = "staff.story.by_id",
        "SELECT o.id, o.public_id, o.state, o.created_at, o.expires_at, c.telegram_id, c.name, c.language, c.state
         FROM orders o JOIN customers c ON c.id = o.customer_id
         WHERE o.public_id = $1";
    BY_NUMBER = "staff.story.by_number",
        "SELECT o.id, o.public_id, o.state, o.created_at, o.expires_at, c.telegram_id, c.name, c.language, c.state
         FROM orders o JOIN customers c ON c.id = o.customer_id
         WHERE o.public_id >= $1 AND o.public_id <= $2
         ORDER BY o.id DESC LIMIT $3";
    LINES = "staff.story.lines",
        "SELECT p.slug, l.title, l.prices, l.quantity
         FROM order_lines l JOIN products p ON p.id = l.product_id
         WHERE l.order_id = $1 ORDER BY l.line_no";
    UNITS = "staff.story.units",
        "SELECT p.slug, u.unit_no, k.id, k.state, k.revealed_at, d.state, d.started, d.most, d.expires_at
         FROM order_units u JOIN products p ON p.id = u.product_id LEFT JOIN keys k ON k.unit_id = u.id
             LEFT JOIN downloads d ON d.unit_id = u.id
         WHERE u.order_id = $1 ORDER BY u.id";
    ATTEMPTS = "staff.story.attempts",
        "SELECT public_id, method, amount_minor, currency, state, created_at
         FROM payment_attempts WHERE order_id = $1 ORDER BY id";
    PAYMENTS = "staff.story.payments",
        "SELECT id, provider, charge_id, disposition, amount_minor, currency, received_at
         FROM payments WHERE order_id = $1 ORDER BY id";
    REFUNDS = "staff.story.refunds",
        "SELECT r.public_id, r.amount_minor, p.currency, r.state, r.reason, r.changed_at
         FROM refunds r JOIN payments p ON p.id = r.payment_id
         WHERE p.order_id = $1 ORDER BY r.id";
    EVENTS = "staff.story.events",
        "SELECT from_state, to_state, at FROM order_events WHERE order_id = $1 ORDER BY id";
    LETTER = "staff.story.letter",
        "SELECT id, kind, state, attempts, changed_at, error FROM outbox WHERE dedup_key = $1";
    LETTERS_LIKE = "staff.story.letters_like",
        "SELECT id, kind, state, attempts, changed_at, error FROM outbox
         WHERE kind = 'redelivery' AND dedup_key LIKE $1 ORDER BY id";
}

/// The orders that a number or a public id names: as a rule one, or none.
pub async fn find(tx: &mut Tx<'_>, name: &str) -> Result<Vec<Head>, StoreError> {
    let name = name.trim().trim_start_matches(['#', '№']).trim();
    if let Ok(id) = name.parse::<PublicId>() {
        return tx.all(&BY_ID, binds![id]).await;
    }
    let digits: String = name
        .chars()
        .filter(|letter| !matches!(letter, '-' | ' ' | '–'))
        .collect();
    let Some(number) = (digits.len() == 8)
        .then(|| u32::from_str_radix(&digits, 16).ok())
        .flatten()
    else {
        return Ok(Vec::new());
    };
    let (mut first, mut last) = ([0; 16], [0xff; 16]);
    first[..4].copy_from_slice(&number.to_be_bytes());
    last[..4].copy_from_slice(&number.to_be_bytes());
    tx.all(&BY_NUMBER, binds![first, last, NAMESAKES]).await
}

/// All that happened to an order.
pub async fn of(tx: &mut Tx<'_>, order: Head) -> Result<Story, StoreError> {
    let row = order.row;
    let id = order.id;
    let attempts: Vec<Attempt> = tx.all(&ATTEMPTS, binds![row]).await?;
    let refunds: Vec<Refund> = tx.all(&REFUNDS, binds![row]).await?;
    let mut keys = vec![
        Letter::Delivery { order: id }.dedup_key(),
        Letter::Expired { order: id }.dedup_key(),
        format!("backorder:{id}"),
        format!("mail_order:{id}"),
    ];
    keys.extend(attempts.iter().map(|attempt| {
        let attempt = attempt.id;
        Letter::Invoice { attempt }.dedup_key()
    }));
    for refund in &refunds {
        let kinds = ["refund", "returned", "refunded"];
        keys.extend(kinds.map(|kind| format!("{kind}:{}", refund.id)));
    }
    let mut letters: Vec<Sent> = Vec::new();
    for key in keys {
        letters.extend(tx.optional::<Sent>(&LETTER, binds![key]).await?);
    }
    let again = format!("redelivery:{id}:%");
    letters.extend(tx.all::<Sent>(&LETTERS_LIKE, binds![again]).await?);
    letters.sort_by_key(|letter| letter.id);
    Ok(Story {
        lines: tx.all(&LINES, binds![row]).await?,
        units: tx.all(&UNITS, binds![row]).await?,
        attempts,
        payments: tx.all(&PAYMENTS, binds![row]).await?,
        refunds,
        events: tx.all(&EVENTS, binds![row]).await?,
        letters,
        tasks: attention::of_order(tx, row).await?,
        order,
    })
}
