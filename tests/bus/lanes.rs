//! The order of a chat's messages, and what one of them may do to the others.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kiosk::bus::{Bus, HandlerError, inbox};
use kiosk::store::StoreError;
use kiosk::{binds, sql};
use tokio::sync::Barrier;

use crate::bus::{
    Face, all_are, apply, clock, effects, eventually, fact, moving, started, states, tasks, text,
};
use crate::on_both_engines;
use crate::support::db::TestDb;

sql! {
    WAITING = "test.waiting",
        "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    FINISH = "test.finish", "UPDATE inbox SET state = 'done' WHERE seq = $1 AND state = 'new'";
}

on_both_engines! {
    async fn a_chats_messages_apply_in_order_and_one_at_a_time(db: TestDb) {
        let store = db.store(&clock()).await;
        let at_work = Arc::new(Mutex::new(HashSet::new()));
        let face = Face::new(move |turn| {
            let at_work = at_work.clone();
            async move {
                let lane = turn.row().lane;
                assert!(at_work.lock().unwrap().insert(lane), "two turns of one chat");
                let applied = apply(&turn).await;
                at_work.lock().unwrap().remove(&lane);
                Ok(applied?)
            }
        });
        let bus = started(&store, &face).await;
        for part in 0..4 {
            let facts = (part * 10..part * 10 + 10).map(|n| fact(Some(n % 3), &format!("{n:02}")));
            bus.receive(facts.collect()).await.unwrap();
        }
        eventually("all are done", || all_are(&store, "done")).await;
        let seen = face.seen();
        assert_eq!(seen.len(), 40);
        for chat in 0..3 {
            let of_chat: Vec<_> = seen.iter().filter(|text| text.parse::<i64>().unwrap() % 3 == chat).collect();
            assert!(of_chat.is_sorted(), "{of_chat:?}");
        }
        assert_eq!(effects(&store).await.len(), 40);
    }

    async fn what_has_no_chat_is_handled_at_once_beside_everything_else(db: TestDb) {
        let store = db.store(&clock()).await;
        // Each waits for the other three: one after another they would wait for ever.
        let together = Arc::new(Barrier::new(4));
        let face = Face::new(move |turn| {
            let together = together.clone();
            async move {
                together.wait().await;
                Ok(apply(&turn).await?)
            }
        });
        let bus = started(&store, &face).await;
        bus.receive(vec![fact(None, "a"), fact(None, "b"), fact(Some(1), "c"), fact(Some(2), "d")]).await.unwrap();
        eventually("all are done", || all_are(&store, "done")).await;
        assert_eq!(effects(&store).await, ["a", "b", "c", "d"]);
    }

    async fn the_same_message_again_is_the_same_message(db: TestDb) {
        let store = db.store(&clock()).await;
        let face = Face::diligent();
        let bus = started(&store, &face).await;
        let new = bus.receive(vec![fact(Some(7), "a"), fact(Some(7), "a"), fact(Some(7), "b")]).await.unwrap();
        assert_eq!(new, [true, false, true]);
        eventually("all are done", || all_are(&store, "done")).await;
        assert_eq!(bus.receive(vec![fact(Some(7), "a"), fact(None, "c")]).await.unwrap(), [false, true]);
        eventually("all are done", || all_are(&store, "done")).await;
        assert_eq!(face.seen(), ["a", "b", "c"]);
    }

    async fn a_message_that_somebody_finished_meanwhile_is_not_applied(db: TestDb) {
        let store = db.store(&clock()).await;
        let rival = store.clone();
        let answers = Arc::new(Mutex::new(Vec::new()));
        let noted = answers.clone();
        let face = Face::new(move |turn| {
            let (rival, noted) = (rival.clone(), noted.clone());
            async move {
                let seq = turn.row().seq;
                let finished = rival.write("test.finish", move |tx| {
                    Box::pin(async move { tx.execute(&FINISH, binds![seq]).await })
                });
                finished.await.map_err(|error: StoreError| error)?;
                let applied = apply(&turn).await;
                noted.lock().unwrap().push(applied.as_ref().map_err(|error| error.kind).copied());
                Ok(applied?)
            }
        });
        let bus = started(&store, &face).await;
        for lane in [Some(7), None] {
            let mut taken = fact(lane, "taken");
            taken.source = format!("telegram:{lane:?}");
            bus.receive(vec![taken]).await.unwrap();
        }
        eventually("both are tried", || async { answers.lock().unwrap().len() == 2 }).await;
        let superseded = Err(kiosk::store::ErrorKind::Superseded);
        assert_eq!(*answers.lock().unwrap(), [superseded, superseded]);
        assert_eq!(effects(&store).await, Vec::<String>::new());
        assert_eq!(tasks(&store).await, []);
    }

    async fn a_poison_message_stops_nobody_and_dies_after_fifteen_seconds(db: TestDb) {
        let time = clock();
        let store = db.store(&time).await;
        let face = Face::new(|turn| async move {
            if text(&turn) == "poison" {
                return Err(HandlerError::Retry("not now".to_owned()));
            }
            Ok(apply(&turn).await?)
        });
        let bus = started(&store, &face).await;
        let began = kiosk::clock::Clock::now(&time);
        bus.receive(vec![fact(Some(7), "poison"), fact(Some(7), "behind it"), fact(Some(8), "neighbour"), fact(None, "alone")])
            .await
            .unwrap();
        eventually("the others are done", || async { effects(&store).await == ["alone", "neighbour"] }).await;
        assert_eq!(states(&store).await[1].1, "new");
        moving(&time, Duration::from_millis(250), "the poison is put aside", || async {
            states(&store).await[0].1 == "dead"
        })
        .await;
        assert!(time.now() - began >= 15_000);
        eventually("the one behind it is done", || async { states(&store).await[1].1 == "done" }).await;
        assert_eq!(tasks(&store).await, [("inbox.dead".to_owned(), "open".to_owned())]);
        assert_eq!(*face.buried.lock().unwrap(), ["poison"]);
        assert!(face.seen().iter().filter(|text| *text == "poison").count() > 2);
    }

    async fn a_message_that_can_not_be_handled_dies_at_once(db: TestDb) {
        let store = db.store(&clock()).await;
        let face = Face::new(|turn| async move {
            match text(&turn).as_str() {
                "final" => Err(HandlerError::Final("never".to_owned())),
                "panic" => panic!("this panic is part of the test"),
                _ => Ok(apply(&turn).await?),
            }
        });
        let bus = started(&store, &face).await;
        bus.receive(vec![fact(Some(7), "final"), fact(Some(7), "panic"), fact(Some(7), "good")]).await.unwrap();
        eventually("the good one is done", || async { states(&store).await[2].1 == "done" }).await;
        let ended: Vec<String> = states(&store).await.into_iter().map(|row| row.1).collect();
        assert_eq!(ended, ["dead", "dead", "done"]);
        assert_eq!(face.seen(), ["final", "panic", "good"]);
        assert_eq!(tasks(&store).await.len(), 2);
    }

    async fn what_a_run_before_left_is_taken_up_in_order(db: TestDb) {
        let store = db.store(&clock()).await;
        let left: Vec<_> = (0..5).map(|n| fact(Some(7), &n.to_string())).chain([fact(None, "alone")]).collect();
        store
            .write("test.left", move |tx| {
                let left = left.clone();
                Box::pin(async move { inbox::store(tx, &left).await })
            })
            .await
            .unwrap();
        let face = Face::diligent();
        let bus = started(&store, &face).await;
        bus.receive(vec![fact(Some(7), "5")]).await.unwrap();
        eventually("all are done", || all_are(&store, "done")).await;
        let in_chat: Vec<String> = face.seen().into_iter().filter(|text| text != "alone").collect();
        assert_eq!(in_chat, ["0", "1", "2", "3", "4", "5"]);
    }

    async fn an_orderly_stop_ends_what_is_at_work_and_leaves_the_rest_to_the_next_start(db: TestDb) {
        let store = db.store(&clock()).await;
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let closed = gate.clone();
        let face = Face::new(move |turn| {
            let gate = closed.clone();
            async move {
                gate.acquire().await.expect("it is never closed").forget();
                Ok(apply(&turn).await?)
            }
        });
        let bus = started(&store, &face).await;
        bus.receive(vec![fact(Some(7), "a"), fact(Some(7), "b")]).await.unwrap();
        eventually("the first is at work", || async { face.seen() == ["a"] }).await;
        let draining = tokio::spawn({
            let bus = bus.clone();
            async move { bus.drain(Duration::from_secs(30)).await }
        });
        tokio::task::yield_now().await;
        gate.add_permits(2);
        draining.await.unwrap().unwrap();
        assert_eq!(effects(&store).await, ["a"]);
        let ended: Vec<String> = states(&store).await.into_iter().map(|row| row.1).collect();
        assert_eq!(ended, ["done", "new"]);
        let next = Face::diligent();
        let bus = Bus::start(&store, "two", next.clone());
        bus.recover().await.unwrap();
        eventually("all are done", || all_are(&store, "done")).await;
        assert_eq!(next.seen(), ["b"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_at_once_hand_their_messages_over_in_the_order_of_their_commits() {
    let db = TestDb::sqlite().await;
    let store = db.store(&clock()).await;
    let face = Face::diligent();
    let bus = started(&store, &face).await;
    let calls: Vec<_> = (0..400)
        .map(|n| {
            let bus = bus.clone();
            tokio::spawn(async move { bus.receive(vec![fact(Some(7), &n.to_string())]).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), [true]);
    }
    eventually("all are done", || all_are(&store, "done")).await;
    let stored: Vec<String> = states(&store).await.into_iter().map(|row| row.0).collect();
    assert_eq!(face.seen(), stored);
}

/// Numbers are given before the commit: without the lane's lock, the later one would be seen first.
#[tokio::test]
async fn two_processes_that_store_for_one_chat_are_numbered_in_the_order_of_their_commits() {
    let db = TestDb::postgres().await;
    let (one, two) = (db.store(&clock()).await, db.store(&clock()).await);
    let held = one.points().hold("test.stored");
    let first = one.write("test.first", |tx| {
        Box::pin(async move {
            inbox::store(tx, &[fact(Some(7), "first")]).await?;
            tx.pause("test.stored").await;
            Ok::<_, StoreError>(())
        })
    });
    let second = async {
        held.reached().await;
        let storing = tokio::spawn({
            let two = two.clone();
            async move {
                two.write("test.second", |tx| {
                    Box::pin(async move { inbox::store(tx, &[fact(Some(7), "second")]).await })
                })
                .await
            }
        });
        // Another chat does not wait.
        two.write("test.other", |tx| {
            Box::pin(async move { inbox::store(tx, &[fact(Some(8), "other")]).await })
        })
        .await
        .unwrap();
        eventually("the second waits", || async {
            crate::bus::all::<(i64,)>(&two, &WAITING).await == [(1,)]
        })
        .await;
        assert!(!storing.is_finished());
        assert_eq!(states(&two).await, [("other".to_owned(), "new".to_owned())]);
        held.release();
        storing.await.unwrap().unwrap();
    };
    let (first, ()) = tokio::join!(first, second);
    first.unwrap();
    let order: Vec<String> = states(&two).await.into_iter().map(|row| row.0).collect();
    let in_chat: Vec<_> = order.iter().filter(|name| *name != "other").collect();
    assert_eq!(in_chat, ["first", "second"]);
}
