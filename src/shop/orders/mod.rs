//! Orders: placed with a hold on their keys, then paid, expired or cancelled.
//!
//! open → paid → fulfilled → closed; open → expired | cancelled | backorder; money that comes late wins over the clock.
//! The transitions are held by the database.

pub mod approve;
pub mod by_mail;
pub(in crate::shop) mod goods;
pub mod link;
pub mod place;
pub mod release;
pub mod view;

use super::customers::Customer;
use super::texts::Language;
use crate::clock::Millis;
use crate::store::{ErrorKind, PublicId, StoreError, Tx};
use crate::{binds, row, sql};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Placed, its keys held until it expires.
    Open,
    /// Its money is here. No commit leaves an order of stock keys so.
    Paid,
    /// Every unit has its sold key, and the delivery is on its way.
    Fulfilled,
    /// Paid, but the keys were gone: a refund or a task for staff is under way.
    Backorder,
    /// The hold ran out.
    Expired,
    /// Cancelled by the customer.
    Cancelled,
    /// All its money went back.
    Closed,
}

impl State {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Paid => "paid",
            State::Fulfilled => "fulfilled",
            State::Backorder => "backorder",
            State::Expired => "expired",
            State::Cancelled => "cancelled",
            State::Closed => "closed",
        }
    }

    pub(in crate::shop) fn from_word(word: &str) -> Result<Self, StoreError> {
        Ok(match word {
            "open" => State::Open,
            "paid" => State::Paid,
            "fulfilled" => State::Fulfilled,
            "backorder" => State::Backorder,
            "expired" => State::Expired,
            "cancelled" => State::Cancelled,
            "closed" => State::Closed,
            _ => {
                let message = format!("the order state {word:?}");
                return Err(StoreError::because(
                    "orders.state",
                    ErrorKind::Decode,
                    message,
                ));
            }
        })
    }
}

row! {
    /// An order as its use-cases need it.
    #[derive(Clone, Debug)]
    pub(in crate::shop) struct Order {
        pub id: i64,
        pub public_id: PublicId,
        state: String,
        pub expires_at: Millis,
        approved_until: Option<i64>,
        customer: i64,
        telegram_id: i64,
        name: String,
        language: String,
        customer_state: String,
    }
}

impl Order {
    pub fn state(&self) -> Result<State, StoreError> {
        State::from_word(&self.state)
    }

    /// Whether somebody is paying right now: it neither expires nor is cancelled meanwhile.
    pub fn is_approved(&self, now: Millis) -> bool {
        self.approved_until.is_some_and(|until| until > now)
    }

    pub fn customer(&self) -> Customer {
        Customer {
            id: self.customer,
            telegram_id: self.telegram_id,
            name: self.name.clone(),
            language: Language::from_code(Some(&self.language)),
            is_blocked: self.customer_state == "blocked",
        }
    }
}

sql! {
    BY_ID = "orders.by_id",
        "SELECT o.id, o.public_id, o.state, o.expires_at, o.approved_until,
                c.id, c.telegram_id, c.name, c.language, c.state
         FROM orders o JOIN customers c ON c.id = o.customer_id
         WHERE o.id = $1";
    BY_PUBLIC_ID = "orders.by_public_id",
        "SELECT o.id, o.public_id, o.state, o.expires_at, o.approved_until,
                c.id, c.telegram_id, c.name, c.language, c.state
         FROM orders o JOIN customers c ON c.id = o.customer_id
         WHERE o.public_id = $1 AND o.customer_id = $2";
}
sql! {
    LOCK = "orders.lock",
        sqlite: "SELECT o.id, o.public_id, o.state, o.expires_at, o.approved_until,
                     c.id, c.telegram_id, c.name, c.language, c.state
              FROM orders o JOIN customers c ON c.id = o.customer_id
              WHERE o.id = $1",
        postgres: "SELECT o.id, o.public_id, o.state, o.expires_at, o.approved_until,
                     c.id, c.telegram_id, c.name, c.language, c.state
              FROM orders o JOIN customers c ON c.id = o.customer_id
              WHERE o.id = $1 FOR UPDATE OF o";
    LOCK_OF_CUSTOMER = "orders.lock_of_customer",
        sqlite: "SELECT o.id, o.public_id, o.state, o.expires_at, o.approved_until,
                     c.id, c.telegram_id, c.name, c.language, c.state
              FROM orders o JOIN customers c ON c.id = o.customer_id
              WHERE o.public_id = $1 AND o.customer_id = $2",
        postgres: "SELECT o.id, o.public_id, o.state, o.expires_at, o.approved_until,
                     c.id, c.telegram_id, c.name, c.language, c.state
              FROM orders o JOIN customers c ON c.id = o.customer_id
              WHERE o.public_id = $1 AND o.customer_id = $2 FOR UPDATE OF o";
}

/// The order as it is, locked until the transaction ends.
pub(in crate::shop) async fn lock(tx: &mut Tx<'_>, id: i64) -> Result<Order, StoreError> {
    tx.one(&LOCK, binds![id]).await
}

/// The customer's own order as it is, locked until the transaction ends; `None` for a stranger.
pub(in crate::shop) async fn lock_of_customer(
    tx: &mut Tx<'_>,
    customer: i64,
    order: PublicId,
) -> Result<Option<Order>, StoreError> {
    tx.optional(&LOCK_OF_CUSTOMER, binds![order, customer])
        .await
}

/// The customer's own order; `None` for a stranger.
pub(in crate::shop) async fn of_customer(
    tx: &mut Tx<'_>,
    customer: i64,
    order: PublicId,
) -> Result<Option<Order>, StoreError> {
    tx.optional(&BY_PUBLIC_ID, binds![order, customer]).await
}

/// The order without a lock.
pub(in crate::shop) async fn by_id(tx: &mut Tx<'_>, id: i64) -> Result<Order, StoreError> {
    tx.one(&BY_ID, binds![id]).await
}
