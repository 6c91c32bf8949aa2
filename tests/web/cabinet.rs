//! The cabinet by its pages: orders and keys, the profile, the password, sessions, and the way out.

use std::time::Duration;

use kiosk::shop::access::sessions::FRESH;
use kiosk::shop::confirmations::Channel;
use kiosk::shop::confirmations::look;
use kiosk::store::PublicId;
use reqwest::StatusCode;
use serde_json::Value;

use super::browser::{Browser, Pages};
use crate::on_both_engines;
use crate::sales::rig::Shop;

const PHONE: &str = "+79990000001";
const MAIL: &str = "Ann@example.com";

/// The confirmation that a customer's page waits for.
async fn waiting(pages: &Pages, customer: i64, channel: Channel) -> PublicId {
    let vault = pages.shop.vault.clone();
    let live = pages.cabinet.read(move |tx| {
        let vault = vault.clone();
        Box::pin(async move { look::live_of(tx, &vault, customer, channel).await })
    });
    live.await.expect("one").id
}

on_both_engines! {
    async fn keys_are_shown_by_a_button_as_text_picture_and_file(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.shop.customer(1).await;
        let (order, payload) = pages.shop.invoiced(&ann, "a").await;
        let browser = pages.logged_in(ann.id).await;
        let path = format!("/cabinet/orders/{order}");
        browser.get(&path).await.shows("waiting for payment until");
        pages.shop.settle(&Shop::charge(&ann, &payload, "charge-1")).await;
        browser.get("/cabinet").await.shows(&path);
        let page = browser.get(&path).await;
        assert!(!page.text.contains("<code>"), "a look shows no key");
        assert_eq!(page.header("cache-control"), "no-store");
        let shown = browser.submits(&path, &format!("{path}/keys"), &[]).await;
        shown.shows("<svg");
        let (_, key) = shown.text.split_once("<code>").expect("a key");
        let key = key.split('<').next().unwrap().to_owned();
        assert!(!key.is_empty());
        let file = browser.post(&format!("{path}/file"), &[("form", &shown.token())]).await;
        assert!(file.header("content-disposition").starts_with("attachment; filename=\"order-"));
        assert_eq!(file.text, format!("{key}\r\n"));
        assert_eq!(browser.get(&format!("{path}/keys")).await.place(), path, "a reload leads back");
    }

    async fn the_profile_is_changed_and_a_contact_only_when_it_is_confirmed(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await;
        let browser = pages.logged_in(ann.id).await;
        let saved = browser.submits("/cabinet/profile", "/cabinet/profile/name", &[("name", " Anna  K. ")]).await;
        assert_eq!(saved.place(), "/cabinet/profile?saved");
        browser.get("/cabinet/profile?saved").await.shows("Anna K.");
        let long = "x".repeat(65);
        let bad = browser.submits("/cabinet/profile", "/cabinet/profile/name", &[("name", &long)]).await;
        assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
        browser.submits("/cabinet/profile", "/cabinet/profile/language", &[("language", "ru")]).await;
        browser.get("/cabinet/profile").await.shows("Профиль");
        browser.get("/cabinet/profile?lang=en").await.shows("Profile");
        // Another address: the one so far stays until the code is typed.
        let asks = browser.submits("/cabinet/email", "/cabinet/email", &[("email", "new@example.com")]).await;
        assert_eq!(asks.place(), "/cabinet/email");
        browser.get("/cabinet/email").await.shows("new@example.com");
        assert_eq!(pages.desk.profile(&ann).await.email.as_deref(), Some(MAIL));
        let (code, _) = pages.desk.mailed(waiting(&pages, ann.id, Channel::Email).await, 1).await;
        let early = browser.submits("/cabinet/email", "/cabinet/email/again", &[]).await;
        assert_eq!(early.status, StatusCode::TOO_MANY_REQUESTS);
        browser.submits("/cabinet/email", "/cabinet/email/code", &[("code", "")]).await.shows("six digits");
        let done = browser.submits("/cabinet/email", "/cabinet/email/code", &[("code", &code)]).await;
        assert_eq!(done.place(), "/cabinet/profile?saved");
        assert_eq!(pages.desk.profile(&ann).await.email.as_deref(), Some("new@example.com"));
        // A number, by a code.
        browser.submits("/cabinet/phone", "/cabinet/phone", &[("phone", "8 999 000 00 02")]).await;
        let code = pages.desk.code(waiting(&pages, ann.id, Channel::Phone).await, 1).await;
        browser.submits("/cabinet/phone", "/cabinet/phone/code", &[("code", &code)]).await;
        assert_eq!(pages.desk.profile(&ann).await.phone.as_deref(), Some("+79990000002"));
        // A session that was found later changes neither.
        pages.shop.clock.advance(FRESH);
        let late = browser.submits("/cabinet/email", "/cabinet/email", &[("email", "eve@example.com")]).await;
        late.shows("Please log in once more");
        assert_eq!(browser.get("/cabinet/nonsense").await.status, StatusCode::NOT_FOUND);
    }

    async fn a_contact_is_forgotten_after_a_question_and_a_fresh_login(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await;
        let browser = pages.logged_in(ann.id).await;
        let (phone, email) = ("/cabinet/phone/forget", "/cabinet/email/forget");
        browser.get("/cabinet/phone").await.shows(phone);
        let question = browser.get(phone).await;
        question.shows(PHONE);
        assert!(pages.desk.profile(&ann).await.phone.is_some(), "a look forgets nothing");
        let form = question.token();
        let fields = [("form", form.as_str())];
        for _ in 0..2 {
            assert_eq!(browser.post(phone, &fields).await.place(), "/cabinet/profile?forgotten");
        }
        browser.get("/cabinet/profile?forgotten").await.shows("we have forgotten it");
        let left = pages.desk.profile(&ann).await;
        assert_eq!((left.phone, left.email.as_deref()), (None, Some(MAIL)));
        assert_eq!(pages.cabinet.letters("forgotten").await, 1, "twice pressed is told once");
        // There is none any more: neither a link nor a question.
        assert!(!browser.get("/cabinet/phone").await.text.contains(phone));
        assert_eq!(browser.get(phone).await.place(), "/cabinet/phone");
        // A session that was found later forgets nothing, not even by a form that was open before.
        let form = browser.get(email).await.token();
        pages.shop.clock.advance(FRESH);
        browser.get(email).await.shows("Please log in once more");
        browser.post(email, &[("form", &form)]).await.shows("Please log in once more");
        assert_eq!(pages.desk.profile(&ann).await.email.as_deref(), Some(MAIL));
        assert_eq!(browser.get("/cabinet/name/forget").await.status, StatusCode::NOT_FOUND);
        assert_eq!(pages.browser().get(email).await.place(), "/login");
    }

    async fn a_password_is_set_and_changed_and_sessions_are_ended(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await;
        let (browser, other, third) = (pages.logged_in(ann.id).await, pages.logged_in(ann.id).await, pages.logged_in(ann.id).await);
        let safety = "/cabinet/safety";
        let changes = async |fields: &[(&str, &str)]| browser.submits(safety, "/cabinet/safety/password", fields).await;
        changes(&[("new", "short")]).await.shows("too short");
        assert_eq!(changes(&[("new", "slow green bicycle")]).await.place(), "/cabinet/safety?saved");
        assert_eq!(other.get(safety).await.status, StatusCode::OK, "others stay unless she says so");
        changes(&[("current", "not this"), ("new", "quick red tricycle")]).await.shows("not your current password");
        let done = changes(&[("current", "slow green bicycle"), ("new", "quick red tricycle"), ("others", "yes")]).await;
        assert_eq!(done.place(), "/cabinet/safety?saved");
        assert_eq!(other.get(safety).await.place(), "/login");
        assert_eq!(third.get(safety).await.place(), "/login");
        // One, others, and her own.
        let other = pages.logged_in(ann.id).await;
        let token = other.cookie("kiosk").unwrap().parse().unwrap();
        let id = pages.cabinet.find(&token).await.unwrap().id;
        browser.submits(safety, &format!("/cabinet/safety/sessions/{id}"), &[]).await;
        assert_eq!(other.get(safety).await.place(), "/login");
        let other = pages.logged_in(ann.id).await;
        browser.submits(safety, "/cabinet/safety/others", &[]).await;
        assert_eq!(other.get(safety).await.place(), "/login");
        let left = pages.cabinet.sessions(ann.id).await;
        assert_eq!(left.len(), 1);
        let own = format!("/cabinet/safety/sessions/{}", left[0].id);
        assert_eq!(browser.submits(safety, &own, &[]).await.place(), "/login");
        assert_eq!(pages.cabinet.sessions(ann.id).await, []);
    }

    async fn who_leaves_the_current_password_empty_is_asked_for_it_and_not_for_another_login(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await;
        pages.cabinet.set_password(ann.id, "slow green bicycle").await;
        let safety = "/cabinet/safety";
        let changes = async |browser: &Browser, fields: &[(&str, &str)]| browser.submits(safety, "/cabinet/safety/password", fields).await;
        let by_password = pages.browser();
        let fields = [("login", MAIL), ("password", "slow green bicycle")];
        assert_eq!(by_password.submits("/login", "/login/password", &fields).await.place(), "/cabinet");
        let by_link = pages.logged_in(ann.id).await;
        let field = "name=\"current\" autocomplete=\"current-password\" value=\"\" maxlength=\"256\" required";
        by_password.get(safety).await.shows(field);
        // Who has just shown themselves otherwise need not know it.
        assert!(!by_link.get(safety).await.text.contains(field));
        let empty = changes(&by_password, &[("new", "quick red tricycle")]).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        empty.shows("Type your current password");
        assert!(!empty.text.contains("older than"), "{}", empty.text);
        pages.shop.clock.advance(FRESH);
        by_link.get(safety).await.shows(field);
        changes(&by_link, &[("new", "quick red tricycle")]).await.shows("Type your current password");
        let done = changes(&by_link, &[("current", "slow green bicycle"), ("new", "quick red tricycle")]).await;
        assert_eq!(done.place(), "/cabinet/safety?saved");
    }

    async fn guesses_at_the_current_password_are_few_a_day(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await;
        pages.cabinet.set_password(ann.id, "slow green bicycle").await;
        let browser = pages.logged_in(ann.id).await;
        let before = pages.cabinet.letters("password_set").await;
        let mut compared = 0;
        for guess in 0..60 {
            if guess % 5 == 0 {
                pages.shop.clock.advance(Duration::from_mins(15));
            }
            let guess = format!("guess number {guess}");
            let fields = [("current", guess.as_str()), ("new", "quick red tricycle")];
            let answer = browser.submits("/cabinet/safety", "/cabinet/safety/password", &fields).await;
            compared += usize::from(answer.status == StatusCode::UNPROCESSABLE_ENTITY);
        }
        assert_eq!(compared, 20);
        let fields = [("current", "slow green bicycle"), ("new", "quick red tricycle")];
        let late = browser.submits("/cabinet/safety", "/cabinet/safety/password", &fields).await;
        assert_eq!(late.status, StatusCode::TOO_MANY_REQUESTS, "not even the right one");
        late.shows("hours");
        assert_eq!(pages.cabinet.letters("password_set").await, before);
        pages.shop.clock.advance(Duration::from_hours(24));
        let done = browser.submits("/cabinet/safety", "/cabinet/safety/password", &fields).await;
        assert_eq!(done.place(), "/cabinet/safety?saved");
    }

    async fn data_is_taken_away_after_a_fresh_login_and_erasing_asks_twice(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await;
        let browser = pages.logged_in(ann.id).await;
        let (data, export, erase) = ("/cabinet/data", "/cabinet/data/export", "/cabinet/data/erase");
        let file = browser.submits(data, export, &[]).await;
        assert_eq!(file.header("content-disposition"), "attachment; filename=\"my-data.json\"");
        let all: Value = serde_json::from_str(&file.text).expect("JSON");
        assert!(all.to_string().contains(MAIL), "{all}");
        browser.get(data).await.shows(erase);
        browser.get(erase).await.shows("the law wants the books to be kept");
        browser.submits(erase, erase, &[]).await.shows("Tick the box first");
        pages.shop.clock.advance(FRESH + Duration::from_secs(1));
        browser.submits(data, export, &[]).await.shows("Please log in once more");
        browser.submits(erase, erase, &[("sure", "yes")]).await.shows("Please log in once more");
        assert!(pages.desk.profile(&ann).await.email.is_some());
        let browser = pages.logged_in(ann.id).await;
        // An order that is not finished holds it up.
        let (order, _) = pages.shop.invoiced(&ann, "a").await;
        browser.submits(erase, erase, &[("sure", "yes")]).await.shows(&order.short());
        pages.shop.cancel(&ann, order).await;
        let done = browser.submits(erase, erase, &[("sure", "yes")]).await;
        done.shows("You are erased");
        assert_eq!(browser.get("/cabinet").await.place(), "/login");
        assert_eq!(pages.cabinet.sessions(ann.id).await, []);
    }
}
