//! Notes how long handing something over took, and how it went.

use std::time::Instant;

use crate::meters;
use crate::shop::confirmations::senders::{Carried, Mailed};

/// A code carried by a sender of this kind.
pub(super) async fn carried(kind: &'static str, call: impl Future<Output = Carried>) -> Carried {
    let started = Instant::now();
    let carried = call.await;
    let outcome = match &carried {
        Carried::Accepted { .. } => "accepted",
        Carried::NotReachable(_) => "not_reachable",
        Carried::Busy { .. } => "busy",
        Carried::Misconfigured(_) => "misconfigured",
        Carried::Unknown(_) => "unknown",
    };
    meters::SENDERS.since([kind, outcome], started);
    carried
}

/// A mail handed over.
pub(super) async fn mailed(call: impl Future<Output = Mailed>) -> Mailed {
    let started = Instant::now();
    let mailed = call.await;
    let outcome = match &mailed {
        Mailed::Accepted => "accepted",
        Mailed::NoSuchAddress(_) => "no_such_address",
        Mailed::Quota { .. } => "quota",
        Mailed::Spam(_) => "spam",
        Mailed::Misconfigured(_) => "misconfigured",
        Mailed::Later(_) => "later",
        Mailed::TurnedAway { .. } => "turned_away",
        Mailed::Unknown(_) => "unknown",
    };
    meters::SENDERS.since(["mail", outcome], started);
    mailed
}
