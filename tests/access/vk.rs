//! A VK account is linked in one transaction: by whom it is, when two want it at once, and only while the session lives.

use futures::FutureExt;
use kiosk::shop::access::sessions::Session;
use kiosk::shop::access::vk::link::{self, Linked, Shared};
use kiosk::shop::access::vk::login::Person;
use kiosk::shop::customers::{Phone, Taken};
use kiosk::store::{Store, StoreError};

use crate::access::rig::Cabinet;
use crate::on_both_engines;
use crate::support::rivals::meet;

const NUMBER: &str = "+79990000001";

fn person(user: i64) -> Person {
    Person {
        user,
        phone: Phone::read(NUMBER),
    }
}

async fn links(store: Store, session: Session) -> Linked {
    let linked = store.write("test.vk.link", move |tx| {
        let session = session.clone();
        Box::pin(async move { link::link(tx, &session, &person(501)).await })
    });
    linked
        .await
        .map_err(|error: StoreError| error)
        .expect("answered")
}

async fn session(cabinet: &Cabinet, customer: i64) -> Session {
    let token = cabinet.session(customer).await;
    cabinet.find(&token).await.expect("a session")
}

on_both_engines! {
    async fn of_two_who_link_the_same_account_at_once_one_has_it(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        let watch = db.store(&cabinet.clock).await;
        let (ann, bob) = (cabinet.customer(1, "Ann").await.id, cabinet.customer(2, "Bob").await.id);
        let (hers, his) = (session(&cabinet, ann).await, session(&cabinet, bob).await);
        let store = &cabinet.store;
        let first = links(store.clone(), hers).boxed();
        let rival = links(store.clone(), his).boxed();
        let (first, rival) = meet((store, &watch), "access.vk.link", first, rival).await;
        assert_eq!(first, Linked::Done { shared: Shared::Kept(Taken::Free) });
        assert_eq!(rival, Linked::Others);
        let linked = cabinet.read(move |tx| Box::pin(link::of(tx, bob))).await;
        assert_eq!(linked, None);
        assert_eq!(cabinet.letters("vk_changed").await, 1);
    }

    async fn a_session_that_ends_while_somebody_is_at_vk_links_nothing(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        let ann = cabinet.customer(1, "Ann").await.id;
        let ended = session(&cabinet, ann).await;
        cabinet.end(ann, ended.id).await;
        assert_eq!(links(cabinet.store.clone(), ended.clone()).await, Linked::Stranger);
        let taken = cabinet.write(move |tx| {
            let (ended, phone) = (ended.clone(), Phone::read(NUMBER).expect("a number"));
            Box::pin(async move { link::take_number(tx, &ended, &phone).await })
        });
        assert_eq!(taken.await, None);
        let linked = cabinet.read(move |tx| Box::pin(link::of(tx, ann))).await;
        assert_eq!(linked, None);
        assert_eq!(cabinet.letters("vk_changed").await, 0);
    }
}
