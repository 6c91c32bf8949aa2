//! Ten thousand guesses, over restarts, new codes and new confirmations: none gets further than the allowed tries.

use std::collections::BTreeSet;
use std::time::Duration;

use kiosk::shop::confirmations::begin::Begun;
use kiosk::shop::confirmations::guess::Guess;
use kiosk::shop::confirmations::link::Consumed;
use kiosk::shop::confirmations::resend::Resent;
use kiosk::shop::confirmations::{
    Asker, GUESSES_PER_ADDRESS, GUESSES_PER_TARGET, MOST_TRIES, Purpose, WayIn,
};

use crate::confirmations::rig::{ADDRESS, Desk, NUMBER, email, phone};
use crate::on_both_engines;

const GUESSES: i64 = 10_000;
const LOGIN: Asker = Asker::Visitor(WayIn::Login);

on_both_engines! {
    async fn ten_thousand_guesses_are_compared_no_more_than_thirty_times_a_day(db: TestDb) {
        let mut desk = Desk::open(&db).await;
        desk.known(1).await;
        let (mut compared, mut refused, mut days) = (0, 0, BTreeSet::new());
        let mut id = None;
        for at in 0..GUESSES {
            if at % 2_500 == 2_499 {
                desk = desk.restarted(&db).await;
            }
            let Some(live) = id else {
                // Locked, or not begun: begin again as soon as one may.
                match desk.begin(LOGIN, phone(NUMBER)).await {
                    Begun::Sent(begun) => id = Some(begun),
                    Begun::Wait { wait, .. } | Begun::TooMany { wait } => desk.passes(wait),
                    Begun::Already => panic!("a visitor has nothing"),
                }
                continue;
            };
            // No code is guessed by chance in this test: it is asked for what was compared.
            match desk.guess(LOGIN, live, &format!("{at:06}")).await {
                Guess::Wrong { left } => {
                    compared += 1;
                    if left == 1 && at % 3 == 0 {
                        // Another code gives its own tries, if one may have it.
                        desk.passes(Duration::from_mins(1));
                        if desk.resend(LOGIN, live).await != Resent::Sent {
                            id = None;
                        }
                    }
                }
                Guess::Locked => {
                    compared += 1;
                    id = None;
                }
                Guess::TooMany { wait } => {
                    refused += 1;
                    // The guesser goes on for a while before they wait.
                    if refused % 200 == 0 {
                        desk.passes(wait);
                    }
                }
                Guess::Expired => id = None,
                Guess::Right(_) => {
                    // One in a million each time: then the counting below still holds.
                    compared += 1;
                    id = None;
                }
                other => panic!("{other:?}"),
            }
            days.insert(desk.clock.now() / 86_400_000);
        }
        let allowed = GUESSES_PER_TARGET.most * (days.len() as i64 + 1);
        assert!(compared <= allowed, "{compared} compared in {} days", days.len());
        assert!(refused > 5_000, "{refused}");
        for (_, tries, _) in desk.states().await {
            assert!(tries <= MOST_TRIES, "{tries}");
        }
    }

    async fn the_right_code_does_not_help_once_the_tries_are_used_up(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let mut rounds = 0;
        // Six rounds of five tries are the day's thirty guesses.
        let mut id = desk.begun(own, phone(NUMBER)).await;
        for _ in 0..6 {
            rounds += 1;
            let code = desk.code(id, 1).await;
            for _ in 0..MOST_TRIES {
                let answer = desk.guess(own, id, &crate::confirmations::rig::other(&code)).await;
                assert!(matches!(answer, Guess::Wrong { .. } | Guess::Locked), "{answer:?}");
            }
            desk.passes(Duration::from_mins(1));
            id = desk.begun(own, phone(NUMBER)).await;
        }
        assert_eq!(rounds * MOST_TRIES, GUESSES_PER_TARGET.most);
        let code = desk.code(id, 1).await;
        let answer = desk.guess(own, id, &code).await;
        assert!(matches!(answer, Guess::TooMany { wait } if wait > Duration::from_hours(23)), "{answer:?}");
        assert_eq!(desk.profile(&ann).await.phone, None);
    }

    async fn guesses_from_one_neighbourhood_are_few_whatever_they_guess_at(db: TestDb) {
        let desk = Desk::open(&db).await;
        let mut compared = 0;
        let mut too_many = 0;
        for at in 0..40 {
            let number = format!("+7999100{at:04}");
            let id = desk.begun(LOGIN, phone(&number)).await;
            for _ in 0..4 {
                let from = format!("2001:db8:1:2{at:02x}::1");
                match desk.guess_from(LOGIN, id, "000000", Some(&from)).await {
                    Guess::Wrong { .. } => compared += 1,
                    Guess::TooMany { .. } => too_many += 1,
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!((compared, too_many), (GUESSES_PER_ADDRESS.most, 160 - GUESSES_PER_ADDRESS.most));
        let id = desk.begun(LOGIN, phone("+79992000000")).await;
        let elsewhere = desk.guess_from(LOGIN, id, "000000", Some("2001:db8:1:300::1")).await;
        assert!(matches!(elsewhere, Guess::Wrong { .. }), "{elsewhere:?}");
    }

    async fn ten_thousand_guessed_links_open_nothing(db: TestDb) {
        let desk = Desk::open(&db).await;
        desk.known(1).await;
        let id = desk.begun(Asker::Visitor(WayIn::Recover), email(ADDRESS)).await;
        let (_, token) = desk.mailed(id, 1).await;
        let guesses = (0..GUESSES).map(|at| {
            let (desk, tail) = (desk.clone(), format!("{at:04}"));
            // As near as can be: all but its last letters.
            let near = format!("{}{tail}", &token[..token.len() - tail.len()]);
            async move { desk.consume(Purpose::Recover, &near).await }
        });
        let mut guesses: Vec<_> = guesses.collect();
        while !guesses.is_empty() {
            let some = guesses.split_off(guesses.len().saturating_sub(100));
            for answer in futures::future::join_all(some).await {
                assert_eq!(answer, Consumed::Unknown);
            }
        }
        assert!(matches!(desk.consume(Purpose::Recover, &token).await, Consumed::Done(_)));
    }
}
