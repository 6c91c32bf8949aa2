//! What a customer is told by mail, so that somebody else in their cabinet does not stay unseen: each login, each change of
//! the password. Who has confirmed no address is not told; their sessions are listed in the cabinet. Of their VK account,
//! which codes go to, they are told in the chat, too.

use super::Way;
use super::device::Device;
use crate::shop::customers::{self, Customer};
use crate::shop::letters::{self, Letter};
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, sql};

sql! {
    HAS_MAIL = "access.notices.has_mail",
        "SELECT id FROM customers WHERE id = $1 AND email_confirmed_at IS NOT NULL";
}

/// Somebody has logged in. The Mini App is no news: it opens inside the chat, time and again.
pub(super) async fn logged_in(
    tx: &mut Tx<'_>,
    customer: i64,
    session: PublicId,
    way: Way,
    device: &Device,
) -> Result<(), StoreError> {
    if way == Way::App {
        return Ok(());
    }
    let Some(customer) = reachable(tx, customer).await? else {
        return Ok(());
    };
    let letter = Letter::MailLogin {
        session,
        to: customer.telegram_id,
        at: tx.now(),
        way: way.as_str().to_owned(),
        agent: device.agent.clone().unwrap_or_default(),
    };
    letters::post(tx, &customer, &letter).await
}

/// The password was set, changed or replaced.
pub(super) async fn password_changed(tx: &mut Tx<'_>, customer: i64) -> Result<(), StoreError> {
    let Some(customer) = reachable(tx, customer).await? else {
        return Ok(());
    };
    let letter = Letter::MailPassword {
        change: PublicId::random(tx)?,
        to: customer.telegram_id,
        at: tx.now(),
    };
    letters::post(tx, &customer, &letter).await
}

/// A VK account was linked, or is linked no more.
pub(super) async fn vk_changed(
    tx: &mut Tx<'_>,
    customer: i64,
    linked: bool,
) -> Result<(), StoreError> {
    let change = PublicId::random(tx)?;
    if let Some(customer) = customers::by_id(tx, customer).await? {
        letters::post(tx, &customer, &Letter::VkChanged { change, linked }).await?;
    }
    let Some(customer) = reachable(tx, customer).await? else {
        return Ok(());
    };
    let letter = Letter::MailVk {
        change,
        to: customer.telegram_id,
        at: tx.now(),
        linked,
    };
    letters::post(tx, &customer, &letter).await
}

/// The customer, if they have confirmed an address.
async fn reachable(tx: &mut Tx<'_>, customer: i64) -> Result<Option<Customer>, StoreError> {
    let has_mail: Option<(i64,)> = tx.optional(&HAS_MAIL, binds![customer]).await?;
    match has_mail {
        Some(_) => customers::by_id(tx, customer).await,
        None => Ok(None),
    }
}
