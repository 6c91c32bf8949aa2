//! Looking around: the menu, the catalogue and a product's card.

use super::{Visit, filled};
use crate::bot::place::Place;
use crate::bot::screens::{self, Stock};
use crate::bus::HandlerError;
use crate::shop::catalogue::{self, Product};
use crate::store::{StoreError, random_bytes};

/// Rows on a page of the catalogue.
const PAGE: i64 = 8;
/// A stock of more than this is shown as plenty.
const PLENTY: i64 = 10;

impl Visit {
    /// `/start`, perhaps with what a deep link names.
    pub(in crate::bot) async fn start(&self, link: &str) -> Result<(), HandlerError> {
        match link.trim().strip_prefix("p_") {
            Some(slug) => self.product(slug).await,
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

    pub(in crate::bot) async fn catalogue(&self, page: u16) -> Result<(), HandlerError> {
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

    pub(in crate::bot) async fn product(&self, slug: &str) -> Result<(), HandlerError> {
        let Some((product, stock)) = self.find(slug).await? else {
            self.toast(&screens::gone(&self.localizer())).await;
            return self.catalogue(0).await;
        };
        let screen = screens::product(&self.localizer(), &product, stock, random_bytes()?);
        let slug = product.slug.clone();
        self.show(Place::Product { slug }, &screen).await
    }

    pub(in crate::bot) async fn find(
        &self,
        slug: &str,
    ) -> Result<Option<(Product, Stock)>, StoreError> {
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
}
