//! Registration: what is asked, what is missing, and that it is kept at once or not at all.

use std::time::Duration;

use kiosk::shop::customers::GivenName;
use kiosk::shop::customers::consents::Matter;
use kiosk::shop::customers::registration::{self, Draft, Finished, Requirements, Step};

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

async fn missing(desk: &Desk, customer: i64, draft: &Draft) -> Vec<Step> {
    let draft = draft.clone();
    let look = desk.store.read("registration.missing", move |tx| {
        let draft = draft.clone();
        Box::pin(async move { registration::missing(tx, customer, &everything(), &draft).await })
    });
    look.await.expect("a look")
}

async fn finish(desk: &Desk, customer: i64, wanted: &Requirements, draft: &Draft) -> Finished {
    let (wanted, draft) = (wanted.clone(), draft.clone());
    let done = desk.store.write("registration.finish", move |tx| {
        let (wanted, draft) = (wanted.clone(), draft.clone());
        Box::pin(async move { registration::finish(tx, customer, &wanted, &draft).await })
    });
    done.await.expect("answered")
}

on_both_engines! {
    async fn questions_are_open_until_they_are_answered_and_kept_at_the_end(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let mut draft = Draft::default();
        let (terms, privacy) = (Step::Consent(Matter::Terms), Step::Consent(Matter::Privacy));
        assert_eq!(missing(&desk, ann.id, &draft).await, [Step::Name, Step::Phone, Step::Email, terms, privacy]);
        draft.name = GivenName::read("Anna");
        desk.has_phone(&ann, NUMBER).await;
        assert_eq!(missing(&desk, ann.id, &draft).await, [Step::Email, terms, privacy]);
        // A restart: the draft comes back from the dialogue.
        let kept = serde_json::to_string(&draft).unwrap();
        let desk = desk.restarted(&db).await;
        let mut draft: Draft = serde_json::from_str(&kept).unwrap();
        desk.confirms_email(&ann, ADDRESS).await;
        draft.agree(Matter::Terms, "1".to_owned());
        draft.agree(Matter::Privacy, "7".to_owned());
        assert_eq!(missing(&desk, ann.id, &draft).await, [terms], "the terms have changed meanwhile");
        assert_eq!(finish(&desk, ann.id, &everything(), &draft).await, Finished::Missing(vec![terms]));
        let profile = desk.profile(&ann).await;
        assert_eq!((profile.given_name, profile.registered_at, profile.consents.len()), (None, None, 0));
        draft.agree(Matter::Terms, "2".to_owned());
        desk.passes(Duration::from_secs(5));
        assert_eq!(finish(&desk, ann.id, &everything(), &draft).await, Finished::Done { first: true });
        let profile = desk.profile(&ann).await;
        assert_eq!(profile.calls_themselves(), "Anna");
        assert_eq!(profile.registered_at, Some(START + 5_000));
        let agreed: Vec<_> = profile.consents.iter().map(|it| (it.matter, it.version.as_str(), it.at)).collect();
        assert_eq!(agreed, [(Matter::Terms, "2", START + 5_000), (Matter::Privacy, "7", START + 5_000)]);
        // The same again changes no time.
        desk.passes(Duration::from_secs(5));
        assert_eq!(finish(&desk, ann.id, &everything(), &Draft::default()).await, Finished::Done { first: false });
        let again = desk.profile(&ann).await;
        assert_eq!((again.registered_at, again.consents), (profile.registered_at, profile.consents));
        // New terms ask once more, and keep the proof of the old ones.
        let newer = Requirements { terms: Some("3".to_owned()), ..everything() };
        assert_eq!(finish(&desk, ann.id, &newer, &Draft::default()).await, Finished::Missing(vec![terms]));
        draft.agree(Matter::Terms, "3".to_owned());
        assert_eq!(finish(&desk, ann.id, &newer, &draft).await, Finished::Done { first: false });
        assert_eq!(desk.profile(&ann).await.consents.len(), 3);
    }

    async fn a_shop_that_asks_nothing_is_finished_at_once(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        let nothing = Requirements::default();
        assert!(nothing.is_empty() && !everything().is_empty());
        assert_eq!(finish(&desk, ann.id, &nothing, &Draft::default()).await, Finished::Done { first: true });
    }
}
