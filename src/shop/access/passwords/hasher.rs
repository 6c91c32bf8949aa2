//! Argon2id. One hash fills 19 MiB of memory for a while: few are made at once, few more wait for their turn, and whoever
//! comes then is told so, so that logins by a crowd take neither the memory nor the threads of the shop.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use super::Password;
use crate::store::{ErrorKind, StoreError, random_bytes};

/// Memory of one hash, in KiB. With the next two one of the equal choices of OWASP's cheat sheet.
const MEMORY: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Bytes of a hash.
const OUTPUT: usize = 32;
/// What all hashes at work may fill, in KiB.
const BUDGET: u32 = 40_960;
/// Hashes made at once.
const AT_ONCE: usize = (BUDGET / MEMORY) as usize;
/// Callers that may wait for their turn. A hash takes about 30 ms on one core.
const WAITING: usize = 32;

/// A hash of nobody's password, with the same parameters: who is unknown takes as long as who is known.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdC4$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Too many are at it: try again in a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked at once")]
pub struct Busy;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many are at it.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// Chance, memory or a thread is missing, or a stored hash can't be read.
    #[error(transparent)]
    Failed(#[from] StoreError),
}

/// A password's hash in the PHC string format, with its salt and its parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct Phc(String);

impl Phc {
    /// For the database.
    pub(in crate::shop::access) fn as_str(&self) -> &str {
        &self.0
    }

    /// From the database.
    pub(in crate::shop::access) fn stored(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Phc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phc(…)")
    }
}

/// How a comparison ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It is the password. `renewed` takes the place of a hash that was made with other parameters than today's.
    Right {
        /// The hash to be kept from now on.
        renewed: Option<Phc>,
    },
    /// It is not, or there is none.
    Wrong,
}

/// Makes and compares hashes. Cheap to clone; one for the whole program.
#[derive(Clone, Debug)]
pub struct Hasher {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    compared: AtomicU64,
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

impl Hasher {
    /// A hasher with a memory budget of its own.
    pub fn new() -> Self {
        let inner = Inner {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: AtomicUsize::new(0),
            compared: AtomicU64::new(0),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The hash of a new password.
    pub async fn hash(&self, password: &Password) -> Result<Phc, HashError> {
        let password = password.clone();
        self.work(move || hash(&password)).await
    }

    /// Whether it is the password of which `phc` is kept. Without one it takes as long, and is wrong.
    pub async fn check(
        &self,
        password: &Password,
        phc: Option<&Phc>,
    ) -> Result<Checked, HashError> {
        let (password, phc) = (password.clone(), phc.cloned());
        let inner = self.inner.clone();
        self.work(move || {
            inner.compared.fetch_add(1, Ordering::Relaxed);
            check(&password, phc.as_ref())
        })
        .await
    }

    /// How many passwords it has compared.
    pub fn compared(&self) -> u64 {
        self.inner.compared.load(Ordering::Relaxed)
    }

    /// Runs `job` on a thread that may be busy, when it is its turn.
    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, HashError> {
        let place = Place::take(&self.inner)?;
        let turn = self.inner.turns.clone().acquire_owned().await;
        let turn = turn.map_err(|error| failed("its turn", error))?;
        drop(place);
        // The turn is over when the memory is free again, also for a caller who has gone away meanwhile.
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            job()
        });
        Ok(done.await.map_err(|error| failed("a thread", error))??)
    }
}

/// A place among those who wait, given back when it is dropped.
struct Place<'a>(&'a Inner);

impl<'a> Place<'a> {
    fn take(inner: &'a Inner) -> Result<Self, Busy> {
        if inner.waiting.fetch_add(1, Ordering::AcqRel) >= WAITING {
            inner.waiting.fetch_sub(1, Ordering::AcqRel);
            return Err(Busy);
        }
        Ok(Self(inner))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

fn hash(password: &Password) -> Result<Phc, StoreError> {
    let salt: [u8; 16] = random_bytes()?;
    let salt = SaltString::encode_b64(&salt).map_err(|error| failed("a salt", error))?;
    let phc = argon2()?
        .hash_password(password.text().as_bytes(), &salt)
        .map_err(|error| failed("a hash", error))?;
    Ok(Phc(phc.to_string()))
}

fn check(password: &Password, phc: Option<&Phc>) -> Result<Checked, StoreError> {
    let kept = phc.map_or(NOBODY, Phc::as_str);
    let kept = PasswordHash::new(kept).map_err(|error| failed("a stored hash", error))?;
    let ours = argon2()?;
    // The parameters are those that the hash names.
    match ours.verify_password(password.text().as_bytes(), &kept) {
        Ok(()) if is_of_today(&kept) => Ok(Checked::Right { renewed: None }),
        Ok(()) => Ok(Checked::Right {
            renewed: Some(hash(password)?),
        }),
        Err(argon2::password_hash::Error::Password) => Ok(Checked::Wrong),
        Err(error) => Err(failed("a comparison", error)),
    }
}

fn is_of_today(kept: &PasswordHash<'_>) -> bool {
    let params = Params::try_from(kept).ok();
    let same = params.is_some_and(|params| {
        (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY, PASSES, LANES)
    });
    let length = kept.hash.map(|hash| hash.len());
    same && kept.algorithm == argon2::ARGON2ID_IDENT && length == Some(OUTPUT)
}

fn argon2() -> Result<Argon2<'static>, StoreError> {
    let params = Params::new(MEMORY, PASSES, LANES, Some(OUTPUT))
        .map_err(|error| failed("parameters", error))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(
    what: &'static str,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    tracing::debug!(what, "a password's hash can't be made or compared");
    StoreError::because("access.passwords", ErrorKind::Failed, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_known_again_to_the_last_character() {
        let hasher = Hasher::new();
        let phc = hasher.hash(&typed("слон ест ананас ")).await.unwrap();
        assert!(
            phc.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            phc.as_str()
        );
        let right = hasher
            .check(&typed("слон ест ананас "), Some(&phc))
            .await
            .unwrap();
        assert_eq!(right, Checked::Right { renewed: None });
        for wrong in ["слон ест ананас", "Слон ест ананас ", ""] {
            assert_eq!(
                hasher.check(&typed(wrong), Some(&phc)).await.unwrap(),
                Checked::Wrong
            );
        }
        let other = hasher.hash(&typed("слон ест ананас ")).await.unwrap();
        assert!(other != phc, "each has a salt of its own");
        assert_eq!(
            hasher
                .check(&typed("слон ест ананас "), None)
                .await
                .unwrap(),
            Checked::Wrong
        );
        assert_eq!(format!("{phc:?} {:?}", typed("слон")), "Phc(…) Password(…)");
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_renewed() {
        let params = Params::new(8_192, 1, 1, Some(32)).unwrap();
        let weaker = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let salt = SaltString::encode_b64(b"16 bytes of salt").unwrap();
        let old = weaker
            .hash_password(b"correct horse", &salt)
            .unwrap()
            .to_string();
        let hasher = Hasher::new();
        let checked = hasher
            .check(&typed("correct horse"), Some(&Phc(old)))
            .await
            .unwrap();
        let Checked::Right {
            renewed: Some(renewed),
        } = checked
        else {
            panic!("{checked:?}");
        };
        let again = hasher
            .check(&typed("correct horse"), Some(&renewed))
            .await
            .unwrap();
        assert_eq!(again, Checked::Right { renewed: None });
    }

    #[test]
    fn nobodys_hash_has_todays_parameters_and_is_nobodys() {
        assert!(is_of_today(&PasswordHash::new(NOBODY).unwrap()));
        assert_eq!(check(&typed(""), None).unwrap(), Checked::Wrong);
    }

    #[tokio::test]
    async fn a_crowd_is_told_so_and_the_next_ones_are_served() {
        let hasher = Hasher::new();
        let crowd = (0..200).map(|_| {
            let hasher = hasher.clone();
            async move { hasher.check(&typed("x"), None).await }
        });
        let answers = futures::future::join_all(crowd).await;
        let busy = answers
            .iter()
            .filter(|it| matches!(it, Err(HashError::Busy(_))))
            .count();
        let served = answers
            .iter()
            .filter(|it| matches!(it, Ok(Checked::Wrong)))
            .count();
        assert_eq!((busy + served, served as u64), (200, hasher.compared()));
        assert!((WAITING..=WAITING + AT_ONCE).contains(&served), "{served}");
        assert_eq!(
            hasher.check(&typed("x"), None).await.unwrap(),
            Checked::Wrong
        );
    }

    #[tokio::test]
    async fn a_caller_who_goes_away_leaves_the_turn_when_the_memory_is_free() {
        let hasher = Hasher::new();
        for _ in 0..AT_ONCE * 3 {
            let typed = typed("x");
            let gone = hasher.check(&typed, None);
            let _ = futures::poll!(std::pin::pin!(gone));
        }
        assert_eq!(hasher.inner.waiting.load(Ordering::Acquire), 0);
        assert_eq!(
            hasher.check(&typed("x"), None).await.unwrap(),
            Checked::Wrong
        );
    }
}
