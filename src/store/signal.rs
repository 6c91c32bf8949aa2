//! Wake-ups that follow a commit: a worker waits for a signal, a transaction raises it.

use tokio::sync::Notify;

/// One of eight channels; their meaning is their users' affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(pub(super) u8);

impl Signal {
    /// The channel `number`, below 8.
    pub const fn new(number: u8) -> Self {
        assert!(number < 8, "there are eight channels");
        Self(number)
    }
}

/// The channels of one store.
#[derive(Debug, Default)]
pub(super) struct Signals([Notify; 8]);

impl Signals {
    /// Raises every channel whose bit is set.
    pub(super) fn raise(&self, bits: u8) {
        if bits == 0 {
            return;
        }
        for (number, channel) in self.0.iter().enumerate() {
            if bits & (1 << number) != 0 {
                channel.notify_one();
            }
        }
    }

    pub(super) async fn wait(&self, signal: Signal) {
        self.0[usize::from(signal.0)].notified().await;
    }
}
