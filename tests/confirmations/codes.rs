//! Codes: begun, sent again, typed, limited, ended.

use std::time::Duration;

use kiosk::shop::confirmations::begin::Begun;
use kiosk::shop::confirmations::guess::Guess;
use kiosk::shop::confirmations::look::State;
use kiosk::shop::confirmations::resend::Resent;
use kiosk::shop::confirmations::{
    Asker, CODE_LIFE, MOST_TRIES, Proved, SENDS_PER_ADDRESS, SENDS_PER_CUSTOMER, SENDS_PER_TARGET,
    WayIn,
};
use kiosk::shop::customers::Taken;
use kiosk::shop::letters::Letter;
use kiosk::store::PublicId;

use crate::confirmations::rig::{ADDRESS, Desk, NUMBER, email, other, phone};
use crate::on_both_engines;

const MINUTE: Duration = Duration::from_mins(1);
const LOGIN: Asker = Asker::Visitor(WayIn::Login);

on_both_engines! {
    async fn a_typed_code_makes_the_number_the_customers(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let id = desk.begun(own, phone(NUMBER)).await;
        assert_eq!(desk.letters().await, [(None, Letter::Code { confirmation: id, round: 1, after: 0 })]);
        let code = desk.code(id, 1).await;
        assert_eq!(code.len(), 6);
        assert!(!desk.payloads().await.contains(&code), "no code stands in the outbox");
        assert_eq!(desk.guess(own, id, "hello").await, Guess::NoCode);
        assert_eq!(desk.guess(own, id, &other(&code)).await, Guess::Wrong { left: MOST_TRIES - 1 });
        let waits = desk.pending(own, id).await.unwrap();
        assert_eq!((waits.state, waits.tries_left, waits.target.as_str()), (State::Live, 4, NUMBER));
        assert_eq!(desk.profile(&ann).await.phone, None);
        let typed = format!(" {}-{} ", &code[..3], &code[3..]);
        assert_eq!(desk.guess(own, id, &typed).await, Guess::Right(Proved::Phone(Taken::Free)));
        assert_eq!(desk.profile(&ann).await.phone.as_deref(), Some(NUMBER));
        assert_eq!(desk.guess(own, id, &code).await, Guess::Already);
        assert_eq!(desk.begin(own, phone(NUMBER)).await, Begun::Already);
        assert_eq!(desk.states().await, [("consumed".to_owned(), 2, 1)]);
        desk.expect_clean_books().await;
    }

    async fn nobody_else_sees_or_tries_a_customers_confirmation(db: TestDb) {
        let desk = Desk::open(&db).await;
        let (ann, bob) = (desk.customer(1).await, desk.customer(2).await);
        let id = desk.begun(Asker::Customer(ann.id), phone(NUMBER)).await;
        let code = desk.code(id, 1).await;
        for stranger in [Asker::Customer(bob.id), LOGIN, Asker::Visitor(WayIn::Recover)] {
            assert_eq!(desk.guess(stranger, id, &code).await, Guess::Unknown);
            assert_eq!(desk.resend(stranger, id).await, Resent::Ended);
            assert_eq!(desk.pending(stranger, id).await, None);
        }
        assert_eq!(desk.guess(Asker::Customer(ann.id), PublicId([7; 16]), &code).await, Guess::Unknown);
        assert_eq!(desk.states().await, [("live".to_owned(), 0, 0)]);
    }

    async fn five_wrong_tries_lock_it_and_the_right_code_comes_too_late(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let id = desk.begun(own, phone(NUMBER)).await;
        let code = desk.code(id, 1).await;
        for left in (1..MOST_TRIES).rev() {
            assert_eq!(desk.guess(own, id, &other(&code)).await, Guess::Wrong { left });
        }
        assert_eq!(desk.guess(own, id, &other(&code)).await, Guess::Locked);
        assert_eq!(desk.guess(own, id, &code).await, Guess::Locked);
        desk.passes(MINUTE);
        assert_eq!(desk.resend(own, id).await, Resent::Ended);
        assert_eq!(desk.states().await, [("locked".to_owned(), MOST_TRIES, 0)]);
        let again = desk.begun(own, phone(NUMBER)).await;
        let code = desk.code(again, 1).await;
        assert!(matches!(desk.guess(own, again, &code).await, Guess::Right(_)));
        desk.expect_clean_books().await;
    }

    async fn the_right_code_at_the_last_try_is_right(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let id = desk.begun(own, phone(NUMBER)).await;
        let code = desk.code(id, 1).await;
        for _ in 1..MOST_TRIES {
            desk.guess(own, id, &other(&code)).await;
        }
        assert!(matches!(desk.guess(own, id, &code).await, Guess::Right(_)));
    }

    async fn a_code_ends_after_ten_minutes(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let id = desk.begun(own, phone(NUMBER)).await;
        let code = desk.code(id, 1).await;
        desk.passes(CODE_LIFE);
        assert_eq!(desk.guess(own, id, &code).await, Guess::Expired);
        assert_eq!(desk.states().await, [("live".to_owned(), 0, 0)], "no try was counted");
        assert_eq!(desk.resend(own, id).await, Resent::Ended);
        assert_eq!(desk.profile(&ann).await.phone, None);
    }

    async fn another_code_waits_a_minute_and_ends_the_one_before(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let id = desk.begun(own, phone(NUMBER)).await;
        let first = desk.code(id, 1).await;
        desk.guess(own, id, &other(&first)).await;
        desk.passes(MINUTE.saturating_sub(Duration::from_secs(1)));
        let wait = Duration::from_secs(1);
        assert_eq!(desk.resend(own, id).await, Resent::Wait { wait });
        assert_eq!(desk.begin(own, phone(NUMBER)).await, Begun::Wait { wait, live: Some(id) });
        assert_eq!(desk.pending(own, id).await.unwrap().wait, Some(wait));
        desk.passes(wait);
        assert_eq!(desk.pending(own, id).await.unwrap().wait, None);
        assert_eq!(desk.resend(own, id).await, Resent::Sent);
        let second = desk.code(id, 2).await;
        assert_ne!(first, second);
        assert_eq!(desk.guess(own, id, &first).await, Guess::Wrong { left: MOST_TRIES - 1 });
        assert!(matches!(desk.guess(own, id, &second).await, Guess::Right(_)));
        assert_eq!(desk.count("code").await, 2);
    }

    async fn a_newer_confirmation_ends_the_older(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let wrong = desk.begun(own, phone("+79990000009")).await;
        let code = desk.code(wrong, 1).await;
        // Another number may be tried at once: the first one was mistyped.
        let right = desk.begun(own, phone(NUMBER)).await;
        assert_eq!(desk.guess(own, wrong, &code).await, Guess::Expired);
        // A confirmation of an address stands beside it.
        let mail = desk.begun(own, email(ADDRESS)).await;
        let code = desk.code(right, 1).await;
        assert!(matches!(desk.guess(own, right, &code).await, Guess::Right(_)));
        let (code, _) = desk.mailed(mail, 1).await;
        assert!(matches!(desk.guess(own, mail, &code).await, Guess::Right(Proved::Email(Taken::Free))));
        let profile = desk.profile(&ann).await;
        assert_eq!((profile.phone.as_deref(), profile.email.as_deref()), (Some(NUMBER), Some(ADDRESS)));
    }

    async fn a_number_gets_ten_codes_a_day_and_another_purpose_its_own(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.known(1).await;
        let bob = desk.customer(2).await;
        let mut sent = 0;
        loop {
            desk.passes(MINUTE);
            match desk.begin(LOGIN, phone(NUMBER)).await {
                Begun::Sent(_) => sent += 1,
                Begun::TooMany { wait } => {
                    assert!(wait > Duration::from_hours(23), "{wait:?}");
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(sent, SENDS_PER_TARGET.most);
        // Bob, who has Ann's number now, is not locked out of confirming it by those who tried to get in.
        assert!(matches!(desk.begin(Asker::Customer(bob.id), phone(NUMBER)).await, Begun::Sent(_)));
        desk.passes(Duration::from_hours(24));
        assert!(matches!(desk.begin(LOGIN, phone(NUMBER)).await, Begun::Sent(_)));
        drop(ann);
    }

    async fn a_customer_gets_twenty_codes_a_day_whatever_the_number(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        for at in 0..SENDS_PER_CUSTOMER.most {
            let number = format!("+7999100{at:04}");
            assert!(matches!(desk.begin(Asker::Customer(ann.id), phone(&number)).await, Begun::Sent(_)));
        }
        let too_many = desk.begin(Asker::Customer(ann.id), phone("+79992000000")).await;
        assert!(matches!(too_many, Begun::TooMany { .. }), "{too_many:?}");
        assert_eq!(desk.count("code").await as i64, SENDS_PER_CUSTOMER.most);
    }

    async fn a_neighbourhood_gets_thirty_codes_a_day_and_uses_up_nobodys_numbers(db: TestDb) {
        let desk = Desk::open(&db).await;
        for at in 0..SENDS_PER_ADDRESS.most {
            let from = format!("203.0.113.{at}");
            let number = format!("+7999100{at:04}");
            let begun = desk.begin_from(LOGIN, phone(&number), Some(&from)).await;
            assert!(matches!(begun, Begun::Sent(_)), "{begun:?}");
        }
        for _ in 0..2 * SENDS_PER_TARGET.most {
            let begun = desk.begin_from(LOGIN, phone(NUMBER), Some("203.0.113.255")).await;
            assert!(matches!(begun, Begun::TooMany { .. }), "{begun:?}");
        }
        let elsewhere = desk.begin_from(LOGIN, phone(NUMBER), Some("203.0.114.1")).await;
        assert!(matches!(elsewhere, Begun::Sent(_)), "{elsewhere:?}");
    }

    async fn a_number_that_nobody_has_looks_like_any_other(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.known(1).await;
        let posted = desk.letters().await.len();
        for (known, unknown) in [
            (phone(NUMBER), phone("+79990000002")),
            (email("ANN@example.com"), email("BOB@example.com")),
        ] {
            let ids = [desk.begun(LOGIN, known.clone()).await, desk.begun(LOGIN, unknown.clone()).await];
            let seen = [desk.pending(LOGIN, ids[0]).await.unwrap(), desk.pending(LOGIN, ids[1]).await.unwrap()];
            assert_eq!((seen[0].target.as_str(), seen[1].target.as_str()), (known.as_str(), unknown.as_str()));
            let mut same = seen[1].clone();
            (same.id, same.target) = (seen[0].id, seen[0].target.clone());
            assert_eq!(seen[0], same);
            for (target, id) in [(known, ids[0]), (unknown, ids[1])] {
                let wait = MINUTE;
                assert_eq!(desk.begin(LOGIN, target).await, Begun::Wait { wait, live: None });
                assert_eq!(desk.resend(LOGIN, id).await, Resent::Wait { wait });
            }
            desk.passes(MINUTE);
            for id in ids {
                assert_eq!(desk.resend(LOGIN, id).await, Resent::Sent);
            }
            for left in (0..MOST_TRIES).rev() {
                let answers = [desk.guess(LOGIN, ids[0], "000000").await, desk.guess(LOGIN, ids[1], "000000").await];
                let expected = || if left > 0 { Guess::Wrong { left } } else { Guess::Locked };
                assert_eq!(answers, [expected(), expected()]);
            }
            for id in ids {
                assert_eq!(desk.guess(LOGIN, id, "000001").await, Guess::Locked);
                assert_eq!(desk.resend(LOGIN, id).await, Resent::Ended);
            }
            desk.passes(MINUTE);
        }
        // Ann's two and their repeats; nothing for who is not there.
        assert_eq!(desk.letters().await.len(), posted + 4);
        drop(ann);
    }

    async fn what_is_due_ends_and_old_limits_are_forgotten(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        for at in 0..3 {
            desk.begun(LOGIN, phone(&format!("+7999100000{at}"))).await;
        }
        desk.begun(Asker::Customer(ann.id), email(ADDRESS)).await;
        assert_eq!(desk.sweep(100).await.expired, 0);
        desk.passes(CODE_LIFE);
        assert_eq!(desk.sweep(2).await.expired, 2);
        let swept = desk.sweep(100).await;
        assert_eq!(swept.expired, 1);
        assert_eq!(desk.states().await.iter().filter(|it| it.0 == "live").count(), 1, "the link lives on");
        desk.passes(Duration::from_hours(25));
        let mut forgotten = swept.forgotten + 2;
        loop {
            let swept = desk.sweep(3).await;
            assert!(swept.forgotten <= 3);
            if swept.forgotten == 0 {
                break;
            }
            forgotten += swept.forgotten;
        }
        // Each had its gap and its day, and Ann a day of her own.
        assert_eq!(forgotten, 4 + 4 + 1);
        desk.expect_clean_books().await;
    }

    async fn what_is_long_over_is_forgotten_and_so_is_who_is_erased(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let ended = desk.begun(own, phone(NUMBER)).await;
        let code = desk.code(ended, 1).await;
        assert!(matches!(desk.guess(own, ended, &code).await, Guess::Right(_)));
        desk.passes(Duration::from_hours(30 * 24).saturating_sub(MINUTE));
        let live = desk.begun(own, phone("+79990000002")).await;
        assert_eq!(desk.sweep(10).await.blanked, 0);
        desk.passes(MINUTE);
        assert_eq!(desk.sweep(10).await.blanked, 1);
        assert_eq!(desk.sweep(10).await.blanked, 0);
        assert_eq!(desk.pending(own, ended).await.unwrap().target, "");
        assert_eq!(desk.pending(own, live).await.unwrap().target, "+79990000002");
        desk.erased(&ann).await;
        let gone = desk.pending(own, live).await.unwrap();
        assert_eq!((gone.target.as_str(), gone.state), ("", State::Expired));
        assert_eq!(desk.guess(own, live, "000000").await, Guess::Expired);
        assert_eq!(desk.profile(&ann).await.phone.as_deref(), Some(NUMBER), "that is another one's work");
        desk.expect_clean_books().await;
    }

    async fn the_audit_sees_what_was_used_twice_or_tried_too_often(db: TestDb) {
        let desk = Desk::open(&db).await;
        desk.begun(LOGIN, phone(NUMBER)).await;
        for forged in [0, 1] {
            assert_eq!(desk.findings().await, Vec::<&str>::new());
            desk.forges(forged, true).await;
            assert_eq!(desk.findings().await, ["confirmation-misused"]);
            desk.forges(forged, false).await;
        }
    }

    async fn the_audit_sees_one_that_should_have_ended(db: TestDb) {
        let desk = Desk::open(&db).await;
        desk.begun(LOGIN, phone(NUMBER)).await;
        desk.passes(CODE_LIFE + Duration::from_mins(59));
        assert_eq!(desk.findings().await, Vec::<&str>::new());
        desk.passes(MINUTE);
        assert_eq!(desk.findings().await, ["confirmation-past-its-time"]);
        desk.sweep(100).await;
        assert_eq!(desk.findings().await, Vec::<&str>::new());
    }
}
