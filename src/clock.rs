//! The only time in the program. Use-cases take theirs from the transaction, which takes it from here.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// Milliseconds since 1970-01-01 UTC.
pub type Millis = i64;

/// A clock that many hold and that tests can stop or move.
#[derive(Clone, Debug)]
pub struct Clock {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// `Some` stops the clock there; `advance` still moves it.
    frozen_at: Option<Millis>,
    /// Distance from the machine's clock to the database server's.
    skew: AtomicI64,
    /// How far `advance` has moved it.
    advanced: AtomicI64,
    moved: watch::Sender<()>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::with(None)
    }

    /// A clock that stands still until it is moved: for tests.
    pub fn frozen(at: Millis) -> Self {
        Self::with(Some(at))
    }

    fn with(frozen_at: Option<Millis>) -> Self {
        let inner = Inner {
            frozen_at,
            skew: AtomicI64::new(0),
            advanced: AtomicI64::new(0),
            moved: watch::Sender::new(()),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Now, in milliseconds UTC.
    pub fn now(&self) -> Millis {
        let base = self.inner.frozen_at.unwrap_or_else(host_millis);
        base + self.inner.skew.load(Ordering::Relaxed) + self.inner.advanced.load(Ordering::Relaxed)
    }

    /// Sets the distance from the machine's clock to the server's: PostgreSQL's time is the common one of several processes.
    /// A frozen clock shows nobody's time and stays where it is.
    pub fn set_skew(&self, skew: Millis) {
        if self.inner.frozen_at.is_some() {
            return;
        }
        self.inner.skew.store(skew, Ordering::Relaxed);
        self.inner.moved.send_replace(());
    }

    /// Moves the clock forward and wakes everyone who waits for a time.
    pub fn advance(&self, by: Duration) {
        self.inner
            .advanced
            .fetch_add(by.as_millis() as i64, Ordering::Relaxed);
        self.inner.moved.send_replace(());
    }

    /// Returns once the clock shows `at` or later.
    pub async fn sleep_until(&self, at: Millis) {
        let mut moved = self.inner.moved.subscribe();
        loop {
            moved.mark_unchanged();
            let left = at - self.now();
            if left <= 0 {
                return;
            }
            let real = async {
                if self.inner.frozen_at.is_some() {
                    std::future::pending::<()>().await;
                }
                tokio::time::sleep(Duration::from_millis(left as u64)).await;
            };
            tokio::select! {
                () = real => {}
                _ = moved.changed() => {}
            }
        }
    }

    /// Returns after `duration` on this clock.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now() + duration.as_millis() as i64)
            .await;
    }
}

/// The machine's own time, which only this module may ask for.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the machine's clock"
)]
pub fn host_millis() -> Millis {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_frozen_clock_wakes_sleepers_only_when_it_is_moved_far_enough() {
        let clock = Clock::frozen(1_000);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(61_000).await }
        });
        clock.advance(Duration::from_secs(59));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        sleeper.await.unwrap();
        assert_eq!(clock.now(), 61_000);
    }
}
