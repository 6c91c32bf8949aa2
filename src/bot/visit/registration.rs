//! Registration: what the shop asks for before an order, one question after another. Each answer is kept when it is given,
//! so it can be left at any step and goes on at the first question that is open.

use super::Visit;
use crate::bot::callback::{Callback, agreement};
use crate::bot::place::Place;
use crate::bot::screens;
use crate::bus::HandlerError;
use crate::shop::customers::consents::{self, Matter};
use crate::shop::customers::profile::{self, GivenName, Profile};
use crate::shop::customers::registration::{self, Requirements, Step};
use crate::store::{StoreError, Tx};

impl Visit {
    /// The next open question, or, when there is none, the button that goes on. `then` is its code.
    pub(in crate::bot) async fn go_on(&self, then: String) -> Result<(), HandlerError> {
        let Ok(wish) = Callback::decode(&then) else {
            return self.menu().await;
        };
        let Some(profile) = self.find_profile().await? else {
            return self.menu().await;
        };
        let needs = &self.face.shopfront.rules.needs;
        let open = registration::open(needs, &profile);
        let l = self.localizer();
        match open.first() {
            Some(Step::Name) => self.ask_name(Some(then)).await,
            Some(Step::Phone) => self.ask_phone(Some(then)).await,
            Some(Step::Email) => self.ask_email(Some(then)).await,
            Some(Step::Consent(_)) => {
                let asks = |matter| open.contains(&Step::Consent(matter));
                let (terms, privacy) = (asks(Matter::Terms), asks(Matter::Privacy));
                let to = agreement(needs.terms.as_deref(), needs.privacy.as_deref());
                let screen = screens::ask_consent(&l, terms, privacy, to);
                self.show(Place::GoOn { then }, &screen).await
            }
            None if needs.is_long() => {
                let screen = screens::answers(&l, &profile, needs, wish);
                self.show(Place::GoOn { then }, &screen).await
            }
            None => {
                let screen = screens::go_on(&l, wish);
                self.show(Place::GoOn { then }, &screen).await
            }
        }
    }

    /// Asks what to call the customer.
    pub(in crate::bot) async fn ask_name(&self, then: Option<String>) -> Result<(), HandlerError> {
        let screen = screens::ask_name(&self.localizer(), self.known_name(), then.is_some());
        self.show(Place::Name { then }, &screen).await
    }

    /// Words where a name was asked for.
    pub(in crate::bot) async fn name_text(
        &self,
        then: Option<String>,
        text: &str,
    ) -> Result<(), HandlerError> {
        if let Some(name) = GivenName::read(text) {
            return self.keep_name(name, then).await;
        }
        let screen = screens::not_a_name(&self.localizer(), self.known_name(), then.is_some());
        self.show(Place::Name { then }, &screen).await
    }

    /// The name that Telegram knows will do.
    pub(in crate::bot) async fn own_name(&self) -> Result<(), HandlerError> {
        let Some(name) = GivenName::read(&self.customer.name) else {
            return self.ask_name(self.waits()).await;
        };
        // Tapped twice: the question that follows is a message of its own, and stands in the chat already.
        if matches!(self.place(), Place::Phone { .. })
            && let Some(profile) = self.find_profile().await?
            && profile.given_name.as_deref() == Some(name.as_str())
        {
            self.answer(None).await;
            return Ok(());
        }
        self.keep_name(name, self.waits()).await
    }

    async fn keep_name(&self, name: GivenName, then: Option<String>) -> Result<(), HandlerError> {
        let (id, needs, waits) = (self.customer.id, self.needs(), then.clone());
        self.turn()?
            .write("profile.set_given_name", move |tx, dialogue| {
                let (name, needs, then) = (name.clone(), needs.clone(), waits.clone());
                Box::pin(async move {
                    profile::set_given_name(tx, id, Some(&name)).await?;
                    dialogue.set(next_place(tx, id, &needs, then).await?.write());
                    Ok(())
                })
            })
            .await
            .map_err(|error: StoreError| error)?;
        self.after_answer(then).await
    }

    /// Keeps the customer's consent to the versions that they were shown; to others they are asked again.
    pub(in crate::bot) async fn agree(&self, to: String) -> Result<(), HandlerError> {
        let (id, then) = (self.customer.id, self.waits());
        let needs = self.needs();
        if to == agreement(needs.terms.as_deref(), needs.privacy.as_deref()) {
            let waits = then.clone();
            self.turn()?
                .write("consents.give", move |tx, dialogue| {
                    let (needs, then) = (needs.clone(), waits.clone());
                    Box::pin(async move {
                        let asked = [
                            (Matter::Terms, &needs.terms),
                            (Matter::Privacy, &needs.privacy),
                        ];
                        for (matter, version) in asked {
                            if let Some(version) = version {
                                consents::give(tx, id, matter, version).await?;
                            }
                        }
                        dialogue.set(next_place(tx, id, &needs, then).await?.write());
                        Ok::<_, StoreError>(())
                    })
                })
                .await?;
        }
        self.after_answer(then).await
    }

    async fn after_answer(&self, then: Option<String>) -> Result<(), HandlerError> {
        match then {
            Some(then) => self.go_on(then).await,
            None => self.profile().await,
        }
    }

    /// What the shop asks for.
    pub(in crate::bot) fn needs(&self) -> Requirements {
        self.face.shopfront.rules.needs.clone()
    }

    /// What Telegram calls the customer, if that can be shown.
    fn known_name(&self) -> Option<GivenName> {
        GivenName::read(&self.customer.name)
    }

    async fn find_profile(&self) -> Result<Option<Profile>, StoreError> {
        let id = self.customer.id;
        self.face
            .store
            .read("customers.profile", move |tx| Box::pin(profile::of(tx, id)))
            .await
    }
}

/// Where a chat is when an answer is kept: at the next open question, if something waits for the answers.
pub(in crate::bot) async fn next_place(
    tx: &mut Tx<'_>,
    customer: i64,
    needs: &Requirements,
    then: Option<String>,
) -> Result<Place, StoreError> {
    let Some(then) = then else {
        return Ok(Place::Profile);
    };
    let open = registration::missing(tx, customer, needs).await?;
    Ok(match open.first() {
        Some(Step::Name) => Place::Name { then: Some(then) },
        Some(Step::Phone) => Place::Phone { then: Some(then) },
        Some(Step::Email) => Place::Email { then: Some(then) },
        Some(Step::Consent(_)) | None => Place::GoOn { then },
    })
}
