//! What the shop tells its staff: the owner's one-time link at the start, and the news of the day.

use std::time::Duration;

use tokio::sync::watch;

use super::housekeeping;
use crate::bot;
use crate::bus::{Bus, Duty, RAISED, alerts};
use crate::shop::staff::news::{self, Posted};
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

/// News that another process has written are seen after this time at the latest.
const LOOK: Duration = Duration::from_secs(5);

/// Sends staff their news: the first at once, then a batch each half minute.
pub(super) async fn tell_staff(store: Store, bus: Bus, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        // Counted from before the look, so that nothing that comes meanwhile waits longer.
        let rested = store.clock().now() + alerts::PAUSE.as_millis() as i64;
        let posted = match is_any(&store, &bus).await {
            Ok(false) => Ok(Posted::Quiet),
            Ok(true) => store.write("app.news", |tx| Box::pin(news::post(tx))).await,
            Err(error) => Err(error),
        };
        let clock = store.clock();
        // While the next batch may not be sent, more news are no reason to look again.
        let until = match posted {
            Ok(Posted::Quiet) => None,
            Ok(Posted::Later(at)) => Some(at.min(rested)),
            Ok(Posted::Sent | Posted::Nobody) => Some(rested),
            Err(error) => {
                tracing::warn!(%error, "staff can't be told the news, trying again");
                Some(clock.now() + LOOK.as_millis() as i64)
            }
        };
        let wait = async {
            if let Some(at) = until {
                clock.sleep_until(at).await;
                return;
            }
            tokio::select! {
                () = store.signalled(RAISED) => {}
                () = clock.sleep(LOOK) => {}
            }
        };
        tokio::select! {
            () = wait => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Whether there is news for this process to tell.
async fn is_any(store: &Store, bus: &Bus) -> Result<bool, StoreError> {
    if bus.duty(housekeeping::DUTY).await? == Duty::Theirs {
        return Ok(false);
    }
    store
        .read("app.news_wait", |tx| Box::pin(alerts::is_any(tx)))
        .await
}
