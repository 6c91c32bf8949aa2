//! What waits for a code or a mail on the login's and the recovery's pages, and what those say when it is over.

use std::time::Duration;

use kiosk::shop::confirmations::WayIn;
use kiosk::shop::confirmations::guess::Guess;
use kiosk::shop::confirmations::{Asker, CODE_LIFE, Purpose};
use kiosk::store::PublicId;
use reqwest::StatusCode;

use super::browser::{Answer, Browser, Pages};
use crate::on_both_engines;

const PHONE: &str = "+79990000001";
const NOBODYS: &str = "+79990000009";
const MAIL: &str = "ann@example.com";
const NOBODYS_MAIL: &str = "nobody@example.com";
const PASSWORD: &str = "slow green bicycle";

fn asked(browser: &Browser) -> PublicId {
    let id = browser.cookie("kiosk-asked").expect("a cookie");
    id.parse().expect("an id")
}

/// A page without what differs for everybody.
fn plain(answer: &Answer, form: &str, target: &str) -> String {
    let text = answer.text.replace(form, "…").replace(target, "…");
    text.replace(&target.replace('+', "&#43;"), "…")
}

/// What a way in sends along with a code.
fn fields<'a>(way: &str, form: &'a str, code: &'a str) -> Vec<(&'static str, &'a str)> {
    let mut fields = vec![("form", form), ("code", code)];
    if way == "recover" {
        fields.push(("new", PASSWORD));
    }
    fields
}

on_both_engines! {
    async fn where_a_code_is_over_one_begins_again_whether_or_not_anybody_has_the_number(db: TestDb) {
        let pages = Pages::open(&db).await;
        pages.cabinet.known(1, PHONE, MAIL).await;
        for way in ["login", "recover"] {
            let (page, again) = (format!("/{way}/code"), format!("/{way}/again"));
            let mut told = Vec::new();
            for number in [PHONE, NOBODYS] {
                let browser = pages.browser();
                browser.submits(&format!("/{way}"), &format!("/{way}/phone"), &[("phone", number)]).await;
                let form = browser.get(&page).await.token();
                pages.shop.clock.advance(CODE_LIFE);
                let looked = browser.get(&page).await;
                let typed = browser.post(&page, &fields(way, &form, "123456")).await;
                let resent = browser.post(&again, &[("form", &form)]).await;
                for answer in [&looked, &typed, &resent] {
                    answer.shows("Begin again");
                    answer.shows(&format!("href=\"/{way}\""));
                    assert!(!answer.text.contains("name=\"code\"") && !answer.text.contains(&again), "{}", answer.text);
                }
                told.push([&looked, &typed, &resent].map(|it| (it.status, plain(it, &form, number))));
            }
            assert_eq!(told[0], told[1], "whether a number is known is not told");
        }
    }

    async fn so_does_who_has_typed_too_many_and_whose_number_somebody_else_has_given(db: TestDb) {
        let pages = Pages::open(&db).await;
        pages.cabinet.known(1, PHONE, MAIL).await;
        let mut told = Vec::new();
        for number in [PHONE, NOBODYS] {
            let browser = pages.browser();
            browser.submits("/login", "/login/phone", &[("phone", number)]).await;
            let form = browser.get("/login/code").await.token();
            for _ in 0..4 {
                browser.post("/login/code", &fields("login", &form, "000000")).await.shows("not the code");
            }
            let locked = browser.post("/login/code", &fields("login", &form, "000000")).await;
            let shown = browser.get("/login/code").await;
            pages.shop.clock.advance(Duration::from_mins(2));
            let first = pages.browser();
            first.submits("/login", "/login/phone", &[("phone", number)]).await;
            pages.shop.clock.advance(Duration::from_mins(2));
            pages.browser().submits("/login", "/login/phone", &[("phone", number)]).await;
            let passed = first.get("/login/code").await;
            for answer in [&locked, &shown, &passed] {
                answer.shows("Begin again");
                assert!(!answer.text.contains("name=\"code\""), "{}", answer.text);
            }
            let firsts = first.get("/login").await.token();
            told.push([plain(&locked, &form, number), plain(&shown, &form, number), plain(&passed, &firsts, number)]);
        }
        assert_eq!(told[0], told[1], "whether a number is known is not told");
    }

    async fn another_mail_lets_the_browser_wait_as_long_as_the_link_is_good(db: TestDb) {
        let pages = Pages::open(&db).await;
        pages.cabinet.known(1, PHONE, MAIL).await;
        for way in ["login", "recover"] {
            for address in [MAIL, NOBODYS_MAIL] {
                let browser = pages.browser();
                browser.submits(&format!("/{way}"), &format!("/{way}/email"), &[("email", address)]).await;
                let form = browser.get(&format!("/{way}/code")).await.token();
                let again = format!("/{way}/again");
                let keeps = |answer: &Answer| {
                    let mut cookies = answer.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap().to_owned());
                    cookies.find(|it| it.starts_with("kiosk-asked="))
                };
                let early = browser.post(&again, &[("form", &form)]).await;
                assert_eq!((early.status, keeps(&early)), (StatusCode::TOO_MANY_REQUESTS, None));
                pages.shop.clock.advance(Duration::from_mins(29));
                let sent = browser.post(&again, &[("form", &form)]).await;
                sent.shows("Another one is on its way");
                let cookie = keeps(&sent).expect("kept anew");
                assert!(cookie.starts_with(&format!("kiosk-asked={};", asked(&browser))) && cookie.contains("Max-Age=1800;"), "{cookie}");
            }
        }
    }

    async fn a_mail_that_lets_in_has_a_link_and_no_code_that_could_be_guessed(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await.id;
        for (way, purpose) in [(WayIn::Login, Purpose::Login), (WayIn::Recover, Purpose::Recover)] {
            let asker = Asker::Visitor(way);
            let page = if way == WayIn::Login { "login" } else { "recover" };
            let mut told = Vec::new();
            for address in [MAIL, NOBODYS_MAIL] {
                let browser = pages.browser();
                browser.submits(&format!("/{page}"), &format!("/{page}/email"), &[("email", address)]).await;
                let id = asked(&browser);
                let form = browser.get(&format!("/{page}/code")).await.token();
                // The code that could be derived, were it kept.
                let word = if way == WayIn::Login { "login" } else { "recover" };
                let seed = [id.0.as_slice(), &1_i64.to_be_bytes(), word.as_bytes()].concat();
                let mac = pages.shop.vault.derived_mac("confirmation code", &seed);
                let code = format!("{:06}", u64::from_be_bytes(mac[..8].try_into().unwrap()) % 1_000_000);
                let typed = browser.post(&format!("/{page}/code"), &fields(page, &form, &code)).await;
                assert_eq!(typed.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", typed.text);
                told.push(plain(&typed, &form, address));
                pages.shop.clock.advance(Duration::from_mins(2));
                let resent = browser.post(&format!("/{page}/again"), &[("form", &form)]).await;
                resent.shows("Another one is on its way");
                let seed = [id.0.as_slice(), &2_i64.to_be_bytes(), word.as_bytes()].concat();
                let mac = pages.shop.vault.derived_mac("confirmation code", &seed);
                let code = format!("{:06}", u64::from_be_bytes(mac[..8].try_into().unwrap()) % 1_000_000);
                assert!(matches!(pages.desk.guess(asker, id, &code).await, Guess::Wrong { .. }));
                if address == MAIL {
                    let (_, token) = pages.desk.mailed(id, 2).await;
                    let path = if way == WayIn::Login { format!("/login/mail/{token}") } else { format!("/recover/{token}") };
                    let new = [("new", PASSWORD)];
                    browser.submits(&path, &path, if purpose == Purpose::Recover { &new } else { &[] }).await;
                }
            }
            assert_eq!(told[0], told[1], "whether an address is known is not told");
        }
        // By the links she came in, and has a new password.
        assert_eq!(pages.cabinet.letters("password_set").await, 1);
        assert_eq!(pages.cabinet.sessions(ann).await, [], "the recovery has logged everybody out");
    }
}
