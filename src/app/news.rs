//! What the shop tells its staff: the owner's one-time link at the start.

use tokio::sync::watch;

use crate::bot;
use crate::shop::staff::{self, Role, invites};
use crate::store::{Store, StoreError};
use crate::telegram::Client;

/// Makes the owner's one-time link while the shop has no owner.
pub(super) async fn owner_link(
    store: &Store,
    username: &str,
    link: &watch::Sender<Option<String>>,
) -> Result<(), StoreError> {
    let token = store
        .write("app.owner_link", |tx| {
            Box::pin(async move {
                if staff::has_owner(tx).await? {
                    return Ok::<_, StoreError>(None);
                }
                invites::make(tx, Role::Owner).await.map(Some)
            })
        })
        .await?;
    if let Some(token) = token {
        let prefix = invites::PREFIX;
        link.send_replace(Some(format!(
            "https://t.me/{username}?start={prefix}{token}"
        )));
    }
    Ok(())
}

/// Sets the commands of those whom the bot knows to be staff.
pub(super) async fn staff_commands(client: &Client, store: &Store) -> Result<(), StoreError> {
    let staff = store
        .read("app.staff", |tx| Box::pin(staff::list(tx)))
        .await?;
    for member in staff {
        if let Some((_, language)) = member.known {
            bot::staff_commands_in(client, member.telegram_id, language).await;
        }
    }
    Ok(())
}
