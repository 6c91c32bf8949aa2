//! Rivals: many at once, and pairs forced to meet inside their transactions.

use futures::FutureExt;
use futures::future::join_all;
use kiosk::shop::confirmations::begin::Begun;
use kiosk::shop::confirmations::guess::Guess;
use kiosk::shop::confirmations::link::Consumed;
use kiosk::shop::confirmations::resend::Resent;
use kiosk::shop::confirmations::{Asker, MOST_TRIES, Purpose, WayIn};

use crate::confirmations::rig::{ADDRESS, Desk, NUMBER, email, other, phone};
use crate::on_both_engines;
use crate::support::rivals::meet;

const RECOVER: Asker = Asker::Visitor(WayIn::Recover);
const RIVALS: usize = 100;

on_both_engines! {
    async fn of_a_hundred_who_use_a_link_at_once_one_does(db: TestDb) {
        let desk = Desk::open(&db).await;
        desk.known(1).await;
        let id = desk.begun(RECOVER, email(ADDRESS)).await;
        let (_, token) = desk.mailed(id, 1).await;
        let all = (0..RIVALS).map(|_| {
            let (desk, token) = (desk.clone(), token.clone());
            tokio::spawn(async move { desk.consume(Purpose::Recover, &token).await })
        });
        let mut done = 0;
        for one in join_all(all).await {
            match one.unwrap() {
                Consumed::Done(_) => done += 1,
                other => assert_eq!(other, Consumed::Ended),
            }
        }
        assert_eq!(done, 1);
        assert_eq!(desk.states().await[1], ("consumed".to_owned(), 0, 1));
        desk.expect_clean_books().await;
    }

    async fn of_a_hundred_guesses_at_once_five_are_counted(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let id = desk.begun(own, phone(NUMBER)).await;
        let wrong = other(&desk.code(id, 1).await);
        let all = (0..RIVALS).map(|_| {
            let (desk, wrong) = (desk.clone(), wrong.clone());
            tokio::spawn(async move { desk.guess(own, id, &wrong).await })
        });
        let (mut counted, mut refused) = (0, 0);
        for one in join_all(all).await {
            match one.unwrap() {
                Guess::Wrong { .. } => counted += 1,
                Guess::Locked | Guess::TooMany { .. } => refused += 1,
                other => panic!("{other:?}"),
            }
        }
        // The fifth locks it.
        assert_eq!((counted, refused), (MOST_TRIES - 1, RIVALS as i64 - MOST_TRIES + 1));
        assert_eq!(desk.states().await, [("locked".to_owned(), MOST_TRIES, 0)]);
        desk.expect_clean_books().await;
    }

    async fn of_a_hundred_with_the_right_code_among_them_no_sixth_is_compared(db: TestDb) {
        for right_at in [0, 4, 50, 99] {
            let desk = Desk::open(&db).await;
            let ann = desk.customer(1 + right_at as i64).await;
            let own = Asker::Customer(ann.id);
            let number = format!("+7999000{right_at:04}");
            let id = desk.begun(own, phone(&number)).await;
            let code = desk.code(id, 1).await;
            let all = (0..RIVALS).map(|at| {
                let (desk, right) = (desk.clone(), at == right_at);
                let typed = if right { code.clone() } else { other(&code) };
                tokio::spawn(async move { desk.guess(own, id, &typed).await })
            });
            let (mut compared, mut right) = (0, 0);
            for one in join_all(all).await {
                match one.unwrap() {
                    Guess::Wrong { .. } => compared += 1,
                    Guess::Right(_) => right += 1,
                    Guess::Locked | Guess::TooMany { .. } | Guess::Already => {}
                    other => panic!("{other:?}"),
                }
            }
            let (state, tries, uses) = desk.states().await.pop().unwrap();
            assert!(tries <= MOST_TRIES, "{tries}");
            assert_eq!(right, uses);
            let expected = if right == 1 { ("consumed", tries) } else { ("locked", MOST_TRIES) };
            assert_eq!((state.as_str(), compared + 1), expected);
            desk.expect_clean_books().await;
        }
    }

    async fn a_guess_meets_a_guess_between_counting_and_comparing(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let id = desk.begun(own, phone(NUMBER)).await;
        let code = desk.code(id, 1).await;
        for _ in 2..MOST_TRIES {
            desk.guess(own, id, &other(&code)).await;
        }
        let guess = |typed: String| {
            let desk = desk.clone();
            async move { desk.guess(own, id, &typed).await }.boxed()
        };
        let (one, rival) = meet((&desk.store, &desk.watch), "confirmations.counted", guess(other(&code)), guess(other(&code))).await;
        assert_eq!((one, rival), (Guess::Wrong { left: 1 }, Guess::Locked));
    }

    async fn a_code_meets_its_link(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let id = desk.begun(own, email(ADDRESS)).await;
        let (code, token) = desk.mailed(id, 1).await;
        let by_code = { let desk = desk.clone(); async move { desk.guess(own, id, &code).await } };
        let by_link = { let desk = desk.clone(); async move { desk.consume(Purpose::Email, &token).await } };
        let (guess, link) = meet((&desk.store, &desk.watch), "confirmations.used", by_code.boxed(), by_link.boxed()).await;
        assert!(matches!(guess, Guess::Right(_)), "{guess:?}");
        assert_eq!(link, Consumed::Already);
        assert_eq!(desk.states().await, [("consumed".to_owned(), 1, 1)]);
    }

    async fn two_who_begin_at_once_leave_one_alive(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let begin = |asker, number: &str| {
            let (desk, target) = (desk.clone(), phone(number));
            async move { desk.begin(asker, target).await }.boxed()
        };
        let (one, rival) = meet((&desk.store, &desk.watch), "confirmations.begin", begin(own, NUMBER), begin(own, "+79990000002")).await;
        assert!(matches!((&one, &rival), (Begun::Sent(_), Begun::Sent(_))), "{one:?} {rival:?}");
        let (one, rival) = meet((&desk.store, &desk.watch), "confirmations.begin", begin(RECOVER, NUMBER), begin(RECOVER, NUMBER)).await;
        assert!(matches!((&one, &rival), (Begun::Sent(_), Begun::Wait { live: None, .. })), "{one:?} {rival:?}");
        let live = desk.states().await.into_iter().filter(|it| it.0 == "live").count();
        assert_eq!(live, 2);
        let all = (0..RIVALS).map(|_| tokio::spawn(begin(RECOVER, "+79990000003")));
        let sent = join_all(all).await.into_iter().filter(|it| matches!(it, Ok(Begun::Sent(_)))).count();
        assert_eq!(sent, 1);
    }

    async fn of_a_hundred_who_ask_for_another_code_at_once_one_gets_it(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let id = desk.begun(own, phone(NUMBER)).await;
        desk.passes(std::time::Duration::from_mins(1));
        let all = (0..RIVALS).map(|_| {
            let desk = desk.clone();
            tokio::spawn(async move { desk.resend(own, id).await })
        });
        let sent = join_all(all).await.into_iter().filter(|it| matches!(it, Ok(Resent::Sent))).count();
        assert_eq!((sent, desk.count("code").await), (1, 2));
    }

    async fn two_prove_the_same_number_at_once_and_the_later_has_it(db: TestDb) {
        let desk = Desk::open(&db).await;
        let (ann, bob, eve) = (desk.customer(1).await, desk.customer(2).await, desk.customer(3).await);
        // First nobody's, then somebody's: there is no row to lock, or a third one's.
        for owner in [None, Some(&eve)] {
            if let Some(owner) = owner {
                desk.has_phone(owner, NUMBER).await;
            }
            let take = |id: i64| {
                let desk = desk.clone();
                async move {
                    desk.store.write("customers.set_phone", move |tx| {
                        Box::pin(kiosk::shop::customers::set_phone(tx, id, Some(NUMBER)))
                    }).await
                }.boxed()
            };
            let (one, rival) = meet((&desk.store, &desk.watch), "customers.take_phone", take(ann.id), take(bob.id)).await;
            assert!(one.is_ok() && rival.is_ok(), "{one:?} {rival:?}");
            assert_eq!(desk.profile(&ann).await.phone, None);
            assert_eq!(desk.profile(&bob).await.phone.as_deref(), Some(NUMBER));
        }
        let told: Vec<_> = desk.letters().await.into_iter().map(|it| it.0).collect();
        let (ann_is, bob_is, eve_is) = (Some(1), Some(2), Some(3));
        assert_eq!(told, [ann_is, bob_is, eve_is, ann_is]);
    }

    async fn two_prove_each_others_numbers_at_once(db: TestDb) {
        let desk = Desk::open(&db).await;
        let (ann, bob) = (desk.customer(1).await, desk.customer(2).await);
        desk.has_phone(&ann, NUMBER).await;
        desk.has_phone(&bob, "+79990000002").await;
        let take = |id: i64, number: &'static str| {
            let desk = desk.clone();
            async move {
                desk.store.write("customers.set_phone", move |tx| {
                    Box::pin(kiosk::shop::customers::set_phone(tx, id, Some(number)))
                }).await
            }.boxed()
        };
        let (one, rival) = meet((&desk.store, &desk.watch), "customers.take_phone", take(ann.id, "+79990000002"), take(bob.id, NUMBER)).await;
        assert!(one.is_ok() && rival.is_ok(), "{one:?} {rival:?}");
        assert_eq!(desk.profile(&ann).await.phone.as_deref(), Some("+79990000002"));
        assert_eq!(desk.profile(&bob).await.phone.as_deref(), Some(NUMBER));
    }
}
