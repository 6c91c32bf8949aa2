//! A code is typed. The try is counted before the code is compared, in one statement, so that rivals can't have more tries
//! than there are.

use std::net::IpAddr;
use std::time::Duration;

use subtle::ConstantTimeEq;

use super::found::{self, Found, State};
use super::proof::{self, Proved};
use super::{Asker, GUESSES_PER_ADDRESS, GUESSES_PER_TARGET, MOST_TRIES, Purpose, secret, subject};
use crate::meters;
use crate::shop::throttle::{self, Taken};
use crate::shop::vault::Vault;
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, sql};

/// How a guess ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Guess {
    /// It was the code, and what it proves is kept.
    Right(Proved),
    /// It was not.
    Wrong {
        /// Tries that are left for this code.
        left: i64,
    },
    /// It was not six digits, and no try was counted.
    NoCode,
    /// There were too many wrong ones: it has to begin again.
    Locked,
    /// The code is too old, or a newer confirmation took its place. Another code can be asked for.
    Expired,
    /// The number or address is the customer's already, by this very confirmation.
    Already,
    /// There were too many guesses, whatever the code.
    TooMany {
        /// Before the next one.
        wait: Duration,
    },
    /// The asker has no such confirmation, or it was used for something that happens once.
    Unknown,
}

sql! {
    COUNT = "confirmations.guess.count",
        "UPDATE confirmations SET tries = tries + 1, changed_at = $3
         WHERE id = $1 AND state = 'live' AND tries < $2 AND code_expires_at > $3
         RETURNING tries, code_hash";
    LOCK = "confirmations.guess.lock",
        "UPDATE confirmations SET state = 'locked', changed_at = $2 WHERE id = $1 AND state = 'live'";
}

/// Compares what was typed with the code of a confirmation of the asker's.
pub async fn guess(
    tx: &mut Tx<'_>,
    vault: &Vault,
    asker: Asker,
    id: PublicId,
    typed: &str,
    address: Option<IpAddr>,
) -> Result<Guess, StoreError> {
    let Some(found) = found::of(tx, asker, id).await? else {
        return Ok(Guess::Unknown);
    };
    if found.state != State::Live {
        return over(tx, &found).await;
    }
    let Some(digits) = read_code(typed) else {
        return Ok(Guess::NoCode);
    };
    let subject = subject(found.purpose, found.channel, &found.key);
    let address = address.map(throttle::neighbourhood);
    let limits = [
        (&GUESSES_PER_ADDRESS, address.as_deref()),
        (&GUESSES_PER_TARGET, Some(subject.as_str())),
    ];
    for (limit, subject) in limits {
        let Some(subject) = subject else { continue };
        if let Taken::TooMany { wait } = throttle::take(tx, vault, limit, subject).await? {
            return Ok(Guess::TooMany { wait });
        }
    }
    proof::lock(tx, &found).await?;
    let now = tx.now();
    let counted: Option<(i64, [u8; 32])> = tx
        .optional(&COUNT, binds![found.id, MOST_TRIES, now])
        .await?;
    let Some((tries, kept)) = counted else {
        let found = found::of(tx, asker, id).await?;
        return match found {
            Some(found) => over(tx, &found).await,
            None => Ok(Guess::Unknown),
        };
    };
    tx.pause("confirmations.counted").await;
    let is_right: bool = secret::code_hash(vault, id, &digits).ct_eq(&kept).into();
    if is_right {
        return Ok(match proof::prove(tx, &found).await? {
            Some(proved) => Guess::Right(proved),
            None => Guess::Expired,
        });
    }
    if tries >= MOST_TRIES {
        tx.execute(&LOCK, binds![found.id, now]).await?;
        let locked = meters::CONFIRMATIONS.of([found.purpose.as_str(), "locked"]);
        tx.tally(locked, 1);
        return Ok(Guess::Locked);
    }
    Ok(Guess::Wrong {
        left: MOST_TRIES - tries,
    })
}

/// What to say of a confirmation that takes no guess.
async fn over(tx: &mut Tx<'_>, found: &Found) -> Result<Guess, StoreError> {
    Ok(match (found.state, found.purpose) {
        (State::Live, _) if found.tries >= MOST_TRIES => Guess::Locked,
        (State::Live | State::Expired, _) => Guess::Expired,
        (State::Locked, _) => Guess::Locked,
        (State::Consumed, Purpose::Phone | Purpose::Email) => {
            if proof::still_holds(tx, found).await? {
                Guess::Already
            } else {
                Guess::Expired
            }
        }
        (State::Consumed, Purpose::Recover | Purpose::Login) => Guess::Unknown,
    })
}

/// Six digits, however they are parted.
fn read_code(typed: &str) -> Option<String> {
    let digits: String = typed
        .trim()
        .chars()
        .filter(|letter| !matches!(letter, ' ' | '-' | '\u{a0}'))
        .take(7)
        .collect();
    (digits.len() == 6 && digits.bytes().all(|it| it.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_parted() {
        for text in ["012345", " 012 345 ", "012-345", "012\u{a0}345\n"] {
            assert_eq!(read_code(text).as_deref(), Some("012345"), "{text:?}");
        }
        for wrong in [
            "",
            "12345",
            "1234567",
            "12345a",
            "hello",
            "١٢٣٤٥٦",
            "12345\0",
        ] {
            assert_eq!(read_code(wrong), None, "{wrong:?}");
        }
    }
}
