//! Resolving tasks: what a person says to be done is done in the books too.

use crate::bus::attention::{self, Closed, Listed};
use crate::shop::orders::{self, State};
use crate::shop::payments::decide::{self, Decided};
use crate::store::{PublicId, StoreError, Tx};

/// How resolving a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// It is resolved now.
    Done(Listed),
    /// It was resolved before.
    Already(Listed),
    /// A paid order stands open behind it: only its keys or its money resolve it.
    Waits(Listed),
    /// There is no such task.
    Unknown,
}

/// Somebody says that a task is done. Money that they have sent back by hand is booked as gone, which closes its order.
pub async fn resolve(
    tx: &mut Tx<'_>,
    id: i64,
    by: &str,
    note: Option<&str>,
) -> Result<Resolved, StoreError> {
    let Some(task) = attention::one(tx, id).await? else {
        return Ok(Resolved::Unknown);
    };
    let is_open = task.resolved_at.is_none();
    if is_open && task.kind == "order.backorder" && stands(tx, &task).await? {
        return Ok(Resolved::Waits(task));
    }
    if is_open && task.kind == "refund.by_hand" {
        // The order is locked before the task, as everywhere.
        let refund: Option<PublicId> = task.subject.parse().ok();
        if let Some(refund) = refund
            && decide::sent_by_hand(tx, refund).await? == Decided::Done
        {
            attention::sign(tx, id, by, note).await?;
            let task = attention::one(tx, id).await?.unwrap_or(task);
            return Ok(Resolved::Done(task));
        }
    }
    Ok(match attention::close(tx, id, by, note).await? {
        Closed::Done(task) => Resolved::Done(task),
        Closed::Already(task) => Resolved::Already(task),
        Closed::Unknown => Resolved::Unknown,
    })
}

/// Tries a refund again whose provider has refused it: the task is resolved, and a new one opens if it is refused again.
/// `None`: the task is about something else.
pub async fn retry(tx: &mut Tx<'_>, id: i64) -> Result<Option<Decided>, StoreError> {
    let Some(task) = attention::one(tx, id).await? else {
        return Ok(Some(Decided::Unknown));
    };
    let refund: Option<PublicId> = task.subject.parse().ok();
    match refund.filter(|_| task.kind == "refund.failed") {
        Some(refund) => decide::refund_again(tx, refund).await.map(Some),
        None => Ok(None),
    }
}

async fn stands(tx: &mut Tx<'_>, task: &Listed) -> Result<bool, StoreError> {
    let Some(order) = task.order else {
        return Ok(false);
    };
    Ok(orders::by_id(tx, order).await?.state()? == State::Backorder)
}
