//! The customer's own settings, and words about the shop.

use std::sync::PoisonError;

use super::{Visit, filled};
use crate::bot::callback::Callback;
use crate::bot::place::Place;
use crate::bot::screens;
use crate::bot::vital::Contact;
use crate::bus::HandlerError;
use crate::shop::customers::{self, Phone};
use crate::shop::texts::Language;
use crate::store::StoreError;

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
        self.show(Place::Menu, &screen).await
    }

    pub(in crate::bot) async fn privacy(&self) -> Result<(), HandlerError> {
        let privacy = filled(&self.face.shopfront.privacy, self.localizer().language);
        let screen = screens::privacy(&self.localizer(), privacy);
        self.show(Place::Menu, &screen).await
    }

    /// The customer's own page.
    pub(in crate::bot) async fn profile(&self) -> Result<(), HandlerError> {
        let id = self.customer.id;
        let phone = self
            .face
            .store
            .read("customers.phone", move |tx| {
                Box::pin(customers::phone(tx, id))
            })
            .await?;
        let name = &self.customer.name;
        let screen = screens::profile(&self.localizer(), name, phone.as_deref());
        self.show(Place::Profile, &screen).await
    }

    /// Asks for the customer's phone number. `then` is the code of the button that waits for it.
    pub(in crate::bot) async fn ask_phone(&self, then: Option<String>) -> Result<(), HandlerError> {
        let prompt = screens::ask_phone(&self.localizer(), then.is_some());
        self.prompt(Place::Phone { then }, &prompt).await
    }

    /// A contact came: kept if it is the sender's own, and what waited for it goes on.
    pub(in crate::bot) async fn contact(&self, contact: &Contact) -> Result<(), HandlerError> {
        let then = match self.place() {
            Place::Phone { then } => then,
            _ => None,
        };
        let is_own = contact.user_id == Some(self.customer.telegram_id) && !contact.forwarded;
        let phone = Phone::read(&contact.phone_number).filter(|_| is_own);
        let Some(phone) = phone else {
            let prompt = screens::not_your_phone(&self.localizer());
            return self.prompt(Place::Phone { then }, &prompt).await;
        };
        let id = self.customer.id;
        self.turn()?
            .write("customers.set_phone", move |tx, dialogue| {
                let phone = phone.clone();
                Box::pin(async move {
                    dialogue.set(Place::Profile.write());
                    customers::set_phone(tx, id, Some(phone.as_str())).await
                })
            })
            .await
            .map_err(|error: StoreError| error)?;
        self.prompt(Place::Profile, &screens::phone_kept(&self.localizer()))
            .await?;
        match then.and_then(|code| Callback::decode(&code).ok()) {
            Some(wish) => {
                let screen = screens::go_on(&self.localizer(), wish);
                self.show(Place::Profile, &screen).await
            }
            None => self.profile().await,
        }
    }

    /// Words where a phone number was asked for: the way out, or the question again.
    pub(in crate::bot) async fn phone_text(
        &self,
        then: Option<String>,
        text: &str,
    ) -> Result<(), HandlerError> {
        if text == screens::dont_share(&self.localizer()) {
            return self.menu().await;
        }
        let prompt = screens::phone_by_button(&self.localizer());
        self.prompt(Place::Phone { then }, &prompt).await
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
