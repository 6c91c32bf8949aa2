//! By what a code comes, as the pages ask it: after the number, of everybody alike, and only where there is a choice.

use std::sync::Arc;
use std::time::Duration;

use kiosk::shop::access::sessions::FRESH;
use kiosk::shop::confirmations::senders::Messenger;
use kiosk::store::PublicId;
use kiosk::{binds, sql};
use reqwest::StatusCode;

use super::browser::{Answer, Browser, Otherwise, Pages};
use crate::confirmations::senders::FakePhone;
use crate::on_both_engines;
use crate::support::db::TestDb;

const PHONE: &str = "+79990000001";
const NOBODYS: &str = "+79990000009";
const MAIL: &str = "ann@example.com";
sql! {
    BEGUN = "ways.begun", "SELECT COUNT(*) FROM confirmations";
}

const GAP: Duration = Duration::from_secs(61);

async fn open(db: &TestDb, messengers: &[Messenger]) -> Pages {
    let otherwise = Otherwise {
        messengers: Some(messengers.to_vec()),
        ..Otherwise::default()
    };
    Pages::open_with(db, otherwise).await
}

const THREE: [Messenger; 3] = [Messenger::Telegram, Messenger::Whatsapp, Messenger::Vk];

fn senders() -> [Arc<FakePhone>; 3] {
    ["gateway:a", "whatsapp:a", "vk:a"].map(FakePhone::new)
}

fn asked(browser: &Browser) -> PublicId {
    let id = browser.cookie("kiosk-asked").expect("a cookie");
    id.parse().expect("an id")
}

/// Gives a number on a page, and presses a button of the question that comes.
async fn chooses(browser: &Browser, way: &str, number: &str, by: Option<&str>) -> Answer {
    let path = format!("/{way}/phone");
    let page = browser
        .submits(&format!("/{way}"), &path, &[("phone", number)])
        .await;
    presses(browser, &page, &path, by).await
}

async fn presses(browser: &Browser, page: &Answer, path: &str, by: Option<&str>) -> Answer {
    page.shows("How should we send the code?");
    // What the page holds comes back with the button.
    let hidden = |name: &str| {
        let (_, rest) = page
            .text
            .split_once(&format!("type=\"hidden\" name=\"{name}\" value=\""))
            .unwrap_or_else(|| panic!("no {name}: {}", page.text));
        rest.split('"').next().unwrap().replace("&#43;", "+")
    };
    let (form, phone, asked) = (hidden("form"), hidden("phone"), hidden("asked"));
    let mut fields = vec![
        ("form", form.as_str()),
        ("phone", &phone),
        ("asked", &asked),
    ];
    fields.extend(by.map(|by| ("by", by)));
    browser.post(path, &fields).await
}

on_both_engines! {
    async fn nothing_is_asked_for_that_nobody_would_carry(db: TestDb) {
        let nobody = Otherwise { messengers: Some(Vec::new()), no_mails: true, ..Otherwise::default() };
        let pages = Pages::open_with(&db, nobody).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await;
        let login = pages.browser().get("/login").await;
        login.shows("With a password");
        for absent in ["/login/phone", "/login/email", "/recover"] {
            assert!(!login.text.contains(absent), "{absent}: {}", login.text);
        }
        assert_eq!(pages.browser().get("/recover").await.status, StatusCode::NOT_FOUND);
        let browser = pages.logged_in(ann.id).await;
        for (page, field, value, words) in [
            ("/cabinet/phone", "phone", NOBODYS, "Another number is given in the chat"),
            ("/cabinet/email", "email", "another@example.com", "This shop sends no e-mails"),
        ] {
            let shown = browser.get(page).await;
            shown.shows(words);
            assert!(!shown.text.contains(&format!("name=\"{field}\"")), "{}", shown.text);
            browser.post(page, &[("form", &shown.token()), (field, value)]).await.shows(words);
        }
        let begun = pages.shop.store.read("test", |tx| Box::pin(tx.one::<(i64,)>(&BEGUN, binds![]))).await.unwrap();
        assert_eq!(begun, (0,));
    }
}

on_both_engines! {
    async fn after_the_number_the_ways_are_shown_alike_for_known_and_unknown_and_one_tap_is_enough(db: TestDb) {
        let pages = open(&db, &THREE).await;
        pages.cabinet.known(1, PHONE, MAIL).await;
        for way in ["login", "recover"] {
            let mut told = Vec::new();
            for number in [PHONE, NOBODYS] {
                let browser = pages.browser();
                let path = format!("/{way}/phone");
                let page = browser.submits(&format!("/{way}"), &path, &[("phone", number)]).await;
                assert_eq!(page.status, StatusCode::OK);
                assert!(browser.cookie("kiosk-asked").is_none(), "nothing is sent as yet");
                let at = |words: &str| page.text.find(words).unwrap_or_else(|| panic!("{words}: {}", page.text));
                let order = [at("whichever way works"), at("By Telegram"), at("By WhatsApp"), at("By VK")];
                assert!(order.is_sorted(), "whichever is first");
                let sent = presses(&browser, &page, &path, None).await;
                assert_eq!(sent.place(), format!("/{way}/code"));
                let code = browser.get(sent.place()).await;
                code.shows("By WhatsApp instead");
                assert!(!code.text.contains("You chose"));
                told.push([page.text.clone(), code.text.clone()].map(|text| {
                    text.replace(&page.token(), "…").replace(number, "…").replace(&number.replace('+', "&#43;"), "…")
                }));
            }
            assert_eq!(told[0], told[1], "whether a number is known is not told");
            pages.shop.clock.advance(GAP);
        }
    }

    async fn a_choice_is_followed_is_said_and_can_be_changed_for_the_next_code(db: TestDb) {
        let pages = open(&db, &THREE).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await;
        let senders = senders();
        let browser = pages.browser();
        assert_eq!(chooses(&browser, "login", "8 999 000-00-01", Some("whatsapp")).await.place(), "/login/code");
        let page = browser.get("/login/code").await;
        page.shows("You chose WhatsApp");
        page.shows("By Telegram instead");
        page.shows("value=\"any\"");
        let id = asked(&browser);
        pages.desk.carry(&senders, id, 1).await;
        let early = browser.submits("/login/code", "/login/again", &[("by", "telegram")]).await;
        assert_eq!(early.status, StatusCode::TOO_MANY_REQUESTS);
        pages.shop.clock.advance(GAP);
        let other = browser.submits("/login/code", "/login/again", &[("by", "telegram")]).await;
        other.shows("You chose Telegram");
        pages.desk.carry(&senders, id, 2).await;
        pages.shop.clock.advance(GAP);
        browser.submits("/login/code", "/login/again", &[]).await.shows("You chose Telegram");
        pages.desk.carry(&senders, id, 3).await;
        assert_eq!([senders[0].calls(), senders[1].calls(), senders[2].calls()], [2, 1, 0]);
        pages.shop.clock.advance(GAP);
        // VK can't: she has linked none. The code comes by another way, as the page said.
        browser.submits("/login/code", "/login/again", &[("by", "vk")]).await.shows("You chose VK");
        senders[2].reaches_nobody();
        pages.desk.carry(&senders, id, 4).await;
        assert_eq!(senders[2].calls(), 0);
        assert_eq!(senders[0].calls() + senders[1].calls(), 4);
        pages.shop.clock.advance(GAP);
        browser.submits("/login/code", "/login/again", &[("by", "any")]).await.shows("is no longer good");
        assert!(!browser.get("/login/code").await.text.contains("You chose"));
        let code = pages.desk.code(id, 5).await;
        assert_eq!(browser.submits("/login/code", "/login/code", &[("code", &code)]).await.place(), "/cabinet");
        assert_eq!(pages.cabinet.sessions(ann.id).await.len(), 1);
    }

    async fn in_the_cabinet_vk_is_no_way_since_it_proves_no_number(db: TestDb) {
        let pages = open(&db, &THREE).await;
        let ann = pages.shop.customer(1).await;
        let browser = pages.logged_in(ann.id).await;
        let page = browser.submits("/cabinet/phone", "/cabinet/phone", &[("phone", PHONE)]).await;
        assert!(!page.text.contains("By VK"), "{}", page.text);
        page.shows("By WhatsApp");
        // Whoever sends it all the same has wished nothing, and a made-up word neither.
        let sent = presses(&browser, &page, "/cabinet/phone", Some("vk")).await;
        assert_eq!(sent.place(), "/cabinet/phone");
        assert!(!browser.get("/cabinet/phone").await.text.contains("You chose"));
        pages.shop.clock.advance(GAP);
        let again = browser.submits("/cabinet/phone", "/cabinet/phone/again", &[("by", "pigeon")]).await;
        assert_eq!(again.status, StatusCode::OK);
        assert!(!again.text.contains("You chose"));
        pages.shop.clock.advance(GAP);
        let again = browser.submits("/cabinet/phone", "/cabinet/phone/again", &[("by", "whatsapp")]).await;
        again.shows("You chose WhatsApp");
        // An old login is asked for a new one before anything else.
        pages.shop.clock.advance(FRESH);
        let late = browser.submits("/cabinet/phone", "/cabinet/phone", &[("phone", NOBODYS)]).await;
        late.shows("Please log in once more");
    }

    async fn with_one_kind_nothing_is_asked(db: TestDb) {
        let pages = open(&db, &[Messenger::Telegram]).await;
        pages.cabinet.known(1, PHONE, MAIL).await;
        let browser = pages.browser();
        let sent = browser.submits("/login", "/login/phone", &[("phone", PHONE)]).await;
        assert_eq!(sent.place(), "/login/code");
        let page = browser.get("/login/code").await;
        assert!(!page.text.contains("name=\"by\""), "{}", page.text);
    }

    async fn nor_where_a_second_kind_could_not_prove_the_number(db: TestDb) {
        let pages = open(&db, &[Messenger::Telegram, Messenger::Vk]).await;
        let ann = pages.shop.customer(1).await;
        let browser = pages.logged_in(ann.id).await;
        let sent = browser.submits("/cabinet/phone", "/cabinet/phone", &[("phone", PHONE)]).await;
        assert_eq!(sent.place(), "/cabinet/phone");
    }
}
