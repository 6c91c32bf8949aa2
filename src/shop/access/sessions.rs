//! Sessions of the cabinet. A browser keeps the token, the database its hash. Every login begins a new session, and ends
//! the one that the browser came with, so that nobody can be lured into a session that somebody else knows.

use std::time::Duration;

use super::device::Device;
use super::token::Token;
use super::{Way, notices, read_way};
use crate::clock::Millis;
use crate::shop::customers;
use crate::store::{ErrorKind, PublicId, StoreError, Tx};
use crate::{binds, row, sql};

/// A session ends when it is not used for this long.
pub const IDLE: Duration = Duration::from_hours(14 * 24);
/// It ends this long after its login at the latest.
pub const LIFE: Duration = Duration::from_hours(90 * 24);
/// That it is used is written down this often at most.
pub const SEEN_EVERY: Duration = Duration::from_mins(1);
/// So soon after the login somebody may do what a found or stolen browser must not.
pub const FRESH: Duration = Duration::from_mins(10);
/// Over sessions are kept for this long: their owner may ask what happened.
pub const KEPT: Duration = Duration::from_hours(90 * 24);

/// A session that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name, which opens nothing.
    pub id: PublicId,
    /// Whose it is.
    pub customer: i64,
    /// How they logged in.
    pub way: Way,
    /// When they logged in.
    pub created_at: Millis,
    /// When it was used last, to a minute.
    pub last_seen_at: Millis,
    /// When it ends unless it is used.
    pub expires_at: Millis,
    /// Where from.
    pub device: Device,
}

impl Session {
    /// Whether its login was a moment ago.
    pub fn is_fresh(&self, now: Millis) -> bool {
        now < self.created_at + millis(FRESH)
    }

    /// Whether [`touch`] is due.
    pub fn is_due(&self, now: Millis) -> bool {
        now >= self.last_seen_at + millis(SEEN_EVERY)
    }
}

row! {
    struct Found {
        id: PublicId,
        customer: i64,
        way: String,
        created_at: Millis,
        last_seen_at: Millis,
        expires_at: Millis,
        address: Option<String>,
        agent: Option<String>,
    }
}

sql! {
    INSERT = "access.sessions.insert",
        "INSERT INTO sessions
             (public_id, hash, customer_id, way, created_at, last_seen_at, expires_at, address, agent)
         SELECT $1, $2, id, $4, $5, $5, $6, $7, $8 FROM customers WHERE id = $3 AND erased_at IS NULL";
    FIND = "access.sessions.find",
        "SELECT public_id, customer_id, way, created_at, last_seen_at, expires_at, address, agent
         FROM sessions WHERE hash = $1 AND ended_at IS NULL AND expires_at > $2";
    TOUCH = "access.sessions.touch",
        "UPDATE sessions SET last_seen_at = $2,
             expires_at = CASE WHEN created_at + $4 < $2 + $3 THEN created_at + $4 ELSE $2 + $3 END
         WHERE hash = $1 AND ended_at IS NULL AND expires_at > $2 AND last_seen_at <= $2 - $5";
    LIVES = "access.sessions.lives",
        "SELECT id FROM sessions
         WHERE public_id = $1 AND customer_id = $2 AND ended_at IS NULL AND expires_at > $3";
    OF_CUSTOMER = "access.sessions.of_customer",
        "SELECT public_id, customer_id, way, created_at, last_seen_at, expires_at, address, agent
         FROM sessions WHERE customer_id = $1 AND ended_at IS NULL AND expires_at > $2
         ORDER BY last_seen_at DESC, id DESC";
    END = "access.sessions.end",
        "UPDATE sessions SET ended_at = $3
         WHERE public_id = $1 AND customer_id = $2 AND ended_at IS NULL AND expires_at > $3";
    END_BY_TOKEN = "access.sessions.end_by_token",
        "UPDATE sessions SET ended_at = $2 WHERE hash = $1 AND ended_at IS NULL";
    END_OTHERS = "access.sessions.end_others",
        "UPDATE sessions SET ended_at = $3
         WHERE customer_id = $1 AND public_id <> $2 AND ended_at IS NULL AND expires_at > $3";
    END_ALL = "access.sessions.end_all",
        "UPDATE sessions SET ended_at = $2 WHERE customer_id = $1 AND ended_at IS NULL AND expires_at > $2";
    FORGET = "access.sessions.forget",
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT 500)";
}

/// A new session of a customer who has just proven who they are: what their browser keeps from now on. `came_with` is
/// what it came with, whosever that was: it ends. Who has been erased meanwhile has no session, and that is an error.
pub async fn begin(
    tx: &mut Tx<'_>,
    customer: i64,
    way: Way,
    device: &Device,
    came_with: Option<&Token>,
) -> Result<Token, StoreError> {
    // An erasure that runs at the same time has been before, or waits and ends this session, too.
    customers::lock(tx, customer).await?;
    if let Some(old) = came_with {
        end_by_token(tx, old).await?;
    }
    let (token, id) = (Token::random(tx)?, PublicId::random(tx)?);
    let (hash, word, now) = (token.hash(), way.as_str(), tx.now());
    let expires_at = now + millis(IDLE);
    let binds = binds![
        id,
        hash,
        customer,
        word,
        now,
        expires_at,
        device.address,
        device.agent
    ];
    if tx.execute(&INSERT, binds).await? == 0 {
        return Err(StoreError::new(INSERT.name, ErrorKind::NoRow));
    }
    notices::logged_in(tx, customer, id, way, device).await?;
    Ok(token)
}

/// The living session of a token; what is over is nothing.
pub async fn find(tx: &mut Tx<'_>, token: &Token) -> Result<Option<Session>, StoreError> {
    let (hash, now) = (token.hash(), tx.now());
    let found: Option<Found> = tx.optional(&FIND, binds![hash, now]).await?;
    found.map(session).transpose()
}

/// Writes down that a session is used, and lets it live on; at most once a minute, whoever asks how often. Answers
/// whether it did.
pub async fn touch(tx: &mut Tx<'_>, token: &Token) -> Result<bool, StoreError> {
    let (hash, now) = (token.hash(), tx.now());
    let (idle, life, every) = (millis(IDLE), millis(LIFE), millis(SEEN_EVERY));
    let binds = binds![hash, now, idle, life, every];
    Ok(tx.execute(&TOUCH, binds).await? > 0)
}

/// The customer's living sessions, the last used first.
pub async fn list(tx: &mut Tx<'_>, customer: i64) -> Result<Vec<Session>, StoreError> {
    let now = tx.now();
    let found: Vec<Found> = tx.all(&OF_CUSTOMER, binds![customer, now]).await?;
    found.into_iter().map(session).collect()
}

/// Whether one of the customer's sessions lives.
pub(super) async fn lives(
    tx: &mut Tx<'_>,
    customer: i64,
    session: PublicId,
) -> Result<bool, StoreError> {
    let now = tx.now();
    let found: Option<(i64,)> = tx.optional(&LIVES, binds![session, customer, now]).await?;
    Ok(found.is_some())
}

/// Whether a session still lives that somebody came with a moment ago, for what must not be begun by who is put out
/// meanwhile: until the transaction ends, nobody is.
pub async fn still_lives(tx: &mut Tx<'_>, session: &Session) -> Result<bool, StoreError> {
    customers::lock(tx, session.customer).await?;
    lives(tx, session.customer, session.id).await
}

/// Ends one of the customer's sessions. False: they have no such session.
pub async fn end(tx: &mut Tx<'_>, customer: i64, session: PublicId) -> Result<bool, StoreError> {
    let now = tx.now();
    Ok(tx.execute(&END, binds![session, customer, now]).await? > 0)
}

/// Ends the session of a token: they log out, or log in anew.
pub async fn end_by_token(tx: &mut Tx<'_>, token: &Token) -> Result<(), StoreError> {
    let (hash, now) = (token.hash(), tx.now());
    tx.execute(&END_BY_TOKEN, binds![hash, now])
        .await
        .map(|_| ())
}

/// Ends all sessions of the customer but one. How many it were.
pub async fn end_others(tx: &mut Tx<'_>, customer: i64, kept: PublicId) -> Result<u64, StoreError> {
    let now = tx.now();
    tx.execute(&END_OTHERS, binds![customer, kept, now]).await
}

/// Ends all sessions of the customer. How many it were.
pub async fn end_all(tx: &mut Tx<'_>, customer: i64) -> Result<u64, StoreError> {
    let now = tx.now();
    tx.execute(&END_ALL, binds![customer, now]).await
}

/// Forgets sessions that were over long ago, 500 at most. How many it were.
pub async fn forget(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let before = tx.now() - millis(KEPT);
    tx.execute(&FORGET, binds![before]).await
}

fn session(found: Found) -> Result<Session, StoreError> {
    Ok(Session {
        id: found.id,
        customer: found.customer,
        way: read_way(&found.way)?,
        created_at: found.created_at,
        last_seen_at: found.last_seen_at,
        expires_at: found.expires_at,
        device: Device {
            address: found.address,
            agent: found.agent,
        },
    })
}

fn millis(duration: Duration) -> Millis {
    duration.as_millis() as Millis
}
