//! Who works on a chat, where several processes share a database: a lane is leased whole, and each takeover raises its
//! fence. A process proves that it lives by an advisory lock on its instance id, on a connection of its own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Millis;
use crate::store::{Session, Store, StoreError, Tx};
use crate::{binds, sql};

/// A lane is leased for this long; it is renewed once half of it is over.
pub(super) const LEASE: Duration = Duration::from_mins(1);

/// A lane that this process works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub(super) lane: i64,
    pub(super) owner: String,
    pub(super) fence: i64,
}

sql! {
    HOLD = "leases.hold",
        sqlite: "SELECT 1",
        postgres: "SELECT CAST(1 AS BIGINT) FROM lanes WHERE lane = $1 AND owner = $2 AND fence = $3 FOR UPDATE";
}
sql! {
    TAKE = "leases.take",
        "INSERT INTO lanes (lane, owner, fence, lease_until) VALUES ($1, $2, 1, $4)
         ON CONFLICT (lane) DO UPDATE SET
             owner = excluded.owner,
             fence = CASE WHEN lanes.owner = excluded.owner THEN lanes.fence ELSE lanes.fence + 1 END,
             lease_until = excluded.lease_until
         WHERE lanes.owner = excluded.owner OR lanes.owner IS NULL OR lanes.lease_until <= $3
         RETURNING fence";
    RELEASE_ALL = "leases.release_all",
        "UPDATE lanes SET owner = NULL, lease_until = 0 WHERE owner = $1";
    OWNERS = "leases.owners",
        "SELECT DISTINCT owner FROM lanes WHERE owner IS NOT NULL AND owner <> $1
         UNION SELECT DISTINCT owner FROM outbox WHERE state = 'sending' AND owner <> $1";
}

/// Whether the lease is still ours; the lane's row stays locked until the transaction ends, so a takeover waits.
pub(super) async fn hold(tx: &mut Tx<'_>, lease: &Lease) -> Result<bool, StoreError> {
    let row = tx
        .optional::<(i64,)>(&HOLD, binds![lease.lane, lease.owner, lease.fence])
        .await?;
    Ok(row.is_some())
}

/// The leases of this process and its proof of life.
#[derive(Debug)]
pub(super) struct Leases {
    store: Store,
    owner: String,
    held: Mutex<HashMap<i64, (i64, Millis)>>,
    session: tokio::sync::Mutex<Option<Session>>,
}

impl Leases {
    pub(super) fn new(store: Store, owner: String) -> Self {
        Self {
            store,
            owner,
            held: Mutex::new(HashMap::new()),
            session: tokio::sync::Mutex::new(None),
        }
    }

    /// Takes or keeps a lane; `None` when another process has it.
    pub(super) async fn take(&self, lane: i64) -> Result<Option<Lease>, StoreError> {
        let now = self.store.clock().now();
        let half = LEASE.as_millis() as i64 / 2;
        if let Some((fence, until)) = self.lock().get(&lane).copied()
            && until - now > half
        {
            return Ok(Some(Lease {
                lane,
                owner: self.owner.clone(),
                fence,
            }));
        }
        let owner = self.owner.clone();
        let until = now + LEASE.as_millis() as i64;
        let fence = self
            .store
            .write("leases.take", move |tx| {
                let owner = owner.clone();
                Box::pin(async move {
                    let now = tx.now();
                    tx.optional::<(i64,)>(&TAKE, binds![lane, owner, now, until])
                        .await
                })
            })
            .await?;
        let Some((fence,)) = fence else {
            self.lock().remove(&lane);
            return Ok(None);
        };
        self.lock().insert(lane, (fence, until));
        Ok(Some(Lease {
            lane,
            owner: self.owner.clone(),
            fence,
        }))
    }

    /// Forgets a lane that turned out to be another's.
    pub(super) fn drop_lane(&self, lane: i64) {
        self.lock().remove(&lane);
    }

    /// Gives everything back, at the end of an orderly stop.
    pub(super) async fn release_all(&self) -> Result<(), StoreError> {
        let owner = self.owner.clone();
        self.store
            .write("leases.release_all", move |tx| {
                let owner = owner.clone();
                Box::pin(async move { tx.execute(&RELEASE_ALL, binds![owner]).await })
            })
            .await?;
        self.lock().clear();
        *self.session.lock().await = None;
        Ok(())
    }

    /// Keeps the proof of life, and returns the peers that have none any more.
    pub(super) async fn dead_peers(&self) -> Result<Vec<String>, StoreError> {
        let mut slot = self.session.lock().await;
        if let Some(session) = slot.as_mut()
            && !session.is_alive().await
        {
            *slot = None;
        }
        if slot.is_none() {
            let mut session = self.store.session().await?;
            if let Some(session) = session.as_mut() {
                session.try_lock(instance_key(&self.owner)).await?;
            }
            *slot = session;
        }
        let Some(session) = slot.as_mut() else {
            return Ok(Vec::new());
        };
        let owner = self.owner.clone();
        let peers = self
            .store
            .read("leases.owners", move |tx| {
                let owner = owner.clone();
                Box::pin(async move { tx.all::<(String,)>(&OWNERS, binds![owner]).await })
            })
            .await?;
        let mut dead = Vec::new();
        for (peer,) in peers {
            if session.try_lock(instance_key(&peer)).await? {
                session.unlock(instance_key(&peer)).await?;
                dead.push(peer);
            }
        }
        Ok(dead)
    }

    /// Frees what a dead peer held.
    pub(super) async fn release_of(&self, peer: &str) -> Result<(), StoreError> {
        let peer = peer.to_owned();
        self.store
            .write("leases.release_of", move |tx| {
                let peer = peer.clone();
                Box::pin(async move { tx.execute(&RELEASE_ALL, binds![peer]).await.map(|_| ()) })
            })
            .await
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<i64, (i64, Millis)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The advisory lock that an instance holds while it lives: the first 8 bytes of a hash of its id.
fn instance_key(owner: &str) -> i64 {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(format!("kiosk instance {owner}"));
    let mut key = [0; 8];
    key.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(key)
}
