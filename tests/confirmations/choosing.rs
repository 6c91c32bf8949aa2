//! By what a code comes to a phone: a wish that is kept with the round, goes first among the senders, and leaves the code to
//! others where it can't be fulfilled.

use std::sync::Arc;
use std::time::Duration;

use kiosk::bus::Outcome;
use kiosk::shop::confirmations::begin::Begun;
use kiosk::shop::confirmations::resend::{Choice, Resent};
use kiosk::shop::confirmations::senders::{Carried, Messenger};
use kiosk::shop::confirmations::{Asker, Target, WayIn};
use kiosk::store::PublicId;

use crate::confirmations::rig::{ADDRESS, Desk, NUMBER, email, phone};
use crate::confirmations::senders::FakePhone;
use crate::on_both_engines;

const GAP: Duration = Duration::from_secs(61);

/// One account of Telegram's, two of WhatsApp's and one of VK's.
fn all() -> [Arc<FakePhone>; 4] {
    ["gateway:a", "whatsapp:a", "whatsapp:b", "vk:a"].map(FakePhone::new)
}

fn calls(senders: &[Arc<FakePhone>]) -> Vec<usize> {
    senders.iter().map(|it| it.calls()).collect()
}

async fn begun(desk: &Desk, asker: Asker, target: Target, by: Messenger) -> PublicId {
    match desk.begin_by(asker, target, None, Some(by)).await {
        Begun::Sent(id) => id,
        other => panic!("{other:?}"),
    }
}

async fn by(desk: &Desk, asker: Asker, id: PublicId) -> Option<Messenger> {
    desk.pending(asker, id).await.expect("one").by
}

on_both_engines! {
    async fn what_was_chosen_goes_first_in_turns_and_over_a_restart(db: TestDb) {
        let desk = Desk::open(&db).await;
        let senders = all();
        for at in 1..=4 {
            let ann = desk.customer(at).await;
            let asker = Asker::Customer(ann.id);
            let number = format!("+7999000010{at}");
            let id = begun(&desk, asker, phone(&number), Messenger::Whatsapp).await;
            // Another process finds the wish and carries it.
            let desk = desk.restarted(&db).await;
            assert_eq!(by(&desk, asker, id).await, Some(Messenger::Whatsapp));
            assert_eq!(desk.carry(&senders, id, 1).await, Outcome::Sent);
        }
        let done = calls(&senders);
        assert_eq!((done[0], done[3], done[1] + done[2]), (0, 0, 4), "{done:?}");
        assert!(done[1] > 0 && done[2] > 0, "its accounts take turns: {done:?}");
        desk.expect_clean_books().await;
    }

    async fn where_it_can_not_others_carry(db: TestDb) {
        let desk = Desk::open(&db).await;
        let failures = [
            Carried::NotReachable("no WhatsApp".to_owned()),
            Carried::Busy { pause: None, reason: "too much".to_owned() },
            Carried::Misconfigured("no token".to_owned()),
        ];
        for (at, failure) in failures.into_iter().enumerate() {
            let senders = all();
            senders[1].will(failure.clone());
            senders[2].will(failure.clone());
            let ann = desk.customer(1 + at as i64).await;
            let number = format!("+7999000020{at}");
            let id = begun(&desk, Asker::Customer(ann.id), phone(&number), Messenger::Whatsapp).await;
            assert_eq!(desk.carry(&senders[..3], id, 1).await, Outcome::Sent, "{failure:?}");
            assert_eq!(calls(&senders), [1, 1, 1, 0], "each of the chosen first: {failure:?}");
            // Pauses of failures end before the next.
            desk.passes(Duration::from_hours(2));
        }
        // Nor where its budget is used up, it reaches nobody, or there is none of its kind.
        let spent = [FakePhone::new("gateway:z"), FakePhone::with_budget("whatsapp:z", Some(0))];
        let deaf = all();
        deaf[1].reaches_nobody();
        deaf[2].reaches_nobody();
        let alone = [FakePhone::new("gateway:y")];
        for (at, senders) in [&spent[..], &deaf[..3], &alone[..]].into_iter().enumerate() {
            let ann = desk.customer(10 + at as i64).await;
            let number = format!("+7999000030{at}");
            let id = begun(&desk, Asker::Customer(ann.id), phone(&number), Messenger::Whatsapp).await;
            assert_eq!(desk.carry(senders, id, 1).await, Outcome::Sent);
            assert_eq!(senders[0].calls(), 1);
        }
        desk.sweep(100).await;
        desk.expect_clean_books().await;
    }

    async fn another_code_comes_as_before_by_something_else_or_by_whichever(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let asker = Asker::Customer(ann.id);
        let senders = all();
        let id = begun(&desk, asker, phone(NUMBER), Messenger::Telegram).await;
        desk.carry(&senders[..3], id, 1).await;
        for (round, choice, expected) in [
            (2, Choice::AsBefore, Some(Messenger::Telegram)),
            (3, Choice::By(Messenger::Whatsapp), Some(Messenger::Whatsapp)),
            (4, Choice::AsBefore, Some(Messenger::Whatsapp)),
            (5, Choice::Any, None),
            // A code that comes there would prove no number.
            (6, Choice::By(Messenger::Vk), None),
        ] {
            let early = desk.resend_by(asker, id, choice).await;
            assert!(matches!(early, Resent::Wait { .. }), "{early:?}");
            desk.passes(GAP);
            assert_eq!(desk.resend_by(asker, id, choice).await, Resent::Sent);
            assert_eq!(by(&desk, asker, id).await, expected, "{choice:?}");
            let before = calls(&senders);
            assert_eq!(desk.carry(&senders[..3], id, round).await, Outcome::Sent);
            let done = calls(&senders);
            match expected {
                Some(Messenger::Telegram) => assert_eq!(done[0], before[0] + 1, "{choice:?}"),
                Some(_) => assert_eq!(done[0], before[0], "{choice:?}"),
                None => {}
            }
        }
        assert_eq!(calls(&senders).iter().sum::<usize>(), 6);
        // A letter of an older round carries nothing, by whatever it was wished.
        let old = desk.carry(&senders, id, 3).await;
        assert!(matches!(old, Outcome::Refused { .. }), "{old:?}");
        desk.expect_clean_books().await;
    }

    async fn a_wish_says_nothing_of_who_has_a_number_and_a_mail_has_none(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.known(1).await;
        let visitor = Asker::Visitor(WayIn::Login);
        for number in [NUMBER, "+79990000099"] {
            let id = begun(&desk, visitor, phone(number), Messenger::Vk).await;
            assert_eq!(by(&desk, visitor, id).await, Some(Messenger::Vk), "{number}");
        }
        // To the linked account it comes there; who has none gets it by another way.
        let senders = all();
        desk.passes(GAP);
        desk.has_vk(&ann, 501).await;
        let id = begun(&desk, visitor, phone(NUMBER), Messenger::Vk).await;
        assert_eq!(desk.carry(&senders, id, 1).await, Outcome::Sent);
        assert_eq!(calls(&senders), [0, 0, 0, 1]);
        assert_eq!(senders[3].carried()[0].to.vk_user, Some(501));
        let own = Asker::Customer(ann.id);
        let id = begun(&desk, own, phone("+79990000098"), Messenger::Vk).await;
        assert_eq!(by(&desk, own, id).await, None, "no number is proved by VK");
        let mailed = begun(&desk, visitor, email(ADDRESS), Messenger::Telegram).await;
        assert_eq!(by(&desk, visitor, mailed).await, None);
        desk.expect_clean_books().await;
    }
}
