//! A customer has their phone number or e-mail address forgotten in the cabinet. As in the chat, nothing forbids it: what
//! needs one, such as an order, asks for it again. But who found a browser that is logged in must not take a way in away, so
//! the login has to be fresh, and the chat is told.

use super::notices;
use super::sessions::{self, Session};
use crate::shop::confirmations::Channel;
use crate::shop::customers::{self, profile};
use crate::store::{StoreError, Tx};

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgotten {
    /// It is forgotten.
    Done,
    /// There was none (any more).
    Nothing,
    /// The login is too old, or over: they log in once more.
    ShowYourself,
}

/// Forgets the number or the address of whose session it is.
pub async fn forget(
    tx: &mut Tx<'_>,
    session: &Session,
    channel: Channel,
) -> Result<Forgotten, StoreError> {
    let customer = session.customer;
    customers::lock(tx, customer).await?;
    let lives = sessions::lives(tx, customer, session.id).await?;
    if !lives || !session.is_fresh(tx.now()) {
        return Ok(Forgotten::ShowYourself);
    }
    let profile = profile::of(tx, customer).await?;
    let so_far = profile.and_then(|profile| match channel {
        Channel::Phone => profile.phone,
        Channel::Email => profile.email,
    });
    if so_far.is_none() {
        return Ok(Forgotten::Nothing);
    }
    match channel {
        Channel::Phone => customers::forget_phone(tx, customer).await?,
        Channel::Email => customers::forget_email(tx, customer).await?,
    }
    notices::forgotten(tx, customer, channel).await?;
    Ok(Forgotten::Done)
}
