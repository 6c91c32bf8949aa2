//! The customer's own page, and the question for a phone number.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{Button, Localizer, Screen, shortened};
use crate::bot::callback::Callback;
use crate::i18n::Arg;

/// A name's share of the page, in characters.
const NAME: usize = 128;

/// A message that changes the buttons below the chat: such buttons can't be edited into a message.
#[derive(Debug)]
pub struct Prompt {
    /// HTML.
    pub html: String,
    /// Telegram's JSON.
    pub markup: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Below<'a> {
    keyboard: [[Key<'a>; 1]; 2],
    resize_keyboard: bool,
    one_time_keyboard: bool,
}

#[derive(Serialize)]
struct Key<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    request_contact: bool,
}

#[derive(Serialize)]
struct Gone {
    remove_keyboard: bool,
}

/// What the shop knows of the customer.
pub fn profile(l: &Localizer, name: &str, phone: Option<&str>) -> Screen {
    let name = if name.trim().is_empty() {
        Arg::Html(l.html("profile-nameless", &[]))
    } else {
        shortened(name, NAME).into()
    };
    let (phone, ask) = match phone {
        Some(phone) => (
            phone.into(),
            vec![
                l.button("button-change-phone", Callback::AskPhone),
                l.button("button-forget-phone", Callback::ForgetPhone),
            ],
        ),
        None => (
            Arg::Html(l.html("profile-no-phone", &[])),
            vec![l.button("button-share-phone", Callback::AskPhone)],
        ),
    };
    let language = Arg::Html(l.html("language-name", &[]));
    let args = [("name", name), ("phone", phone), ("language", language)];
    Screen {
        html: l.html("profile", &args),
        keyboard: vec![
            ask,
            vec![
                l.button("button-language", Callback::Language { code: None }),
                l.button("button-orders", Callback::Orders { page: 0 }),
            ],
            l.home(),
        ],
        photo: None,
    }
}

/// What becomes of customers' data: the seller's words, or the plainest ones.
pub fn privacy(l: &Localizer, privacy: Option<&str>) -> Screen {
    let privacy = match privacy {
        Some(privacy) => Arg::from(privacy),
        None => Arg::Html(l.html("privacy-none", &[])),
    };
    Screen {
        html: l.html("privacy", &[("privacy", privacy)]),
        keyboard: vec![l.home()],
        photo: None,
    }
}

/// Asks for the customer's phone number. `waits`: a purchase goes on with it.
pub fn ask_phone(l: &Localizer, waits: bool) -> Prompt {
    let id = if waits {
        "phone-for-order"
    } else {
        "phone-ask"
    };
    sharing(l, id)
}

/// Somebody else's number, or one that was sent on: only their own will do.
pub fn not_your_phone(l: &Localizer) -> Prompt {
    sharing(l, "phone-not-yours")
}

/// Words came where a number was asked for.
pub fn phone_by_button(l: &Localizer) -> Prompt {
    sharing(l, "phone-by-button")
}

fn sharing(l: &Localizer, id: &str) -> Prompt {
    let (share, dont) = (l.text("button-share-phone", &[]), dont_share(l));
    let below = Below {
        keyboard: [
            [Key {
                text: &share,
                request_contact: true,
            }],
            [Key {
                text: &dont,
                request_contact: false,
            }],
        ],
        resize_keyboard: true,
        one_time_keyboard: true,
    };
    Prompt {
        html: l.html(id, &[]),
        // Texts are always JSON.
        markup: to_raw_value(&below).ok(),
    }
}

/// The label of the way out of the question, which comes back as a message.
pub fn dont_share(l: &Localizer) -> String {
    l.text("button-dont-share", &[])
}

/// The number is kept.
pub fn phone_kept(l: &Localizer) -> Prompt {
    without_buttons(l, "phone-kept")
}

/// The question is left unanswered.
pub fn phone_dismissed(l: &Localizer) -> Prompt {
    without_buttons(l, "phone-dismissed")
}

fn without_buttons(l: &Localizer, id: &str) -> Prompt {
    let gone = Gone {
        remove_keyboard: true,
    };
    Prompt {
        html: l.html(id, &[]),
        // A flag is always JSON.
        markup: to_raw_value(&gone).ok(),
    }
}

/// What waited for the number goes on by this button.
pub fn go_on(l: &Localizer, wish: Callback) -> Screen {
    let go_on = Button {
        text: l.text("button-go-on", &[]),
        callback: wish,
    };
    l.plain("phone-go-on", vec![vec![go_on], l.home()])
}
