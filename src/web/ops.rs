//! Health and metrics, for those who keep the shop running. Not public.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::serving;
use crate::bus::waiting::{self, Waiting};
use crate::bus::{Bus, inbox};
use crate::meters::{self, Page};
use crate::shop::stats::{self, Unfinished};
use crate::store::{self, BUCKETS_MICROS, ErrorKind, Store, StoreError};

/// A database that does not answer within this time is as good as away: Prometheus itself waits 10 s as a rule.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the pages look at.
#[derive(Clone, Debug)]
pub struct Ops {
    store: Store,
    bus: Bus,
}

impl Ops {
    /// Pages about this store and bus.
    pub fn new(store: Store, bus: Bus) -> Self {
        Self { store, bus }
    }
}

/// Serves until `stop` turns true.
pub async fn serve(listener: TcpListener, ops: Ops, stop: watch::Receiver<bool>) {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(show_metrics))
        .with_state(ops);
    serving::serve(listener, router, stop).await;
}

/// Ready means that the database can be read.
async fn ready(State(ops): State<Ops>) -> Response {
    let look = ops
        .store
        .read("ops.ready", |tx| Box::pin(inbox::is_readable(tx)));
    match in_time(look).await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("not ready: {error}\n"),
        )
            .into_response(),
    }
}

/// Everything that is measured. A database that is away takes only its own gauges along.
async fn show_metrics(State(ops): State<Ops>) -> Response {
    let look = ops.store.read("ops.metrics", |tx| {
        Box::pin(async move {
            let unfinished = stats::unfinished(tx, waiting::MOST).await?;
            Ok::<_, StoreError>((waiting::look(tx).await?, unfinished))
        })
    });
    let counts = in_time(look).await;
    let mut page = Page::default();
    meters::show(&mut page);
    show_statements(&mut page);
    page.gauge(
        "kiosk_inbox_in_memory_updates",
        "Updates in this process' memory, waiting for their turn or being handled.",
        ops.bus.in_memory(),
    );
    page.gauge(
        "kiosk_database_up",
        "Whether the database answered this scrape (1) or not (0).",
        u8::from(counts.is_ok()),
    );
    match counts {
        Ok((waiting, unfinished)) => {
            show_waiting(&mut page, &waiting, ops.store.clock().now());
            show_unfinished(&mut page, unfinished);
        }
        Err(error) => tracing::warn!(%error, "the database can't be counted for the metrics"),
    }
    meters::show_process(&mut page);
    meters::show_runtime(&mut page);
    ([(header::CONTENT_TYPE, meters::MEDIA_TYPE)], page.text()).into_response()
}

async fn in_time<T>(look: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let late = |_| StoreError::new("ops", ErrorKind::Gone);
    tokio::time::timeout(PATIENCE, look)
        .await
        .map_err(late)
        .flatten()
}

fn show_statements(page: &mut Page) {
    const NAME: &str = "kiosk_statement_duration_seconds";
    page.family("histogram", NAME, "Time spent in a database statement.");
    for timing in store::timings() {
        // Counted before its bucket: a statement in between must not make a bucket exceed the whole.
        let last = timing.buckets[BUCKETS_MICROS.len() - 1];
        let mut cumulative = timing.buckets.to_vec();
        cumulative.push(timing.count.max(last));
        let labels = [("statement", timing.name)];
        page.spread(NAME, &labels, &BUCKETS_MICROS, &cumulative, timing.nanos);
    }
}

fn show_waiting(page: &mut Page, waiting: &Waiting, now: i64) {
    let age = |since: i64| (now - since).max(0) as f64 / 1_000.0;
    page.gauge(
        "kiosk_inbox_waiting_updates",
        "Updates in the database that are not handled yet, counted to 10,000.",
        waiting.facts.count,
    );
    page.gauge(
        "kiosk_inbox_oldest_age_seconds",
        "Age of the oldest update that is not handled yet; 0 without any.",
        waiting.facts.oldest.map_or(0.0, age),
    );
    page.gauge(
        "kiosk_inbox_dead_updates",
        "Updates that were put aside because they could not be handled, counted to 10,000.",
        waiting.dead_facts,
    );
    let letters = waiting.letters.iter();
    let kinds = letters.map(|it| (meters::word(&it.kind), (it.count as f64, age(it.oldest))));
    let mut by_kind: BTreeMap<&'static str, (f64, f64)> = BTreeMap::new();
    for (kind, (count, age)) in kinds {
        let all = by_kind.entry(kind).or_default();
        *all = (all.0 + count, all.1.max(age));
    }
    page.gauges(
        "kiosk_outbox_waiting_letters",
        "Letters that wait to be sent or sent again by kind, counted to 10,000.",
        "kind",
        by_kind.iter().map(|(kind, all)| (*kind, all.0)),
    );
    page.gauges(
        "kiosk_outbox_oldest_age_seconds",
        "Age of the oldest letter that waits to be sent or sent again, by kind.",
        "kind",
        by_kind.iter().map(|(kind, all)| (*kind, all.1)),
    );
    page.gauge(
        "kiosk_outbox_dead_letters",
        "Letters that were given up, counted to 10,000.",
        waiting.dead_letters,
    );
    let mut tasks: BTreeMap<&'static str, f64> = BTreeMap::new();
    for (kind, count) in &waiting.tasks {
        *tasks.entry(meters::word(kind)).or_default() += *count as f64;
    }
    page.gauges(
        "kiosk_attention_open_tasks",
        "Tasks that wait for staff by kind, counted to 10,000.",
        "kind",
        tasks,
    );
}

fn show_unfinished(page: &mut Page, unfinished: Unfinished) {
    page.gauges(
        "kiosk_orders_unfinished",
        "Orders that wait for their money (open) or for their keys (backorder), counted to 10,000.",
        "state",
        [
            ("open", unfinished.open as f64),
            ("backorder", unfinished.backorder as f64),
        ],
    );
    page.gauge(
        "kiosk_keys_held",
        "Keys that open orders hold, counted to 10,000.",
        unfinished.held,
    );
}
