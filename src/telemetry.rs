//! What the operator reads: log lines on the standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::util::TryInitError;

use crate::config::LogFormat;

/// Why logging can't start.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// No filter that `tracing_subscriber` can read.
    #[error("log.filter: {0}")]
    Filter(#[from] ParseError),
    /// Logging runs already.
    #[error(transparent)]
    Started(#[from] TryInitError),
}

/// Starts logging to the standard error, once in a process.
pub fn start_log(filter: &str, format: LogFormat) -> Result<(), LogError> {
    use tracing_subscriber::util::SubscriberInitExt;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(filter)?)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder
            .with_ansi(std::io::stderr().is_terminal())
            .finish()
            .try_init()?,
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init()?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_filter_is_told() {
        assert!(matches!(
            start_log("a=b=c", LogFormat::Text),
            Err(LogError::Filter(_))
        ));
    }
}
