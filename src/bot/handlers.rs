//! The names of the bot's handlers, and how long each takes.

use std::time::Instant;

use super::callback::{Callback, Desk};
use super::face::Command;
use crate::bus::HandlerError;
use crate::meters;

/// Runs a handler and notes how long it took.
pub(super) async fn timed(
    handler: &'static str,
    work: impl Future<Output = Result<(), HandlerError>>,
) -> Result<(), HandlerError> {
    let started = Instant::now();
    let result = work.await;
    let outcome = if result.is_ok() { "ok" } else { "failed" };
    meters::HANDLERS.since([handler, outcome], started);
    result
}

impl Command {
    /// The name of its handler.
    pub(super) fn handler(&self) -> &'static str {
        match self {
            Command::Start(_) => "command.start",
            Command::Menu => "command.menu",
            Command::Catalog => "command.catalog",
            Command::Cart => "command.cart",
            Command::Orders => "command.orders",
            Command::Keys => "command.keys",
            Command::Profile => "command.profile",
            Command::Language => "command.language",
            Command::Help => "command.help",
            Command::Support => "command.support",
            Command::Paysupport => "command.paysupport",
            Command::Terms => "command.terms",
            Command::Privacy => "command.privacy",
            Command::Cancel => "command.cancel",
            Command::Admin => "command.admin",
        }
    }
}

impl Callback {
    /// The name of its handler.
    pub(super) fn handler(&self) -> &'static str {
        match self {
            Callback::Menu => "tap.menu",
            Callback::Catalogue { .. } => "tap.catalogue",
            Callback::Category { .. } => "tap.category",
            Callback::Family { .. } => "tap.family",
            Callback::Search { .. } => "tap.search",
            Callback::Product { .. } => "tap.product",
            Callback::Buy { .. } => "tap.buy",
            Callback::Put { .. } => "tap.put",
            Callback::Cart => "tap.cart",
            Callback::AskEmpty => "tap.ask_empty",
            Callback::Empty => "tap.empty",
            Callback::Fit => "tap.fit",
            Callback::Checkout { .. } => "tap.checkout",
            Callback::Refill { .. } => "tap.refill",
            Callback::Profile => "tap.profile",
            Callback::AskPhone => "tap.ask_phone",
            Callback::ForgetPhone => "tap.forget_phone",
            Callback::Order { .. } => "tap.order",
            Callback::Pay { .. } => "tap.pay",
            Callback::SendAgain { .. } => "tap.send_again",
            Callback::Cancel { .. } => "tap.cancel",
            Callback::Orders { .. } => "tap.orders",
            Callback::Keys { .. } => "tap.keys",
            Callback::ShowKeys { .. } => "tap.show_keys",
            Callback::Language { .. } => "tap.language",
            Callback::Help => "tap.help",
            Callback::Own(own) => own.handler(),
            Callback::Desk(desk) => match desk {
                Desk::Home => "desk.home",
                Desk::Tasks { .. } => "desk.tasks",
                Desk::Task { .. } => "desk.task",
                Desk::Resolve { .. } => "desk.resolve",
                Desk::Resolved { .. } => "desk.resolved",
                Desk::Stock { .. } => "desk.stock",
                Desk::Keys { .. } => "desk.keys",
                Desk::AddKeys { .. } => "desk.add_keys",
                Desk::DropKeys { .. } => "desk.drop_keys",
                Desk::Orders { .. } => "desk.orders",
            },
        }
    }
}
