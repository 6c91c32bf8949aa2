//! The customer's own settings, and words about the shop.

use std::sync::PoisonError;

use super::{Visit, filled};
use crate::bot::place::Place;
use crate::bot::screens;
use crate::bus::HandlerError;
use crate::shop::customers;
use crate::shop::texts::Language;

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
}
