//! Named pause points: a test holds a piece of work exactly there and runs a rival. Without the `chaos` feature they
//! are nothing.

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

impl PausePoints {
    /// Waits here if a test holds this point.
    #[cfg_attr(
        not(feature = "chaos"),
        expect(clippy::unused_async, reason = "the points wait only under `chaos`")
    )]
    pub async fn pass(&self, point: &'static str) {
        #[cfg(feature = "chaos")]
        {
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
