//! Which room a fact or a letter goes to. What this version does not know is left to a later one for a while: versions run
//! side by side while they change.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::bot::face::Face;
use crate::bus::inbox::Stored;
use crate::bus::outbox::Claimed;
use crate::bus::{Carrier, Handler, HandlerError, Handling, Outcome, Turn};
use crate::pay::stars::{Movements, Stars};
use crate::senders::{Reports, Senders, ShopWords};
use crate::shop::confirmations::{carry, hearing, mail};
use crate::shop::letters::{self, Letter};
use crate::shop::payments::provider;
use crate::shop::vault::Vault;
use crate::store::{Store, StoreError, Tx};

/// What nobody of a later version has taken for so long is put aside, with an alert.
const PATIENCE: Duration = Duration::from_hours(1);
/// How soon such a fact is looked at again.
const AGAIN: Duration = Duration::from_secs(5);

/// Facts go to the room that knows their source.
pub(super) struct Router {
    pub(super) face: Face,
    pub(super) movements: Movements,
}

impl Router {
    /// `None`: no room of this version knows the source.
    fn room(&self, row: &Stored) -> Option<&dyn Handler> {
        let (source, _) = row.source.split_once(':')?;
        match source {
            "telegram" => Some(&self.face),
            "stars" => Some(&self.movements),
            hearing::SOURCE => Some(&Reports),
            _ => None,
        }
    }
}

impl Handler for Router {
    fn handle(&self, turn: Arc<Turn>) -> Handling<'_> {
        match self.room(turn.row()) {
            Some(room) => room.handle(turn),
            None => leave(turn).boxed(),
        }
    }

    fn buried<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        row: &'t Stored,
    ) -> BoxFuture<'t, Result<(), StoreError>> {
        match self.room(row) {
            Some(room) => room.buried(tx, row),
            None => async { Ok(()) }.boxed(),
        }
    }
}

/// Leaves a fact to a process of a later version, which shares the database while versions change.
async fn leave(turn: Arc<Turn>) -> Result<(), HandlerError> {
    let row = turn.row();
    let now = turn.store().clock().now();
    if row.lane.is_some() || now - row.received_at > PATIENCE.as_millis() as i64 {
        let source = &row.source;
        return Err(HandlerError::Final(format!(
            "this version of kiosk does not know the source {source}"
        )));
    }
    turn.postpone(now + AGAIN.as_millis() as i64).await?;
    Ok(())
}

/// Letters go to chats, codes and mails to their senders, refunds to their provider.
pub(super) struct Post {
    pub(super) face: Face,
    pub(super) stars: Stars,
    pub(super) store: Store,
    pub(super) vault: Vault,
    pub(super) senders: Senders,
    pub(super) words: ShopWords,
}

impl Carrier for Post {
    fn carry<'a>(&'a self, letter: &'a Claimed) -> BoxFuture<'a, Outcome> {
        match letters::read(letter) {
            Ok((_, Letter::Refund { refund })) => {
                provider::carry_refund(&self.store, &self.stars, refund).boxed()
            }
            Ok((
                _,
                Letter::Code {
                    confirmation,
                    round,
                    ..
                },
            )) => async move {
                let phone = &self.senders.phone;
                carry::carry(&self.store, &self.vault, phone, confirmation, round).await
            }
            .boxed(),
            Ok((_, known)) if known.is_mail() => {
                let accounts = &self.senders.mail;
                mail::carry(&self.store, &self.vault, accounts, &self.words, letter).boxed()
            }
            Ok(_) => self.face.carry(letter),
            Err(error) => {
                let reason = format!("this version of kiosk can't read the letter: {error}");
                async move { self.unreadable(letter, reason) }.boxed()
            }
        }
    }
}

impl Post {
    fn unreadable(&self, letter: &Claimed, reason: String) -> Outcome {
        let age = self.store.clock().now() - letter.created_at;
        if age > PATIENCE.as_millis() as i64 {
            Outcome::Refused {
                reason,
                alert: true,
            }
        } else {
            Outcome::Retry(reason)
        }
    }
}
