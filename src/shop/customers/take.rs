//! A confirmed phone number or e-mail address becomes a customer's, and nobody else's: a newer confirmation takes it from
//! whom it belonged to, who is told.

use sha2::{Digest, Sha256};

use super::known::by_id;
use super::{Email, Phone};
use crate::shop::letters::{self, Letter};
use crate::store::{ErrorKind, PublicId, Sql, StoreError, Tx};
use crate::{binds, sql};

/// Whom a phone number or an address belonged to before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was this customer's already.
    Already,
    /// It was nobody's.
    Free,
    /// It was another customer's, who is told.
    Over,
}

sql! {
    HAVE_PHONE = "customers.take_phone.lock",
        sqlite: "SELECT id, phone FROM customers
             WHERE (id = $1 AND erased_at IS NULL) OR phone = $2 ORDER BY id",
        postgres: "SELECT id, phone FROM customers
             WHERE (id = $1 AND erased_at IS NULL) OR phone = $2 ORDER BY id FOR NO KEY UPDATE";
    HAVE_EMAIL = "customers.take_email.lock",
        sqlite: "SELECT id, email FROM customers
             WHERE (id = $1 AND erased_at IS NULL) OR email_key = $2 ORDER BY id",
        postgres: "SELECT id, email FROM customers
             WHERE (id = $1 AND erased_at IS NULL) OR email_key = $2 ORDER BY id FOR NO KEY UPDATE";
    // Two who confirm the same target at once: it may be nobody's row yet, so it is locked by its name.
    LOCK_TARGET = "customers.take.lock_target",
        sqlite: "SELECT $1 + $2",
        postgres: "SELECT CAST(1 AS BIGINT)
             FROM (SELECT pg_advisory_xact_lock(CAST($1 AS INTEGER), CAST($2 AS INTEGER))) AS lock";
}
sql! {
    DROP_PHONE = "customers.drop_phone",
        "UPDATE customers SET phone = NULL, phone_confirmed_at = NULL WHERE id = $1";
    SET_PHONE = "customers.set_phone",
        "UPDATE customers SET phone = $2, phone_confirmed_at = $3 WHERE id = $1";
    DROP_EMAIL = "customers.drop_email",
        "UPDATE customers SET email = NULL, email_key = NULL, email_confirmed_at = NULL WHERE id = $1";
    SET_EMAIL = "customers.set_email",
        "UPDATE customers SET email = $2, email_key = $3, email_confirmed_at = $4 WHERE id = $1";
    REPLACED = "customers.take_email.replaced",
        "UPDATE confirmations SET replaced = $2 WHERE public_id = $1";
}

/// The customer has proved that the phone number is theirs. Somebody who was erased meanwhile has no row to keep it.
pub async fn take_phone(tx: &mut Tx<'_>, id: i64, phone: &Phone) -> Result<Taken, StoreError> {
    let (now, phone) = (tx.now(), phone.as_str());
    lock_target(tx, "phone", phone).await?;
    let rows: Vec<(i64, Option<String>)> = tx.all(&HAVE_PHONE, binds![id, phone]).await?;
    tx.pause("customers.take_phone").await;
    let (mine, former) = apart(id, rows)?;
    if let Some(former) = former {
        let word = Letter::PhoneTaken {
            taken: PublicId::random(tx)?,
        };
        drop_of(tx, &DROP_PHONE, former, &word).await?;
    }
    let taken = what_it_was(mine.as_deref() == Some(phone), former);
    if taken != Taken::Already {
        tx.execute(&SET_PHONE, binds![id, phone, now]).await?;
    }
    Ok(taken)
}

/// The customer has proved by a confirmation that the address is theirs. Somebody who was erased meanwhile has no row to
/// keep it. If it takes the place of another address, that one is told by mail.
pub async fn take_email(
    tx: &mut Tx<'_>,
    id: i64,
    email: &Email,
    confirmation: PublicId,
) -> Result<Taken, StoreError> {
    let now = tx.now();
    lock_target(tx, "email", email.key()).await?;
    let rows: Vec<(i64, Option<String>)> = tx.all(&HAVE_EMAIL, binds![id, email.key()]).await?;
    tx.pause("customers.take_email").await;
    let (mine, former) = apart(id, rows)?;
    if let Some(former) = former {
        let word = Letter::EmailTaken {
            taken: PublicId::random(tx)?,
        };
        drop_of(tx, &DROP_EMAIL, former, &word).await?;
    }
    let is_same = mine
        .as_deref()
        .is_some_and(|mine| mine.eq_ignore_ascii_case(email.key()));
    if let Some(old) = mine.filter(|_| !is_same) {
        tx.execute(&REPLACED, binds![confirmation, old]).await?;
        if let Some(customer) = by_id(tx, id).await? {
            letters::post(tx, &customer, &Letter::MailChanged { confirmation }).await?;
        }
    }
    tx.execute(&SET_EMAIL, binds![id, email.as_str(), email.key(), now])
        .await?;
    Ok(what_it_was(is_same, former))
}

/// Keeps a phone number that Telegram has confirmed as the customer's own; `None` forgets it.
pub async fn set_phone(tx: &mut Tx<'_>, id: i64, phone: Option<&str>) -> Result<(), StoreError> {
    let Some(phone) = phone else {
        return forget_phone(tx, id).await;
    };
    let wrong = || StoreError::new("customers.set_phone", ErrorKind::Constraint);
    let phone = Phone::read(phone).ok_or_else(wrong)?;
    take_phone(tx, id, &phone).await.map(|_| ())
}

/// Forgets the customer's phone number.
pub async fn forget_phone(tx: &mut Tx<'_>, id: i64) -> Result<(), StoreError> {
    tx.execute(&DROP_PHONE, binds![id]).await.map(|_| ())
}

/// Forgets the customer's e-mail address.
pub async fn forget_email(tx: &mut Tx<'_>, id: i64) -> Result<(), StoreError> {
    tx.execute(&DROP_EMAIL, binds![id]).await.map(|_| ())
}

/// Locks what customers can have, by its name, until the transaction ends.
pub(in crate::shop) async fn lock_target(
    tx: &mut Tx<'_>,
    what: &str,
    target: &str,
) -> Result<(), StoreError> {
    let name = Sha256::digest([what, ":", target].concat());
    let half = |at: usize| {
        let bytes = [name[at], name[at + 1], name[at + 2], name[at + 3]];
        i64::from(i32::from_be_bytes(bytes))
    };
    tx.one::<(i64,)>(&LOCK_TARGET, binds![half(0), half(4)])
        .await
        .map(|_| ())
}

type Held = (Option<String>, Option<i64>);

/// What the customer has now, and who else has what they prove.
fn apart(id: i64, rows: Vec<(i64, Option<String>)>) -> Result<Held, StoreError> {
    let (mine, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.0 == id);
    let unknown = || StoreError::new("customers.take", ErrorKind::NoRow);
    let (_, mine) = mine.into_iter().next().ok_or_else(unknown)?;
    Ok((mine, others.first().map(|row| row.0)))
}

async fn drop_of(
    tx: &mut Tx<'_>,
    statement: &'static Sql,
    former: i64,
    word: &Letter,
) -> Result<(), StoreError> {
    tx.execute(statement, binds![former]).await?;
    if let Some(former) = by_id(tx, former).await? {
        letters::post(tx, &former, word).await?;
    }
    Ok(())
}

fn what_it_was(is_same: bool, former: Option<i64>) -> Taken {
    match (is_same, former) {
        (true, _) => Taken::Already,
        (false, None) => Taken::Free,
        (false, Some(_)) => Taken::Over,
    }
}
