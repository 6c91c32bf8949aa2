//! News of money, from whatever source: a message, a webhook, a provider's list. The same money is one fact, however
//! often and in whatever order it is told.

use super::Method;
use super::refund::{self, Arrived};
use super::settle::{self, Charge, Settled};
use crate::bus::{HandlerError, Turn};
use crate::shop::vault::Vault;
use crate::store::StoreError;

/// News that money went back may come before the news that it came, by so many milliseconds at most.
const EARLY: i64 = 60 * 60_000;
/// Until then it is looked at again after so many milliseconds.
const AGAIN: i64 = 60_000;

/// Money has come: settles it by the turn's write, unless it is known.
pub async fn came(turn: &Turn, vault: &Vault, charge: Charge) -> Result<Settled, HandlerError> {
    if is_known(turn, charge.method, charge.charge_id.clone()).await? {
        return Ok(Settled::Repeat);
    }
    let vault = vault.clone();
    let settled = turn
        .write("payments.settle", move |tx, _| {
            let (vault, charge) = (vault.clone(), charge.clone());
            Box::pin(async move { settle::settle(tx, &vault, &charge).await })
        })
        .await?;
    Ok(settled)
}

/// Money went back: by our call, by staff elsewhere, by its owner's bank. News of money that has not come yet waits for
/// it, and in the end becomes a task.
pub async fn went_back(turn: &Turn, method: Method, charge_id: String) -> Result<(), HandlerError> {
    let now = turn.store().clock().now();
    let waits = now - turn.row().received_at < EARLY;
    if waits && !is_known(turn, method, charge_id.clone()).await? {
        turn.postpone(now + AGAIN).await?;
        return Ok(());
    }
    turn.write("refunds.arrived", move |tx, _| {
        let charge_id = charge_id.clone();
        Box::pin(async move {
            if refund::arrived(tx, method, &charge_id).await? == Arrived::Unknown {
                refund::never_came(tx, method, &charge_id).await?;
            }
            Ok::<_, StoreError>(())
        })
    })
    .await?;
    Ok(())
}

async fn is_known(turn: &Turn, method: Method, charge_id: String) -> Result<bool, StoreError> {
    turn.store()
        .read("payments.known", move |tx| {
            let charge_id = charge_id.clone();
            Box::pin(async move { settle::is_known(tx, method, &charge_id).await })
        })
        .await
}
