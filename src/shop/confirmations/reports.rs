//! How far a code got, as its provider tells later: never backwards, and never for a name that we did not get from it.

use super::found::{self, State};
use super::senders::{Progress, Report};
use crate::shop::customers;
use crate::shop::letters::{self, Letter};
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, sql};

/// What a report changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The send got further.
    Further,
    /// It was that far already.
    Nothing,
    /// The account has no send of this name (yet: its own answer may still be on its way).
    Unknown,
}

sql! {
    APPLY = "reports.apply",
        "UPDATE confirmation_sends SET state = $3, changed_at = $4
         WHERE sender = $1 AND reference = $2 AND (
             (state = 'accepted' AND $3 IN ('undelivered', 'delivered', 'read'))
             OR (state = 'undelivered' AND $3 IN ('delivered', 'read'))
             OR (state = 'delivered' AND $3 = 'read'))
         RETURNING confirmation_id, round";
    KNOWN = "reports.known",
        "SELECT id FROM confirmation_sends WHERE sender = $1 AND reference = $2";
    NAME = "reports.name", "SELECT public_id FROM confirmations WHERE id = $1";
    LOST = "reports.lost",
        "SELECT COUNT(*) FROM confirmation_sends WHERE confirmation_id = $1 AND round = $2 AND state = 'undelivered'";
}

/// Applies a report. A code that did not arrive, and that somebody still waits for, goes to the next sender.
pub async fn apply(tx: &mut Tx<'_>, report: &Report) -> Result<Applied, StoreError> {
    let state = match report.progress {
        Progress::Accepted => "accepted",
        Progress::Undelivered => "undelivered",
        Progress::Delivered => "delivered",
        Progress::Read => "read",
    };
    let now = tx.now();
    let (account, reference) = (report.account.as_str(), report.reference.as_str());
    let further: Option<(i64, i64)> = tx
        .optional(&APPLY, binds![account, reference, state, now])
        .await?;
    let Some((confirmation, round)) = further else {
        let known: Option<(i64,)> = tx.optional(&KNOWN, binds![account, reference]).await?;
        return Ok(known.map_or(Applied::Unknown, |_| Applied::Nothing));
    };
    if report.progress == Progress::Undelivered {
        next_sender(tx, confirmation, round).await?;
    }
    Ok(Applied::Further)
}

async fn next_sender(tx: &mut Tx<'_>, confirmation: i64, round: i64) -> Result<(), StoreError> {
    let (name,): (PublicId,) = tx.one(&NAME, binds![confirmation]).await?;
    let Some(found) = found::by_name(tx, name).await? else {
        return Ok(());
    };
    let is_waited_for =
        found.state == State::Live && found.round == round && found.code_until > tx.now();
    let (after,): (i64,) = tx.one(&LOST, binds![confirmation, round]).await?;
    if let Some(customer) = found.customer.filter(|_| is_waited_for)
        && let Some(customer) = customers::by_id(tx, customer).await?
    {
        let again = Letter::Code {
            confirmation: name,
            round,
            after,
        };
        letters::post(tx, &customer, &again).await?;
    }
    Ok(())
}
