//! A visit: one customer's update on its way to a screen. Each method reads or runs one use-case and draws one screen.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::callback::Unfit;
use super::drawing::{self, Drawn};
use super::face::Face;
use super::place::Place;
use super::screens::{self, Localizer, Screen, Stock};
use super::vital::Tap;
use crate::bus::{HandlerError, Turn};
use crate::shop::catalogue::{self, Product};
use crate::shop::customers::{self, Customer};
use crate::shop::letters::{self, Letter};
use crate::shop::orders::State;
use crate::shop::orders::place::{self as placing, PlaceError, Request};
use crate::shop::orders::release::{self, Cancelled};
use crate::shop::orders::view::{self, OrderView};
use crate::shop::payments::Method;
use crate::shop::payments::attempt::{self, Asked};
use crate::shop::texts::{Language, Texts};
use crate::store::{PublicId, StoreError, random_bytes};

/// Rows on a page of a list.
const PAGE: i64 = 8;
/// A stock of more than this is shown as plenty.
const PLENTY: i64 = 10;

/// One update of one customer.
#[derive(Debug)]
pub(super) struct Visit {
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
    pub(super) fn new(
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
    pub(super) async fn redraw(&self, place: Place) -> Result<(), HandlerError> {
        match place {
            Place::Menu => self.menu().await,
            Place::Catalogue { page } => self.catalogue(page).await,
            Place::Product { slug } => self.product(&slug).await,
            Place::Order { id } => self.order(id).await,
            Place::Orders { page } => self.orders(page).await,
            Place::Keys { page } => self.keys(page).await,
            Place::Language => self.language(None).await,
        }
    }

    /// `/start`, perhaps with what a deep link names.
    pub(super) async fn start(&self, link: &str) -> Result<(), HandlerError> {
        match link.trim().strip_prefix("p_") {
            Some(slug) => self.product(slug).await,
            None => self.menu().await,
        }
    }

    pub(super) async fn menu(&self) -> Result<(), HandlerError> {
        let front = &self.face.shopfront;
        let l = self.localizer();
        let screen = screens::menu(&l, &front.name, filled(&front.greeting, l.language));
        self.show(Place::Menu, &screen).await
    }

    /// `/cancel`: out of wherever this is. An order keeps its own button.
    pub(super) async fn leave(&self) -> Result<(), HandlerError> {
        if self.place() == Place::Menu {
            let screen = screens::nothing_to_cancel(&self.localizer());
            return self.show(Place::Menu, &screen).await;
        }
        self.menu().await
    }

    pub(super) async fn catalogue(&self, page: u16) -> Result<(), HandlerError> {
        let (count, products, page) = self
            .face
            .store
            .read("catalogue.page", move |tx| {
                Box::pin(async move {
                    let count = catalogue::count(tx).await?;
                    // A page that is gone shows the last one.
                    let last = u16::try_from((count - 1).max(0) / PAGE).unwrap_or(u16::MAX);
                    let page = page.min(last);
                    let products = catalogue::list(tx, PAGE, i64::from(page) * PAGE).await?;
                    Ok::<_, StoreError>((count, products, page))
                })
            })
            .await?;
        let pages = u16::try_from((count + PAGE - 1) / PAGE).unwrap_or(u16::MAX);
        let screen = screens::catalogue(&self.localizer(), &products, page, pages);
        self.show(Place::Catalogue { page }, &screen).await
    }

    pub(super) async fn product(&self, slug: &str) -> Result<(), HandlerError> {
        let Some((product, stock)) = self.find(slug).await? else {
            self.toast(&screens::gone(&self.localizer())).await;
            return self.catalogue(0).await;
        };
        let screen = screens::product(&self.localizer(), &product, stock, random_bytes()?);
        let slug = product.slug.clone();
        self.show(Place::Product { slug }, &screen).await
    }

    /// Places an order of one piece. The same button again is the same order.
    pub(super) async fn buy(&self, slug: String, nonce: [u8; 8]) -> Result<(), HandlerError> {
        let request = Request {
            customer: self.customer.id,
            slug: slug.clone(),
            quantity: 1,
            checkout_key: format!("buy:{slug}:{:016x}", u64::from_be_bytes(nonce)),
            hold: self.face.shopfront.hold,
        };
        let placed = self
            .turn()?
            .write("orders.place", move |tx, dialogue| {
                let request = request.clone();
                Box::pin(async move {
                    let placed = placing::place(tx, &request).await?;
                    let id = placed.order();
                    dialogue.set(Place::Order { id }.write());
                    Ok::<_, PlaceError>(id)
                })
            })
            .await;
        match placed {
            Ok(id) => self.order(id).await,
            Err(PlaceError::Store(error)) => Err(error.into()),
            Err(PlaceError::NotForSale) => {
                self.toast(&screens::gone(&self.localizer())).await;
                self.catalogue(0).await
            }
            Err(PlaceError::SoldOut) => match self.find(&slug).await? {
                Some((product, _)) => {
                    let screen = screens::sold_out(&self.localizer(), &product);
                    self.show(Place::Catalogue { page: 0 }, &screen).await
                }
                None => self.catalogue(0).await,
            },
        }
    }

    /// The order as it is: how to pay it, its invoice, or what became of it.
    pub(super) async fn order(&self, id: PublicId) -> Result<(), HandlerError> {
        let Some(order) = self.find_order(id).await? else {
            return self.not_yours().await;
        };
        let l = self.localizer();
        let is_open =
            order.state == State::Open && order.expires_at > self.face.store.clock().now();
        let screen = match order.attempt {
            _ if order.state == State::Open && !is_open => screens::expired(&l, id),
            Some((attempt, _)) if is_open => screens::payment(&l, &order, attempt),
            None if is_open => screens::method(&l, &order, &self.methods_for(&order)),
            _ => screens::order(&l, &order),
        };
        self.show(Place::Order { id }, &screen).await
    }

    /// The ways to pay that can take the order.
    fn methods_for(&self, order: &OrderView) -> Vec<Method> {
        let methods = &self.face.shopfront.methods;
        let offered = |method: &&Method| attempt::offered(&order.total, **method).is_some();
        methods.iter().filter(offered).copied().collect()
    }

    pub(super) async fn pay(&self, order: PublicId, method: Method) -> Result<(), HandlerError> {
        self.ask(order, method, None).await
    }

    pub(super) async fn send_again(&self, attempt: PublicId) -> Result<(), HandlerError> {
        let customer = self.customer.id;
        let order = self
            .face
            .store
            .read("attempts.order_of", move |tx| {
                Box::pin(attempt::order_of(tx, customer, attempt))
            })
            .await?;
        match order {
            Some((order, method)) => self.ask(order, method, Some(attempt)).await,
            None => self.not_yours().await,
        }
    }

    async fn ask(
        &self,
        order: PublicId,
        method: Method,
        instead: Option<PublicId>,
    ) -> Result<(), HandlerError> {
        if !self.face.shopfront.methods.contains(&method) {
            return self.unfit(Unfit::Stale).await;
        }
        let customer = self.customer.id;
        let asked = self
            .turn()?
            .write("attempts.ask", move |tx, dialogue| {
                Box::pin(async move {
                    dialogue.set(Place::Order { id: order }.write());
                    attempt::ask_again(tx, customer, order, method, instead).await
                })
            })
            .await?;
        match asked {
            Asked::Unknown => self.not_yours().await,
            Asked::New(_) | Asked::Already(_) | Asked::Not(_) | Asked::NotOffered => {
                self.order(order).await
            }
        }
    }

    pub(super) async fn cancel(&self, order: PublicId) -> Result<(), HandlerError> {
        let customer = self.customer.id;
        let cancelled = self
            .turn()?
            .write("orders.cancel", move |tx, dialogue| {
                Box::pin(async move {
                    let cancelled = release::cancel(tx, customer, order).await?;
                    if cancelled != Cancelled::Unknown {
                        dialogue.set(Place::Order { id: order }.write());
                    }
                    Ok::<_, StoreError>(cancelled)
                })
            })
            .await?;
        let l = self.localizer();
        let place = Place::Order { id: order };
        match cancelled {
            Cancelled::Unknown => self.not_yours().await,
            Cancelled::Done | Cancelled::Not(State::Cancelled) => {
                self.show(place, &screens::cancelled(&l, order)).await
            }
            Cancelled::BeingPaid => self.show(place, &screens::cant_cancel(&l, order)).await,
            Cancelled::Not(_) => self.order(order).await,
        }
    }

    pub(super) async fn orders(&self, page: u16) -> Result<(), HandlerError> {
        let (customer, offset) = (self.customer.id, i64::from(page) * PAGE);
        let mut orders = self
            .face
            .store
            .read("orders.page", move |tx| {
                Box::pin(view::page(tx, customer, PAGE + 1, offset))
            })
            .await?;
        let more = orders.len() as i64 > PAGE;
        orders.truncate(PAGE as usize);
        let screen = screens::orders(&self.localizer(), &orders, page, more);
        self.show(Place::Orders { page }, &screen).await
    }

    pub(super) async fn keys(&self, page: u16) -> Result<(), HandlerError> {
        let (customer, offset) = (self.customer.id, i64::from(page) * PAGE);
        let mut orders = self
            .face
            .store
            .read("orders.with_keys", move |tx| {
                Box::pin(view::with_keys(tx, customer, PAGE + 1, offset))
            })
            .await?;
        let more = orders.len() as i64 > PAGE;
        orders.truncate(PAGE as usize);
        let screen = screens::keys(&self.localizer(), &orders, page, more);
        self.show(Place::Keys { page }, &screen).await
    }

    /// Posts the keys of an order again: a letter, so that they arrive whatever happens.
    pub(super) async fn show_keys(&self, order: PublicId) -> Result<(), HandlerError> {
        match self.find_order(order).await? {
            Some(found) if found.state == State::Fulfilled => {}
            Some(_) => return self.order(order).await,
            None => return self.not_yours().await,
        }
        let turn = self.turn()?;
        let (customer, asked) = (self.customer.clone(), turn.row().seq);
        turn.write("keys.show", move |tx, _| {
            let customer = customer.clone();
            Box::pin(async move {
                letters::post(tx, &customer, &Letter::Redelivery { order, asked }).await
            })
        })
        .await?;
        // The letter is what they asked for.
        turn.drew();
        self.answer(None).await;
        Ok(())
    }

    pub(super) async fn language(&self, chosen: Option<Language>) -> Result<(), HandlerError> {
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

    pub(super) async fn help(&self) -> Result<(), HandlerError> {
        let screen = screens::help(&self.localizer());
        self.show(Place::Menu, &screen).await
    }

    pub(super) async fn support(&self) -> Result<(), HandlerError> {
        let contact = filled(&self.face.shopfront.support, self.localizer().language);
        let screen = screens::support(&self.localizer(), contact);
        self.show(Place::Menu, &screen).await
    }

    pub(super) async fn paysupport(&self) -> Result<(), HandlerError> {
        let contact = filled(&self.face.shopfront.support, self.localizer().language);
        let screen = screens::paysupport(&self.localizer(), contact);
        self.show(Place::Menu, &screen).await
    }

    pub(super) async fn terms(&self) -> Result<(), HandlerError> {
        let terms = filled(&self.face.shopfront.terms, self.localizer().language);
        let screen = screens::terms(&self.localizer(), terms);
        self.show(Place::Menu, &screen).await
    }

    /// A message that is no command of ours.
    pub(super) async fn not_understood(&self, is_command: bool) -> Result<(), HandlerError> {
        let l = self.localizer();
        let screen = if is_command {
            screens::unknown_command(&l)
        } else {
            screens::not_understood(&l)
        };
        self.show(self.place(), &screen).await
    }

    /// A button that leads nowhere: a toast says so, and the screen is drawn afresh.
    pub(super) async fn unfit(&self, unfit: Unfit) -> Result<(), HandlerError> {
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

    async fn find(&self, slug: &str) -> Result<Option<(Product, Stock)>, StoreError> {
        let slug = slug.to_owned();
        let found = self
            .face
            .store
            .read("catalogue.product", move |tx| {
                let slug = slug.clone();
                Box::pin(async move {
                    let product = catalogue::by_slug(tx, &slug).await?;
                    let Some(product) = product.filter(|product| !product.archived) else {
                        return Ok::<_, StoreError>(None);
                    };
                    let left = catalogue::in_stock(tx, product.id, PLENTY + 1).await?;
                    Ok(Some((product, left)))
                })
            })
            .await?;
        Ok(found.map(|(product, left)| {
            let stock = match left {
                0 => Stock::None,
                left if left <= PLENTY => Stock::Last(left),
                _ => Stock::Plenty,
            };
            (product, stock)
        }))
    }

    async fn find_order(&self, id: PublicId) -> Result<Option<OrderView>, StoreError> {
        let customer = self.customer.id;
        self.face
            .store
            .read("orders.view", move |tx| {
                Box::pin(view::one(tx, customer, id))
            })
            .await
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
