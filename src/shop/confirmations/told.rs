//! What was confirmed on a page is told in the customer's chat: their dialogue may wait for it, and if it was somebody else
//! they learn of it there.

use super::found;
use crate::shop::customers;
use crate::shop::letters::{self, Letter};
use crate::store::{PublicId, StoreError, Tx};

/// Tells the chat that a confirmation was used on a page, in the transaction that used it. The same one again is told once.
pub async fn tell(tx: &mut Tx<'_>, confirmation: PublicId) -> Result<(), StoreError> {
    let Some(found) = found::by_name(tx, confirmation).await? else {
        return Ok(());
    };
    let customer = match found.customer {
        Some(id) => customers::by_id(tx, id).await?,
        None => None,
    };
    let Some(customer) = customer else {
        return Ok(());
    };
    let letter = Letter::Confirmed {
        confirmation,
        channel: found.channel,
        at: tx.now(),
    };
    letters::post(tx, &customer, &letter).await
}
