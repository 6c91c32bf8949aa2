//! What the shop asks of a payment provider, and how a refund is carried to one.

use std::time::Duration;

use futures::future::BoxFuture;

use super::refund::{self, Call};
use crate::bus::Outcome;
use crate::store::{PublicId, Store, StoreError};

/// A payment provider, as the shop needs it.
pub trait Provider: Send + Sync + 'static {
    /// Sends a whole charge back to its payer. A charge that went back before is a success.
    fn refund<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<(), ProviderError>>;
}

/// How a call to a provider fails, told apart by what the shop does next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It will be refused however often it is tried.
    #[error("{0}")]
    Refused(String),
    /// Nothing was done: try again after this time.
    #[error("asked to wait {} s", .0.as_secs())]
    Wait(Duration),
    /// It certainly did not arrive.
    #[error("{0}")]
    NotSent(String),
    /// It may have been done.
    #[error("{0}")]
    Unknown(String),
}

/// Carries a refund: the call is made outside every transaction, and what became of it is written down before the letter
/// is finished. A crash in between repeats the call, which the provider then knows.
pub async fn carry_refund(store: &Store, provider: &dyn Provider, refund: PublicId) -> Outcome {
    carry(store, provider, refund)
        .await
        .unwrap_or_else(|error| Outcome::Retry(error.to_string()))
}

async fn carry(
    store: &Store,
    provider: &dyn Provider,
    refund: PublicId,
) -> Result<Outcome, StoreError> {
    let call = store
        .write("refunds.begin", move |tx| {
            Box::pin(refund::begin(tx, refund))
        })
        .await?;
    let Some(call) = call else {
        return Ok(Outcome::Sent);
    };
    let answer = provider.refund(&call).await;
    store.points().pass("refunds.called").await;
    Ok(match answer {
        Ok(()) => {
            store
                .write("refunds.succeeded", move |tx| {
                    Box::pin(refund::succeeded(tx, refund))
                })
                .await?;
            Outcome::Sent
        }
        Err(ProviderError::Refused(reason)) => {
            let why = reason.clone();
            store
                .write("refunds.failed", move |tx| {
                    let why = why.clone();
                    Box::pin(async move { refund::failed(tx, refund, &why).await })
                })
                .await?;
            // The refund has its own task.
            Outcome::Refused {
                reason,
                alert: false,
            }
        }
        Err(ProviderError::Wait(pause)) => Outcome::Wait(pause),
        Err(ProviderError::NotSent(reason)) => Outcome::Retry(reason),
        Err(ProviderError::Unknown(reason)) => {
            store
                .write("refunds.unknown", move |tx| {
                    Box::pin(refund::unknown(tx, refund))
                })
                .await?;
            Outcome::Unknown(reason)
        }
    })
}
