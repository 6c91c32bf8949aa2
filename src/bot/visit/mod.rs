//! A visit: one customer's update on its way to a screen. Each method reads or runs one use-case and draws one screen.

mod account;
mod browse;
mod desk;
mod new_keys;
mod orders;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::callback::{Desk, Unfit};
use super::drawing::{self, Drawn};
use super::face::Face;
use super::place::Place;
use super::screens::{self, Localizer, Screen};
use super::vital::Tap;
use crate::bus::{HandlerError, Turn};
use crate::shop::customers::{self, Customer};
use crate::shop::texts::{Language, Texts};

/// One update of one customer.
#[derive(Debug)]
pub(in crate::bot) struct Visit {
    face: Face,
    /// `None` while an owed screen is drawn again.
    turn: Option<Arc<Turn>>,
    customer: Customer,
    language: Mutex<Language>,
    chat: i64,
    tap: Option<Tap>,
    answered: AtomicBool,
}

impl Visit {
    pub(in crate::bot) fn new(
        face: Face,
        turn: Option<Arc<Turn>>,
        customer: Customer,
        chat: i64,
        tap: Option<Tap>,
    ) -> Self {
        Self {
            face,
            turn,
            language: Mutex::new(customer.language),
            customer,
            chat,
            tap,
            answered: AtomicBool::new(false),
        }
    }

    /// Draws a place again, in a new message.
    pub(in crate::bot) async fn redraw(&self, place: Place) -> Result<(), HandlerError> {
        match place {
            Place::Menu => self.menu().await,
            Place::Catalogue { page } => self.catalogue(page).await,
            Place::Product { slug } => self.product(&slug).await,
            Place::Order { id } => self.order(id).await,
            Place::Orders { page } => self.orders(page).await,
            Place::Keys { page } => self.keys(page).await,
            Place::Language => self.language(None).await,
            Place::Desk => self.desk(Desk::Home).await,
            Place::DeskKeys { slug } => self.desk(Desk::Keys { slug }).await,
        }
    }

    /// A message that is no command of ours.
    pub(in crate::bot) async fn not_understood(
        &self,
        is_command: bool,
    ) -> Result<(), HandlerError> {
        let l = self.localizer();
        let screen = if is_command {
            screens::unknown_command(&l)
        } else {
            screens::not_understood(&l)
        };
        self.show(self.place(), &screen).await
    }

    /// A button that leads nowhere: a toast says so, and the screen is drawn afresh.
    pub(in crate::bot) async fn unfit(&self, unfit: Unfit) -> Result<(), HandlerError> {
        let l = self.localizer();
        match unfit {
            Unfit::Stale => {
                self.toast(&screens::stale(&l)).await;
                Box::pin(self.redraw(self.place())).await
            }
            Unfit::Forged => {
                self.toast(&screens::forged(&l)).await;
                self.menu().await
            }
        }
    }

    async fn not_yours(&self) -> Result<(), HandlerError> {
        self.toast(&screens::not_yours(&self.localizer())).await;
        self.menu().await
    }

    fn localizer(&self) -> Localizer {
        let language = *self.language.lock().unwrap_or_else(PoisonError::into_inner);
        Localizer {
            language,
            zone: self.face.shopfront.zone.clone(),
        }
    }

    /// Where the chat was before this update.
    fn place(&self) -> Place {
        let dialogue = self.turn.as_ref().map(|turn| turn.dialogue());
        Place::read(dialogue.as_ref().and_then(|dialogue| dialogue.get()))
    }

    fn turn(&self) -> Result<&Turn, HandlerError> {
        let missing = || HandlerError::Final("an owed screen has nothing to write".to_owned());
        self.turn.as_deref().ok_or_else(missing)
    }

    /// Draws a screen: in place of the one under the button that was tapped, or as a new message.
    async fn show(&self, place: Place, screen: &Screen) -> Result<(), HandlerError> {
        if let Some(turn) = &self.turn
            && !turn.is_written()
        {
            turn.set_dialogue(place.write());
        }
        let message = self.tap.as_ref().and_then(|tap| tap.message_id);
        let drawn = drawing::draw(&self.face.client, self.chat, message, screen).await;
        self.answer(None).await;
        match drawn {
            Drawn::Seen => {
                if let Some(turn) = &self.turn {
                    turn.drew();
                }
                Ok(())
            }
            Drawn::Blocked => {
                let id = self.customer.telegram_id;
                self.face
                    .store
                    .write("customers.blocked", move |tx| {
                        Box::pin(customers::set_blocked(tx, id, true))
                    })
                    .await?;
                Ok(())
            }
            Drawn::Not(error) => Err(HandlerError::Retry(error)),
        }
    }

    /// Ends the tap with a word in passing. Every tap is answered, and only once.
    async fn toast(&self, words: &str) {
        self.answer(Some(words)).await;
    }

    async fn answer(&self, words: Option<&str>) {
        if let Some(tap) = &self.tap
            && !self.answered.swap(true, Ordering::Relaxed)
        {
            drawing::answer(&self.face.client, &tap.id, words).await;
        }
    }
}

/// What a setting says, if it says anything.
fn filled(setting: &Texts, language: Language) -> Option<&str> {
    let setting = setting.in_language(language).trim();
    (!setting.is_empty()).then_some(setting)
}
