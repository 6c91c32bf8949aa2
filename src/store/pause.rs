//! Named pause points: a test holds a piece of work exactly there and runs a rival, or kills the whole program there.
//! Without the `chaos` feature they are nothing.

/// The pause points of one store.
#[derive(Debug, Default)]
pub struct PausePoints {
    #[cfg(feature = "chaos")]
    held: std::sync::Mutex<std::collections::HashMap<&'static str, std::sync::Arc<Gate>>>,
}

#[cfg(feature = "chaos")]
#[derive(Debug)]
struct Gate {
    reached: tokio::sync::Semaphore,
    opened: tokio::sync::Semaphore,
}

/// A point that a test holds. Dropping it lets everything pass.
#[cfg(feature = "chaos")]
#[derive(Debug)]
pub struct Held {
    gate: std::sync::Arc<Gate>,
}

#[cfg(feature = "chaos")]
impl Held {
    /// Returns when somebody waits at the point.
    pub async fn reached(&self) {
        // The semaphore is never closed.
        if let Ok(permit) = self.gate.reached.acquire().await {
            permit.forget();
        }
    }

    /// Lets one pass.
    pub fn release(&self) {
        self.gate.opened.add_permits(1);
    }
}

#[cfg(feature = "chaos")]
impl Drop for Held {
    fn drop(&mut self) {
        self.gate.opened.add_permits(1_000_000);
    }
}

/// The variable with the name of a file. Whoever comes to a point that is named there stands, until the program is killed:
/// the way of a test that runs the program in a process of its own.
#[cfg(feature = "chaos")]
const STANDS: &str = "KIOSK_STANDS_AT";

/// Stands for good if the file says so, and says it in the log.
#[cfg(feature = "chaos")]
async fn stand(point: &'static str) {
    static FILE: std::sync::OnceLock<Option<std::path::PathBuf>> = std::sync::OnceLock::new();
    let file = FILE.get_or_init(|| std::env::var_os(STANDS).map(Into::into));
    let Some(file) = file else { return };
    let is_named = |named: String| named.split_whitespace().any(|it| it == point);
    if std::fs::read_to_string(file).is_ok_and(is_named) {
        tracing::warn!("standing at {point}");
        std::future::pending::<()>().await;
    }
}

impl PausePoints {
    /// Waits here if a test holds this point.
    #[cfg_attr(
        not(feature = "chaos"),
        expect(clippy::unused_async, reason = "the points wait only under `chaos`")
    )]
    pub async fn pass(&self, point: &'static str) {
        #[cfg(feature = "chaos")]
        {
            stand(point).await;
            let gate = self
                .held
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .get(point)
                .cloned();
            if let Some(gate) = gate {
                gate.reached.add_permits(1);
                if let Ok(permit) = gate.opened.acquire().await {
                    permit.forget();
                }
            }
        }
        #[cfg(not(feature = "chaos"))]
        let _ = (self, point);
    }

    /// Holds `point` from now on.
    #[cfg(feature = "chaos")]
    pub fn hold(&self, point: &'static str) -> Held {
        let gate = std::sync::Arc::new(Gate {
            reached: tokio::sync::Semaphore::new(0),
            opened: tokio::sync::Semaphore::new(0),
        });
        self.held
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .insert(point, gate.clone());
        Held { gate }
    }
}
