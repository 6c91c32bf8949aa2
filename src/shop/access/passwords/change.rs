//! A password is set, changed or replaced. Whoever does so has just shown who they are: by the password so far, by a login a
//! moment ago that needed no password, or by a proof of recovery. Every change is told to the customer's address.

use std::time::Duration;

use super::hasher::{Busy, Checked, HashError, Hasher, Phc};
use super::rules::{self, About, Weak};
use super::{Password, keep, stored};
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
    /// The password so far is asked for, or a fresh login without one.
    ShowYourself,
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
        (Asked::Compare(_), None) => return Ok(Changed::ShowYourself),
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
            match throttle::take(tx, vault, &TRIES, &subject).await? {
                Taken::Fine => Ok(Asked::Compare(phc)),
                Taken::TooMany { wait } => Ok(Asked::Ended(Changed::TooMany { wait })),
            }
        }
        (so_far, _) if session.is_fresh(tx.now()) && session.way != Way::Password => {
            Ok(Asked::Fresh(so_far))
        }
        _ => Ok(Asked::Ended(Changed::ShowYourself)),
    }
}

/// Replaces a forgotten password by one that was judged and hashed before. All sessions and links end, and nobody is logged
/// in: whoever has the mailbox only still has to know the new password.
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
