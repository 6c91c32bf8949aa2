//! Who works on a chat, where several processes share a database: a lane is leased whole, and each takeover raises its
//! fence. Who asks for a lane that a peer works on tells that peer, so that nobody waits for its next look.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Millis;
use crate::store::{Store, StoreError, Tx};
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
    RELEASE_OF = "leases.release_of",
        "UPDATE lanes SET owner = NULL, lease_until = 0 WHERE owner = $1";
    OWNERS = "leases.owners",
        "SELECT DISTINCT owner FROM lanes WHERE owner IS NOT NULL AND owner <> $1
         UNION SELECT DISTINCT owner FROM outbox WHERE state = 'sending' AND owner <> $1";
}

/// Where processes tell each other of lanes.
pub(super) const CHANNEL: &str = "kiosk_lanes";
/// The notice that lanes have become free; any other names a lane that has news for its owner.
pub(super) const FREED: &str = "freed";

sql! {
    TELL = "leases.tell",
        sqlite: "SELECT 1",
        postgres: "SELECT CAST(1 AS BIGINT) FROM (SELECT pg_notify('kiosk_lanes', CAST($1 AS TEXT))) AS told";
}

/// Whether the lease is still ours; the lane's row stays locked until the transaction ends, so a takeover waits.
pub(super) async fn hold(tx: &mut Tx<'_>, lease: &Lease) -> Result<bool, StoreError> {
    let row = tx
        .optional::<(i64,)>(&HOLD, binds![lease.lane, lease.owner, lease.fence])
        .await?;
    Ok(row.is_some())
}

/// The leases of this process.
#[derive(Debug)]
pub(super) struct Leases {
    store: Store,
    owner: String,
    held: Mutex<HashMap<i64, (i64, Millis)>>,
}

impl Leases {
    pub(super) fn new(store: Store, owner: String) -> Self {
        Self {
            store,
            owner,
            held: Mutex::new(HashMap::new()),
        }
    }

    /// Takes or keeps a lane; `None` when another process has it, which is told that the lane has news.
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
                    let fence = tx
                        .optional::<(i64,)>(&TAKE, binds![lane, owner, now, until])
                        .await?;
                    if fence.is_none() {
                        tell(tx, &lane.to_string()).await?;
                    }
                    Ok(fence)
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

    /// Whether this process believes that it has the lane.
    pub(super) fn holds(&self, lane: i64) -> bool {
        self.lock().contains_key(&lane)
    }

    /// Gives everything back, at the end of an orderly stop.
    pub(super) async fn release_all(&self) -> Result<(), StoreError> {
        let owner = self.owner.clone();
        self.release_of(&owner).await?;
        self.lock().clear();
        Ok(())
    }

    /// Who else holds something.
    pub(super) async fn peers(&self) -> Result<Vec<String>, StoreError> {
        let owner = self.owner.clone();
        let peers: Vec<(String,)> = self
            .store
            .read("leases.owners", move |tx| {
                let owner = owner.clone();
                Box::pin(async move { tx.all(&OWNERS, binds![owner]).await })
            })
            .await?;
        Ok(peers.into_iter().map(|row| row.0).collect())
    }

    /// Frees what `owner` held, and tells everybody.
    pub(super) async fn release_of(&self, owner: &str) -> Result<(), StoreError> {
        let owner = owner.to_owned();
        self.store
            .write("leases.release_of", move |tx| {
                let owner = owner.clone();
                Box::pin(async move {
                    if tx.execute(&RELEASE_OF, binds![owner]).await? > 0 {
                        tx.raise(super::FREED);
                        tell(tx, FREED).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<i64, (i64, Millis)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn tell(tx: &mut Tx<'_>, notice: &str) -> Result<(), StoreError> {
    tx.all::<(i64,)>(&TELL, binds![notice]).await.map(|_| ())
}
