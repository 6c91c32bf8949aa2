//! What the shop asks for before an order: a name, consents, and all answers together at the end.

use super::contacts::leave;
use super::{Button, Localizer, Screen, shortened};
use crate::bot::callback::{Callback, Own};
use crate::i18n::Arg;
use crate::shop::customers::GivenName;
use crate::shop::customers::profile::Profile;
use crate::shop::customers::registration::Requirements;

/// A name's share of a label, in characters.
const NAME: usize = 40;

/// Asks what to call the customer. `known` is what Telegram calls them, if that can be shown.
pub fn ask_name(l: &Localizer, known: Option<GivenName>, waits: bool) -> Screen {
    let id = if known.is_some() {
        "name-ask"
    } else {
        "name-write"
    };
    naming(l, id, known, waits)
}

/// What was written is no name.
pub fn not_a_name(l: &Localizer, known: Option<GivenName>, waits: bool) -> Screen {
    naming(l, "name-not-one", known, waits)
}

fn naming(l: &Localizer, id: &str, known: Option<GivenName>, waits: bool) -> Screen {
    let mut keyboard = Vec::new();
    if let Some(name) = known {
        let name = shortened(name.as_str(), NAME);
        keyboard.push(vec![Button {
            text: l.text("button-own-name", &[("name", name.into())]),
            callback: Callback::Own(Own::OwnName),
        }]);
    }
    keyboard.push(leave(l, waits));
    l.plain(id, keyboard)
}

/// Asks for consents. `to` names the versions that are agreed to.
pub fn ask_consent(l: &Localizer, terms: bool, privacy: bool, to: String) -> Screen {
    let id = match (terms, privacy) {
        (true, true) => "consent-both",
        (true, false) => "consent-terms",
        (false, _) => "consent-privacy",
    };
    let agree = l.button("button-consent", Callback::Own(Own::Agree { to }));
    l.plain(id, vec![vec![agree], leave(l, true)])
}

/// All answers, to be looked over before what waits goes on.
pub fn answers(l: &Localizer, profile: &Profile, needs: &Requirements, wish: Callback) -> Screen {
    let mut html = l.html("answers", &[]);
    let mut edit = Vec::new();
    let asked = [
        (
            needs.name,
            "answers-name",
            Some(profile.calls_themselves()),
            l.button("button-change-name", Callback::Own(Own::AskName)),
        ),
        (
            needs.phone,
            "answers-phone",
            profile.phone.as_deref(),
            l.button("button-change-phone", Callback::AskPhone),
        ),
        (
            needs.email,
            "answers-email",
            profile.email.as_deref(),
            l.button("button-change-email", Callback::Own(Own::AskEmail)),
        ),
    ];
    for (is_asked, id, value, button) in asked {
        if is_asked {
            let value = Arg::from(value.unwrap_or_default());
            html.push('\n');
            html.push_str(&l.html(id, &[("value", value)]));
            edit.push(button);
        }
    }
    if needs.terms.is_some() || needs.privacy.is_some() {
        html.push('\n');
        html.push_str(&l.html("answers-agreed", &[]));
    }
    let go_on = Button {
        text: l.text("button-go-on", &[]),
        callback: wish,
    };
    let mut keyboard = vec![vec![go_on]];
    keyboard.extend(edit.into_iter().map(|button| vec![button]));
    keyboard.push(l.home());
    Screen {
        html,
        keyboard,
        photo: None,
    }
}
