//! Several processes on one PostgreSQL: a lane is one process's, and who lost it can not apply anything.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kiosk::bus::{Bus, Duty, inbox};
use kiosk::sql;
use kiosk::store::ErrorKind;
use tokio::sync::Semaphore;

use crate::bus::{Face, all, all_are, apply, clock, effects, eventually, fact, moving, run};
use crate::support::db::TestDb;

sql! {
    OWNERS = "test.owners", "SELECT COALESCE(owner, '-') FROM lanes ORDER BY lane";
    GHOST = "test.ghost", "INSERT INTO lanes (lane, owner, fence, lease_until) VALUES (7, 'ghost', 5, 9000000000000)";
    STEAL = "test.steal",
        "UPDATE lanes SET owner = 'thief', fence = fence + 1, lease_until = 0 WHERE lane = 7
         AND NOT EXISTS (SELECT 1 FROM cursors WHERE name = 'no thief')";
    NO_THIEF = "test.no_thief", "INSERT INTO cursors (name, position, updated_at) VALUES ('no thief', 0, 0)";
    HEARING = "test.hearing",
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%kiosk_lanes%'";
    FENCES = "test.fences", "SELECT fence FROM lanes ORDER BY lane";
}

async fn owners(store: &kiosk::store::Store) -> Vec<String> {
    all::<(String,)>(store, &OWNERS)
        .await
        .into_iter()
        .map(|row| row.0)
        .collect()
}

type Answers = Arc<Mutex<Vec<Result<(), ErrorKind>>>>;

/// A face that waits at its gate before each write, and notes how the write went.
fn hanging() -> (Arc<Face>, Arc<Semaphore>, Answers) {
    let (gate, answers) = (Arc::new(Semaphore::new(0)), Answers::default());
    let (closed, noted) = (gate.clone(), answers.clone());
    let face = Face::new(move |turn| {
        let (gate, noted) = (closed.clone(), noted.clone());
        async move {
            gate.acquire().await.expect("it is never closed").forget();
            let applied = apply(&turn).await;
            let answer = applied.as_ref().map_err(|error| error.kind).copied();
            noted.lock().unwrap().push(answer);
            Ok(applied?)
        }
    });
    (face, gate, answers)
}

#[tokio::test]
async fn a_process_that_hung_while_its_lane_was_taken_over_applies_nothing() {
    let db = TestDb::postgres().await;
    let time = clock();
    let (one, two) = (db.store(&time).await, db.store(&time).await);
    let (hung, first_gate, answers) = hanging();
    let first = Bus::start(&one, "one", hung.clone());
    first.recover().await.unwrap();
    first
        .receive(vec![fact(Some(7), "a"), fact(Some(7), "b")])
        .await
        .unwrap();
    eventually("the first hangs", || async { hung.seen() == ["a"] }).await;
    let (rival, second_gate, _) = hanging();
    let second = Bus::start(&two, "two", rival.clone());
    second.recover().await.unwrap();
    // It lives and its lease runs: nobody takes the lane.
    second.receive(vec![fact(Some(7), "c")]).await.unwrap();
    assert_eq!(owners(&two).await, ["one"]);
    assert_eq!(rival.seen(), Vec::<String>::new());
    moving(
        &time,
        Duration::from_secs(1),
        "the second has the lane",
        || async { owners(&two).await == ["two"] },
    )
    .await;
    eventually("the second is at work", || async { rival.seen() == ["a"] }).await;
    // The row is still new and only the fence tells the first that it is too late.
    first_gate.add_permits(10);
    eventually("the first wakes", || async {
        !answers.lock().unwrap().is_empty()
    })
    .await;
    assert_eq!(*answers.lock().unwrap(), [Err(ErrorKind::Superseded)]);
    assert_eq!(effects(&two).await, Vec::<String>::new());
    assert_eq!(owners(&two).await, ["two"]);
    second_gate.add_permits(10);
    eventually("all are done", || all_are(&two, "done")).await;
    assert_eq!(rival.seen(), ["a", "b", "c"]);
    assert_eq!(effects(&two).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_takeover_waits_for_a_write_that_has_begun() {
    let db = TestDb::postgres().await;
    let time = clock();
    let (one, two) = (db.store(&time).await, db.store(&time).await);
    let slow = Face::diligent();
    let held = one.points().hold("turn.row_done");
    let first = Bus::start(&one, "one", slow.clone());
    first.recover().await.unwrap();
    first.receive(vec![fact(Some(7), "a")]).await.unwrap();
    held.reached().await;
    // The lane's row is locked and "row done" is written, but not committed; the lease ends meanwhile.
    time.advance(Duration::from_secs(61));
    let diligent = Face::diligent();
    let second = Bus::start(&two, "two", diligent.clone());
    second.recover().await.unwrap();
    drop(held);
    eventually("it is done", || all_are(&two, "done")).await;
    second.receive(vec![fact(Some(7), "b")]).await.unwrap();
    moving(&time, Duration::from_secs(1), "the next is done", || {
        all_are(&two, "done")
    })
    .await;
    assert_eq!(effects(&two).await, ["a", "b"]);
    assert_eq!(slow.seen()[0], "a");
    assert!(!diligent.seen().contains(&"a".to_owned()));
}

#[tokio::test]
async fn what_a_dead_process_leased_is_taken_at_once() {
    let db = TestDb::postgres().await;
    let store = db.store(&clock()).await;
    run(&store, &GHOST).await;
    store
        .write("test.left", |tx| {
            Box::pin(async move { inbox::store(tx, &[fact(Some(7), "a")]).await })
        })
        .await
        .unwrap();
    let face = Face::diligent();
    let bus = Bus::start(&store, "one", face.clone());
    bus.recover().await.unwrap();
    eventually("it is done", || all_are(&store, "done")).await;
    assert_eq!(face.seen(), ["a"]);
    assert_eq!(all::<(i64,)>(&store, &FENCES).await, [(6,)]);
    bus.drain(Duration::from_secs(30)).await.unwrap();
    assert_eq!(owners(&store).await, ["-"]);
}

#[tokio::test]
async fn what_a_lost_lane_left_undone_is_done_when_it_comes_back() {
    let db = TestDb::postgres().await;
    let time = clock();
    let store = db.store(&time).await;
    // The turn writes nothing, and before its row is marked done the lane is taken away by one who dies.
    let stolen = store.clone();
    let face = Face::new(move |_| {
        let store = stolen.clone();
        async move {
            run(&store, &STEAL).await;
            Ok(())
        }
    });
    let bus = Bus::start(&store, "one", face.clone());
    bus.recover().await.unwrap();
    // A lane that owes a screen is not forgotten meanwhile.
    bus.owes_screen(7);
    bus.receive(vec![fact(Some(7), "a")]).await.unwrap();
    eventually("the lane is stolen", || async { face.seen() == ["a"] }).await;
    moving(
        &time,
        Duration::from_secs(1),
        "it is done again",
        || async { face.seen().len() > 1 },
    )
    .await;
    // The thief has not come again, so it is done now.
    run(&store, &NO_THIEF).await;
    moving(&time, Duration::from_secs(1), "it is marked", || {
        all_are(&store, "done")
    })
    .await;
}

#[tokio::test]
async fn a_process_that_is_told_of_anothers_chat_tells_it_at_once() {
    let db = TestDb::postgres().await;
    // The clock stands still, so nobody looks by itself.
    let time = clock();
    let (one, two) = (db.store(&time).await, db.store(&time).await);
    let (face, rival) = (Face::diligent(), Face::diligent());
    let first = Bus::start(&one, "one", face.clone());
    first.recover().await.unwrap();
    first.receive(vec![fact(Some(7), "a")]).await.unwrap();
    eventually("the first works", || all_are(&one, "done")).await;
    let second = Bus::start(&two, "two", rival.clone());
    second.recover().await.unwrap();
    eventually("the first can be told", || async {
        all::<(i64,)>(&one, &HEARING).await == [(2,)]
    })
    .await;
    second.receive(vec![fact(Some(7), "b")]).await.unwrap();
    eventually("the first is told", || all_are(&one, "done")).await;
    assert_eq!(face.seen(), ["a", "b"]);
}

#[tokio::test]
async fn a_duty_is_one_processs_and_goes_on_when_it_dies_or_hangs() {
    let db = TestDb::postgres().await;
    let time = clock();
    let (one, two) = (db.store(&time).await, db.store(&time).await);
    let first = Bus::start(&one, "one", Face::diligent());
    let second = Bus::start(&two, "two", Face::diligent());
    assert_eq!(first.duty("polling").await.unwrap(), Duty::Begun);
    assert_eq!(second.duty("polling").await.unwrap(), Duty::Theirs);
    assert_eq!(first.duty("polling").await.unwrap(), Duty::Ours);
    assert_eq!(second.duty("sweeping").await.unwrap(), Duty::Begun);
    // Left in order.
    first.give_up("polling").await.unwrap();
    assert_eq!(second.duty("polling").await.unwrap(), Duty::Begun);
    assert_eq!(first.duty("polling").await.unwrap(), Duty::Theirs);
    // A process that stops takes its proof of life with it, and its duties.
    second.drain(Duration::from_secs(30)).await.unwrap();
    eventually("it is free", || async {
        first.duty("polling").await.unwrap() != Duty::Theirs
    })
    .await;
    // One that hangs says nothing: its connection is ended, and when it wakes it knows that the duty is gone.
    let mut witness = two.session().await.unwrap().expect("PostgreSQL");
    assert_eq!(
        witness.end_silent(Duration::from_hours(1)).await.unwrap(),
        0
    );
    // One that is just going may be counted, too.
    assert!(witness.end_silent(Duration::ZERO).await.unwrap() >= 1);
    let third = Bus::start(&two, "three", Face::diligent());
    eventually("it is free again", || async {
        third.duty("polling").await.unwrap() != Duty::Theirs
    })
    .await;
    assert_eq!(first.duty("polling").await.unwrap(), Duty::Theirs);
}
