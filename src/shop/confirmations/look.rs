//! What a page or a chat shows of a confirmation that waits.

use std::time::Duration;

use super::found;
pub use super::found::State;
use super::senders::Messenger;
use super::{Asker, Channel, GAP, MOST_TRIES, Purpose, Target, subject};
use crate::clock::Millis;
use crate::shop::throttle;
use crate::shop::vault::Vault;
use crate::store::{PublicId, StoreError, Tx};

/// A confirmation as its asker sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its name.
    pub id: PublicId,
    /// What it is for.
    pub purpose: Purpose,
    /// Where its code goes.
    pub channel: Channel,
    /// The number or the address, as the asker gave it.
    pub target: String,
    /// How it stands.
    pub state: State,
    /// Until when its code can be typed.
    pub code_until: Millis,
    /// Until when it lives at all.
    pub until: Millis,
    /// Tries that are left for this code.
    pub tries_left: i64,
    /// Before another code may be asked for.
    pub wait: Option<Duration>,
    /// By what its code was wished to come.
    pub by: Option<Messenger>,
}

/// A confirmation of the asker's.
pub async fn one(
    tx: &mut Tx<'_>,
    vault: &Vault,
    asker: Asker,
    id: PublicId,
) -> Result<Option<Pending>, StoreError> {
    let found = found::of(tx, asker, id).await?;
    pending(tx, vault, found).await
}

/// The one that a customer has begun and not finished, for a phone number or an address.
pub async fn live_of(
    tx: &mut Tx<'_>,
    vault: &Vault,
    customer: i64,
    channel: Channel,
) -> Result<Option<Pending>, StoreError> {
    let purpose = Asker::Customer(customer).purpose(channel);
    let found = found::live_of(tx, customer, purpose).await?;
    pending(tx, vault, found).await
}

/// The newest that a customer has begun for a target, if it ended and proved nothing.
pub async fn ended_of(
    tx: &mut Tx<'_>,
    vault: &Vault,
    customer: i64,
    target: &Target,
) -> Result<Option<Pending>, StoreError> {
    let purpose = Asker::Customer(customer).purpose(target.channel());
    let found = found::newest_of(tx, customer, purpose, target).await?;
    let found = found.filter(|it| matches!(it.state, State::Expired | State::Locked));
    pending(tx, vault, found).await
}

async fn pending(
    tx: &mut Tx<'_>,
    vault: &Vault,
    found: Option<found::Found>,
) -> Result<Option<Pending>, StoreError> {
    let Some(found) = found else { return Ok(None) };
    let subject = subject(found.purpose, found.channel, &found.key);
    let wait = throttle::look(tx, vault, &GAP, &subject).await?;
    Ok(Some(Pending {
        id: found.public_id,
        purpose: found.purpose,
        channel: found.channel,
        by: found.by,
        target: found.target,
        state: found.state,
        code_until: found.code_until,
        until: found.until,
        tries_left: (MOST_TRIES - found.tries).max(0),
        wait,
    }))
}
