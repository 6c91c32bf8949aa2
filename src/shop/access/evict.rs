//! Somebody is put out of a customer's cabinet. Their sessions end, and with them all that is under way: a link that nobody
//! has used, and every confirmation that waits. Whoever was in there may have begun it, and needs no session to finish it:
//! an address of theirs would become the customer's hours later, and with it the way to a new password.

use super::{links, sessions};
use crate::shop::confirmations::upkeep;
use crate::shop::customers;
use crate::store::{PublicId, StoreError, Tx};

/// Puts everybody out.
pub async fn all(tx: &mut Tx<'_>, customer: i64) -> Result<(), StoreError> {
    under_way(tx, customer).await?;
    sessions::end_all(tx, customer).await.map(|_| ())
}

/// Puts everybody out but whose session it is.
pub async fn others(tx: &mut Tx<'_>, customer: i64, kept: PublicId) -> Result<(), StoreError> {
    under_way(tx, customer).await?;
    sessions::end_others(tx, customer, kept).await.map(|_| ())
}

/// Puts one out. False: the customer has no such session, and nothing has changed.
pub async fn one(tx: &mut Tx<'_>, customer: i64, session: PublicId) -> Result<bool, StoreError> {
    customers::lock(tx, customer).await?;
    if !sessions::end(tx, customer, session).await? {
        return Ok(false);
    }
    under_way(tx, customer).await?;
    Ok(true)
}

/// Ends what is under way and could let somebody in, whichever sessions stay. The customer is locked first: who begins
/// something at the same time has been before, or finds out that they are put out.
pub(super) async fn under_way(tx: &mut Tx<'_>, customer: i64) -> Result<(), StoreError> {
    customers::lock(tx, customer).await?;
    tx.pause("access.evict").await;
    links::end_all(tx, customer).await?;
    upkeep::end_all(tx, customer).await
}
