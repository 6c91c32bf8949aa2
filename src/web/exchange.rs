//! A login elsewhere comes back with a code, and the shop asks the provider whose it is. A browser can make such a way back
//! up as often as it likes, so that is asked so often and by so many at once, and no further.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::site::Problem;
use super::visitor::Visitor;
use crate::shop::throttle::{self, Limit, Taken};
use crate::store::StoreError;

/// Questions to one provider that are under way at once. Each may take ten seconds.
const MOST_AT_ONCE: usize = 8;
/// Questions to Telegram, from one neighbourhood of the network.
pub(super) const TO_TELEGRAM: Limit = Limit {
    name: "exchanges.telegram.address",
    most: 30,
    window: Duration::from_mins(15),
};
/// Questions to VK, by one customer.
pub(super) const TO_VK: Limit = Limit {
    name: "exchanges.vk.customer",
    most: 20,
    window: Duration::from_mins(15),
};

/// What is asked of a provider at this moment.
#[derive(Clone, Debug)]
pub struct Exchanges(Arc<Semaphore>);

impl Default for Exchanges {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_AT_ONCE)))
    }
}

/// Whether the provider may be asked once more.
pub(super) enum Admitted {
    /// It may, as long as this is held.
    Fine(OwnedSemaphorePermit),
    /// It may not, before this time has passed.
    TooMany(Duration),
    /// Too many ask at this moment.
    Busy,
}

impl Exchanges {
    /// Counts one more question for the subject. Who is sent away at once has not used anything up.
    pub(super) async fn admit(
        &self,
        visitor: &Visitor,
        limit: &'static Limit,
        subject: Option<String>,
    ) -> Result<Admitted, Problem> {
        let Ok(permit) = self.0.clone().try_acquire_owned() else {
            return Ok(Admitted::Busy);
        };
        let Some(subject) = subject else {
            return Ok(Admitted::Fine(permit));
        };
        let vault = visitor.site.vault.clone();
        let taken = visitor
            .site
            .store
            .write("pages.exchange", move |tx| {
                let (vault, subject) = (vault.clone(), subject.clone());
                Box::pin(async move { throttle::take(tx, &vault, limit, &subject).await })
            })
            .await
            .map_err(|error: StoreError| error)?;
        Ok(match taken {
            Taken::Fine => Admitted::Fine(permit),
            Taken::TooMany { wait } => Admitted::TooMany(wait),
        })
    }
}
