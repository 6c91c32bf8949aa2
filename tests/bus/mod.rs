//! Facts received and effects decided: what the inbox, its lanes and turns, and the outbox promise.

mod lanes;
mod letters;
mod takeover;
mod turns;

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kiosk::bus::inbox::{Birth, Fact, Stored};
use kiosk::bus::{Bus, Handler, HandlerError, Handling, Turn};
use kiosk::clock::Clock;
use kiosk::store::{FromRow, Sql, Store, StoreError, Tx};
use kiosk::{binds, sql};

sql! {
    EFFECT = "test.effect", "INSERT INTO cursors (name, position, updated_at) VALUES ($1, 0, $2)";
    EFFECTS = "test.effects", "SELECT name FROM cursors ORDER BY name";
    STATES = "test.states", "SELECT event_id, state FROM inbox ORDER BY seq";
    TASKS = "test.tasks", "SELECT kind, state FROM attention ORDER BY id";
    LANES = "test.lanes", "SELECT DISTINCT lane FROM inbox WHERE state = 'new' AND lane IS NOT NULL";
}

/// A clock that the test moves.
fn clock() -> Clock {
    Clock::frozen(1_000_000_000)
}

/// A message with the text `event` in the chat `lane`.
fn fact(lane: Option<i64>, event: &str) -> Fact {
    Fact {
        source: "telegram:1".to_owned(),
        event_id: event.to_owned(),
        kind: "message",
        lane,
        raw: event.as_bytes().to_vec(),
        birth: Birth::New,
    }
}

/// The text of the message that a turn handles.
fn text(turn: &Turn) -> String {
    String::from_utf8(turn.row().raw.clone()).expect("the test's own text")
}

type Behaviour =
    Box<dyn Fn(Arc<Turn>) -> BoxFuture<'static, Result<(), HandlerError>> + Send + Sync>;

/// A face that does what the test says, and notes what it is asked.
struct Face {
    behaviour: Behaviour,
    seen: Mutex<Vec<String>>,
    buried: Arc<Mutex<Vec<String>>>,
}

impl Face {
    fn new<F>(behaviour: impl Fn(Arc<Turn>) -> F + Send + Sync + 'static) -> Arc<Self>
    where
        F: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        Arc::new(Self {
            behaviour: Box::new(move |turn| behaviour(turn).boxed()),
            seen: Mutex::default(),
            buried: Arc::default(),
        })
    }

    /// One that applies each message once.
    fn diligent() -> Arc<Self> {
        Self::new(|turn| async move { Ok(apply(&turn).await?) })
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl Handler for Face {
    fn handle(&self, turn: Arc<Turn>) -> Handling<'_> {
        self.seen.lock().unwrap().push(text(&turn));
        (self.behaviour)(turn)
    }

    fn buried<'t>(
        &'t self,
        _: &'t mut Tx<'_>,
        row: &'t Stored,
    ) -> BoxFuture<'t, Result<(), StoreError>> {
        let text = String::from_utf8_lossy(&row.raw).into_owned();
        self.buried.lock().unwrap().push(text);
        async { Ok(()) }.boxed()
    }
}

/// The effect of a message: a row under its name, which can't be there twice.
async fn effect(tx: &mut Tx<'_>, name: &str) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&EFFECT, binds![name, now]).await.map(|_| ())
}

async fn apply(turn: &Turn) -> Result<(), StoreError> {
    let name = text(turn);
    turn.write("test.apply", move |tx, _| {
        let name = name.clone();
        Box::pin(async move { effect(tx, &name).await })
    })
    .await
}

async fn all<T: FromRow + Send + 'static>(store: &Store, sql: &'static Sql) -> Vec<T> {
    store
        .read("test.all", move |tx| {
            Box::pin(async move { tx.all(sql, binds![]).await })
        })
        .await
        .expect("the rows")
}

/// Runs one statement of the test's own.
async fn run(store: &Store, sql: &'static Sql) {
    store
        .write("test.run", move |tx| {
            Box::pin(async move { tx.execute(sql, binds![]).await })
        })
        .await
        .expect("a commit");
}

async fn effects(store: &Store) -> Vec<String> {
    all::<(String,)>(store, &EFFECTS)
        .await
        .into_iter()
        .map(|row| row.0)
        .collect()
}

/// Each message with its state, in the order of receipt.
async fn states(store: &Store) -> Vec<(String, String)> {
    all(store, &STATES).await
}

async fn tasks(store: &Store) -> Vec<(String, String)> {
    all(store, &TASKS).await
}

async fn all_are(store: &Store, state: &str) -> bool {
    states(store).await.iter().all(|row| row.1 == state)
}

/// Returns once `holds`; fails after half a minute.
async fn eventually<F: Future<Output = bool>>(what: &str, holds: impl FnMut() -> F) {
    moving(&clock(), Duration::ZERO, what, holds).await;
}

/// The same, moving the clock between the looks.
async fn moving<F: Future<Output = bool>>(
    clock: &Clock,
    step: Duration,
    what: &str,
    mut holds: impl FnMut() -> F,
) {
    let looking = async {
        while !holds().await {
            clock.advance(step);
            tokio::task::yield_now().await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(30), looking)
        .await
        .is_err()
    {
        panic!("it never came to this: {what}");
    }
}

async fn started(store: &Store, face: &Arc<Face>) -> Bus {
    let bus = Bus::start(store, "one", face.clone());
    bus.recover().await.expect("it recovers");
    bus
}
