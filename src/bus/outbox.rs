//! Effects decided and not yet done: letters, with their priority and with what a repeat would mean. A letter holds
//! references, language and snapshots, never key text; its words are made when it is sent.

use crate::clock::Millis;
use crate::store::{PublicId, Store, StoreError, Tx};
use crate::{binds, row, sql};

/// Who goes first. The order of sending after pre-checkout, which has its own path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Keys and receipts.
    Delivery = 10,
    /// Money on its way back.
    Refund = 20,
    /// Invoices: the customer waits.
    Invoice = 30,
    /// What somebody waits for to go on, and what soon means nothing any more.
    Code = 35,
    /// Words about an order.
    Notice = 40,
    /// News for staff.
    Alert = 50,
}

/// What a repeat means to the one who gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Semantics {
    /// A repeat is identical and harmless: send until it is known to have arrived.
    AtLeastOnce,
    /// A repeat would be wrong: where the outcome is unknown it is not sent again.
    AtMostOnce,
}

/// A letter to post.
#[derive(Clone, Debug)]
pub struct Letter<'a> {
    /// The same key again is the same letter.
    pub dedup_key: &'a str,
    /// Which words it will have.
    pub kind: &'static str,
    /// The chat that it goes to, if it goes to one.
    pub chat: Option<i64>,
    /// Who goes first.
    pub priority: Priority,
    /// What a repeat means.
    pub semantics: Semantics,
    /// JSON: references, language, snapshots.
    pub payload: &'a str,
}

row! {
    /// A letter that this process sends now.
    #[derive(Clone, Debug)]
    pub struct Claimed {
        /// Its row.
        pub id: i64,
        /// Its name outside the house.
        pub public_id: [u8; 16],
        /// Which words it has.
        pub kind: String,
        /// The chat that it goes to.
        pub chat: Option<i64>,
        pub(super) priority: i64,
        semantics: String,
        /// JSON: references, language, snapshots.
        pub payload: String,
        /// The number of this claim.
        pub fence: i64,
        /// How often it was tried, this time counted.
        pub attempts: i64,
        /// When it was posted.
        pub created_at: Millis,
    }
}

impl Claimed {
    /// What a repeat means.
    pub fn semantics(&self) -> Semantics {
        if self.semantics == "at_most_once" {
            Semantics::AtMostOnce
        } else {
            Semantics::AtLeastOnce
        }
    }
}

sql! {
    POST = "outbox.post",
        "INSERT INTO outbox (public_id, dedup_key, kind, chat_id, priority, semantics, payload, due_at, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8)
         ON CONFLICT (dedup_key) DO NOTHING";
    FINISH = "outbox.finish",
        "UPDATE outbox SET state = $3, lease_until = NULL, owner = NULL, due_at = $4, changed_at = $5, error = $6,
             attempts = attempts - $7
         WHERE id = $1 AND state = 'sending' AND fence = $2";
    WITHDRAW = "outbox.withdraw",
        "UPDATE outbox SET state = 'cancelled', changed_at = $2
         WHERE dedup_key = $1 AND state = 'pending'";
    NEXT_DUE = "outbox.next_due",
        "SELECT MIN(due_at) FROM outbox WHERE state = 'pending'";
    EXPIRED = "outbox.expired",
        "UPDATE outbox SET state = CASE semantics WHEN 'at_most_once' THEN 'uncertain' ELSE 'pending' END,
             lease_until = NULL, owner = NULL, changed_at = $1, error = 'the sender went away'
         WHERE state = 'sending' AND lease_until <= $1";
    RELEASE_OF = "outbox.release_of",
        "UPDATE outbox SET state = CASE semantics WHEN 'at_most_once' THEN 'uncertain' ELSE 'pending' END,
             lease_until = NULL, owner = NULL, changed_at = $2, error = 'the sender went away'
         WHERE state = 'sending' AND owner = $1";
    RELEASE_ALL = "outbox.release_all",
        "UPDATE outbox SET state = CASE semantics WHEN 'at_most_once' THEN 'uncertain' ELSE 'pending' END,
             lease_until = NULL, owner = NULL, changed_at = $1, error = 'the sender went away'
         WHERE state = 'sending'";
    REVIVE = "outbox.revive",
        "UPDATE outbox SET state = 'pending', due_at = $3, changed_at = $3, attempts = 0
         WHERE chat_id = $1 AND kind = $2 AND state = 'dead'";
}
sql! {
    CLAIM = "outbox.claim",
        sqlite: "UPDATE outbox SET state = 'sending', owner = $1, fence = fence + 1, lease_until = $2,
                 attempts = attempts + 1, changed_at = $3
             WHERE id IN (
                 SELECT id FROM outbox WHERE state = 'pending' AND due_at <= $3 ORDER BY priority, id LIMIT $4
             ) AND state = 'pending'
             RETURNING id, public_id, kind, chat_id, priority, semantics, payload, fence, attempts, created_at",
        postgres: "WITH due AS MATERIALIZED (
                 SELECT id FROM outbox WHERE state = 'pending' AND due_at <= $3 ORDER BY priority, id LIMIT $4
                 FOR UPDATE SKIP LOCKED
             )
             UPDATE outbox SET state = 'sending', owner = $1, fence = outbox.fence + 1, lease_until = $2,
                 attempts = outbox.attempts + 1, changed_at = $3
             FROM due WHERE outbox.id = due.id AND outbox.state = 'pending'
             RETURNING outbox.id, public_id, kind, chat_id, priority, semantics, payload, fence, attempts, created_at";
}

/// Posts a letter in the caller's transaction; one with a known key is the same letter and is left alone.
pub async fn post(tx: &mut Tx<'_>, letter: &Letter<'_>) -> Result<(), StoreError> {
    let (now, public_id) = (tx.now(), PublicId::random(tx)?);
    let semantics = match letter.semantics {
        Semantics::AtLeastOnce => "at_least_once",
        Semantics::AtMostOnce => "at_most_once",
    };
    let priority = letter.priority as i64;
    let binds = binds![
        public_id,
        letter.dedup_key,
        letter.kind,
        letter.chat,
        priority,
        semantics,
        letter.payload,
        now
    ];
    tx.execute(&POST, binds).await?;
    tx.raise(super::POSTED);
    Ok(())
}

/// Withdraws a letter that has not been sent yet.
pub async fn withdraw(tx: &mut Tx<'_>, dedup_key: &str) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&WITHDRAW, binds![dedup_key, now])
        .await
        .map(|_| ())
}

/// Sends the dead letters of `kind` to `chat` again: the customer is back.
pub async fn revive(tx: &mut Tx<'_>, chat: i64, kind: &'static str) -> Result<u64, StoreError> {
    let now = tx.now();
    tx.raise(super::POSTED);
    tx.execute(&REVIVE, binds![chat, kind, now]).await
}

/// Whether the letter with this key was given up.
pub async fn is_dead(tx: &mut Tx<'_>, dedup_key: &str) -> Result<bool, StoreError> {
    let dead: Option<(i64,)> = tx.optional(&IS_DEAD, binds![dedup_key]).await?;
    Ok(dead.is_some())
}

row! {
    /// A letter that was given up.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Dead {
        /// Its row.
        pub id: i64,
        /// Which words it would have had.
        pub kind: String,
        /// The chat that it was for.
        pub chat: Option<i64>,
        /// How often it was tried.
        pub attempts: i64,
        /// When it was posted.
        pub created_at: Millis,
        /// When it was given up.
        pub changed_at: Millis,
        /// Why.
        pub error: Option<String>,
        /// JSON: references, language, snapshots.
        pub payload: String,
    }
}

sql! {
    DEAD = "outbox.dead",
        "SELECT id, kind, chat_id, attempts, created_at, changed_at, error, payload
         FROM outbox WHERE state = 'dead' ORDER BY id LIMIT $1";
    IS_DEAD = "outbox.is_dead",
        "SELECT id FROM outbox WHERE dedup_key = $1 AND state = 'dead'";
    DEAD_ONE = "outbox.dead_one",
        "SELECT id, kind, chat_id, attempts, created_at, changed_at, error, payload
         FROM outbox WHERE state = 'dead' AND id = $1";
    RETRY = "outbox.retry",
        "UPDATE outbox SET state = 'pending', due_at = $2, changed_at = $2, attempts = 0
         WHERE id = $1 AND state = 'dead'";
    DROP = "outbox.drop",
        "UPDATE outbox SET state = 'cancelled', changed_at = $2 WHERE id = $1 AND state = 'dead'";
}

/// Letters that were given up, oldest first.
pub async fn dead(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Dead>, StoreError> {
    tx.all(&DEAD, binds![limit]).await
}

/// A letter that was given up.
pub async fn dead_one(tx: &mut Tx<'_>, id: i64) -> Result<Option<Dead>, StoreError> {
    tx.optional(&DEAD_ONE, binds![id]).await
}

/// Sends a dead letter again; its task is done. False if it is not dead (any more).
pub async fn retry(tx: &mut Tx<'_>, letter: &Dead) -> Result<bool, StoreError> {
    let now = tx.now();
    tx.raise(super::POSTED);
    let is_done = tx.execute(&RETRY, binds![letter.id, now]).await? > 0;
    resolve_dead(tx, letter, is_done).await
}

/// Gives a dead letter up for good; its task is done. False if it is not dead (any more).
pub async fn drop_dead(tx: &mut Tx<'_>, letter: &Dead) -> Result<bool, StoreError> {
    let now = tx.now();
    let is_done = tx.execute(&DROP, binds![letter.id, now]).await? > 0;
    resolve_dead(tx, letter, is_done).await
}

async fn resolve_dead(tx: &mut Tx<'_>, letter: &Dead, is_done: bool) -> Result<bool, StoreError> {
    if is_done {
        let subject = format!("{}:{}", letter.kind, letter.id);
        super::attention::resolve(tx, "outbox.dead", &subject).await?;
    }
    Ok(is_done)
}

/// How a letter's row is left after an attempt.
#[derive(Clone, Debug)]
pub(super) struct Finish {
    pub(super) state: &'static str,
    pub(super) due_at: Millis,
    pub(super) error: Option<String>,
    /// 1 takes the attempt back: a pause that Telegram asked for is nobody's failure.
    pub(super) uncounted: i64,
}

pub(super) async fn claim(
    tx: &mut Tx<'_>,
    owner: &str,
    lease_until: Millis,
    limit: i64,
) -> Result<Vec<Claimed>, StoreError> {
    let now = tx.now();
    let mut claimed: Vec<Claimed> = tx
        .all(&CLAIM, binds![owner, lease_until, now, limit])
        .await?;
    claimed.sort_by_key(|letter| letter.id);
    Ok(claimed)
}

/// False: the claim is no longer ours, and nothing was changed.
pub(super) async fn finish(
    tx: &mut Tx<'_>,
    letter: &Claimed,
    finish: &Finish,
) -> Result<bool, StoreError> {
    let now = tx.now();
    let binds = binds![
        letter.id,
        letter.fence,
        finish.state,
        finish.due_at,
        now,
        finish.error,
        finish.uncounted
    ];
    Ok(tx.execute(&FINISH, binds).await? > 0)
}

pub(super) async fn next_due(tx: &mut Tx<'_>) -> Result<Option<Millis>, StoreError> {
    tx.one::<(Option<i64>,)>(&NEXT_DUE, binds![])
        .await
        .map(|row| row.0)
}

/// Frees letters whose sender went silent.
pub(super) async fn free_expired(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let now = tx.now();
    tx.execute(&EXPIRED, binds![now]).await
}

/// Frees everything: for the only process of a database, at its start.
pub(super) async fn free_all(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let now = tx.now();
    tx.execute(&RELEASE_ALL, binds![now]).await
}

/// Frees what a process that is gone, or that stops, was sending.
pub(super) async fn release_of(store: &Store, owner: &str) -> Result<(), StoreError> {
    let owner = owner.to_owned();
    store
        .write("outbox.release_of", move |tx| {
            let owner = owner.clone();
            Box::pin(async move {
                let now = tx.now();
                tx.execute(&RELEASE_OF, binds![owner, now]).await?;
                tx.raise(super::POSTED);
                Ok(())
            })
        })
        .await
}
