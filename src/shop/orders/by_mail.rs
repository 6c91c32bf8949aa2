//! A word by mail where the chat can't be reached: the order's keys are on its page.

use crate::bus::outbox;
use crate::shop::customers;
use crate::shop::letters::{self, Letter};
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, sql};

sql! {
    HAS_MAIL = "orders.by_mail.has_mail",
        "SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id
         WHERE c.telegram_id = $1 AND o.public_id = $2 AND c.email IS NOT NULL";
}

/// Tells the customer of their order by mail, once however often it is asked for. Answers whether they are told: not
/// without a confirmed address, nor where the mail was given up.
pub async fn tell(tx: &mut Tx<'_>, telegram_id: i64, order: PublicId) -> Result<bool, StoreError> {
    let has_mail: Option<(i64,)> = tx.optional(&HAS_MAIL, binds![telegram_id, order]).await?;
    let Some((id,)) = has_mail else {
        return Ok(false);
    };
    let Some(customer) = customers::by_id(tx, id).await? else {
        return Ok(false);
    };
    let letter = Letter::MailOrder {
        order,
        to: telegram_id,
    };
    letters::post(tx, &customer, &letter).await?;
    Ok(!outbox::is_dead(tx, &letter.dedup_key()).await?)
}
