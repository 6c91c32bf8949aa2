//! One-time login links.

use std::time::Duration;

use futures::future::join_all;
use kiosk::shop::access::Way;
use kiosk::shop::access::links::{self, KEPT, LIFE};
use kiosk::shop::access::token::Token;

use crate::access::rig::Cabinet;
use crate::on_both_engines;

async fn is_shown(cabinet: &Cabinet, link: &Token) -> bool {
    let link = link.clone();
    let shown = cabinet
        .read(move |tx| {
            let link = link.clone();
            Box::pin(async move { links::show(tx, &link).await })
        })
        .await;
    shown.is_some_and(|shown| shown.name == "Ann")
}

on_both_engines! {
    async fn of_a_hundred_who_use_a_link_at_once_one_is_logged_in(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        let ann = cabinet.customer(1, "Ann").await.id;
        let link = cabinet.link(ann).await;
        let tries = (0..100).map(|_| {
            let (cabinet, link) = (cabinet.clone(), link.clone());
            tokio::spawn(async move { cabinet.consume(&link).await })
        });
        let answers: Vec<Option<Token>> = join_all(tries).await.into_iter().map(|it| it.unwrap()).collect();
        let tokens: Vec<&Token> = answers.iter().flatten().collect();
        assert_eq!(tokens.len(), 1);
        let sessions = cabinet.sessions(ann).await;
        assert_eq!(sessions.len(), 1);
        assert_eq!(sessions[0].way, Way::Link);
        assert_eq!(cabinet.find(tokens[0]).await.unwrap().id, sessions[0].id);
    }

    async fn looking_at_a_link_does_not_use_it(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        let ann = cabinet.customer(1, "Ann").await.id;
        let link = cabinet.link(ann).await;
        for _ in 0..3 {
            assert!(is_shown(&cabinet, &link).await);
        }
        assert_eq!(cabinet.sessions(ann).await, []);
        assert!(cabinet.consume(&link).await.is_some());
        assert!(!is_shown(&cabinet, &link).await);
        assert!(cabinet.consume(&link).await.is_none());
    }

    async fn a_link_ends_after_ten_minutes_and_when_a_newer_one_comes(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        let (ann, bob) = (cabinet.customer(1, "Ann").await.id, cabinet.customer(2, "Bob").await.id);
        let bobs = cabinet.link(bob).await;
        let older = cabinet.link(ann).await;
        let newer = cabinet.link(ann).await;
        assert!(!is_shown(&cabinet, &older).await);
        assert!(cabinet.consume(&older).await.is_none());
        assert!(cabinet.consume(&bobs).await.is_some(), "another's link lives");
        cabinet.clock.advance(LIFE.saturating_sub(Duration::from_millis(1)));
        assert!(is_shown(&cabinet, &newer).await);
        cabinet.clock.advance(Duration::from_millis(1));
        assert!(!is_shown(&cabinet, &newer).await);
        assert!(cabinet.consume(&newer).await.is_none());
        let never_made: Token = "A".repeat(43).parse().unwrap();
        assert!(cabinet.consume(&never_made).await.is_none());
        assert_eq!(cabinet.sessions(ann).await, []);
        cabinet.clock.advance(KEPT);
        assert_eq!(cabinet.write(|tx| Box::pin(links::forget(tx))).await, 3);
    }
}
