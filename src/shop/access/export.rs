//! Everything that the shop keeps of one customer, as JSON for them to take away: times in RFC 3339, money in minor units.
//! The text of their keys is in it only when they ask for it after a fresh login, and is then written down as shown.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::sessions::Session;
use crate::clock::Millis;
use crate::shop::customers::{consents, profile};
use crate::shop::keys::reveal::{self, RevealError, Sealed};
use crate::shop::vault::{Vault, VaultError};
use crate::store::{ErrorKind, PublicId, Store, StoreError, Tx};
use crate::{binds, row, sql};

/// Tables whose rows of a customer are in an export.
pub const COVERED: [&str; 17] = [
    "customers",
    "consents",
    "carts",
    "cart_lines",
    "orders",
    "order_lines",
    "order_units",
    "keys",
    "downloads",
    "download_starts",
    "payments",
    "refunds",
    "sessions",
    "passwords",
    "confirmations",
    "confirmation_sends",
    "staff",
];

/// Tables that name a customer and are left out, with the reason.
pub const LEFT_OUT: [(&str, &str); 8] = [
    (
        "login_links",
        "hashes that live for minutes; the sessions that they began are listed",
    ),
    (
        "dialogues",
        "where the conversation stands; it is in the chat",
    ),
    (
        "inbox",
        "updates as Telegram sent them; what was said is in the chat",
    ),
    (
        "outbox",
        "references of letters; what they said is in the chat and in the mailbox",
    ),
    (
        "payment_attempts",
        "what was asked for; what came of it is among the payments",
    ),
    ("attention", "notes of the seller about unfinished work"),
    ("lanes", "which process works on the chat at the moment"),
    (
        "staff_invites",
        "who became staff by a link; the role is listed",
    ),
];

/// Whether the text of keys is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Only that there are keys.
    Listed,
    /// Their text, too.
    Shown,
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Keys are shown after a fresh login only.
    #[error("the login is not fresh")]
    NotFresh,
    /// A key can't be decrypted.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

row! {
    struct Order {
        row: i64,
        id: PublicId,
        state: String,
        created_at: Millis,
        changed_at: Millis,
    }
}
row! {
    struct Line {
        number: i64,
        slug: String,
        title: String,
        prices: String,
        quantity: i64,
    }
}
row! {
    struct Person {
        telegram_id: i64,
        state: String,
        vk_user: Option<i64>,
        created_at: Millis,
        phone_confirmed_at: Option<Millis>,
        email_confirmed_at: Option<Millis>,
    }
}
row! {
    struct Download {
        row: i64,
        line: i64,
        unit: i64,
        state: String,
        started: i64,
        most: i64,
        granted_at: Option<Millis>,
        expires_at: Option<Millis>,
    }
}
row! {
    struct Payment {
        row: i64,
        order: Option<Vec<u8>>,
        provider: String,
        charge: String,
        bank_charge: Option<String>,
        disposition: String,
        currency: String,
        amount: i64,
        received_at: Millis,
    }
}
row! {
    struct Confirmation {
        row: i64,
        purpose: String,
        channel: String,
        target: String,
        replaced: Option<String>,
        state: String,
        created_at: Millis,
    }
}
row! {
    struct Visit {
        id: PublicId,
        way: String,
        created_at: Millis,
        last_seen_at: Millis,
        expires_at: Millis,
        ended_at: Option<Millis>,
        address: Option<String>,
        agent: Option<String>,
    }
}

sql! {
    MORE = "access.export.more",
        "SELECT telegram_id, state, vk_user_id, created_at, phone_confirmed_at, email_confirmed_at
         FROM customers WHERE id = $1";
    ROLE = "access.export.role",
        "SELECT s.role, s.added_at FROM staff s JOIN customers c ON c.telegram_id = s.telegram_id WHERE c.id = $1";
    CART = "access.export.cart",
        "SELECT p.slug, l.quantity, l.prices, l.added_at
         FROM cart_lines l JOIN products p ON p.id = l.product_id WHERE l.customer_id = $1 ORDER BY l.id";
    ORDERS = "access.export.orders",
        "SELECT id, public_id, state, created_at, changed_at FROM orders WHERE customer_id = $1 ORDER BY id";
    LINES = "access.export.lines",
        "SELECT l.line_no, p.slug, l.title, l.prices, l.quantity
         FROM order_lines l JOIN products p ON p.id = l.product_id WHERE l.order_id = $1 ORDER BY l.line_no";
    KEYS = "access.export.keys",
        "SELECT l.line_no, u.unit_no, k.state, k.revealed_at
         FROM order_units u JOIN order_lines l ON l.id = u.line_id JOIN keys k ON k.unit_id = u.id
         WHERE u.order_id = $1 ORDER BY l.line_no, u.unit_no";
    DOWNLOADS = "access.export.downloads",
        "SELECT d.id, l.line_no, u.unit_no, d.state, d.started, d.most, d.granted_at, d.expires_at
         FROM order_units u JOIN order_lines l ON l.id = u.line_id JOIN downloads d ON d.unit_id = u.id
         WHERE u.order_id = $1 ORDER BY l.line_no, u.unit_no";
    STARTS = "access.export.download_starts",
        "SELECT started_at, expires_at FROM download_starts WHERE download_id = $1 ORDER BY id";
    PAYMENTS = "access.export.payments",
        "SELECT p.id, o.public_id, p.provider, p.charge_id, p.provider_charge_id, p.disposition, p.currency,
             p.amount_minor, p.received_at
         FROM payments p LEFT JOIN orders o ON o.id = p.order_id
         WHERE o.customer_id = $1
             OR (p.order_id IS NULL AND p.payer_telegram_id = (SELECT telegram_id FROM customers WHERE id = $1))
         ORDER BY p.id";
    REFUNDS = "access.export.refunds",
        "SELECT state, amount_minor, reason, created_at FROM refunds WHERE payment_id = $1 ORDER BY id";
    SESSIONS = "access.export.sessions",
        "SELECT public_id, way, created_at, last_seen_at, expires_at, ended_at, address, agent
         FROM sessions WHERE customer_id = $1 ORDER BY id";
    PASSWORD = "access.export.password", "SELECT changed_at FROM passwords WHERE customer_id = $1";
    CONFIRMATIONS = "access.export.confirmations",
        "SELECT id, purpose, channel, target, replaced, state, created_at
         FROM confirmations WHERE customer_id = $1 ORDER BY id";
    SENDS = "access.export.confirmation_sends",
        "SELECT sender, state, created_at FROM confirmation_sends WHERE confirmation_id = $1 ORDER BY id";
}

/// Everything of the customer whose session it is.
pub async fn export(
    store: &Store,
    vault: &Vault,
    session: &Session,
    keys: Keys,
) -> Result<Value, ExportError> {
    let customer = session.customer;
    if keys == Keys::Listed {
        let all = store.snapshot("access.export", move |tx| {
            Box::pin(async move { gather(tx, customer, &mut None).await })
        });
        return Ok(all.await?);
    }
    if !session.is_fresh(store.clock().now()) {
        return Err(ExportError::NotFresh);
    }
    // That keys are shown is written down in the same transaction; they are opened after it.
    let (mut all, sealed) = store
        .write("access.export.with_keys", move |tx| {
            Box::pin(async move {
                let mut sealed = Some(HashMap::new());
                let all = gather(tx, customer, &mut sealed).await?;
                Ok::<_, StoreError>((all, sealed.unwrap_or_default()))
            })
        })
        .await?;
    for (order, sealed) in sealed {
        let opened = reveal::open(vault, sealed).map_err(|error| match error {
            RevealError::Store(error) => ExportError::Store(error),
            RevealError::Vault(error) => ExportError::Vault(error),
        })?;
        let sold = all["orders"][order]["keys"].as_array_mut();
        let sold = sold.into_iter().flatten();
        let sold = sold.filter(|key| key["state"] == "sold");
        for (key, revealed) in sold.zip(opened) {
            key["text"] = json!(revealed.text.expose());
        }
    }
    Ok(all)
}

/// Reads everything; where `sealed` is, the keys of each order, by its place in the list, are marked as shown and put there.
async fn gather(
    tx: &mut Tx<'_>,
    customer: i64,
    sealed: &mut Option<HashMap<usize, Vec<Sealed>>>,
) -> Result<Value, StoreError> {
    let rows: Vec<Order> = tx.all(&ORDERS, binds![customer]).await?;
    let mut orders = Vec::with_capacity(rows.len());
    for (at, row) in rows.into_iter().enumerate() {
        if let Some(sealed) = sealed {
            sealed.insert(at, reveal::of_order(tx, customer, row.id).await?);
        }
        orders.push(order(tx, row).await?);
    }
    Ok(json!({
        "exported_at": time(Some(tx.now())),
        "profile": profile_of(tx, customer).await?,
        "consents": consents_of(tx, customer).await?,
        "confirmations": confirmations(tx, customer).await?,
        "cart": cart(tx, customer).await?,
        "orders": orders,
        "payments": payments(tx, customer).await?,
        "sessions": sessions(tx, customer).await?,
        "password_set_at": password(tx, customer).await?,
        "kept_elsewhere": LEFT_OUT.map(|(table, why)| json!({ "what": table, "why": why })),
    }))
}

async fn profile_of(tx: &mut Tx<'_>, customer: i64) -> Result<Value, StoreError> {
    let profile = profile::of(tx, customer)
        .await?
        .ok_or_else(|| StoreError::new(MORE.name, ErrorKind::NoRow))?;
    let more: Person = tx.one(&MORE, binds![customer]).await?;
    let role: Option<(String, Millis)> = tx.optional(&ROLE, binds![customer]).await?;
    Ok(json!({
        "telegram_id": more.telegram_id,
        "vk_user_id": more.vk_user,
        "telegram_name": profile.name,
        "given_name": profile.given_name,
        "language": profile.language.code(),
        "phone": profile.phone,
        "phone_confirmed_at": time(more.phone_confirmed_at),
        "email": profile.email,
        "email_confirmed_at": time(more.email_confirmed_at),
        "known_since": time(Some(more.created_at)),
        "registered_at": time(profile.registered_at),
        "has_blocked_the_bot": more.state == "blocked",
        "staff_role": role.as_ref().map(|(role, _)| role),
        "staff_since": time(role.as_ref().map(|(_, at)| *at)),
    }))
}

async fn consents_of(tx: &mut Tx<'_>, customer: i64) -> Result<Vec<Value>, StoreError> {
    let all = consents::of(tx, customer).await?;
    let shown = all.iter().map(
        |it| json!({ "to": it.matter.as_str(), "version": it.version, "at": time(Some(it.at)) }),
    );
    Ok(shown.collect())
}

async fn confirmations(tx: &mut Tx<'_>, customer: i64) -> Result<Vec<Value>, StoreError> {
    let all: Vec<Confirmation> = tx.all(&CONFIRMATIONS, binds![customer]).await?;
    let mut shown = Vec::with_capacity(all.len());
    for it in all {
        let sends: Vec<(String, String, Millis)> = tx.all(&SENDS, binds![it.row]).await?;
        let sends = sends.iter().map(
            |(sender, state, at)| json!({ "by": sender, "state": state, "at": time(Some(*at)) }),
        );
        shown.push(json!({
            "purpose": it.purpose, "channel": it.channel, "target": it.target, "instead_of": it.replaced,
            "state": it.state, "at": time(Some(it.created_at)), "sends": sends.collect::<Vec<_>>(),
        }));
    }
    Ok(shown)
}

async fn cart(tx: &mut Tx<'_>, customer: i64) -> Result<Vec<Value>, StoreError> {
    let all: Vec<(String, i64, String, Millis)> = tx.all(&CART, binds![customer]).await?;
    let mut lines = Vec::with_capacity(all.len());
    for (slug, quantity, prices, added_at) in all {
        lines.push(json!({
            "product": slug, "quantity": quantity, "prices": inner(&prices)?, "added_at": time(Some(added_at)),
        }));
    }
    Ok(lines)
}

async fn order(tx: &mut Tx<'_>, order: Order) -> Result<Value, StoreError> {
    let rows: Vec<Line> = tx.all(&LINES, binds![order.row]).await?;
    let mut lines = Vec::with_capacity(rows.len());
    for line in rows {
        lines.push(json!({
            "line": line.number, "product": line.slug, "title": inner(&line.title)?, "prices": inner(&line.prices)?,
            "quantity": line.quantity,
        }));
    }
    let keys: Vec<(i64, i64, String, Option<Millis>)> = tx.all(&KEYS, binds![order.row]).await?;
    let keys = keys.iter().map(|(line, unit, state, revealed_at)| {
        json!({ "line": line, "unit": unit, "state": state, "shown_at": time(*revealed_at) })
    });
    let rows: Vec<Download> = tx.all(&DOWNLOADS, binds![order.row]).await?;
    let mut downloads = Vec::with_capacity(rows.len());
    for it in rows {
        let starts: Vec<(Millis, Millis)> = tx.all(&STARTS, binds![it.row]).await?;
        let starts = starts
            .iter()
            .map(|(at, until)| json!({ "at": time(Some(*at)), "until": time(Some(*until)) }));
        downloads.push(json!({
            "line": it.line, "unit": it.unit, "state": it.state, "started": it.started, "may_be_started": it.most,
            "granted_at": time(it.granted_at), "until": time(it.expires_at), "starts": starts.collect::<Vec<_>>(),
        }));
    }
    Ok(json!({
        "id": order.id, "number": order.id.short(), "state": order.state, "placed_at": time(Some(order.created_at)),
        "changed_at": time(Some(order.changed_at)), "lines": lines, "keys": keys.collect::<Vec<_>>(),
        "downloads": downloads,
    }))
}

async fn payments(tx: &mut Tx<'_>, customer: i64) -> Result<Vec<Value>, StoreError> {
    let rows: Vec<Payment> = tx.all(&PAYMENTS, binds![customer]).await?;
    let mut payments = Vec::with_capacity(rows.len());
    for row in rows {
        let refunds: Vec<(String, i64, String, Millis)> = tx.all(&REFUNDS, binds![row.row]).await?;
        let refunds = refunds.iter().map(|(state, amount, reason, at)| {
            json!({ "state": state, "amount_minor": amount, "reason": reason, "asked_at": time(Some(*at)) })
        });
        let order = row.order.and_then(|id| id.try_into().ok()).map(PublicId);
        payments.push(json!({
            "order": order, "provider": row.provider, "charge": row.charge,
            "charge_at_the_bank": row.bank_charge, "disposition": row.disposition,
            "currency": row.currency, "amount_minor": row.amount, "received_at": time(Some(row.received_at)),
            "refunds": refunds.collect::<Vec<_>>(),
        }));
    }
    Ok(payments)
}

async fn sessions(tx: &mut Tx<'_>, customer: i64) -> Result<Vec<Value>, StoreError> {
    let all: Vec<Visit> = tx.all(&SESSIONS, binds![customer]).await?;
    let shown = all.iter().map(|it| {
        json!({
            "id": it.id, "way": it.way, "began_at": time(Some(it.created_at)), "seen_at": time(Some(it.last_seen_at)),
            "until": time(Some(it.ended_at.unwrap_or(it.expires_at))), "ended": it.ended_at.is_some(),
            "network": it.address, "browser": it.agent,
        })
    });
    Ok(shown.collect())
}

async fn password(tx: &mut Tx<'_>, customer: i64) -> Result<Value, StoreError> {
    let found: Option<(Millis,)> = tx.optional(&PASSWORD, binds![customer]).await?;
    Ok(time(found.map(|row| row.0)))
}

/// A time in RFC 3339, or nothing.
fn time(at: Option<Millis>) -> Value {
    let at = at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    json!(at.map(|at| at.to_string()))
}

/// JSON that is stored as text.
fn inner(text: &str) -> Result<Value, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::because("access.export", ErrorKind::Decode, error))
}
