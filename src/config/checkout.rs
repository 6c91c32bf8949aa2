//! How orders are paid, and what a customer must have given before.

use std::time::Duration;

use super::reader::{Noted, Reader};
use crate::shop::payments::Method;

/// How orders are paid.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// In the order of the buttons.
    pub methods: Vec<Method>,
    /// What a customer must have given before.
    pub require: Vec<Contact>,
    /// So long an open order holds its keys.
    pub hold: Duration,
    /// A customer's open orders at the same time, at most.
    pub most_open: i64,
    /// The keys that a customer's open orders hold together, at most.
    pub most_held: i64,
}

/// What a customer may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    /// A confirmed phone number.
    Phone,
    /// A confirmed e-mail address.
    Email,
    /// What they call themselves.
    Name,
    /// Their consent to the terms of sale.
    Terms,
    /// Their consent to how their data is handled.
    Privacy,
}

impl Checkout {
    pub(super) fn read(from: &mut Reader) -> Result<Self, Noted> {
        const LATER: Result<Method, &str> = Err("this version takes Stars and cards by Telegram");
        let methods = from.choices(
            "checkout.methods",
            &[
                ("stars", Ok(Method::Stars)),
                ("telegram-card", Ok(Method::TelegramCard)),
                ("yookassa", LATER),
                ("yandex-pay", LATER),
                ("crypto-pay", LATER),
            ],
        );
        let require = from.choices(
            "checkout.require",
            &[
                ("phone", Ok(Contact::Phone)),
                ("email", Ok(Contact::Email)),
                ("name", Ok(Contact::Name)),
                ("terms", Ok(Contact::Terms)),
                ("privacy", Ok(Contact::Privacy)),
            ],
        );
        let minutes = from.whole("checkout.hold_minutes", 1..=1_440);
        let most_open = from.whole("checkout.max_open_orders", 1..=100);
        let most_held = from.whole("checkout.max_held_keys", 1..=1_000);
        let methods = from.at_least_one("checkout.methods", methods?);
        Ok(Self {
            methods: methods?,
            require: require?,
            hold: Duration::from_mins(minutes? as u64),
            most_open: most_open?,
            most_held: most_held?,
        })
    }
}
