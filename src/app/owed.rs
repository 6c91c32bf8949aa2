//! Screens that a crash between commit and screen left owing.

use tokio::sync::watch;

use crate::bot::face::Face;
use crate::bus::{Bus, FREED, HandlerError, inbox};
use crate::store::{Store, StoreError};

/// Screens owed for longer than this are forgiven, in milliseconds.
const OWED: i64 = 600_000;

/// Gives the chats that a crash left without a screen theirs: those of the run before, and later those of other
/// processes that are gone.
pub(super) async fn redraw(store: Store, bus: Bus, face: Face, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        redraw_once(&store, &bus, &face).await;
        tokio::select! {
            () = store.signalled(FREED) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn redraw_once(store: &Store, bus: &Bus, face: &Face) {
    let since = store.clock().now() - OWED;
    let owed: Result<Vec<(i64, i64)>, StoreError> = store
        .write("app.owed", move |tx| {
            Box::pin(inbox::owed_screens(tx, since))
        })
        .await;
    let owed = match owed {
        Ok(owed) => owed,
        Err(error) => {
            tracing::warn!(%error, "can't see who is owed a screen");
            return;
        }
    };
    for (lane, seq) in owed {
        let drawn: Result<(), HandlerError> = async {
            face.owed(lane).await?;
            store
                .write("app.owed_paid", move |tx| {
                    Box::pin(inbox::pay_screen(tx, lane, seq))
                })
                .await?;
            Ok(())
        }
        .await;
        if let Err(error) = drawn {
            tracing::warn!(%error, "an owed screen waits for the chat's next one");
            bus.owes_screen(lane);
        }
    }
}
