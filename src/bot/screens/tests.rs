//! A gallery of every screen in both languages, to be read from top to bottom, and Telegram's own opinion of each.

mod files;

use std::fmt::Write;
use std::time::Duration;

use kiosk_emulator::{CustomerSpec, Options};
use secrecy::SecretString;

use super::profile as profile_screen;
use super::*;
use crate::bus::attention::Listed;
use crate::shop::access::Way;
use crate::shop::cart::{Cap, Cart, Line};
use crate::shop::catalogue::{Kind, Product};
use crate::shop::confirmations::look::{Pending, State as ConfirmationState};
use crate::shop::confirmations::senders::Messenger;
use crate::shop::confirmations::{Channel, Purpose};
use crate::shop::customers::GivenName;
use crate::shop::customers::consents::{Consent, Matter};
use crate::shop::customers::profile::Profile;
use crate::shop::customers::registration::Requirements;
use crate::shop::keys::import::{LineList, Refusal, Report};
use crate::shop::letters::Misfit;
use crate::shop::orders::State;
use crate::shop::orders::approve::Reason;
use crate::shop::orders::place::Limit;
use crate::shop::orders::view::{LineView, OrderView};
use crate::shop::payments::{Method, Offer};
use crate::shop::staff::Role;
use crate::shop::staff::news::{Item, News};
use crate::shop::stats::{Level, Recent, Sales};
use crate::shop::texts::Texts;
use crate::store::PublicId;
use crate::telegram::{Client, Message, Photo, Picture};

const ORDER: PublicId = PublicId(*b"\x7f\x3a\x91\xc2rest of it..");
const ATTEMPT: PublicId = PublicId(*b"an attempt's id.");

pub(super) fn localizer(language: Language) -> Localizer {
    let zone = "Europe/Moscow".parse().unwrap();
    Localizer {
        language,
        zone,
        currencies: vec![Currency::XTR, Currency::RUB],
    }
}

pub(super) fn texts(english: &str, russian: &str) -> Texts {
    let both = [(Language::En, english), (Language::Ru, russian)];
    both.map(|(language, text)| (language, text.to_owned()))
        .into_iter()
        .collect()
}

pub(super) fn prices(json: &str) -> Prices {
    Prices::from_json(json).unwrap()
}

/// A login from a street in Moscow.
fn login(way: Option<Way>, with: &str) -> Login {
    Login {
        session: ORDER,
        at: 1_764_500_000_000,
        way,
        with: with.to_owned(),
        from: if with.is_empty() { "" } else { "203.0.113.*" }.to_owned(),
    }
}

pub(super) fn zeta() -> Product {
    Product {
        id: 1,
        slug: "zeta-month".to_owned(),
        kind: Kind::Stock,
        title: texts("Zeta <one> month", "Zeta на <один> месяц"),
        description: texts("One key & a month.", "Один ключ & месяц."),
        prices: prices(r#"{"RUB":49900,"XTR":250}"#),
        archived: false,
        category: None,
        family: None,
        photo: None,
        max_per_customer: None,
    }
}

pub(super) fn nameless() -> Product {
    Product {
        slug: "long".to_owned(),
        title: texts(&"Long ".repeat(100), &"Длинно ".repeat(100)),
        description: Texts::default(),
        prices: prices(r#"{"RUB":0}"#),
        ..zeta()
    }
}

fn placed(state: State) -> OrderView {
    let line = LineView {
        title: zeta().title,
        prices: zeta().prices,
        quantity: 2,
        kind: Kind::Stock,
    };
    OrderView {
        id: ORDER,
        state,
        created_at: 1_795_557_900_000,
        expires_at: 1_795_558_800_000,
        lines: vec![line],
        total: prices(r#"{"RUB":99800,"XTR":500}"#),
        paid: matches!(state, State::Fulfilled | State::Closed).then(|| stars(500)),
        attempt: None,
    }
}

fn stars(minor: i64) -> Money {
    Money {
        minor,
        currency: Currency::XTR,
    }
}

const OFFERS: [Offer; 2] = [
    Offer {
        method: Method::Stars,
        currency: Currency::XTR,
    },
    Offer {
        method: Method::TelegramCard,
        currency: Currency::RUB,
    },
];

fn cart_of(quantity: i64, left: i64, seen: &str) -> Cart {
    Cart {
        version: 7,
        lines: vec![
            Line {
                slug: zeta().slug,
                title: zeta().title,
                quantity,
                prices: zeta().prices,
                seen: prices(seen),
                left,
            },
            Line {
                slug: nameless().slug,
                title: nameless().title,
                quantity: 1,
                prices: prices(r#"{"RUB":100000,"XTR":1}"#),
                seen: prices(r#"{"RUB":100000,"XTR":1}"#),
                left: 1,
            },
        ],
    }
}

/// The staff desk's screens with their names.
fn desk_screens(l: &Localizer) -> Vec<(String, Screen)> {
    let task_of = |kind: &str| Listed {
        id: 7,
        kind: kind.to_owned(),
        subject: "invoice:12".to_owned(),
        order: None,
        payment: None,
        detail: "What <staff> need to know.".to_owned(),
        state: "open".to_owned(),
        opened_at: 1_795_557_900_000,
        resolved_at: None,
        resolved_by: None,
    };
    let level = |kind, left| Level {
        slug: zeta().slug,
        title: zeta().title,
        kind,
        prices: zeta().prices,
        left,
        has_file: kind == Kind::Download && left > 0,
    };
    let levels = [
        level(Kind::Stock, 0),
        level(Kind::Stock, 12_345),
        level(Kind::Minted, 0),
    ];
    let recents: Vec<Recent> = STATES
        .iter()
        .map(|state| Recent {
            id: ORDER,
            state: state.as_str().to_owned(),
            created_at: 1_795_557_900_000,
            customer: "Ann <3".to_owned(),
        })
        .collect();
    let some = Report {
        added: 3,
        duplicates_in_file: LineList {
            count: 1,
            first: vec![4],
        },
        already_known: LineList {
            count: 2,
            first: Vec::new(),
        },
        empty: 1,
        refused: 2,
        refused_lines: vec![(7, Refusal::NotUtf8), (9, Refusal::TooLong)],
    };
    let busy = DeskView {
        today: Sales {
            count: 3,
            sums: vec![stars(500)],
        },
        tasks: 2,
        empty: 1,
    };
    let one = [task_of("payment.unmatched")];
    let mut all = vec![
        ("desk", desk(l, Role::Owner, &busy)),
        ("desk, quiet", desk(l, Role::Support, &DeskView::default())),
        ("desk, tasks", tasks(l, &one, 1, true)),
        ("desk, no tasks", tasks(l, &[], 0, false)),
        ("desk, task", task(l, &one[0])),
        ("desk, stock", stock(l, &levels, 0, true, Role::Manager)),
        (
            "desk, stock for support",
            stock(l, &levels, 0, false, Role::Support),
        ),
        ("desk, no stock", stock(l, &[], 0, false, Role::Owner)),
        ("desk, keys wanted", keys_wanted(l, &zeta())),
        ("desk, keys", keys_preview(l, "zeta-month", &some, 12)),
        (
            "desk, no new keys",
            keys_preview(l, "zeta-month", &Report::default(), 12),
        ),
        ("desk, keys added", keys_added(l, "zeta-month", &some, true)),
        ("desk, keys dropped", keys_dropped(l, false)),
        ("desk, orders", recent_orders(l, &recents, 0, false)),
        ("desk, no orders", recent_orders(l, &[], 0, false)),
    ];
    for problem in [
        KeysProblem::TooBig,
        KeysProblem::Nothing,
        KeysProblem::NoProduct,
        KeysProblem::NotStock,
    ] {
        all.push(("desk, keys problem", keys_problem(l, "zeta-month", problem)));
    }
    for kind in [
        "payment.unmatched",
        "payment.overpaid",
        "order.backorder",
        "refund.failed",
        "refund.by_hand",
        "refund.unmatched",
        "inbox.dead",
        "outbox.dead",
        "outbox.late",
        "sender.misconfigured",
        "sender.spam",
        "download.missing",
        "some.other",
    ] {
        all.push(("desk, task, done?", task_ask(l, &task_of(kind))));
    }
    all.into_iter()
        .map(|(name, screen)| (name.to_owned(), screen))
        .collect()
}

const STATES: [State; 7] = [
    State::Open,
    State::Paid,
    State::Fulfilled,
    State::Backorder,
    State::Expired,
    State::Cancelled,
    State::Closed,
];

/// Batches of news with their names.
/// A customer who has told everything.
fn ann() -> Profile {
    Profile {
        name: "Ann <3".to_owned(),
        given_name: None,
        phone: Some("+79990000000".to_owned()),
        email: Some("Ann&Co@example.com".to_owned()),
        language: Language::En,
        registered_at: None,
        consents: vec![Consent {
            matter: Matter::Terms,
            version: "0a1b2c3d".to_owned(),
            at: 1_700_006_400_000,
        }],
    }
}

fn pending(channel: Channel) -> Pending {
    let (purpose, target) = match channel {
        Channel::Phone => (Purpose::Phone, "+79990001122"),
        Channel::Email => (Purpose::Email, "o'hara&co@example.com"),
    };
    Pending {
        id: ATTEMPT,
        purpose,
        channel,
        target: target.to_owned(),
        state: ConfirmationState::Live,
        code_until: 0,
        until: 0,
        tries_left: 5,
        wait: None,
        by: None,
    }
}

/// The customer's own page, and the way to a confirmed address or number.
fn contact_screens(l: &Localizer) -> Vec<(String, Screen)> {
    let known = ann();
    let new = Profile {
        name: " ".to_owned(),
        phone: None,
        email: None,
        consents: Vec::new(),
        ..ann()
    };
    let waits = [pending(Channel::Phone), pending(Channel::Email)];
    let page = |profile, waits, asks_email, opens_cabinet| {
        let page = Page {
            profile,
            pending: waits,
            asks_email,
            opens_cabinet,
            links_vk: opens_cabinet.then(|| profile.phone.is_some()),
        };
        profile_screen(l, &page)
    };
    let open = [Messenger::Telegram, Messenger::Whatsapp];
    let chosen = Pending {
        by: Some(Messenger::Whatsapp),
        ..pending(Channel::Phone)
    };
    let mut all = vec![
        ("profile", page(&known, &[], true, true)),
        ("profile, no mails", page(&known, &[], false, false)),
        ("profile, new", page(&new, &[], true, false)),
        ("profile, new, no mails", page(&new, &[], false, false)),
        ("profile, codes wait", page(&new, &waits, true, true)),
        ("name, asked", ask_name(l, GivenName::read("Ann <3"), true)),
        ("name, unknown", ask_name(l, None, true)),
        ("name, none", not_a_name(l, None, false)),
        (
            "consent, both",
            ask_consent(l, true, true, "0a1b2c3d-4e5f6071".to_owned()),
        ),
        (
            "consent, terms",
            ask_consent(l, true, false, "0a1b2c3d-".to_owned()),
        ),
        (
            "consent, privacy",
            ask_consent(l, false, true, "-4e5f6071".to_owned()),
        ),
        ("answers", {
            let needs = Requirements {
                name: true,
                phone: true,
                email: true,
                terms: Some(String::new()),
                privacy: None,
            };
            answers(l, &known, &needs, Callback::Checkout { version: 7 })
        }),
        ("e-mail, asked", ask_email(l, false)),
        ("e-mail, for an order", ask_email(l, true)),
        ("e-mail, none", ask_email_again(l, Again::NotOne, true)),
        ("e-mail, too soon", {
            ask_email_again(l, Again::WaitNew(Duration::from_millis(41_001)), false)
        }),
        ("e-mail, too many", {
            ask_email_again(l, Again::TooMany(Duration::from_hours(5)), false)
        }),
        ("e-mail, nobody sends", no_mails(l)),
        ("code, phone kept", confirmed(l, Channel::Phone, None)),
        ("code, e-mail kept, an order waits", {
            confirmed(l, Channel::Email, Some(Callback::Checkout { version: 7 }))
        }),
        ("cabinet", {
            super::cabinet(l, "https://shop.example.com/login/AbC-_")
        }),
        ("VK linked", super::vk_changed(l, true)),
        ("VK unlinked", super::vk_changed(l, false)),
        (
            "login told",
            logged_in(l, &login(Some(Way::Password), "Firefox, Linux")),
        ),
        ("login told, by the chat's link", {
            logged_in(l, &login(Some(Way::Link), "Chrome, Android"))
        }),
        (
            "login told, by an unknown way",
            logged_in(l, &login(None, "")),
        ),
        ("password told", password_set(l, 1_764_500_000_000)),
        ("phone confirmed elsewhere", {
            contact_confirmed(l, Channel::Phone, "+7999***4567", 1_764_500_000_000)
        }),
        ("e-mail confirmed elsewhere", {
            contact_confirmed(l, Channel::Email, "a***@example.com", 1_764_500_000_000)
        }),
        (
            "phone forgotten elsewhere",
            forgotten(l, Channel::Phone, 1_764_500_000_000),
        ),
        (
            "e-mail forgotten elsewhere",
            forgotten(l, Channel::Email, 1_764_500_000_000),
        ),
        ("logged out there", logged_out(l, false, true)),
        ("logged out everywhere", logged_out(l, true, true)),
        ("logged out, no cabinet", logged_out(l, true, false)),
        ("phone taken", phone_taken(l)),
        ("e-mail taken", email_taken(l)),
        ("code unsent", code_unsent(l)),
        ("e-mail unreachable", email_unreachable(l)),
        ("code, link", code(l, &waits[1], Note::Sent, true, &open)),
        ("phone, by which way", {
            super::ask_way(l, "+79990001122", &open, true)
        }),
        ("code, a way was chosen", {
            code(l, &chosen, Note::Sent, false, &open)
        }),
        ("code, ways to choose", {
            code(l, &waits[0], Note::Expired, false, &open)
        }),
    ]
    .into_iter()
    .map(|(name, screen)| (name.to_owned(), screen))
    .collect::<Vec<_>>();
    let notes = [
        Note::Sent,
        Note::Another,
        Note::NoCode,
        Note::Wrong { left: 1 },
        Note::Wrong { left: 4 },
        Note::Expired,
        Note::Locked,
        Note::Wait(Duration::from_secs(1)),
        Note::WaitNew(Duration::from_secs(1)),
        Note::TooMany(Duration::from_mins(1)),
    ];
    for pending in &waits {
        for note in notes {
            let name = format!("code, {}, {note:?}", pending.channel.as_str());
            all.push((name, code(l, pending, note, false, &[])));
        }
    }
    all
}

fn batches() -> Vec<(&'static str, News)> {
    let task = |kind: &str| Item::Task {
        kind: kind.to_owned(),
        id: 7,
    };
    let sale = |money| Item::Sale {
        order: ORDER,
        money,
        lines: vec![(zeta().title, 2)],
    };
    let rub = Money {
        minor: 149_700,
        currency: "RUB".parse().unwrap(),
    };
    let kinds = [
        "payment.unmatched",
        "payment.overpaid",
        "order.backorder",
        "refund.failed",
        "refund.by_hand",
        "refund.unmatched",
        "inbox.dead",
        "outbox.dead",
        "outbox.late",
        "sender.misconfigured",
        "sender.spam",
        "download.missing",
        "some.other",
    ];
    let one = News {
        sales: 1,
        sums: vec![stars(500)],
        items: vec![sale(Some(stars(500)))],
        more: 0,
    };
    let free = News {
        sums: Vec::new(),
        items: vec![sale(None), sale(None)],
        sales: 2,
        ..one.clone()
    };
    let title = zeta().title;
    let slug = zeta().slug;
    let refund = |order, money| Item::Refund { order, money };
    let many = News {
        sales: 25,
        sums: vec![rub, stars(250)],
        items: vec![
            Item::SoldOut { title, slug },
            refund(Some(ORDER), Some(stars(250))),
            refund(None, None),
            sale(Some(rub)),
        ],
        more: 21,
    };
    let tasks = News {
        items: kinds.iter().map(|kind| task(kind)).collect(),
        ..News::default()
    };
    vec![
        ("one sale", one),
        ("free", free),
        ("many", many),
        ("tasks", tasks),
    ]
}

/// Every screen with its name.
fn screens(l: &Localizer) -> Vec<(String, Screen)> {
    let some = [placed(State::Open), placed(State::Fulfilled)];
    let keys = [(zeta().title, "AAAA-<1>"), (zeta().title, "BBBB-&2")];
    let goods = Goods {
        keys: &keys,
        page: Some("https://shop.example.com/o/a&b"),
        ..Goods::default()
    };
    let spoken = |html: String| Screen {
        html,
        keyboard: Vec::new(),
        photo: None,
    };
    let mut all = vec![
        ("menu", menu(l, "Zeta & Co", None)),
        ("menu, greeting", menu(l, "Zeta & Co", Some("Hi <all>!"))),
        ("sold out", sold_out(l, &zeta())),
        ("cart", {
            let zeta = zeta().prices.to_json();
            super::cart(l, &cart_of(2, 2, &zeta), &OFFERS)
        }),
        ("cart, empty", super::cart(l, &Cart::default(), &OFFERS)),
        (
            "cart, short and repriced",
            super::cart(l, &cart_of(3, 1, "{}"), &OFFERS),
        ),
        ("cart, nothing takes it", {
            let zeta = zeta().prices.to_json();
            super::cart(l, &cart_of(2, 2, &zeta), &[])
        }),
        ("cart, asks before it is emptied", ask_empty(l)),
        ("cart, repriced", {
            let cart = cart_of(2, 2, r#"{"RUB":39900,"XTR":200}"#);
            repriced(l, &cart, &cart.lines[..1])
        }),
        ("cart, short", short(l, &cart_of(3, 1, "{}"))),
        ("cart, gone", short(l, &cart_of(3, 0, "{}"))),
        ("cart, back again", short(l, &cart_of(3, 3, "{}"))),
        (
            "limit, one open order",
            limit(l, &Limit::OpenOrders { most: 1 }, true),
        ),
        (
            "limit, open orders",
            limit(l, &Limit::OpenOrders { most: 3 }, false),
        ),
        (
            "limit, held keys",
            limit(
                l,
                &Limit::HeldKeys {
                    most: 100,
                    held: 21,
                },
                true,
            ),
        ),
        ("limit, pieces", {
            let title = zeta().title;
            limit(
                l,
                &Limit::Pieces {
                    title,
                    most: 5,
                    had: 2,
                },
                true,
            )
        }),
        ("limit, pieces at once", {
            let title = zeta().title;
            limit(
                l,
                &Limit::Pieces {
                    title,
                    most: 1,
                    had: 0,
                },
                false,
            )
        }),
        ("no offer", no_offer(l)),
        ("invoice refused", invoice_refused(l, ORDER)),
        (
            "privacy",
            privacy(l, Some("See https://shop.example.com/privacy")),
        ),
        ("privacy, none", privacy(l, None)),
        ("go on", go_on(l, Callback::Checkout { version: 7 })),
        ("method", method(l, &placed(State::Open), &OFFERS)),
        ("method, none", method(l, &placed(State::Open), &[])),
        (
            "payment",
            payment(l, &placed(State::Open), (ATTEMPT, Method::Stars), &OFFERS),
        ),
        ("delivery", spoken(delivery(l, ORDER, &goods).remove(0))),
        (
            "delivery again",
            spoken(
                delivery_again(
                    l,
                    ORDER,
                    &Goods {
                        page: None,
                        ..goods
                    },
                )
                .remove(0),
            ),
        ),
        ("orders", orders(l, &some, 0, false)),
        ("orders, page", orders(l, &some, 1, true)),
        ("orders, empty", orders(l, &[], 0, false)),
        ("keys", super::keys(l, &some, 0, true)),
        ("keys, empty", super::keys(l, &[], 0, false)),
        ("cancelled", cancelled(l, ORDER)),
        ("expired", expired(l, ORDER)),
        ("can't cancel", cant_cancel(l, ORDER)),
        ("backorder", backorder(l, ORDER, false)),
        ("backorder, money goes back", backorder(l, ORDER, true)),
        ("refunded", refunded(l, ORDER, stars(500))),
        (
            "returned, excess",
            returned(l, ORDER, stars(500), Misfit::Excess),
        ),
        (
            "returned, short",
            returned(l, ORDER, stars(1), Misfit::Short),
        ),
        (
            "returned, wrong currency",
            returned(l, ORDER, stars(500), Misfit::WrongCurrency),
        ),
        ("language", language(l)),
        ("help", help(l)),
        ("support", support(l, Some("@zeta_support"))),
        ("support, nobody", support(l, None)),
        ("paysupport", paysupport(l, Some("@zeta_support"))),
        ("terms", terms(l, Some("All sales & refunds are final."))),
        ("terms, none", terms(l, None)),
        ("unknown command", unknown_command(l)),
        ("not understood", not_understood(l)),
        ("nothing to cancel", nothing_to_cancel(l)),
        ("trouble", trouble(l)),
        ("staff link, used", link_used(l)),
        ("staff link, ended", link_ended(l)),
        ("staff link, unknown", link_unknown(l)),
    ]
    .into_iter()
    .map(|(name, screen)| (name.to_owned(), screen))
    .collect::<Vec<_>>();
    all.extend(contact_screens(l));
    all.extend(desk_screens(l));
    all.extend(files::screens(l));
    for (name, batch) in batches() {
        all.push((format!("news, {name}"), news(l, &batch)));
    }
    for role in Role::ALL {
        all.push((format!("welcome, {role}"), desk_welcome(l, role)));
    }
    let catalogue = super::catalogue::tests::screens(l).into_iter();
    let catalogue = catalogue.map(|(name, screen)| (name.to_owned(), screen));
    // After the two menus.
    all.splice(2..2, catalogue);
    for state in STATES {
        all.push((
            format!("order, {}", state.as_str()),
            order(l, &placed(state)),
        ));
    }
    all
}

/// Every plain text with its name.
fn plain(l: &Localizer) -> Vec<(String, String)> {
    let reasons = [
        Reason::Unknown,
        Reason::NotYours,
        Reason::Changed,
        Reason::Expired,
        Reason::Cancelled,
        Reason::Paid,
        Reason::BeingPaid,
    ];
    let mut all: Vec<(String, String)> = vec![
        ("stale".to_owned(), stale(l)),
        ("forged".to_owned(), forged(l)),
        ("not yours".to_owned(), not_yours(l)),
        ("gone".to_owned(), gone(l)),
        ("category gone".to_owned(), category_gone(l)),
        ("language chosen".to_owned(), language_chosen(l)),
        ("shop busy".to_owned(), shop_busy(l)),
        ("desk, not allowed".to_owned(), desk_not_allowed(l)),
        ("desk, task done".to_owned(), task_done(l)),
        ("desk, task gone".to_owned(), task_gone(l)),
        ("desk, task waits".to_owned(), task_waits(l)),
        ("invoice title".to_owned(), invoice_title(l, ORDER)),
        (
            "invoice description".to_owned(),
            invoice_description(l, &placed(State::Open)),
        ),
    ];
    for cap in [
        Cap::NotForSale,
        Cap::Stock(1),
        Cap::Stock(3),
        Cap::PerCustomer(5),
        Cap::PerOrder(100),
        Cap::Lines(20),
    ] {
        all.push((format!("capped, {cap:?}"), capped(l, cap)));
    }
    all.push(("put".to_owned(), put(l, 2)));
    all.push(("cart changed".to_owned(), cart_changed(l)));
    let prompts = [
        ("phone, asked", ask_phone(l, false, false)),
        ("phone, for an order", ask_phone(l, true, false)),
        ("phone, or typed", ask_phone(l, false, true)),
        ("phone, no number", ask_phone_again(l, Again::NotOne)),
        ("phone, by a code", phone_by_code(l)),
        ("phone, not theirs", not_your_phone(l)),
        ("phone, words instead", phone_by_button(l)),
        ("phone, kept", phone_kept(l)),
        ("phone, dismissed", phone_dismissed(l)),
        (
            "phone, confirmed elsewhere",
            confirmed_elsewhere(l, "+7999***4567"),
        ),
    ];
    for (name, prompt) in prompts {
        let markup = prompt
            .markup
            .map_or_else(String::new, |json| json.to_string());
        all.push((name.to_owned(), format!("{} {markup}", prompt.html)));
    }
    for reason in reasons {
        all.push((format!("refusal, {reason:?}"), refusal(l, reason)));
    }
    for (command, id) in COMMANDS {
        all.push((format!("/{command}"), l.text(id, &[])));
    }
    all
}

fn gallery(l: &Localizer) -> String {
    let mut text = String::new();
    for (name, screen) in screens(l) {
        let photo = if screen.photo.is_some() { "🖼 " } else { "" };
        writeln!(text, "───── {name}\n{photo}{}", screen.html).unwrap();
        for row in screen.keyboard {
            let row = row
                .iter()
                .map(|button| format!("[{} → {}]", button.text, button.callback.encode()));
            writeln!(text, "{}", row.collect::<Vec<_>>().join(" ")).unwrap();
        }
        text.push('\n');
    }
    for (name, words) in plain(l) {
        writeln!(text, "{name}: {words}").unwrap();
    }
    text
}

#[test]
fn gallery_in_english() {
    insta::assert_snapshot!("gallery_en", gallery(&localizer(Language::En)));
}

#[test]
fn gallery_in_russian() {
    insta::assert_snapshot!("gallery_ru", gallery(&localizer(Language::Ru)));
}

#[tokio::test]
async fn telegram_takes_every_screen() {
    let emulator = kiosk_emulator::start(Options::default()).await.unwrap();
    let control = emulator.control();
    let ann = control.customer(CustomerSpec::named("Ann"));
    control.say(ann, "/start");
    let client = Client::new(&emulator.url(), SecretString::from("4242:secret")).unwrap();
    for language in Language::ALL {
        for (name, screen) in screens(&localizer(language)) {
            let markup = screen.reply_markup();
            let message = Message {
                chat_id: ann,
                html: &screen.html,
                reply_markup: markup.as_deref(),
                protect_content: false,
            };
            if screen.photo.is_some() {
                let photo = Photo {
                    chat_id: ann,
                    picture: Picture::Upload {
                        name: "photo.png",
                        bytes: b"\x89PNG",
                    },
                    html: &screen.html,
                    reply_markup: markup.as_deref(),
                };
                let sent = client.send_photo(&photo).await;
                assert!(sent.is_ok(), "{name}: {sent:?}");
                continue;
            }
            let sent = client.send_message(&message).await;
            assert!(sent.is_ok(), "{name}: {sent:?}");
        }
    }
}

#[test]
fn plain_texts_keep_telegrams_limits() {
    for language in Language::ALL {
        let l = localizer(language);
        for (name, words) in plain(&l) {
            assert!(
                name.starts_with("phone") || (1..=200).contains(&words.chars().count()),
                "{name}: {words}"
            );
        }
        assert!(invoice_title(&l, ORDER).chars().count() <= 32);
        let mut long = placed(State::Open);
        long.lines = vec![long.lines[0].clone(); 50];
        assert_eq!(invoice_description(&l, &long).chars().count(), 255);
        assert!(method(&l, &long, &OFFERS).html.chars().count() < 4_096);
    }
}

#[test]
fn many_keys_take_many_messages_and_none_is_lost() {
    let l = localizer(Language::Ru);
    let texts: Vec<String> = (0..1_000).map(|n| format!("KEY-{n:04}-🔑")).collect();
    let keys: Vec<_> = texts
        .iter()
        .map(|key| (zeta().title, key.as_str()))
        .collect();
    let goods = Goods {
        keys: &keys,
        page: Some("https://shop.example.com/o/token"),
        ..Goods::default()
    };
    let messages = delivery(&l, ORDER, &goods);
    assert!(messages.len() > 1);
    for message in &messages {
        assert!(message.encode_utf16().count() <= 4_096);
    }
    let all = messages.concat();
    for key in &texts {
        assert!(all.contains(&format!("<code>{key}</code>")), "{key}");
    }
}

#[test]
fn long_texts_are_shortened_at_letters() {
    assert_eq!(shortened(" abc ", 3), "abc");
    assert_eq!(shortened("abcd", 3), "ab…");
    assert_eq!(shortened("a  d", 3), "a…");
    assert_eq!(shortened("яяяя", 2), "я…");
    assert_eq!(shortened("ab", 1), "…");
}

/// The kinds of task that the program opens: what its sources give as `kind` of one, directly or by a constant.
fn kinds_of_tasks() -> std::collections::BTreeSet<String> {
    let mut sources = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("tests.rs") {
                sources.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let is_kind = |text: &str| {
        let plain = |it: char| it.is_ascii_lowercase() || matches!(it, '.' | '_');
        text.contains('.') && text.chars().all(plain)
    };
    let quoted = |text: &str| text.split('"').nth(1).map(str::to_owned);
    let mut kinds = std::collections::BTreeSet::new();
    for source in &sources {
        let opens = source.contains("Task {") || source.contains("attention::open");
        for line in source.lines().map(str::trim).filter(|_| opens) {
            let is_named = line.starts_with("kind: \"") || line.contains("const ");
            kinds.extend(quoted(line).filter(|kind| is_named && is_kind(kind)));
        }
    }
    kinds
}

#[test]
fn each_kind_of_task_has_words_in_each_language() {
    let kinds = kinds_of_tasks();
    for known in [
        "payment.unmatched",
        "inbox.dead",
        "outbox.dead",
        "sender.spam",
    ] {
        assert!(kinds.contains(known), "{known} is not among {kinds:?}");
    }
    for l in Language::ALL.map(localizer) {
        for kind in &kinds {
            assert_ne!(
                task_kind(&l, kind),
                task_kind(&l, "some.other").replace("some.other", kind),
                "{kind}"
            );
            assert_ne!(
                task_means(&l, kind, "1"),
                task_means(&l, "some.other", "1"),
                "{kind}"
            );
        }
    }
}
