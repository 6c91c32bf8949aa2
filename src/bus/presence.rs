//! This process among those that share a database. One connection of its own carries its advisory locks: the proof that
//! it lives, and the duties that one process at a time has. The locks end with the connection, so a process that dies
//! leaves them at once, and one that hangs has its connection ended by its peers.

use std::collections::HashSet;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, MutexGuard};

use crate::store::{ErrorKind, Session, Store, StoreError};

/// A process that has said nothing for so long hangs, or its machine is gone without a word. It speaks each second.
pub(super) const SILENCE: Duration = Duration::from_secs(30);
/// A peer that looks whether we live holds our lock for a moment: we ask for it so often, with the pause between.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(25);

/// Whose a duty is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// This process's, since now: another may have done it until a moment ago.
    Begun,
    /// This process's, as before.
    Ours,
    /// Another process's.
    Theirs,
}

/// The proof that this process lives, and its duties.
#[derive(Debug)]
pub(super) struct Presence {
    store: Store,
    owner: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    session: Option<Session>,
    duties: HashSet<String>,
}

impl Presence {
    pub(super) fn new(store: Store, owner: String) -> Self {
        Self {
            store,
            owner,
            state: Mutex::default(),
        }
    }

    /// Whether the duty `name` is this process's; it is taken when it is free. Where nobody shares the database, every
    /// duty is ours.
    pub(super) async fn duty(&self, name: &str) -> Result<Duty, StoreError> {
        if !self.store.is_shared() {
            return Ok(Duty::Ours);
        }
        let mut state = self.alive().await?;
        let State { session, duties } = &mut *state;
        if duties.contains(name) {
            return Ok(Duty::Ours);
        }
        let Some(session) = session else {
            return Ok(Duty::Theirs);
        };
        if !session.try_lock(duty_key(name)).await? {
            return Ok(Duty::Theirs);
        }
        duties.insert(name.to_owned());
        tracing::info!(duty = name, "this process has the duty from now on");
        Ok(Duty::Begun)
    }

    /// Leaves a duty to the others, at the end of an orderly stop.
    pub(super) async fn give_up(&self, name: &str) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        if state.duties.remove(name)
            && let Some(session) = state.session.as_mut()
        {
            session.unlock(duty_key(name)).await?;
        }
        Ok(())
    }

    /// Which of `peers` give no proof of life.
    pub(super) async fn dead(&self, peers: Vec<String>) -> Result<Vec<String>, StoreError> {
        let mut dead = Vec::new();
        let mut state = self.alive().await?;
        let Some(session) = state.session.as_mut() else {
            return Ok(dead);
        };
        for peer in peers {
            if session.try_lock(instance_key(&peer)).await? {
                session.unlock(instance_key(&peer)).await?;
                dead.push(peer);
            }
        }
        Ok(dead)
    }

    /// Ends the connections of peers that have said nothing for `silence`. Returns how many.
    pub(super) async fn end_silent(&self, silence: Duration) -> Result<i64, StoreError> {
        let mut state = self.alive().await?;
        match state.session.as_mut() {
            Some(session) => session.end_silent(silence).await,
            None => Ok(0),
        }
    }

    /// Takes the proof of life back, at the end of an orderly stop: the duties go with it.
    pub(super) async fn leave(&self) {
        let mut state = self.state.lock().await;
        state.duties.clear();
        state.session = None;
    }

    /// The state with a connection that lives and holds our proof of life. A lost one took the duties with it.
    async fn alive(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let mut state = self.state.lock().await;
        if let Some(session) = state.session.as_mut()
            && !session.is_alive().await
        {
            tracing::warn!("the connection that proves that this process lives is gone");
            state.session = None;
            state.duties.clear();
        }
        if state.session.is_none()
            && let Some(mut session) = self.store.session().await?
        {
            self.prove(&mut session).await?;
            state.session = Some(session);
        }
        Ok(state)
    }

    async fn prove(&self, session: &mut Session) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            if session.try_lock(instance_key(&self.owner)).await? {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        let held = "an earlier connection of this process still holds its lock";
        Err(StoreError::because("presence.prove", ErrorKind::Busy, held))
    }
}

/// The advisory lock that an instance holds while it lives.
fn instance_key(owner: &str) -> i64 {
    key(&format!("kiosk instance {owner}"))
}

/// The advisory lock of a duty.
fn duty_key(name: &str) -> i64 {
    key(&format!("kiosk {name}"))
}

/// The first 8 bytes of a hash.
fn key(name: &str) -> i64 {
    let hash = Sha256::digest(name);
    let mut key = [0; 8];
    key.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(key)
}
