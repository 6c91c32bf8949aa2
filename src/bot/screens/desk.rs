//! The staff desk.

use super::orders::number;
use super::{Localizer, Screen, shortened};
use crate::bot::callback::{Callback, Desk};
use crate::i18n::{self, Arg};
use crate::shop::money::Money;
use crate::shop::staff::Role;
use crate::shop::staff::news::{Item, News};
use crate::shop::stats::Sales;

/// A title's share of a line, in characters.
const TITLE: usize = 60;
/// What a line says of an order, in characters.
const LINE: usize = 120;

/// The first screen of a new member of staff: what they are, and what to do next.
pub fn desk_welcome(l: &Localizer, role: Role) -> Screen {
    let role = l.html(role_id(role), &[]);
    Screen {
        html: l.html("desk-welcome", &[("role", Arg::Html(role))]),
        keyboard: vec![vec![
            l.button("button-desk-open", Callback::Desk(Desk::Home)),
        ]],
        photo: None,
    }
}

/// What the desk shows first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeskView {
    /// What the day has brought so far.
    pub today: Sales,
    /// How many tasks are open.
    pub tasks: i64,
    /// How many products have no key left.
    pub empty: i64,
}

/// The desk itself.
pub fn desk(l: &Localizer, role: Role, view: &DeskView) -> Screen {
    let today = if view.today.count == 0 {
        l.html("desk-today-none", &[])
    } else {
        let sums: Vec<String> = view.today.sums.iter().map(|sum| l.money(*sum)).collect();
        let args = [
            ("count", view.today.count.into()),
            ("sums", joined(l, &sums).into()),
        ];
        l.html("desk-today", &args)
    };
    let args = [
        ("role", Arg::Html(l.html(role_id(role), &[]))),
        ("today", Arg::Html(today)),
        (
            "tasks",
            Arg::Html(l.html("desk-tasks", &[("count", view.tasks.into())])),
        ),
        (
            "empty",
            Arg::Html(l.html("desk-empty", &[("count", view.empty.into())])),
        ),
    ];
    let to = |desk| Callback::Desk(desk);
    Screen {
        html: l.html("desk", &args),
        keyboard: vec![
            vec![
                l.button("button-desk-tasks", to(Desk::Tasks { page: 0 })),
                l.button("button-desk-stock", to(Desk::Stock { page: 0 })),
            ],
            vec![
                l.button("button-desk-orders", to(Desk::Orders { page: 0 })),
                l.button("button-desk-refresh", to(Desk::Home)),
            ],
            l.home(),
        ],
        photo: None,
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

pub(super) fn role_id(role: Role) -> &'static str {
    match role {
        Role::Owner => "desk-role-owner",
        Role::Manager => "desk-role-manager",
        Role::Support => "desk-role-support",
    }
}

/// A batch of news, for a letter: sums first, then the most urgent pieces one by one.
pub fn news(l: &Localizer, news: &News) -> Screen {
    let mut lines = Vec::new();
    if news.sales > 0 {
        let sales = l.html("news-sales", &[("count", news.sales.into())]);
        let sums: Vec<String> = news.sums.iter().map(|sum| l.money(*sum)).collect();
        lines.push(if sums.is_empty() {
            l.html("news-free", &[("sales", Arg::Html(sales))])
        } else {
            let sums = joined(l, &sums).into();
            l.html("news-sums", &[("sales", Arg::Html(sales)), ("sums", sums)])
        });
    }
    // A single sale is told whole by its own line.
    if news.sales == 1 && news.items.len() == 1 {
        lines.clear();
    }
    lines.extend(news.items.iter().map(|item| piece(l, item)));
    if news.more > 0 {
        lines.push(l.html("news-more", &[("count", news.more.into())]));
    }
    if news
        .items
        .iter()
        .any(|item| matches!(item, Item::Task { .. }))
    {
        lines.push(l.html("news-tasks-where", &[]));
    }
    Screen {
        html: l.html("news", &[("items", Arg::Html(lines.join("\n")))]),
        keyboard: Vec::new(),
        photo: None,
    }
}

/// `1`, `1 and 2`, `1, 2 and 3`.
pub(super) fn joined(l: &Localizer, parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => l.text(
            "news-and",
            &[
                ("first", first.join(", ").into()),
                ("last", last.as_str().into()),
            ],
        ),
    }
}

fn piece(l: &Localizer, item: &Item) -> String {
    let amount = |money: &Option<Money>| {
        money.map_or_else(|| l.text("news-money-unknown", &[]), |money| l.money(money))
    };
    match item {
        Item::Task { kind, id } => {
            let what = Arg::Html(task_kind(l, kind));
            let id = id.to_string().into();
            l.html("news-task", &[("id", id), ("what", what)])
        }
        Item::SoldOut { title, slug } => {
            let title = shortened(title.in_language(l.language), TITLE);
            let args = [("title", title.into()), ("slug", slug.as_str().into())];
            l.html("news-sold-out", &args)
        }
        Item::Refund { order, money } => {
            let money = ("money", amount(money).into());
            match order {
                Some(order) => l.html("news-refund", &[money, number(*order)]),
                None => l.html("news-refund-plain", &[money]),
            }
        }
        Item::Sale {
            order,
            money,
            lines,
        } => {
            let what: Vec<String> = lines
                .iter()
                .map(|(title, quantity)| {
                    let title = shortened(title.in_language(l.language), TITLE);
                    let quantity = i18n::number(l.language, *quantity);
                    let args = [("title", title.into()), ("quantity", quantity.into())];
                    l.text("order-line", &args)
                })
                .collect();
            let what = ("what", shortened(&what.join(", "), LINE).into());
            match money {
                Some(_) => {
                    let money = ("money", amount(money).into());
                    l.html("news-sale", &[number(*order), what, money])
                }
                None => l.html("news-sale-free", &[number(*order), what]),
            }
        }
    }
}

/// What a task is about, in words.
pub fn task_kind(l: &Localizer, kind: &str) -> String {
    let id = match kind {
        "payment.unmatched" => "task-payment-unmatched",
        "payment.overpaid" => "task-payment-overpaid",
        "order.backorder" => "task-order-backorder",
        "refund.failed" => "task-refund-failed",
        "refund.by_hand" => "task-refund-by-hand",
        "refund.unmatched" => "task-refund-unmatched",
        "inbox.dead" => "task-inbox-dead",
        "outbox.dead" => "task-outbox-dead",
        "outbox.late" => "task-outbox-late",
        "sender.misconfigured" => "task-sender-misconfigured",
        "sender.spam" => "task-sender-spam",
        "download.missing" => "task-download-missing",
        other => return l.html("task-other", &[("kind", other.into())]),
    };
    l.html(id, &[])
}

/// What it means to call a task done, as plain text.
pub fn task_means(l: &Localizer, kind: &str, subject: &str) -> String {
    let id = match kind {
        "payment.unmatched" => "means-payment-unmatched",
        "payment.overpaid" => "means-payment-overpaid",
        "order.backorder" => "means-order-backorder",
        "refund.failed" => "means-refund-failed",
        "refund.by_hand" => "means-refund-by-hand",
        "refund.unmatched" => "means-refund-unmatched",
        "outbox.late" => "means-outbox-late",
        "inbox.dead" => return l.text("means-inbox-dead", &[("subject", subject.into())]),
        "sender.misconfigured" => {
            return l.text("means-sender-misconfigured", &[("subject", subject.into())]);
        }
        "download.missing" => {
            return l.text("means-download-missing", &[("subject", subject.into())]);
        }
        "sender.spam" => return l.text("means-sender-spam", &[("subject", subject.into())]),
        "outbox.dead" => {
            // A letter's subject is its kind and its number.
            let number = subject.rsplit(':').next().unwrap_or(subject);
            return l.text("means-outbox-dead", &[("subject", number.into())]);
        }
        _ => "means-other",
    };
    l.text(id, &[])
}
