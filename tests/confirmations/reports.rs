//! Reports of providers: in any order, repeated, of strangers.

use std::time::Duration;

use kiosk::bus::Outcome;
use kiosk::shop::confirmations::reports::{self, Applied};
use kiosk::shop::confirmations::senders::{Carried, Progress, Report};
use kiosk::shop::confirmations::{Asker, CODE_LIFE};
use kiosk::shop::letters::Letter;

use crate::confirmations::rig::{Desk, NUMBER, phone};
use crate::confirmations::senders::FakePhone;
use crate::on_both_engines;

async fn told(desk: &Desk, account: &str, reference: &str, progress: Progress) -> Applied {
    let report = Report {
        account: account.to_owned(),
        reference: reference.to_owned(),
        progress,
        at: 0,
    };
    let done = desk.store.write("reports.apply", move |tx| {
        let report = report.clone();
        Box::pin(async move { reports::apply(tx, &report).await })
    });
    done.await.expect("applied")
}

async fn state(desk: &Desk) -> String {
    desk.sends().await.pop().expect("a send").1
}

fn accepted(reference: &str) -> Carried {
    Carried::Accepted {
        reference: Some(reference.to_owned()),
    }
}

const EVERY: [Progress; 4] = [
    Progress::Accepted,
    Progress::Undelivered,
    Progress::Delivered,
    Progress::Read,
];

on_both_engines! {
    async fn reports_in_any_order_never_go_backwards(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let words = ["accepted", "undelivered", "delivered", "read"];
        let mut at = 0;
        for first in 0..4 {
            for second in 0..4 {
                at += 1;
                let sender = FakePhone::new("whatsapp:b");
                let reference = format!("wamid.{at}");
                sender.will(accepted(&reference));
                let id = desk.begun(Asker::Customer(ann.id), phone(&format!("+7999100{at:04}"))).await;
                assert_eq!(desk.carry(&[sender], id, 1).await, Outcome::Sent);
                let further = |from: usize, to: usize| if to > from { Applied::Further } else { Applied::Nothing };
                let one = told(&desk, "whatsapp:b", &reference, EVERY[first]).await;
                assert_eq!((one, state(&desk).await.as_str()), (further(0, first), words[first]));
                let two = told(&desk, "whatsapp:b", &reference, EVERY[second]).await;
                assert_eq!((two, state(&desk).await.as_str()), (further(first, second), words[first.max(second)]));
            }
        }
    }

    async fn a_name_that_we_did_not_get_from_that_account_is_nothing(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let sender = FakePhone::new("whatsapp:b");
        sender.will(accepted("wamid.1"));
        let id = desk.begun(Asker::Customer(ann.id), phone(NUMBER)).await;
        desk.carry(&[sender], id, 1).await;
        for (account, reference) in [("whatsapp:c", "wamid.1"), ("whatsapp:b", "wamid.2"), ("", ""), ("whatsapp:b", "%")] {
            assert_eq!(told(&desk, account, reference, Progress::Read).await, Applied::Unknown);
        }
        assert_eq!(state(&desk).await, "accepted");
    }

    async fn a_name_that_comes_twice_means_the_first(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        for number in ["+79990000001", "+79990000002"] {
            let sender = FakePhone::new("whatsapp:b");
            sender.will(accepted("wamid.1"));
            let id = desk.begun(Asker::Customer(ann.id), phone(number)).await;
            assert_eq!(desk.carry(&[sender], id, 1).await, Outcome::Sent);
        }
        assert_eq!(told(&desk, "whatsapp:b", "wamid.1", Progress::Read).await, Applied::Further);
        let states: Vec<String> = desk.sends().await.into_iter().map(|it| it.1).collect();
        assert_eq!(states, ["read", "accepted"]);
    }

    async fn a_code_that_did_not_arrive_goes_to_the_next_sender(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let senders = [FakePhone::new("whatsapp:b"), FakePhone::new("gateway:a")];
        senders[0].will(accepted("wamid.1"));
        senders[1].will(accepted("gw.1"));
        let id = desk.begun(Asker::Customer(ann.id), phone(NUMBER)).await;
        assert_eq!(desk.carry(&senders, id, 1).await, Outcome::Sent);
        assert_eq!(told(&desk, "whatsapp:b", "wamid.1", Progress::Undelivered).await, Applied::Further);
        assert_eq!(told(&desk, "whatsapp:b", "wamid.1", Progress::Undelivered).await, Applied::Nothing);
        assert_eq!(desk.letters().await.pop().unwrap().1, Letter::Code { confirmation: id, round: 1, after: 1 });
        assert_eq!(desk.carry(&senders, id, 1).await, Outcome::Sent);
        assert_eq!((senders[0].calls(), senders[1].calls()), (1, 1));
        assert_eq!(senders[0].codes(), senders[1].codes());
        // Nobody is left: the customer is told.
        assert_eq!(told(&desk, "gateway:a", "gw.1", Progress::Undelivered).await, Applied::Further);
        assert!(matches!(desk.carry(&senders, id, 1).await, Outcome::Refused { alert: false, .. }));
        assert_eq!(desk.count("code_unsent").await, 1);
        // One that nobody waits for any more is left alone.
        senders[0].will(accepted("wamid.2"));
        let id = desk.begun(Asker::Customer(ann.id), phone("+79990000002")).await;
        desk.carry(&senders[..1], id, 1).await;
        desk.passes(CODE_LIFE + Duration::from_secs(1));
        let letters = desk.letters().await.len();
        assert_eq!(told(&desk, "whatsapp:b", "wamid.2", Progress::Undelivered).await, Applied::Further);
        assert_eq!(desk.letters().await.len(), letters);
    }
}
