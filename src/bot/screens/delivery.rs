//! What an order brings: its keys, and the links to its files.

use super::orders::{TITLE, number};
use super::{Localizer, shortened};
use crate::clock::Millis;
use crate::i18n::{self, Arg};
use crate::shop::downloads::view::Download;
use crate::shop::texts::Texts;
use crate::store::PublicId;

/// What one message of keys and files may have, in UTF-16 units: Telegram takes 4,096 with all around.
const GOODS: usize = 3_500;

/// What an order brings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Goods<'a> {
    /// Its keys, each with the title of its product.
    pub keys: &'a [(Texts, &'a str)],
    /// Its files, each with the link to its page; without one, the shop has no pages.
    pub files: &'a [(Download, Option<String>)],
    /// The link to the order's page.
    pub page: Option<&'a str>,
    /// The time at which its files can be fetched still, or can't.
    pub now: Millis,
}

/// What an order that was just paid brings, in as many messages as it needs. The first one thanks.
pub fn delivery(l: &Localizer, order: PublicId, goods: &Goods<'_>) -> Vec<String> {
    let first = match (goods.keys.is_empty(), goods.files.is_empty()) {
        (_, true) => "delivery",
        (true, false) => "delivery-files",
        (false, false) => "delivery-all",
    };
    messages(l, order, goods, first)
}

/// What an order brings once more.
pub fn delivery_again(l: &Localizer, order: PublicId, goods: &Goods<'_>) -> Vec<String> {
    messages(l, order, goods, "delivery-again")
}

fn messages(l: &Localizer, order: PublicId, goods: &Goods<'_>, first: &str) -> Vec<String> {
    let keys = goods.keys.iter().map(|(title, text)| key(l, title, text));
    let files = goods.files.iter();
    let files = files.map(|(download, link)| file(l, download, link.as_deref(), goods.now));
    let groups = packed(keys.chain(files));
    let last = groups.len() - 1;
    let groups = groups.into_iter().enumerate();
    groups
        .map(|(at, blocks)| {
            let id = if at == 0 { first } else { "delivery-again" };
            let mut html = l.html(id, &[number(order), ("goods", Arg::Html(blocks))]);
            if let Some(page) = goods.page.filter(|_| at == last) {
                html += "\n\n";
                html += &l.html("delivery-page", &[("link", page.into())]);
            }
            html
        })
        .collect()
}

/// As many blocks in each text as fit. There is always one text.
fn packed(blocks: impl Iterator<Item = String>) -> Vec<String> {
    let length = |text: &str| text.encode_utf16().count();
    let mut groups = Vec::new();
    let mut group = String::new();
    for block in blocks {
        if !group.is_empty() && length(&group) + length(&block) > GOODS {
            groups.push(std::mem::take(&mut group));
        }
        if !group.is_empty() {
            group.push_str("\n\n");
        }
        group.push_str(&block);
    }
    groups.push(group);
    groups
}

fn titled(l: &Localizer, title: &Texts) -> (&'static str, Arg) {
    let title = shortened(title.in_language(l.language), TITLE);
    ("title", title.into())
}

fn key(l: &Localizer, title: &Texts, text: &str) -> String {
    l.html("delivery-key", &[titled(l, title), ("key", text.into())])
}

/// A file with the link to it, and how long it is good for.
fn file(l: &Localizer, download: &Download, link: Option<&str>, now: Millis) -> String {
    let title = titled(l, &download.title);
    let Some(link) = link else {
        return l.html("delivery-file-unreachable", &[title]);
    };
    let mut args = vec![
        title,
        ("link", link.into()),
        ("terms", Arg::Html(terms(l, download, now))),
    ];
    match &download.file {
        Some(file) => {
            args.push(("name", file.name.as_str().into()));
            args.push(("size", i18n::size(l.language, file.size).into()));
            l.html("delivery-file", &args)
        }
        None => l.html("delivery-file-nameless", &args),
    }
}

/// How often, and until when.
fn terms(l: &Localizer, download: &Download, now: Millis) -> String {
    let until = download
        .expires_at
        .map(|until| i18n::date_time(l.language, &l.zone, until));
    if let (true, Some(until)) = (download.is_over(now), &until) {
        return l.html("delivery-file-over", &[("until", until.as_str().into())]);
    }
    if download.left() == 0 {
        return l.html("delivery-file-used-up", &[]);
    }
    let left = l.html("delivery-file-left", &[("left", download.left().into())]);
    match until {
        Some(until) => {
            let args = [("left", Arg::Html(left)), ("until", until.into())];
            l.html("delivery-file-until", &args)
        }
        None => left,
    }
}
