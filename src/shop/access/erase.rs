//! A customer is erased. What says who they are goes: names, phone, e-mail, Telegram id, sessions, password, cart,
//! conversation, and what they wrote. What the books need stays under a name that is nobody's: orders, payments, which keys
//! were sold, and to what they agreed. The same person may come again, as somebody new.
//!
//! It happens in one transaction. History is looked through before it, in small steps that only read: it may be long.

use std::sync::Arc;

use super::{links, passwords, sessions};
use crate::bus::forget::{self, Mark, Person, Traces, Unfinished};
use crate::shop::customers;
use crate::store::{PublicId, Store, StoreError, Tx};
use crate::{binds, sql};

/// Rows that are looked through in one transaction.
const STEP: i64 = 2_000;

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erased {
    /// They are erased now.
    Done,
    /// They were before, or never were.
    Already,
}

/// Why a customer can't be erased at the moment. Nothing is changed.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// An order waits for its payment or for its keys: it is cancelled, paid or given back first.
    #[error("order {0} is not finished")]
    Order(PublicId),
    /// Money is on its way, here or back, or staff have to decide about it.
    #[error("money is on its way")]
    Money,
    /// A letter is being sent at this moment: try again in a minute.
    #[error("a letter is on its way")]
    Letter,
    /// They are staff: an owner takes the role away first.
    #[error("they are staff")]
    Staff,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

sql! {
    TELEGRAM_ID = "access.erase.telegram_id",
        "SELECT telegram_id FROM customers WHERE id = $1 AND erased_at IS NULL";
    STAFF = "access.erase.staff", "SELECT telegram_id FROM staff WHERE telegram_id = $1";
    ORDER = "access.erase.order",
        "SELECT public_id FROM orders
         WHERE customer_id = $1 AND state IN ('open', 'paid', 'backorder') ORDER BY id LIMIT 1";
    ATTEMPT = "access.erase.attempt",
        "SELECT a.id FROM payment_attempts a JOIN orders o ON o.id = a.order_id
         WHERE o.customer_id = $1 AND a.state IN ('creating', 'open', 'unknown') LIMIT 1";
    REFUND = "access.erase.refund",
        "SELECT r.id FROM refunds r JOIN payments p ON p.id = r.payment_id
         WHERE r.state IN ('requested', 'sending', 'unknown')
             AND (p.payer_telegram_id = $2 AND p.order_id IS NULL
                 OR p.order_id IN (SELECT o.id FROM orders o WHERE o.customer_id = $1)) LIMIT 1";
    TASK = "access.erase.task",
        "SELECT t.id FROM attention t
         WHERE t.state = 'open' AND (t.order_id IN (SELECT o.id FROM orders o WHERE o.customer_id = $1)
             OR t.payment_id IN (SELECT p.id FROM payments p WHERE p.payer_telegram_id = $2 AND p.order_id IS NULL)) LIMIT 1";
    TASKS = "access.erase.tasks",
        "UPDATE attention SET detail = 'The customer is erased.'
         WHERE state = 'resolved' AND (order_id IN (SELECT o.id FROM orders o WHERE o.customer_id = $1)
             OR payment_id IN (SELECT p.id FROM payments p WHERE p.payer_telegram_id = $2 AND p.order_id IS NULL))";
    PAYMENTS_OF_ORDERS = "access.erase.payments_of_orders",
        "UPDATE payments SET payer_telegram_id = $3
         WHERE payer_telegram_id = $2 AND order_id IN (SELECT o.id FROM orders o WHERE o.customer_id = $1)";
    PAYMENTS = "access.erase.payments",
        "UPDATE payments SET payer_telegram_id = $2 WHERE payer_telegram_id = $1 AND order_id IS NULL";
    INVITES = "access.erase.invites", "UPDATE staff_invites SET used_by = $2 WHERE used_by = $1";
    CART_LINES = "access.erase.cart_lines", "DELETE FROM cart_lines WHERE customer_id = $1";
    CART = "access.erase.cart", "DELETE FROM carts WHERE customer_id = $1";
    DEVICES = "access.erase.devices",
        "UPDATE sessions SET address = NULL, agent = NULL
         WHERE customer_id = $1 AND (address IS NOT NULL OR agent IS NOT NULL)";
    LINKS = "access.erase.links", "DELETE FROM login_links WHERE customer_id = $1";
    SENDS = "access.erase.sends",
        "DELETE FROM confirmation_sends WHERE confirmation_id IN (
             SELECT f.id FROM confirmations f WHERE f.customer_id = $1 OR f.target_key IN (
                 SELECT phone FROM customers WHERE id = $1 AND phone IS NOT NULL
                 UNION SELECT email_key FROM customers WHERE id = $1 AND email_key IS NOT NULL))";
    CONFIRMATIONS = "access.erase.confirmations",
        "DELETE FROM confirmations WHERE customer_id = $1 OR target_key IN (
             SELECT phone FROM customers WHERE id = $1 AND phone IS NOT NULL
             UNION SELECT email_key FROM customers WHERE id = $1 AND email_key IS NOT NULL)";
    CUSTOMER = "access.erase.customer",
        "UPDATE customers SET telegram_id = $2, name = '', given_name = NULL, phone = NULL, phone_confirmed_at = NULL,
             email = NULL, email_key = NULL, email_confirmed_at = NULL, vk_user_id = NULL, state = 'blocked', erased_at = $3
         WHERE id = $1";
}

/// Erases a customer. Reads in many transactions before the one that writes, so it takes the store.
pub async fn erase(store: &Store, customer: i64) -> Result<Erased, EraseError> {
    let started = store
        .read("access.erase.start", move |tx| {
            Box::pin(async move {
                let Some(person) = person(tx, customer).await? else {
                    return Ok(None);
                };
                may_go(tx, customer, person).await?;
                Ok::<_, EraseError>(Some((person, forget::end(tx).await?)))
            })
        })
        .await?;
    let Some((person, end)) = started else {
        return Ok(Erased::Already);
    };
    let mut found = Traces::default();
    let mut seen = Mark { fact: 0, letter: 0 };
    while seen != end {
        let next = Mark {
            fact: end.fact.min(seen.fact + STEP),
            letter: end.letter.min(seen.letter + STEP),
        };
        let more = store
            .read("access.erase.find", move |tx| {
                Box::pin(forget::find(tx, person, seen, next))
            })
            .await
            .map_err(|error: StoreError| error)?;
        found.add(more);
        seen = next;
    }
    let found = Arc::new(found);
    let erased = store
        .write("access.erase", move |tx| {
            let found = found.clone();
            Box::pin(async move { finish(tx, customer, person, &found, end).await })
        })
        .await?;
    // They are erased whatever becomes of the log.
    match store.cut_log().await {
        Ok(true) => {}
        Ok(false) => tracing::info!("somebody is erased, and the write-ahead log is cut later"),
        Err(error) => tracing::warn!(%error, "somebody is erased, and the log can't be cut"),
    }
    Ok(erased)
}

/// Who it is, with a name for afterwards; `None` for somebody who is erased, or never was.
async fn person(tx: &mut Tx<'_>, customer: i64) -> Result<Option<Person>, StoreError> {
    let found: Option<(i64,)> = tx.optional(&TELEGRAM_ID, binds![customer]).await?;
    let Some((id,)) = found else { return Ok(None) };
    // Far below the ids of groups, which are negative, too.
    let chance = i64::from_be_bytes(tx.random()?) >> 1;
    let instead = i64::MIN / 2 - (chance & (i64::MAX / 4));
    Ok(Some(Person { id, instead }))
}

async fn may_go(tx: &mut Tx<'_>, customer: i64, person: Person) -> Result<(), EraseError> {
    let is_staff: Option<(i64,)> = tx.optional(&STAFF, binds![person.id]).await?;
    if is_staff.is_some() {
        return Err(EraseError::Staff);
    }
    let order: Option<(PublicId,)> = tx.optional(&ORDER, binds![customer]).await?;
    if let Some((order,)) = order {
        return Err(EraseError::Order(order));
    }
    let attempt: Option<(i64,)> = tx.optional(&ATTEMPT, binds![customer]).await?;
    let refund: Option<(i64,)> = tx.optional(&REFUND, binds![customer, person.id]).await?;
    let task: Option<(i64,)> = tx.optional(&TASK, binds![customer, person.id]).await?;
    if attempt.or(refund).or(task).is_some() {
        return Err(EraseError::Money);
    }
    match forget::unfinished(tx, person).await? {
        Some(Unfinished::Money) => Err(EraseError::Money),
        Some(Unfinished::Letter) => Err(EraseError::Letter),
        None => Ok(()),
    }
}

async fn finish(
    tx: &mut Tx<'_>,
    customer: i64,
    person: Person,
    found: &Traces,
    end: Mark,
) -> Result<Erased, EraseError> {
    customers::lock(tx, customer).await?;
    let there: Option<(i64,)> = tx.optional(&TELEGRAM_ID, binds![customer]).await?;
    if there.is_none() {
        return Ok(Erased::Already);
    }
    // An order may have been placed meanwhile: from here on, placing one waits for the lock.
    may_go(tx, customer, person).await?;
    tx.pause("access.erase").await;
    let (now, Person { id, instead }) = (tx.now(), person);
    sessions::end_all(tx, customer).await?;
    links::end_all(tx, customer).await?;
    passwords::remove(tx, customer).await?;
    for sql in [&DEVICES, &LINKS, &SENDS, &CONFIRMATIONS, &CART_LINES, &CART] {
        tx.execute(sql, binds![customer]).await?;
    }
    tx.execute(&TASKS, binds![customer, id]).await?;
    tx.execute(&PAYMENTS_OF_ORDERS, binds![customer, id, instead])
        .await?;
    tx.execute(&PAYMENTS, binds![id, instead]).await?;
    tx.execute(&INVITES, binds![id, instead]).await?;
    forget::forget(tx, person, found, end).await?;
    tx.execute(&CUSTOMER, binds![customer, instead, now])
        .await?;
    Ok(Erased::Done)
}
