//! The screens of products that are files.

use super::super::catalogue;
use super::*;
use crate::clock::Millis;
use crate::shop::downloads::view::Download;
use crate::shop::downloads::{self, File};

const NOW: Millis = 1_795_557_900_000;
const LINK: &str = "https://shop.example.com/d/a&b";

fn handbook() -> Product {
    Product {
        slug: "handbook".to_owned(),
        kind: Kind::Download,
        max_per_customer: Some(1),
        ..zeta()
    }
}

fn download(started: i64, expires_at: Option<Millis>) -> Download {
    Download {
        id: ATTEMPT,
        link_version: 1,
        order: ORDER,
        title: handbook().title,
        state: downloads::State::Granted,
        most: 20,
        started,
        expires_at,
        file: Some(File {
            id: ORDER,
            name: "handbook <2> & more.pdf".to_owned(),
            size: 1_468_006,
            digest: [7; 32],
        }),
    }
}

fn with_link(download: Download) -> (Download, Option<String>) {
    (download, Some(LINK.to_owned()))
}

fn brings<'a>(keys: &'a [(Texts, &'a str)], files: &'a [(Download, Option<String>)]) -> Goods<'a> {
    Goods {
        keys,
        files,
        page: Some("https://shop.example.com/o/a&b"),
        now: NOW,
    }
}

fn spoken(html: String) -> Screen {
    Screen {
        html,
        keyboard: Vec::new(),
        photo: None,
    }
}

pub(super) fn screens(l: &Localizer) -> Vec<(String, Screen)> {
    let keys = [(zeta().title, "KEY-<1>-&")];
    let file = [with_link(download(0, None))];
    let nameless = Download {
        file: None,
        ..download(19, None)
    };
    let all = [
        with_link(download(18, Some(NOW + 86_400_000))),
        with_link(download(20, None)),
        with_link(download(0, Some(NOW))),
        with_link(nameless),
        (download(0, None), None),
    ];
    let mut ordered = placed(State::Fulfilled);
    ordered.lines[0].kind = Kind::Download;
    let level = |has_file| Level {
        slug: handbook().slug,
        title: handbook().title,
        kind: Kind::Download,
        prices: handbook().prices,
        left: 0,
        has_file,
    };
    let levels = [level(false), level(true)];
    let card = |stock| {
        let card = catalogue::tests::card(handbook());
        let back = Callback::Catalogue { page: 0 };
        product(l, &card, stock, Currency::RUB, back, 0, [0; 8])
    };
    let delivered = delivery(l, ORDER, &brings(&[], &file)).remove(0);
    let both = delivery(l, ORDER, &brings(&keys, &file)).remove(0);
    let again = delivery_again(l, ORDER, &brings(&[], &all)).remove(0);
    let named = [
        ("file", card(Stock::Plenty)),
        ("file, none yet", card(Stock::None)),
        ("file, delivery", spoken(delivered)),
        ("file and key, delivery", spoken(both)),
        ("files, delivery again", spoken(again)),
        ("files, order", order(l, &ordered)),
        ("files, desk", stock(l, &levels, 0, false, Role::Manager)),
    ];
    named
        .map(|(name, screen)| (name.to_owned(), screen))
        .into_iter()
        .collect()
}

#[test]
fn many_files_take_many_messages_and_none_is_lost() {
    let l = localizer(Language::Ru);
    let files: Vec<_> = (0..100)
        .map(|at| {
            let link = format!("https://shop.example.com/d/{at:043}");
            (download(0, Some(NOW + 1)), Some(link))
        })
        .collect();
    let keys = [(zeta().title, "KEY-1")];
    let messages = delivery(&l, ORDER, &brings(&keys, &files));
    assert!(messages.len() > 1);
    for message in &messages {
        assert!(message.encode_utf16().count() <= 4_096);
    }
    assert!(messages[0].contains("KEY-1"));
    let all = messages.concat();
    for (_, link) in &files {
        assert!(all.contains(link.as_deref().unwrap()));
    }
}
