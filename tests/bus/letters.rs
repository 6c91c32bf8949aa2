//! The outbox: who goes first, what is tried again, what is not, and what staff are told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kiosk::bus::outbox::{self, Claimed, Letter, Priority, Semantics};
use kiosk::bus::{Carrier, Outbox, Outcome};
use kiosk::sql;
use kiosk::store::{Store, StoreError};

use crate::bus::{all, clock, eventually, moving, run, tasks};
use crate::on_both_engines;

sql! {
    LETTERS = "test.letters", "SELECT dedup_key, state, attempts, due_at, changed_at FROM outbox ORDER BY id";
    WEARY = "test.weary", "UPDATE outbox SET attempts = 39";
    LEASED = "test.leased", "SELECT COUNT(*) FROM outbox WHERE lease_until IS NOT NULL OR owner IS NOT NULL";
    HELD = "test.held", "UPDATE outbox SET state = 'sending', owner = 'ghost', lease_until = 1";
}

/// Answers each letter with what the test says: its next outcome, then `Sent`.
#[derive(Default)]
struct Post {
    outcomes: Mutex<HashMap<String, Vec<Outcome>>>,
    carried: Mutex<Vec<String>>,
}

impl Post {
    fn of(outcomes: &[(&str, &[Outcome])]) -> Arc<Self> {
        let outcomes = outcomes
            .iter()
            .map(|(name, outcomes)| ((*name).to_owned(), outcomes.to_vec()))
            .collect();
        Arc::new(Self {
            outcomes: Mutex::new(outcomes),
            carried: Mutex::default(),
        })
    }

    fn carried(&self) -> Vec<String> {
        self.carried.lock().unwrap().clone()
    }
}

impl Carrier for Post {
    fn carry<'a>(&'a self, letter: &'a Claimed) -> BoxFuture<'a, Outcome> {
        async move {
            self.carried.lock().unwrap().push(letter.payload.clone());
            assert!(letter.payload != "panic", "this panic is part of the test");
            match self.outcomes.lock().unwrap().get_mut(&letter.payload) {
                Some(outcomes) if !outcomes.is_empty() => outcomes.remove(0),
                _ => Outcome::Sent,
            }
        }
        .boxed()
    }
}

/// Posts letters that carry their own names.
async fn post(store: &Store, letters: &[(&str, Option<i64>, Priority, Semantics)]) {
    let letters: Vec<_> = letters
        .iter()
        .map(|letter| (letter.0.to_owned(), letter.1, letter.2, letter.3))
        .collect();
    store
        .write("test.post", move |tx| {
            let letters = letters.clone();
            Box::pin(async move {
                for (name, chat, priority, semantics) in letters {
                    let letter = Letter {
                        dedup_key: &name,
                        kind: "test",
                        chat,
                        priority,
                        semantics,
                        payload: &name,
                    };
                    outbox::post(tx, &letter).await?;
                }
                Ok::<_, StoreError>(())
            })
        })
        .await
        .unwrap();
}

const ONCE: Semantics = Semantics::AtMostOnce;
const SURELY: Semantics = Semantics::AtLeastOnce;

/// Each letter with its state, its attempts, when it is due and when it was last changed.
async fn letters(store: &Store) -> Vec<(String, String, i64, i64, i64)> {
    all(store, &LETTERS).await
}

async fn is(store: &Store, name: &str, state: &str) -> bool {
    letters(store)
        .await
        .iter()
        .any(|letter| letter.0 == name && letter.1 == state)
}

on_both_engines! {
    async fn what_is_urgent_is_carried_before_what_was_posted_earlier(db: TestDb) {
        let store = db.store(&clock()).await;
        for chat in 0..40 {
            let name = format!("notice {chat:02}");
            post(&store, &[(&name, Some(chat), Priority::Notice, SURELY)]).await;
        }
        post(&store, &[("invoice", Some(100), Priority::Invoice, ONCE), ("refund", None, Priority::Refund, SURELY)]).await;
        post(&store, &[("key", Some(101), Priority::Delivery, SURELY)]).await;
        let courier = Post::of(&[]);
        let _outbox = Outbox::start(&store, "one", courier.clone()).await.unwrap();
        eventually("all are sent", || async { letters(&store).await.iter().all(|letter| letter.1 == "sent") }).await;
        let carried = courier.carried();
        assert_eq!(carried[..4], ["key", "refund", "invoice", "notice 00"]);
        assert_eq!(carried.len(), 43);
    }

    async fn a_posted_letter_is_sent_at_once_and_the_same_letter_once(db: TestDb) {
        let store = db.store(&clock()).await;
        let courier = Post::of(&[]);
        let _outbox = Outbox::start(&store, "one", courier.clone()).await.unwrap();
        post(&store, &[("a", Some(1), Priority::Notice, SURELY)]).await;
        post(&store, &[("a", Some(1), Priority::Notice, SURELY), ("b", Some(1), Priority::Notice, SURELY)]).await;
        eventually("both are sent", || async { is(&store, "a", "sent").await && is(&store, "b", "sent").await }).await;
        assert_eq!(courier.carried(), ["a", "b"]);
    }

    async fn a_failed_send_is_tried_again_after_growing_pauses(db: TestDb) {
        let time = clock();
        let store = db.store(&time).await;
        let again = || Outcome::Retry("busy".to_owned());
        let courier = Post::of(&[("a", &[again(), again(), again()])]);
        post(&store, &[("a", Some(1), Priority::Notice, ONCE), ("b", Some(2), Priority::Notice, SURELY)]).await;
        let _outbox = Outbox::start(&store, "one", courier.clone()).await.unwrap();
        for (attempt, least) in [(1, 500), (2, 1_000), (3, 2_000)] {
            moving(&time, Duration::from_millis(1), "it is tried", || async { letters(&store).await[0].2 == attempt }).await;
            // The clock moves no more than a little between the failure and its note.
            eventually("it is pending again", || is(&store, "a", "pending")).await;
            let (_, _, _, due, failed) = letters(&store).await.swap_remove(0);
            assert!((least - 100..=least + least / 4).contains(&(due - failed)), "{due} {failed} {attempt}");
            time.advance(Duration::from_millis((due - time.now()).max(0) as u64));
        }
        moving(&time, Duration::from_millis(10), "it is sent", || is(&store, "a", "sent")).await;
        eventually("its neighbour is sent", || is(&store, "b", "sent")).await;
        assert_eq!(courier.carried().iter().filter(|name| *name == "a").count(), 4);
    }

    async fn an_unknown_outcome_is_repeated_only_where_a_repeat_is_harmless(db: TestDb) {
        let time = clock();
        let store = db.store(&time).await;
        let unknown: &[Outcome] = &[Outcome::Unknown("timeout".to_owned())];
        let courier = Post::of(&[("advert", unknown), ("key", unknown)]);
        post(&store, &[("advert", Some(1), Priority::Notice, ONCE), ("key", Some(2), Priority::Delivery, SURELY)]).await;
        let _outbox = Outbox::start(&store, "one", courier.clone()).await.unwrap();
        moving(&time, Duration::from_millis(100), "the key is sent", || is(&store, "key", "sent")).await;
        eventually("the advert is in doubt", || is(&store, "advert", "uncertain")).await;
        let mut carried = courier.carried();
        carried.sort();
        assert_eq!(carried, ["advert", "key", "key"]);
    }

    async fn a_dead_letter_is_told_to_staff_where_they_can_do_something(db: TestDb) {
        let time = clock();
        let store = db.store(&time).await;
        let refused = |alert| Outcome::Refused { reason: "no".to_owned(), alert };
        let courier = Post::of(&[("blocked", &[refused(false)]), ("wrong", &[refused(true)]), ("weary", &[Outcome::Retry("busy".to_owned())])]);
        post(&store, &[("weary", Some(3), Priority::Notice, SURELY)]).await;
        run(&store, &WEARY).await;
        post(&store, &[("blocked", Some(1), Priority::Notice, SURELY), ("wrong", Some(2), Priority::Notice, SURELY), ("panic", None, Priority::Notice, SURELY)]).await;
        let _outbox = Outbox::start(&store, "one", courier.clone()).await.unwrap();
        eventually("all are dead", || async { letters(&store).await.iter().all(|letter| letter.1 == "dead") }).await;
        let open = ("outbox.dead".to_owned(), "open".to_owned());
        assert_eq!(tasks(&store).await, [open.clone(), open.clone(), open.clone()]);
        // The customer is back: their letters go again.
        let revived = store
            .write("test.revive", |tx| Box::pin(outbox::revive(tx, 2, "test")))
            .await
            .unwrap();
        assert_eq!(revived, 1);
        eventually("it is sent", || is(&store, "wrong", "sent")).await;
        eventually("its task is resolved", || async {
            tasks(&store).await.iter().filter(|task| task.1 == "resolved").count() == 1
        })
        .await;
    }

    async fn what_was_paid_for_is_tried_until_it_arrives_and_staff_know_that_it_is_late(db: TestDb) {
        let time = clock();
        let store = db.store(&time).await;
        let busy = || Outcome::Retry("busy".to_owned());
        let courier = Post::of(&[("keys", &[busy(), Outcome::Unknown("busy".to_owned()), busy(), busy()])]);
        post(&store, &[("keys", Some(1), Priority::Delivery, SURELY)]).await;
        run(&store, &WEARY).await;
        let _outbox = Outbox::start(&store, "one", courier.clone()).await.unwrap();
        let late = || ("outbox.late".to_owned(), "open".to_owned());
        // Tried so often, and not on its way: until then the clock stands but for a nudge to whoever sleeps past what is due.
        let tried = async |attempt| loop {
            let (_, state, attempts, due, _) = letters(&store).await.swap_remove(0);
            if state != "sending" && attempts == attempt {
                break;
            }
            if state == "pending" && due <= time.now() {
                // Far less than a lease, however long the claim takes.
                time.advance(Duration::from_millis(5));
            }
            tokio::task::yield_now().await;
        };
        for attempt in 40..43 {
            tried(attempt).await;
            let (_, state, _, due, failed) = letters(&store).await.swap_remove(0);
            assert_eq!(state, "pending");
            assert!(due - failed <= 375_000, "five minutes and a quarter at most: {due} {failed}");
            assert_eq!(tasks(&store).await, [late()]);
            time.advance(Duration::from_millis((due - time.now()).max(0) as u64));
        }
        tried(43).await;
        moving(&time, Duration::from_secs(30), "it is sent", || is(&store, "keys", "sent")).await;
        eventually("its task is resolved", || async { tasks(&store).await == [("outbox.late".to_owned(), "resolved".to_owned())] }).await;
    }

    async fn a_chat_that_asks_for_a_pause_gets_one_and_the_others_do_not(db: TestDb) {
        let time = clock();
        let store = db.store(&time).await;
        let began = time.now();
        let courier = Post::of(&[("first", &[Outcome::Wait(Duration::from_secs(30))])]);
        let _outbox = Outbox::start(&store, "one", courier.clone()).await.unwrap();
        post(&store, &[("first", Some(1), Priority::Notice, SURELY), ("second", Some(1), Priority::Notice, SURELY), ("other", Some(2), Priority::Notice, SURELY)]).await;
        eventually("all are answered", || async {
            is(&store, "other", "sent").await && is(&store, "first", "pending").await && is(&store, "second", "pending").await
        })
        .await;
        eventually("the pauses are written down", || async {
            letters(&store).await[..2].iter().all(|letter| letter.2 == 0 && letter.3 == began + 30_000)
        })
        .await;
        let mut carried = courier.carried();
        carried.sort();
        assert_eq!(carried, ["first", "other"]);
        moving(&time, Duration::from_secs(1), "both are sent", || async {
            is(&store, "first", "sent").await && is(&store, "second", "sent").await
        })
        .await;
        assert!(time.now() >= began + 30_000);
    }

    async fn a_letter_that_nobody_can_carry_yet_waits_exactly_so_long_and_alone(db: TestDb) {
        let time = clock();
        let store = db.store(&time).await;
        let until = time.now() + 30_000;
        let courier = Post::of(&[("first", &[Outcome::Until(until, "busy".to_owned())])]);
        let _outbox = Outbox::start(&store, "one", courier.clone()).await.unwrap();
        post(&store, &[("first", None, Priority::Notice, SURELY), ("other", None, Priority::Notice, SURELY)]).await;
        eventually("one is sent and one waits", || async {
            is(&store, "other", "sent").await && letters(&store).await[0].3 == until
        })
        .await;
        moving(&time, Duration::from_secs(1), "it is sent", || async { is(&store, "first", "sent").await }).await;
        assert!(time.now() >= until);
    }

    async fn three_chats_that_ask_for_a_pause_at_once_pause_everyone(db: TestDb) {
        let store = db.store(&clock()).await;
        let wait: &[Outcome] = &[Outcome::Wait(Duration::from_secs(30))];
        let courier = Post::of(&[("a", wait), ("b", wait), ("c", wait)]);
        let _outbox = Outbox::start(&store, "one", courier.clone()).await.unwrap();
        for (name, chat) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
            post(&store, &[(name, Some(chat), Priority::Notice, SURELY)]).await;
            let due = clock().now() + 30_000;
            eventually("it waits", || async {
                letters(&store).await.iter().any(|letter| letter.0 == name && letter.1 == "pending" && letter.3 == due)
            })
            .await;
        }
        assert_eq!(courier.carried(), ["a", "b", "c"]);
    }

    async fn what_a_crash_left_half_sent_goes_by_what_a_repeat_means(db: TestDb) {
        let store = db.store(&clock()).await;
        post(&store, &[("advert", Some(1), Priority::Notice, ONCE), ("key", Some(2), Priority::Delivery, SURELY)]).await;
        run(&store, &HELD).await;
        let courier = Post::of(&[]);
        let _outbox = Outbox::start(&store, "one", courier.clone()).await.unwrap();
        eventually("the key is sent", || is(&store, "key", "sent")).await;
        assert!(is(&store, "advert", "uncertain").await);
        assert_eq!(courier.carried(), ["key"]);
    }

    async fn an_orderly_stop_leaves_nothing_leased(db: TestDb) {
        let store = db.store(&clock()).await;
        let held = store.points().hold("outbox.sent");
        let courier = Post::of(&[]);
        let outbox = Outbox::start(&store, "one", courier.clone()).await.unwrap();
        post(&store, &[("a", Some(1), Priority::Notice, SURELY), ("b", Some(2), Priority::Notice, SURELY)]).await;
        held.reached().await;
        held.reached().await;
        let stopping = tokio::spawn({
            let outbox = outbox.clone();
            async move { outbox.drain(Duration::from_secs(30)).await }
        });
        tokio::task::yield_now().await;
        assert!(!stopping.is_finished());
        drop(held);
        stopping.await.unwrap().unwrap();
        post(&store, &[("late", Some(1), Priority::Notice, SURELY)]).await;
        assert_eq!(all::<(i64,)>(&store, &LEASED).await, [(0,)]);
        let ended: Vec<String> = letters(&store).await.into_iter().map(|letter| letter.1).collect();
        assert_eq!(ended, ["sent", "sent", "pending"]);
    }
}
