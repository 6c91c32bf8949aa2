//! Words about money that took another way than planned, and about payments that are refused beforehand.

use super::orders::number;
use super::{Localizer, Screen};
use crate::bot::callback::Callback;
use crate::shop::letters::Misfit;
use crate::shop::money::Money;
use crate::shop::orders::approve::Reason;
use crate::store::PublicId;

/// Paid, but sold out by then. `refunded`: the money goes back by itself; otherwise staff work on it.
pub fn backorder(l: &Localizer, order: PublicId, refunded: bool) -> Screen {
    let id = if refunded {
        "notice-backorder-refunded"
    } else {
        "notice-backorder"
    };
    Screen {
        html: l.html(id, &[number(order)]),
        keyboard: to_order(l, order),
        photo: None,
    }
}

/// Money that did not fit its order goes back.
pub fn returned(l: &Localizer, order: PublicId, money: Money, why: Misfit) -> Screen {
    let id = match why {
        Misfit::Excess => "notice-excess",
        Misfit::Short => "notice-short",
        Misfit::WrongCurrency => "notice-wrong-currency",
    };
    Screen {
        html: l.html(id, &[number(order), ("amount", l.money(money).into())]),
        keyboard: to_order(l, order),
        photo: None,
    }
}

/// All the money of an order went back.
pub fn refunded(l: &Localizer, order: PublicId, money: Money) -> Screen {
    let args = [number(order), ("amount", l.money(money).into())];
    Screen {
        html: l.html("notice-refunded", &args),
        keyboard: to_order(l, order),
        photo: None,
    }
}

fn to_order(l: &Localizer, order: PublicId) -> Vec<Vec<super::Button>> {
    vec![
        vec![l.button("button-order-open", Callback::Order { id: order })],
        l.home(),
    ]
}

/// Why a payment is refused before it is made: plain text that Telegram shows.
pub fn refusal(l: &Localizer, reason: Reason) -> String {
    let id = match reason {
        Reason::Unknown => "refuse-unknown",
        Reason::NotYours => "refuse-not-yours",
        Reason::Changed => "refuse-changed",
        Reason::Expired => "refuse-expired",
        Reason::Cancelled => "refuse-cancelled",
        Reason::Paid => "refuse-paid",
        Reason::BeingPaid => "refuse-being-paid",
    };
    l.text(id, &[])
}

/// The refusal for a shop that can't answer right now.
pub fn shop_busy(l: &Localizer) -> String {
    l.text("refuse-busy", &[])
}
