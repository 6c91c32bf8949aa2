//! Screens: pure functions from data to text and buttons, so that each can be tested and looked at without Telegram.

mod account;
mod account_notices;
mod cart;
mod catalogue;
mod contacts;
mod delivery;
mod desk;
mod desk_pages;
mod menu;
mod notices;
mod orders;
mod registration;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

pub use self::account::{
    Page, Prompt, ask_phone, dont_share, go_on, not_your_phone, phone_by_button, phone_dismissed,
    phone_kept, privacy, profile,
};
pub use self::account_notices::{
    Login, confirmed_elsewhere, contact_confirmed, forgotten, logged_in, logged_out, password_set,
    vk_changed,
};
pub use self::cart::{
    ask_empty, capped, cart, cart_changed, limit, no_offer, put, repriced, short,
};
pub use self::catalogue::{Stock, catalogue, found, product, product_gone, sold_out};
pub use self::contacts::{
    Again, Note, ask_email, ask_email_again, ask_phone_again, ask_way, cabinet, code, code_unsent,
    confirmed, email_taken, email_unreachable, no_mails, phone_by_code, phone_taken,
};
pub use self::delivery::{Goods, delivery, delivery_again};
pub use self::desk::{
    DeskView, desk, desk_commands, desk_welcome, link_ended, link_unknown, link_used, news,
    task_kind, task_means,
};
pub use self::desk_pages::{
    KeysProblem, desk_not_allowed, keys_added, keys_dropped, keys_preview, keys_problem,
    keys_wanted, recent_orders, stock, task, task_ask, task_done, task_gone, task_waits, tasks,
};
pub use self::menu::{
    COMMANDS, category_gone, commands, forged, gone, help, language, language_chosen, menu,
    not_understood, not_yours, nothing_to_cancel, paysupport, stale, support, terms, trouble,
    unknown_command,
};
pub use self::notices::{backorder, refunded, refusal, returned, shop_busy};
pub use self::orders::{
    cancelled, cant_cancel, expired, invoice_description, invoice_refused, invoice_title, keys,
    method, order, orders, payment,
};
pub use self::registration::{answers, ask_consent, ask_name, not_a_name};
use super::callback::Callback;
use crate::i18n::{self, Arg, Zone};
use crate::shop::money::{Currency, Money, Prices};
use crate::shop::texts::Language;

/// How a screen speaks.
#[derive(Clone, Debug)]
pub struct Localizer {
    /// Its language.
    pub language: Language,
    /// The shop's time zone.
    pub zone: Zone,
    /// What can be paid in, in the order of the ways to pay: prices are shown in these.
    pub currencies: Vec<Currency>,
}

/// A message: what it says and the buttons under it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Screen {
    /// HTML.
    pub html: String,
    /// Rows of buttons.
    pub keyboard: Vec<Vec<Button>>,
    /// The row of the picture above the text, which then takes no more than [`CAPTION`] letters.
    pub photo: Option<i64>,
}

/// Telegram's limit for the words under a photo, in UTF-16 code units, as it counts.
pub const CAPTION: usize = 1_024;

/// A button and what a tap on it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// Its label.
    pub text: String,
    /// What it asks for.
    pub callback: Callback,
}

impl Screen {
    /// The buttons in Telegram's JSON; `None` without any.
    pub fn reply_markup(&self) -> Option<Box<RawValue>> {
        #[derive(Serialize)]
        struct Markup<'a> {
            inline_keyboard: Vec<Vec<Key<'a>>>,
        }
        #[derive(Serialize)]
        struct Key<'a> {
            text: &'a str,
            callback_data: String,
        }
        if self.keyboard.is_empty() {
            return None;
        }
        let key = |button: &'_ Button| button.callback.encode();
        let rows = self.keyboard.iter().map(|row| {
            row.iter()
                .map(|button| Key {
                    text: &button.text,
                    callback_data: key(button),
                })
                .collect()
        });
        let markup = Markup {
            inline_keyboard: rows.collect(),
        };
        // Texts in a list are always JSON.
        to_raw_value(&markup).ok()
    }
}

impl Localizer {
    /// For words without prices and times.
    pub fn plain_words(language: Language) -> Self {
        Self {
            language,
            zone: Zone::UTC,
            currencies: Vec::new(),
        }
    }

    fn text(&self, id: &str, args: &[(&'static str, Arg)]) -> String {
        i18n::text(self.language, id, args)
    }

    fn html(&self, id: &str, args: &[(&'static str, Arg)]) -> String {
        i18n::html(self.language, id, args)
    }

    fn button(&self, id: &str, callback: Callback) -> Button {
        Button {
            text: self.text(id, &[]),
            callback,
        }
    }

    fn money(&self, money: Money) -> String {
        i18n::money(self.language, money)
    }

    /// The price that customers see first: in what the shop's first way to pay takes. Without any price there is none
    /// to show.
    fn price(&self, prices: &Prices) -> Option<String> {
        self.shown(prices).map(|money| self.amount(money))
    }

    /// The price in everything that it can be paid in.
    fn every_price(&self, prices: &Prices) -> Option<String> {
        let payable = self.currencies.iter().filter_map(|currency| {
            let money = prices.iter().find(|money| money.currency == *currency)?;
            Some(self.amount(money))
        });
        let payable: Vec<String> = payable.collect();
        if payable.is_empty() {
            return self.price(prices);
        }
        Some(payable.join(" · "))
    }

    fn shown(&self, prices: &Prices) -> Option<Money> {
        let in_currency = |currency: &Currency| prices.iter().find(|it| it.currency == *currency);
        let payable = self.currencies.iter().find_map(in_currency);
        payable.or_else(|| prices.iter().next())
    }

    /// An amount in the customer's language; nothing is free.
    fn amount(&self, money: Money) -> String {
        if money.minor == 0 {
            self.text("product-free", &[])
        } else {
            self.money(money)
        }
    }

    /// The row that leads home.
    fn home(&self) -> Vec<Button> {
        vec![self.button("button-menu", Callback::Menu)]
    }

    /// A text without arguments over some buttons.
    fn plain(&self, id: &str, keyboard: Vec<Vec<Button>>) -> Screen {
        Screen {
            html: self.html(id, &[]),
            keyboard,
            photo: None,
        }
    }
}

/// At most `most` characters of a text, the last of them an ellipsis if something was cut off.
fn shortened(text: &str, most: usize) -> String {
    let text = text.trim();
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}
