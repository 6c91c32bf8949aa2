//! Who may open what: each page of the cabinet, for nobody, for another customer, for a session that has ended; and forms
//! from elsewhere.

use kiosk::shop::customers::Customer;
use kiosk::store::PublicId;
use reqwest::{Method, StatusCode};

use super::browser::{Browser, Otherwise, Pages};
use crate::on_both_engines;
use crate::sales::rig::Shop;

/// Pages that are looked at. `…` is an order of Ann's.
const LOOKS: [&str; 12] = [
    "/cabinet",
    "/cabinet/orders",
    "/cabinet/orders/…",
    "/cabinet/downloads",
    "/cabinet/profile",
    "/cabinet/phone",
    "/cabinet/email",
    "/cabinet/vk",
    "/cabinet/vk/back?code=code-0&state=x&device_id=d",
    "/cabinet/safety",
    "/cabinet/data",
    "/cabinet/data/erase",
];
/// Forms that change or show something. `…` is an order of Ann's, `=` a session of hers.
const FORMS: [&str; 17] = [
    "/cabinet/orders/…/keys",
    "/cabinet/orders/…/file",
    "/cabinet/profile/name",
    "/cabinet/profile/language",
    "/cabinet/phone",
    "/cabinet/phone/code",
    "/cabinet/phone/again",
    "/cabinet/email",
    "/cabinet/email/code",
    "/cabinet/vk/link",
    "/cabinet/vk/phone",
    "/cabinet/vk/unlink",
    "/cabinet/safety/password",
    "/cabinet/safety/others",
    "/cabinet/safety/sessions/=",
    "/cabinet/data/export",
    "/cabinet/data/erase",
];

/// Ann, who has bought a key, and her order.
async fn bought(pages: &Pages) -> (Customer, PublicId) {
    let ann = pages.shop.customer(1).await;
    let (order, payload) = pages.shop.invoiced(&ann, "a").await;
    pages
        .shop
        .settle(&Shop::charge(&ann, &payload, "charge-1"))
        .await;
    (ann, order)
}

fn named(path: &str, order: &str, session: &str) -> String {
    path.replace('…', order).replace('=', session)
}

async fn fills(browser: &Browser, path: &str, form: &str) -> super::browser::Answer {
    let fields = [
        ("form", form),
        ("sure", "yes"),
        ("new", "slow green bicycle"),
        ("language", "ru"),
        ("name", "Mallory"),
        ("phone", "+79990000009"),
        ("email", "m@example.com"),
        ("code", "123456"),
    ];
    browser.post(path, &fields).await
}

on_both_engines! {
    async fn without_a_session_every_page_leads_to_the_login_and_no_form_does_anything(db: TestDb) {
        let pages = Pages::open(&db).await;
        let (ann, order) = bought(&pages).await;
        let hers = pages.logged_in(ann.id).await;
        let session = pages.cabinet.sessions(ann.id).await[0].id;
        let ended = pages.logged_in(ann.id).await;
        let form_of_ended = ended.get("/cabinet").await.token();
        let token_of_ended = ended.cookie("kiosk").unwrap();
        ended.submits("/cabinet", "/logout", &[]).await;
        ended.set_cookie("kiosk", &token_of_ended);
        let made_up = pages.browser();
        made_up.set_cookie("kiosk", &"A".repeat(43));
        let garbage = pages.browser();
        garbage.set_cookie("kiosk", "x");
        for browser in [&pages.browser(), &ended, &made_up, &garbage] {
            let mut bodies = Vec::new();
            for (id, session) in [(order.to_string(), session.to_string()), ("A".repeat(22), "A".repeat(22))] {
                for path in LOOKS.map(|path| named(path, &id, &session)) {
                    let answer = browser.get(&path).await;
                    assert_eq!((answer.status, answer.place()), (StatusCode::SEE_OTHER, "/login"), "{path}");
                    bodies.push(answer.text);
                }
                let form = browser.get("/login").await.token();
                for path in FORMS.map(|path| named(path, &id, &session)) {
                    for form in [&form, &form_of_ended] {
                        let answer = fills(browser, &path, form).await;
                        assert_eq!((answer.status, answer.place()), (StatusCode::SEE_OTHER, "/login"), "{path}");
                        bodies.push(answer.text);
                    }
                }
            }
            bodies.dedup();
            assert_eq!(bodies.len(), 1, "all of them look the same");
        }
        hers.get("/cabinet/profile").await.shows("Ann");
        assert_eq!(pages.cabinet.sessions(ann.id).await.len(), 1);
    }

    async fn to_another_customer_nothing_of_hers_is_there(db: TestDb) {
        let pages = Pages::open(&db).await;
        let (ann, order) = bought(&pages).await;
        let hers = pages.logged_in(ann.id).await;
        let session = pages.cabinet.sessions(ann.id).await[0].id;
        let bob = pages.shop.customer(2).await;
        let his = pages.logged_in(bob.id).await;
        let form = his.get("/cabinet").await.token();
        let mut bodies = Vec::new();
        for id in [order.to_string(), "A".repeat(22), "x".to_owned(), "A".repeat(5_000)] {
            let answer = his.get(&format!("/cabinet/orders/{id}")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}");
            bodies.push(answer.text);
            for what in ["keys", "file"] {
                let answer = fills(&his, &format!("/cabinet/orders/{id}/{what}"), &form).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id} {what}");
                bodies.push(answer.text);
            }
        }
        for id in [session.to_string(), "A".repeat(22)] {
            let answer = fills(&his, &format!("/cabinet/safety/sessions/{id}"), &form).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND);
            bodies.push(answer.text);
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "what is another's and what never was look the same");
        let list = his.get("/cabinet/orders").await;
        assert!(!list.text.contains(&order.to_string()));
        hers.get("/cabinet/orders").await.shows(&order.to_string());
    }

    async fn a_form_from_elsewhere_does_nothing(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.shop.customer(1).await;
        let bob = pages.shop.customer(2).await;
        let (hers, his) = (pages.logged_in(ann.id).await, pages.logged_in(bob.id).await);
        let (mine, others) = (hers.get("/cabinet").await.token(), his.get("/cabinet").await.token());
        let nobodys = pages.browser().get("/login").await.token();
        let path = "/cabinet/profile/name";
        let sends = async |form: &str, header: Option<(&str, &str)>| {
            let request = hers.request(Method::POST, path).form(&[("form", form), ("name", "Mallory")]);
            let request = match header {
                Some((name, value)) => request.header(name, value),
                None => request,
            };
            hers.send(request).await.status
        };
        for form in ["", "x", &others, &nobodys] {
            assert_eq!(sends(form, None).await, StatusCode::FORBIDDEN, "{form}");
        }
        let elsewhere = [
            ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("sec-fetch-site", ""),
            ("origin", "https://mallory.example"), ("origin", "http://127.0.0.1"),
        ];
        for header in elsewhere {
            assert_eq!(sends(&mine, Some(header)).await, StatusCode::FORBIDDEN, "{header:?}");
        }
        assert_eq!(pages.desk.profile(&ann).await.given_name, None);
        for header in [("sec-fetch-site", "same-origin"), ("origin", pages.base.as_str()), ("origin", "null")] {
            assert_eq!(sends(&mine, Some(header)).await, StatusCode::SEE_OTHER, "{header:?}");
        }
        assert_eq!(pages.desk.profile(&ann).await.given_name.as_deref(), Some("Mallory"));
        // Before a login, too: nobody is lured into a session of somebody else's.
        let browser = pages.browser();
        browser.get("/login").await;
        for form in ["", &nobodys, &others] {
            let fields = [("form", form), ("login", "a@example.com"), ("password", "whatever it is")];
            assert_eq!(browser.post("/login/password", &fields).await.status, StatusCode::FORBIDDEN);
        }
        // A form that is too large is none.
        let large = "x".repeat(20_000);
        assert_eq!(hers.post(path, &[("form", &mine), ("name", &large)]).await.status, StatusCode::FORBIDDEN);
    }

    async fn an_address_is_who_connects_whatever_a_header_says(db: TestDb) {
        let pages = Pages::open(&db).await;
        assert_eq!(address_behind(&pages).await.as_deref(), Some("127.0.0.0/24"));
    }

    async fn behind_a_proxy_of_its_own_an_address_is_what_the_proxy_says_last(db: TestDb) {
        let otherwise = Otherwise { address_header: Some("x-real-ip"), ..Otherwise::default() };
        let pages = Pages::open_with(&db, otherwise).await;
        assert_eq!(address_behind(&pages).await.as_deref(), Some("203.0.113.0/24"));
        let all = [
            ("203.0.113.7", "203.0.113.0/24"),
            ("203.0.113.7:443", "203.0.113.0/24"),
            ("2001:db8:1:2ff::9", "2001:db8:1:200::/56"),
            ("[2001:db8:1:2ff::9]", "2001:db8:1:200::/56"),
            ("[2001:db8:1:2ff::9]:443", "2001:db8:1:200::/56"),
            ("198.51.100.1, ::ffff:203.0.113.7", "203.0.113.0/24"),
            // What nobody can read is the proxy's own: limits hold for all together.
            ("unknown", "127.0.0.0/24"),
            ("198.51.100.1, _hidden", "127.0.0.0/24"),
            ("", "127.0.0.0/24"),
        ];
        for (customer, (said, heard)) in (2..).zip(all) {
            let address = address_said(&pages, customer, said).await;
            assert_eq!(address.as_deref(), Some(heard), "{said:?}");
        }
    }

    async fn codes_are_limited_where_a_proxy_says_nothing(db: TestDb) {
        let otherwise = Otherwise { address_header: Some("x-real-ip"), ..Otherwise::default() };
        let pages = Pages::open_with(&db, otherwise).await;
        let mut refused = 0;
        for number in 0..40 {
            let browser = pages.browser();
            let form = browser.get("/login").await.token();
            let target = format!("+7999000{number:04}");
            let answer = browser.post("/login/phone", &[("form", &form), ("phone", &target)]).await;
            refused += u32::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
        }
        assert!(refused > 0);
    }
}

/// The address of a session whose browser came with a header of a proxy's.
async fn address_behind(pages: &Pages) -> Option<String> {
    address_said(pages, 1, "198.51.100.1, 203.0.113.7").await
}

async fn address_said(pages: &Pages, telegram_id: i64, said: &str) -> Option<String> {
    let ann = pages.cabinet.customer(telegram_id, "Ann").await.id;
    let path = format!("/login/{}", pages.cabinet.link(ann).await.expose());
    let browser = pages.browser();
    let form = browser.get(&path).await.token();
    let request = browser.request(Method::POST, &path);
    let request = request.form(&[("form", form.as_str())]);
    let request = request.header("x-real-ip", said);
    browser.send(request).await;
    let sessions = pages.cabinet.sessions(ann).await;
    sessions[0].device.address.clone()
}
