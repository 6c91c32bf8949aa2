//! Passwords: who has one logs in by it, and nobody finds out by trying who that is.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kiosk::shop::access::Way;
use kiosk::shop::access::passwords::change::{self, Changed, Replaced};
use kiosk::shop::access::passwords::log_in::{LoggedIn, TRIES, TRIES_A_DAY, TRIES_PER_ADDRESS};
use kiosk::shop::access::passwords::rules::Weak;
use kiosk::shop::access::passwords::{hasher, is_set};
use kiosk::shop::access::sessions::FRESH;
use kiosk::shop::access::token::Token;
use kiosk::shop::access::{enter, passwords};
use kiosk::shop::confirmations::begin::{self, Begun, Wish};
use kiosk::shop::confirmations::link::{self, Browser, Consumed};
use kiosk::shop::confirmations::{Asker, Proved, Purpose, Target, WayIn};
use kiosk::shop::customers::Email;
use kiosk::store::PublicId;
use kiosk::{binds, sql};

use crate::access::rig::{Cabinet, anywhere, typed};
use crate::on_both_engines;

const PHONE: &str = "+79995551234";
const MAIL: &str = "Ann@example.com";
const GOOD: &str = "слон ест ананас";
const OTHER: &str = "correct horse battery";
const GUESSES: usize = 10_000;

sql! {
    STORED = "test.passwords.stored", "SELECT phc FROM passwords";
    SPOIL = "test.passwords.spoil", "UPDATE passwords SET phc = phc || 'A'";
    SESSIONS = "test.passwords.sessions", "SELECT COUNT(*) FROM sessions";
}

fn token(logged_in: LoggedIn) -> Token {
    match logged_in {
        LoggedIn::Welcome(token) => token,
        other => panic!("{other:?}"),
    }
}

/// The link of a letter to `MAIL`, and who asked for it.
async fn asked_for(cabinet: &Cabinet, way: WayIn) -> (PublicId, String) {
    let vault = cabinet.vault.clone();
    let begun = cabinet
        .write(move |tx| {
            let vault = vault.clone();
            Box::pin(async move {
                let wish = Wish {
                    asker: Asker::Visitor(way),
                    target: Target::Email(Email::read(MAIL).expect("an address")),
                    address: None,
                    by: None,
                };
                begin::begin(tx, &vault, &wish).await
            })
        })
        .await;
    let Begun::Sent(id) = begun else {
        panic!("{begun:?}");
    };
    let word: &[u8] = match way {
        WayIn::Recover => b"recover",
        WayIn::Login => b"login",
    };
    let seed = [id.0.as_slice(), &1_i64.to_be_bytes(), word].concat();
    let mac = cabinet.vault.derived_mac("confirmation token", &seed);
    (id, URL_SAFE_NO_PAD.encode(mac))
}

/// The link is used, and in the same transaction the password replaced.
async fn recover(
    cabinet: &Cabinet,
    purpose: Purpose,
    browser: Browser,
    link: &str,
    new: &str,
) -> Option<Replaced> {
    let phc = cabinet.hasher.hash(&typed(new)).await.unwrap();
    let link = link.to_owned();
    cabinet
        .write(move |tx| {
            let (phc, link) = (phc.clone(), link.clone());
            Box::pin(async move {
                Ok(match link::consume(tx, purpose, &link, browser).await? {
                    Consumed::Done(Proved::WayIn(proof)) => {
                        Some(change::replace(tx, proof, &phc).await?)
                    }
                    _ => None,
                })
            })
        })
        .await
}

on_both_engines! {
    async fn phone_or_e_mail_and_the_password_log_in_and_everything_else_is_answered_the_same(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        let ann = cabinet.known(1, PHONE, MAIL).await.id;
        cabinet.known(2, "+79990000000", "bob@example.com").await;
        assert!(!cabinet.read(move |tx| Box::pin(is_set(tx, ann))).await);
        cabinet.set_password(ann, GOOD).await;
        for login in ["+7 (999) 555-12-34", "79995551234", "ann@EXAMPLE.com", " Ann@example.com "] {
            let token = token(cabinet.log_in(login, GOOD).await);
            let session = cabinet.find(&token).await.unwrap();
            assert_eq!((session.customer, session.way), (ann, Way::Password), "{login}");
        }
        let before = cabinet.hasher.compared();
        let long = "x".repeat(257);
        let no: [(&str, &str); 8] = [
            (MAIL, "слон ест ананас "), (MAIL, "Слон ест ананас"), (MAIL, ""),
            // Who is known and has no password, who is not known, and what is no name at all.
            ("bob@example.com", GOOD), ("eve@example.com", GOOD), ("+79991112233", GOOD), ("Ann", GOOD),
            ("eve@example.com", OTHER),
        ];
        for (login, password) in no {
            let answer = cabinet.log_in(login, password).await;
            assert!(matches!(answer, LoggedIn::No), "{login}: {answer:?}");
        }
        assert_eq!(cabinet.hasher.compared() - before, no.len() as u64, "each takes as long");
        assert!(matches!(cabinet.log_in(MAIL, &long).await, LoggedIn::No));
        assert_eq!(cabinet.hasher.compared() - before, no.len() as u64, "a book is not hashed");
        // What is kept is no password.
        let kept: Vec<(String,)> = cabinet.read(|tx| Box::pin(tx.all(&STORED, binds![]))).await;
        assert!(kept.iter().all(|(phc,)| phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !phc.contains("слон")));
    }

    async fn ten_thousand_guesses_from_many_addresses_are_compared_as_often_as_is_allowed(db: TestDb) {
        let cabinet = Arc::new(Cabinet::open(&db).await);
        let ann = cabinet.known(1, PHONE, MAIL).await.id;
        cabinet.set_password(ann, GOOD).await;
        let before = cabinet.hasher.compared();
        let workers = 16;
        let all = (0..workers).map(|worker| {
            let cabinet = cabinet.clone();
            tokio::spawn(async move {
                for guess in 0..GUESSES / workers {
                    let ip = format!("10.{worker}.{}.{}", guess % 250, guess / 250);
                    let answer = cabinet.log_in_from(&ip, MAIL, &format!("guess {worker} {guess}")).await;
                    assert!(!matches!(answer, LoggedIn::Welcome(_)), "{answer:?}");
                }
            })
        });
        for one in futures::future::join_all(all).await {
            one.unwrap();
        }
        assert_eq!(cabinet.hasher.compared() - before, TRIES.most as u64);
        // Not even the right one, wherever from; the other name of the account has its own tries.
        let LoggedIn::TooMany { wait } = cabinet.log_in_from("198.51.100.1", MAIL, GOOD).await else {
            panic!("too many");
        };
        assert!(wait <= TRIES.window);
        token(cabinet.log_in_from("198.51.100.1", PHONE, GOOD).await);
        // It ends, and over a day there are not many more.
        let mut compared = 0;
        for _ in 0..24 {
            cabinet.clock.advance(TRIES.window);
            let before = cabinet.hasher.compared();
            for guess in 0..TRIES.most + 5 {
                cabinet.log_in_from(&format!("172.16.{guess}.1"), MAIL, "another guess").await;
            }
            compared += cabinet.hasher.compared() - before;
        }
        assert_eq!(compared, (TRIES_A_DAY.most - TRIES.most) as u64);
        cabinet.clock.advance(TRIES_A_DAY.window);
        token(cabinet.log_in(MAIL, GOOD).await);
    }

    async fn somebody_nobody_knows_has_as_many_tries_and_an_address_has_some_for_all(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        for guess in 0..TRIES.most {
            let answer = cabinet.log_in_from(&format!("10.0.{guess}.1"), "nobody@example.com", GOOD).await;
            assert!(matches!(answer, LoggedIn::No), "{answer:?}");
        }
        let answer = cabinet.log_in_from("10.1.0.1", "nobody@example.com", GOOD).await;
        assert!(matches!(answer, LoggedIn::TooMany { .. }), "{answer:?}");
        let before = cabinet.hasher.compared();
        for guess in 0..TRIES_PER_ADDRESS.most + 10 {
            let ip = format!("192.0.2.{guess}");
            cabinet.log_in_from(&ip, &format!("somebody{guess}@example.com"), GOOD).await;
        }
        assert_eq!(cabinet.hasher.compared() - before, TRIES_PER_ADDRESS.most as u64, "one neighbourhood");
    }

    async fn a_password_that_was_changed_while_it_was_compared_lets_nobody_in(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        let ann = cabinet.known(1, PHONE, MAIL).await.id;
        cabinet.set_password(ann, GOOD).await;
        let count = |cabinet: &Cabinet| {
            let cabinet = cabinet.clone();
            async move { cabinet.read(|tx| Box::pin(tx.one::<(i64,)>(&SESSIONS, binds![]))).await.0 }
        };
        let before = count(&cabinet).await;
        let held = cabinet.store.points().hold("access.passwords.compared");
        let entering = tokio::spawn({
            let cabinet = cabinet.clone();
            async move { cabinet.log_in(MAIL, GOOD).await }
        });
        held.reached().await;
        cabinet.write(|tx| Box::pin(tx.execute(&SPOIL, binds![]))).await;
        drop(held);
        assert!(matches!(entering.await.unwrap(), LoggedIn::No));
        assert_eq!(count(&cabinet).await, before);
    }

    async fn who_changes_a_password_shows_themselves_first(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        let ann = cabinet.known(1, PHONE, MAIL).await.id;
        let by_link = cabinet.session(ann).await;
        // Weak ones are told before anything else.
        for (weak, why) in [("1234567", Weak::Short), ("12345678", Weak::Common), ("ZetaShop2026", Weak::Shop), (MAIL, Weak::Yours)] {
            let wish = cabinet.wish(&by_link, None, weak).await;
            assert_eq!(cabinet.change(&wish).await, Changed::Weak(why), "{weak}");
        }
        // The first one, by a fresh login only.
        let wish = cabinet.wish(&by_link, None, GOOD).await;
        cabinet.clock.advance(FRESH);
        assert_eq!(cabinet.change(&wish).await, Changed::ShowYourself);
        assert_eq!(cabinet.letters("mail_password").await, 0);
        cabinet.set_password(ann, GOOD).await;
        assert_eq!(cabinet.letters("mail_password").await, 1, "they are told");
        // By a password somebody is logged in, and asked for it again.
        let by_password = token(cabinet.log_in(MAIL, GOOD).await);
        let wish = cabinet.wish(&by_password, None, OTHER).await;
        assert_eq!(cabinet.change(&wish).await, Changed::CurrentWanted);
        let mut wish = cabinet.wish(&by_password, Some(GOOD), OTHER).await;
        wish.ends_others = true;
        assert_eq!(cabinet.change(&wish).await, Changed::Done);
        assert_eq!(cabinet.letters("mail_password").await, 2);
        assert_eq!(cabinet.find(&by_link).await, None, "the others end");
        assert!(cabinet.find(&by_password).await.is_some());
        assert!(matches!(cabinet.log_in(MAIL, GOOD).await, LoggedIn::No));
        token(cabinet.log_in(MAIL, OTHER).await);
        // Whoever has found a browser does not find the password.
        let before = cabinet.hasher.compared();
        for guess in 0..50 {
            let wish = cabinet.wish(&by_password, Some(&format!("guess {guess}")), GOOD).await;
            // One was the right one, above.
            let want = guess >= change::TRIES.most - 1;
            assert_eq!(matches!(cabinet.change(&wish).await, Changed::TooMany { .. }), want, "{guess}");
        }
        assert_eq!(cabinet.hasher.compared() - before, change::TRIES.most as u64 - 1);
        // A session that was ended meanwhile changes nothing.
        let fresh = cabinet.session(ann).await;
        let wish = cabinet.wish(&fresh, None, GOOD).await;
        cabinet.end(ann, wish.session.id).await;
        assert_eq!(cabinet.change(&wish).await, Changed::ShowYourself);
        token(cabinet.log_in(MAIL, OTHER).await);
    }

    async fn a_forgotten_password_is_replaced_once_and_ends_everything_that_was_open(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        let ann = cabinet.known(1, PHONE, MAIL).await.id;
        cabinet.set_password(ann, GOOD).await;
        let (session, link) = (cabinet.session(ann).await, cabinet.link(ann).await);
        let before = cabinet.letters("mail_password").await;
        let (_, mailed) = asked_for(&cabinet, WayIn::Recover).await;
        let replaced = recover(&cabinet, Purpose::Recover, Browser::Any, &mailed, OTHER).await;
        assert_eq!(replaced, Some(Replaced::Done));
        assert_eq!(cabinet.find(&session).await, None);
        assert!(cabinet.consume(&link).await.is_none());
        assert_eq!(cabinet.sessions(ann).await, [], "nobody is logged in by it");
        assert_eq!(cabinet.letters("mail_password").await, before + 1);
        assert!(matches!(cabinet.log_in(MAIL, GOOD).await, LoggedIn::No));
        token(cabinet.log_in(MAIL, OTHER).await);
        // Once.
        let again = recover(&cabinet, Purpose::Recover, Browser::Any, &mailed, GOOD).await;
        assert_eq!(again, None);
        token(cabinet.log_in(MAIL, OTHER).await);
        // A proof for a login replaces no password, and logs in.
        cabinet.clock.advance(Duration::from_mins(2));
        let (id, mailed) = asked_for(&cabinet, WayIn::Login).await;
        let replaced = recover(&cabinet, Purpose::Login, Browser::Asked(id), &mailed, GOOD).await;
        assert_eq!(replaced, Some(Replaced::NotForThis));
        cabinet.clock.advance(Duration::from_mins(2));
        let (id, mailed) = asked_for(&cabinet, WayIn::Login).await;
        let entered = cabinet.write(move |tx| {
            let mailed = mailed.clone();
            Box::pin(async move {
                let consumed = link::consume(tx, Purpose::Login, &mailed, Browser::Asked(id)).await?;
                let Consumed::Done(Proved::WayIn(proof)) = consumed else { panic!("{consumed:?}") };
                enter::by_proof(tx, proof, &anywhere(), None).await
            })
        }).await;
        assert_eq!(cabinet.find(&entered.unwrap()).await.unwrap().way, Way::Email);
        // A password can be taken away.
        assert!(cabinet.write(move |tx| Box::pin(passwords::remove(tx, ann))).await);
        assert!(matches!(cabinet.log_in(MAIL, OTHER).await, LoggedIn::No));
    }

    async fn each_login_is_told_to_the_chat_and_to_the_customers_address_but_for_the_mini_app(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        let ann = cabinet.known(1, PHONE, MAIL).await;
        let bob = cabinet.customer(2, "Bob").await;
        cabinet.set_password(ann.id, GOOD).await;
        let (before, told) = (cabinet.letters("mail_login").await, cabinet.letters("logged_in").await);
        token(cabinet.log_in(MAIL, GOOD).await);
        cabinet.session(ann.id).await;
        assert_eq!(cabinet.letters("mail_login").await, before + 2);
        cabinet.session(bob.id).await;
        assert_eq!(cabinet.letters("mail_login").await, before + 2, "Bob has no address");
        assert_eq!(cabinet.letters("logged_in").await, told + 3, "a chat has everybody");
        assert_eq!(cabinet.letters("password_set").await, cabinet.letters("mail_password").await);
        // Telegram names people that we know, and people that we don't.
        for telegram_id in [1, 3] {
            let token = cabinet.write(move |tx| Box::pin(async move {
                let identity = kiosk::shop::access::identity::Identity {
                    telegram_id,
                    name: "Ann from elsewhere".to_owned(),
                    language: Some("ru".to_owned()),
                    phone: None,
                };
                enter::by_identity(tx, &identity, Way::App, &anywhere(), None).await
            })).await;
            let session = cabinet.find(&token).await.unwrap();
            assert_eq!((session.way, session.customer == ann.id), (Way::App, telegram_id == 1));
        }
        assert_eq!(cabinet.letters("mail_login").await, before + 2, "the Mini App is no news");
        assert_eq!(cabinet.letters("logged_in").await, told + 3, "in the chat neither");
        let same = cabinet.customer(1, "Ann").await;
        assert_eq!((same.id, same.name.as_str()), (ann.id, "Ann"));
    }
}

#[tokio::test]
async fn a_hash_says_nothing_of_itself() {
    let phc = hasher::Hasher::new().hash(&typed(GOOD)).await.unwrap();
    assert_eq!(format!("{phc:?}"), "Phc(…)");
}
