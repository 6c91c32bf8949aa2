//! Who puts others out of their cabinet ends what those have begun there: a number or an address that waits for its
//! confirmation does not become the customer's afterwards.

use std::time::Duration;

use futures::FutureExt;
use kiosk::shop::access::evict;
use kiosk::shop::confirmations::guess::Guess;
use kiosk::shop::confirmations::link::Consumed;
use kiosk::shop::confirmations::look;
use kiosk::shop::confirmations::{Asker, Channel, Purpose};
use kiosk::store::PublicId;
use reqwest::StatusCode;

use super::browser::{Browser, Pages};
use crate::on_both_engines;
use crate::support::rivals::meet;

const PHONE: &str = "+79990000001";
const MAIL: &str = "Ann@example.com";
const THIEFS: &str = "thief@example.com";
const THIEFS_PHONE: &str = "+79990000666";
const PASSWORD: &str = "slow green bicycle";
const SAFETY: &str = "/cabinet/safety";
const GAP: Duration = Duration::from_secs(61);

/// The confirmation that a customer's page waits for.
async fn live(pages: &Pages, customer: i64, channel: Channel) -> Option<PublicId> {
    let vault = pages.shop.vault.clone();
    let live = pages.cabinet.read(move |tx| {
        let vault = vault.clone();
        Box::pin(async move { look::live_of(tx, &vault, customer, channel).await })
    });
    live.await.map(|it| it.id)
}

/// Somebody in the customer's cabinet gives an address and a number of their own: the link, and the code.
async fn begins(pages: &Pages, thief: &Browser, customer: i64) -> (String, (PublicId, String)) {
    pages.shop.clock.advance(GAP);
    let asks = thief
        .submits("/cabinet/email", "/cabinet/email", &[("email", THIEFS)])
        .await;
    assert_eq!(asks.place(), "/cabinet/email", "{}", asks.text);
    let mailed = live(pages, customer, Channel::Email).await.expect("one");
    let (_, token) = pages.desk.mailed(mailed, 1).await;
    let asks = thief
        .submits(
            "/cabinet/phone",
            "/cabinet/phone",
            &[("phone", THIEFS_PHONE)],
        )
        .await;
    assert_eq!(asks.place(), "/cabinet/phone", "{}", asks.text);
    let texted = live(pages, customer, Channel::Phone).await.expect("one");
    let code = pages.desk.code(texted, 1).await;
    (token, (texted, code))
}

/// Neither becomes the customer's.
async fn come_to_nothing(
    pages: &Pages,
    customer: i64,
    token: &str,
    (id, code): &(PublicId, String),
    how: &str,
) {
    let (path, stranger) = (format!("/c/{token}"), pages.browser());
    let form = stranger.get("/login").await.token();
    assert_eq!(
        stranger.get(&path).await.status,
        StatusCode::NOT_FOUND,
        "{how}"
    );
    let pressed = stranger.post(&path, &[("form", &form)]).await;
    assert_eq!(pressed.status, StatusCode::NOT_FOUND, "{how}");
    let guess = pages.desk.guess(Asker::Customer(customer), *id, code).await;
    assert_eq!(guess, Guess::Expired, "{how}");
    let ann = pages.cabinet.customer(1, "Ann").await;
    let profile = pages.desk.profile(&ann).await;
    assert_eq!(
        (profile.email.as_deref(), profile.phone.as_deref()),
        (Some(MAIL), Some(PHONE)),
        "{how}"
    );
}

on_both_engines! {
    async fn whatever_puts_somebody_out_ends_what_they_have_begun(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await.id;
        pages.cabinet.set_password(ann, PASSWORD).await;
        for how in ["others", "one", "password", "password alone", "recovery"] {
            let (thief, owner) = (pages.logged_in(ann).await, pages.logged_in(ann).await);
            let (token, code) = begins(&pages, &thief, ann).await;
            let waiting = format!("/login/{}", pages.cabinet.link(ann).await.expose());
            match how {
                "others" => {
                    let done = owner.submits(SAFETY, "/cabinet/safety/others", &[]).await;
                    assert_eq!(done.place(), "/cabinet/safety?saved");
                }
                "one" => {
                    let cookie = thief.cookie("kiosk").unwrap().parse().unwrap();
                    let id = pages.cabinet.find(&cookie).await.unwrap().id;
                    let done = owner.submits(SAFETY, &format!("/cabinet/safety/sessions/{id}"), &[]).await;
                    assert_eq!(done.place(), "/cabinet/safety?saved");
                }
                "password" | "password alone" => {
                    let others = if how == "password" { "yes" } else { "" };
                    let fields = [("current", PASSWORD), ("new", PASSWORD), ("others", others)];
                    let done = owner.submits(SAFETY, "/cabinet/safety/password", &fields).await;
                    assert_eq!(done.place(), "/cabinet/safety?saved");
                }
                _ => {
                    let browser = pages.browser();
                    browser.submits("/recover", "/recover/email", &[("email", MAIL)]).await;
                    let asked = browser.cookie("kiosk-asked").unwrap().parse().unwrap();
                    let (_, token) = pages.desk.mailed(asked, 1).await;
                    let path = format!("/recover/{token}");
                    browser.submits(&path, &path, &[("new", "quick red tricycle")]).await.shows("Your password is changed");
                }
            }
            come_to_nothing(&pages, ann, &token, &code, how).await;
            let link = pages.browser().get(&waiting).await;
            assert_eq!(link.status, StatusCode::NOT_FOUND, "{how}");
            if how != "recovery" {
                // She asks for one of her own, and it does what it should.
                let page = owner.get("/cabinet/email").await;
                assert!(!page.text.contains("/cabinet/email/code"), "{how}: {}", page.text);
                assert_eq!(owner.get(SAFETY).await.status, StatusCode::OK);
            }
            pages.shop.clock.advance(GAP);
        }
        pages.desk.expect_clean_books().await;
    }

    async fn who_logs_out_here_ends_nothing_that_waits(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await.id;
        let browser = pages.logged_in(ann).await;
        let (token, _) = begins(&pages, &browser, ann).await;
        let cookie = browser.cookie("kiosk").unwrap().parse().unwrap();
        let own = pages.cabinet.find(&cookie).await.unwrap().id;
        let out = browser.submits(SAFETY, &format!("/cabinet/safety/sessions/{own}"), &[]).await;
        assert_eq!(out.place(), "/login");
        let path = format!("/c/{token}");
        pages.browser().submits(&path, &path, &[]).await.shows("Your e-mail is confirmed");
    }

    async fn a_link_that_is_pressed_while_its_owner_is_put_out(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await;
        let stores = (&pages.desk.store, &pages.desk.watch);
        // Who is put out first has lost; who has pressed first has it, and nobody waits for the other for ever.
        for (point, left) in [("access.evict", MAIL), ("confirmations.used", THIEFS)] {
            let thief = pages.logged_in(ann.id).await;
            let (token, _) = begins(&pages, &thief, ann.id).await;
            let (desk, cabinet, id) = (pages.desk.clone(), pages.cabinet.clone(), ann.id);
            let ends = async move { cabinet.write(move |tx| Box::pin(evict::all(tx, id))).await }.boxed();
            let uses = async move { desk.consume(Purpose::Email, &token).await }.boxed();
            let came = if point == "access.evict" {
                let ((), came) = meet(stores, point, ends, uses).await;
                assert_eq!(came, Consumed::Ended);
                came
            } else {
                meet(stores, point, uses, ends).await.0
            };
            assert_eq!(matches!(came, Consumed::Done(_)), left == THIEFS, "{point}");
            assert_eq!(pages.desk.profile(&ann).await.email.as_deref(), Some(left));
        }
    }

    async fn who_is_put_out_meanwhile_begins_nothing(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await;
        let stores = (&pages.desk.store, &pages.desk.watch);
        // Each of the two is first, and the other comes while it is at work.
        for point in ["confirmations.begin", "access.evict"] {
            let (thief, owner) = (pages.logged_in(ann.id).await, pages.logged_in(ann.id).await);
            pages.shop.clock.advance(GAP);
            let form = owner.get(SAFETY).await.token();
            let asks = thief.get("/cabinet/email").await.token();
            let ends = async move { owner.post("/cabinet/safety/others", &[("form", form.as_str())]).await };
            let begins = async move { thief.post("/cabinet/email", &[("form", asks.as_str()), ("email", THIEFS)]).await };
            let ended = if point == "access.evict" {
                meet(stores, point, ends.boxed(), begins.boxed()).await.0
            } else {
                meet(stores, point, begins.boxed(), ends.boxed()).await.1
            };
            assert_eq!(ended.place(), "/cabinet/safety?saved", "{point}");
            // On SQLite the pages may read before either has written: one that began last has begun nothing.
            assert_eq!(live(&pages, ann.id, Channel::Email).await, None, "{point}");
        }
    }
}
