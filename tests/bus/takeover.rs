//! Several processes on one PostgreSQL: a lane is one process's, and who lost it can not apply anything.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kiosk::bus::{Bus, inbox};
use kiosk::sql;
use kiosk::store::ErrorKind;
use tokio::sync::Semaphore;

use crate::bus::{Face, all, all_are, apply, clock, effects, eventually, fact, moving, run};
use crate::support::db::TestDb;

sql! {
    OWNERS = "test.owners", "SELECT COALESCE(owner, '-') FROM lanes ORDER BY lane";
    GHOST = "test.ghost", "INSERT INTO lanes (lane, owner, fence, lease_until) VALUES (7, 'ghost', 5, 9000000000000)";
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
