//! A confirmation as it is stored, found by who may see it.

use std::time::Duration;

use super::senders::Messenger;
use super::{Asker, CODE_LIFE, Channel, Purpose, Target};
use crate::clock::Millis;
use crate::shop::customers::{Email, Phone};
use crate::store::{ErrorKind, FromRow, PublicId, Row, StoreError, Tx};
use crate::{binds, sql};

/// Nobody waits for a mail any longer than this.
const LATEST_MAIL: Duration = Duration::from_hours(1);

/// How a confirmation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It can be used.
    Live,
    /// It was used.
    Consumed,
    /// Its time is over, or a newer one took its place.
    Expired,
    /// There were too many wrong codes.
    Locked,
}

#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) id: i64,
    pub(super) public_id: PublicId,
    pub(super) customer: Option<i64>,
    pub(super) purpose: Purpose,
    pub(super) channel: Channel,
    pub(super) target: String,
    pub(super) key: String,
    pub(super) round: i64,
    pub(super) tries: i64,
    pub(super) code_until: Millis,
    pub(super) until: Millis,
    pub(super) state: State,
    /// By what its code was wished to come.
    pub(super) by: Option<Messenger>,
}

impl FromRow for Found {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            public_id: row.get(1)?,
            customer: row.get(2)?,
            purpose: Purpose::read(&row.get::<String>(3)?)?,
            channel: Channel::read(&row.get::<String>(4)?)?,
            target: row.get(5)?,
            key: row.get(6)?,
            round: row.get(7)?,
            tries: row.get(8)?,
            code_until: row.get(9)?,
            until: row.get(10)?,
            state: match row.get::<String>(11)?.as_str() {
                "live" => State::Live,
                "consumed" => State::Consumed,
                "expired" => State::Expired,
                "locked" => State::Locked,
                _ => return Err(broken()),
            },
            // A word of a later program's is no wish that this one could follow.
            by: row
                .get::<Option<String>>(12)?
                .and_then(|word| Messenger::from_word(&word)),
        })
    }
}

impl Found {
    /// What it proves.
    pub(super) fn target(&self) -> Result<Target, StoreError> {
        let target = match self.channel {
            Channel::Phone => Phone::read(&self.target).map(Target::Phone),
            Channel::Email => Email::read(&self.target).map(Target::Email),
        };
        target.ok_or_else(broken)
    }

    /// Until when sending it is of use: a code is typed at once or never, and a mail with a link may be late.
    pub(super) fn useful_until(&self) -> Millis {
        match self.channel {
            Channel::Phone => self.code_until,
            Channel::Email => {
                let sent_at = self.code_until - CODE_LIFE.as_millis() as i64;
                self.until.min(sent_at + LATEST_MAIL.as_millis() as i64)
            }
        }
    }

    /// Nobody has its target, so nothing is sent and no code fits.
    pub(super) fn is_decoy(&self) -> bool {
        self.customer.is_none()
    }
}

fn broken() -> StoreError {
    StoreError::new("confirmations.read", ErrorKind::Decode)
}

sql! {
    OF_CUSTOMER = "confirmations.of_customer",
        "SELECT id, public_id, customer_id, purpose, channel, target, target_key, round, tries, code_expires_at, expires_at, state, messenger
         FROM confirmations
         WHERE public_id = $1 AND customer_id = $2 AND purpose IN ('phone', 'email')";
    OF_VISITOR = "confirmations.of_visitor",
        "SELECT id, public_id, customer_id, purpose, channel, target, target_key, round, tries, code_expires_at, expires_at, state, messenger
         FROM confirmations
         WHERE public_id = $1 AND purpose = $2";
    BY_TOKEN = "confirmations.by_token",
        "SELECT id, public_id, customer_id, purpose, channel, target, target_key, round, tries, code_expires_at, expires_at, state, messenger
         FROM confirmations
         WHERE token_hash = $1 AND purpose = $2";
    BY_NAME = "confirmations.by_name",
        "SELECT id, public_id, customer_id, purpose, channel, target, target_key, round, tries, code_expires_at, expires_at, state, messenger
         FROM confirmations
         WHERE public_id = $1";
    LIVE_OF = "confirmations.live_of",
        "SELECT id, public_id, customer_id, purpose, channel, target, target_key, round, tries, code_expires_at, expires_at, state, messenger
         FROM confirmations
         WHERE customer_id = $1 AND purpose = $2 AND purpose IN ('phone', 'email') AND state = 'live' AND expires_at > $3";
    NEWEST_OF = "confirmations.newest_of",
        "SELECT id, public_id, customer_id, purpose, channel, target, target_key, round, tries, code_expires_at, expires_at, state, messenger
         FROM confirmations
         WHERE customer_id = $1 AND purpose = $2 AND target_key = $3 AND target <> '' ORDER BY id DESC LIMIT 1";
}

/// The confirmation, if it is one of the asker's.
pub(super) async fn of(
    tx: &mut Tx<'_>,
    asker: Asker,
    id: PublicId,
) -> Result<Option<Found>, StoreError> {
    match asker {
        Asker::Customer(customer) => tx.optional(&OF_CUSTOMER, binds![id, customer]).await,
        Asker::Visitor(way) => {
            let purpose = Purpose::from(way).as_str();
            tx.optional(&OF_VISITOR, binds![id, purpose]).await
        }
    }
}

/// The confirmation that a link leads to.
pub(super) async fn by_token(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    token: &str,
) -> Result<Option<Found>, StoreError> {
    let hash = super::secret::token_hash(token);
    tx.optional(&BY_TOKEN, binds![hash, purpose.as_str()]).await
}

/// The confirmation that a letter names.
pub(super) async fn by_name(tx: &mut Tx<'_>, id: PublicId) -> Result<Option<Found>, StoreError> {
    tx.optional(&BY_NAME, binds![id]).await
}

/// The customer's live one.
pub(super) async fn live_of(
    tx: &mut Tx<'_>,
    customer: i64,
    purpose: Purpose,
) -> Result<Option<Found>, StoreError> {
    let now = tx.now();
    tx.optional(&LIVE_OF, binds![customer, purpose.as_str(), now])
        .await
}

/// The customer's newest one for a target.
pub(super) async fn newest_of(
    tx: &mut Tx<'_>,
    customer: i64,
    purpose: Purpose,
    target: &Target,
) -> Result<Option<Found>, StoreError> {
    let (purpose, key) = (purpose.as_str(), target.key());
    tx.optional(&NEWEST_OF, binds![customer, purpose, key])
        .await
}
