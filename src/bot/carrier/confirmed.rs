//! A number or an address was confirmed on a page. A chat that waits for it goes on by itself, whether it asks for a code or
//! for the number; any other chat is told.

use super::{Face, Instead, Wordless};
use crate::bot::place::Place;
use crate::bot::screens::{self, Localizer};
use crate::bot::visit::{Visit, next_place};
use crate::bus::{HandlerError, Outcome, dialogue};
use crate::clock::Millis;
use crate::shop::confirmations::{Asker, Channel, look};
use crate::shop::customers::registration::Requirements;
use crate::shop::customers::{self, Customer, Email, Phone};
use crate::shop::vault::Vault;
use crate::store::{PublicId, StoreError, Tx};

/// How a chat stands when it learns of it.
struct Standing {
    customer: Customer,
    /// What was confirmed, masked.
    target: String,
    place: Place,
    /// Whether it waited for this, and has been moved on.
    waited: bool,
}

impl Face {
    /// Tells a chat, and moves it on if it waits. The question that comes next is a message of its own: who comes back
    /// from their mailbox looks at the end of the chat.
    pub(super) async fn confirmed(
        &self,
        l: &Localizer,
        chat: i64,
        confirmation: PublicId,
        channel: Channel,
        at: Millis,
    ) -> Result<Outcome, Wordless> {
        let (vault, needs) = (self.vault.clone(), self.shopfront.rules.needs.clone());
        let standing = self
            .store
            .write("face.confirmed", move |tx| {
                let (vault, needs) = (vault.clone(), needs.clone());
                Box::pin(
                    async move { move_on(tx, &vault, &needs, chat, (confirmation, channel)).await },
                )
            })
            .await?;
        let Some(standing) = standing else {
            return Err(Wordless::Gone("nobody has confirmed it any more"));
        };
        let outcome = if standing.waited {
            let thanks = screens::confirmed_elsewhere(l, &standing.target);
            self.message(
                chat,
                &thanks.html,
                thanks.markup.as_deref(),
                Instead::Nothing,
            )
            .await
        } else {
            let notice = screens::contact_confirmed(l, channel, &standing.target, at);
            self.text(chat, &notice, Instead::Nothing).await
        };
        if outcome != Outcome::Sent || standing.place.then().is_none() {
            return Ok(outcome);
        }
        // Whoever registers finds the open question at the end of the chat, be it another one now or the same.
        let visit = Visit::new(self.clone(), None, standing.customer, chat, None);
        Ok(match visit.redraw(standing.place).await {
            Ok(()) => Outcome::Sent,
            Err(HandlerError::Retry(reason) | HandlerError::Final(reason)) => {
                Outcome::Retry(reason)
            }
            Err(HandlerError::Unavailable(error)) => Outcome::Retry(error.to_string()),
        })
    }
}

/// Moves a chat that waits for a number or an address to its next question. The dialogue is replaced only as long as it is
/// what was read: what the customer does at this moment wins.
async fn move_on(
    tx: &mut Tx<'_>,
    vault: &Vault,
    needs: &Requirements,
    chat: i64,
    (confirmation, channel): (PublicId, Channel),
) -> Result<Option<Standing>, StoreError> {
    let Some(customer) = customers::by_telegram_id(tx, chat).await? else {
        return Ok(None);
    };
    let asker = Asker::Customer(customer.id);
    let Some(confirmed) = look::one(tx, vault, asker, confirmation).await? else {
        return Ok(None);
    };
    let target = match channel {
        Channel::Phone => Phone::read(&confirmed.target).map(|phone| phone.masked()),
        Channel::Email => Email::read(&confirmed.target).map(|email| email.masked()),
    };
    let target = target.unwrap_or_default();
    let stored = dialogue::load(tx, chat).await?;
    let place = Place::read(stored.as_deref());
    if waits(tx, vault, customer.id, &place, channel).await?
        && let Some(stored) = stored
    {
        let next = next_place(tx, customer.id, needs, place.then()).await?;
        tx.pause("face.confirmed").await;
        if dialogue::replace(tx, chat, &stored, next.write()).await? {
            return Ok(Some(Standing {
                customer,
                target,
                place: next,
                waited: true,
            }));
        }
    }
    Ok(Some(Standing {
        customer,
        target,
        place,
        waited: false,
    }))
}

/// Whether a place is a question for what was confirmed: for the number or the address, or for a code to one.
async fn waits(
    tx: &mut Tx<'_>,
    vault: &Vault,
    customer: i64,
    place: &Place,
    channel: Channel,
) -> Result<bool, StoreError> {
    Ok(match place {
        Place::Phone { .. } => channel == Channel::Phone,
        Place::Email { .. } => channel == Channel::Email,
        Place::Code { id, .. } => {
            let asked = look::one(tx, vault, Asker::Customer(customer), *id).await?;
            asked.is_some_and(|asked| asked.channel == channel)
        }
        _ => false,
    })
}
