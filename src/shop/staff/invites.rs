//! One-time links: whoever opens one first becomes staff. Only a link's hash is kept, and it ends after a day.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::{Role, role};
use crate::store::{StoreError, Tx};
use crate::{binds, sql};

/// How long a link is good.
pub const LIFE: Duration = Duration::from_hours(24);
/// What stands before the token in the link's `start` parameter.
pub const PREFIX: &str = "own_";

/// How opening a link ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The person has this role from now on.
    Welcome(Role),
    /// They are staff already, and the link is as it was.
    Already(Role),
    /// Somebody has used it.
    Used,
    /// It is too old, or a newer one took its place.
    Ended,
    /// There never was such a link.
    Unknown,
}

sql! {
    INSERT = "staff.invites.insert",
        "INSERT INTO staff_invites (hash, role, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    END_ALL = "staff.invites.end_all",
        "UPDATE staff_invites SET expires_at = $1 WHERE used_at IS NULL AND expires_at > $1";
    USE = "staff.invites.use",
        "UPDATE staff_invites SET used_at = $2, used_by = $3
         WHERE hash = $1 AND used_at IS NULL AND expires_at > $2
         RETURNING role";
    FIND = "staff.invites.find", "SELECT used_at FROM staff_invites WHERE hash = $1";
    JOIN = "staff.invites.join",
        "INSERT INTO staff (telegram_id, role, added_at) VALUES ($1, $2, $3)
         ON CONFLICT (telegram_id) DO UPDATE SET role = excluded.role";
}

/// Makes the owner's link, and ends the older ones: the token that its `start` parameter has after [`PREFIX`].
pub async fn make(tx: &mut Tx<'_>, for_role: Role) -> Result<String, StoreError> {
    end_all(tx).await?;
    let token = URL_SAFE_NO_PAD.encode(tx.random::<16>()?);
    let (now, hash, word) = (tx.now(), hash(&token), for_role.as_str());
    let expires_at = now + LIFE.as_millis() as i64;
    tx.execute(&INSERT, binds![hash, word, now, expires_at])
        .await?;
    Ok(token)
}

/// Ends every link that nobody has used.
pub async fn end_all(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&END_ALL, binds![now]).await.map(|_| ())
}

/// A person opens a link. Of many at once one becomes staff.
pub async fn open(tx: &mut Tx<'_>, token: &str, telegram_id: i64) -> Result<Opened, StoreError> {
    if let Some(role) = role(tx, telegram_id).await?
        && role == Role::Owner
    {
        return Ok(Opened::Already(role));
    }
    let (now, hash) = (tx.now(), hash(token));
    let used: Option<(String,)> = tx.optional(&USE, binds![hash, now, telegram_id]).await?;
    let Some((word,)) = used else {
        let found: Option<(Option<i64>,)> = tx.optional(&FIND, binds![hash]).await?;
        return Ok(match found {
            Some((Some(_),)) => Opened::Used,
            Some((None,)) => Opened::Ended,
            None => Opened::Unknown,
        });
    };
    tx.execute(&JOIN, binds![telegram_id, word, now]).await?;
    Ok(Opened::Welcome(super::read(&word)?))
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
