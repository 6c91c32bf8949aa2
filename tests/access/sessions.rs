//! Sessions: each login has its own, and what is over is nothing.

use std::time::Duration;

use kiosk::shop::access::Way;
use kiosk::shop::access::sessions::{self, FRESH, IDLE, KEPT, LIFE, SEEN_EVERY};
use kiosk::shop::access::token::Token;
use kiosk::store::{self, Sql};
use kiosk::{binds, sql};

use crate::access::rig::{Cabinet, START};
use crate::on_both_engines;

const TICK: Duration = Duration::from_millis(1);

sql! {
    NO_SCANS = "test.sessions.no_scans",
        sqlite: "SELECT 'nothing to set'",
        postgres: "SELECT set_config('enable_seqscan', 'off', true)";
}

sql! {
    ROWS = "test.sessions.rows", "SELECT COUNT(*) FROM sessions";
    HASHES = "test.sessions.hashes", "SELECT hash FROM sessions";
}

on_both_engines! {
    async fn a_login_begins_a_new_session_and_ends_the_one_that_the_browser_came_with(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        let ann = cabinet.customer(1, "Ann").await.id;
        // Somebody has put a session of theirs into Ann's browser, and waits for her to log in.
        let mallory = cabinet.customer(2, "Mallory").await.id;
        let planted = cabinet.session(mallory).await;
        let token = cabinet.session_from(ann, Some(&planted)).await;
        assert_eq!(cabinet.find(&planted).await, None);
        assert_eq!(cabinet.find(&token).await.unwrap().customer, ann);
        // The same again with her own: the old id dies.
        let next = cabinet.session_from(ann, Some(&token)).await;
        assert_ne!(next.expose(), token.expose());
        assert_eq!(cabinet.find(&token).await, None);
        assert_eq!(cabinet.sessions(ann).await.len(), 1);
        // A token that somebody made up is no session, before and after.
        let made_up: Token = "A".repeat(43).parse().unwrap();
        cabinet.session_from(ann, Some(&made_up)).await;
        assert_eq!(cabinet.find(&made_up).await, None);
    }

    async fn an_unused_session_ends_after_two_weeks_and_a_used_one_after_ninety_days(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        let ann = cabinet.customer(1, "Ann").await.id;
        let (idle, used) = (cabinet.session(ann).await, cabinet.session(ann).await);
        let found = cabinet.find(&idle).await.unwrap();
        assert_eq!((found.way, found.created_at, found.expires_at), (Way::Link, START, START + IDLE.as_millis() as i64));
        assert_eq!(found.device.address.as_deref(), Some("203.0.113.0/24"));
        cabinet.clock.advance(IDLE.saturating_sub(TICK));
        assert!(cabinet.find(&idle).await.is_some());
        assert!(cabinet.touch(&used).await);
        cabinet.clock.advance(TICK);
        assert_eq!(cabinet.find(&idle).await, None);
        assert!(!cabinet.touch(&idle).await, "what is over can't be revived");
        assert_eq!(cabinet.sessions(ann).await.len(), 1);
        // Used every day, it still ends.
        let end = START + LIFE.as_millis() as i64;
        while cabinet.clock.now() + 86_400_000 < end {
            cabinet.clock.advance(Duration::from_hours(24));
            assert!(cabinet.touch(&used).await);
        }
        assert_eq!(cabinet.find(&used).await.unwrap().expires_at, end);
        cabinet.clock.advance(Duration::from_millis((end - cabinet.clock.now() - 1) as u64));
        assert!(cabinet.find(&used).await.is_some());
        cabinet.clock.advance(TICK);
        assert_eq!(cabinet.find(&used).await, None);
        assert!(!cabinet.touch(&used).await);
    }

    async fn that_a_session_is_used_is_written_down_once_a_minute(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        let ann = cabinet.customer(1, "Ann").await.id;
        let token = cabinet.session(ann).await;
        assert!(!cabinet.find(&token).await.unwrap().is_due(cabinet.clock.now()));
        assert!(!cabinet.touch(&token).await);
        cabinet.clock.advance(SEEN_EVERY);
        assert!(cabinet.find(&token).await.unwrap().is_due(cabinet.clock.now()));
        let touches = (0..20).map(|_| cabinet.touch(&token));
        let written = futures::future::join_all(touches).await;
        assert_eq!(written.iter().filter(|it| **it).count(), 1);
        let found = cabinet.find(&token).await.unwrap();
        assert_eq!(found.last_seen_at, cabinet.clock.now());
        assert_eq!(found.expires_at, cabinet.clock.now() + IDLE.as_millis() as i64);
        assert!(found.is_fresh(START + FRESH.as_millis() as i64 - 1));
        assert!(!found.is_fresh(START + FRESH.as_millis() as i64));
    }

    async fn ended_sessions_are_dead_at_once_and_only_their_owner_ends_them(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        let (ann, bob) = (cabinet.customer(1, "Ann").await.id, cabinet.customer(2, "Bob").await.id);
        let phone = cabinet.session(ann).await;
        let laptop = cabinet.session(ann).await;
        let tablet = cabinet.session(ann).await;
        let bobs = cabinet.session(bob).await;
        let id = cabinet.find(&phone).await.unwrap().id;
        assert!(!cabinet.end(bob, id).await, "a stranger");
        assert!(cabinet.find(&phone).await.is_some());
        assert!(cabinet.end(ann, id).await);
        assert_eq!(cabinet.find(&phone).await, None);
        assert!(!cabinet.touch(&phone).await);
        assert!(!cabinet.end(ann, id).await, "once");
        // All but this one.
        let kept = cabinet.find(&laptop).await.unwrap().id;
        assert_eq!(cabinet.write(move |tx| Box::pin(sessions::end_others(tx, ann, kept))).await, 1);
        assert_eq!(cabinet.find(&tablet).await, None);
        assert!(cabinet.find(&laptop).await.is_some());
        // This one, by its token.
        cabinet.write({
            let laptop = laptop.clone();
            move |tx| { let laptop = laptop.clone(); Box::pin(async move { sessions::end_by_token(tx, &laptop).await }) }
        }).await;
        assert_eq!(cabinet.find(&laptop).await, None);
        assert_eq!(cabinet.sessions(ann).await, []);
        // All.
        let (one, other) = (cabinet.session(ann).await, cabinet.session(ann).await);
        assert_eq!(cabinet.write(move |tx| Box::pin(sessions::end_all(tx, ann))).await, 2);
        assert_eq!((cabinet.find(&one).await, cabinet.find(&other).await), (None, None));
        assert!(cabinet.find(&bobs).await.is_some(), "Bob's are Bob's");
    }

    async fn a_token_is_not_in_the_database_and_old_sessions_are_forgotten(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        let ann = cabinet.customer(1, "Ann").await.id;
        let token = cabinet.session(ann).await;
        let hashes: Vec<(Vec<u8>,)> = cabinet.read(|tx| Box::pin(tx.all(&HASHES, binds![]))).await;
        let text = token.expose();
        assert!(hashes.iter().all(|(hash,)| text.parse::<Token>().is_ok() && hash.as_slice() != text.as_bytes()));
        cabinet.clock.advance((IDLE + KEPT).saturating_sub(TICK));
        assert_eq!(cabinet.write(|tx| Box::pin(sessions::forget(tx))).await, 0);
        cabinet.clock.advance(TICK);
        assert_eq!(cabinet.write(|tx| Box::pin(sessions::forget(tx))).await, 1);
        let (rows,): (i64,) = cabinet.read(|tx| Box::pin(tx.one(&ROWS, binds![]))).await;
        assert_eq!(rows, 0);
    }

    async fn what_each_request_asks_follows_an_index(db: TestDb) {
        let cabinet = Cabinet::open(&db).await;
        let ann = cabinet.customer(1, "Ann").await.id;
        let token = cabinet.session(ann).await;
        cabinet.find(&token).await;
        cabinet.sessions(ann).await;
        for (name, index) in [("access.sessions.find", "hash"), ("access.sessions.of_customer", "sessions_of_customer")] {
            let found = store::used(name).unwrap();
            let lite: &str = format!("EXPLAIN QUERY PLAN {}", found.sqlite).leak();
            let pg: &str = format!("EXPLAIN (COSTS OFF) {}", found.postgres).leak();
            let explain: &'static Sql = Box::leak(Box::new(Sql::new("test.plan", lite, pg)));
            let plan: String = cabinet.read(move |tx| Box::pin(async move {
                tx.all::<(String,)>(&NO_SCANS, binds![]).await?;
                let binds = if name.ends_with("find") { binds![[0_u8; 32], 1_i64] } else { binds![1_i64, 1_i64] };
                if tx.is_postgres() {
                    let steps: Vec<(String,)> = tx.all(explain, binds).await?;
                    return Ok(steps.into_iter().map(|step| step.0).collect());
                }
                let steps: Vec<(i64, i64, i64, String)> = tx.all(explain, binds).await?;
                Ok(steps.into_iter().map(|step| step.3).collect())
            })).await;
            // SQLite numbers the index of a UNIQUE column.
            assert!(plan.contains(index) || plan.contains("sqlite_autoindex_sessions_2"), "{name}: {plan}");
            assert!(!plan.contains("SCAN s") && !plan.contains("Seq Scan"), "{name}: {plan}");
        }
    }
}
