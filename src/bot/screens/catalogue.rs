//! The catalogue: its shelves, what a search finds, and a product's card.

use super::{Button, CAPTION, Localizer, Screen, shortened};
use crate::bot::callback::{At, Callback};
use crate::shop::catalogue::card::{Card, Variant};
use crate::shop::catalogue::search::Hit;
use crate::shop::catalogue::shelf::{Entry, Shelf};
use crate::shop::catalogue::{Kind, Product};
use crate::shop::money::{Currency, Money, Prices};
use crate::shop::texts::Texts;

/// What fits on a button beside a price, in characters.
const TITLE_ON_BUTTON: usize = 40;
/// A message takes 4,096; the rest of the card is short. In characters.
const DESCRIPTION: usize = 1_500;
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

/// A page of the catalogue's top or of a category.
pub fn catalogue(l: &Localizer, shelf: &Shelf) -> Screen {
    if shelf.entries.is_empty() {
        return l.plain("catalogue-empty", vec![l.home()]);
    }
    let here = l.text("catalogue-title", &[]);
    let below = shelf.path.iter().map(|it| it.title.in_language(l.language));
    let names: Vec<&str> = std::iter::once(here.as_str()).chain(below).collect();
    let mut args = vec![("where", names.join(" › ").into())];
    let html = if shelf.pages > 1 {
        args.extend(page_of(shelf.page, shelf.pages));
        l.html("catalogue-page", &args)
    } else {
        l.html("catalogue", &args)
    };
    let mut keyboard: Vec<Vec<Button>> = shelf
        .entries
        .iter()
        .map(|entry| vec![shelf_button(l, entry)])
        .collect();
    let slug = shelf.path.last().map(|category| category.slug.clone());
    keyboard.extend(turns(l, shelf.page, shelf.pages, |page| match &slug {
        Some(slug) => Callback::Category {
            slug: slug.clone(),
            page,
        },
        None => Callback::Catalogue { page },
    }));
    let mut last = Vec::new();
    if !shelf.path.is_empty() {
        let above = shelf.path.iter().rev().nth(1);
        last.push(l.button("button-back", shelf_of(above.map(|it| &it.slug))));
    }
    last.extend(l.home());
    keyboard.push(last);
    Screen {
        html,
        keyboard,
        photo: None,
    }
}

/// The first page of a category, or of the top.
fn shelf_of(slug: Option<&String>) -> Callback {
    match slug {
        Some(slug) => Callback::Category {
            slug: slug.clone(),
            page: 0,
        },
        None => Callback::Catalogue { page: 0 },
    }
}

fn page_of(page: u16, pages: u16) -> [(&'static str, super::Arg); 2] {
    [
        ("page", (i64::from(page) + 1).into()),
        ("pages", i64::from(pages).into()),
    ]
}

/// The row that turns pages, if there is more than one.
fn turns(
    l: &Localizer,
    page: u16,
    pages: u16,
    to: impl Fn(u16) -> Callback,
) -> Option<Vec<Button>> {
    let mut turns = Vec::new();
    if let Some(previous) = page.checked_sub(1) {
        turns.push(l.button("button-previous", to(previous)));
    }
    if page + 1 < pages {
        turns.push(l.button("button-next", to(page + 1)));
    }
    (!turns.is_empty()).then_some(turns)
}

fn shelf_button(l: &Localizer, entry: &Entry) -> Button {
    match entry {
        Entry::Category(category) => {
            let title = on_button(l, &category.title);
            Button {
                text: l.text("button-category", &[("title", title.into())]),
                callback: shelf_of(Some(&category.slug)),
            }
        }
        Entry::Family {
            slug,
            title,
            prices,
            is_sold_out,
        } => Button {
            text: labelled(l, title, lowest(l, prices), *is_sold_out),
            callback: Callback::Family { slug: slug.clone() },
        },
        Entry::Product(hit) => hit_button(l, hit),
    }
}

fn hit_button(l: &Localizer, hit: &Hit) -> Button {
    let Hit {
        product,
        is_sold_out,
    } = hit;
    Button {
        text: labelled(l, &product.title, l.price(&product.prices), *is_sold_out),
        callback: Callback::Product {
            slug: product.slug.clone(),
        },
    }
}

fn on_button(l: &Localizer, title: &Texts) -> String {
    shortened(title.in_language(l.language), TITLE_ON_BUTTON)
}

/// A title with its price, or with the word that it is sold out.
fn labelled(l: &Localizer, title: &Texts, price: Option<String>, is_sold_out: bool) -> String {
    let title = on_button(l, title);
    if is_sold_out {
        return l.text("button-sold-out", &[("title", title.into())]);
    }
    match price {
        Some(price) => {
            let args = [("title", title.into()), ("price", price.into())];
            l.text("button-product", &args)
        }
        None => title,
    }
}

/// The lowest of a family's prices, if they are in one currency.
fn lowest(l: &Localizer, prices: &[Prices]) -> Option<String> {
    let all: Vec<Money> = prices.iter().filter_map(|it| l.shown(it)).collect();
    let lowest = *all.iter().min_by_key(|money| money.minor)?;
    if all.iter().any(|money| money.currency != lowest.currency) {
        return None;
    }
    let price = l.amount(lowest);
    if all.iter().all(|money| *money == lowest) {
        return Some(price);
    }
    Some(l.text("price-from", &[("price", price.into())]))
}

/// What a search found: a page of it, from 0, out of `pages`.
pub fn found(l: &Localizer, query: &str, hits: &[Hit], page: u16, pages: u16) -> Screen {
    if hits.is_empty() {
        return Screen {
            html: l.html("search-nothing", &[("query", query.into())]),
            keyboard: vec![
                vec![l.button("button-catalogue", Callback::Catalogue { page: 0 })],
                l.home(),
            ],
            photo: None,
        };
    }
    let mut args = vec![("query", query.into())];
    let html = if pages > 1 {
        args.extend(page_of(page, pages));
        l.html("search-page", &args)
    } else {
        l.html("search", &args)
    };
    let mut keyboard: Vec<Vec<Button>> = hits.iter().map(|hit| vec![hit_button(l, hit)]).collect();
    keyboard.extend(turns(l, page, pages, |page| Callback::Search { page }));
    let mut last = vec![l.button("button-catalogue", Callback::Catalogue { page: 0 })];
    last.extend(l.home());
    keyboard.push(last);
    Screen {
        html,
        keyboard,
        photo: None,
    }
}

/// A product's card, with its price in the shop's `currency` and in Stars. `back` leads to where the customer came from.
/// `in_cart` pieces are in the customer's cart. `nonce` is drawn with it: a double tap on its button is one order.
pub fn product(
    l: &Localizer,
    card: &Card,
    stock: Stock,
    currency: Currency,
    back: Callback,
    in_cart: i64,
    nonce: [u8; 8],
) -> Screen {
    let product = &card.product;
    let price = price_of(l, &product.prices, currency);
    let for_sale = price.is_some() && stock != Stock::None && !product.archived;
    let html = card_text(l, card, stock, price);
    let mut keyboard: Vec<Vec<Button>> = Vec::new();
    if card.variants.len() > 1 {
        let buttons = card.variants.iter().map(|it| vec![variant(l, card, it)]);
        keyboard.extend(buttons);
    }
    if for_sale {
        let buy = Callback::Buy {
            slug: product.slug.clone(),
            nonce,
        };
        keyboard.push(vec![l.button("button-buy", buy)]);
    }
    if in_cart > 0 || for_sale {
        keyboard.push(cart_row(l, &product.slug, in_cart));
    }
    keyboard.push(vec![l.button("button-back", back)]);
    Screen {
        html,
        keyboard,
        photo: card.photo,
    }
}

/// Into the cart; or how many pieces are there, fewer and more.
fn cart_row(l: &Localizer, slug: &str, in_cart: i64) -> Vec<Button> {
    let put = |quantity: i64| Callback::Put {
        slug: slug.to_owned(),
        quantity: u16::try_from(quantity).unwrap_or(u16::MAX),
        at: At::Card,
    };
    if in_cart == 0 {
        return vec![l.button("button-add-to-cart", put(1))];
    }
    vec![
        l.button("button-less", put(in_cart - 1)),
        Button {
            text: l.text("button-in-cart", &[("quantity", in_cart.into())]),
            callback: Callback::Cart,
        },
        l.button("button-more", put(in_cart + 1)),
    ]
}

/// The card's text. Under a photo the description gets what the rest leaves of it.
fn card_text(l: &Localizer, card: &Card, stock: Stock, price: Option<String>) -> String {
    let product = &card.product;
    let title = shortened(product.title.in_language(l.language), TITLE);
    let description = product.description.in_language(l.language);
    let mut stock = match (product.kind, stock) {
        (Kind::Download, Stock::None) => l.text("stock-file-none", &[]),
        (Kind::Download, _) => l.text("stock-file", &[]),
        (_, Stock::Plenty) => l.text("stock-plenty", &[]),
        (_, Stock::Last(left)) => l.text("stock-last", &[("left", left.into())]),
        (_, Stock::None) => l.text("stock-none", &[]),
    };
    if let Some(most) = product.max_per_customer {
        stock.push('\n');
        stock += &l.text("product-limit", &[("most", most.into())]);
    }
    let mut args = vec![
        ("title", title.into()),
        ("price", price.unwrap_or_else(|| "–".to_owned()).into()),
        ("stock", stock.into()),
    ];
    let description = if card.photo.is_some() {
        // Also counts the tags, and so leaves a little more room than there must be.
        let rest = length(&l.text("product-plain", &args)) + length("\n\n");
        within(description, CAPTION.saturating_sub(rest))
    } else {
        shortened(description, DESCRIPTION)
    };
    if description.is_empty() {
        l.html("product-plain", &args)
    } else {
        args.push(("description", description.into()));
        l.html("product", &args)
    }
}

/// The length of a text as Telegram counts it: in UTF-16 code units.
fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// At most `most` UTF-16 code units of a text.
fn within(text: &str, most: usize) -> String {
    let mut left = most;
    let fits = text.chars().take_while(|letter| {
        let room = left.checked_sub(letter.len_utf16());
        left = room.unwrap_or(0);
        room.is_some()
    });
    let fitting = fits.count();
    // The ellipsis is one unit, and takes the place of a letter that has at least one.
    shortened(text, fitting)
}

/// The price in the shop's currency and in Stars, each where there is one, or else any.
fn price_of(l: &Localizer, prices: &Prices, currency: Currency) -> Option<String> {
    let price = |wanted: Currency| prices.iter().find(|money| money.currency == wanted);
    let shop = price(currency).filter(|_| currency != Currency::XTR);
    match (shop, price(Currency::XTR)) {
        (Some(money), Some(stars)) if money.minor + stars.minor > 0 => {
            let args = [
                ("money", l.amount(money).into()),
                ("stars", l.amount(stars).into()),
            ];
            Some(l.text("product-prices", &args))
        }
        (Some(money), _) | (None, Some(money)) => Some(l.amount(money)),
        (None, None) => prices.iter().next().map(|money| l.amount(money)),
    }
}

/// The button that chooses a variant. What all have in common stands on the card already.
fn variant(l: &Localizer, card: &Card, variant: &Variant) -> Button {
    let title = variant.title.in_language(l.language);
    let family = card.family.as_ref().map(|it| it.in_language(l.language));
    let own = family.and_then(|family| title.strip_prefix(family));
    let own = own.map(|own| own.trim_start_matches([' ', ',', ':', ';', '·', '–', '—', '-', '(']));
    let title = match own {
        Some(own) if own.chars().any(char::is_alphanumeric) => capitalised(own),
        _ => title.to_owned(),
    };
    let title = Texts::from_iter([(l.language, title)]);
    let label = labelled(l, &title, l.price(&variant.prices), variant.is_sold_out);
    let text = if variant.slug == card.product.slug {
        l.text("button-chosen", &[("title", label.into())])
    } else {
        label
    };
    Button {
        text,
        callback: Callback::Product {
            slug: variant.slug.clone(),
        },
    }
}

fn capitalised(text: &str) -> String {
    let text = text.trim_end_matches(')');
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// A link to a product that is no longer shown.
pub fn product_gone(l: &Localizer) -> Screen {
    l.plain(
        "product-gone",
        vec![
            vec![l.button("button-catalogue", Callback::Catalogue { page: 0 })],
            l.home(),
        ],
    )
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
        photo: None,
    }
}

#[cfg(test)]
pub(super) mod tests;
