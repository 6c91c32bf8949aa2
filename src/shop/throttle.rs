//! Limits: how often something may be done for one subject (a number, an account, an address on the network) within a
//! time. Counted in the transaction that they guard, so that rivals can't slip through together; a subject is kept as a
//! keyed hash only.
//!
//! A window begins with the first time and ends after its length: over the turn from one to the next, twice as many may
//! happen within its length, and never more.

use std::net::IpAddr;
use std::time::Duration;

use super::vault::Vault;
use crate::clock::Millis;
use crate::store::{StoreError, Tx};
use crate::{binds, sql};

/// A limit, the same for every subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name, such as `codes.sends.target`.
    pub name: &'static str,
    /// How often it may be done.
    pub most: i64,
    /// Within which time.
    pub window: Duration,
}

/// Whether it may be done once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It may, and is counted.
    Fine,
    /// It may not, before this time has passed; nothing was counted.
    TooMany {
        /// How long.
        wait: Duration,
    },
}

sql! {
    TAKE = "throttle.take",
        "INSERT INTO throttles (name, subject, count, started_at, ends_at) VALUES ($1, $2, 1, $3, $4)
         ON CONFLICT (name, subject) DO UPDATE SET
             count = CASE WHEN throttles.ends_at <= $3 THEN 1 ELSE throttles.count + 1 END,
             started_at = CASE WHEN throttles.ends_at <= $3 THEN $3 ELSE throttles.started_at END,
             ends_at = CASE WHEN throttles.ends_at <= $3 THEN $4 ELSE throttles.ends_at END
         WHERE throttles.ends_at <= $3 OR throttles.count < $5
         RETURNING count";
    ENDS = "throttle.ends", "SELECT ends_at FROM throttles WHERE name = $1 AND subject = $2";
    FULL = "throttle.full",
        "SELECT ends_at FROM throttles WHERE name = $1 AND subject = $2 AND ends_at > $3 AND count >= $4";
    CLEAR = "throttle.clear", "DELETE FROM throttles WHERE name = $1 AND subject = $2";
}
sql! {
    SWEEP = "throttle.sweep",
        sqlite: "DELETE FROM throttles WHERE (name, subject) IN
             (SELECT name, subject FROM throttles WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2)",
        postgres: "WITH ended AS MATERIALIZED (
                 SELECT name, subject FROM throttles WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2 FOR UPDATE SKIP LOCKED
             )
             DELETE FROM throttles USING ended
             WHERE throttles.name = ended.name AND throttles.subject = ended.subject";
}

/// Counts one more time for the subject, unless that would be too often. Until the transaction ends, whoever counts for
/// the same subject waits.
pub async fn take(
    tx: &mut Tx<'_>,
    vault: &Vault,
    limit: &Limit,
    subject: &str,
) -> Result<Taken, StoreError> {
    let now = tx.now();
    let ends_at = now + limit.window.as_millis() as i64;
    let subject = hash(vault, limit, subject);
    let binds = binds![limit.name, subject, now, ends_at, limit.most];
    if tx.optional::<(i64,)>(&TAKE, binds).await?.is_some() {
        return Ok(Taken::Fine);
    }
    let (ends_at,): (Millis,) = tx.one(&ENDS, binds![limit.name, subject]).await?;
    let left = (ends_at - now).max(1);
    Ok(Taken::TooMany {
        wait: Duration::from_millis(left as u64),
    })
}

/// Whether the subject has to wait, without counting anything.
pub async fn look(
    tx: &mut Tx<'_>,
    vault: &Vault,
    limit: &Limit,
    subject: &str,
) -> Result<Option<Duration>, StoreError> {
    let now = tx.now();
    let subject = hash(vault, limit, subject);
    let binds = binds![limit.name, subject, now, limit.most];
    let full: Option<(Millis,)> = tx.optional(&FULL, binds).await?;
    Ok(full.map(|(ends_at,)| Duration::from_millis((ends_at - now) as u64)))
}

/// Forgets what was counted for the subject: it has shown that it may.
pub async fn clear(
    tx: &mut Tx<'_>,
    vault: &Vault,
    limit: &Limit,
    subject: &str,
) -> Result<(), StoreError> {
    let subject = hash(vault, limit, subject);
    tx.execute(&CLEAR, binds![limit.name, subject])
        .await
        .map(|_| ())
}

/// Deletes what has ended, `most` at once. Answers how many it were.
pub async fn sweep(tx: &mut Tx<'_>, most: i64) -> Result<u64, StoreError> {
    let now = tx.now();
    tx.execute(&SWEEP, binds![now, most]).await
}

/// An address on the network as a subject: the neighbourhood that one person commands, /24 or /56.
pub fn neighbourhood(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let bits = u128::from(address) >> 72 << 72;
            format!("{}/56", std::net::Ipv6Addr::from(bits))
        }
    }
}

fn hash(vault: &Vault, limit: &Limit, subject: &str) -> [u8; 32] {
    let message = [limit.name, "\0", subject].concat();
    vault.derived_mac("throttle", message.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_on_the_network_are_one_subject() {
        for (address, subject) in [
            ("203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"),
            ("2001:db8:1:2aa:ffff::", "2001:db8:1:200::/56"),
            ("2001:db8:1:300::", "2001:db8:1:300::/56"),
        ] {
            assert_eq!(neighbourhood(address.parse().unwrap()), subject);
        }
    }
}
