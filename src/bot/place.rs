//! Where a customer is: the screen that their chat shows. Kept as the chat's dialogue, so that a screen that a crash
//! swallowed can be drawn again.

use serde::{Deserialize, Serialize};

use crate::store::PublicId;

/// A screen by what it needs to be drawn again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Place {
    /// The main menu.
    #[default]
    Menu,
    /// A page of the catalogue, from 0.
    Catalogue {
        /// The page.
        page: u16,
    },
    /// A page of a category, from 0.
    Category {
        /// The category.
        slug: String,
        /// The page.
        page: u16,
    },
    /// A page of what was found, from 0.
    Search {
        /// What the customer wrote.
        query: String,
        /// The page.
        page: u16,
    },
    /// A product's card.
    Product {
        /// The product.
        slug: String,
        /// The shelf that it was opened from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Box<Place>>,
    },
    /// An order.
    Order {
        /// Its name.
        id: PublicId,
    },
    /// The cart.
    Cart,
    /// The customer's own page.
    Profile,
    /// The question for a phone number.
    Phone {
        /// The code of the button that asked for something else, which goes on after the answer.
        then: Option<String>,
    },
    /// The question by what the code shall come that proves a number.
    PhoneWay {
        /// The number, with its `+`.
        number: String,
        /// The same.
        then: Option<String>,
    },
    /// The question for an e-mail address.
    Email {
        /// The same.
        then: Option<String>,
    },
    /// The question for the code that proves a number or an address.
    Code {
        /// The confirmation.
        id: PublicId,
        /// The same.
        then: Option<String>,
    },
    /// The question what to call the customer.
    Name {
        /// The same.
        then: Option<String>,
    },
    /// Registering: the next question, or the button that goes on.
    GoOn {
        /// The button's code.
        then: String,
    },
    /// A page of the customer's orders, from 0.
    Orders {
        /// The page.
        page: u16,
    },
    /// A page of the customer's keys, from 0.
    Keys {
        /// The page.
        page: u16,
    },
    /// The choice of languages.
    Language,
    /// The staff desk.
    Desk,
    /// The staff desk, waiting for keys of a product.
    DeskKeys {
        /// The product.
        slug: String,
    },
}

impl Place {
    /// The shelf of the catalogue that this is, or that the way back leads to.
    pub fn shelf(self) -> Option<Place> {
        match self {
            Place::Catalogue { .. } | Place::Category { .. } | Place::Search { .. } => Some(self),
            Place::Product { from, .. } => from.and_then(|from| from.shelf()),
            Place::Menu
            | Place::Order { .. }
            | Place::Orders { .. }
            | Place::Keys { .. }
            | Place::Cart
            | Place::Profile
            | Place::Phone { .. }
            | Place::PhoneWay { .. }
            | Place::Email { .. }
            | Place::Code { .. }
            | Place::Name { .. }
            | Place::GoOn { .. }
            | Place::Desk
            | Place::DeskKeys { .. }
            | Place::Language => None,
        }
    }

    /// The code of the button that waits for the answer here, if one does.
    pub fn then(&self) -> Option<String> {
        match self {
            Place::Phone { then }
            | Place::PhoneWay { then, .. }
            | Place::Email { then }
            | Place::Name { then }
            | Place::Code { then, .. } => then.clone(),
            Place::GoOn { then } => Some(then.clone()),
            _ => None,
        }
    }

    /// The place that a dialogue's text names; the menu if it names none (any more).
    pub fn read(dialogue: Option<&str>) -> Self {
        dialogue
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }

    /// The dialogue's text; `None` for the menu, where a chat begins.
    pub fn write(&self) -> Option<String> {
        (*self != Place::Menu)
            .then(|| serde_json::to_string(self).ok())
            .flatten()
    }
}
