//! Identities that Telegram vouches for: who stands before the cabinet, proven by what Telegram has signed.
//!
//! - [`app`]: the `initData` of a Mini App.
//! - [`oidc`]: "Log in with Telegram", OpenID Connect.

pub mod app;
mod fields;
pub mod id_token;
pub mod keys;
pub mod oidc;

use std::time::Duration;

use crate::clock::Millis;

/// What somebody signed in a Mini App is good for a login for this long.
pub const AGE: Duration = Duration::from_mins(5);
/// How far clocks may be apart.
pub const SKEW: Duration = Duration::from_mins(1);

/// Somebody, as Telegram knows them.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Telegram's id of them.
    pub telegram_id: i64,
    /// What they are called there.
    pub name: String,
    /// Their language there, such as `en-GB`.
    pub language: Option<String>,
    /// Their number with its `+`, where they agreed to share it.
    pub phone: Option<String>,
}

impl std::fmt::Debug for Identity {
    /// Without what concerns nobody who reads a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("telegram_id", &self.telegram_id)
            .finish_non_exhaustive()
    }
}

/// Why a proof is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// It can't be read as such a proof.
    #[error("unreadable")]
    Unreadable,
    /// It is not signed by whom it should be.
    #[error("not signed by Telegram for this bot")]
    Forged,
    /// It was signed too long ago.
    #[error("too old")]
    Old,
    /// It was signed in the future.
    #[error("from the future")]
    Early,
    /// It names no person.
    #[error("no person")]
    Nobody,
}

/// Whether something that was signed at `seconds` is young enough.
fn is_young(seconds: i64, now: Millis) -> Result<(), NotProven> {
    let at = seconds.saturating_mul(1_000);
    if at > now + SKEW.as_millis() as Millis {
        Err(NotProven::Early)
    } else if at < now - AGE.as_millis() as Millis {
        Err(NotProven::Old)
    } else {
        Ok(())
    }
}

/// A name of first and last name, as Telegram shows it.
fn name(first: &str, last: Option<&str>) -> String {
    let last = last.unwrap_or_default();
    format!("{first} {last}").trim().replace('\0', "")
}
