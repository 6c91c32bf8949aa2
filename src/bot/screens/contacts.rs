//! The questions for an e-mail address and for the code that proves an address or a number.

use std::time::Duration;

use super::account::{Prompt, sharing, without_buttons};
use super::{Button, Localizer, Screen};
use crate::bot::callback::{Callback, Own};
use crate::i18n::Arg;
use crate::shop::confirmations::Channel;
use crate::shop::confirmations::look::Pending;
use crate::shop::confirmations::resend::Choice;
use crate::shop::confirmations::senders::Messenger;

/// How the question for a code stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// A code is on its way.
    Sent,
    /// Another one is on its way.
    Another,
    /// It was on its way some time ago.
    Waits,
    /// What was typed is no code.
    NoCode,
    /// It is another code.
    Wrong {
        /// Tries that are left.
        left: i64,
    },
    /// The code is too old.
    Expired,
    /// There were too many wrong ones.
    Locked,
    /// Another one was asked for too soon, and the last one is good.
    Wait(Duration),
    /// Another one was asked for too soon, and the last one is good no more.
    WaitNew(Duration),
    /// There were too many.
    TooMany(Duration),
}

/// Why an address or a number is asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It is none.
    NotOne,
    /// A code for it went out just now, and is good no more.
    WaitNew(Duration),
    /// There were too many codes.
    TooMany(Duration),
}

/// Asks for an e-mail address. `waits`: a purchase goes on with it.
pub fn ask_email(l: &Localizer, waits: bool) -> Screen {
    let id = if waits {
        "email-for-order"
    } else {
        "email-ask"
    };
    l.plain(id, vec![leave(l, waits)])
}

/// Asks for an e-mail address again.
pub fn ask_email_again(l: &Localizer, why: Again, waits: bool) -> Screen {
    let html = match why {
        Again::NotOne => l.html("email-not-one", &[]),
        Again::WaitNew(wait) => later(l, "code-wait-new", wait),
        Again::TooMany(wait) => too_many(l, wait),
    };
    Screen {
        html,
        keyboard: vec![leave(l, waits)],
        photo: None,
    }
}

/// This shop sends no mails, and so can't confirm an address.
pub fn no_mails(l: &Localizer) -> Screen {
    l.plain("email-nobody", vec![l.home()])
}

/// Asks for a number again, where one can be typed too.
pub fn ask_phone_again(l: &Localizer, why: Again) -> Prompt {
    let html = match why {
        Again::NotOne => l.html("phone-not-one", &[]),
        Again::WaitNew(wait) => later(l, "code-wait-new", wait),
        Again::TooMany(wait) => too_many(l, wait),
    };
    sharing(l, html)
}

/// The buttons below the chat go away: the number is proved by a code.
pub fn phone_by_code(l: &Localizer) -> Prompt {
    without_buttons(l, "phone-by-code")
}

/// By what the code for a number shall come: whichever is first, so that one tap is enough. `waits`: a purchase goes on
/// with it.
pub fn ask_way(l: &Localizer, number: &str, open: &[Messenger], waits: bool) -> Screen {
    let any = Callback::Own(Own::SendBy { by: Choice::Any });
    let mut keyboard = vec![vec![l.button("button-way-any", any)]];
    let by = open.iter().map(|messenger| {
        let by = Choice::By(*messenger);
        by_button(l, "button-way", *messenger, Own::SendBy { by })
    });
    keyboard.push(by.collect());
    keyboard.push(vec![
        l.button("button-change-phone", Callback::AskPhone),
        leave(l, waits).remove(0),
    ]);
    Screen {
        html: l.html("phone-way", &[("to", number.into())]),
        keyboard,
        photo: None,
    }
}

fn messenger(l: &Localizer, messenger: Messenger) -> Arg {
    let id = match messenger {
        Messenger::Telegram => "messenger-telegram",
        Messenger::Whatsapp => "messenger-whatsapp",
        Messenger::Vk => "messenger-vk",
        Messenger::Log => "messenger-log",
    };
    l.text(id, &[]).into()
}

fn by_button(l: &Localizer, id: &str, by: Messenger, own: Own) -> Button {
    Button {
        text: l.text(id, &[("name", messenger(l, by))]),
        callback: Callback::Own(own),
    }
}

/// Buttons for another code by something else than the one before, where there is a choice.
fn others(l: &Localizer, pending: &Pending, open: &[Messenger]) -> Vec<Button> {
    if pending.channel == Channel::Email || open.len() < 2 {
        return Vec::new();
    }
    let id = pending.id;
    let others = open.iter().filter(|it| pending.by != Some(**it));
    let mut row: Vec<Button> = others
        .map(|messenger| {
            let by = Choice::By(*messenger);
            by_button(l, "button-resend-by", *messenger, Own::ResendBy { id, by })
        })
        .collect();
    if pending.by.is_some() {
        let any = Callback::Own(Own::ResendBy {
            id,
            by: Choice::Any,
        });
        row.push(l.button("button-resend-any", any));
    }
    row
}

/// Asks for the code of a confirmation. `has_link`: its mail has a link, too. `open`: by what codes come to phones.
pub fn code(
    l: &Localizer,
    pending: &Pending,
    note: Note,
    has_link: bool,
    open: &[Messenger],
) -> Screen {
    let to = || [("to", Arg::from(pending.target.as_str()))];
    let on_its_way = match (pending.channel, has_link) {
        (Channel::Phone, _) => "code-phone",
        (Channel::Email, true) => "code-email-link",
        (Channel::Email, false) => "code-email",
    };
    let mut html = match note {
        Note::Sent | Note::Waits => l.html(on_its_way, &to()),
        Note::Another => l.html("code-another", &to()),
        Note::NoCode => l.html("code-none", &to()),
        Note::Wrong { left } => {
            let [to] = to();
            l.html("code-wrong", &[to, ("left", left.into())])
        }
        Note::Expired => l.html("code-expired", &to()),
        Note::Locked => l.html("code-locked", &to()),
        Note::Wait(wait) => later(l, "code-wait", wait),
        Note::WaitNew(wait) => later(l, "code-wait-new", wait),
        Note::TooMany(wait) => too_many(l, wait),
    };
    let is_on_its_way = matches!(note, Note::Sent | Note::Waits | Note::Another);
    if let Some(by) = pending.by.filter(|_| is_on_its_way) {
        html.push_str("\n\n");
        html.push_str(&l.html("code-by", &[("name", messenger(l, by))]));
    }
    let another = match pending.channel {
        Channel::Phone => l.button("button-change-phone", Callback::AskPhone),
        Channel::Email => l.button("button-change-email", Callback::Own(Own::AskEmail)),
    };
    let resend = Callback::Own(Own::Resend { id: pending.id });
    let mut keyboard = vec![vec![l.button("button-resend", resend), another]];
    let others = others(l, pending, open);
    if !others.is_empty() {
        keyboard.push(others);
    }
    keyboard.push(vec![l.button("button-stop-code", Callback::Profile)]);
    Screen {
        html,
        keyboard,
        photo: None,
    }
}

/// What was asked for is confirmed. What waited for it goes on by a button.
pub fn confirmed(l: &Localizer, channel: Channel, then: Option<Callback>) -> Screen {
    let id = match channel {
        Channel::Phone => "code-phone-kept",
        Channel::Email => "code-email-kept",
    };
    let first = match then {
        Some(callback) => Button {
            text: l.text("button-go-on", &[]),
            callback,
        },
        None => l.button("button-profile", Callback::Profile),
    };
    l.plain(id, vec![vec![first], l.home()])
}

/// A link that opens the cabinet, once.
pub fn cabinet(l: &Localizer, link: &str) -> Screen {
    Screen {
        html: l.html("cabinet-link", &[("link", link.into())]),
        keyboard: vec![
            vec![l.button("button-profile", Callback::Profile)],
            l.home(),
        ],
        photo: None,
    }
}

/// Another customer has proved that the number is theirs.
pub fn phone_taken(l: &Localizer) -> Screen {
    l.plain("phone-taken", profile_row(l))
}

/// Another customer has proved that the address is theirs.
pub fn email_taken(l: &Localizer) -> Screen {
    l.plain("email-taken", profile_row(l))
}

/// Nobody could carry a code.
pub fn code_unsent(l: &Localizer) -> Screen {
    l.plain("code-unsent", profile_row(l))
}

/// There is no such address.
pub fn email_unreachable(l: &Localizer) -> Screen {
    let ask = l.button("button-change-email", Callback::Own(Own::AskEmail));
    l.plain("email-unreachable", vec![vec![ask], l.home()])
}

fn profile_row(l: &Localizer) -> Vec<Vec<Button>> {
    vec![
        vec![l.button("button-profile", Callback::Profile)],
        l.home(),
    ]
}

pub(super) fn leave(l: &Localizer, waits: bool) -> Vec<Button> {
    let to = if waits {
        Callback::Menu
    } else {
        Callback::Profile
    };
    vec![l.button("button-dont-share", to)]
}

fn later(l: &Localizer, id: &'static str, wait: Duration) -> String {
    let seconds = wait.as_millis().div_ceil(1_000) as i64;
    l.html(id, &[("seconds", seconds.max(1).into())])
}

fn too_many(l: &Localizer, wait: Duration) -> String {
    let hours = wait.as_secs().div_ceil(3_600) as i64;
    l.html("code-too-many", &[("hours", hours.max(1).into())])
}
