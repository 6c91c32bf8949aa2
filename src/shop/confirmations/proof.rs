//! What was proved happens in the transaction that uses the confirmation up: a phone number or an address becomes the
//! customer's, or a way in opens once.

use super::found::Found;
use super::{Channel, Purpose, Target, WayIn};
use crate::meters;
use crate::shop::customers::{self, Taken};
use crate::store::{StoreError, Tx};
use crate::{binds, sql};

/// What a confirmation proved.
#[derive(Debug, PartialEq, Eq)]
pub enum Proved {
    /// The phone number is the customer's from now on.
    Phone(Taken),
    /// The address is the customer's from now on.
    Email(Taken),
    /// A visitor is the customer.
    WayIn(Proof),
}

/// That a visitor has what only the customer has, once. Nothing but a confirmation makes one, and it can't be copied.
#[derive(Debug, PartialEq, Eq)]
pub struct Proof {
    customer: i64,
    way: WayIn,
    channel: Channel,
}

impl Proof {
    /// Who they are.
    pub fn customer(&self) -> i64 {
        self.customer
    }

    /// What it is good for.
    pub fn way(&self) -> WayIn {
        self.way
    }

    /// What they have: the phone or the mailbox.
    pub fn channel(&self) -> Channel {
        self.channel
    }
}

sql! {
    USE = "confirmations.use",
        "UPDATE confirmations SET state = 'consumed', uses = uses + 1, changed_at = $2
         WHERE id = $1 AND state = 'live' AND expires_at > $2";
    END = "confirmations.use.end",
        "UPDATE confirmations SET state = 'expired', changed_at = $2 WHERE id = $1 AND state = 'live'";
    END_WAYS = "confirmations.use.end_ways",
        "UPDATE confirmations SET state = 'expired', changed_at = $2
         WHERE customer_id = $1 AND purpose IN ('recover', 'login') AND state = 'live'";
    HOLDS = "confirmations.holds",
        "SELECT id FROM customers WHERE id = $1 AND (phone = $2 OR email_key = $2)";
}

sql! {
    LOCK = "confirmations.use.lock",
        sqlite: "SELECT id FROM customers WHERE id = $1 OR phone = $2 OR email_key = $2 ORDER BY id",
        postgres: "SELECT id FROM customers WHERE id = $1 OR phone = $2 OR email_key = $2 ORDER BY id
             FOR NO KEY UPDATE";
}

/// Locks whose confirmation it is, and whoever has its target so far, before the confirmation itself: the customer first,
/// then what is theirs. Who is put out at the same time has used it before, or finds it ended.
pub(super) async fn lock(tx: &mut Tx<'_>, found: &Found) -> Result<(), StoreError> {
    let Some(customer) = found.customer else {
        return Ok(());
    };
    match found.purpose {
        Purpose::Recover | Purpose::Login => customers::lock(tx, customer).await,
        Purpose::Phone | Purpose::Email => {
            let key = found.key.as_str();
            customers::lock_target(tx, found.channel.as_str(), key).await?;
            tx.all::<(i64,)>(&LOCK, binds![customer, key])
                .await
                .map(|_| ())
        }
    }
}

/// Uses a live confirmation up, once it is locked, and does what it proves. `None`: somebody was faster, its time is over, or the target is no
/// longer the customer's.
pub(super) async fn prove(tx: &mut Tx<'_>, found: &Found) -> Result<Option<Proved>, StoreError> {
    let now = tx.now();
    let Some(customer) = found.customer else {
        return Ok(None);
    };
    let way = match found.purpose {
        Purpose::Phone | Purpose::Email => None,
        Purpose::Recover => Some(WayIn::Recover),
        Purpose::Login => Some(WayIn::Login),
    };
    if way.is_some() && !still_holds(tx, found).await? {
        // Another customer has proved it to be theirs since.
        tx.execute(&END, binds![found.id, now]).await?;
        return Ok(None);
    }
    if tx.execute(&USE, binds![found.id, now]).await? == 0 {
        return Ok(None);
    }
    let used = meters::CONFIRMATIONS.of([found.purpose.as_str(), "consumed"]);
    tx.tally(used, 1);
    tx.pause("confirmations.used").await;
    if let Some(way) = way {
        // One way in ends all others that wait.
        tx.execute(&END_WAYS, binds![customer, now]).await?;
        return Ok(Some(Proved::WayIn(Proof {
            customer,
            way,
            channel: found.channel,
        })));
    }
    Ok(Some(match found.target()? {
        Target::Phone(phone) => Proved::Phone(customers::take_phone(tx, customer, &phone).await?),
        Target::Email(email) => {
            let taken = customers::take_email(tx, customer, &email, found.public_id).await?;
            Proved::Email(taken)
        }
    }))
}

/// Whether the target is the customer's now.
pub(super) async fn still_holds(tx: &mut Tx<'_>, found: &Found) -> Result<bool, StoreError> {
    let Some(customer) = found.customer else {
        return Ok(false);
    };
    let holds: Option<(i64,)> = tx
        .optional(&HOLDS, binds![customer, found.key.as_str()])
        .await?;
    Ok(holds.is_some())
}
