//! Ways into the cabinet through the pages: each logs in once, tells nothing to guessers, and ends what the browser came with.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, Mac};
use kiosk::shop::access::Way;
use kiosk::shop::confirmations::Asker;
use kiosk::shop::confirmations::senders::Messenger;
use kiosk::store::PublicId;
use reqwest::{Method, StatusCode};
use sha2::Sha256;
use url::form_urlencoded;

use super::browser::{Browser, Otherwise, Pages};
use crate::confirmations::rig::email;
use crate::on_both_engines;
use crate::support::db::TestDb;
use crate::support::shop::TOKEN;

const PHONE: &str = "+79990000001";
const MAIL: &str = "Ann@example.com";
const PASSWORD: &str = "correct horse battery";
/// Who opens the Mini App.
const USER: &str = r#"{"id":77,"first_name":"Ann","language_code":"en"}"#;

/// What this browser has asked for.
fn asked(browser: &Browser) -> PublicId {
    let id = browser.cookie("kiosk-asked").expect("a cookie");
    id.parse().expect("an id")
}

/// A code that is not this one.
fn wrong(code: &str) -> String {
    let number: u32 = code.parse().expect("digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

/// What Telegram would give the Mini App, sealed for the bot.
pub fn init_data(seconds: i64) -> String {
    sealed(seconds, None)
}

/// The same, signed besides by whoever has this key.
fn signed(seconds: i64, key: &SigningKey) -> String {
    let (bot, _) = TOKEN.split_once(':').expect("an id");
    let message = format!("{bot}:WebAppData\nauth_date={seconds}\nuser={USER}");
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()).to_bytes());
    sealed(seconds, Some(&signature))
}

fn sealed(seconds: i64, signature: Option<&str>) -> String {
    let seconds = seconds.to_string();
    let mut pairs = vec![("auth_date", seconds.as_str())];
    pairs.extend(signature.map(|it| ("signature", it)));
    pairs.push(("user", USER));
    let lines: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mac = |key: &[u8], text: &[u8]| -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text);
        mac.finalize().into_bytes().to_vec()
    };
    let seal = mac(
        &mac(b"WebAppData", TOKEN.as_bytes()),
        lines.join("\n").as_bytes(),
    );
    let hash: String = seal.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.push(("hash", &hash));
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

on_both_engines! {
    async fn a_link_of_the_bots_logs_in_by_its_button_once_and_looking_changes_nothing(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.customer(1, "Ann").await.id;
        let path = format!("/login/{}", pages.cabinet.link(ann).await.expose());
        let browser = pages.browser();
        for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::GET] {
            browser.send(browser.request(method, &path)).await;
        }
        assert_eq!(pages.cabinet.sessions(ann).await, []);
        let page = browser.get(&path).await;
        page.shows("Ann");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(browser.submits(&path, &path, &[]).await.place(), "/cabinet");
        assert_eq!(pages.cabinet.sessions(ann).await.len(), 1);
        browser.get("/cabinet").await.shows("Hello Ann");
        // Used, made up and unreadable ones look the same.
        let other = pages.browser();
        let used = other.get(&path).await;
        let made_up = other.get(&format!("/login/{}", "A".repeat(43))).await;
        let unreadable = other.get("/login/nonsense").await;
        for answer in [&used, &made_up, &unreadable] {
            assert_eq!(answer.status, StatusCode::NOT_FOUND);
            answer.shows("This link no longer works");
        }
    }

    async fn a_login_ends_the_session_that_the_browser_came_with(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await.id;
        let eve = pages.cabinet.customer(2, "Eve").await.id;
        pages.cabinet.set_password(ann, PASSWORD).await;
        let planted = pages.logged_in(eve).await;
        let before = planted.cookie("kiosk").unwrap();
        // Somebody else's session was put into Ann's browser, and a form cookie of theirs, too.
        let victim = pages.browser();
        victim.set_cookie("kiosk", &before);
        let answer = victim.submits("/login", "/login/password", &[("login", MAIL), ("password", PASSWORD)]).await;
        assert_eq!(answer.place(), "/cabinet");
        assert_ne!(victim.cookie("kiosk").unwrap(), before);
        assert_eq!(pages.cabinet.sessions(eve).await, [], "what was planted opens nothing");
        assert_eq!(planted.get("/cabinet").await.place(), "/login");
    }

    async fn a_password_logs_in_and_its_wrong_answers_are_equal_and_limited(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await.id;
        pages.cabinet.set_password(ann, PASSWORD).await;
        let sessions = pages.cabinet.sessions(ann).await.len();
        let browser = pages.browser();
        let mut answers = Vec::new();
        for login in [MAIL, "nobody@example.com"] {
            let fields = [("login", login), ("password", "not the password")];
            let answer = browser.submits("/login", "/login/password", &fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            answers.push(answer.text.replace(login, "…"));
        }
        assert_eq!(answers[0], answers[1], "whether somebody has the address is not told");
        let mut refused = 0;
        for guess in 0..40 {
            let password = format!("guess number {guess}");
            let fields = [("login", MAIL), ("password", password.as_str())];
            let answer = browser.submits("/login", "/login/password", &fields).await;
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
                answer.shows("Too many attempts");
                refused += 1;
            }
        }
        assert!(refused >= 30, "{refused}");
        let fields = [("login", MAIL), ("password", PASSWORD)];
        let late = browser.submits("/login", "/login/password", &fields).await;
        assert_eq!(late.status, StatusCode::TOO_MANY_REQUESTS, "not even the right one");
        assert_eq!(pages.cabinet.sessions(ann).await.len(), sessions);
        pages.shop.clock.advance(Duration::from_mins(20));
        let fields = [("login", "8 999 000-00-01"), ("password", PASSWORD)];
        let answer = browser.submits("/login", "/login/password", &fields).await;
        assert_eq!(answer.place(), "/cabinet", "by the phone as people type it");
        assert_eq!(browser.submits("/cabinet", "/logout", &[]).await.place(), "/login");
        assert_eq!(browser.get("/cabinet").await.place(), "/login");
    }

    async fn a_code_to_the_phone_logs_in_and_whether_a_number_is_known_is_not_told(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await.id;
        let mut told = Vec::new();
        for number in [PHONE, "+79990000002"] {
            let browser = pages.browser();
            let asks = browser.submits("/login", "/login/phone", &[("phone", number)]).await;
            assert_eq!(asks.place(), "/login/code");
            let page = browser.get("/login/code").await;
            let miss = browser.submits("/login/code", "/login/code", &[("code", "12")]).await;
            let again = browser.submits("/login/code", "/login/again", &[]).await;
            assert_eq!(again.status, StatusCode::TOO_MANY_REQUESTS);
            let form = page.token();
            told.push([page.text, miss.text, again.text].map(|it| it.replace(&form, "…").replace(number, "…")));
        }
        assert_eq!(told[0], told[1]);
        let strange = pages.browser().submits("/login", "/login/phone", &[("phone", "12")]).await;
        strange.shows("not a mobile number");
        // The right code in the browser that asked.
        pages.shop.clock.advance(Duration::from_mins(2));
        let browser = pages.browser();
        browser.submits("/login", "/login/phone", &[("phone", "8 (999) 000-00-01")]).await;
        let code = pages.desk.code(asked(&browser), 1).await;
        let miss = browser.submits("/login/code", "/login/code", &[("code", &wrong(&code))]).await;
        miss.shows("4 tries left");
        let other = pages.browser();
        assert_eq!(other.submits("/login", "/login/phone", &[("phone", PHONE)]).await.status, StatusCode::TOO_MANY_REQUESTS);
        let answer = browser.submits("/login/code", "/login/code", &[("code", &code)]).await;
        assert_eq!(answer.place(), "/cabinet");
        let sessions = pages.cabinet.sessions(ann).await;
        assert_eq!(sessions[0].way, Way::Phone);
    }

    async fn guessing_codes_through_the_pages_opens_nothing(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await.id;
        let browser = pages.browser();
        browser.submits("/login", "/login/phone", &[("phone", PHONE)]).await;
        let code = pages.desk.code(asked(&browser), 1).await;
        let token = browser.get("/login/code").await.token();
        for guess in 0..200_u32 {
            let guess = format!("{guess:06}");
            if guess != code {
                browser.post("/login/code", &[("code", &guess), ("form", &token)]).await;
            }
        }
        let late = browser.post("/login/code", &[("code", &code), ("form", &token)]).await;
        assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
        late.shows("too many wrong codes");
        assert_eq!(pages.cabinet.sessions(ann).await, []);
    }

    async fn a_link_from_a_mail_logs_in_only_the_browser_that_asked(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await.id;
        let browser = pages.browser();
        browser.submits("/login", "/login/email", &[("email", MAIL)]).await;
        let waits = browser.get("/login/code").await;
        assert!(!waits.text.contains("action=\"/login/code\""), "the mail has no code: {}", waits.text);
        let (_, token) = pages.desk.mailed(asked(&browser), 1).await;
        let path = format!("/login/mail/{token}");
        let other = pages.browser();
        other.get(&path).await.shows("only in the browser where you asked");
        let form = other.get("/login").await.token();
        assert_eq!(other.post(&path, &[("form", &form)]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(pages.cabinet.sessions(ann).await, []);
        assert_eq!(browser.submits(&path, &path, &[]).await.place(), "/cabinet");
        assert_eq!(pages.cabinet.sessions(ann).await[0].way, Way::Email);
    }

    async fn a_forgotten_password_is_replaced_and_everybody_is_logged_out(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.known(1, PHONE, MAIL).await.id;
        pages.cabinet.set_password(ann, PASSWORD).await;
        let old = pages.logged_in(ann).await;
        let browser = pages.browser();
        browser.submits("/recover", "/recover/email", &[("email", MAIL)]).await;
        browser.get("/recover/code").await.shows("an e-mail is on its way");
        let (_, token) = pages.desk.mailed(asked(&browser), 1).await;
        let path = format!("/recover/{token}");
        let elsewhere = pages.browser();
        elsewhere.submits(&path, &path, &[("new", "12345678")]).await.shows("Everybody tries");
        let done = elsewhere.submits(&path, &path, &[("new", "slow green bicycle")]).await;
        done.shows("Your password is changed");
        assert_eq!(elsewhere.get("/cabinet").await.place(), "/login", "nobody is logged in by it");
        assert_eq!(old.get("/cabinet").await.place(), "/login", "everybody is logged out");
        assert_eq!(elsewhere.get(&path).await.status, StatusCode::NOT_FOUND, "once");
        let fields = [("login", MAIL), ("password", "slow green bicycle")];
        assert_eq!(elsewhere.submits("/login", "/login/password", &fields).await.place(), "/cabinet");
        // By a code to the phone.
        let browser = pages.browser();
        browser.submits("/recover", "/recover/phone", &[("phone", PHONE)]).await;
        let code = pages.desk.code(asked(&browser), 1).await;
        let weak = browser.submits("/recover/code", "/recover/code", &[("code", &code), ("new", "79990000001")]).await;
        weak.shows("not a good password");
        let done = browser.submits("/recover/code", "/recover/code", &[("code", &code), ("new", "quick red tricycle")]).await;
        done.shows("Your password is changed");
        assert_eq!(elsewhere.get("/cabinet").await.place(), "/login");
    }

    async fn an_address_is_confirmed_by_the_button_and_looking_changes_nothing(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.cabinet.customer(1, "Ann").await;
        let id = pages.desk.begun(Asker::Customer(ann.id), email(MAIL)).await;
        let (_, token) = pages.desk.mailed(id, 1).await;
        let path = format!("/c/{token}");
        let browser = pages.browser();
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            browser.send(browser.request(method, &path)).await;
        }
        assert_eq!(pages.desk.profile(&ann).await.email, None);
        let page = browser.get(&path).await;
        page.shows("A***@example.com");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        browser.submits(&path, &path, &[]).await.shows("our e-mails go to this address");
        assert_eq!(pages.desk.profile(&ann).await.email.as_deref(), Some(MAIL));
        browser.get(&path).await.shows("confirmed already");
        let form = browser.get("/login").await.token();
        browser.post(&path, &[("form", &form)]).await.shows("confirmed already");
        assert_eq!(browser.get("/cabinet").await.place(), "/login", "it logs nobody in");
        let unknown = browser.get(&format!("/c/{}", "A".repeat(43))).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        // One that is too old.
        pages.shop.clock.advance(Duration::from_mins(5));
        let id = pages.desk.begun(Asker::Customer(ann.id), email("ann2@example.com")).await;
        let (_, token) = pages.desk.mailed(id, 1).await;
        pages.shop.clock.advance(Duration::from_hours(9));
        let old = browser.get(&format!("/c/{token}")).await;
        assert_eq!((old.status, old.text.replace(&token, "")), (StatusCode::NOT_FOUND, unknown.text.replace(&"A".repeat(43), "")));
    }

    async fn the_mini_app_logs_in_whom_telegram_has_sealed(db: TestDb) {
        let pages = Pages::open(&db).await;
        let now = pages.shop.clock.now() / 1_000;
        let browser = pages.browser();
        let page = browser.get("/app").await;
        let policy = page.header("content-security-policy");
        assert!(policy.contains("script-src 'self' https://telegram.org;") && policy.contains("frame-ancestors 'self' https://web.telegram.org"));
        assert!(!browser.get("/login").await.header("content-security-policy").contains("telegram.org"));
        let enters = async |data: &str, from: Option<&str>| {
            let browser = pages.browser();
            let request = browser.request(Method::POST, "/app").form(&[("init_data", data)]);
            let request = match from {
                Some(from) => request.header("sec-fetch-site", from),
                None => request,
            };
            browser.send(request).await
        };
        let fresh = init_data(now);
        assert_eq!(enters(&fresh, Some("same-origin")).await.place(), "/cabinet");
        for from in [None, Some("cross-site"), Some("same-site"), Some("none")] {
            assert_eq!(enters(&fresh, from).await.status, StatusCode::FORBIDDEN, "{from:?}");
        }
        for wrong in [&init_data(now - 600), &fresh.replace("Ann", "Eve"), "", "x=y"] {
            let answer = enters(wrong, Some("same-origin")).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
            assert!(answer.headers.get_all("set-cookie").iter().all(|it| !it.to_str().unwrap().starts_with("kiosk=")));
        }
    }

    async fn a_signature_beside_the_seal_must_be_telegrams(db: TestDb) {
        let (telegrams, others) = (SigningKey::from_bytes(&[7; 32]), SigningKey::from_bytes(&[8; 32]));
        let otherwise = Otherwise { app_key: Some(telegrams.verifying_key().to_bytes()), ..Otherwise::default() };
        let pages = Pages::open_with(&db, otherwise).await;
        let now = pages.shop.clock.now() / 1_000;
        let enters = async |data: &str| {
            let browser = pages.browser();
            let request = browser.request(Method::POST, "/app").form(&[("init_data", data)]);
            browser.send(request.header("sec-fetch-site", "same-origin")).await.status
        };
        assert_eq!(enters(&signed(now, &telegrams)).await, StatusCode::SEE_OTHER);
        assert_eq!(enters(&init_data(now)).await, StatusCode::SEE_OTHER, "an older proof has none");
        // Each is sealed for the bot, as whoever has its token could do.
        for wrong in [signed(now, &others), sealed(now, Some("")), sealed(now, Some("AAAA"))] {
            assert_eq!(enters(&wrong).await, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
    }

    async fn what_is_switched_off_is_not_there(db: TestDb) {
        let otherwise = Otherwise { ways: Some(vec![Way::Password]), ..Otherwise::default() };
        let pages = Pages::open_with(&db, otherwise).await;
        let ann = pages.cabinet.customer(1, "Ann").await.id;
        let link = format!("/login/{}", pages.cabinet.link(ann).await.expose());
        let browser = pages.browser();
        let page = browser.get("/login").await;
        for action in ["/login/phone", "/login/email", "/login/telegram/go"] {
            assert!(!page.text.contains(action), "{action}");
        }
        let form = page.token();
        for path in [link.as_str(), "/app", "/login/telegram/go", "/login/telegram", "/login/mail/x"] {
            assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        for path in [link.as_str(), "/login/phone", "/login/email"] {
            let fields = [("form", form.as_str()), ("phone", PHONE), ("email", MAIL)];
            assert_eq!(browser.post(path, &fields).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(pages.cabinet.sessions(ann).await, []);
    }

    async fn what_is_not_there_says_so_in_its_title(db: TestDb) {
        let pages = Pages::open(&db).await;
        let browser = pages.browser();
        let gone = browser.get("/nothing").await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
        gone.shows("<title>There is no such page · Такой страницы нет</title>");
        let elsewhere = browser.post("/login/password", &[]).await;
        assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
        elsewhere.shows("<title>This form is no longer good · Форма устарела</title>");
    }

    async fn by_https_cookies_are_bound_to_the_host(db: TestDb) {
        let otherwise = Otherwise { public_url: Some("https://shop.example.com"), ..Otherwise::default() };
        let pages = Pages::open_with(&db, otherwise).await;
        let ann = pages.cabinet.customer(1, "Ann").await.id;
        let path = format!("/login/{}", pages.cabinet.link(ann).await.expose());
        let browser = pages.browser();
        let answer = browser.submits(&path, &path, &[]).await;
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
        let cookies = answer.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap());
        let session = cookies.into_iter().find(|it| it.starts_with("__Host-kiosk=")).expect("a session");
        for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(session.contains(attribute), "{session}");
        }
        assert!(!session.contains("Domain"));
        let token = browser.cookie("__Host-kiosk").unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(token).unwrap().len(), 32);
    }
}

/// What the page says depends on the settings alone, so one engine is enough.
#[tokio::test]
async fn the_login_page_says_where_to_turn_and_promises_nothing_that_is_not_there() {
    let at = async |ways: &[Way], public_url, messengers: Option<Vec<Messenger>>, no_mails| {
        let db = TestDb::sqlite().await;
        let otherwise = Otherwise {
            ways: Some(ways.to_vec()),
            public_url,
            messengers,
            no_mails,
            ..Otherwise::default()
        };
        (Pages::open_with(&db, otherwise).await, db)
    };
    let https = Some("https://shop.example.com");
    let (by_app, nobody) = (
        "by the button beside the field for messages",
        "Nobody can log in on this page",
    );
    let page = at(&[Way::App], https, None, false)
        .await
        .0
        .browser()
        .get("/login")
        .await;
    page.shows(by_app);
    assert!(!page.text.contains(nobody), "{}", page.text);
    // Telegram opens https alone; and codes and mails need somebody who carries them.
    for (ways, public_url) in [
        (&[Way::App][..], None),
        (&[Way::Phone, Way::Email], https),
        (&[Way::Telegram], https),
    ] {
        let page = at(ways, public_url, Some(Vec::new()), true)
            .await
            .0
            .browser()
            .get("/login")
            .await;
        page.shows(nobody);
        page.shows("/support");
        assert!(
            !page.text.contains(by_app) && !page.text.contains("<input type=\"tel\""),
            "{}",
            page.text
        );
    }
    let page = at(&[Way::Email, Way::Link], https, None, false)
        .await
        .0
        .browser()
        .get("/login")
        .await;
    assert!(
        !page.text.contains(nobody) && !page.text.contains(by_app),
        "{}",
        page.text
    );
    // A new password is spoken of where there is a way to one.
    for (no_mails, below) in [(false, true), (true, false)] {
        let (pages, _db) = at(&[Way::Password], None, Some(Vec::new()), no_mails).await;
        let browser = pages.browser();
        let wrong = browser
            .submits(
                "/login",
                "/login/password",
                &[("login", MAIL), ("password", PASSWORD)],
            )
            .await;
        wrong.shows("don&#39;t belong together");
        assert_eq!(
            (
                wrong.text.contains("a new password by the link below"),
                wrong.text.contains("/recover")
            ),
            (below, below)
        );
    }
}
