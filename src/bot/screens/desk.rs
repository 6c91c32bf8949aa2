//! The staff desk.

use super::{Localizer, Screen};
use crate::bot::callback::{Callback, Desk};
use crate::shop::staff::Role;

/// The first screen of a new member of staff: what they are, and what to do next.
pub fn desk_welcome(l: &Localizer, role: Role) -> Screen {
    let role = l.html(role_id(role), &[]);
    Screen {
        html: l.html("desk-welcome", &[("role", crate::i18n::Arg::Html(role))]),
        keyboard: vec![vec![
            l.button("button-desk-open", Callback::Desk(Desk::Home)),
        ]],
    }
}

/// The desk itself.
pub fn desk(l: &Localizer, role: Role) -> Screen {
    let role = l.html(role_id(role), &[]);
    Screen {
        html: l.html("desk", &[("role", crate::i18n::Arg::Html(role))]),
        keyboard: vec![l.home()],
    }
}

/// A one-time link that somebody has used.
pub fn link_used(l: &Localizer) -> Screen {
    l.plain("desk-link-used", vec![l.home()])
}

/// A one-time link that is too old, or that a newer one replaced.
pub fn link_ended(l: &Localizer) -> Screen {
    l.plain("desk-link-ended", vec![l.home()])
}

/// A one-time link that never was.
pub fn link_unknown(l: &Localizer) -> Screen {
    l.plain("desk-link-unknown", vec![l.home()])
}

/// The commands of staff, beside those of customers.
pub fn desk_commands(l: &Localizer) -> Vec<(&'static str, String)> {
    let mut commands = vec![("admin", l.text("command-admin", &[]))];
    commands.extend(super::commands(l));
    commands
}

fn role_id(role: Role) -> &'static str {
    match role {
        Role::Owner => "desk-role-owner",
        Role::Manager => "desk-role-manager",
        Role::Support => "desk-role-support",
    }
}
