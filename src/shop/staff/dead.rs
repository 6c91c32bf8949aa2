//! What was given up: facts that nobody could handle, and letters that did not arrive. Staff try them again, or let go.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::bus::{inbox, outbox};
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, sql};

/// The name of something dead: `in:12` or `out:7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// A fact in the inbox.
    In(i64),
    /// A letter in the outbox.
    Out(i64),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::In(seq) => write!(f, "in:{seq}"),
            Name::Out(id) => write!(f, "out:{id}"),
        }
    }
}

/// A text that names nothing dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a name from `kiosk dead list`, such as in:12 or out:7")]
pub struct NoName;

impl FromStr for Name {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        let (box_, number) = text.split_once(':').ok_or(NoName)?;
        let number: i64 = number.parse().map_err(|_| NoName)?;
        match box_ {
            "in" => Ok(Name::In(number)),
            "out" => Ok(Name::Out(number)),
            _ => Err(NoName),
        }
    }
}

/// Something dead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dead {
    /// A fact.
    Fact(inbox::Dead),
    /// A letter.
    Letter(outbox::Dead),
}

/// What is done with something dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Try it again.
    Retry,
    /// Let it go for good.
    Drop,
}

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// As wished; the task that belonged to it is resolved.
    Done(Dead),
    /// A refund that its provider refused: the same call would be refused again.
    RefundRefused(Dead),
    /// Nothing dead has this name.
    Unknown,
}

sql! {
    REFUND = "staff.dead.refund", "SELECT state FROM refunds WHERE public_id = $1";
}

/// Everything dead, at most `limit` of each kind, oldest first.
pub async fn list(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Dead>, StoreError> {
    let facts = inbox::dead(tx, limit).await?.into_iter().map(Dead::Fact);
    let letters = outbox::dead(tx, limit).await?.into_iter().map(Dead::Letter);
    Ok(facts.chain(letters).collect())
}

/// Tries something dead again, or lets it go.
pub async fn settle(tx: &mut Tx<'_>, name: Name, wish: Wish) -> Result<Done, StoreError> {
    let (dead, is_done) = match name {
        Name::In(seq) => {
            let Some(fact) = inbox::dead_one(tx, seq).await? else {
                return Ok(Done::Unknown);
            };
            let is_done = match wish {
                Wish::Retry => inbox::retry(tx, seq).await?,
                Wish::Drop => inbox::drop_dead(tx, seq).await?,
            };
            (Dead::Fact(fact), is_done)
        }
        Name::Out(id) => {
            let Some(letter) = outbox::dead_one(tx, id).await? else {
                return Ok(Done::Unknown);
            };
            let is_done = match wish {
                Wish::Retry if is_refused(tx, &letter).await? => {
                    return Ok(Done::RefundRefused(Dead::Letter(letter)));
                }
                Wish::Retry => outbox::retry(tx, &letter).await?,
                Wish::Drop => outbox::drop_dead(tx, &letter).await?,
            };
            (Dead::Letter(letter), is_done)
        }
    };
    Ok(if is_done {
        Done::Done(dead)
    } else {
        Done::Unknown
    })
}

/// Whether the letter carries a refund that has failed for good.
async fn is_refused(tx: &mut Tx<'_>, letter: &outbox::Dead) -> Result<bool, StoreError> {
    #[derive(Deserialize)]
    struct Carried {
        refund: PublicId,
    }
    if letter.kind != "refund" {
        return Ok(false);
    }
    let Ok(carried) = serde_json::from_str::<Carried>(&letter.payload) else {
        return Ok(false);
    };
    let state: Option<(String,)> = tx.optional(&REFUND, binds![carried.refund]).await?;
    Ok(state.is_some_and(|(state,)| state == "failed"))
}
