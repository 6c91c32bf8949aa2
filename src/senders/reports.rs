//! Handles what providers have told of codes: the facts that `shop::confirmations::hearing` keeps.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::bus::inbox::Stored;
use crate::bus::{Handler, HandlerError, Handling, Turn};
use crate::shop::confirmations::hearing;
use crate::shop::confirmations::reports::{self, Applied};
use crate::store::{StoreError, Tx};

/// A report may come before its sender's own answer is written down: so long it is asked again what it is about.
const PATIENCE: Duration = Duration::from_mins(1);
/// How soon.
const AGAIN: Duration = Duration::from_secs(2);

/// Applies reports.
#[derive(Clone, Copy, Debug)]
pub struct Reports;

/// Why a report is not applied (yet).
#[derive(Debug)]
enum Not {
    Known,
    Store(StoreError),
}

impl From<StoreError> for Not {
    fn from(error: StoreError) -> Self {
        Not::Store(error)
    }
}

impl Handler for Reports {
    fn handle(&self, turn: Arc<Turn>) -> Handling<'_> {
        async move { apply(&turn).await }.boxed()
    }

    fn buried<'t>(
        &'t self,
        _tx: &'t mut Tx<'_>,
        _row: &'t Stored,
    ) -> BoxFuture<'t, Result<(), StoreError>> {
        // Nobody asked: the task for staff is enough.
        async { Ok(()) }.boxed()
    }
}

async fn apply(turn: &Turn) -> Result<(), HandlerError> {
    let row = turn.row();
    let Some(report) = hearing::read(&row.raw) else {
        return Err(HandlerError::Final(
            "no report that we have kept".to_owned(),
        ));
    };
    let now = turn.store().clock().now();
    let is_young = now - row.received_at < PATIENCE.as_millis() as i64;
    let applied = turn
        .write("reports.apply", move |tx, _| {
            let report = report.clone();
            Box::pin(async move {
                match reports::apply(tx, &report).await? {
                    Applied::Unknown if is_young => Err(Not::Known),
                    Applied::Unknown | Applied::Further | Applied::Nothing => Ok(()),
                }
            })
        })
        .await;
    match applied {
        Ok(()) => Ok(()),
        Err(Not::Known) => Ok(turn.postpone(now + AGAIN.as_millis() as i64).await?),
        Err(Not::Store(error)) => Err(error.into()),
    }
}
