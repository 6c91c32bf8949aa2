//! Orders and their payment.

use super::{Button, Localizer, Screen, shortened};
use crate::bot::callback::Callback;
use crate::i18n::{self, Arg};
use crate::shop::money::Money;
use crate::shop::orders::State;
use crate::shop::orders::view::{LineView, OrderView};
use crate::shop::payments::{Method, Offer};
use crate::store::PublicId;

/// A title's share of a line, in characters.
pub(super) const TITLE: usize = 100;
/// More lines than that are counted only by their total.
const LINES: usize = 20;
/// Telegram's limit for an invoice's description, in characters.
const DESCRIPTION: usize = 255;

/// An order that waits for the choice of how to pay it.
pub fn method(l: &Localizer, order: &OrderView, offers: &[Offer]) -> Screen {
    let mut keyboard = ways(l, order, offers);
    let none = keyboard.is_empty();
    keyboard.push(vec![cancel(l, order.id)]);
    let html = if none {
        l.html(
            "method-none",
            &[number(order.id), ("lines", lines(l, order))],
        )
    } else {
        l.html("method", &held(l, order))
    };
    Screen {
        html,
        keyboard,
        photo: None,
    }
}

/// An order whose invoice is in the chat.
pub fn payment(
    l: &Localizer,
    order: &OrderView,
    (attempt, method): (PublicId, Method),
    offers: &[Offer],
) -> Screen {
    let (asked, others): (Vec<Offer>, Vec<Offer>) =
        offers.iter().partition(|offer| offer.method == method);
    let mut args = held(l, order);
    let amount = asked
        .first()
        .and_then(|offer| Some((offer.amount_of(&order.total)?, offer)));
    if let Some((minor, offer)) = amount {
        let currency = offer.currency;
        args[2] = sum(l, l.money(Money { minor, currency }));
    }
    let mut keyboard =
        vec![vec![l.button(
            "button-send-again",
            Callback::SendAgain { attempt },
        )]];
    keyboard.extend(ways(l, order, &others));
    keyboard.push(vec![cancel(l, order.id)]);
    Screen {
        html: l.html("payment", &args),
        keyboard,
        photo: None,
    }
}

/// A button for each way that can take the order.
fn ways(l: &Localizer, order: &OrderView, offers: &[Offer]) -> Vec<Vec<Button>> {
    let takes = |offer: &&Offer| offer.amount_of(&order.total).is_some();
    let way = |offer: &Offer| vec![pay(l, order.id, offer.method)];
    offers.iter().filter(takes).map(way).collect()
}

/// An order, wherever it stands. For an open one the bot draws [`method`] or [`payment`], which lead on.
pub fn order(l: &Localizer, order: &OrderView) -> Screen {
    let date = i18n::date_time(l.language, &l.zone, order.created_at);
    let args = [
        number(order.id),
        ("date", date.into()),
        ("lines", lines(l, order)),
        total(l, order),
        ("state", state(l, order.state).into()),
    ];
    let mut keyboard = Vec::new();
    match order.state {
        State::Open => keyboard.push(vec![cancel(l, order.id)]),
        State::Fulfilled => {
            let show = Callback::ShowKeys { order: order.id };
            let label = if order.has_keys() {
                "button-show-keys"
            } else {
                "button-show-downloads"
            };
            keyboard.push(vec![l.button(label, show)]);
        }
        State::Expired | State::Cancelled => {
            let again = Callback::Refill { order: order.id };
            keyboard.push(vec![l.button("button-refill", again)]);
        }
        State::Paid | State::Backorder | State::Closed => {}
    }
    keyboard.push(vec![l.button("button-back", Callback::Orders { page: 0 })]);
    Screen {
        html: l.html("order", &args),
        keyboard,
        photo: None,
    }
}

/// A page of the customer's orders, from 0; `more` says whether there are older ones.
pub fn orders(l: &Localizer, orders: &[OrderView], page: u16, more: bool) -> Screen {
    if orders.is_empty() && page == 0 {
        let catalogue = l.button("button-catalogue", Callback::Catalogue { page: 0 });
        return l.plain("orders-empty", vec![vec![catalogue], l.home()]);
    }
    let entries = orders.iter().map(|order| Button {
        text: entry(l, order, state(l, order.state)),
        callback: Callback::Order { id: order.id },
    });
    let turn = |page| Callback::Orders { page };
    l.plain("orders", list(l, entries, page, more, turn))
}

/// A page of the customer's orders that have keys, from 0.
pub fn keys(l: &Localizer, orders: &[OrderView], page: u16, more: bool) -> Screen {
    if orders.is_empty() && page == 0 {
        let catalogue = l.button("button-catalogue", Callback::Catalogue { page: 0 });
        return l.plain("keys-empty", vec![vec![catalogue], l.home()]);
    }
    let entries = orders.iter().map(|order| {
        let title = order
            .lines
            .first()
            .map_or("", |line| line.title.in_language(l.language));
        Button {
            text: entry(l, order, shortened(title, 30)),
            callback: Callback::ShowKeys { order: order.id },
        }
    });
    let turn = |page| Callback::Keys { page };
    l.plain("keys", list(l, entries, page, more, turn))
}

fn entry(l: &Localizer, order: &OrderView, what: String) -> String {
    l.text("button-order", &[number(order.id), ("state", what.into())])
}

fn list(
    l: &Localizer,
    entries: impl Iterator<Item = Button>,
    page: u16,
    more: bool,
    turn: impl Fn(u16) -> Callback,
) -> Vec<Vec<Button>> {
    let mut keyboard: Vec<Vec<Button>> = entries.map(|entry| vec![entry]).collect();
    let mut turns = Vec::new();
    if let Some(newer) = page.checked_sub(1) {
        turns.push(l.button("button-newer", turn(newer)));
    }
    if let (true, Some(older)) = (more, page.checked_add(1)) {
        turns.push(l.button("button-older", turn(older)));
    }
    if !turns.is_empty() {
        keyboard.push(turns);
    }
    keyboard.push(l.home());
    keyboard
}

/// The order that the customer has cancelled.
pub fn cancelled(l: &Localizer, order: PublicId) -> Screen {
    next(l, "order-cancelled", order)
}

/// The order whose hold ran out.
pub fn expired(l: &Localizer, order: PublicId) -> Screen {
    next(l, "order-expired", order)
}

/// The order that can't be cancelled: its money is here, or on its way.
pub fn cant_cancel(l: &Localizer, order: PublicId) -> Screen {
    Screen {
        html: l.html("order-paid-cant-cancel", &[number(order)]),
        keyboard: vec![
            vec![l.button("button-order-open", Callback::Order { id: order })],
            l.home(),
        ],
        photo: None,
    }
}

/// The invoice could not be made: the order offers the other ways.
pub fn invoice_refused(l: &Localizer, order: PublicId) -> Screen {
    Screen {
        html: l.html("invoice-refused", &[number(order)]),
        keyboard: vec![
            vec![l.button("button-order-open", Callback::Order { id: order })],
            l.home(),
        ],
        photo: None,
    }
}

fn next(l: &Localizer, id: &str, order: PublicId) -> Screen {
    Screen {
        html: l.html(id, &[number(order)]),
        keyboard: vec![
            vec![l.button("button-refill", Callback::Refill { order })],
            vec![l.button("button-catalogue", Callback::Catalogue { page: 0 })],
            l.home(),
        ],
        photo: None,
    }
}

/// The title of an order's invoice.
pub fn invoice_title(l: &Localizer, order: PublicId) -> String {
    l.text("invoice-title", &[number(order)])
}

/// The description of an order's invoice: plain text of 1 to 255 characters.
pub fn invoice_description(l: &Localizer, order: &OrderView) -> String {
    let lines: Vec<String> = order
        .lines
        .iter()
        .map(|it| l.text("order-line", &line(l, it)))
        .collect();
    shortened(&lines.join(", "), DESCRIPTION)
}

fn held(l: &Localizer, order: &OrderView) -> [(&'static str, Arg); 4] {
    [
        number(order.id),
        ("lines", lines(l, order)),
        total(l, order),
        ("until", i18n::time(&l.zone, order.expires_at).into()),
    ]
}

pub(super) fn number(order: PublicId) -> (&'static str, Arg) {
    ("number", order.short().into())
}

fn lines(l: &Localizer, order: &OrderView) -> Arg {
    let mut lines: Vec<String> = order
        .lines
        .iter()
        .take(LINES)
        .map(|it| l.html("order-line", &line(l, it)))
        .collect();
    if order.lines.len() > LINES {
        lines.push("…".to_owned());
    }
    Arg::Html(lines.join("\n"))
}

fn line(l: &Localizer, line: &LineView) -> [(&'static str, Arg); 2] {
    let title = shortened(line.title.in_language(l.language), TITLE);
    [
        ("title", title.into()),
        ("quantity", i18n::number(l.language, line.quantity).into()),
    ]
}

fn total(l: &Localizer, order: &OrderView) -> (&'static str, Arg) {
    let paid = order.paid.map(|paid| l.money(paid));
    let total = paid.or_else(|| l.every_price(&order.total));
    sum(l, total.unwrap_or_else(|| "–".to_owned()))
}

fn sum(l: &Localizer, total: String) -> (&'static str, Arg) {
    (
        "total",
        Arg::Html(l.html("order-total", &[("total", total.into())])),
    )
}

fn state(l: &Localizer, state: State) -> String {
    let id = match state {
        State::Open => "order-state-open",
        State::Paid => "order-state-paid",
        State::Fulfilled => "order-state-fulfilled",
        State::Backorder => "order-state-backorder",
        State::Expired => "order-state-expired",
        State::Cancelled => "order-state-cancelled",
        State::Closed => "order-state-closed",
    };
    l.text(id, &[])
}

fn pay(l: &Localizer, order: PublicId, method: Method) -> Button {
    let id = match method {
        Method::Stars => "button-pay-stars",
        Method::TelegramCard => "button-pay-card",
    };
    l.button(id, Callback::Pay { order, method })
}

fn cancel(l: &Localizer, order: PublicId) -> Button {
    l.button("button-cancel-order", Callback::Cancel { order })
}
