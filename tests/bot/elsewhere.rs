//! What happens on the shop's pages reaches the chat: logins and changes are told, and what the chat waited for goes on.

use std::net::SocketAddr;
use std::time::Duration;

use kiosk::app::{CabinetSettings, WebSettings};
use kiosk::senders::Senders;
use kiosk::shop::access::Way;
use kiosk::shop::confirmations::senders::Messenger;
use kiosk::shop::customers::registration::Requirements;
use kiosk::store::StoreError;
use kiosk::{binds, sql};
use kiosk_emulator::{Fault, FaultKind};
use reqwest::{StatusCode, header};

use crate::on_both_engines;
use crate::support::db::TestDb;
use crate::support::post::Post;
use crate::support::shop::{LiveShop, SLUG};
use crate::web::browser::{Answer, Browser};

const ANNS: &str = "ann@example.com";
const THIEFS: &str = "thief@example.com";
const NUMBER: &str = "+79990001122";
const GOOD: &str = "slow green bicycle";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFETY: &str = "/cabinet/safety";
const PASSWORD: &str = "/cabinet/safety/password";

sql! {
    WAITING = "elsewhere_test.waiting", "SELECT COUNT(*) FROM inbox WHERE state = 'new'";
    KINDS = "elsewhere_test.kinds", "SELECT COUNT(*) FROM outbox WHERE kind = $1";
}

/// A shop with pages that asks for `needs` before an order.
async fn open(db: &TestDb, needs: Requirements) -> (LiveShop, Post) {
    open_with(db, needs, Post::senders).await
}

async fn open_with(
    db: &TestDb,
    needs: Requirements,
    senders: fn(&Post) -> Senders,
) -> (LiveShop, Post) {
    LiveShop::open_posting(db, 3, |settings, post| {
        settings.senders = senders(post);
        settings.shopfront.rules.needs = needs;
        settings.shopfront.opens_cabinet = true;
        let ways = Way::ALL.into_iter().filter(|way| *way != Way::Telegram);
        settings.web = Some(WebSettings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            is_public: true,
            address_header: None,
            accel_prefix: None,
            cabinet: CabinetSettings {
                ways: ways.collect(),
                ..CabinetSettings::default()
            },
        });
    })
    .await
}

fn browser(shop: &LiveShop) -> Browser {
    Browser::at(&format!("http://{}", shop.app.web().expect("pages")))
}

/// The end of the link that the chat shows for the cabinet.
async fn link(shop: &LiveShop, user: i64) -> String {
    shop.hears(user, "/profile", "Your profile").await;
    let shown = shop.taps(user, "🔐 My account on the web", "/login/").await;
    let (_, rest) = shown.text.split_once("/login/").expect("a link");
    rest.split_whitespace().next().expect("a token").to_owned()
}

/// A browser that the chat's link has logged in.
async fn logged_in(shop: &LiveShop, user: i64) -> Browser {
    let browser = browser(shop);
    let path = format!("/login/{}", link(shop, user).await);
    let answer = browser.submits(&path, &path, &[]).await;
    assert_eq!(answer.place(), "/cabinet", "{}", answer.text);
    browser
}

/// An order that waits for what the shop asks.
async fn wants(shop: &LiveShop, user: i64, question: &str) {
    shop.control.say(user, &format!("/start p_{SLUG}"));
    shop.reads(user, "Zeta, one month").await;
    shop.press(user, "⚡ Buy now");
    shop.reads(user, question).await;
    // Where the chat stands is stored with many others, a moment after its screen.
    shop.quiet().await;
}

/// How many messages of the chat have these words.
fn told(shop: &LiveShop, user: i64, words: &str) -> usize {
    let chat = shop.control.messages(user);
    chat.iter().filter(|it| it.text.contains(words)).count()
}

/// How many letters of a kind there were.
async fn letters(shop: &LiveShop, kind: &'static str) -> i64 {
    let counted = shop.store.read("test.kinds", move |tx| {
        Box::pin(async move { tx.one::<(i64,)>(&KINDS, binds![kind]).await })
    });
    counted
        .await
        .map_err(|error: StoreError| error)
        .expect("a count")
        .0
}

/// Confirms an address on the cabinet's page.
async fn confirms_email(post: &Post, browser: &Browser, nth: usize) -> Answer {
    browser
        .submits("/cabinet/email", "/cabinet/email", &[("email", ANNS)])
        .await;
    let code = post.code(ANNS, nth).await;
    browser
        .submits("/cabinet/email", "/cabinet/email/code", &[("code", &code)])
        .await
}

/// How many updates are not done.
async fn waiting(shop: &LiveShop) -> i64 {
    let counted = shop.store.read("test.waiting", |tx| {
        Box::pin(async move { tx.one::<(i64,)>(&WAITING, binds![]).await })
    });
    counted
        .await
        .map_err(|error: StoreError| error)
        .expect("a count")
        .0
}

/// The way to the page of the link in the newest mail.
async fn link_of_mail(post: &Post) -> String {
    let mail = post.mail(ANNS, 1).await;
    let (_, rest) = mail.text.split_once("/c/").expect("a link");
    format!("/c/{}", rest.split_whitespace().next().expect("a token"))
}

on_both_engines! {
    async fn a_login_by_the_chats_link_is_told_in_the_chat_and_ended_there(db: TestDb) {
        let (shop, _) = open(&db, Requirements::default()).await;
        let ann = shop.customer("Ann", "en");
        let path = format!("/login/{}", link(&shop, ann).await);
        let browser = browser(&shop);
        let page = browser.get(&path).await;
        let (form, agent) = (page.token(), (header::USER_AGENT, FIREFOX));
        let press = || browser.request(reqwest::Method::POST, &path).header(agent.0.clone(), agent.1).form(&[("form", &form)]);
        assert_eq!(browser.send(press()).await.place(), "/cabinet");
        assert_ne!(browser.send(press()).await.status, StatusCode::SEE_OTHER, "a link is used once");
        let notice = shop.reads(ann, "by the link from this chat").await;
        assert!(notice.text.contains("Device: Firefox, Linux") && notice.text.contains("From: 127.0.0.*"), "{}", notice.text);
        assert!(!notice.text.contains("When:"), "by the own link it is short");
        shop.quiet().await;
        assert_eq!(told(&shop, ann, "by the link from this chat"), 1);
        assert_eq!(browser.get("/cabinet").await.status, StatusCode::OK);
        shop.taps(ann, "🚪 End this login", "That login is ended").await;
        assert_eq!(browser.get("/cabinet").await.place(), "/login");
        shop.close().await;
    }

    async fn each_login_and_change_is_told_once_and_all_are_ended_by_a_button(db: TestDb) {
        let (shop, post) = open(&db, Requirements::default()).await;
        let (ann, bob) = (shop.customer("Ann", "en"), shop.customer("Bob", "en"));
        let first = logged_in(&shop, ann).await;
        assert_eq!(confirms_email(&post, &first, 1).await.place(), "/cabinet/profile?saved");
        let notice = shop.reads(ann, "Your e-mail address is now a***@example.com").await;
        assert!(notice.text.contains("If this wasn't you"), "{}", notice.text);
        // The same form twice changes the password once.
        let form = first.get(SAFETY).await.token();
        let fields = [("form", form.as_str()), ("new", GOOD), ("others", "yes")];
        let (one, two) = tokio::join!(first.post(PASSWORD, &fields), first.post(PASSWORD, &fields));
        let places = [one.place(), two.place()];
        assert_eq!(places.iter().filter(|it| **it == "/cabinet/safety?saved").count(), 1, "{places:?}");
        shop.reads(ann, "The password of your account on the web was changed").await;
        // By the password, from another browser.
        let second = browser(&shop);
        let form = second.get("/login").await.token();
        let fields = [("form", form.as_str()), ("login", ANNS), ("password", GOOD)];
        let request = second.request(reqwest::Method::POST, "/login/password").header(header::USER_AGENT, FIREFOX);
        assert_eq!(second.send(request.form(&fields)).await.place(), "/cabinet");
        let notice = shop.reads(ann, "Your account was opened on the web").await;
        for line in ["When: ", "How: With the password", "Device: Firefox, Linux", "From: 127.0.0.*", "If this wasn't you"] {
            assert!(notice.text.contains(line), "{line} in {}", notice.text);
        }
        shop.quiet().await;
        for (words, kind) in [("was changed", "password_set"), ("is now", "confirmed")] {
            assert_eq!((told(&shop, ann, words), letters(&shop, kind).await), (1, 1), "{words}");
        }
        // Somebody else's button ends nothing of hers.
        shop.hears(bob, "/help", "How it works").await;
        let theirs = notice.keyboard[0][0].callback_data.clone().expect("a button");
        let under = shop.control.last_message(bob).expect("a screen").message_id;
        shop.control.press_forged(bob, under, &theirs);
        shop.quiet().await;
        assert_eq!(second.get("/cabinet").await.status, StatusCode::OK);
        // Everywhere: both browsers, and the link that waits.
        let waiting = format!("/login/{}", link(&shop, ann).await);
        // Somebody in there waits for an address of their own to be confirmed, and the chat for one of hers.
        shop.clock.advance(Duration::from_mins(2));
        let asks = second.submits("/cabinet/email", "/cabinet/email", &[("email", THIEFS)]).await;
        assert_eq!(asks.place(), "/cabinet/email");
        let mail = post.mail(THIEFS, 1).await;
        let (_, rest) = mail.text.split_once("/c/").expect("a link");
        let theirs = format!("/c/{}", rest.split_whitespace().next().expect("a token"));
        let pressed = notice.keyboard[1][0].callback_data.clone().expect("a button");
        for _ in 0..2 {
            shop.control.press(ann, notice.message_id, &pressed).expect("a tap");
        }
        shop.reads(ann, "Everybody is logged out").await;
        for browser in [&first, &second] {
            assert_eq!(browser.get("/cabinet").await.place(), "/login");
        }
        browser(&shop).get(&waiting).await.shows("This link no longer works");
        let stranger = browser(&shop);
        let form = stranger.get("/login").await.token();
        let pressed = stranger.post(&theirs, &[("form", &form)]).await;
        assert_eq!(pressed.status, StatusCode::NOT_FOUND, "{}", pressed.text);
        shop.hears(ann, "/profile", ANNS).await;
        shop.close().await;
    }

    async fn a_chat_whose_code_was_ended_has_another_one_sent(db: TestDb) {
        let (shop, post) = open(&db, Requirements::default()).await;
        let ann = shop.customer("Ann", "en");
        let page = logged_in(&shop, ann).await;
        let notice = shop.reads(ann, "by the link from this chat").await;
        shop.hears(ann, "/profile", "Your profile").await;
        shop.taps(ann, "✉️ Add my e-mail", "Write your e-mail address").await;
        shop.hears(ann, ANNS, "on its way").await;
        let code = post.code(ANNS, 1).await;
        let pressed = notice.keyboard[0][0].callback_data.clone().expect("a button");
        shop.control.press(ann, notice.message_id, &pressed).expect("a tap");
        shop.reads(ann, "That login is ended").await;
        assert_eq!(page.get("/cabinet").await.place(), "/login");
        // The chat still stands at the code, and says what to do.
        shop.hears(ann, &code, "is no longer good").await;
        shop.clock.advance(Duration::from_mins(2));
        shop.taps(ann, "🔁 Send again", "Another code is on its way").await;
        shop.hears(ann, &post.code(ANNS, 2).await, "the e-mail address is confirmed").await;
        shop.close().await;
    }

    async fn a_chat_that_waits_for_a_code_goes_on_when_the_link_confirms(db: TestDb) {
        let needs = Requirements { email: true, terms: Some("00000001".to_owned()), ..Requirements::default() };
        let (shop, post) = open(&db, needs).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann, "asks for a confirmed e-mail address").await;
        shop.hears(ann, ANNS, "on its way").await;
        let path = link_of_mail(&post).await;
        let browser = browser(&shop);
        let page = browser.get(&path).await;
        let token = page.token();
        let form = [("form", token.as_str())];
        browser.post(&path, &form).await.shows("Your e-mail is confirmed");
        browser.post(&path, &form).await.shows("confirmed already");
        shop.reads(ann, "Thank you, a***@example.com is confirmed").await;
        shop.reads(ann, "asks for your consent").await;
        shop.quiet().await;
        assert_eq!(told(&shop, ann, "Thank you"), 1);
        assert_eq!(told(&shop, ann, "If this wasn't you"), 0, "it was asked for here");
        // The dialogue stands at the next question: the order goes on from there.
        shop.taps(ann, "✅ I agree", "Is everything right?").await;
        shop.taps(ann, "▶️ Go on with my order", "How would you like to pay?").await;
        shop.close().await;
    }

    async fn words_after_the_link_answer_the_next_question_and_not_the_code(db: TestDb) {
        let needs = Requirements { email: true, name: true, ..Requirements::default() };
        let (shop, post) = open(&db, needs).await;
        let ann = shop.customer("Ann", "en");
        // The address first, from the profile, so that the name is what is still open.
        shop.hears(ann, "/profile", "Your profile").await;
        shop.taps(ann, "✉️ Add my e-mail", "Write your e-mail address").await;
        shop.hears(ann, ANNS, "on its way").await;
        wants(&shop, ann, "What may we call you?").await;
        let path = link_of_mail(&post).await;
        browser(&shop).submits(&path, &path, &[]).await.shows("Your e-mail is confirmed");
        // The chat did not wait for the address: it is told, and asked again what it was asked.
        shop.reads(ann, "Your e-mail address is now a***@example.com").await;
        shop.quiet().await;
        assert_eq!(told(&shop, ann, "What may we call you?"), 2);
        shop.hears(ann, "Anna", "Name: Anna").await;
        shop.close().await;
    }

    async fn a_chat_that_asks_how_a_code_shall_come_goes_on_when_the_cabinet_confirms_a_number(db: TestDb) {
        let needs = Requirements { phone: true, terms: Some("00000001".to_owned()), ..Requirements::default() };
        let (shop, post) = open_with(&db, needs, |post| {
            post.senders_by(&[("gateway:a", Messenger::Telegram), ("whatsapp:a", Messenger::Whatsapp)])
        })
        .await;
        let ann = shop.customer("Ann", "en");
        let browser = logged_in(&shop, ann).await;
        wants(&shop, ann, "Or type a mobile number").await;
        shop.hears(ann, NUMBER, "How should we send the code").await;
        let fields = [("phone", NUMBER), ("asked", "yes")];
        browser.submits("/cabinet/phone", "/cabinet/phone", &fields).await;
        let code = post.code(NUMBER, 1).await;
        browser.submits("/cabinet/phone", "/cabinet/phone/code", &[("code", &code)]).await;
        shop.reads(ann, "Thank you, +7999***1122 is confirmed").await;
        shop.reads(ann, "asks for your consent").await;
        shop.taps(ann, "✅ I agree", "Is everything right?").await;
        shop.close().await;
    }

    async fn a_chat_that_asks_for_a_number_goes_on_when_the_cabinet_confirms_one(db: TestDb) {
        let needs = Requirements { phone: true, terms: Some("00000001".to_owned()), ..Requirements::default() };
        let (shop, post) = open(&db, needs).await;
        let ann = shop.customer("Ann", "en");
        let browser = logged_in(&shop, ann).await;
        wants(&shop, ann, "Or type a mobile number").await;
        browser.submits("/cabinet/phone", "/cabinet/phone", &[("phone", NUMBER)]).await;
        let code = post.code(NUMBER, 1).await;
        let done = browser.submits("/cabinet/phone", "/cabinet/phone/code", &[("code", &code)]).await;
        assert_eq!(done.place(), "/cabinet/profile?saved");
        shop.reads(ann, "Thank you, +7999***1122 is confirmed").await;
        shop.reads(ann, "asks for your consent").await;
        shop.taps(ann, "✅ I agree", "Is everything right?").await;
        shop.close().await;
    }

    async fn what_the_customer_does_meanwhile_wins(db: TestDb) {
        let needs = Requirements { email: true, name: true, ..Requirements::default() };
        let (shop, post) = open(&db, needs).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann, "What may we call you?").await;
        shop.hears(ann, "Anna", "asks for a confirmed e-mail address").await;
        shop.hears(ann, ANNS, "on its way").await;
        let path = link_of_mail(&post).await;
        let held = shop.app.store().points().hold("face.confirmed");
        browser(&shop).submits(&path, &path, &[]).await.shows("Your e-mail is confirmed");
        held.reached().await;
        shop.hears(ann, "/cancel", "Zeta shop").await;
        // The dialogue's end is stored with the update that ended it.
        while waiting(&shop).await > 0 {
            tokio::task::yield_now().await;
        }
        drop(held);
        shop.quiet().await;
        assert_eq!((told(&shop, ann, "Thank you"), told(&shop, ann, "Is everything right?")), (1, 0));
        shop.hears(ann, "shoes", "Nothing found").await;
        shop.close().await;
    }

    async fn words_to_the_last_question_go_on_once_the_link_has_confirmed(db: TestDb) {
        let needs = Requirements { email: true, terms: Some("00000001".to_owned()), ..Requirements::default() };
        let (shop, post) = open(&db, needs).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann, "asks for a confirmed e-mail address").await;
        shop.hears(ann, ANNS, "on its way").await;
        let path = link_of_mail(&post).await;
        // The word about it is held up: the chat still asks for the code.
        let held = shop.app.store().points().hold("face.confirmed");
        browser(&shop).submits(&path, &path, &[]).await.shows("Your e-mail is confirmed");
        held.reached().await;
        shop.hears(ann, "I have pressed the button", "asks for your consent").await;
        while waiting(&shop).await > 0 {
            tokio::task::yield_now().await;
        }
        drop(held);
        shop.quiet().await;
        assert_eq!(told(&shop, ann, "asks for your consent"), 1, "the question is asked once");
        shop.close().await;
    }

    async fn a_letter_that_could_not_arrive_at_first_still_moves_the_chat_on(db: TestDb) {
        let needs = Requirements { email: true, terms: Some("00000001".to_owned()), ..Requirements::default() };
        let (shop, post) = open(&db, needs).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann, "asks for a confirmed e-mail address").await;
        shop.hears(ann, ANNS, "on its way").await;
        let path = link_of_mail(&post).await;
        shop.control.fault(Fault::once("sendMessage", FaultKind::DropBefore));
        browser(&shop).submits(&path, &path, &[]).await.shows("Your e-mail is confirmed");
        shop.clock.advance(Duration::from_mins(2));
        shop.reads(ann, "Thank you, a***@example.com is confirmed").await;
        shop.reads(ann, "asks for your consent").await;
        shop.taps(ann, "✅ I agree", "Is everything right?").await;
        shop.close().await;
    }

    async fn a_number_and_an_address_are_forgotten_on_the_web_and_told(db: TestDb) {
        let (shop, post) = open(&db, Requirements::default()).await;
        let ann = shop.customer("Ann", "en");
        let browser = logged_in(&shop, ann).await;
        confirms_email(&post, &browser, 1).await;
        shop.control.say(ann, "/profile");
        shop.reads(ann, "E-mail: ann@example.com").await;
        let forget = "/cabinet/email/forget";
        let gone = browser.submits(forget, forget, &[]).await;
        assert_eq!(gone.place(), "/cabinet/profile?forgotten");
        shop.reads(ann, "Your e-mail address was taken out of your profile").await;
        shop.hears(ann, "/profile", "E-mail: not given").await;
        shop.quiet().await;
        assert_eq!(letters(&shop, "forgotten").await, 1);
        shop.close().await;
    }
}
