//! The pages of the staff desk: tasks, stock, new keys, the newest orders.

use super::desk::{task_kind, task_means};
use super::orders::number;
use super::{Button, Localizer, Screen, shortened};
use crate::bot::callback::{Callback, Desk};
use crate::bus::attention::Listed;
use crate::i18n::{self, Arg};
use crate::shop::catalogue::{Kind, Product};
use crate::shop::keys::import::Report;
use crate::shop::staff::Role;
use crate::shop::stats::{Level, Recent};

/// A title's share of a line, in characters.
const TITLE: usize = 40;
/// What a message shows of a task's detail, in characters.
const DETAIL: usize = 1_500;
/// So many bad lines are named.
const NAMED: usize = 10;

/// Why the keys that were sent can't be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysProblem {
    /// More than Telegram gives to bots.
    TooBig,
    /// No text and no file in it, or it is gone.
    Nothing,
    /// There is no such product on sale.
    NoProduct,
    /// The product's keys don't come from a file.
    NotStock,
}

fn to(desk: Desk) -> Callback {
    Callback::Desk(desk)
}

fn back(l: &Localizer) -> Vec<Button> {
    vec![l.button("button-desk-back", to(Desk::Home))]
}

fn turns(l: &Localizer, page: u16, more: bool, turn: impl Fn(u16) -> Desk) -> Vec<Button> {
    let mut buttons = Vec::new();
    if let Some(before) = page.checked_sub(1) {
        buttons.push(l.button("button-previous", to(turn(before))));
    }
    if let (true, Some(next)) = (more, page.checked_add(1)) {
        buttons.push(l.button("button-next", to(turn(next))));
    }
    buttons
}

fn page_of(
    l: &Localizer,
    html: String,
    mut keyboard: Vec<Vec<Button>>,
    turns: Vec<Button>,
) -> Screen {
    if !turns.is_empty() {
        keyboard.push(turns);
    }
    keyboard.push(back(l));
    Screen {
        html,
        keyboard,
        photo: None,
    }
}

/// The toast for what a role does not allow.
pub fn desk_not_allowed(l: &Localizer) -> String {
    l.text("desk-not-allowed", &[])
}

/// A page of open tasks, oldest first.
pub fn tasks(l: &Localizer, tasks: &[Listed], page: u16, more: bool) -> Screen {
    if tasks.is_empty() && page == 0 {
        return l.plain("desk-tasks-none", vec![back(l)]);
    }
    let entry = |task: &Listed| {
        let id = task.id.to_string().into();
        let what = Arg::Plain(shortened(&task_kind(l, &task.kind), 55));
        vec![Button {
            text: l.text("button-desk-task", &[("id", id), ("what", what)]),
            callback: to(Desk::Task { id: task.id }),
        }]
    };
    let keyboard = tasks.iter().map(entry).collect();
    let turns = turns(l, page, more, |page| Desk::Tasks { page });
    page_of(l, l.html("desk-tasks-open", &[]), keyboard, turns)
}

fn about(l: &Localizer, task: &Listed) -> [(&'static str, Arg); 5] {
    [
        ("id", task.id.to_string().into()),
        ("what", Arg::Html(task_kind(l, &task.kind))),
        ("subject", task.subject.as_str().into()),
        (
            "date",
            i18n::date_time(l.language, &l.zone, task.opened_at).into(),
        ),
        ("detail", shortened(&task.detail, DETAIL).into()),
    ]
}

/// One task.
pub fn task(l: &Localizer, task: &Listed) -> Screen {
    Screen {
        html: l.html("desk-task", &about(l, task)),
        keyboard: vec![
            vec![l.button("button-desk-done", to(Desk::Resolve { id: task.id }))],
            vec![l.button("button-desk-tasks", to(Desk::Tasks { page: 0 }))],
            back(l),
        ],
        photo: None,
    }
}

/// The question whether a task is done, with what that means.
pub fn task_ask(l: &Localizer, task: &Listed) -> Screen {
    let [id, what, ..] = about(l, task);
    let means = ("means", task_means(l, &task.kind, &task.subject).into());
    Screen {
        html: l.html("desk-task-ask", &[id, what, means]),
        keyboard: vec![vec![
            l.button("button-desk-yes", to(Desk::Resolved { id: task.id })),
            l.button("button-desk-no", to(Desk::Task { id: task.id })),
        ]],
        photo: None,
    }
}

/// The toast for a task that is done now.
pub fn task_done(l: &Localizer) -> String {
    l.text("desk-task-done", &[])
}

/// The toast for a task behind which a paid order waits.
pub fn task_waits(l: &Localizer) -> String {
    l.text("desk-task-waits", &[])
}

/// The toast for a task that is open no longer.
pub fn task_gone(l: &Localizer) -> String {
    l.text("desk-task-gone", &[])
}

/// A page of stock levels, the lowest first. Those who may add keys choose a product here.
pub fn stock(l: &Localizer, levels: &[Level], page: u16, more: bool, role: Role) -> Screen {
    if levels.is_empty() && page == 0 {
        return l.plain("desk-stock-none", vec![back(l)]);
    }
    let lines: Vec<String> = levels.iter().map(|level| level_line(l, level)).collect();
    let mut keyboard = Vec::new();
    if role.may_add_keys() {
        let stocked = levels.iter().filter(|level| level.kind == Kind::Stock);
        keyboard.extend(stocked.map(|level| {
            let title = shortened(level.title.in_language(l.language), TITLE);
            let slug = level.slug.clone();
            vec![Button {
                text: l.text("button-desk-keys", &[("title", title.into())]),
                callback: to(Desk::Keys { slug }),
            }]
        }));
    }
    let html = l.html("desk-stock", &[("lines", Arg::Html(lines.join("\n")))]);
    let turns = turns(l, page, more, |page| Desk::Stock { page });
    page_of(l, html, keyboard, turns)
}

fn level_line(l: &Localizer, level: &Level) -> String {
    let title = (
        "title",
        shortened(level.title.in_language(l.language), TITLE).into(),
    );
    match (level.kind, level.left) {
        (Kind::Download, _) if !level.has_file => l.html("desk-level-no-file", &[title]),
        (Kind::Minted | Kind::Download, _) => l.html("desk-level-endless", &[title]),
        (Kind::Stock, 0) => l.html("desk-level-none", &[title]),
        (Kind::Stock, left) => {
            let left = ("left", i18n::number(l.language, left).into());
            l.html("desk-level", &[title, left])
        }
    }
}

/// Asks for keys.
pub fn keys_wanted(l: &Localizer, product: &Product) -> Screen {
    let title = product.title.in_language(l.language).into();
    Screen {
        html: l.html("desk-keys-wanted", &[("title", title)]),
        keyboard: vec![back(l)],
        photo: None,
    }
}

/// What the keys that were sent would bring.
pub fn keys_preview(l: &Localizer, slug: &str, report: &Report, upload: i64) -> Screen {
    let counts = ("counts", Arg::Html(counts(l, report, "desk-keys-new")));
    let product = ("slug", slug.into());
    let cancel = l.button("button-desk-cancel", to(Desk::DropKeys { upload }));
    if report.added == 0 {
        return Screen {
            html: l.html("desk-keys-no-new", &[product, counts]),
            keyboard: vec![vec![cancel]],
            photo: None,
        };
    }
    let slug = slug.to_owned();
    let add = l.button("button-desk-add", to(Desk::AddKeys { upload, slug }));
    Screen {
        html: l.html("desk-keys-preview", &[product, counts]),
        keyboard: vec![vec![add, cancel]],
        photo: None,
    }
}

/// What adding keys did; `taken` says whether their message is gone from the chat.
pub fn keys_added(l: &Localizer, slug: &str, report: &Report, taken: bool) -> Screen {
    let args = [
        ("slug", slug.into()),
        ("counts", Arg::Html(counts(l, report, "desk-keys-done"))),
        ("message", Arg::Html(l.html(message_id(taken), &[]))),
    ];
    let slug = slug.to_owned();
    Screen {
        html: l.html("desk-keys-added", &args),
        keyboard: vec![
            vec![l.button("button-desk-more", to(Desk::Keys { slug }))],
            vec![l.button("button-desk-stock", to(Desk::Stock { page: 0 }))],
            back(l),
        ],
        photo: None,
    }
}

/// The keys that were sent are forgotten.
pub fn keys_dropped(l: &Localizer, taken: bool) -> Screen {
    let message = ("message", Arg::Html(l.html(message_id(taken), &[])));
    Screen {
        html: l.html("desk-keys-dropped", &[message]),
        keyboard: vec![back(l)],
        photo: None,
    }
}

fn message_id(taken: bool) -> &'static str {
    if taken {
        "desk-message-gone"
    } else {
        "desk-message-stays"
    }
}

/// Numbers of lines, never their text.
fn counts(l: &Localizer, report: &Report, first: &'static str) -> String {
    let count = |count: u64| ("count", Arg::Count(count as i64));
    let mut lines = vec![match first {
        "desk-keys-done" => l.html("desk-keys-done", &[count(report.added)]),
        _ => l.html("desk-keys-new", &[count(report.added)]),
    }];
    let twice = report.duplicates_in_file.count;
    if twice > 0 {
        lines.push(l.html("desk-keys-twice", &[count(twice)]));
    }
    let known = report.already_known.count;
    if known > 0 {
        lines.push(l.html("desk-keys-known", &[count(known)]));
    }
    if report.refused > 0 {
        let bad = report.refused_lines.iter().take(NAMED);
        let mut numbers: Vec<String> = bad.map(|(line, _)| line.to_string()).collect();
        if report.refused > numbers.len() as u64 {
            numbers.push("…".to_owned());
        }
        let numbers = ("lines", numbers.join(", ").into());
        lines.push(l.html("desk-keys-bad", &[count(report.refused), numbers]));
    }
    lines.join("\n")
}

/// Why the keys that were sent can't be taken, and what to do.
pub fn keys_problem(l: &Localizer, slug: &str, problem: KeysProblem) -> Screen {
    let html = match problem {
        KeysProblem::TooBig => l.html("desk-keys-too-big", &[("slug", slug.into())]),
        KeysProblem::Nothing => l.html("desk-keys-nothing", &[]),
        KeysProblem::NoProduct => l.html("desk-keys-no-product", &[]),
        KeysProblem::NotStock => l.html("desk-keys-not-stock", &[]),
    };
    Screen {
        html,
        keyboard: vec![back(l)],
        photo: None,
    }
}

/// A page of the newest orders of everybody.
pub fn recent_orders(l: &Localizer, orders: &[Recent], page: u16, more: bool) -> Screen {
    if orders.is_empty() && page == 0 {
        return l.plain("desk-orders-none", vec![back(l)]);
    }
    let line = |order: &Recent| {
        let args = [
            number(order.id),
            (
                "date",
                i18n::date_time(l.language, &l.zone, order.created_at).into(),
            ),
            ("who", shortened(&order.customer, TITLE).into()),
            ("state", state(l, &order.state).into()),
        ];
        l.html("desk-order", &args)
    };
    let lines: Vec<String> = orders.iter().map(line).collect();
    let html = l.html("desk-orders", &[("lines", Arg::Html(lines.join("\n")))]);
    let turns = turns(l, page, more, |page| Desk::Orders { page });
    page_of(l, html, Vec::new(), turns)
}

fn state(l: &Localizer, word: &str) -> String {
    let id = match word {
        "open" => "desk-state-open",
        "paid" => "desk-state-paid",
        "fulfilled" => "desk-state-fulfilled",
        "backorder" => "desk-state-backorder",
        "expired" => "desk-state-expired",
        "cancelled" => "desk-state-cancelled",
        "closed" => "desk-state-closed",
        other => return other.to_owned(),
    };
    l.text(id, &[])
}
