//! Another code for a confirmation: a new round, in which the older code and link are good no more.

use std::net::IpAddr;
use std::time::Duration;

use super::begin::{Kept, letter, word_of};
use super::found::{self, State};
use super::senders::Messenger;
use super::{Allowed, Asker, allow_send, subject};
use crate::meters;
use crate::shop::customers;
use crate::shop::letters;
use crate::shop::vault::Vault;
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, sql};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resent {
    /// Another code is on its way (to a visitor only if somebody has the target).
    Sent,
    /// The last one went out just now.
    Wait {
        /// Before the next one.
        wait: Duration,
    },
    /// There were too many codes.
    TooMany {
        /// Before the next one.
        wait: Duration,
    },
    /// It is over: used, locked, too old, or never theirs. It has to begin again.
    Ended,
}

/// By what another code shall come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// By what was chosen for the code before.
    AsBefore,
    /// By whichever.
    Any,
    /// By this, and by others where it can't carry it.
    By(Messenger),
}

impl Choice {
    /// The wish that follows from the one before.
    pub fn after(self, before: Option<Messenger>) -> Option<Messenger> {
        match self {
            Choice::AsBefore => before,
            Choice::Any => None,
            Choice::By(messenger) => Some(messenger),
        }
    }
}

sql! {
    NEXT_ROUND = "confirmations.resend.next_round",
        "UPDATE confirmations SET round = round + 1, tries = 0, code_hash = $3, token_hash = $4, sent_at = $5,
             code_expires_at = $6, expires_at = $7, messenger = $8, changed_at = $5
         WHERE id = $1 AND round = $2 AND state = 'live' AND expires_at > $5";
}

/// Sends another code for a confirmation of the asker's.
pub async fn resend(
    tx: &mut Tx<'_>,
    vault: &Vault,
    asker: Asker,
    id: PublicId,
    address: Option<IpAddr>,
    choice: Choice,
) -> Result<Resent, StoreError> {
    let now = tx.now();
    let found = found::of(tx, asker, id).await?;
    let Some(found) = found.filter(|it| it.state == State::Live && it.until > now) else {
        return Ok(Resent::Ended);
    };
    let subject = subject(found.purpose, found.channel, &found.key);
    match allow_send(tx, vault, asker, address, &subject).await? {
        Allowed::Fine => {}
        Allowed::Wait(wait) => return Ok(Resent::Wait { wait }),
        Allowed::TooMany(wait) => {
            let limited = meters::CONFIRMATIONS.of([found.purpose.as_str(), "limited"]);
            tx.tally(limited, 1);
            return Ok(Resent::TooMany { wait });
        }
    }
    let round = found.round + 1;
    let kept = Kept::of(
        tx,
        vault,
        id,
        found.purpose,
        found.channel,
        round,
        found.is_decoy(),
    )?;
    let by = word_of(choice.after(found.by), found.purpose, found.channel);
    let binds = binds![
        found.id,
        found.round,
        kept.code_hash,
        kept.token_hash,
        now,
        kept.code_until,
        kept.until,
        by
    ];
    if tx.execute(&NEXT_ROUND, binds).await? == 0 {
        return Ok(Resent::Ended);
    }
    if let Some(customer) = found.customer
        && let Some(customer) = customers::by_id(tx, customer).await?
    {
        letters::post(tx, &customer, &letter(found.channel, id, round)).await?;
    }
    tx.tally(
        meters::CONFIRMATIONS.of([found.purpose.as_str(), "resent"]),
        1,
    );
    Ok(Resent::Sent)
}
