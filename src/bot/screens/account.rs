//! The customer's own page, and the question for a phone number.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{Button, Localizer, Screen, shortened};
use crate::bot::callback::{Callback, Own};
use crate::i18n::{Arg, date_time};
use crate::shop::confirmations::look::Pending;
use crate::shop::customers::consents::Matter;
use crate::shop::customers::profile::Profile;

/// A name's share of the page, in characters.
const NAME: usize = 128;
/// A number's or an address's share of a label.
const TARGET: usize = 40;

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

/// What the customer's own page shows.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// What the shop knows of them.
    pub profile: &'a Profile,
    /// Numbers and addresses that wait for their code.
    pub pending: &'a [Pending],
    /// Whether an e-mail address can be confirmed.
    pub asks_email: bool,
    /// Whether a link opens the cabinet.
    pub opens_cabinet: bool,
    /// Whether a VK account is linked; `None` where none can be.
    pub links_vk: Option<bool>,
}

/// What the shop knows of the customer.
pub fn profile(l: &Localizer, page: &Page<'_>) -> Screen {
    let profile = page.profile;
    let name = profile.calls_themselves();
    let name = if name.trim().is_empty() {
        Arg::Html(l.html("profile-nameless", &[]))
    } else {
        shortened(name, NAME).into()
    };
    let or_none = |value: &Option<String>, none: &str| match value {
        Some(value) => Arg::from(value.as_str()),
        None => Arg::Html(l.html(none, &[])),
    };
    let args = [
        ("name", name),
        ("phone", or_none(&profile.phone, "profile-no-phone")),
        ("email", or_none(&profile.email, "profile-no-email")),
        ("language", Arg::Html(l.html("language-name", &[]))),
    ];
    let change_name = l.button("button-change-name", Callback::Own(Own::AskName));
    let mut keyboard = vec![vec![change_name]];
    keyboard.push(if profile.phone.is_some() {
        vec![
            l.button("button-change-phone", Callback::AskPhone),
            l.button("button-forget-phone", Callback::ForgetPhone),
        ]
    } else {
        vec![l.button("button-share-phone", Callback::AskPhone)]
    });
    let ask_email = |id| l.button(id, Callback::Own(Own::AskEmail));
    let forget_email = l.button("button-forget-email", Callback::Own(Own::ForgetEmail));
    match (&profile.email, page.asks_email) {
        (Some(_), true) => keyboard.push(vec![ask_email("button-change-email"), forget_email]),
        (Some(_), false) => keyboard.push(vec![forget_email]),
        (None, true) => keyboard.push(vec![ask_email("button-add-email")]),
        (None, false) => {}
    }
    for pending in page.pending {
        let to = shortened(&pending.target, TARGET);
        keyboard.push(vec![Button {
            text: l.text("button-enter-code", &[("to", to.into())]),
            callback: Callback::Own(Own::Code { id: pending.id }),
        }]);
    }
    if let Some(is_linked) = page.links_vk {
        let label = if is_linked {
            "button-vk"
        } else {
            "button-link-vk"
        };
        keyboard.push(vec![l.button(label, Callback::Own(Own::Vk))]);
    }
    if page.opens_cabinet {
        keyboard.push(vec![
            l.button("button-cabinet", Callback::Own(Own::Cabinet)),
        ]);
    }
    keyboard.push(vec![
        l.button("button-language", Callback::Language { code: None }),
        l.button("button-orders", Callback::Orders { page: 0 }),
    ]);
    keyboard.push(l.home());
    let mut html = l.html("profile", &args);
    if let Some(is_linked) = page.links_vk {
        let id = if is_linked {
            "profile-vk-linked"
        } else {
            "profile-vk-none"
        };
        html.push('\n');
        html.push_str(&l.html(id, &[]));
    }
    for consent in &profile.consents {
        let id = match consent.matter {
            Matter::Terms => "profile-terms",
            Matter::Privacy => "profile-privacy",
        };
        let at = date_time(l.language, &l.zone, consent.at);
        let version = Arg::from(consent.version.as_str());
        html.push('\n');
        html.push_str(&l.html(id, &[("at", at.into()), ("version", version)]));
    }
    Screen {
        html,
        keyboard,
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

/// Asks for the customer's phone number. `waits`: a purchase goes on with it. `by_code`: it may be typed, and a code proves
/// it.
pub fn ask_phone(l: &Localizer, waits: bool, by_code: bool) -> Prompt {
    let id = if waits {
        "phone-for-order"
    } else {
        "phone-ask"
    };
    let mut html = l.html(id, &[]);
    if by_code {
        html.push_str("\n\n");
        html.push_str(&l.html("phone-or-type", &[]));
    }
    sharing(l, html)
}

/// Somebody else's number, or one that was sent on: only their own will do.
pub fn not_your_phone(l: &Localizer) -> Prompt {
    sharing(l, l.html("phone-not-yours", &[]))
}

/// Words came where a number was asked for.
pub fn phone_by_button(l: &Localizer) -> Prompt {
    sharing(l, l.html("phone-by-button", &[]))
}

pub(super) fn sharing(l: &Localizer, html: String) -> Prompt {
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
        html,
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

pub(super) fn without_buttons(l: &Localizer, id: &str) -> Prompt {
    without_buttons_of(l, id, &[])
}

/// The same with what stands in the text.
pub(super) fn without_buttons_of(l: &Localizer, id: &str, args: &[(&'static str, Arg)]) -> Prompt {
    let gone = Gone {
        remove_keyboard: true,
    };
    Prompt {
        html: l.html(id, args),
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
