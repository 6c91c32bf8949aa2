//! The cart, and the answers to a checkout that can't be made as it was meant.

use super::{Button, Localizer, Screen, shortened};
use crate::bot::callback::{At, Callback};
use crate::i18n::{self, Arg};
use crate::shop::cart::{Cap, Cart, Line};
use crate::shop::orders::place::Limit;
use crate::shop::payments::Offer;

/// A title's share of a line, in characters.
const TITLE: usize = 60;
/// What fits on a button between two others, in characters.
const TITLE_ON_BUTTON: usize = 24;

/// The cart, with what stands in the way of a checkout.
pub fn cart(l: &Localizer, cart: &Cart, offers: &[Offer]) -> Screen {
    if cart.lines.is_empty() {
        return l.plain("cart-empty", vec![vec![catalogue(l)], l.home()]);
    }
    let is_short = cart.lines.iter().any(Line::is_short);
    let can_be_paid = cart.can_be_paid(offers);
    let note = match (is_short, can_be_paid) {
        (true, _) => Some(l.html("cart-short-note", &[])),
        (false, false) => Some(l.html("cart-no-offer", &[])),
        (false, true) => None,
    };
    let mut keyboard: Vec<Vec<Button>> = cart.lines.iter().map(|it| steps(l, it)).collect();
    if is_short {
        keyboard.push(vec![l.button("button-fit", Callback::Fit)]);
    } else if can_be_paid {
        let version = cart.version;
        keyboard.push(vec![
            l.button("button-checkout", Callback::Checkout { version }),
        ]);
    }
    keyboard.push(vec![
        l.button("button-empty-cart", Callback::AskEmpty),
        catalogue(l),
    ]);
    keyboard.push(l.home());
    Screen {
        html: summed(l, "cart", cart, &cart.lines, note),
        keyboard,
        photo: None,
    }
}

/// Fewer pieces, the product, more pieces.
fn steps(l: &Localizer, line: &Line) -> Vec<Button> {
    let put = |quantity: i64| Callback::Put {
        slug: line.slug.clone(),
        quantity: u16::try_from(quantity).unwrap_or(u16::MAX),
        at: At::Cart,
    };
    let title = shortened(line.title.in_language(l.language), TITLE_ON_BUTTON);
    let product = Button {
        text: title,
        callback: Callback::Product {
            slug: line.slug.clone(),
        },
    };
    vec![
        l.button("button-less", put(line.quantity - 1)),
        product,
        l.button("button-more", put(line.quantity + 1)),
    ]
}

fn summed(l: &Localizer, id: &str, cart: &Cart, lines: &[Line], note: Option<String>) -> String {
    let lines: Vec<String> = lines.iter().map(|it| line(l, it)).collect();
    let total = l.every_price(&cart.total());
    let mut under = vec![];
    if let Some(total) = total {
        under.push(l.html("order-total", &[("total", total.into())]));
    }
    under.extend(note);
    let args = [
        ("lines", Arg::Html(lines.join("\n"))),
        ("under", Arg::Html(under.join("\n\n"))),
    ];
    l.html(id, &args)
}

fn line(l: &Localizer, line: &Line) -> String {
    let title = shortened(line.title.in_language(l.language), TITLE);
    let price = |prices| l.every_price(prices).unwrap_or_else(|| "–".to_owned());
    let mut args = vec![
        ("title", Arg::from(title)),
        ("quantity", i18n::number(l.language, line.quantity).into()),
        ("price", price(&line.prices).into()),
    ];
    let id = if line.left == 0 {
        "cart-line-gone"
    } else if line.is_short() {
        args.push(("left", line.left.into()));
        "cart-line-short"
    } else if line.prices != line.seen {
        args.push(("old", price(&line.seen).into()));
        "cart-line-repriced"
    } else {
        "cart-line"
    };
    l.html(id, &args)
}

/// The question before the cart is emptied.
pub fn ask_empty(l: &Localizer) -> Screen {
    l.plain(
        "cart-ask-empty",
        vec![
            vec![l.button("button-empty-yes", Callback::Empty)],
            vec![l.button("button-back", Callback::Cart)],
        ],
    )
}

/// These lines cost something else than the customer saw: one button agrees.
pub fn repriced(l: &Localizer, cart: &Cart, lines: &[Line]) -> Screen {
    let version = cart.version;
    Screen {
        html: summed(l, "cart-repriced", cart, lines, None),
        keyboard: vec![
            vec![l.button("button-agree", Callback::Checkout { version })],
            vec![l.button("button-cart", Callback::Cart)],
            l.home(),
        ],
        photo: None,
    }
}

/// Somebody was faster with a part of the cart.
pub fn short(l: &Localizer, cart: &Cart) -> Screen {
    let lines: Vec<Line> = cart
        .lines
        .iter()
        .filter(|it| it.is_short())
        .cloned()
        .collect();
    if lines.is_empty() {
        // They are back already.
        return l.plain(
            "cart-short-back",
            vec![vec![l.button("button-cart", Callback::Cart)], l.home()],
        );
    }
    Screen {
        html: l.html(
            "cart-short",
            &[(
                "lines",
                Arg::Html(
                    lines
                        .iter()
                        .map(|it| line(l, it))
                        .collect::<Vec<_>>()
                        .join("\n"),
                ),
            )],
        ),
        keyboard: vec![
            vec![l.button("button-fit", Callback::Fit)],
            vec![l.button("button-cart", Callback::Cart)],
            l.home(),
        ],
        photo: None,
    }
}

/// More than a customer may have. `from_cart` says where the way back leads.
pub fn limit(l: &Localizer, limit: &Limit, from_cart: bool) -> Screen {
    let orders = || l.button("button-orders", Callback::Orders { page: 0 });
    let back = if from_cart {
        l.button("button-cart", Callback::Cart)
    } else {
        catalogue(l)
    };
    let (html, first) = match limit {
        Limit::OpenOrders { most } => {
            let html = l.html("limit-open-orders", &[("most", (*most).into())]);
            (html, Some(orders()))
        }
        Limit::HeldKeys { most, held } => {
            let args = [("most", (*most).into()), ("held", (*held).into())];
            (l.html("limit-held-keys", &args), Some(orders()))
        }
        Limit::Pieces { title, most, had } => {
            let title = shortened(title.in_language(l.language), TITLE);
            let args = [
                ("title", title.into()),
                ("most", (*most).into()),
                ("had", (*had).into()),
            ];
            let fit = || l.button("button-fit", Callback::Fit);
            (l.html("limit-pieces", &args), from_cart.then(fit))
        }
    };
    let mut keyboard: Vec<Vec<Button>> = first.into_iter().map(|it| vec![it]).collect();
    keyboard.push(vec![back]);
    keyboard.push(l.home());
    Screen {
        html,
        keyboard,
        photo: None,
    }
}

/// No way to pay can take this order.
pub fn no_offer(l: &Localizer) -> Screen {
    l.plain("no-offer", vec![vec![catalogue(l)], l.home()])
}

/// The toast when fewer pieces are in the cart than were wished.
pub fn capped(l: &Localizer, cap: Cap) -> String {
    let (id, most) = match cap {
        Cap::NotForSale | Cap::Stock(0) => return l.text("toast-gone", &[]),
        Cap::Stock(left) => ("toast-cap-stock", left),
        Cap::PerCustomer(most) => ("toast-cap-customer", most),
        Cap::PerOrder(most) => ("toast-cap-order", most),
        Cap::Lines(most) => ("toast-cap-lines", most),
    };
    l.text(id, &[("most", most.into())])
}

/// The toast when something went into the cart.
pub fn put(l: &Localizer, quantity: i64) -> String {
    l.text("toast-put", &[("quantity", quantity.into())])
}

/// The toast for a checkout of another cart.
pub fn cart_changed(l: &Localizer) -> String {
    l.text("toast-cart-changed", &[])
}

fn catalogue(l: &Localizer) -> Button {
    l.button("button-catalogue", Callback::Catalogue { page: 0 })
}
