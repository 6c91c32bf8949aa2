//! The pages of ways in and of what is told and changed there, in a real browser: each is looked at in both languages, on a
//! laptop and on a small phone, in light and dark.

use kiosk::shop::confirmations::{Asker, Channel, WayIn, look};
use kiosk::store::PublicId;
use serde_json::json;

use super::chromium::Browser;
use super::page::{DESKTOP, PHONE, Tab};
use crate::confirmations::rig::email;
use crate::support::db::TestDb;
use crate::web::browser::Pages;

const NUMBER: &str = "+79990000001";
const MAIL: &str = "ann@example.com";
const PASSWORD: &str = "slow green bicycle";

/// A tab, and whose pages it walks through.
struct Walk<'a> {
    pages: &'a Pages,
    tab: Tab,
    lang: &'static str,
}

impl Walk<'_> {
    /// Opens a page, which shows an element, and takes pictures of it.
    async fn opens(&mut self, name: &str, path: &str, element: &str) {
        let url = format!("{}{path}", self.pages.base);
        self.tab.go(&url).await;
        self.sees(name, element).await;
    }

    /// Waits for an element of a page that has come, and takes pictures in each size and tone.
    async fn sees(&mut self, name: &str, element: &str) {
        let there = format!(
            "document.readyState === 'complete' && document.documentElement.lang === {} && document.querySelector({})",
            json!(self.lang),
            json!(element)
        );
        self.tab.until(&there).await;
        for (size, width) in [(PHONE, "phone"), (DESKTOP, "laptop")] {
            self.tab.resize(size).await;
            assert!(self.tab.fits().await, "{name} is wider than a {width}");
            for (dark, tone) in [(false, "light"), (true, "dark")] {
                self.tab.dark(dark).await;
                let name = format!("ways-{}-{name}-{width}-{tone}", self.lang);
                self.tab.whole_page(&name).await;
            }
        }
        self.tab.dark(false).await;
    }

    /// Fills the form that goes to `action` in, and presses its button.
    async fn sends(&mut self, action: &str, fields: &[(&str, &str)]) {
        let form = format!("document.querySelector('form[action={}]')", json!(action));
        for (name, value) in fields {
            let field = format!("{form}.querySelector('[name={name}]')");
            self.tab.click_on(&field).await;
            self.tab.types(value).await;
        }
        self.tab
            .click_on(&format!("{form}.querySelector('button')"))
            .await;
    }

    async fn waiting(&self, customer: i64, channel: Channel) -> PublicId {
        let vault = self.pages.shop.vault.clone();
        let live = self.pages.cabinet.read(move |tx| {
            let vault = vault.clone();
            Box::pin(async move { look::live_of(tx, &vault, customer, channel).await })
        });
        live.await.expect("one").id
    }
}

async fn walks(lang: &'static str) {
    let db = TestDb::sqlite().await;
    let pages = Pages::open(&db).await;
    let ann = pages.cabinet.known(1, NUMBER, MAIL).await;
    pages.cabinet.set_password(ann.id, PASSWORD).await;
    let browser = Browser::start().await;
    let url = format!("{}/login?lang={lang}", pages.base);
    let tab = browser.visit(&url, PHONE).await;
    let mut walk = Walk {
        pages: &pages,
        tab,
        lang,
    };

    // In by a password, and by a code.
    walk.sees("01-login", "form[action='/login/password']")
        .await;
    walk.sends(
        "/login/password",
        &[("login", MAIL), ("password", "not this one")],
    )
    .await;
    walk.sees("02-login-wrong", ".notice.bad").await;
    walk.tab.go(&format!("{}/login", pages.base)).await;
    walk.sends("/login/phone", &[("phone", NUMBER)]).await;
    walk.sees("03-code", "form[action='/login/code']").await;
    walk.sends("/login/code", &[("code", "000000")]).await;
    walk.sees("04-code-wrong", ".notice.bad").await;
    walk.opens("05-link-over", "/login/AAAA", "main").await;

    // A new password, by the phone and by a mail.
    walk.opens("06-recover", "/recover", "form[action='/recover/email']")
        .await;
    walk.sends("/recover/phone", &[("phone", NUMBER)]).await;
    walk.sees("07-recover-code", "form[action='/recover/code']")
        .await;
    walk.tab.go(&format!("{}/recover", pages.base)).await;
    walk.sends("/recover/email", &[("email", "nobody@example.com")])
        .await;
    walk.sees("08-recover-mailed", "form[action='/recover/again']")
        .await;
    let recover = pages
        .desk
        .begun(Asker::Visitor(WayIn::Recover), email(MAIL))
        .await;
    let (_, token) = pages.desk.mailed(recover, 1).await;
    let path = format!("/recover/{token}");
    walk.opens("09-recover-choose", &path, "input[name=new]")
        .await;
    walk.sends(&path, &[("new", "short")]).await;
    walk.sees("10-recover-weak", ".notice.bad").await;
    walk.sends(&path, &[("new", "quick red tricycle")]).await;
    walk.sees("11-recover-done", ".notice.good").await;

    // A mail of another browser's.
    let login = pages
        .desk
        .begun(Asker::Visitor(WayIn::Login), email(MAIL))
        .await;
    let (_, token) = pages.desk.mailed(login, 1).await;
    walk.opens("12-mail-elsewhere", &format!("/login/mail/{token}"), "main")
        .await;

    // Inside: the number, the address, and what is forgotten.
    let link = pages.cabinet.link(ann.id).await.expose();
    let path = format!("/login/{link}");
    walk.tab.go(&format!("{}{path}", pages.base)).await;
    walk.sends(&path, &[]).await;
    walk.tab.until("location.pathname === '/cabinet'").await;
    walk.opens("13-phone", "/cabinet/phone", "input[name=phone]")
        .await;
    walk.sends("/cabinet/phone", &[("phone", "+7 999 000-00-02")])
        .await;
    walk.sees("14-phone-code", "form[action='/cabinet/phone/code']")
        .await;
    walk.opens("15-email", "/cabinet/email", "input[name=email]")
        .await;
    walk.sends(
        "/cabinet/email",
        &[("email", "a.very.long.address.of.ann@mail.example.com")],
    )
    .await;
    walk.sees("16-email-code", "form[action='/cabinet/email/code']")
        .await;
    walk.opens("17-forget", "/cabinet/phone/forget", "button.danger")
        .await;
    walk.sends("/cabinet/phone/forget", &[]).await;
    walk.sees("18-forgotten", ".notice.good").await;

    // A page of a mail that confirms, before and after.
    let waiting = walk.waiting(ann.id, Channel::Email).await;
    let (_, token) = pages.desk.mailed(waiting, 1).await;
    let path = format!("/c/{token}");
    walk.opens("19-confirm", &path, "button.main").await;
    walk.sends(&path, &[]).await;
    walk.sees("20-confirmed", ".notice.good").await;

    // Who is logged in, what is kept, and the end.
    let agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1";
    pages.cabinet.session_by(ann.id, "203.0.113.9", agent).await;
    walk.opens("21-safety", "/cabinet/safety", "button.danger")
        .await;
    walk.opens(
        "22-data",
        "/cabinet/data",
        "form[action='/cabinet/data/export']",
    )
    .await;
    walk.opens("23-erase", "/cabinet/data/erase", "button.danger")
        .await;
    pages
        .shop
        .clock
        .advance(kiosk::shop::access::sessions::FRESH);
    walk.opens("24-anew", "/cabinet/email/forget", "main").await;
    walk.opens("25-app-outside", "/app", "#outside:not([hidden])")
        .await;
    let strange = |it: &&String| {
        // Refused forms and pages that are not there are the network's words, and Telegram's script is outside.
        !["422", "404", "telegram-web-app.js"]
            .iter()
            .any(|word| it.contains(word))
    };
    let complaints = walk.tab.complaints();
    let complaints: Vec<_> = complaints.iter().filter(strange).collect();
    assert_eq!(complaints, Vec::<&String>::new());
}

#[tokio::test]
async fn a_button_that_is_pressed_twice_sends_its_form_once() {
    let db = TestDb::sqlite().await;
    let pages = Pages::open(&db).await;
    let ann = pages.cabinet.customer(1, "Ann").await.id;
    let link = pages.cabinet.link(ann).await;
    let browser = Browser::start().await;
    let url = format!("{}/login/{}", pages.base, link.expose());
    let mut tab = browser.visit(&url, PHONE).await;
    let button = "document.querySelector('form button.main')";
    tab.until(button).await;
    // The form is looked at on its way, and kept from going: twice, and once more after somebody has come back to the page.
    let stopped = tab
        .value(&format!(
            "(button => {{
                const stopped = [];
                const look = event => {{ stopped.push(event.defaultPrevented); event.preventDefault(); }};
                const comesBack = () => dispatchEvent(new Event('pageshow'));
                addEventListener('submit', look);
                button.click();
                button.click();
                comesBack();
                button.click();
                removeEventListener('submit', look);
                comesBack();
                return stopped;
            }})({button})"
        ))
        .await;
    assert_eq!(stopped, json!([false, true, false]));
    tab.click_on(button).await;
    tab.until("location.pathname === '/cabinet'").await;
    assert_eq!(pages.cabinet.sessions(ann).await.len(), 1);
}

#[tokio::test]
async fn the_ways_in_are_looked_at_in_english() {
    walks("en").await;
}

#[tokio::test]
async fn the_ways_in_are_looked_at_in_russian() {
    walks("ru").await;
}
