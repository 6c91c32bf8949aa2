//! The public keys of an OpenID provider (JWKS), kept for a day. A key that is not among them is looked for once more,
//! and not again at once: who shows made-up keys makes no calls.

use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use tokio::sync::Mutex;

use super::oidc::{OidcError, Provider};
use crate::clock::Millis;

/// How long a list is good.
const LIFE: Duration = Duration::from_hours(24);
/// A list is asked for this often at most.
const PAUSE: Duration = Duration::from_mins(1);
/// Letters of the longest list that is read.
const LONGEST: usize = 65_536;

/// The keys that are known. One for the whole program.
#[derive(Debug, Default)]
pub struct Keys {
    known: Mutex<Option<Known>>,
}

#[derive(Debug)]
struct Known {
    keys: Vec<Jwk>,
    at: Millis,
}

#[derive(serde::Deserialize)]
struct List {
    keys: Vec<serde_json::Value>,
}

impl Keys {
    /// The key with this name; `None` if the provider has none.
    pub async fn find(
        &self,
        provider: &dyn Provider,
        id: &str,
        now: Millis,
    ) -> Result<Option<Jwk>, OidcError> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref() {
            let age = now - known.at;
            let found = known.named(id);
            let is_good = age < LIFE.as_millis() as Millis;
            let is_new = age < PAUSE.as_millis() as Millis;
            if (found.is_some() && is_good) || is_new {
                return Ok(found);
            }
        }
        // Whoever else needs a key waits here, and finds it.
        let list = provider.keys().await?;
        let keys = read(&list)?;
        let fresh = Known { keys, at: now };
        let found = fresh.named(id);
        *known = Some(fresh);
        Ok(found)
    }
}

impl Known {
    fn named(&self, id: &str) -> Option<Jwk> {
        let named = |key: &&Jwk| key.common.key_id.as_deref() == Some(id);
        self.keys.iter().find(named).cloned()
    }
}

/// The keys of a list. A key of a kind that we don't know does not spoil the others.
fn read(list: &str) -> Result<Vec<Jwk>, OidcError> {
    let wrong = || OidcError::Answer("its list of keys is none");
    if list.len() > LONGEST {
        return Err(wrong());
    }
    let list: List = serde_json::from_str(list).map_err(|_| wrong())?;
    let keys = list.keys.into_iter();
    Ok(keys
        .filter_map(|key| serde_json::from_value(key).ok())
        .collect())
}
