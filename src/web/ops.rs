//! Health and metrics, for those who keep the shop running. Not public.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::serving;
use crate::bus::{Bus, attention, inbox};
use crate::store::{Store, StoreError};
use crate::telemetry::Metrics;

/// What the pages look at.
#[derive(Clone, Debug)]
pub struct Ops {
    store: Store,
    bus: Bus,
    metrics: Option<Metrics>,
}

impl Ops {
    /// Pages about this store and bus.
    pub fn new(store: Store, bus: Bus, metrics: Option<Metrics>) -> Self {
        Self {
            store,
            bus,
            metrics,
        }
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
    match counts(&ops.store).await {
        Ok(_) => "ready\n".into_response(),
        Err(error) => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("not ready: {error}\n"),
        )
            .into_response(),
    }
}

async fn show_metrics(State(ops): State<Ops>) -> Response {
    let (backlog, attention) = match counts(&ops.store).await {
        Ok(counts) => counts,
        Err(error) => {
            return (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response();
        }
    };
    metrics::gauge!("kiosk_inbox_waiting").set(backlog as f64);
    metrics::gauge!("kiosk_inbox_in_memory").set(ops.bus.in_memory() as f64);
    metrics::gauge!("kiosk_attention_open").set(attention as f64);
    let text = ops
        .metrics
        .as_ref()
        .map(Metrics::render)
        .unwrap_or_default();
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, text).into_response()
}

async fn counts(store: &Store) -> Result<(i64, i64), StoreError> {
    store
        .read("ops.counts", |tx| {
            Box::pin(async move { Ok((inbox::backlog(tx).await?, attention::count(tx).await?)) })
        })
        .await
}
