//! A confirmation begins: an older one for the same ends, and a letter with the code is posted.

use std::net::IpAddr;
use std::time::Duration;

use super::found;
use super::secret;
use super::senders::Messenger;
use super::{Allowed, Asker, CODE_LIFE, Channel, Purpose, Target, allow_send, subject};
use crate::clock::Millis;
use crate::meters;
use crate::shop::customers::{self, Customer};
use crate::shop::letters::{self, Letter};
use crate::shop::vault::Vault;
use crate::store::{ErrorKind, PublicId, StoreError, Tx};
use crate::{binds, sql};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Who asks.
    pub asker: Asker,
    /// What they say is theirs.
    pub target: Target,
    /// From where on the network, if not from a chat.
    pub address: Option<IpAddr>,
    /// By what a code to a phone shall come; `None`: by whichever. It is a wish: where that can't carry it, others do.
    pub by: Option<Messenger>,
}

/// What came of it. A visitor's answer does not depend on whether anybody has the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It lives, and a code is on its way (a visitor's only if somebody has the target).
    Sent(PublicId),
    /// The target is the customer's already.
    Already,
    /// A code for this target went out just now.
    Wait {
        /// Before the next one.
        wait: Duration,
        /// The customer's confirmation that waits for that code.
        live: Option<PublicId>,
    },
    /// There were too many codes.
    TooMany {
        /// Before the next one.
        wait: Duration,
    },
}

sql! {
    HAS = "confirmations.begin.has",
        "SELECT id FROM customers WHERE id = $1 AND (phone = $2 OR email = $2)";
    END_OF_CUSTOMER = "confirmations.begin.end_of_customer",
        "UPDATE confirmations SET state = 'expired', changed_at = $3
         WHERE customer_id = $1 AND purpose = $2 AND purpose IN ('phone', 'email') AND state = 'live'";
    END_OF_TARGET = "confirmations.begin.end_of_target",
        "UPDATE confirmations SET state = 'expired', changed_at = $3
         WHERE target_key = $1 AND purpose = $2 AND purpose IN ('recover', 'login') AND state = 'live'";
    INSERT = "confirmations.begin.insert",
        "INSERT INTO confirmations (public_id, customer_id, purpose, channel, target, target_key, code_hash, token_hash,
             sent_at, code_expires_at, expires_at, messenger, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $9, $9)";
}

/// Begins a confirmation, or begins it again: the older one of the same customer (of the same target, for a way in) ends.
pub async fn begin(tx: &mut Tx<'_>, vault: &Vault, wish: &Wish) -> Result<Begun, StoreError> {
    let (target, channel) = (&wish.target, wish.target.channel());
    let purpose = wish.asker.purpose(channel);
    let customer = known(tx, wish).await?;
    if let Asker::Customer(id) = wish.asker {
        let has: Option<(i64,)> = tx.optional(&HAS, binds![id, target.as_str()]).await?;
        if has.is_some() {
            return Ok(Begun::Already);
        }
    }
    let subject = subject(purpose, channel, target.key());
    match allow_send(tx, vault, wish.asker, wish.address, &subject).await? {
        Allowed::Fine => {}
        Allowed::TooMany(wait) => {
            tx.tally(meters::CONFIRMATIONS.of([purpose.as_str(), "limited"]), 1);
            return Ok(Begun::TooMany { wait });
        }
        Allowed::Wait(wait) => {
            let live = match wish.asker {
                Asker::Customer(id) => found::live_of(tx, id, purpose).await?,
                Asker::Visitor(_) => None,
            };
            let live = live.filter(|it| it.key == target.key());
            let live = live.map(|it| it.public_id);
            return Ok(Begun::Wait { wait, live });
        }
    }
    tx.pause("confirmations.begin").await;
    let (now, word, key) = (tx.now(), purpose.as_str(), target.key());
    match wish.asker {
        Asker::Customer(id) => tx.execute(&END_OF_CUSTOMER, binds![id, word, now]).await?,
        Asker::Visitor(_) => tx.execute(&END_OF_TARGET, binds![key, word, now]).await?,
    };
    let id = PublicId::random(tx)?;
    let kept = Kept::of(tx, vault, id, purpose, channel, 1, customer.is_none())?;
    let whose = customer.as_ref().map(|it| it.id);
    let (carried_by, text) = (channel.as_str(), target.as_str());
    let by = word_of(wish.by, purpose, channel);
    let binds = binds![
        id,
        whose,
        word,
        carried_by,
        text,
        key,
        kept.code_hash,
        kept.token_hash,
        now,
        kept.code_until,
        kept.until,
        by
    ];
    tx.execute(&INSERT, binds).await?;
    if let Some(customer) = customer {
        letters::post(tx, &customer, &letter(channel, id, 1)).await?;
    }
    tx.tally(meters::CONFIRMATIONS.of([word, "begun"]), 1);
    Ok(Begun::Sent(id))
}

/// What is kept of a wish: nothing for a mailbox, and for a number none that would not prove it.
pub(super) fn word_of(
    by: Option<Messenger>,
    purpose: Purpose,
    channel: Channel,
) -> Option<&'static str> {
    by.filter(|by| channel == Channel::Phone && purpose.is_served_by(*by))
        .map(Messenger::as_str)
}

/// Whose the target will be, or is: nobody, for a visitor who names one that nobody has.
async fn known(tx: &mut Tx<'_>, wish: &Wish) -> Result<Option<Customer>, StoreError> {
    match (wish.asker, &wish.target) {
        (Asker::Customer(id), _) => {
            let unknown = || StoreError::new("confirmations.begin", ErrorKind::NoRow);
            let customer = customers::living(tx, id).await?;
            customer.ok_or_else(unknown).map(Some)
        }
        (Asker::Visitor(_), Target::Phone(phone)) => customers::by_phone(tx, phone).await,
        (Asker::Visitor(_), Target::Email(email)) => customers::by_email(tx, email).await,
    }
}

/// The letter that carries a round's code.
pub(super) fn letter(channel: Channel, confirmation: PublicId, round: i64) -> Letter {
    match channel {
        Channel::Phone => Letter::Code {
            confirmation,
            round,
            after: 0,
        },
        Channel::Email => Letter::MailCode {
            confirmation,
            round,
        },
    }
}

/// What is kept of a round.
pub(super) struct Kept {
    pub(super) code_hash: [u8; 32],
    pub(super) token_hash: Option<[u8; 32]>,
    pub(super) code_until: Millis,
    pub(super) until: Millis,
}

impl Kept {
    pub(super) fn of(
        tx: &mut Tx<'_>,
        vault: &Vault,
        id: PublicId,
        purpose: Purpose,
        channel: Channel,
        round: i64,
        is_decoy: bool,
    ) -> Result<Self, StoreError> {
        let now = tx.now();
        let mut code_hash =
            secret::code_hash(vault, id, secret::code(vault, id, purpose, round).expose());
        let mut token_hash = secret::token_hash(&secret::token(vault, id, purpose, round));
        // Hashes of nothing: no code and no token fits them.
        if is_decoy || !purpose.has_code(channel) {
            code_hash = tx.random::<32>()?;
        }
        if is_decoy {
            token_hash = tx.random::<32>()?;
        }
        Ok(Self {
            code_hash,
            token_hash: (channel == Channel::Email).then_some(token_hash),
            code_until: now + CODE_LIFE.as_millis() as i64,
            until: now + purpose.life(channel).as_millis() as i64,
        })
    }
}
