//! The catalogue and a product's card.

use super::{Button, Localizer, Screen, shortened};
use crate::bot::callback::Callback;
use crate::shop::catalogue::Product;

/// What fits on a button beside a price, in characters.
const TITLE_ON_BUTTON: usize = 40;
/// A message takes 4,096; the rest of the card is short. In characters.
const DESCRIPTION: usize = 3_000;
/// A title's share of a card, in characters.
const TITLE: usize = 200;

/// How much of a product is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stock {
    /// More than anybody would buy.
    Plenty,
    /// So few that it is worth telling.
    Last(i64),
    /// None.
    None,
}

/// A page of the catalogue, from 0, out of `pages`.
pub fn catalogue(l: &Localizer, products: &[Product], page: u16, pages: u16) -> Screen {
    if products.is_empty() {
        return l.plain("catalogue-empty", vec![l.home()]);
    }
    let html = if pages > 1 {
        let args = [
            ("page", (i64::from(page) + 1).into()),
            ("pages", i64::from(pages).into()),
        ];
        l.html("catalogue-page", &args)
    } else {
        l.html("catalogue", &[])
    };
    let mut keyboard: Vec<Vec<Button>> = products.iter().map(|it| vec![entry(l, it)]).collect();
    let mut turns = Vec::new();
    if let Some(previous) = page.checked_sub(1) {
        turns.push(l.button("button-previous", Callback::Catalogue { page: previous }));
    }
    if page + 1 < pages {
        turns.push(l.button("button-next", Callback::Catalogue { page: page + 1 }));
    }
    if !turns.is_empty() {
        keyboard.push(turns);
    }
    keyboard.push(l.home());
    Screen { html, keyboard }
}

fn entry(l: &Localizer, product: &Product) -> Button {
    let title = shortened(product.title.in_language(l.language), TITLE_ON_BUTTON);
    let text = match l.price(&product.prices) {
        Some(price) => l.text(
            "button-product",
            &[("title", title.into()), ("price", price.into())],
        ),
        None => title,
    };
    Button {
        text,
        callback: Callback::Product {
            slug: product.slug.clone(),
        },
    }
}

/// A product's card. `nonce` is drawn with it: a double tap on its button is one order.
pub fn product(l: &Localizer, product: &Product, stock: Stock, nonce: [u8; 8]) -> Screen {
    let title = shortened(product.title.in_language(l.language), TITLE);
    let description = shortened(product.description.in_language(l.language), DESCRIPTION);
    let price = l.price(&product.prices);
    let for_sale = price.is_some() && stock != Stock::None && !product.archived;
    let stock = match stock {
        Stock::Plenty => l.text("stock-plenty", &[]),
        Stock::Last(left) => l.text("stock-last", &[("left", left.into())]),
        Stock::None => l.text("stock-none", &[]),
    };
    let mut args = vec![
        ("title", title.into()),
        ("price", price.unwrap_or_else(|| "–".to_owned()).into()),
        ("stock", stock.into()),
    ];
    let html = if description.is_empty() {
        l.html("product-plain", &args)
    } else {
        args.push(("description", description.into()));
        l.html("product", &args)
    };
    let mut keyboard = Vec::new();
    if for_sale {
        let buy = Callback::Buy {
            slug: product.slug.clone(),
            nonce,
        };
        keyboard.push(vec![l.button("button-buy", buy)]);
    }
    keyboard.push(vec![
        l.button("button-back", Callback::Catalogue { page: 0 }),
    ]);
    Screen { html, keyboard }
}

/// The last piece went to somebody else.
pub fn sold_out(l: &Localizer, product: &Product) -> Screen {
    let title = shortened(product.title.in_language(l.language), TITLE);
    Screen {
        html: l.html("sold-out", &[("title", title.into())]),
        keyboard: vec![
            vec![l.button("button-catalogue", Callback::Catalogue { page: 0 })],
            l.home(),
        ],
    }
}
