//! The main menu, help, and answers to what nobody can do anything with.

use super::{Button, Localizer, Screen};
use crate::bot::callback::Callback;
use crate::i18n::Arg;
use crate::shop::texts::Language;

/// The customer's commands with the ids of their descriptions, in the order of the menu.
pub const COMMANDS: [(&str, &str); 13] = [
    ("menu", "command-menu"),
    ("catalog", "command-catalog"),
    ("cart", "command-cart"),
    ("orders", "command-orders"),
    ("keys", "command-keys"),
    ("profile", "command-profile"),
    ("help", "command-help"),
    ("language", "command-language"),
    ("support", "command-support"),
    ("paysupport", "command-paysupport"),
    ("terms", "command-terms"),
    ("privacy", "command-privacy"),
    ("start", "command-start"),
];

/// The customer's commands with their descriptions.
pub fn commands(l: &Localizer) -> Vec<(&'static str, String)> {
    COMMANDS
        .iter()
        .map(|(command, id)| (*command, l.text(id, &[])))
        .collect()
}

/// The main menu. Without a greeting of the seller's, ours stands in.
pub fn menu(l: &Localizer, shop: &str, greeting: Option<&str>) -> Screen {
    let greeting = match greeting {
        Some(greeting) => Arg::from(greeting),
        None => Arg::Html(l.html("menu-greeting", &[])),
    };
    Screen {
        html: l.html("menu", &[("shop", shop.into()), ("greeting", greeting)]),
        keyboard: vec![
            vec![
                l.button("button-catalogue", Callback::Catalogue { page: 0 }),
                l.button("button-cart", Callback::Cart),
            ],
            vec![
                l.button("button-orders", Callback::Orders { page: 0 }),
                l.button("button-keys", Callback::Keys { page: 0 }),
            ],
            vec![
                l.button("button-profile", Callback::Profile),
                l.button("button-help", Callback::Help),
            ],
        ],
    }
}

/// How it works.
pub fn help(l: &Localizer) -> Screen {
    l.plain("help", vec![l.home()])
}

/// Whom to talk to.
pub fn support(l: &Localizer, contact: Option<&str>) -> Screen {
    Screen {
        html: l.html("support", &[("contact", contact_of(l, contact))]),
        keyboard: vec![l.home()],
    }
}

/// Whom to ask about a payment: Telegram wants every shop to answer this command.
pub fn paysupport(l: &Localizer, contact: Option<&str>) -> Screen {
    Screen {
        html: l.html("paysupport", &[("contact", contact_of(l, contact))]),
        keyboard: vec![
            vec![l.button("button-orders", Callback::Orders { page: 0 })],
            l.home(),
        ],
    }
}

fn contact_of(l: &Localizer, contact: Option<&str>) -> Arg {
    match contact {
        Some(contact) => contact.into(),
        None => Arg::Html(l.html("support-nobody", &[])),
    }
}

/// The terms of sale: the seller's, or the plainest ones.
pub fn terms(l: &Localizer, terms: Option<&str>) -> Screen {
    let terms = match terms {
        Some(terms) => Arg::from(terms),
        None => Arg::Html(l.html("terms-none", &[])),
    };
    Screen {
        html: l.html("terms", &[("terms", terms)]),
        keyboard: vec![l.home()],
    }
}

/// The choice of languages, each in its own words.
pub fn language(l: &Localizer) -> Screen {
    let choose = |text: &str, code| Button {
        text: text.to_owned(),
        callback: Callback::Language { code: Some(code) },
    };
    l.plain(
        "language-choice",
        vec![
            vec![
                choose("English", Language::En),
                choose("Русский", Language::Ru),
            ],
            l.home(),
        ],
    )
}

/// The toast after a choice, in the chosen language.
pub fn language_chosen(l: &Localizer) -> String {
    l.text("language-chosen", &[])
}

/// A command that does not exist.
pub fn unknown_command(l: &Localizer) -> Screen {
    l.plain("unknown-command", vec![l.home()])
}

/// A sticker, a photo, a text that answers nothing.
pub fn not_understood(l: &Localizer) -> Screen {
    l.plain("not-understood", vec![l.home()])
}

/// Something broke while an update was handled.
pub fn trouble(l: &Localizer) -> Screen {
    l.plain("trouble", vec![l.home()])
}

/// `/cancel` with nothing under way.
pub fn nothing_to_cancel(l: &Localizer) -> Screen {
    l.plain("cancelled-nothing", vec![l.home()])
}

/// The toast for a button of an older version.
pub fn stale(l: &Localizer) -> String {
    l.text("toast-stale", &[])
}

/// The toast for a button that nobody has drawn.
pub fn forged(l: &Localizer) -> String {
    l.text("toast-forged", &[])
}

/// The toast for an order that is not the customer's.
pub fn not_yours(l: &Localizer) -> String {
    l.text("toast-not-yours", &[])
}

/// The toast for a category that is gone, or has nothing for sale in it by now.
pub fn category_gone(l: &Localizer) -> String {
    l.text("toast-category-gone", &[])
}

/// The toast for a product that is no longer shown.
pub fn gone(l: &Localizer) -> String {
    l.text("toast-gone", &[])
}
