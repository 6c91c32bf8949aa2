//! What a process does for those that share its database: it takes up what a dead one left, hears of what concerns it,
//! and looks once a second in case that nobody told it.

use std::time::Duration;

use super::Bus;
use crate::bus::inbox::{self, Stored};
use crate::bus::leases::{CHANNEL, FREED};
use crate::bus::outbox;
use crate::bus::presence::SILENCE;
use crate::store::{Notices, StoreError};

/// How often the database is looked at for rows that nobody was told of.
const SWEEP: Duration = Duration::from_secs(1);
/// Silent peers are looked for once in so many sweeps.
const SWEEPS: u32 = 10;

impl Bus {
    /// Looks for rows that nobody told this process of: due facts without a lane, lanes left by others.
    pub(super) async fn look(&self) -> Result<(), StoreError> {
        let rows: Vec<Stored> = self
            .inner
            .store
            .read("bus.due", |tx| Box::pin(inbox::due_without_lane(tx, 1_000)))
            .await?;
        for row in rows {
            self.alone(row);
        }
        if self.inner.leases.is_some() {
            let owner = self.inner.owner.clone();
            let lanes: Vec<i64> = self
                .inner
                .store
                .read("bus.lanes", move |tx| {
                    let owner = owner.clone();
                    Box::pin(async move { inbox::waiting_lanes(tx, &owner, 1_000).await })
                })
                .await?;
            for lane in lanes {
                self.push(lane, None);
            }
        }
        Ok(())
    }

    /// Frees what processes that are gone held.
    pub(super) async fn free_dead_peers(&self) -> Result<(), StoreError> {
        let Some(leases) = &self.inner.leases else {
            return Ok(());
        };
        let peers = leases.peers().await?;
        for peer in self.inner.presence.dead(peers).await? {
            tracing::info!(peer, "taking over from a process that is gone");
            leases.release_of(&peer).await?;
            outbox::release_of(&self.inner.store, &peer).await?;
        }
        Ok(())
    }

    pub(super) async fn sweep(self) {
        let mut closing = self.inner.closing.subscribe();
        let mut round: u32 = 0;
        loop {
            tokio::select! {
                () = self.inner.store.clock().sleep(SWEEP) => {}
                _ = closing.wait_for(|closing| *closing) => return,
            }
            round = round.wrapping_add(1);
            let swept = async {
                if round.is_multiple_of(SWEEPS) {
                    self.end_silent_peers().await?;
                }
                self.free_dead_peers().await?;
                self.look().await
            };
            if let Err(error) = swept.await {
                tracing::debug!(%error, "the inbox can't be looked at, trying again");
            }
        }
    }

    async fn end_silent_peers(&self) -> Result<(), StoreError> {
        if self.inner.leases.is_none() {
            return Ok(());
        }
        let ended = self.inner.presence.end_silent(SILENCE).await?;
        if ended > 0 {
            tracing::warn!(ended, "processes that hang have lost their locks");
        }
        Ok(())
    }

    /// Hears what the others tell of lanes.
    pub(super) async fn hear(self) {
        let mut closing = self.inner.closing.subscribe();
        let hearing = async {
            loop {
                match self.inner.store.listen(CHANNEL).await {
                    Ok(None) => return,
                    Ok(Some(notices)) => self.heed(notices).await,
                    Err(error) => {
                        tracing::debug!(%error, "other processes can't be heard, trying again");
                    }
                }
                self.inner.store.clock().sleep(SWEEP).await;
            }
        };
        tokio::select! {
            () = hearing => {}
            _ = closing.wait_for(|closing| *closing) => {}
        }
    }

    async fn heed(&self, mut notices: Notices) {
        while let Ok(notice) = notices.next().await {
            if notice == FREED {
                if let Err(error) = self.look().await {
                    tracing::debug!(%error, "the inbox can't be looked at, trying again");
                }
                continue;
            }
            let lane = notice.parse().ok();
            let leases = self.inner.leases.as_ref();
            if let (Some(lane), Some(leases)) = (lane, leases)
                && leases.holds(lane)
            {
                self.push(lane, None);
            }
        }
    }
}
