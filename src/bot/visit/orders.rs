//! Orders: placing one, paying it, and what became of it.

use super::Visit;
use crate::bot::callback::{Callback, Unfit};
use crate::bot::place::Place;
use crate::bot::screens;
use crate::bus::HandlerError;
use crate::shop::letters::{self, Letter};
use crate::shop::orders::State;
use crate::shop::orders::place::{self as placing, PlaceError, Request, Wanted};
use crate::shop::orders::release::{self, Cancelled};
use crate::shop::orders::view::{self, OrderView};
use crate::shop::payments::Method;
use crate::shop::payments::attempt::{self, Asked};
use crate::store::{PublicId, StoreError};

/// Rows on a page of orders.
const PAGE: i64 = 8;

impl Visit {
    /// Places an order of one piece. The same button again is the same order.
    pub(in crate::bot) async fn buy(
        &self,
        slug: String,
        nonce: [u8; 8],
    ) -> Result<(), HandlerError> {
        let request = Request {
            customer: self.customer.id,
            wanted: vec![Wanted {
                slug: slug.clone(),
                quantity: 1,
                agreed: None,
            }],
            checkout_key: format!("buy:{slug}:{:016x}", u64::from_be_bytes(nonce)),
            rules: self.face.shopfront.rules.clone(),
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
            Err(PlaceError::NotForSale(_) | PlaceError::Repriced(_)) => {
                self.toast(&screens::gone(&self.localizer())).await;
                self.catalogue(0).await
            }
            Err(PlaceError::NeedsPhone | PlaceError::NeedsEmail | PlaceError::NeedsAnswer) => {
                self.go_on(Callback::Buy { slug, nonce }.encode()).await
            }
            Err(PlaceError::NoOffer) => {
                let screen = screens::no_offer(&self.localizer());
                self.show(Place::Catalogue { page: 0 }, &screen).await
            }
            Err(PlaceError::Limit(limit)) => {
                let screen = screens::limit(&self.localizer(), &limit, false);
                let from = self.place().shelf().map(Box::new);
                self.show(Place::Product { slug, from }, &screen).await
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
    pub(in crate::bot) async fn order(&self, id: PublicId) -> Result<(), HandlerError> {
        let Some(order) = self.find_order(id).await? else {
            return self.not_yours().await;
        };
        let l = self.localizer();
        let is_open =
            order.state == State::Open && order.expires_at > self.face.store.clock().now();
        let screen = match order.attempt {
            _ if order.state == State::Open && !is_open => screens::expired(&l, id),
            Some(attempt) if is_open => {
                screens::payment(&l, &order, attempt, &self.face.shopfront.rules.offers)
            }
            None if is_open => screens::method(&l, &order, &self.face.shopfront.rules.offers),
            _ => screens::order(&l, &order),
        };
        self.show(Place::Order { id }, &screen).await
    }

    pub(in crate::bot) async fn pay(
        &self,
        order: PublicId,
        method: Method,
    ) -> Result<(), HandlerError> {
        self.ask(order, method, None).await
    }

    pub(in crate::bot) async fn send_again(&self, attempt: PublicId) -> Result<(), HandlerError> {
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

    pub(in crate::bot) async fn ask(
        &self,
        order: PublicId,
        method: Method,
        instead: Option<PublicId>,
    ) -> Result<(), HandlerError> {
        let Some(offer) = self.face.shopfront.offer(method) else {
            return self.unfit(Unfit::Stale).await;
        };
        let customer = self.customer.id;
        let asked = self
            .turn()?
            .write("attempts.ask", move |tx, dialogue| {
                Box::pin(async move {
                    dialogue.set(Place::Order { id: order }.write());
                    attempt::ask_again(tx, customer, order, offer, instead).await
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

    pub(in crate::bot) async fn cancel(&self, order: PublicId) -> Result<(), HandlerError> {
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

    pub(in crate::bot) async fn orders(&self, page: u16) -> Result<(), HandlerError> {
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

    pub(in crate::bot) async fn keys(&self, page: u16) -> Result<(), HandlerError> {
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
    pub(in crate::bot) async fn show_keys(&self, order: PublicId) -> Result<(), HandlerError> {
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

    pub(in crate::bot) async fn find_order(
        &self,
        id: PublicId,
    ) -> Result<Option<OrderView>, StoreError> {
        let customer = self.customer.id;
        self.face
            .store
            .read("orders.view", move |tx| {
                Box::pin(view::one(tx, customer, id))
            })
            .await
    }
}
