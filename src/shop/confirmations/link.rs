//! A link from a mail: looking at it changes nothing, since scanners and previews look too; a press on its page's button
//! uses it up.

use super::found::{self, Found, State};
use super::proof::{self, Proved};
use super::{Channel, Purpose, told};
use crate::store::{PublicId, StoreError, Tx};

/// What a link's page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It can be used.
    Live {
        /// The confirmation, to be compared with the browser's own for a login.
        id: PublicId,
        /// What is confirmed, for its owner's eyes.
        target: String,
        /// The customer's row: for their language.
        customer: i64,
    },
    /// The address is the customer's already, by this very link.
    Already,
    /// It is over: too old, used for something that happens once, or a newer one took its place.
    Ended,
    /// There is no such link.
    Unknown,
}

/// How using a link ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Consumed {
    /// What it proves is kept.
    Done(Proved),
    /// The address is the customer's already, by this very link.
    Already,
    /// It is over.
    Ended,
    /// There is no such link, or it belongs to another browser.
    Unknown,
}

/// Whose browser follows a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Browser {
    /// Any: reading the mailbox is proof enough.
    Any,
    /// The one that asked, by the confirmation that it was given then: a link that somebody else asked for must not let
    /// this browser in.
    Asked(PublicId),
}

/// Looks at a link for `purpose`.
pub async fn open(tx: &mut Tx<'_>, purpose: Purpose, token: &str) -> Result<Opened, StoreError> {
    let Some(found) = found::by_token(tx, purpose, token).await? else {
        return Ok(Opened::Unknown);
    };
    let now = tx.now();
    Ok(match (found.state, found.customer) {
        (State::Live, Some(customer)) if found.until > now => Opened::Live {
            id: found.public_id,
            target: found.target,
            customer,
        },
        _ if was_kept(tx, &found).await? => Opened::Already,
        _ => Opened::Ended,
    })
}

/// Uses a link up: of many at once, one does. What an address's link has confirmed is told in the chat.
pub async fn consume(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    token: &str,
    browser: Browser,
) -> Result<Consumed, StoreError> {
    let Some(found) = found::by_token(tx, purpose, token).await? else {
        return Ok(Consumed::Unknown);
    };
    let is_allowed = match browser {
        Browser::Asked(id) => id == found.public_id,
        Browser::Any => purpose != Purpose::Login,
    };
    if !is_allowed || found.channel != Channel::Email {
        return Ok(Consumed::Unknown);
    }
    proof::lock(tx, &found).await?;
    if let Some(proved) = proof::prove(tx, &found).await? {
        if purpose == Purpose::Email {
            told::tell(tx, found.public_id).await?;
        }
        return Ok(Consumed::Done(proved));
    }
    // Somebody was faster, perhaps by this very link.
    let Some(found) = found::by_token(tx, purpose, token).await? else {
        return Ok(Consumed::Unknown);
    };
    Ok(if was_kept(tx, &found).await? {
        Consumed::Already
    } else {
        Consumed::Ended
    })
}

/// Whether it was used, and what it proved still holds.
async fn was_kept(tx: &mut Tx<'_>, found: &Found) -> Result<bool, StoreError> {
    let is_kept = found.state == State::Consumed && found.purpose == Purpose::Email;
    Ok(is_kept && proof::still_holds(tx, found).await?)
}
