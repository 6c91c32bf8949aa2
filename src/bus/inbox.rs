//! Facts received. A fact is acknowledged to its source only after its raw bytes are committed here.

use std::collections::BTreeSet;

use crate::clock::Millis;
use crate::meters;
use crate::store::{StoreError, Tx};
use crate::{binds, row, sql};

/// What a source told us, before anybody reads it closely.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Who told it, such as `telegram:42`.
    pub source: String,
    /// The source's own name for it: the same name again is the same fact.
    pub event_id: String,
    /// What it is, such as `message`.
    pub kind: &'static str,
    /// The chat whose order it keeps; `None` where order means nothing.
    pub lane: Option<i64>,
    /// The body as it came; it may be no UTF-8.
    pub raw: Vec<u8>,
    /// Whether anybody has to handle it.
    pub birth: Birth,
}

/// How a fact enters the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Birth {
    /// To be handled.
    New,
    /// Kept only: of a kind that we don't use.
    Done,
    /// Unreadable: kept for a later version, with the reason. An alert goes with it.
    Dead(String),
}

row! {
    /// A stored fact that waits for its turn.
    #[derive(Clone, Debug)]
    pub struct Stored {
        /// Its place in the order of receipt.
        pub seq: i64,
        /// Who told it.
        pub source: String,
        /// What it is.
        pub kind: String,
        /// Its chat.
        pub lane: Option<i64>,
        /// The body.
        pub raw: Vec<u8>,
        /// When it was stored.
        pub received_at: Millis,
    }
}

sql! {
    INSERT = "inbox.store.insert",
        "INSERT INTO inbox (source, event_id, kind, lane, raw, state, received_at, due_at, error)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)
         ON CONFLICT (source, event_id) DO NOTHING
         RETURNING seq";
    WAITING = "inbox.waiting",
        "SELECT seq, source, kind, lane, raw, received_at FROM inbox
         WHERE state = 'new' AND lane IS NOT NULL AND seq > $1
         ORDER BY seq LIMIT $2";
    WAITING_IN_LANE = "inbox.waiting_in_lane",
        "SELECT seq, source, kind, lane, raw, received_at FROM inbox
         WHERE state = 'new' AND lane = $1 AND seq > $2
         ORDER BY seq LIMIT $3";
    DUE_WITHOUT_LANE = "inbox.due_without_lane",
        "SELECT seq, source, kind, lane, raw, received_at FROM inbox
         WHERE state = 'new' AND lane IS NULL AND due_at <= $1
         ORDER BY seq LIMIT $2";
    POSTPONE = "inbox.postpone",
        "UPDATE inbox SET due_at = $2 WHERE seq = $1 AND state = 'new'";
    BURY = "inbox.bury",
        "UPDATE inbox SET state = 'dead', error = $2 WHERE seq = $1 AND state = 'new'";
    LAST = "inbox.last",
        "SELECT seq FROM inbox ORDER BY seq DESC LIMIT 1";
    NEWEST_OF = "inbox.newest_of",
        "SELECT event_id FROM inbox WHERE source = $1 ORDER BY seq DESC LIMIT 1";
    PAY = "inbox.pay_screen",
        "UPDATE inbox SET screen_owed = NULL
         WHERE lane = $1 AND seq <= $2 AND screen_owed IS NOT NULL";
    FORGIVE = "inbox.forgive",
        "UPDATE inbox SET screen_owed = NULL WHERE screen_owed IS NOT NULL AND screen_owed <= $1";
}

sql! {
    OWED = "inbox.owed",
        sqlite: "SELECT lane, MAX(seq) FROM inbox WHERE screen_owed IS NOT NULL AND screen_owed > $1 GROUP BY lane",
        postgres: "SELECT lane, MAX(seq) FROM inbox
             WHERE screen_owed IS NOT NULL AND screen_owed > $1 AND NOT EXISTS (
                 SELECT 1 FROM lanes WHERE lanes.lane = inbox.lane AND lanes.owner IS NOT NULL
             ) GROUP BY lane";
    WAITING_LANES = "inbox.waiting_lanes",
        sqlite: "SELECT lane FROM inbox WHERE FALSE",
        postgres: "SELECT DISTINCT lane FROM inbox WHERE state = 'new' AND lane IS NOT NULL AND NOT EXISTS (
                 SELECT 1 FROM lanes WHERE lanes.lane = inbox.lane
                 AND lanes.owner IS NOT NULL AND lanes.owner <> $2 AND lanes.lease_until > $3
             ) LIMIT $1";
    LOCK_LANE = "inbox.store.lock_lane",
        sqlite: "SELECT $1",
        postgres: "SELECT CAST(1 AS BIGINT) FROM (SELECT pg_advisory_xact_lock($1)) AS locked";
}

/// PostgreSQL numbers a row before it commits: of two processes that store for one lane, the later number could be seen,
/// handled and finished first, and take the earlier row along unhandled. So they store one after another.
async fn lock_lanes(tx: &mut Tx<'_>, facts: &[Fact]) -> Result<(), StoreError> {
    if !tx.is_postgres() {
        return Ok(());
    }
    let lanes: BTreeSet<i64> = facts.iter().filter_map(|fact| fact.lane).collect();
    for lane in lanes {
        tx.all::<(i64,)>(&LOCK_LANE, binds![lane]).await?;
    }
    Ok(())
}

/// Keeps facts. The answer has, for each, its row if it is new; a repeat of a known fact is `None`.
pub async fn store(tx: &mut Tx<'_>, facts: &[Fact]) -> Result<Vec<Option<Stored>>, StoreError> {
    lock_lanes(tx, facts).await?;
    let now = tx.now();
    let mut stored = Vec::with_capacity(facts.len());
    for fact in facts {
        let (state, error) = match &fact.birth {
            Birth::New => ("new", None),
            Birth::Done => ("done", None),
            Birth::Dead(reason) => ("dead", Some(reason.as_str())),
        };
        let binds = binds![
            fact.source,
            fact.event_id,
            fact.kind,
            fact.lane,
            fact.raw,
            state,
            now,
            error
        ];
        let seq = tx
            .optional::<(i64,)>(&INSERT, binds)
            .await?
            .map(|row| row.0);
        if let (Some(seq), Some(reason)) = (seq, error) {
            super::attention::open(tx, &dead_task(&seq.to_string(), reason)).await?;
        }
        if seq.is_some() {
            tx.tally(meters::UPDATES.of([fact.kind]), 1);
        }
        stored.push(seq.map(|seq| Stored {
            seq,
            source: fact.source.clone(),
            kind: fact.kind.to_owned(),
            lane: fact.lane,
            raw: fact.raw.clone(),
            received_at: now,
        }));
    }
    Ok(stored)
}

fn dead_task<'a>(seq: &'a str, reason: &'a str) -> super::attention::Task<'a> {
    super::attention::Task {
        kind: "inbox.dead",
        subject: seq,
        order: None,
        payment: None,
        detail: reason,
    }
}

/// Puts a fact that can't be handled aside, with a task for staff. False if somebody has finished it already.
pub async fn bury(tx: &mut Tx<'_>, seq: i64, reason: &str) -> Result<bool, StoreError> {
    if tx.execute(&BURY, binds![seq, reason]).await? == 0 {
        return Ok(false);
    }
    super::attention::open(tx, &dead_task(&seq.to_string(), reason)).await?;
    Ok(true)
}

row! {
    /// A fact that was put aside.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Dead {
        /// Its place in the order of receipt.
        pub seq: i64,
        /// Who told it.
        pub source: String,
        /// What it is.
        pub kind: String,
        /// Its chat.
        pub lane: Option<i64>,
        /// When it was stored.
        pub received_at: Millis,
        /// Why it was put aside.
        pub error: Option<String>,
    }
}

sql! {
    DEAD = "inbox.dead",
        "SELECT seq, source, kind, lane, received_at, error
         FROM inbox WHERE state = 'dead' ORDER BY seq LIMIT $1";
    DEAD_ONE = "inbox.dead_one",
        "SELECT seq, source, kind, lane, received_at, error
         FROM inbox WHERE state = 'dead' AND seq = $1";
    // Its lane has gone on without it, and would take it for finished: it comes back as a fact without a lane, which
    // an open shop looks for by itself.
    RETRY = "inbox.retry",
        "UPDATE inbox SET state = 'new', lane = NULL, due_at = $2, error = NULL WHERE seq = $1 AND state = 'dead'";
    BODY = "inbox.body", "SELECT raw FROM inbox WHERE seq = $1 AND lane = $2";
    DROP = "inbox.drop",
        "UPDATE inbox SET state = 'done' WHERE seq = $1 AND state = 'dead'";
}

/// The body of a fact of this chat, as it is stored.
pub async fn body(tx: &mut Tx<'_>, seq: i64, lane: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let found: Option<(Vec<u8>,)> = tx.optional(&BODY, binds![seq, lane]).await?;
    Ok(found.map(|row| row.0))
}

/// Facts that were put aside, oldest first.
pub async fn dead(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Dead>, StoreError> {
    tx.all(&DEAD, binds![limit]).await
}

/// A fact that was put aside.
pub async fn dead_one(tx: &mut Tx<'_>, seq: i64) -> Result<Option<Dead>, StoreError> {
    tx.optional(&DEAD_ONE, binds![seq]).await
}

/// Has a dead fact handled again; its task is done. False if it is not dead (any more).
pub async fn retry(tx: &mut Tx<'_>, seq: i64) -> Result<bool, StoreError> {
    let now = tx.now();
    let is_done = tx.execute(&RETRY, binds![seq, now]).await? > 0;
    resolve_dead(tx, seq, is_done).await
}

/// Gives a dead fact up for good; its task is done. False if it is not dead (any more).
pub async fn drop_dead(tx: &mut Tx<'_>, seq: i64) -> Result<bool, StoreError> {
    let is_done = tx.execute(&DROP, binds![seq]).await? > 0;
    resolve_dead(tx, seq, is_done).await
}

async fn resolve_dead(tx: &mut Tx<'_>, seq: i64, is_done: bool) -> Result<bool, StoreError> {
    if is_done {
        super::attention::resolve(tx, "inbox.dead", &seq.to_string()).await?;
    }
    Ok(is_done)
}

pub(super) async fn postpone(tx: &mut Tx<'_>, seq: i64, until: Millis) -> Result<(), StoreError> {
    tx.execute(&POSTPONE, binds![seq, until]).await.map(|_| ())
}

/// Facts with a lane after `after`, in order.
pub(super) async fn waiting(
    tx: &mut Tx<'_>,
    after: i64,
    limit: i64,
) -> Result<Vec<Stored>, StoreError> {
    tx.all(&WAITING, binds![after, limit]).await
}

pub(super) async fn waiting_in_lane(
    tx: &mut Tx<'_>,
    lane: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<Stored>, StoreError> {
    tx.all(&WAITING_IN_LANE, binds![lane, after, limit]).await
}

/// Lanes with something to do that no other process than `owner` works on.
pub(super) async fn waiting_lanes(
    tx: &mut Tx<'_>,
    owner: &str,
    limit: i64,
) -> Result<Vec<i64>, StoreError> {
    let now = tx.now();
    Ok(tx
        .all::<(i64,)>(&WAITING_LANES, binds![limit, owner, now])
        .await?
        .into_iter()
        .map(|row| row.0)
        .collect())
}

pub(super) async fn due_without_lane(
    tx: &mut Tx<'_>,
    limit: i64,
) -> Result<Vec<Stored>, StoreError> {
    let now = tx.now();
    tx.all(&DUE_WITHOUT_LANE, binds![now, limit]).await
}

/// Proves that the inbox can be read.
pub async fn is_readable(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.optional::<(i64,)>(&LAST, binds![]).await.map(|_| ())
}

/// The name of the fact of this source that was stored last.
pub async fn newest_of(tx: &mut Tx<'_>, source: &str) -> Result<Option<String>, StoreError> {
    let newest = tx.optional::<(String,)>(&NEWEST_OF, binds![source]).await?;
    Ok(newest.map(|row| row.0))
}

/// Chats that no living process works on and that were owed a screen after `since`, with the turn that owes it; older
/// debts are forgiven.
pub async fn owed_screens(tx: &mut Tx<'_>, since: Millis) -> Result<Vec<(i64, i64)>, StoreError> {
    tx.execute(&FORGIVE, binds![since]).await?;
    tx.all(&OWED, binds![since]).await
}

/// The lane's customer has a screen that shows all up to `seq`.
pub async fn pay_screen(tx: &mut Tx<'_>, lane: i64, seq: i64) -> Result<(), StoreError> {
    tx.execute(&PAY, binds![lane, seq]).await.map(|_| ())
}
