//! The books of sends: written before a sender is called and after it has answered.

use super::rotation::short;
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, sql};

/// How a send ended, as far as its sender knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Accepted,
    Unreachable,
    Failed,
    Unknown,
}

impl Ended {
    fn as_str(self) -> &'static str {
        match self {
            Ended::Accepted => "accepted",
            Ended::Unreachable => "unreachable",
            Ended::Failed => "failed",
            Ended::Unknown => "unknown",
        }
    }
}

/// What is known of a round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Round {
    /// Senders that must not carry it again: it is on its way, it may be, or they can't reach the recipient.
    pub(super) tried: Vec<String>,
    /// It is on its way, as far as anybody knows.
    pub(super) is_carried: bool,
    /// It may be on its way.
    pub(super) may_be_carried: bool,
}

sql! {
    GIVEN_UP = "sends.given_up",
        "UPDATE confirmation_sends SET state = 'unknown', changed_at = $3, reason = 'the carrier went away'
         WHERE confirmation_id = $1 AND round = $2 AND state = 'sending'";
    OF_ROUND = "sends.of_round",
        "SELECT sender, state FROM confirmation_sends WHERE confirmation_id = $1 AND round = $2 AND state <> 'failed'";
    BEGIN = "sends.begin",
        "INSERT INTO confirmation_sends (public_id, confirmation_id, round, sender, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $5)";
    END = "sends.end",
        "UPDATE confirmation_sends SET state = $2, reason = $4, changed_at = $5,
             reference = CASE WHEN EXISTS (
                 SELECT 1 FROM confirmation_sends other
                 WHERE other.sender = confirmation_sends.sender AND other.reference = $3
             ) THEN NULL ELSE $3 END
         WHERE public_id = $1 AND (state = 'sending' OR (state = 'unknown' AND $2 = 'accepted'))";
}

/// What the senders have done with a round so far. A send that nobody finished is one of unknown end: its carrier went
/// away between the call and the books.
pub(super) async fn of_round(
    tx: &mut Tx<'_>,
    confirmation: i64,
    round: i64,
) -> Result<Round, StoreError> {
    let now = tx.now();
    tx.execute(&GIVEN_UP, binds![confirmation, round, now])
        .await?;
    let rows: Vec<(String, String)> = tx.all(&OF_ROUND, binds![confirmation, round]).await?;
    let mut known = Round::default();
    for (sender, state) in rows {
        known.is_carried |= matches!(state.as_str(), "accepted" | "delivered" | "read");
        known.may_be_carried |= state == "unknown";
        known.tried.push(sender);
    }
    Ok(known)
}

/// A sender is about to be called.
pub(super) async fn begin(
    tx: &mut Tx<'_>,
    confirmation: i64,
    round: i64,
    sender: &str,
) -> Result<PublicId, StoreError> {
    let (now, id) = (tx.now(), PublicId::random(tx)?);
    tx.execute(&BEGIN, binds![id, confirmation, round, sender, now])
        .await?;
    Ok(id)
}

/// A sender has answered.
pub(super) async fn end(
    tx: &mut Tx<'_>,
    send: PublicId,
    ended: Ended,
    reference: Option<&str>,
    reason: &str,
) -> Result<(), StoreError> {
    let (now, word) = (tx.now(), ended.as_str());
    let reason = (!reason.is_empty()).then(|| short(reason));
    tx.execute(&END, binds![send, word, reference, reason, now])
        .await
        .map(|_| ())
}
