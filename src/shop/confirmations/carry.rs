//! A code on its way to a phone: senders one after another, until one takes it. Each is called outside every transaction;
//! that it is called is written down before, and how it went after.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::found::{self, Found, State};
use super::rotation::{self, Candidate, Day, Kind, Turn, Verdict};
use super::senders::{CALL, Carried, Messenger, PhoneCode, PhoneSender, Recipient};
use super::sends::{self, Ended};
use super::{Channel, Purpose, proof, secret};
use crate::bus::{LEASE, Outcome};
use crate::shop::customers::{self, Customer, Phone};
use crate::shop::letters::{self, Letter};
use crate::shop::vault::Vault;
use crate::store::{ErrorKind, PublicId, Store, StoreError, Tx};
use crate::{binds, sql};

/// Later in a walk nobody else is called: the letter goes back to the outbox, and on from there.
pub(super) const LATEST: Duration = Duration::from_secs(5);
/// What the database may take to write a walk down.
const BOOKS: Duration = Duration::from_secs(10);
// The letter's lease outlives the longest walk: else somebody else would take it for lost, and send it once more.
const _: () = assert!(LATEST.as_secs() + CALL.as_secs() + BOOKS.as_secs() <= LEASE.as_secs());

/// Carries the code of a confirmation's round, as its letter asks.
pub async fn carry(
    store: &Store,
    vault: &Vault,
    senders: &[Arc<dyn PhoneSender>],
    confirmation: PublicId,
    round: i64,
) -> Outcome {
    walk(store, vault, senders, confirmation, round)
        .await
        .unwrap_or_else(|error| Outcome::Retry(error.to_string()))
}

/// What comes next.
enum Next {
    /// This sender is called.
    Call(Box<Call>),
    /// Nobody is.
    Ended(Outcome),
}

struct Call {
    at: usize,
    day: Day,
    send: PublicId,
    code: PhoneCode,
}

sql! {
    VK_USER = "confirmations.carry.vk_user", "SELECT vk_user_id FROM customers WHERE id = $1";
}

async fn walk(
    store: &Store,
    vault: &Vault,
    senders: &[Arc<dyn PhoneSender>],
    confirmation: PublicId,
    round: i64,
) -> Result<Outcome, StoreError> {
    let shared: Arc<[Arc<dyn PhoneSender>]> = senders.into();
    let since = Instant::now();
    // Who failed is not asked again in this walk, but may be in the next.
    let mut failed: Vec<usize> = Vec::new();
    loop {
        let (vault, senders, skip) = (vault.clone(), shared.clone(), failed.clone());
        let next = store
            .write("confirmations.carry", move |tx| {
                let (vault, senders, skip) = (vault.clone(), senders.clone(), skip.clone());
                Box::pin(
                    async move { step(tx, &vault, &senders, &skip, confirmation, round).await },
                )
            })
            .await?;
        let call = match next {
            Next::Call(call) => call,
            Next::Ended(outcome) => return Ok(outcome),
        };
        let Some(sender) = shared.get(call.at) else {
            return Ok(Outcome::Retry("the senders have changed".to_owned()));
        };
        let carried = sender.carry(&call.code).await;
        store.points().pass("confirmations.called").await;
        let is_accepted = matches!(carried, Carried::Accepted { .. });
        let (account, day, send) = (sender.account().to_owned(), call.day, call.send);
        store
            .write("confirmations.carried", move |tx| {
                let (account, carried) = (account.clone(), carried.clone());
                Box::pin(async move { write_down(tx, &account, day, send, &carried).await })
            })
            .await?;
        if is_accepted {
            return Ok(Outcome::Sent);
        }
        if since.elapsed() > LATEST {
            return Ok(Outcome::Retry("the senders are slow".to_owned()));
        }
        failed.push(call.at);
    }
}

/// Chooses the next sender and writes down that it is called.
async fn step(
    tx: &mut Tx<'_>,
    vault: &Vault,
    senders: &[Arc<dyn PhoneSender>],
    skip: &[usize],
    confirmation: PublicId,
    round: i64,
) -> Result<Next, StoreError> {
    let (found, customer) = match waited_for(tx, confirmation, round, Channel::Phone).await? {
        Waited::For(found, customer) => (found, customer),
        Waited::Not(outcome) => return Ok(Next::Ended(outcome)),
    };
    let known = sends::of_round(tx, found.id, round).await?;
    if known.is_carried {
        return Ok(Next::Ended(Outcome::Sent));
    }
    let broken = || StoreError::new("confirmations.carry", ErrorKind::Decode);
    let to = Recipient {
        phone: Phone::read(&found.target).ok_or_else(broken)?,
        vk_user: vk_user(tx, &found, &customer).await?,
        language: customer.language,
    };
    let candidates: Vec<Candidate> = senders
        .iter()
        .enumerate()
        .filter(|(_, sender)| {
            sender.can_reach(&to) && !known.tried.iter().any(|it| it == sender.account())
        })
        .map(|(at, sender)| Candidate {
            at,
            account: sender.account().to_owned(),
            most_a_day: sender.most_a_day(),
        })
        .collect();
    let (may_return, fresh): (Vec<_>, Vec<_>) =
        candidates.into_iter().partition(|it| skip.contains(&it.at));
    let turn = turn_of(tx, senders, found.by, fresh).await?;
    let (at, day) = match turn {
        Turn::Of { at, day } => (at, day),
        Turn::Later(_) | Turn::Nobody => {
            let at = soonest(tx, turn, &may_return).await?;
            return nobody(tx, &found, &customer, round, at, known.may_be_carried)
                .await
                .map(Next::Ended);
        }
    };
    let account = senders.get(at).map_or("", |sender| sender.account());
    let send = sends::begin(tx, found.id, round, account).await?;
    let left = (found.code_until - tx.now()).max(0);
    let code = PhoneCode {
        to,
        code: secret::code(vault, confirmation, found.purpose, round),
        lives: Duration::from_millis(left as u64),
        reference: send.to_string(),
        number: number(send),
    };
    Ok(Next::Call(Box::new(Call {
        at,
        day,
        send,
        code,
    })))
}

/// Whose turn it is: first among those that carry by what was chosen, and among the others where none of these can now.
async fn turn_of(
    tx: &mut Tx<'_>,
    senders: &[Arc<dyn PhoneSender>],
    chosen: Option<Messenger>,
    candidates: Vec<Candidate>,
) -> Result<Turn, StoreError> {
    let is_chosen = |candidate: &Candidate| {
        let sender = senders.get(candidate.at);
        chosen.is_some_and(|chosen| sender.is_some_and(|it| it.messenger() == chosen))
    };
    let (first, others): (Vec<_>, Vec<_>) = candidates.into_iter().partition(is_chosen);
    let turn = rotation::next(tx, Kind::Phone, senders.len(), &first).await?;
    if matches!(turn, Turn::Of { .. }) {
        return Ok(turn);
    }
    let other = rotation::next(tx, Kind::Phone, senders.len(), &others).await?;
    Ok(match (turn, other) {
        (Turn::Later(first), Turn::Later(other)) => Turn::Later(first.min(other)),
        (Turn::Later(first), Turn::Nobody) => Turn::Later(first),
        (_, other) => other,
    })
}

/// Whether somebody still waits for a round's code.
pub(super) enum Waited {
    For(Found, Customer),
    Not(Outcome),
}

/// Reads what a letter is about. A code that ran out while it waited for a sender is told to the customer.
pub(super) async fn waited_for(
    tx: &mut Tx<'_>,
    confirmation: PublicId,
    round: i64,
    channel: Channel,
) -> Result<Waited, StoreError> {
    let over = |reason: &str| {
        Ok(Waited::Not(Outcome::Refused {
            reason: reason.to_owned(),
            alert: false,
        }))
    };
    let Some(found) = found::by_name(tx, confirmation).await? else {
        return over("there is no such confirmation");
    };
    let customer = match found.customer {
        Some(id) => customers::by_id(tx, id).await?,
        None => None,
    };
    let Some(customer) = customer.filter(|_| found.channel == channel) else {
        return over("a letter to nobody");
    };
    if found.round != round || !matches!(found.state, State::Live | State::Expired) {
        return over("nobody waits for this code any more");
    }
    if matches!(found.purpose, Purpose::Recover | Purpose::Login)
        && !proof::still_holds(tx, &found).await?
    {
        return over("the target is no longer the customer's");
    }
    if found.state == State::Live && found.useful_until() > tx.now() {
        return Ok(Waited::For(found, customer));
    }
    let known = sends::of_round(tx, found.id, round).await?;
    if known.is_carried || known.may_be_carried {
        return Ok(Waited::Not(Outcome::Sent));
    }
    if found.useful_until() <= tx.now() {
        tell_unsent(tx, &customer, confirmation, round).await?;
    }
    over("the code ran out before a sender could carry it")
}

/// The account of VK that a code may go to: only of a customer who has proved their number before. To prove a number, it
/// has to arrive there.
async fn vk_user(
    tx: &mut Tx<'_>,
    found: &Found,
    customer: &Customer,
) -> Result<Option<i64>, StoreError> {
    if found.purpose == Purpose::Phone {
        return Ok(None);
    }
    tx.one::<(Option<i64>,)>(&VK_USER, binds![customer.id])
        .await
        .map(|row| row.0)
}

/// When somebody may carry it again: those who were passed over, or those who have just failed.
pub(super) async fn soonest(
    tx: &mut Tx<'_>,
    turn: Turn,
    may_return: &[Candidate],
) -> Result<Option<i64>, StoreError> {
    let mut soonest = match turn {
        Turn::Later(at) => Some(at),
        Turn::Of { .. } | Turn::Nobody => None,
    };
    for candidate in may_return {
        let at = rotation::free_at(tx, candidate).await?;
        soonest = Some(soonest.map_or(at, |soonest| soonest.min(at)));
    }
    Ok(soonest)
}

/// Nobody carries it now: the letter waits if somebody may while the code is good; else the customer is told what to do
/// instead, unless it may have arrived.
pub(super) async fn nobody(
    tx: &mut Tx<'_>,
    found: &Found,
    customer: &Customer,
    round: i64,
    soonest: Option<i64>,
    may_be_carried: bool,
) -> Result<Outcome, StoreError> {
    if may_be_carried {
        return Ok(Outcome::Sent);
    }
    if let Some(at) = soonest.filter(|at| *at < found.useful_until()) {
        return Ok(Outcome::Until(at, "every sender is busy".to_owned()));
    }
    tell_unsent(tx, customer, found.public_id, round).await?;
    Ok(Outcome::Refused {
        reason: "no sender can carry it".to_owned(),
        alert: false,
    })
}

async fn tell_unsent(
    tx: &mut Tx<'_>,
    customer: &Customer,
    confirmation: PublicId,
    round: i64,
) -> Result<(), StoreError> {
    let word = Letter::CodeUnsent {
        confirmation,
        round,
    };
    letters::post(tx, customer, &word).await
}

async fn write_down(
    tx: &mut Tx<'_>,
    account: &str,
    day: Day,
    send: PublicId,
    carried: &Carried,
) -> Result<(), StoreError> {
    let (ended, verdict, reference, reason) = match carried {
        Carried::Accepted { reference } => {
            let reference = reference.as_deref();
            (Ended::Accepted, Verdict::Works, reference, "")
        }
        Carried::NotReachable(reason) => (
            Ended::Unreachable,
            Verdict::Blameless,
            None,
            reason.as_str(),
        ),
        Carried::Busy { pause, reason } => {
            (Ended::Failed, Verdict::Busy(*pause), None, reason.as_str())
        }
        Carried::Misconfigured(reason) => {
            (Ended::Failed, Verdict::Misconfigured, None, reason.as_str())
        }
        Carried::Unknown(reason) => (Ended::Unknown, Verdict::Unknown, None, reason.as_str()),
    };
    sends::end(tx, send, ended, reference, reason).await?;
    rotation::judge(tx, account, day, verdict, reason).await
}

/// A number of the send's own, not zero.
fn number(send: PublicId) -> i32 {
    let [a, b, c, d, ..] = send.0;
    (i32::from_be_bytes([a, b, c, d]) & i32::MAX).max(1)
}
