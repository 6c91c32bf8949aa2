//! Looking around: the menu, the catalogue's shelves, what a search finds, and a product's card.

use super::{Visit, filled};
use crate::bot::callback::Callback;
use crate::bot::place::Place;
use crate::bot::screens::{self, Stock};
use crate::bus::HandlerError;
use crate::shop::cart;
use crate::shop::catalogue::card::{self, Card};
use crate::shop::catalogue::{self, Product, search, shelf};
use crate::store::{StoreError, Tx, random_bytes};

/// Rows on a page of the catalogue.
const PAGE: i64 = 8;
/// A stock of more than this is shown as plenty.
const PLENTY: i64 = 10;

impl Visit {
    /// `/start`, perhaps with what a deep link names.
    pub(in crate::bot) async fn start(&self, link: &str) -> Result<(), HandlerError> {
        match link.trim().strip_prefix("p_") {
            Some(slug) => self.product_from(slug, None).await,
            None => self.menu().await,
        }
    }

    pub(in crate::bot) async fn menu(&self) -> Result<(), HandlerError> {
        let front = &self.face.shopfront;
        let l = self.localizer();
        let screen = screens::menu(&l, &front.name, filled(&front.greeting, l.language));
        self.show(Place::Menu, &screen).await
    }

    /// `/cancel`: out of wherever this is. An order keeps its own button.
    pub(in crate::bot) async fn leave(&self) -> Result<(), HandlerError> {
        if self.place() == Place::Menu {
            let screen = screens::nothing_to_cancel(&self.localizer());
            return self.show(Place::Menu, &screen).await;
        }
        self.menu().await
    }

    /// A page of the catalogue's top.
    pub(in crate::bot) async fn catalogue(&self, page: u16) -> Result<(), HandlerError> {
        let found = self
            .face
            .store
            .read("catalogue.top", move |tx| {
                Box::pin(shelf::page(tx, None, page, PAGE))
            })
            .await?
            .unwrap_or_default();
        let screen = screens::catalogue(&self.localizer(), &found);
        let page = found.page;
        self.show(Place::Catalogue { page }, &screen).await
    }

    /// A page of a category. One that is gone, or empty by now, gives way to the top.
    pub(in crate::bot) async fn category(
        &self,
        slug: String,
        page: u16,
    ) -> Result<(), HandlerError> {
        let wanted = slug.clone();
        let found = self
            .face
            .store
            .read("catalogue.category", move |tx| {
                let slug = wanted.clone();
                Box::pin(async move { shelf::page(tx, Some(&slug), page, PAGE).await })
            })
            .await?;
        let Some(found) = found else {
            self.toast(&screens::category_gone(&self.localizer())).await;
            return self.catalogue(0).await;
        };
        let screen = screens::catalogue(&self.localizer(), &found);
        let page = found.page;
        self.show(Place::Category { slug, page }, &screen).await
    }

    /// What is found for words that the customer wrote.
    pub(in crate::bot) async fn search(&self, query: &str, page: u16) -> Result<(), HandlerError> {
        let query: String = query.trim().chars().take(search::LONGEST).collect();
        if search::is_empty(&query) {
            return self.not_understood(false).await;
        }
        let words = query.clone();
        let (count, hits, page) = self
            .face
            .store
            .read("catalogue.search", move |tx| {
                let words = words.clone();
                Box::pin(async move {
                    let count = search::count(tx, &words).await?;
                    // A page that is gone shows the last one.
                    let last = u16::try_from((count - 1).max(0) / PAGE).unwrap_or(u16::MAX);
                    let page = page.min(last);
                    let hits = search::find(tx, &words, PAGE, i64::from(page) * PAGE).await?;
                    Ok::<_, StoreError>((count, hits, page))
                })
            })
            .await?;
        let pages = u16::try_from((count + PAGE - 1) / PAGE).unwrap_or(u16::MAX);
        let screen = screens::found(&self.localizer(), &query, &hits, page, pages);
        self.show(Place::Search { query, page }, &screen).await
    }

    /// Another page of what was found. The words are kept in the dialogue: a button has no room for them.
    pub(in crate::bot) async fn search_page(&self, page: u16) -> Result<(), HandlerError> {
        let Some(Place::Search { query, .. }) = self.place().shelf() else {
            self.toast(&screens::stale(&self.localizer())).await;
            return self.catalogue(0).await;
        };
        self.search(&query, page).await
    }

    /// A product's card, with the way back to where the customer is now.
    pub(in crate::bot) async fn product(&self, slug: &str) -> Result<(), HandlerError> {
        self.product_from(slug, self.place().shelf()).await
    }

    /// A product's card, with the way back to `from`.
    pub(in crate::bot) async fn product_from(
        &self,
        slug: &str,
        from: Option<Place>,
    ) -> Result<(), HandlerError> {
        let (slug, customer) = (slug.to_owned(), self.customer.id);
        let card = self
            .face
            .store
            .read("catalogue.product", move |tx| {
                let slug = slug.clone();
                Box::pin(async move {
                    let card = card::of_product(tx, &slug, PLENTY + 1).await?;
                    with_cart(tx, customer, card).await
                })
            })
            .await?;
        self.card(card, from).await
    }

    /// A family's card, with the first product chosen that can be bought.
    pub(in crate::bot) async fn family(&self, slug: String) -> Result<(), HandlerError> {
        let customer = self.customer.id;
        let card = self
            .face
            .store
            .read("catalogue.family", move |tx| {
                let slug = slug.clone();
                Box::pin(async move {
                    let card = card::of_family(tx, &slug, PLENTY + 1).await?;
                    with_cart(tx, customer, card).await
                })
            })
            .await?;
        self.card(card, self.place().shelf()).await
    }

    async fn card(
        &self,
        card: Option<(Card, i64)>,
        from: Option<Place>,
    ) -> Result<(), HandlerError> {
        let Some((card, in_cart)) = card else {
            if self.tap.is_none() {
                // Nothing to hang a toast on: an old link.
                let screen = screens::product_gone(&self.localizer());
                return self.show(Place::Catalogue { page: 0 }, &screen).await;
            }
            self.toast(&screens::gone(&self.localizer())).await;
            return match from {
                Some(Place::Category { slug, page }) => self.category(slug, page).await,
                Some(Place::Search { query, page }) => self.search(&query, page).await,
                Some(Place::Catalogue { page }) => self.catalogue(page).await,
                _ => self.catalogue(0).await,
            };
        };
        let from = from.filter(|from| is_shown_on(&card, from));
        let screen = screens::product(
            &self.localizer(),
            &card,
            stock_of(card.left),
            self.face.shopfront.currency,
            back(&card, from.as_ref()),
            in_cart,
            random_bytes()?,
        );
        let slug = card.product.slug;
        let from = from.map(Box::new);
        self.show(Place::Product { slug, from }, &screen).await
    }

    pub(in crate::bot) async fn find(
        &self,
        slug: &str,
    ) -> Result<Option<(Product, Stock)>, StoreError> {
        let slug = slug.to_owned();
        let found = self
            .face
            .store
            .read("catalogue.find", move |tx| {
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
        Ok(found.map(|(product, left)| (product, stock_of(left))))
    }
}

/// The card with the number of its pieces in the customer's cart.
async fn with_cart(
    tx: &mut Tx<'_>,
    customer: i64,
    card: Option<Card>,
) -> Result<Option<(Card, i64)>, StoreError> {
    let Some(card) = card else { return Ok(None) };
    let in_cart = cart::quantity(tx, customer, card.product.id).await?;
    Ok(Some((card, in_cart)))
}

fn stock_of(left: i64) -> Stock {
    match left {
        0 => Stock::None,
        left if left <= PLENTY => Stock::Last(left),
        _ => Stock::Plenty,
    }
}

/// Whether the card can have been opened from there: a button far up in the chat may show another shelf. The products
/// of a family may stand on several.
fn is_shown_on(card: &Card, place: &Place) -> bool {
    match place {
        Place::Catalogue { .. } => card.category.is_none() || !card.variants.is_empty(),
        Place::Category { slug, .. } => {
            card.category.as_ref() == Some(slug) || !card.variants.is_empty()
        }
        _ => true,
    }
}

/// Where the card's way back leads: to the shelf that the customer came from, or to the product's own.
fn back(card: &Card, from: Option<&Place>) -> Callback {
    match (from, &card.category) {
        (Some(Place::Catalogue { page }), _) => Callback::Catalogue { page: *page },
        (Some(Place::Category { slug, page }), _) => Callback::Category {
            slug: slug.clone(),
            page: *page,
        },
        (Some(Place::Search { page, .. }), _) => Callback::Search { page: *page },
        (_, Some(slug)) => Callback::Category {
            slug: slug.clone(),
            page: 0,
        },
        (_, None) => Callback::Catalogue { page: 0 },
    }
}
