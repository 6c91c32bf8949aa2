//! The listener between the emulator and a SQLite store.

use futures::future::BoxFuture;
use kiosk_emulator::{Control, CustomerSpec, Emulator, Fault, FaultKind, Options, PayOptions};
use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use std::sync::Arc;

use super::*;
use crate::binds;
use crate::bus::inbox::Stored;
use crate::bus::{Bus, Handler, HandlerError, Handling, Turn};
use crate::clock::Clock;
use crate::sql;
use crate::store::{Location, Tx, migrate};

sql! {
    ROWS = "test.rows", "SELECT event_id, state FROM inbox ORDER BY seq";
}

/// Tells of each turn by the kind of its row.
struct Teller(mpsc::UnboundedSender<(String, i64)>);

impl Handler for Teller {
    fn handle(&self, turn: Arc<Turn>) -> Handling<'_> {
        Box::pin(async move {
            let row = turn.row();
            self.0
                .send((row.kind.clone(), row.seq))
                .map_err(|error| HandlerError::Final(error.to_string()))
        })
    }

    fn buried<'t>(
        &'t self,
        _: &'t mut Tx<'_>,
        _: &'t Stored,
    ) -> BoxFuture<'t, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
}

struct Bench {
    _folder: tempfile::TempDir,
    // Stops when dropped.
    _emulator: Emulator,
    control: Control,
    clock: Clock,
    client: Client,
    store: Store,
    bus: Bus,
    turns: mpsc::UnboundedReceiver<(String, i64)>,
    ann: i64,
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("kiosk.db"));
    migrate::run(&location).await.unwrap();
    let clock = Clock::frozen(1_800_000_000_000);
    let store = Store::open(&location, 1, clock.clone()).await.unwrap();
    let emulator = kiosk_emulator::start(Options::default()).await.unwrap();
    let control = emulator.control();
    let ann = control.customer(CustomerSpec::named("Ann").speaking("en"));
    let (tell, turns) = mpsc::unbounded_channel();
    Bench {
        client: Client::new(&emulator.url(), SecretString::from("4242:secret")).unwrap(),
        bus: Bus::start(&store, "test", Arc::new(Teller(tell))),
        _folder: folder,
        _emulator: emulator,
        control,
        clock,
        store,
        turns,
        ann,
    }
}

impl Bench {
    fn listen(&self) -> (watch::Sender<bool>, JoinHandle<()>) {
        let (stop, stopped) = watch::channel(false);
        let intake = Intake::new(self.store.clone(), self.bus.clone(), self.client.bot_id());
        let listener = Listener::new(self.client.clone(), intake);
        (stop, tokio::spawn(listener.run(stopped)))
    }

    async fn turn(&mut self) -> String {
        let next = tokio::time::timeout(Duration::from_secs(10), self.turns.recv());
        next.await.unwrap().unwrap().0
    }

    async fn rows(&self) -> Vec<(String, String)> {
        let rows = self
            .store
            .read("test.rows", |tx| Box::pin(tx.all(&ROWS, binds![])));
        rows.await.unwrap()
    }
}

async fn end((stop, task): (watch::Sender<bool>, JoinHandle<()>)) {
    stop.send_replace(true);
    let ended = tokio::time::timeout(Duration::from_secs(10), task);
    ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_acknowledged_is_stored_and_handled() {
    let mut bench = bench().await;
    for text in ["/start", "one", "two"] {
        bench.control.say(bench.ann, text);
    }
    let listening = bench.listen();
    for _ in 0..3 {
        assert_eq!(bench.turn().await, "message");
    }
    bench.control.say(bench.ann, "three");
    assert_eq!(bench.turn().await, "message");
    end(listening).await;
    // The last batch too: by the goodbye.
    assert_eq!(bench.control.pending_updates(), 0);
    let stored: Vec<String> = bench.rows().await.into_iter().map(|row| row.0).collect();
    let confirmed = bench.control.confirmed_updates();
    let confirmed: Vec<String> = confirmed.iter().map(ToString::to_string).collect();
    assert_eq!(stored, confirmed);
}

#[tokio::test]
async fn a_repeat_is_stored_and_handled_once() {
    let mut bench = bench().await;
    let sent = bench.control.say(bench.ann, "/start");
    let listening = bench.listen();
    bench.turn().await;
    assert!(bench.control.redeliver(sent.update_id.unwrap(), 3));
    bench.control.say(bench.ann, "after");
    bench.turn().await;
    end(listening).await;
    assert_eq!(bench.rows().await.len(), 2);
    assert!(bench.turns.try_recv().is_err());
}

#[tokio::test]
async fn a_question_before_a_payment_has_no_lane_and_is_handled() {
    let mut bench = bench().await;
    bench.control.say(bench.ann, "/start");
    let invoice = crate::telegram::Invoice {
        chat_id: bench.ann,
        title: "Zeta",
        description: "One key",
        payload: "p",
        currency: "XTR",
        provider_token: "",
        amount: 250,
        start_parameter: "p_zeta",
        reply_markup: None,
    };
    let sent = bench.client.send_invoice(&invoice).await.unwrap();
    bench
        .control
        .start_pay(bench.ann, sent.message_id, PayOptions::default())
        .unwrap();
    let listening = bench.listen();
    let mut kinds = [bench.turn().await, bench.turn().await];
    kinds.sort();
    assert_eq!(kinds, ["message", "pre_checkout_query"]);
    end(listening).await;
}

#[tokio::test]
async fn strange_updates_are_kept_and_nobody_handles_them() {
    let mut bench = bench().await;
    let broken = serde_json::json!({ "message": { "from": 7 } });
    bench
        .control
        .push_update_raw(broken.as_object().unwrap().clone());
    bench.control.say(bench.ann, "/start");
    let listening = bench.listen();
    bench.turn().await;
    end(listening).await;
    let states: Vec<String> = bench.rows().await.into_iter().map(|row| row.1).collect();
    assert_eq!(states[0], "dead");
    assert_eq!(states.len(), 2);
    assert_eq!(bench.control.pending_updates(), 0);
}

/// Advances the frozen clock until the listener's turn has come: it may not wait for the clock yet at the first try.
async fn advance_until_turn(bench: &mut Bench) -> String {
    for _ in 0..200 {
        bench.clock.advance(LONGEST);
        let next = tokio::time::timeout(Duration::from_millis(50), bench.turns.recv());
        if let Ok(turn) = next.await {
            return turn.unwrap().0;
        }
    }
    panic!("no turn has come");
}

#[tokio::test]
async fn a_full_disk_acknowledges_nothing_and_goes_on_when_there_is_room() {
    let mut bench = bench().await;
    bench.store.limit_pages(1).await.unwrap();
    // More than the free pages of a new database take.
    let text = "x".repeat(4_000);
    for _ in 0..100 {
        bench.control.say(bench.ann, &text);
    }
    let listening = bench.listen();
    let polls = |calls: usize| {
        let control = bench.control.clone();
        async move {
            let seen = control.wait(Duration::from_secs(10), |view| {
                let polls = view
                    .calls()
                    .iter()
                    .filter(|call| call.method == "getUpdates");
                (polls.count() >= calls).then_some(())
            });
            seen.await.unwrap();
        }
    };
    polls(1).await;
    // The second poll means that storing has failed and that the listener has asked again.
    let clock = bench.clock.clone();
    let moving = async {
        loop {
            clock.advance(SHORTEST);
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = polls(2) => {}
        () = moving => {}
    }
    assert!(bench.rows().await.is_empty());
    assert_eq!(bench.control.pending_updates(), 100);
    assert!(bench.turns.try_recv().is_err());

    bench.store.limit_pages(1_000_000).await.unwrap();
    advance_until_turn(&mut bench).await;
    for _ in 1..100 {
        bench.turn().await;
    }
    end(listening).await;
    assert_eq!(bench.control.pending_updates(), 0);
    assert_eq!(bench.rows().await.len(), 100);
}

#[tokio::test]
async fn trouble_with_telegram_passes() {
    let mut bench = bench().await;
    let conflict = FaultKind::Status {
        code: 409,
        description: "Conflict: terminated by other getUpdates request".to_owned(),
    };
    for kind in [
        conflict,
        FaultKind::TooMany { retry_after: 3 },
        FaultKind::DropAfter,
        FaultKind::MalformedJson,
    ] {
        bench.control.fault(Fault::once("getUpdates", kind));
    }
    bench.control.say(bench.ann, "/start");
    let listening = bench.listen();
    assert_eq!(advance_until_turn(&mut bench).await, "message");
    end(listening).await;
    assert_eq!(bench.rows().await.len(), 1);
    assert_eq!(bench.control.pending_updates(), 0);
}

#[tokio::test]
async fn a_stop_ends_a_long_poll_and_so_does_the_end_of_its_sender() {
    let bench = bench().await;
    end(bench.listen()).await;
    let (stop, task) = bench.listen();
    drop(stop);
    let ended = tokio::time::timeout(Duration::from_secs(10), task);
    ended.await.unwrap().unwrap();
}

/// A migrated database of its own on the cluster of `KIOSK_TEST_POSTGRES`.
async fn database() -> Location {
    use sqlx::{AssertSqlSafe, Connection, PgConnection};
    let admin = std::env::var("KIOSK_TEST_POSTGRES").unwrap();
    let name = format!("kiosk_listener_{}", std::process::id());
    let mut conn = PgConnection::connect(&admin).await.unwrap();
    for statement in ["DROP DATABASE IF EXISTS", "CREATE DATABASE"] {
        sqlx::raw_sql(AssertSqlSafe(format!("{statement} {name}")))
            .execute(&mut conn)
            .await
            .unwrap();
    }
    let mut url = url::Url::parse(&admin).unwrap();
    url.set_path(&name);
    let location = Location::Postgres(url.into());
    migrate::run(&location).await.unwrap();
    location
}

#[tokio::test]
async fn one_of_two_processes_polls_and_the_other_takes_over() {
    let location = database().await;
    let mut first = bench().await;
    let mut second = bench().await;
    for (bench, owner) in [(&mut first, "first"), (&mut second, "second")] {
        let (tell, turns) = mpsc::unbounded_channel();
        bench.clock = Clock::frozen(1_800_000_000_000);
        let clock = bench.clock.clone();
        bench.store = Store::open(&location, 4, clock).await.unwrap();
        bench.bus = Bus::start(&bench.store, owner, Arc::new(Teller(tell)));
        // Takes the lock that says that this process lives.
        bench.bus.recover().await.unwrap();
        bench.turns = turns;
    }
    // Both are of the first one's bot.
    second.client = first.client.clone();
    let polling = first.listen();
    first.control.say(first.ann, "/start");
    assert_eq!(first.turn().await, "message");

    let standing_by = second.listen();
    for _ in 0..5 {
        second.clock.advance(STANDBY);
        first.control.say(first.ann, "more");
        assert_eq!(first.turn().await, "message");
    }
    end(polling).await;
    first.bus.drain(Duration::from_secs(10)).await.unwrap();
    first.control.say(first.ann, "still there?");
    assert_eq!(advance_until_turn(&mut second).await, "message");
    end(standing_by).await;

    assert!(second.turns.try_recv().is_err());
    assert_eq!(first.control.pending_updates(), 0);
    assert_eq!(second.rows().await.len(), 7);
    let polls = first.control.calls_of("getUpdates");
    assert!(polls.iter().all(|call| call.ok), "{polls:?}");
}
