//! The customer's own settings, and words about the shop.

use std::sync::PoisonError;

use super::registration::next_place;
use super::{Visit, filled};
use crate::bot::place::Place;
use crate::bot::screens::{self, Again, Page};
use crate::bot::vital::Contact;
use crate::bus::HandlerError;
use crate::shop::access::evict;
use crate::shop::access::vk::link;
use crate::shop::confirmations::{Channel, Target, look};
use crate::shop::customers::{self, Phone, profile};
use crate::shop::texts::Language;
use crate::store::{PublicId, StoreError};

impl Visit {
    pub(in crate::bot) async fn language(
        &self,
        chosen: Option<Language>,
    ) -> Result<(), HandlerError> {
        let Some(language) = chosen else {
            let screen = screens::language(&self.localizer());
            return self.show(Place::Language, &screen).await;
        };
        let id = self.customer.telegram_id;
        self.turn()?
            .write("customers.set_language", move |tx, dialogue| {
                Box::pin(async move {
                    dialogue.set(Place::Menu.write());
                    customers::set_language(tx, id, language).await
                })
            })
            .await?;
        *self.language.lock().unwrap_or_else(PoisonError::into_inner) = language;
        self.toast(&screens::language_chosen(&self.localizer()))
            .await;
        self.menu().await
    }

    pub(in crate::bot) async fn help(&self) -> Result<(), HandlerError> {
        let screen = screens::help(&self.localizer());
        self.show(Place::Menu, &screen).await
    }

    pub(in crate::bot) async fn support(&self) -> Result<(), HandlerError> {
        let contact = filled(&self.face.shopfront.support, self.localizer().language);
        let screen = screens::support(&self.localizer(), contact);
        self.show(Place::Menu, &screen).await
    }

    pub(in crate::bot) async fn paysupport(&self) -> Result<(), HandlerError> {
        let contact = filled(&self.face.shopfront.support, self.localizer().language);
        let screen = screens::paysupport(&self.localizer(), contact);
        self.show(Place::Menu, &screen).await
    }

    pub(in crate::bot) async fn terms(&self) -> Result<(), HandlerError> {
        let terms = filled(&self.face.shopfront.terms, self.localizer().language);
        let screen = screens::terms(&self.localizer(), terms);
        self.show(self.reading(), &screen).await
    }

    pub(in crate::bot) async fn privacy(&self) -> Result<(), HandlerError> {
        let privacy = filled(&self.face.shopfront.privacy, self.localizer().language);
        let screen = screens::privacy(&self.localizer(), privacy);
        self.show(self.reading(), &screen).await
    }

    /// Where a chat is while it reads what it shall agree to: the button that agrees goes on from there.
    fn reading(&self) -> Place {
        match self.place() {
            place @ Place::GoOn { .. } => place,
            _ => Place::Menu,
        }
    }

    /// The customer's own page.
    pub(in crate::bot) async fn profile(&self) -> Result<(), HandlerError> {
        let (id, vault) = (self.customer.id, self.face.vault.clone());
        let (profile, pending, vk) = self
            .face
            .store
            .read("customers.profile", move |tx| {
                let vault = vault.clone();
                Box::pin(async move {
                    let mut pending = Vec::new();
                    for channel in [Channel::Phone, Channel::Email] {
                        pending.extend(look::live_of(tx, &vault, id, channel).await?);
                    }
                    let vk = link::of(tx, id).await?;
                    Ok::<_, StoreError>((profile::of(tx, id).await?, pending, vk))
                })
            })
            .await?;
        let Some(profile) = profile else {
            return self.menu().await;
        };
        let front = &self.face.shopfront;
        let opens_cabinet = front.opens_cabinet && front.public_url.is_some();
        let page = Page {
            profile: &profile,
            pending: &pending,
            asks_email: front.sends_mails,
            opens_cabinet,
            links_vk: (front.links_vk && opens_cabinet).then_some(vk.is_some()),
        };
        let screen = screens::profile(&self.localizer(), &page);
        self.show(Place::Profile, &screen).await
    }

    /// Asks for the customer's phone number. `then` is the code of the button that waits for it.
    pub(in crate::bot) async fn ask_phone(&self, then: Option<String>) -> Result<(), HandlerError> {
        let by_code = !self.face.shopfront.messengers.is_empty();
        let prompt = screens::ask_phone(&self.localizer(), then.is_some(), by_code);
        self.prompt(Place::Phone { then }, &prompt).await
    }

    /// A contact came: kept if it is the sender's own, and what waited for it goes on.
    pub(in crate::bot) async fn contact(&self, contact: &Contact) -> Result<(), HandlerError> {
        let then = self.waits();
        let is_own = contact.user_id == Some(self.customer.telegram_id) && !contact.forwarded;
        let phone = Phone::read(&contact.phone_number).filter(|_| is_own);
        let Some(phone) = phone else {
            let prompt = screens::not_your_phone(&self.localizer());
            return self.prompt(Place::Phone { then }, &prompt).await;
        };
        let id = self.customer.id;
        let (needs, waits) = (self.needs(), then.clone());
        self.turn()?
            .write("customers.set_phone", move |tx, dialogue| {
                let (phone, needs, then) = (phone.clone(), needs.clone(), waits.clone());
                Box::pin(async move {
                    customers::set_phone(tx, id, Some(phone.as_str())).await?;
                    dialogue.set(next_place(tx, id, &needs, then).await?.write());
                    Ok(())
                })
            })
            .await
            .map_err(|error: StoreError| error)?;
        self.prompt(self.place(), &screens::phone_kept(&self.localizer()))
            .await?;
        match then {
            Some(then) => self.go_on(then).await,
            None => self.profile().await,
        }
    }

    /// Words where a phone number was asked for: a number, or the question again.
    pub(in crate::bot) async fn phone_text(
        &self,
        then: Option<String>,
        text: &str,
    ) -> Result<(), HandlerError> {
        let front = &self.face.shopfront;
        if !front.messengers.is_empty() {
            if let Some(phone) = Phone::typed(text, front.region) {
                if front.messengers.len() > 1 {
                    return self.ask_way(phone.as_str().to_owned(), then).await;
                }
                return self.prove(Target::Phone(phone), then, None).await;
            }
            let prompt = screens::ask_phone_again(&self.localizer(), Again::NotOne);
            return self.prompt(Place::Phone { then }, &prompt).await;
        }
        let prompt = screens::phone_by_button(&self.localizer());
        self.prompt(Place::Phone { then }, &prompt).await
    }

    /// Ends one session of the cabinet, or all of them, together with what was begun in there.
    pub(in crate::bot) async fn end_sessions(
        &self,
        one: Option<PublicId>,
    ) -> Result<(), HandlerError> {
        let id = self.customer.id;
        self.turn()?
            .write("access.sessions.end_from_chat", move |tx, _| {
                Box::pin(async move {
                    if let Some(session) = one {
                        evict::one(tx, id, session).await?;
                    } else {
                        evict::all(tx, id).await?;
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .await?;
        let front = &self.face.shopfront;
        let opens = front.opens_cabinet && front.public_url.is_some();
        let screen = screens::logged_out(&self.localizer(), one.is_none(), opens);
        self.show(self.place(), &screen).await
    }

    pub(in crate::bot) async fn forget_phone(&self) -> Result<(), HandlerError> {
        let id = self.customer.id;
        self.turn()?
            .write("customers.forget_phone", move |tx, dialogue| {
                Box::pin(async move {
                    dialogue.set(Place::Profile.write());
                    customers::set_phone(tx, id, None).await
                })
            })
            .await
            .map_err(|error: StoreError| error)?;
        self.profile().await
    }
}
