//! Links: looked at as often as one likes, used once.

use std::time::Duration;

use kiosk::shop::confirmations::begin::Begun;
use kiosk::shop::confirmations::guess::Guess;
use kiosk::shop::confirmations::link::{Browser, Consumed, Opened};
use kiosk::shop::confirmations::resend::Resent;
use kiosk::shop::confirmations::{
    Asker, CODE_LIFE, Channel, LINK_LIFE, Proved, Purpose, WAY_IN_LIFE, WayIn,
};
use kiosk::shop::customers::Taken;

use crate::confirmations::rig::{ADDRESS, Desk, NUMBER, email};
use crate::on_both_engines;

const LOGIN: Asker = Asker::Visitor(WayIn::Login);
const RECOVER: Asker = Asker::Visitor(WayIn::Recover);

on_both_engines! {
    async fn looking_changes_nothing_and_a_second_press_is_told_so(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let id = desk.begun(own, email(ADDRESS)).await;
        let (code, token) = desk.mailed(id, 1).await;
        assert_eq!(token.len(), 43);
        assert!(!desk.payloads().await.contains(&token), "no token stands in the outbox");
        for _ in 0..20 {
            let opened = desk.open_link(Purpose::Email, &token).await;
            assert_eq!(opened, Opened::Live { id, target: ADDRESS.to_owned(), customer: ann.id });
        }
        assert_eq!(desk.states().await, [("live".to_owned(), 0, 0)]);
        assert_eq!(desk.profile(&ann).await.email, None);
        // Long after the code, the link is still good.
        desk.passes(CODE_LIFE);
        assert_eq!(desk.guess(own, id, &code).await, Guess::Expired);
        assert_eq!(desk.consume(Purpose::Email, &token).await, Consumed::Done(Proved::Email(Taken::Free)));
        assert_eq!(desk.consume(Purpose::Email, &token).await, Consumed::Already);
        assert_eq!(desk.open_link(Purpose::Email, &token).await, Opened::Already);
        assert_eq!(desk.profile(&ann).await.email.as_deref(), Some(ADDRESS));
        desk.expect_clean_books().await;
    }

    async fn a_link_ends_with_its_time_with_its_round_and_with_a_newer_one(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let id = desk.begun(own, email(ADDRESS)).await;
        let (_, first) = desk.mailed(id, 1).await;
        desk.passes(Duration::from_mins(20));
        assert_eq!(desk.resend(own, id).await, Resent::Sent);
        let (code, second) = desk.mailed(id, 2).await;
        assert_eq!(desk.consume(Purpose::Email, &first).await, Consumed::Unknown);
        desk.passes(LINK_LIFE.saturating_sub(Duration::from_millis(1)));
        assert!(matches!(desk.open_link(Purpose::Email, &second).await, Opened::Live { .. }));
        desk.passes(Duration::from_millis(1));
        assert_eq!(desk.open_link(Purpose::Email, &second).await, Opened::Ended);
        assert_eq!(desk.consume(Purpose::Email, &second).await, Consumed::Ended);
        let newer = desk.begun(own, email("ann@example.org")).await;
        assert_eq!(desk.guess(own, id, &code).await, Guess::Expired);
        let (_, token) = desk.mailed(newer, 1).await;
        assert!(matches!(desk.consume(Purpose::Email, &token).await, Consumed::Done(_)));
    }

    async fn a_link_serves_its_purpose_only(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.known(1).await;
        let id = desk.begun(RECOVER, email(ADDRESS)).await;
        let (_, token) = desk.mailed(id, 1).await;
        for wrong in [Purpose::Email, Purpose::Login, Purpose::Phone] {
            assert_eq!(desk.open_link(wrong, &token).await, Opened::Unknown);
            assert_eq!(desk.consume_in(wrong, &token, Browser::Asked(id)).await, Consumed::Unknown);
        }
        for wrong in ["", "x", &token[1..], &token.to_lowercase(), &format!("{token}=")] {
            assert_eq!(desk.consume(Purpose::Recover, wrong).await, Consumed::Unknown, "{wrong}");
        }
        let Consumed::Done(Proved::WayIn(proof)) = desk.consume(Purpose::Recover, &token).await else {
            panic!("a way in");
        };
        assert_eq!((proof.customer(), proof.way(), proof.channel()), (ann.id, WayIn::Recover, Channel::Email));
        assert_eq!(desk.consume(Purpose::Recover, &token).await, Consumed::Ended, "a way in opens once");
        assert_eq!(desk.open_link(Purpose::Recover, &token).await, Opened::Ended);
    }

    async fn a_login_link_opens_only_in_the_browser_that_asked(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.known(1).await;
        let theirs = desk.begun(LOGIN, email(ADDRESS)).await;
        let (_, token) = desk.mailed(theirs, 1).await;
        let another = desk.begun(LOGIN, email("bob@example.com")).await;
        assert_eq!(desk.consume(Purpose::Login, &token).await, Consumed::Unknown);
        assert_eq!(desk.consume_in(Purpose::Login, &token, Browser::Asked(another)).await, Consumed::Unknown);
        assert!(matches!(desk.open_link(Purpose::Login, &token).await, Opened::Live { id, .. } if id == theirs));
        let done = desk.consume_in(Purpose::Login, &token, Browser::Asked(theirs)).await;
        assert!(matches!(&done, Consumed::Done(Proved::WayIn(proof)) if proof.customer() == ann.id), "{done:?}");
    }

    async fn a_way_in_ends_after_half_an_hour_and_with_any_other(db: TestDb) {
        let desk = Desk::open(&db).await;
        desk.known(1).await;
        let late = desk.begun(RECOVER, email(ADDRESS)).await;
        let (_, token) = desk.mailed(late, 1).await;
        desk.passes(WAY_IN_LIFE);
        assert_eq!(desk.consume(Purpose::Recover, &token).await, Consumed::Ended);
        let by_mail = desk.begun(RECOVER, email(ADDRESS)).await;
        let (_, token) = desk.mailed(by_mail, 1).await;
        let by_phone = desk.begun(LOGIN, crate::confirmations::rig::phone(NUMBER)).await;
        let code = desk.code(by_phone, 1).await;
        assert!(matches!(desk.guess(LOGIN, by_phone, &code).await, Guess::Right(Proved::WayIn(_))));
        assert_eq!(desk.guess(LOGIN, by_phone, &code).await, Guess::Unknown, "a way in opens once");
        assert_eq!(desk.consume(Purpose::Recover, &token).await, Consumed::Ended);
    }

    async fn a_way_in_is_mailed_to_the_address_that_was_confirmed(db: TestDb) {
        let desk = Desk::open(&db).await;
        desk.known(1).await;
        let id = desk.begun(RECOVER, email("ANN@EXAMPLE.com")).await;
        let mailbox = crate::confirmations::senders::FakeMail::new("mail:a", "example.com");
        desk.mail(std::slice::from_ref(&mailbox), id, 1).await;
        assert_eq!(mailbox.mails()[0].to, ADDRESS);
    }

    async fn a_way_in_is_gone_when_somebody_else_proves_the_address(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.known(1).await;
        let bob = desk.customer(2).await;
        let id = desk.begun(RECOVER, email(ADDRESS)).await;
        let (code, token) = desk.mailed(id, 1).await;
        desk.has_phone(&ann, NUMBER).await;
        let late = desk.begun(LOGIN, crate::confirmations::rig::phone(NUMBER)).await;
        desk.confirms_email(&bob, ADDRESS).await;
        desk.has_phone(&bob, NUMBER).await;
        // Nor is anything sent to what is his now.
        let phone = crate::confirmations::senders::FakePhone::new("log");
        desk.carry(std::slice::from_ref(&phone), late, 1).await;
        let mailbox = crate::confirmations::senders::FakeMail::new("mail:b", "example.com");
        desk.mail(std::slice::from_ref(&mailbox), id, 1).await;
        assert_eq!((phone.calls(), mailbox.mails().len()), (0, 0));
        assert_eq!(desk.consume(Purpose::Recover, &token).await, Consumed::Ended);
        assert_eq!(desk.guess(RECOVER, id, &code).await, Guess::Expired);
        assert_eq!(desk.profile(&ann).await.email, None);
        assert_eq!(desk.begin(Asker::Customer(bob.id), email(ADDRESS)).await, Begun::Already);
    }
}
