//! A form that is sent twice at once, as a double click does: what opens once opens once, and who comes second is told so.

use kiosk::shop::confirmations::Asker;
use kiosk::store::PublicId;
use reqwest::StatusCode;

use super::browser::{Answer, Browser, Pages};
use crate::confirmations::rig::email;
use crate::on_both_engines;

const PHONE: &str = "+79990000001";
const MAIL: &str = "Ann@example.com";
const PASSWORD: &str = "correct horse battery";

/// Opens a page and sends its form twice at once: the answer that led on, and the other one.
async fn sends_twice(
    browser: &Browser,
    page: &str,
    action: &str,
    fields: &[(&str, &str)],
) -> (Answer, Answer) {
    let form = browser.get(page).await.token();
    let fields = [fields, &[("form", form.as_str())]].concat();
    let (one, two) = tokio::join!(browser.post(action, &fields), browser.post(action, &fields));
    if one.status.is_client_error() {
        (two, one)
    } else {
        (one, two)
    }
}

/// What this browser has asked for.
fn asked(browser: &Browser) -> PublicId {
    let id = browser.cookie("kiosk-asked").expect("a cookie");
    id.parse().expect("an id")
}

on_both_engines! {
    async fn whatever_logs_in_once_makes_one_session(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await.id;
        // A link of the bot's.
        let browser = pages.browser();
        let path = format!("/login/{}", pages.cabinet.link(ann).await.expose());
        let (first, second) = sends_twice(&browser, &path, &path, &[]).await;
        assert_eq!((first.place(), second.status), ("/cabinet", StatusCode::NOT_FOUND));
        second.shows("This link no longer works");
        assert_eq!(pages.cabinet.sessions(ann).await.len(), 1);
        assert_eq!(browser.get("/cabinet").await.status, StatusCode::OK);
        // A code: asked for twice, it goes once.
        let browser = pages.browser();
        let (first, second) = sends_twice(&browser, "/login", "/login/phone", &[("phone", PHONE)]).await;
        assert_eq!((first.place(), second.status), ("/login/code", StatusCode::TOO_MANY_REQUESTS));
        let code = pages.desk.code(asked(&browser), 1).await;
        let (first, second) = sends_twice(&browser, "/login/code", "/login/code", &[("code", &code)]).await;
        assert_eq!((first.place(), second.status), ("/cabinet", StatusCode::UNPROCESSABLE_ENTITY));
        second.shows("was used");
        assert_eq!(pages.cabinet.sessions(ann).await.len(), 2);
        assert_eq!(browser.get("/cabinet").await.status, StatusCode::OK);
        // A link from a mail.
        let browser = pages.browser();
        sends_twice(&browser, "/login", "/login/email", &[("email", MAIL)]).await;
        let (_, token) = pages.desk.mailed(asked(&browser), 1).await;
        let path = format!("/login/mail/{token}");
        let (first, second) = sends_twice(&browser, &path, &path, &[]).await;
        assert_eq!((first.place(), second.status), ("/cabinet", StatusCode::NOT_FOUND));
        second.shows("used already");
        assert_eq!(pages.cabinet.sessions(ann).await.len(), 3);
        assert_eq!(browser.get("/cabinet").await.status, StatusCode::OK);
    }

    async fn a_confirmation_and_a_recovery_are_used_once(db: TestDb) {
        let pages = Pages::open(&db).await;
        let bob = pages.cabinet.customer(2, "Bob").await;
        let id = pages.desk.begun(Asker::Customer(bob.id), email("bob@example.com")).await;
        let (_, token) = pages.desk.mailed(id, 1).await;
        let path = format!("/c/{token}");
        let (first, second) = sends_twice(&pages.browser(), &path, &path, &[]).await;
        assert_eq!((first.status, second.status), (StatusCode::OK, StatusCode::OK));
        assert_ne!(first.text, second.text, "the second is told that it was confirmed already");
        assert_eq!(pages.desk.profile(&bob).await.email.as_deref(), Some("bob@example.com"));
        // A recovery.
        let ann = pages.cabinet.known(1, PHONE, MAIL).await.id;
        pages.cabinet.set_password(ann, PASSWORD).await;
        let browser = pages.browser();
        browser.submits("/recover", "/recover/email", &[("email", MAIL)]).await;
        let (_, token) = pages.desk.mailed(asked(&browser), 1).await;
        let path = format!("/recover/{token}");
        let fields = [("new", "slow green bicycle")];
        let (first, second) = sends_twice(&browser, &path, &path, &fields).await;
        first.shows("Your password is changed");
        assert_eq!(second.status, StatusCode::NOT_FOUND);
        second.shows("used already");
    }

    async fn a_password_opens_the_cabinet_also_at_the_second_click(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await.id;
        pages.cabinet.set_password(ann, PASSWORD).await;
        let before = pages.cabinet.sessions(ann).await.len();
        let browser = pages.browser();
        let fields = [("login", MAIL), ("password", PASSWORD)];
        let (first, second) = sends_twice(&browser, "/login", "/login/password", &fields).await;
        assert_eq!((first.place(), second.place()), ("/cabinet", "/cabinet"));
        assert_eq!(browser.get("/cabinet").await.status, StatusCode::OK);
        // Neither try knew of the other's session; both are on the list, from which she can end them.
        assert_eq!(pages.cabinet.sessions(ann).await.len(), before + 2);
    }
}
