//! What the program says in its log while a test runs.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing::Subscriber;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;

/// A log that is kept in memory. Cheap to clone.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Everything that this process logs from now on and that passes the filter. For a test that is alone in its process.
    pub fn of_everybody(filter: &str) -> Self {
        let log = Self::default();
        let subscriber = log.subscriber(filter);
        tracing::subscriber::set_global_default(subscriber).expect("the only subscriber");
        log
    }

    /// The same of this thread alone, until the guard goes away.
    pub fn of_this_thread(filter: &str) -> (Self, DefaultGuard) {
        let log = Self::default();
        let heard = tracing::subscriber::set_default(log.subscriber(filter));
        (log, heard)
    }

    fn subscriber(&self, filter: &str) -> impl Subscriber + Send + Sync + use<> {
        let writer = self.clone();
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(filter))
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish()
    }

    /// What was said so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
