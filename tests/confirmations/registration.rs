//! Registration: what is asked, what is missing, and when it is finished.

use std::time::Duration;

use kiosk::shop::customers::consents::{self, Matter};
use kiosk::shop::customers::profile::{self, GivenName};
use kiosk::shop::customers::registration::{self, Finished, Requirements, Step};

use crate::confirmations::rig::{ADDRESS, Desk, NUMBER, START};
use crate::on_both_engines;

fn everything() -> Requirements {
    Requirements {
        name: true,
        phone: true,
        email: true,
        terms: Some("2".to_owned()),
        privacy: Some("7".to_owned()),
    }
}

async fn missing(desk: &Desk, customer: i64) -> Vec<Step> {
    let look = desk.store.read("registration.missing", move |tx| {
        Box::pin(async move { registration::missing(tx, customer, &everything()).await })
    });
    look.await.expect("a look")
}

async fn finish(desk: &Desk, customer: i64, wanted: &Requirements) -> Finished {
    let wanted = wanted.clone();
    let done = desk.store.write("registration.finish", move |tx| {
        let wanted = wanted.clone();
        Box::pin(async move { registration::finish(tx, customer, &wanted).await })
    });
    done.await.expect("answered")
}

async fn is_called(desk: &Desk, customer: i64, name: &'static str) {
    let named = desk.store.write("registration.name", move |tx| {
        Box::pin(async move {
            let name = GivenName::read(name);
            profile::set_given_name(tx, customer, name.as_ref()).await
        })
    });
    named.await.expect("named");
}

async fn agrees(desk: &Desk, customer: i64, matter: Matter, version: &'static str) {
    let given = desk.store.write("registration.agree", move |tx| {
        Box::pin(consents::give(tx, customer, matter, version))
    });
    given.await.expect("given");
}

on_both_engines! {
    async fn questions_are_open_until_they_are_answered(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let (terms, privacy) = (Step::Consent(Matter::Terms), Step::Consent(Matter::Privacy));
        assert_eq!(missing(&desk, ann.id).await, [Step::Name, Step::Phone, Step::Email, terms, privacy]);
        is_called(&desk, ann.id, "Anna").await;
        desk.has_phone(&ann, NUMBER).await;
        assert_eq!(missing(&desk, ann.id).await, [Step::Email, terms, privacy]);
        // A restart: what was answered is kept.
        let desk = desk.restarted(&db).await;
        desk.confirms_email(&ann, ADDRESS).await;
        agrees(&desk, ann.id, Matter::Terms, "1").await;
        agrees(&desk, ann.id, Matter::Privacy, "7").await;
        assert_eq!(missing(&desk, ann.id).await, [terms], "the terms have changed meanwhile");
        assert_eq!(finish(&desk, ann.id, &everything()).await, Finished::Missing(vec![terms]));
        assert_eq!(desk.profile(&ann).await.registered_at, None);
        agrees(&desk, ann.id, Matter::Terms, "2").await;
        desk.passes(Duration::from_secs(5));
        assert_eq!(finish(&desk, ann.id, &everything()).await, Finished::Done { first: true });
        let profile = desk.profile(&ann).await;
        assert_eq!(profile.calls_themselves(), "Anna");
        assert_eq!(profile.registered_at, Some(START + 5_000));
        // The same again changes no time.
        desk.passes(Duration::from_secs(5));
        assert_eq!(finish(&desk, ann.id, &everything()).await, Finished::Done { first: false });
        let again = desk.profile(&ann).await;
        assert_eq!((again.registered_at, again.consents), (profile.registered_at, profile.consents));
        // New terms ask once more, and keep the proof of the old ones.
        let newer = Requirements { terms: Some("3".to_owned()), ..everything() };
        assert_eq!(finish(&desk, ann.id, &newer).await, Finished::Missing(vec![terms]));
        agrees(&desk, ann.id, Matter::Terms, "3").await;
        assert_eq!(finish(&desk, ann.id, &newer).await, Finished::Done { first: false });
        assert_eq!(desk.profile(&ann).await.consents.len(), 4);
    }

    async fn a_shop_that_asks_nothing_is_finished_at_once(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let nothing = Requirements::default();
        assert!(nothing.is_empty() && !everything().is_empty());
        assert_eq!(finish(&desk, ann.id, &nothing).await, Finished::Done { first: true });
    }
}
