//! `kill -9` in the middle of each step of a customer: registering, confirming, ordering, logging in. The dialogue goes on
//! where it stood, no answer is lost, nothing is used or paid for twice.

use std::time::{Duration, Instant};

use kiosk::clock::Clock;
use kiosk::sql;
use kiosk::store::{Store, StoreError};
use kiosk_emulator::PayOptions;
use reqwest::{Method, RequestBuilder, StatusCode};

use super::buyers::keys_of;
use super::mortal::Mortal;
use super::registering::Crowd;
use super::world::PAGES;
use crate::on_both_engines;
use crate::support::phones::gateway;
use crate::support::shop::SLUG;
use crate::support::smtp::Arrived;

const ANNS: &str = "ann@example.org";
const BOBS: &str = "bob@example.org";
const ANNS_NUMBER: &str = "+79990001122";
const BOBS_NUMBER: &str = "+79990003344";
const PASSWORD: &str = "slow green bicycle";
const ANOTHER: &str = "quick red tricycle";

/// An update is stored and not applied; it is applied and its screen is not drawn.
const ANSWER: [&str; 2] = ["inbox.stored", "turn.written"];
/// The same, and then the letter that it posted: claimed; handed to its sender, who may have carried it; carried.
const CODE: [&str; 5] = [
    "inbox.stored",
    "turn.written",
    "outbox.claimed",
    "confirmations.called",
    "outbox.sent",
];
const MAIL: [&str; 5] = [
    "inbox.stored",
    "turn.written",
    "outbox.claimed",
    "mails.called",
    "outbox.sent",
];
/// What befalls a letter that a form has posted.
const LETTER: usize = 2;

/// How long what is told of a code may take to be written down.
const PATIENCE: Duration = Duration::from_secs(20);
const KEYS: i64 = 500;
const KILLS: usize = 30;
/// The bot has made at most so many calls between two kills.
const CALLS: u64 = 60;
const SEED: u64 = 0x6b69_6f73_6b00_0001;

/// Numbers by chance, the same in each run: xorshift.
struct Moments(u64);

impl Moments {
    fn below(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

sql! {
    PEOPLE = "kill.people",
        "SELECT phone, email FROM customers
         WHERE phone_confirmed_at IS NOT NULL AND email_confirmed_at IS NOT NULL AND registered_at IS NOT NULL ORDER BY id";
    CONSENTS = "kill.consents",
        "SELECT customer_id, COUNT(*) FROM consents GROUP BY customer_id ORDER BY customer_id";
    CONSUMED = "kill.consumed",
        "SELECT purpose, COUNT(*) FROM confirmations WHERE state = 'consumed' AND uses = 1 GROUP BY purpose ORDER BY purpose";
    SENDS = "kill.sends", "SELECT sender, state FROM confirmation_sends";
    REPORTS = "kill.reports",
        "SELECT event_id, state FROM inbox WHERE source = 'phone:gateway:a' ORDER BY seq";
    MORE_THAN_ONE = "kill.more_than_one",
        "SELECT customer_id, purpose FROM confirmations GROUP BY customer_id, purpose
         HAVING COUNT(*) > 1 OR SUM(uses) <> 1 OR MAX(round) > 1";
    SESSIONS = "kill.sessions",
        "SELECT way, COUNT(*) FROM sessions GROUP BY way ORDER BY way";
}

async fn pairs<T: kiosk::store::FromRow + Send + 'static>(
    store: &Store,
    sql: &'static kiosk::store::Sql,
) -> Vec<T> {
    let rows = store.read("kill.look", move |tx| Box::pin(tx.all::<T>(sql, &[])));
    rows.await.map_err(|error: StoreError| error).expect("rows")
}

/// The code in a mail.
pub fn code_in(mail: &Arrived) -> String {
    let text = mail.part("text/plain");
    let mut words = text.split(|letter: char| !letter.is_ascii_digit());
    words
        .find(|word| word.len() == 6)
        .expect("a code")
        .to_owned()
}

/// The path of the page whose link is in a mail.
fn path_in(mail: &Arrived) -> String {
    let (_, rest) = mail.part("text/plain").split_once(PAGES).expect("a link");
    rest.split_whitespace().next().expect("a path").to_owned()
}

async fn wants(shop: &mut Mortal<'_>, user: i64) {
    let command = format!("/start p_{SLUG}");
    shop.hears(user, &command, "Zeta, one month", &ANSWER[..1])
        .await;
    shop.taps(user, "⚡ Buy now", "What may we call you?", &ANSWER[..1])
        .await;
}

/// Agrees, orders and pays.
async fn agrees_and_pays(shop: &mut Mortal<'_>, user: i64) {
    shop.taps(user, "✅ I agree", "Is everything right?", &ANSWER)
        .await;
    shop.taps(
        user,
        "▶️ Go on with my order",
        "How would you like to pay?",
        &ANSWER,
    )
    .await;
    // An invoice that may have been sent is not sent again by itself.
    let points = ["inbox.stored", "outbox.claimed"];
    shop.taps(
        user,
        "⭐ Pay with Stars",
        "The invoice is in this chat",
        &points,
    )
    .await;
    let chat = shop.world.control.messages(user);
    assert!(chat.iter().all(|it| it.invoice.is_none()));
    shop.taps(
        user,
        "🔁 Send the invoice again",
        "The invoice is in this chat",
        &ANSWER[..1],
    )
    .await;
    let invoice = shop
        .world
        .control
        .wait_for_message(user, |it| it.invoice.is_some());
    let invoice = invoice.await.expect("an invoice").message_id;
    let paid = shop
        .dies_at(&["outbox.claimed", "outbox.sent"], async |shop| {
            shop.world
                .control
                .pay(user, invoice, PayOptions::default())
                .await
        })
        .await;
    assert!(paid.charge_id().is_some(), "{paid:?}");
    let keys = shop.world.control.wait_for_text(user, "zeta-month-");
    keys.await.expect("the key");
}

/// The path of a link that opens the cabinet. One whose screen was lost is made anew.
async fn link(shop: &mut Mortal<'_>, user: i64) -> String {
    shop.hears(user, "/profile", "Your profile", &[]).await;
    shop.taps(
        user,
        "🔐 My account on the web",
        "Your profile",
        &["turn.written"],
    )
    .await;
    let shown = shop
        .taps(user, "🔐 My account on the web", PAGES, &["inbox.stored"])
        .await;
    let (_, path) = shown.text.split_once(PAGES).expect("a link");
    path.split_whitespace().next().expect("a path").to_owned()
}

/// What the Gateway tells of the first code that it has carried.
fn report(shop: &Mortal<'_>, status: &str) -> RequestBuilder {
    let second = Clock::system().now() / 1_000;
    let body = gateway::report("1000001", status, second);
    let browser = shop.browser();
    let mut request = browser.request(Method::POST, "/webhooks/phone/gateway-a");
    for (name, value) in gateway::signed(gateway::TOKEN, second, &body) {
        request = request.header(name, value);
    }
    request.body(body)
}

/// A number on a page, with the answer to the question by what the code shall come.
fn by_any_way(number: &str) -> [(&str, &str); 2] {
    [("phone", number), ("asked", "yes")]
}

/// Returns when the only send has got so far.
async fn carried_so_far(shop: &Mortal<'_>, state: &str) {
    let since = Instant::now();
    loop {
        let sends: Vec<(String, String)> = pairs(&shop.store, &SENDS).await;
        if sends == [("gateway:a".to_owned(), state.to_owned())] {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "{sends:?}, not {state}");
        tokio::task::yield_now().await;
    }
}

on_both_engines! {
    async fn a_kill_in_the_middle_of_each_step_loses_and_repeats_nothing(db: TestDb) {
        let mut shop = Mortal::open(&db, 3).await;
        // She types everything.
        let ann = shop.world.customer("Ann");
        wants(&mut shop, ann).await;
        shop.hears(ann, "Anna", "Or type a mobile number", &ANSWER).await;
        shop.hears(ann, ANNS_NUMBER, "How should we send the code", &ANSWER[..1]).await;
        shop.taps(ann, "✉️ Whichever works", "on its way to +79990001122", &CODE).await;
        let code = shop.world.code_to(ANNS_NUMBER).await;
        shop.hears(ann, &code, "asks for a confirmed e-mail address", &ANSWER).await;
        shop.hears(ann, ANNS, "on its way to ann@", &MAIL).await;
        let mail = shop.world.mail_to(ANNS, "/c/", 2).await;
        shop.hears(ann, &code_in(&mail), "asks for your consent", &ANSWER).await;
        agrees_and_pays(&mut shop, ann).await;
        // He shares his contact, and opens the link in the mail.
        let bob = shop.world.customer("Bob");
        wants(&mut shop, bob).await;
        shop.taps(bob, "Bob", "Or type a mobile number", &ANSWER).await;
        let before = shop.world.seen(bob);
        shop.dies_at(&ANSWER, async |shop| {
            shop.world.control.share_contact(bob, &BOBS_NUMBER[1..], Some(bob), false)
        })
        .await;
        shop.world.shows(bob, &before, "asks for a confirmed e-mail address").await;
        shop.hears(bob, BOBS, "on its way to bob@", &MAIL).await;
        let mail = shop.world.mail_to(BOBS, "/c/", 2).await;
        let browser = shop.browser();
        let path = path_in(&mail);
        let before = shop.world.seen(bob);
        shop.submits_twice(&browser, &path, &path, &[]).await.shows("confirmed");
        // The chat goes on by itself.
        shop.world.shows(bob, &before, "asks for your consent").await;
        agrees_and_pays(&mut shop, bob).await;
        // What the chat and the pages have asked for is done once.
        let people: Vec<(String, String)> = pairs(&shop.store, &PEOPLE).await;
        let known = |phone: &str, email: &str| (phone.to_owned(), email.to_owned());
        assert_eq!(people, [known(ANNS_NUMBER, ANNS), known(BOBS_NUMBER, BOBS)]);
        let consents: Vec<(i64, i64)> = pairs(&shop.store, &CONSENTS).await;
        assert!(consents.iter().all(|(_, count)| *count == 2), "{consents:?}");
        let consumed: Vec<(String, i64)> = pairs(&shop.store, &CONSUMED).await;
        assert_eq!(consumed, [("email".to_owned(), 2), ("phone".to_owned(), 1)]);
        shop.world.nobody_carried_twice();
        println!("{} kills", shop.kills);
        shop.is_clean().await;
        shop.close().await;
    }

    async fn a_kill_in_the_middle_of_each_way_into_the_cabinet_opens_it_once(db: TestDb) {
        let mut shop = Mortal::open(&db, 1).await;
        let ann = shop.known("Ann", ANNS_NUMBER, ANNS).await;
        shop.known("Bob", BOBS_NUMBER, BOBS).await;
        // By a link of the bot's: used, though nobody was told; the next one opens.
        let path = link(&mut shop, ann).await;
        let browser = shop.browser();
        let again = shop.submits_twice(&browser, &path, &path, &[]).await;
        assert_eq!(again.status, StatusCode::NOT_FOUND);
        again.shows("This link no longer works");
        let path = link(&mut shop, ann).await;
        assert_eq!(shop.submits(&browser, &path, &path, &[]).await.place(), "/cabinet");
        // A password is set, though nobody was told.
        let fields = [("new", PASSWORD)];
        let again = shop.submits_twice(&browser, "/cabinet/safety", "/cabinet/safety/password", &fields).await;
        assert_eq!(again.place(), "/cabinet/safety?saved");
        // By the password: each try that was right begins a session.
        let fields = [("login", ANNS), ("password", PASSWORD)];
        let other = shop.browser();
        let again = shop.submits_twice(&other, "/login", "/login/password", &fields).await;
        assert_eq!(again.place(), "/cabinet");
        // By a code to the phone, whose letter dies on its way.
        let fields = by_any_way(BOBS_NUMBER);
        let visitor = shop.browser();
        let asked = shop.dies_at(&CODE[LETTER..], async |shop| {
            shop.submits(&visitor, "/login", "/login/phone", &fields).await
        })
        .await;
        assert_eq!(asked.place(), "/login/code");
        let code = shop.world.code_to(BOBS_NUMBER).await;
        let fields = [("code", code.as_str())];
        assert_eq!(shop.submits(&visitor, "/login/code", "/login/code", &fields).await.place(), "/cabinet");
        // Another one, used though nobody was told.
        let visitor = shop.browser();
        shop.submits(&visitor, "/login", "/login/phone", &by_any_way(ANNS_NUMBER)).await;
        let code = shop.world.code_to(ANNS_NUMBER).await;
        let fields = [("code", code.as_str())];
        let again = shop.submits_twice(&visitor, "/login/code", "/login/code", &fields).await;
        again.shows("Begin again");
        // The same by a link from a mail.
        let visitor = shop.browser();
        shop.dies_at(&MAIL[LETTER..], async |shop| {
            shop.submits(&visitor, "/login", "/login/email", &[("email", BOBS)]).await
        })
        .await;
        let path = path_in(&shop.world.mail_to(BOBS, "/login/mail/", 2).await);
        assert_eq!(shop.submits(&visitor, &path, &path, &[]).await.place(), "/cabinet");
        let visitor = shop.browser();
        shop.submits(&visitor, "/login", "/login/email", &[("email", ANNS)]).await;
        let path = path_in(&shop.world.mail_to(ANNS, "/login/mail/", 1).await);
        let again = shop.submits_twice(&visitor, &path, &path, &[]).await;
        again.shows("used already");
        let sessions: Vec<(String, i64)> = pairs(&shop.store, &SESSIONS).await;
        let of = |way: &str, count| (way.to_owned(), count);
        assert_eq!(sessions, [of("email", 2), of("link", 2), of("password", 2), of("phone", 2)]);
        // A forgotten password: by a mail and by a code.
        let visitor = shop.browser();
        shop.dies_at(&MAIL[LETTER..], async |shop| {
            shop.submits(&visitor, "/recover", "/recover/email", &[("email", ANNS)]).await
        })
        .await;
        let path = path_in(&shop.world.mail_to(ANNS, "/recover/", 2).await);
        let again = shop.submits_twice(&visitor, &path, &path, &[("new", ANOTHER)]).await;
        again.shows("used already");
        let fields = [("login", ANNS), ("password", ANOTHER)];
        assert_eq!(shop.submits(&visitor, "/login", "/login/password", &fields).await.place(), "/cabinet");
        let visitor = shop.browser();
        shop.dies_at(&CODE[LETTER..], async |shop| {
            shop.submits(&visitor, "/recover", "/recover/phone", &by_any_way(BOBS_NUMBER)).await
        })
        .await;
        let code = shop.world.code_to(BOBS_NUMBER).await;
        let fields = [("code", code.as_str()), ("new", PASSWORD)];
        let again = shop.submits_twice(&visitor, "/recover/code", "/recover/code", &fields).await;
        again.shows("Begin again");
        let fields = [("login", BOBS), ("password", PASSWORD)];
        assert_eq!(shop.submits(&visitor, "/login", "/login/password", &fields).await.place(), "/cabinet");
        let consumed: Vec<(String, i64)> = pairs(&shop.store, &CONSUMED).await;
        assert_eq!(consumed, [("login".to_owned(), 4), ("recover".to_owned(), 2)]);
        shop.world.nobody_carried_twice();
        println!("{} kills", shop.kills);
        shop.is_clean().await;
        shop.close().await;
    }

    async fn kills_at_any_moment_lose_no_answer_and_no_customer(db: TestDb) {
        let mut shop = Mortal::open(&db, KEYS).await;
        let crowd = Crowd::gather(&shop);
        let mut moments = Moments(SEED);
        for _ in 0..KILLS {
            shop.world.passes(moments.below(CALLS)).await;
            shop.dies().await;
        }
        let known = crowd.rest().await;
        let people: Vec<(String, String)> = pairs(&shop.store, &PEOPLE).await;
        for one in &known {
            let pair = (one.number.clone(), one.address.clone());
            assert!(people.contains(&pair), "{one:?} is not in {people:?}");
            assert_eq!(keys_of(&shop.world.control, one.user).len(), 1, "{one:?}");
        }
        let consents: Vec<(i64, i64)> = pairs(&shop.store, &CONSENTS).await;
        assert!(consents.len() == known.len() && consents.iter().all(|(_, count)| *count == 2), "{consents:?}");
        let more: Vec<(i64, String)> = pairs(&shop.store, &MORE_THAN_ONE).await;
        assert_eq!(more, [], "each number and each address was confirmed by one code");
        shop.world.nobody_carried_twice();
        println!("{KILLS} kills, {} customers", known.len());
        shop.is_clean().await;
        shop.close().await;
    }

    async fn a_report_that_comes_just_before_a_kill_is_not_lost(db: TestDb) {
        let mut shop = Mortal::open(&db, 1).await;
        shop.known("Ann", ANNS_NUMBER, ANNS).await;
        let visitor = shop.browser();
        shop.submits(&visitor, "/login", "/login/phone", &by_any_way(ANNS_NUMBER)).await;
        carried_so_far(&shop, "accepted").await;
        // It is stored, but its provider does not hear so, and tells of it again.
        shop.dies_answering(report(&shop, "delivered")).await;
        carried_so_far(&shop, "delivered").await;
        let again = report(&shop, "delivered").send().await.expect("an answer");
        assert_eq!(again.status(), StatusCode::OK);
        // Its provider hears so, and the program dies before it does anything about it.
        let heard = report(&shop, "read").send().await.expect("an answer");
        shop.dies().await;
        assert_eq!(heard.status(), StatusCode::OK);
        carried_so_far(&shop, "read").await;
        let facts: Vec<(String, String)> = pairs(&shop.store, &REPORTS).await;
        let done = |id: &str| (id.to_owned(), "done".to_owned());
        assert_eq!(facts, [done("1000001:delivered"), done("1000001:read")]);
        shop.is_clean().await;
        shop.close().await;
    }
}
