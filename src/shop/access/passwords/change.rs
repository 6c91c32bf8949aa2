//! A password is set, changed or replaced. Whoever does so has just shown who they are: by the password so far, by a login a
//! moment ago that needed no password, or by a proof of recovery. Every change is told to the customer's address.

use std::time::Duration;

use super::hasher::{Busy, Checked, HashError, Hasher, Phc};
use super::rules::{self, About, Weak};
use super::{Password, keep, stored};
use crate::clock::Millis;
use crate::shop::access::sessions::{self, Session};
use crate::shop::access::{Way, evict, notices};
use crate::shop::confirmations::{Proof, WayIn};
use crate::shop::customers;
use crate::shop::throttle::{self, Limit, Taken};
use crate::shop::vault::Vault;
use crate::store::{Store, StoreError, Tx};
use crate::{binds, sql};

/// Tries at the password so far, by whoever has a session.
pub const TRIES: Limit = Limit {
    name: "passwords.tries.change",
    most: 5,
    window: Duration::from_mins(15),
};

/// The same over a day: whoever has found a browser must not have all the time in the world.
pub const TRIES_A_DAY: Limit = Limit {
    name: "passwords.tries.change_day",
    most: 20,
    window: Duration::from_hours(24),
};

/// A customer in their cabinet wants a password, or another one.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Their session.
    pub session: Session,
    /// The password so far, if they were asked for it.
    pub current: Option<Password>,
    /// The one that they want.
    pub new: Password,
    /// The shop's name, which is nobody's password.
    pub shop: String,
    /// Whether their other sessions end.
    pub ends_others: bool,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// They have it.
    Done,
    /// Not this one.
    Weak(Weak),
    /// A fresh login is asked for: they have no password so far, or what was found of them holds no longer.
    ShowYourself,
    /// The password so far is asked for, and none was given.
    CurrentWanted,
    /// That is not the password so far.
    Wrong,
    /// Not before this time has passed.
    TooMany {
        /// How long.
        wait: Duration,
    },
    /// Too many passwords are at work at this moment.
    Busy,
}

/// How a recovery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// The new password is theirs; they log in by it.
    Done,
    /// The proof is of something else.
    NotForThis,
}

/// What the first step found.
enum Asked {
    /// The password so far has to be compared with this one.
    Compare(Phc),
    /// They have shown themselves otherwise; this is kept at the moment.
    Fresh(Option<Phc>),
    Ended(Changed),
}

sql! {
    CONTACTS = "access.passwords.contacts", "SELECT phone, email FROM customers WHERE id = $1";
}

/// What a customer's password must not be.
pub async fn about(tx: &mut Tx<'_>, customer: i64, shop: &str) -> Result<About, StoreError> {
    let (phone, email): (Option<String>, Option<String>) =
        tx.one(&CONTACTS, binds![customer]).await?;
    let shop = shop.to_owned();
    Ok(About { shop, phone, email })
}

/// Sets or changes the password of whose session it is. Awaits the hasher between two transactions, so it takes the store.
pub async fn change(
    store: &Store,
    vault: &Vault,
    hasher: &Hasher,
    wish: &Wish,
) -> Result<Changed, StoreError> {
    let asked = {
        let (vault, wish) = (vault.clone(), wish.clone());
        store
            .write("access.passwords.ask", move |tx| {
                let (vault, wish) = (vault.clone(), wish.clone());
                Box::pin(async move { ask(tx, &vault, &wish).await })
            })
            .await?
    };
    let so_far = match (asked, &wish.current) {
        (Asked::Ended(changed), _) => return Ok(changed),
        (Asked::Compare(phc), Some(current)) => match hasher.check(current, Some(&phc)).await {
            Ok(Checked::Right { .. }) => Some(phc),
            Ok(Checked::Wrong) => return Ok(Changed::Wrong),
            Err(HashError::Busy(Busy)) => return Ok(Changed::Busy),
            Err(HashError::Failed(error)) => return Err(error),
        },
        (Asked::Compare(_), None) => return Ok(Changed::CurrentWanted),
        (Asked::Fresh(phc), _) => phc,
    };
    let phc = match hasher.hash(&wish.new).await {
        Ok(phc) => phc,
        Err(HashError::Busy(Busy)) => return Ok(Changed::Busy),
        Err(HashError::Failed(error)) => return Err(error),
    };
    let (session, ends_others) = (wish.session.clone(), wish.ends_others);
    store
        .write("access.passwords.change", move |tx| {
            let (session, so_far, phc) = (session.clone(), so_far.clone(), phc.clone());
            Box::pin(async move {
                let customer = session.customer;
                customers::lock(tx, customer).await?;
                // Somebody has ended the session or changed the password meanwhile: they are asked again.
                let lives = sessions::lives(tx, customer, session.id).await?;
                if !lives || stored(tx, customer).await? != so_far {
                    return Ok(Changed::ShowYourself);
                }
                keep(tx, customer, &phc).await?;
                if ends_others {
                    evict::others(tx, customer, session.id).await?;
                } else {
                    evict::under_way(tx, customer).await?;
                }
                notices::password_changed(tx, customer).await?;
                Ok(Changed::Done)
            })
        })
        .await
}

/// Whether whoever has this session has just shown who they are without a password, and need not type the one so far.
pub fn shows(session: &Session, now: Millis) -> bool {
    session.is_fresh(now) && session.way != Way::Password
}

/// Judges the new password, and counts the try at the old one before it is compared.
async fn ask(tx: &mut Tx<'_>, vault: &Vault, wish: &Wish) -> Result<Asked, StoreError> {
    let (session, customer) = (&wish.session, wish.session.customer);
    let about = about(tx, customer, &wish.shop).await?;
    if let Err(weak) = rules::judge(&wish.new, &about) {
        return Ok(Asked::Ended(Changed::Weak(weak)));
    }
    let so_far = stored(tx, customer).await?;
    match (so_far, &wish.current) {
        (Some(phc), Some(_)) => {
            let subject = customer.to_string();
            // A day's wait is said before a short one that would not help; and only what is compared counts for the day.
            if let Some(wait) = throttle::look(tx, vault, &TRIES_A_DAY, &subject).await? {
                return Ok(Asked::Ended(Changed::TooMany { wait }));
            }
            for limit in [&TRIES, &TRIES_A_DAY] {
                if let Taken::TooMany { wait } = throttle::take(tx, vault, limit, &subject).await? {
                    return Ok(Asked::Ended(Changed::TooMany { wait }));
                }
            }
            Ok(Asked::Compare(phc))
        }
        (so_far, _) if shows(session, tx.now()) => Ok(Asked::Fresh(so_far)),
        (Some(_), None) => Ok(Asked::Ended(Changed::CurrentWanted)),
        _ => Ok(Asked::Ended(Changed::ShowYourself)),
    }
}

/// Replaces a forgotten password by one that was judged and hashed before. All sessions end with all that is under way, and
/// nobody is logged in: whoever has the mailbox only still has to know the new password.
pub async fn replace(tx: &mut Tx<'_>, proof: Proof, phc: &Phc) -> Result<Replaced, StoreError> {
    let customer = proof.customer();
    if proof.way() != WayIn::Recover {
        return Ok(Replaced::NotForThis);
    }
    customers::lock(tx, customer).await?;
    keep(tx, customer, phc).await?;
    evict::all(tx, customer).await?;
    notices::password_changed(tx, customer).await?;
    Ok(Replaced::Done)
}
