//! The cart, and the way from it to an order.

use super::Visit;
use crate::bot::callback::{At, Callback};
use crate::bot::place::Place;
use crate::bot::screens;
use crate::bus::HandlerError;
use crate::shop::cart::checkout::{self as paying, Checkout};
use crate::shop::cart::{self, Cart, Put};
use crate::shop::orders::place::PlaceError;
use crate::store::{PublicId, StoreError};

impl Visit {
    /// The cart as it is.
    pub(in crate::bot) async fn cart(&self) -> Result<(), HandlerError> {
        let cart = self.find_cart().await?;
        let offers = &self.face.shopfront.rules.offers;
        let screen = screens::cart(&self.localizer(), &cart, offers);
        self.show(Place::Cart, &screen).await
    }

    /// So many pieces of a product. Fewer, where there are fewer: a toast says why.
    pub(in crate::bot) async fn put(
        &self,
        slug: &str,
        quantity: u16,
        at: At,
    ) -> Result<(), HandlerError> {
        let (customer, wished) = (self.customer.id, i64::from(quantity));
        let (named, rules) = (slug.to_owned(), self.face.shopfront.rules.clone());
        let place = match at {
            At::Card => Place::Product {
                slug: slug.to_owned(),
                from: self.place().shelf().map(Box::new),
            },
            At::Cart => Place::Cart,
        };
        let put: Put = self
            .turn()?
            .write("cart.set", move |tx, dialogue| {
                let (named, rules) = (named.clone(), rules.clone());
                let place = place.clone();
                Box::pin(async move {
                    dialogue.set(place.write());
                    cart::set(tx, customer, &named, wished, &rules).await
                })
            })
            .await
            .map_err(|error: StoreError| error)?;
        let l = self.localizer();
        match put.cap {
            Some(cap) => self.toast(&screens::capped(&l, cap)).await,
            None if at == At::Card && put.quantity > 0 => {
                self.toast(&screens::put(&l, put.quantity)).await;
            }
            None => {}
        }
        match at {
            At::Card => self.product(slug).await,
            At::Cart => self.cart().await,
        }
    }

    /// Asks before everything is taken out.
    pub(in crate::bot) async fn ask_empty(&self) -> Result<(), HandlerError> {
        let screen = screens::ask_empty(&self.localizer());
        self.show(Place::Cart, &screen).await
    }

    pub(in crate::bot) async fn empty(&self) -> Result<(), HandlerError> {
        let customer = self.customer.id;
        self.turn()?
            .write("cart.empty", move |tx, dialogue| {
                Box::pin(async move {
                    dialogue.set(Place::Cart.write());
                    cart::empty(tx, customer).await
                })
            })
            .await
            .map_err(|error: StoreError| error)?;
        self.cart().await
    }

    /// The cart as far as it can be had.
    pub(in crate::bot) async fn fit(&self) -> Result<(), HandlerError> {
        let (customer, rules) = (self.customer.id, self.face.shopfront.rules.clone());
        self.turn()?
            .write("cart.fit", move |tx, dialogue| {
                let rules = rules.clone();
                Box::pin(async move {
                    dialogue.set(Place::Cart.write());
                    cart::fit(tx, customer, &rules).await
                })
            })
            .await
            .map_err(|error: StoreError| error)?;
        self.cart().await
    }

    /// What an order had, in the cart again.
    pub(in crate::bot) async fn refill(&self, order: PublicId) -> Result<(), HandlerError> {
        let (customer, rules) = (self.customer.id, self.face.shopfront.rules.clone());
        let is_theirs = self
            .turn()?
            .write("cart.refill", move |tx, dialogue| {
                let rules = rules.clone();
                Box::pin(async move {
                    dialogue.set(Place::Cart.write());
                    cart::refill(tx, customer, order, &rules).await
                })
            })
            .await
            .map_err(|error: StoreError| error)?;
        if is_theirs {
            self.cart().await
        } else {
            self.not_yours().await
        }
    }

    /// The order of the cart. The same button again is the same order while that is open.
    pub(in crate::bot) async fn checkout(&self, version: i64) -> Result<(), HandlerError> {
        let (customer, rules) = (self.customer.id, self.face.shopfront.rules.clone());
        let placed = self
            .turn()?
            .write("cart.checkout", move |tx, dialogue| {
                let rules = rules.clone();
                Box::pin(async move {
                    let checkout = paying::checkout(tx, customer, version, &rules).await?;
                    let place = match &checkout {
                        Checkout::Placed(placed) => Place::Order { id: placed.order() },
                        Checkout::Repriced(..) | Checkout::Stale => Place::Cart,
                    };
                    dialogue.set(place.write());
                    Ok::<_, PlaceError>(checkout)
                })
            })
            .await;
        let l = self.localizer();
        match placed {
            Ok(Checkout::Placed(placed)) => self.order(placed.order()).await,
            Ok(Checkout::Repriced(cart, lines)) => {
                let screen = screens::repriced(&l, &cart, &lines);
                self.show(Place::Cart, &screen).await
            }
            Ok(Checkout::Stale) | Err(PlaceError::Repriced(_)) => {
                self.toast(&screens::cart_changed(&l)).await;
                self.cart().await
            }
            Err(PlaceError::Store(error)) => Err(error.into()),
            Err(PlaceError::NeedsPhone | PlaceError::NeedsEmail | PlaceError::NeedsAnswer) => {
                self.go_on(Callback::Checkout { version }.encode()).await
            }
            Err(PlaceError::SoldOut | PlaceError::NotForSale(_)) => {
                let cart = self.find_cart().await?;
                let screen = screens::short(&l, &cart);
                self.show(Place::Cart, &screen).await
            }
            // The cart says so itself.
            Err(PlaceError::NoOffer) => self.cart().await,
            Err(PlaceError::Limit(limit)) => {
                let screen = screens::limit(&l, &limit, true);
                self.show(Place::Cart, &screen).await
            }
        }
    }

    async fn find_cart(&self) -> Result<Cart, StoreError> {
        let customer = self.customer.id;
        self.face
            .store
            .read("cart.view", move |tx| Box::pin(cart::view(tx, customer)))
            .await
    }
}
