//! A number or an address was confirmed on a page. A chat that waits for it goes on by itself, whether it asks for a code or
//! for the number; any other chat is told.

use super::{Face, Instead, Wordless};
use crate::bot::place::Place;
use crate::bot::screens::{self, Localizer};
use crate::bot::visit::{Visit, next_place};
use crate::bus::{HandlerError, Outcome, dialogue};
use crate::clock::Millis;
use crate::shop::confirmations::{Asker, Channel, look};
use crate::shop::customers::{self, Customer, Email, Phone};
use crate::shop::vault::Vault;
use crate::store::{PublicId, StoreError, Tx};

/// How a chat stands when it learns of it.
struct Standing {
    customer: Customer,
    /// What was confirmed, masked.
    target: String,
    place: Place,
    /// The dialogue's text, if it is a question for what was confirmed.
    waits: Option<String>,
}

impl Face {
    /// Tells a chat, and moves it on if it waits. The question that comes next is a message of its own: who comes back
    /// from their mailbox looks at the end of the chat. Without a confirmation it is about the number that VK has confirmed.
    pub(super) async fn confirmed(
        &self,
        l: &Localizer,
        chat: i64,
        confirmation: Option<PublicId>,
        channel: Channel,
        at: Millis,
    ) -> Result<Outcome, Wordless> {
        let vault = self.vault.clone();
        let standing = self
            .store
            .read("face.confirmed.look", move |tx| {
                let vault = vault.clone();
                Box::pin(async move { look_at(tx, &vault, chat, confirmation, channel).await })
            })
            .await?;
        let Some(Standing {
            customer,
            target,
            place,
            waits,
        }) = standing
        else {
            return Err(Wordless::Gone("nobody has confirmed it any more"));
        };
        let Some(stored) = waits else {
            let notice = screens::contact_confirmed(l, channel, &target, at);
            let outcome = self.text(chat, &notice, Instead::Nothing).await;
            if outcome != Outcome::Sent || place.then().is_none() {
                return Ok(outcome);
            }
            // Whoever registers finds the question that is open at the end of the chat, as before.
            return Ok(self.shows(customer, chat, place).await);
        };
        // The thanks come first: a repeat of the letter thanks again, and goes on from there.
        let thanks = screens::confirmed_elsewhere(l, &target);
        let markup = thanks.markup.as_deref();
        let outcome = self
            .message(chat, &thanks.html, markup, Instead::Nothing)
            .await;
        if outcome != Outcome::Sent {
            return Ok(outcome);
        }
        self.store.points().pass("face.confirmed").await;
        let (id, needs, then) = (
            customer.id,
            self.shopfront.rules.needs.clone(),
            place.then(),
        );
        let next = self
            .store
            .write("face.confirmed", move |tx| {
                let (needs, stored, then) = (needs.clone(), stored.clone(), then.clone());
                Box::pin(async move {
                    let next = next_place(tx, id, &needs, then).await?;
                    // What the customer has done meanwhile wins: they have a screen of their own.
                    let is_moved = dialogue::replace(tx, chat, &stored, next.write()).await?;
                    Ok::<_, StoreError>(is_moved.then_some(next))
                })
            })
            .await?;
        match next {
            Some(next) if next.then().is_some() => Ok(self.shows(customer, chat, next).await),
            _ => Ok(Outcome::Sent),
        }
    }

    /// Draws a place at the end of a chat.
    async fn shows(&self, customer: Customer, chat: i64, place: Place) -> Outcome {
        let visit = Visit::new(self.clone(), None, customer, chat, None);
        match visit.redraw(place).await {
            Ok(()) => Outcome::Sent,
            Err(HandlerError::Retry(reason) | HandlerError::Final(reason)) => {
                Outcome::Retry(reason)
            }
            Err(HandlerError::Unavailable(error)) => Outcome::Retry(error.to_string()),
        }
    }
}

/// What the chat shows, and whether it waits for what was confirmed.
async fn look_at(
    tx: &mut Tx<'_>,
    vault: &Vault,
    chat: i64,
    confirmation: Option<PublicId>,
    channel: Channel,
) -> Result<Option<Standing>, StoreError> {
    let Some(customer) = customers::by_telegram_id(tx, chat).await? else {
        return Ok(None);
    };
    let asker = Asker::Customer(customer.id);
    let confirmed = match confirmation {
        Some(id) => look::one(tx, vault, asker, id).await?.map(|it| it.target),
        None => customers::phone(tx, customer.id).await?,
    };
    let Some(confirmed) = confirmed else {
        return Ok(None);
    };
    let target = match channel {
        Channel::Phone => Phone::read(&confirmed).map(|phone| phone.masked()),
        Channel::Email => Email::read(&confirmed).map(|email| email.masked()),
    };
    let stored = dialogue::load(tx, chat).await?;
    let place = Place::read(stored.as_deref());
    let waits = waits(tx, vault, customer.id, &place, channel).await?;
    Ok(Some(Standing {
        customer,
        target: target.unwrap_or_default(),
        place,
        waits: stored.filter(|_| waits),
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
        Place::Phone { .. } | Place::PhoneWay { .. } => channel == Channel::Phone,
        Place::Email { .. } => channel == Channel::Email,
        Place::Code { id, .. } => {
            let asked = look::one(tx, vault, Asker::Customer(customer), *id).await?;
            asked.is_some_and(|asked| asked.channel == channel)
        }
        _ => false,
    })
}
