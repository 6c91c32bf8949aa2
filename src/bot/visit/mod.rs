//! A visit: one customer's update on its way to a screen. Each method reads or runs one use-case and draws one screen.

mod account;
mod browse;
mod cart;
mod contacts;
mod desk;
mod new_keys;
mod orders;
mod registration;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub(in crate::bot) use self::registration::next_place;
use super::callback::{Callback, Desk, Own, Unfit};
use super::drawing::{self, Drawn, Old};
use super::face::Face;
use super::place::Place;
use super::screens::{self, Localizer, Prompt, Screen};
use super::vital::Tap;
use crate::bus::{HandlerError, Turn};
use crate::shop::confirmations::resend::Choice;
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
    /// Whether the buttons of the question for a number stand below the chat, as they did before this update.
    has_buttons_below: AtomicBool,
}

impl Visit {
    pub(in crate::bot) fn new(
        face: Face,
        turn: Option<Arc<Turn>>,
        customer: Customer,
        chat: i64,
        tap: Option<Tap>,
    ) -> Self {
        let dialogue = turn.as_ref().map(|turn| turn.dialogue());
        let place = Place::read(dialogue.as_ref().and_then(|dialogue| dialogue.get()));
        let asked_for_phone = matches!(place, Place::Phone { .. });
        Self {
            face,
            turn,
            language: Mutex::new(customer.language),
            customer,
            chat,
            tap,
            answered: AtomicBool::new(false),
            has_buttons_below: AtomicBool::new(asked_for_phone),
        }
    }

    /// Draws a place again, in a new message.
    pub(in crate::bot) async fn redraw(&self, place: Place) -> Result<(), HandlerError> {
        match place {
            Place::Menu => self.menu().await,
            Place::Catalogue { page } => self.catalogue(page).await,
            Place::Category { slug, page } => self.category(slug, page).await,
            Place::Search { query, page } => self.search(&query, page).await,
            Place::Product { slug, from } => self.product_from(&slug, from.map(|it| *it)).await,
            Place::Order { id } => self.order(id).await,
            Place::Orders { page } => self.orders(page).await,
            Place::Keys { page } => self.keys(page).await,
            Place::Cart => self.cart().await,
            Place::Profile => self.profile().await,
            Place::Phone { then } => self.ask_phone(then).await,
            Place::PhoneWay { number, then } => self.ask_way(number, then).await,
            Place::Email { then } => self.ask_email(then).await,
            Place::Code { id, then } => self.code(id, then).await,
            Place::Name { then } => self.ask_name(then).await,
            Place::GoOn { then } => self.go_on(then).await,
            Place::Language => self.language(None).await,
            Place::Desk => self.desk(Desk::Home).await,
            Place::DeskKeys { slug } => self.desk(Desk::Keys { slug }).await,
        }
    }

    /// Does what a button asks for.
    pub(in crate::bot) async fn wish(&self, wish: Callback) -> Result<(), HandlerError> {
        match wish {
            Callback::Menu => self.menu().await,
            Callback::Catalogue { page } => self.catalogue(page).await,
            Callback::Category { slug, page } => self.category(slug, page).await,
            Callback::Family { slug } => self.family(slug).await,
            Callback::Search { page } => self.search_page(page).await,
            Callback::Product { slug } => self.product(&slug).await,
            Callback::Buy { slug, nonce } => self.buy(slug, nonce).await,
            Callback::Put { slug, quantity, at } => self.put(&slug, quantity, at).await,
            Callback::Cart => self.cart().await,
            Callback::AskEmpty => self.ask_empty().await,
            Callback::Empty => self.empty().await,
            Callback::Fit => self.fit().await,
            Callback::Checkout { version } => self.checkout(version).await,
            Callback::Refill { order } => self.refill(order).await,
            Callback::Profile => self.profile().await,
            Callback::AskPhone => self.ask_phone(self.waits()).await,
            Callback::ForgetPhone => self.forget_phone().await,
            Callback::Order { id } => self.order(id).await,
            Callback::Pay { order, method } => self.pay(order, method).await,
            Callback::SendAgain { attempt } => self.send_again(attempt).await,
            Callback::Cancel { order } => self.cancel(order).await,
            Callback::Orders { page } => self.orders(page).await,
            Callback::Keys { page } => self.keys(page).await,
            Callback::ShowKeys { order } => self.show_keys(order).await,
            Callback::Language { code } => self.language(code).await,
            Callback::Help => self.help().await,
            Callback::Own(Own::AskEmail) => self.ask_email(self.waits()).await,
            Callback::Own(Own::ForgetEmail) => self.forget_email().await,
            Callback::Own(Own::Code { id }) => self.code(id, self.waits()).await,
            Callback::Own(Own::Resend { id }) => self.resend(id, Choice::AsBefore).await,
            Callback::Own(Own::ResendBy { id, by }) => self.resend(id, by).await,
            Callback::Own(Own::SendBy { by }) => self.send_by(by.after(None)).await,
            Callback::Own(Own::Cabinet) => self.cabinet("").await,
            Callback::Own(Own::Vk) => self.cabinet("/vk").await,
            Callback::Own(Own::EndSession { id }) => self.end_sessions(Some(id)).await,
            Callback::Own(Own::EndSessions) => self.end_sessions(None).await,
            Callback::Own(Own::AskName) => self.ask_name(self.waits()).await,
            Callback::Own(Own::OwnName) => self.own_name().await,
            Callback::Own(Own::Agree { to }) => self.agree(to).await,
            Callback::Desk(wish) => self.desk(wish).await,
        }
    }

    /// A message that is no command.
    pub(in crate::bot) async fn said(&self, text: Option<&str>) -> Result<(), HandlerError> {
        let is_command = text.is_some_and(|text| text.starts_with('/'));
        let said = text.unwrap_or_default();
        if self.is_leaving(said) {
            self.has_buttons_below.store(true, Ordering::Relaxed);
            return self.menu().await;
        }
        match self.place() {
            Place::Phone { then } => return self.phone_text(then, said).await,
            Place::PhoneWay { then, .. } if !is_command => {
                return self.phone_text(then, said).await;
            }
            Place::Name { then } if !is_command => return self.name_text(then, said).await,
            Place::Email { then } if !is_command => return self.email_text(then, said).await,
            Place::Code { id, then } if !is_command => {
                return self.code_text(id, then, said).await;
            }
            _ => {}
        }
        if !is_command && let Some(slug) = self.awaits_keys() {
            return self.keys_sent(slug).await;
        }
        match text {
            Some(_) if is_command => self.not_understood(true).await,
            Some(text) => self.search(text, 0).await,
            None => self.not_understood(false).await,
        }
    }

    /// Whether this is the way out below the chat, in any language: it may stand there longer than the question.
    fn is_leaving(&self, said: &str) -> bool {
        let front = &self.face.shopfront;
        let mut languages = Language::ALL.into_iter();
        languages.any(|language| said == screens::dont_share(&front.localizer(language)))
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
        self.face.shopfront.localizer(language)
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
        let is_question = matches!(place, Place::Phone { .. });
        if !is_question && self.has_buttons_below.load(Ordering::Relaxed) {
            // They go with a message only.
            let gone = screens::phone_dismissed(&self.localizer());
            self.prompt(place.clone(), &gone).await?;
        }
        self.stand_at(&place);
        let face = &self.face;
        let drawn = drawing::draw(&face.client, &face.store, self.chat, self.old(), screen).await;
        self.drew(drawn).await
    }

    /// Sends a message with buttons below the chat, or takes these away.
    async fn prompt(&self, place: Place, prompt: &Prompt) -> Result<(), HandlerError> {
        self.stand_at(&place);
        self.has_buttons_below.store(false, Ordering::Relaxed);
        let drawn = drawing::ask(&self.face.client, self.chat, prompt).await;
        self.drew(drawn).await
    }

    fn stand_at(&self, place: &Place) {
        if let Some(turn) = &self.turn
            && !turn.is_written()
        {
            turn.set_dialogue(place.write());
        }
    }

    async fn drew(&self, drawn: Drawn) -> Result<(), HandlerError> {
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

    /// The message that the tapped button is under.
    fn old(&self) -> Option<Old> {
        let tap = self.tap.as_ref()?;
        Some(Old {
            message_id: tap.message_id?,
            kind: tap.under,
        })
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
