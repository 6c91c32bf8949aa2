//! What a customer is told, so that somebody else in their cabinet does not stay unseen: each login, each change of the
//! password, another VK account, a number that VK has confirmed, and that their number or address was forgotten. It goes to
//! their chat, and logins, passwords and VK accounts also to their address, if they have confirmed one: who has the phone
//! with the chat need not be its owner.

use super::Way;
use super::device::Device;
use crate::shop::confirmations::Channel;
use crate::shop::customers;
use crate::shop::letters::{self, Letter};
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, sql};

sql! {
    HAS_MAIL = "access.notices.has_mail",
        "SELECT id FROM customers WHERE id = $1 AND email_confirmed_at IS NOT NULL";
}

/// Somebody has logged in. The Mini App is no news: it opens inside the chat, time and again. A link from the chat is:
/// whoever saw it may have been faster.
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
    let (at, way) = (tx.now(), way.as_str().to_owned());
    let agent = device.agent.clone().unwrap_or_default();
    let chat = Letter::LoggedIn {
        session,
        at,
        way: way.clone(),
        agent: agent.clone(),
        from: device.address.clone().unwrap_or_default(),
    };
    tell(tx, customer, &chat, |to| {
        Some(Letter::MailLogin {
            session,
            to,
            at,
            way,
            agent,
        })
    })
    .await
}

/// The password was set, changed or replaced.
pub(super) async fn password_changed(tx: &mut Tx<'_>, customer: i64) -> Result<(), StoreError> {
    let (at, change) = (tx.now(), PublicId::random(tx)?);
    let chat = Letter::PasswordSet { change, at };
    tell(tx, customer, &chat, |to| {
        Some(Letter::MailPassword { change, to, at })
    })
    .await
}

/// A VK account was linked, or is linked no more.
pub(super) async fn vk_changed(
    tx: &mut Tx<'_>,
    customer: i64,
    linked: bool,
) -> Result<(), StoreError> {
    let (at, change) = (tx.now(), PublicId::random(tx)?);
    let chat = Letter::VkChanged { change, linked };
    tell(tx, customer, &chat, |to| {
        Some(Letter::MailVk {
            change,
            to,
            at,
            linked,
        })
    })
    .await
}

/// The number that VK has confirmed is theirs here, too.
pub(super) async fn number_shared(tx: &mut Tx<'_>, customer: i64) -> Result<(), StoreError> {
    let chat = Letter::NumberShared {
        change: PublicId::random(tx)?,
        at: tx.now(),
    };
    tell(tx, customer, &chat, |_| None).await
}

/// Their number or address was forgotten on a page.
pub(super) async fn forgotten(
    tx: &mut Tx<'_>,
    customer: i64,
    channel: Channel,
) -> Result<(), StoreError> {
    let chat = Letter::Forgotten {
        change: PublicId::random(tx)?,
        channel,
        at: tx.now(),
    };
    tell(tx, customer, &chat, |_| None).await
}

/// Posts a letter to the customer's chat, and the mail beside it, made for their Telegram id, where there is an address.
async fn tell(
    tx: &mut Tx<'_>,
    customer: i64,
    chat: &Letter,
    mail: impl FnOnce(i64) -> Option<Letter>,
) -> Result<(), StoreError> {
    let Some(found) = customers::by_id(tx, customer).await? else {
        return Ok(());
    };
    letters::post(tx, &found, chat).await?;
    let Some(mail) = mail(found.telegram_id) else {
        return Ok(());
    };
    let has_mail: Option<(i64,)> = tx.optional(&HAS_MAIL, binds![customer]).await?;
    match has_mail {
        Some(_) => letters::post(tx, &found, &mail).await,
        None => Ok(()),
    }
}
