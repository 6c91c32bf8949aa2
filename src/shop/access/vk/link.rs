//! A VK account becomes a customer's: codes that let them in may go there from now on. It is one customer's at a time, and
//! is taken from nobody: unlike a number, it does not wander from hand to hand.

use super::login::Person;
use crate::shop::access::notices;
use crate::shop::access::sessions::{self, Session};
use crate::shop::confirmations::upkeep;
use crate::shop::customers::{self, Phone, Taken};
use crate::store::{StoreError, Tx};
use crate::{binds, sql};

/// How linking ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Linked {
    /// The account is the customer's.
    Done {
        /// What became of the number.
        shared: Shared,
    },
    /// It is another customer's, and nothing has changed.
    Others,
    /// The session has ended meanwhile, and nothing has changed.
    Stranger,
}

/// What became of the number that VK has confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shared {
    /// They did not share it.
    Not,
    /// It is the customer's confirmed number.
    Kept(Taken),
    /// The customer has confirmed another one before: they are asked.
    Asks(Phone),
}

sql! {
    OF = "access.vk.of", "SELECT vk_user_id FROM customers WHERE id = $1";
    SET = "access.vk.set", "UPDATE customers SET vk_user_id = $2 WHERE id = $1";
    DROP = "access.vk.drop",
        "UPDATE customers SET vk_user_id = NULL WHERE id = $1 AND vk_user_id IS NOT NULL";
}

sql! {
    HAVE = "access.vk.have",
        sqlite: "SELECT id, phone, vk_user_id FROM customers WHERE id = $1 OR vk_user_id = $2 ORDER BY id",
        postgres: "SELECT id, phone, vk_user_id FROM customers WHERE id = $1 OR vk_user_id = $2 ORDER BY id
             FOR NO KEY UPDATE";
}

type Row = (i64, Option<String>, Option<i64>);

/// The customer's VK account.
pub async fn of(tx: &mut Tx<'_>, customer: i64) -> Result<Option<i64>, StoreError> {
    let found: Option<(Option<i64>,)> = tx.optional(&OF, binds![customer]).await?;
    Ok(found.and_then(|row| row.0))
}

/// Links the account of a person who has just logged in at VK to the customer whose session it is, and keeps the number
/// that they shared unless it would take the place of another one.
pub async fn link(
    tx: &mut Tx<'_>,
    session: &Session,
    person: &Person,
) -> Result<Linked, StoreError> {
    let (id, user) = (session.customer, person.user);
    // Two who link the same account at once: it may be nobody's row yet, so it is locked by its name.
    customers::lock_target(tx, "vk", &user.to_string()).await?;
    let rows: Vec<Row> = tx.all(&HAVE, binds![id, user]).await?;
    tx.pause("access.vk.link").await;
    if !sessions::lives(tx, id, session.id).await? {
        return Ok(Linked::Stranger);
    }
    let (mine, others): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.0 == id);
    if !others.is_empty() {
        return Ok(Linked::Others);
    }
    let (phone, before) = mine
        .into_iter()
        .next()
        .map_or((None, None), |row| (row.1, row.2));
    if before != Some(user) {
        tx.execute(&SET, binds![id, user]).await?;
        if before.is_some() {
            upkeep::end_ways_in(tx, id).await?;
        }
        notices::vk_changed(tx, id, true).await?;
    }
    let shared = match (&person.phone, phone) {
        (None, _) => Shared::Not,
        (Some(shared), Some(so_far)) if shared.as_str() != so_far => Shared::Asks(shared.clone()),
        (Some(shared), _) => Shared::Kept(take(tx, id, shared).await?),
    };
    Ok(Linked::Done { shared })
}

/// The number that the customer has shared at VK takes the place of the one so far, as they wish. `None`: the session has
/// ended meanwhile.
pub async fn take_number(
    tx: &mut Tx<'_>,
    session: &Session,
    phone: &Phone,
) -> Result<Option<Taken>, StoreError> {
    if !sessions::still_lives(tx, session).await? {
        return Ok(None);
    }
    take(tx, session.customer, phone).await.map(Some)
}

/// The number becomes the customer's, and their chat learns of it.
async fn take(tx: &mut Tx<'_>, customer: i64, phone: &Phone) -> Result<Taken, StoreError> {
    let taken = customers::take_phone(tx, customer, phone).await?;
    if taken != Taken::Already {
        notices::number_shared(tx, customer).await?;
    }
    Ok(taken)
}

/// The customer has no VK account any more, and a code that is on its way there opens nothing. False: they had none.
pub async fn unlink(tx: &mut Tx<'_>, customer: i64) -> Result<bool, StoreError> {
    if tx.execute(&DROP, binds![customer]).await? == 0 {
        return Ok(false);
    }
    upkeep::end_ways_in(tx, customer).await?;
    notices::vk_changed(tx, customer, false).await?;
    Ok(true)
}
