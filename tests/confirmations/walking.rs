//! The walk of the senders: whose turn it is, who is passed over, and what becomes of each answer.

use std::sync::Arc;
use std::time::Duration;

use kiosk::bus::Outcome;
use kiosk::shop::confirmations::guess::Guess;
use kiosk::shop::confirmations::resend::Resent;
use kiosk::shop::confirmations::senders::Carried;
use kiosk::shop::confirmations::{Asker, CODE_LIFE, MEND, WayIn};
use kiosk::shop::letters::Letter;
use kiosk::store::PublicId;

use crate::confirmations::rig::{Desk, NUMBER, phone};
use crate::confirmations::senders::{FakePhone, busy, misconfigured, unknown, unreachable};
use crate::on_both_engines;
use crate::support::db::TestDb as Db;

const MINUTE: Duration = Duration::from_mins(1);

fn three() -> [Arc<FakePhone>; 3] {
    ["gateway:a", "whatsapp:b", "vk:c"].map(FakePhone::new)
}

fn calls(senders: &[Arc<FakePhone>]) -> Vec<usize> {
    senders.iter().map(|it| it.calls()).collect()
}

/// A confirmation of a number of its own, ready to be carried.
async fn another(desk: &Desk, at: i64) -> PublicId {
    let customer = desk.customer(1_000 + at).await;
    let number = format!("+7999100{at:04}");
    desk.begun(Asker::Customer(customer.id), phone(&number))
        .await
}

fn sent(sender: &str, state: &str) -> (String, String, i64) {
    (sender.to_owned(), state.to_owned(), 1)
}

async fn waits(desk: &Desk, senders: &[Arc<FakePhone>], id: PublicId) {
    let outcome = desk.carry(senders, id, 1).await;
    assert!(matches!(outcome, Outcome::Until(..)), "{outcome:?}");
}

async fn opens(db: &Db) -> (Desk, [Arc<FakePhone>; 3]) {
    (Desk::open(db).await, three())
}

on_both_engines! {
    async fn turns_are_fair_and_go_on_after_a_restart(db: TestDb) {
        let (mut desk, senders) = opens(&db).await;
        for at in 0..9 {
            if at == 4 {
                desk = desk.restarted(&db).await;
            }
            let id = another(&desk, at).await;
            assert_eq!(desk.carry(&senders, id, 1).await, Outcome::Sent);
            let at = at as usize;
            assert_eq!(calls(&senders), [at / 3 + 1, at.div_ceil(3), (at + 1) / 3].to_vec());
        }
        let accounts: Vec<String> = desk.sends().await.into_iter().map(|it| it.0).collect();
        assert_eq!(accounts[..4], ["gateway:a", "whatsapp:b", "vk:c", "gateway:a"]);
    }

    async fn turns_are_fair_among_many_at_once(db: TestDb) {
        let (desk, senders) = opens(&db).await;
        let mut all = Vec::new();
        for at in 0..30 {
            let id = another(&desk, at).await;
            let (desk, senders) = (desk.clone(), senders.clone());
            all.push(tokio::spawn(async move { desk.carry(&senders, id, 1).await }));
        }
        for one in all {
            assert_eq!(one.await.unwrap(), Outcome::Sent);
        }
        assert_eq!(calls(&senders), [10, 10, 10]);
    }

    async fn what_is_carried_is_the_code_and_its_repeat_is_not_carried_again(db: TestDb) {
        let (desk, senders) = opens(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let id = desk.begun(own, phone(NUMBER)).await;
        desk.passes(MINUTE);
        assert_eq!(desk.carry(&senders, id, 1).await, Outcome::Sent);
        assert_eq!(desk.carry(&senders, id, 1).await, Outcome::Sent);
        assert_eq!(calls(&senders), [1, 0, 0]);
        let carried = senders[0].carried().remove(0);
        assert_eq!(carried.to.phone.as_str(), NUMBER);
        assert_eq!(carried.to.vk_user, None);
        assert_eq!(carried.lives, CODE_LIFE.saturating_sub(MINUTE));
        assert!(carried.number > 0);
        assert!(carried.reference.len() <= 64);
        assert_eq!(desk.sends().await, [sent("gateway:a", "accepted")]);
        assert!(matches!(desk.guess(own, id, carried.code.expose()).await, Guess::Right(_)));
    }

    async fn the_next_sender_takes_over_from_each_that_fails(db: TestDb) {
        let (desk, senders) = opens(&db).await;
        for (at, (answer, state)) in [
            (unreachable(), "unreachable"),
            (busy(Some(MINUTE)), "failed"),
            (busy(None), "failed"),
            (misconfigured(), "failed"),
            (unknown(), "unknown"),
        ].into_iter().enumerate() {
            let id = another(&desk, at as i64).await;
            let senders = three();
            for sender in &senders {
                sender.will(answer.clone());
            }
            let first = desk.sends().await.len();
            // All fail in the same way, each is asked once, and who accepts in the end is not among them.
            let last = FakePhone::new("log");
            let mut all = senders.to_vec();
            all.push(last.clone());
            assert_eq!(desk.carry(&all, id, 1).await, Outcome::Sent, "{answer:?}");
            let sends = desk.sends().await.split_off(first);
            assert_eq!(sends.last(), Some(&sent("log", "accepted")), "{answer:?}");
            assert!(sends[..sends.len() - 1].iter().all(|it| it.1 == state), "{sends:?}");
            assert!(calls(&senders).iter().all(|it| *it <= 1));
            let codes: Vec<String> = all.iter().flat_map(|it| it.codes()).collect();
            assert!(codes.iter().all(|it| *it == codes[0]), "the same code by whichever sender");
            desk.passes(Duration::from_hours(2));
        }
        drop(senders);
    }

    async fn who_can_not_reach_the_number_is_not_asked(db: TestDb) {
        let (desk, senders) = opens(&db).await;
        senders[0].reaches_nobody();
        for at in 0..4 {
            let id = another(&desk, at).await;
            assert_eq!(desk.carry(&senders, id, 1).await, Outcome::Sent);
        }
        assert_eq!(calls(&senders)[0], 0);
        senders[1].reaches_nobody();
        senders[2].reaches_nobody();
        let id = another(&desk, 9).await;
        let outcome = desk.carry(&senders, id, 1).await;
        assert!(matches!(outcome, Outcome::Refused { alert: false, .. }), "{outcome:?}");
        let told = desk.letters().await.pop().unwrap();
        assert_eq!(told, (Some(1_009), Letter::CodeUnsent { confirmation: id, round: 1 }));
    }

    async fn an_unknown_end_is_never_tried_again_by_the_same_sender_in_its_round(db: TestDb) {
        let desk = Desk::open(&db).await;
        let senders = [FakePhone::new("gateway:a"), FakePhone::new("whatsapp:b")];
        senders[0].will(unknown());
        senders[1].will(unknown());
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let id = desk.begun(own, phone(NUMBER)).await;
        // It may have arrived twice: the customer is told nothing, and can ask for another.
        assert_eq!(desk.carry(&senders, id, 1).await, Outcome::Sent);
        desk.passes(Duration::from_mins(3));
        for _ in 0..3 {
            assert_eq!(desk.carry(&senders, id, 1).await, Outcome::Sent);
        }
        assert_eq!(calls(&senders), [1, 1]);
        assert_eq!(desk.count("code_unsent").await, 0);
        assert_eq!(desk.resend(own, id).await, Resent::Sent);
        assert_eq!(desk.carry(&senders, id, 2).await, Outcome::Sent);
        assert_eq!(calls(&senders).iter().sum::<usize>(), 3, "another round may be carried by them");
    }

    async fn a_crash_between_the_call_and_its_outcome_leaves_an_unknown_end(db: TestDb) {
        let desk = Desk::open(&db).await;
        let senders = [FakePhone::new("gateway:a"), FakePhone::new("whatsapp:b")];
        let id = another(&desk, 1).await;
        let held = desk.store.points().hold("confirmations.called");
        let crashing = tokio::spawn({
            let (desk, senders) = (desk.clone(), senders.clone());
            async move { desk.carry(&senders, id, 1).await }
        });
        held.reached().await;
        assert_eq!(desk.sends().await, [sent("gateway:a", "sending")]);
        crashing.abort();
        assert!(crashing.await.unwrap_err().is_cancelled());
        drop(held);
        let desk = desk.restarted(&db).await;
        assert_eq!(desk.carry(&senders, id, 1).await, Outcome::Sent);
        assert_eq!(desk.sends().await, [sent("gateway:a", "unknown"), sent("whatsapp:b", "accepted")]);
        assert_eq!(calls(&senders), [1, 1]);
    }

    async fn an_answer_that_comes_after_it_was_given_up_is_kept(db: TestDb) {
        let desk = Desk::open(&db).await;
        let slow = [FakePhone::new("gateway:a")];
        let id = another(&desk, 1).await;
        let held = desk.store.points().hold("confirmations.called");
        let hanging = tokio::spawn({
            let (desk, slow) = (desk.clone(), slow.clone());
            async move { desk.carry(&slow, id, 1).await }
        });
        held.reached().await;
        // Its lease ended, and another process carries the letter.
        let peer = desk.restarted(&db).await;
        assert_eq!(peer.carry(&slow, id, 1).await, Outcome::Sent);
        assert_eq!(peer.sends().await, [sent("gateway:a", "unknown")]);
        drop(held);
        assert_eq!(hanging.await.unwrap(), Outcome::Sent);
        assert_eq!(desk.sends().await, [sent("gateway:a", "accepted")]);
        assert_eq!(calls(&slow), [1]);
    }

    async fn a_paused_sender_is_passed_over_and_comes_back(db: TestDb) {
        let (desk, senders) = opens(&db).await;
        senders[0].will(busy(Some(Duration::from_mins(5))));
        for at in 0..4 {
            let id = another(&desk, at).await;
            assert_eq!(desk.carry(&senders, id, 1).await, Outcome::Sent);
        }
        assert_eq!(calls(&senders)[0], 1);
        // Its pause is in the database: a restart does not end it.
        let desk = desk.restarted(&db).await;
        for at in 4..8 {
            let id = another(&desk, at).await;
            assert_eq!(desk.carry(&senders, id, 1).await, Outcome::Sent);
        }
        assert_eq!(calls(&senders)[0], 1);
        desk.passes(Duration::from_mins(5));
        for at in 8..11 {
            let id = another(&desk, at).await;
            assert_eq!(desk.carry(&senders, id, 1).await, Outcome::Sent);
        }
        assert_eq!(calls(&senders)[0], 2);
    }

    async fn pauses_grow_with_failures_and_end_with_a_success(db: TestDb) {
        let desk = Desk::open(&db).await;
        let one = [FakePhone::new("gateway:a")];
        let mut at = 0;
        for pause in [30, 60, 120, 240].map(Duration::from_secs) {
            at += 1;
            one[0].will(busy(None));
            let id = another(&desk, at).await;
            waits(&desk, &one, id).await;
            desk.passes(pause.saturating_sub(Duration::from_millis(1)));
            let before = one[0].calls();
            waits(&desk, &one, id).await;
            assert_eq!(one[0].calls(), before, "paused for {pause:?}");
            desk.passes(Duration::from_millis(1));
        }
        let id = another(&desk, 100).await;
        assert_eq!(desk.carry(&one, id, 1).await, Outcome::Sent);
        one[0].will(busy(None));
        let id = another(&desk, 101).await;
        waits(&desk, &one, id).await;
        desk.passes(Duration::from_secs(30));
        assert_eq!(desk.carry(&one, id, 1).await, Outcome::Sent, "what did not go may go by the same sender");
        let accepted = desk.sends().await.into_iter().filter(|it| it.1 == "accepted").count();
        assert_eq!(accepted, 2);
    }

    async fn a_letter_waits_while_somebody_may_carry_it_in_time(db: TestDb) {
        let desk = Desk::open(&db).await;
        let one = [FakePhone::new("gateway:a")];
        one[0].will(busy(Some(Duration::from_mins(9))));
        let id = another(&desk, 1).await;
        let until = desk.clock.now() + Duration::from_mins(9).as_millis() as i64;
        assert_eq!(desk.carry(&one, id, 1).await, Outcome::Until(until, "every sender is busy".to_owned()));
        assert_eq!(desk.count("code_unsent").await, 0);
        // A pause beyond the code's life is no use to wait for.
        desk.passes(Duration::from_mins(9));
        one[0].will(busy(Some(MINUTE)));
        let outcome = desk.carry(&one, id, 1).await;
        assert!(matches!(outcome, Outcome::Refused { alert: false, .. }), "{outcome:?}");
        assert_eq!(desk.count("code_unsent").await, 1);
        // The worker was away for long: nobody waits any more, and who waited in vain is told.
        desk.passes(MINUTE);
        let late = another(&desk, 2).await;
        desk.passes(CODE_LIFE);
        let outcome = desk.carry(&one, late, 1).await;
        assert!(matches!(outcome, Outcome::Refused { alert: false, .. }), "{outcome:?}");
        assert_eq!(desk.count("code_unsent").await, 2);
        desk.carry(&one, late, 1).await;
        assert_eq!((desk.count("code_unsent").await, one[0].calls()), (2, 2));
    }

    async fn a_sender_that_must_be_mended_opens_a_task_until_it_works(db: TestDb) {
        let desk = Desk::open(&db).await;
        let senders = [FakePhone::new("gateway:a"), FakePhone::new("whatsapp:b")];
        senders[0].will(misconfigured());
        for at in 0..3 {
            let id = another(&desk, at).await;
            assert_eq!(desk.carry(&senders, id, 1).await, Outcome::Sent);
        }
        assert_eq!(desk.tasks(MEND).await, ["gateway:a"]);
        assert_eq!(calls(&senders), [1, 3], "it is asked once an hour");
        desk.passes(Duration::from_hours(1));
        for at in 10..12 {
            let id = another(&desk, at).await;
            assert_eq!(desk.carry(&senders, id, 1).await, Outcome::Sent);
        }
        assert_eq!(desk.tasks(MEND).await, Vec::<String>::new());
        assert_eq!(calls(&senders), [2, 4]);
    }

    async fn a_days_budget_holds_for_many_at_once_and_over_a_restart(db: TestDb) {
        let desk = Desk::open(&db).await;
        let cheap = FakePhone::new("vk:free");
        let senders = [FakePhone::with_budget("gateway:a", Some(3)), cheap.clone()];
        let mut all = Vec::new();
        for at in 0..20 {
            let id = another(&desk, at).await;
            let (desk, senders) = (desk.clone(), senders.clone());
            all.push(tokio::spawn(async move { desk.carry(&senders, id, 1).await }));
        }
        for one in all {
            assert_eq!(one.await.unwrap(), Outcome::Sent);
        }
        assert_eq!(calls(&senders), [3, 17]);
        let desk = desk.restarted(&db).await;
        let alone = [senders[0].clone()];
        let id = another(&desk, 50).await;
        let outcome = desk.carry(&alone, id, 1).await;
        assert!(matches!(outcome, Outcome::Refused { alert: false, .. }), "{outcome:?}");
        assert_eq!(calls(&alone), [3]);
        // The next day begins at midnight UTC. What certainly did not go costs nothing of it.
        desk.passes(Duration::from_hours(24));
        for _ in 0..5 {
            alone[0].will(unreachable());
        }
        for at in 60..65 {
            let id = another(&desk, at).await;
            desk.carry(&alone, id, 1).await;
        }
        assert_eq!(calls(&alone), [8]);
        for at in 70..73 {
            let id = another(&desk, at).await;
            assert_eq!(desk.carry(&alone, id, 1).await, Outcome::Sent);
        }
        let id = another(&desk, 80).await;
        assert!(matches!(desk.carry(&alone, id, 1).await, Outcome::Refused { .. }));
        assert_eq!(calls(&alone), [11]);
    }

    async fn what_did_not_go_over_midnight_is_given_back_to_the_day_that_it_was_counted_on(db: TestDb) {
        let desk = Desk::open(&db).await;
        let night = [FakePhone::with_budget("gateway:a", Some(1))];
        let day = [FakePhone::with_budget("gateway:a", Some(1))];
        night[0].will(unreachable());
        desk.passes(Duration::from_hours(24).saturating_sub(Duration::from_millis(1)));
        let id = another(&desk, 1).await;
        let held = desk.store.points().hold("confirmations.called");
        let slow = tokio::spawn({
            let (desk, night) = (desk.clone(), night.clone());
            async move { desk.carry(&night, id, 1).await }
        });
        held.reached().await;
        desk.passes(Duration::from_millis(1));
        let peer = desk.restarted(&db).await;
        let id = another(&peer, 2).await;
        assert_eq!(peer.carry(&day, id, 1).await, Outcome::Sent);
        drop(held);
        assert!(matches!(slow.await.unwrap(), Outcome::Refused { .. }));
        let id = another(&peer, 3).await;
        assert!(matches!(peer.carry(&day, id, 1).await, Outcome::Refused { .. }));
        assert_eq!((calls(&night), calls(&day)), (vec![1], vec![1]));
    }

    async fn an_unknown_end_may_have_cost_something(db: TestDb) {
        let desk = Desk::open(&db).await;
        let one = [FakePhone::with_budget("gateway:a", Some(1))];
        one[0].will(unknown());
        let id = another(&desk, 1).await;
        assert_eq!(desk.carry(&one, id, 1).await, Outcome::Sent);
        desk.passes(Duration::from_hours(2));
        let id = another(&desk, 2).await;
        assert!(matches!(desk.carry(&one, id, 1).await, Outcome::Refused { .. }));
        assert_eq!(calls(&one), [1]);
    }

    async fn nothing_is_sent_for_what_nobody_waits_for(db: TestDb) {
        let (desk, senders) = opens(&db).await;
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let id = desk.begun(own, phone(NUMBER)).await;
        let newer = desk.begun(own, phone("+79990000002")).await;
        desk.passes(MINUTE);
        assert_eq!(desk.resend(own, newer).await, Resent::Sent);
        let nobody = desk.begun(Asker::Visitor(WayIn::Login), phone("+79990000003")).await;
        for (id, round) in [(id, 1), (newer, 1), (newer, 3), (nobody, 1), (PublicId([7; 16]), 1)] {
            let outcome = desk.carry(&senders, id, round).await;
            assert!(matches!(outcome, Outcome::Refused { alert: false, .. }), "{outcome:?}");
        }
        assert_eq!(calls(&senders), [0, 0, 0]);
        assert_eq!(desk.count("code_unsent").await, 0);
        assert_eq!(desk.carry(&senders, newer, 2).await, Outcome::Sent);
        assert_eq!(desk.carry(&[], newer, 2).await, Outcome::Sent, "it is on its way already");
    }

    async fn an_account_of_vk_proves_no_number(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        desk.has_vk(&ann, 77).await;
        let vk = [FakePhone::new("vk:c")];
        let id = desk.begun(Asker::Customer(ann.id), phone(NUMBER)).await;
        desk.carry(&vk, id, 1).await;
        desk.has_phone(&ann, "+79990000002").await;
        let id = desk.begun(Asker::Visitor(WayIn::Login), phone("+79990000002")).await;
        desk.carry(&vk, id, 1).await;
        let users: Vec<_> = vk[0].carried().iter().map(|it| it.to.vk_user).collect();
        assert_eq!(users, [None, Some(77)]);
    }
}

/// A script of any answers ends: the walk asks nobody twice in one go.
#[tokio::test]
async fn a_walk_ends_whatever_is_answered() {
    let db = Db::sqlite().await;
    let desk = Desk::open(&db).await;
    let answers: [fn() -> Carried; 4] = [unreachable, misconfigured, unknown, || busy(None)];
    for at in 0..64_usize {
        let senders = three();
        for (place, sender) in senders.iter().enumerate() {
            for _ in 0..10 {
                sender.will(answers[(at >> (2 * place)) % 4]());
            }
        }
        let id = another(&desk, at as i64).await;
        desk.carry(&senders, id, 1).await;
        assert!(calls(&senders).iter().all(|it| *it <= 1), "{at}");
        desk.passes(Duration::from_hours(3));
    }
}
