//! What somebody did with the customer's account on the web, told in the chat, with what to do if it was not the customer.

use super::account::{Prompt, without_buttons_of};
use super::{Button, Localizer, Screen};
use crate::bot::callback::{Callback, Own};
use crate::clock::Millis;
use crate::i18n::{Arg, date_time, devices};
use crate::shop::access::Way;
use crate::shop::confirmations::Channel;
use crate::store::PublicId;

/// A login, for its notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The session that it began.
    pub session: PublicId,
    /// When.
    pub at: Millis,
    /// By which way, if this version knows it.
    pub way: Option<Way>,
    /// With what. Empty where that is not known.
    pub with: String,
    /// From where on the network. Empty where that is not known.
    pub from: String,
}

/// Somebody has logged in. By the chat's own link the notice is short: mostly it was who asked for the link a moment ago.
pub fn logged_in(l: &Localizer, login: &Login) -> Screen {
    let is_by_link = login.way == Some(Way::Link);
    let mut lines = vec![l.html(
        if is_by_link {
            "login-notice-link"
        } else {
            "login-notice"
        },
        &[],
    )];
    let knows_more = !is_by_link || !login.with.is_empty() || !login.from.is_empty();
    if knows_more {
        lines.push(String::new());
    }
    if !is_by_link {
        let at = date_time(l.language, &l.zone, login.at);
        lines.push(l.html("login-notice-at", &[("at", at.into())]));
        if let Some(way) = login.way {
            let way = Arg::Html(l.html(devices::way(way), &[]));
            lines.push(l.html("login-notice-way", &[("way", way)]));
        }
    }
    for (id, value) in [
        ("login-notice-with", &login.with),
        ("login-notice-from", &login.from),
    ] {
        if !value.is_empty() {
            lines.push(l.html(id, &[("value", value.as_str().into())]));
        }
    }
    lines.push(String::new());
    lines.push(l.html("login-notice-not-you", &[]));
    let session = login.session;
    Screen {
        html: lines.join("\n"),
        keyboard: vec![
            vec![l.button(
                "button-end-session",
                Callback::Own(Own::EndSession { id: session }),
            )],
            vec![everywhere(l)],
        ],
        photo: None,
    }
}

/// The password was set, changed or replaced.
pub fn password_set(l: &Localizer, at: Millis) -> Screen {
    let at = date_time(l.language, &l.zone, at);
    notice(l, "password-notice", &[("at", at.into())])
}

/// A number or an address was confirmed on a page, and the chat did not wait for it.
pub fn contact_confirmed(l: &Localizer, channel: Channel, target: &str, at: Millis) -> Screen {
    let id = match channel {
        Channel::Phone => "phone-confirmed-notice",
        Channel::Email => "email-confirmed-notice",
    };
    let at = date_time(l.language, &l.zone, at);
    notice(l, id, &[("target", target.into()), ("at", at.into())])
}

/// A number or an address was forgotten on a page.
pub fn forgotten(l: &Localizer, channel: Channel, at: Millis) -> Screen {
    let id = match channel {
        Channel::Phone => "phone-forgotten-notice",
        Channel::Email => "email-forgotten-notice",
    };
    let at = date_time(l.language, &l.zone, at);
    notice(l, id, &[("at", at.into())])
}

/// A VK account was linked, or is linked no more.
pub fn vk_changed(l: &Localizer, is_linked: bool) -> Screen {
    let id = if is_linked {
        "vk-was-linked"
    } else {
        "vk-was-unlinked"
    };
    notice(l, id, &[])
}

/// What the chat waited for was confirmed on a page. Buttons below the chat, which asked for it, go away.
pub fn confirmed_elsewhere(l: &Localizer, target: &str) -> Prompt {
    without_buttons_of(l, "confirmed-elsewhere", &[("target", target.into())])
}

/// Sessions of the cabinet are ended: one, or all.
pub fn logged_out(l: &Localizer, all: bool, opens_cabinet: bool) -> Screen {
    let id = if all {
        "logged-out-everywhere"
    } else {
        "logged-out-there"
    };
    let mut keyboard = Vec::new();
    if !all {
        keyboard.push(vec![everywhere(l)]);
    }
    if opens_cabinet {
        keyboard.push(vec![
            l.button("button-cabinet", Callback::Own(Own::Cabinet)),
        ]);
    }
    keyboard.push(l.home());
    l.plain(id, keyboard)
}

fn notice(l: &Localizer, id: &str, args: &[(&'static str, Arg)]) -> Screen {
    Screen {
        html: l.html(id, args),
        keyboard: vec![
            vec![l.button("button-profile", Callback::Profile)],
            vec![everywhere(l)],
        ],
        photo: None,
    }
}

fn everywhere(l: &Localizer) -> Button {
    l.button("button-end-sessions", Callback::Own(Own::EndSessions))
}
