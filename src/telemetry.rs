//! What the operator sees: log lines on the standard error, and metrics for Prometheus.

use std::fmt::Write;
use std::io::IsTerminal;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::util::TryInitError;

use crate::config::LogFormat;
use crate::store::{BUCKETS_MICROS, Timing};

/// Upper bounds in seconds for everything that takes time: from one statement to Telegram's patience with pre-checkout.
const BUCKETS_SECONDS: [f64; 16] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 60.0,
];

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

/// The metrics of this process.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Starts collecting, once in a process. Histograms are in seconds.
    pub fn start() -> Result<Self, BuildError> {
        let handle = PrometheusBuilder::new()
            .set_buckets(&BUCKETS_SECONDS)?
            .install_recorder()?;
        Ok(Self { handle })
    }

    /// Everything in Prometheus' text format.
    pub fn render(&self) -> String {
        // Without it, histograms that nobody reads would grow.
        self.handle.run_upkeep();
        let mut text = self.handle.render();
        text.push_str(&statements(&crate::store::timings()));
        text
    }
}

/// Statement timings as a Prometheus histogram. Names are ours and need no escaping.
fn statements(timings: &[Timing]) -> String {
    const NAME: &str = "kiosk_statement_seconds";
    let mut text = String::new();
    if timings.is_empty() {
        return text;
    }
    let mut line = |arguments: std::fmt::Arguments<'_>| {
        // Writing to a String can't fail.
        let _ = writeln!(text, "{arguments}");
    };
    line(format_args!(
        "# HELP {NAME} Time spent in a database statement."
    ));
    line(format_args!("# TYPE {NAME} histogram"));
    for timing in timings {
        let name = timing.name;
        for (micros, count) in BUCKETS_MICROS.iter().zip(timing.buckets) {
            let bound = *micros as f64 / 1e6;
            line(format_args!(
                "{NAME}_bucket{{statement=\"{name}\",le=\"{bound}\"}} {count}"
            ));
        }
        // Read before the buckets: a statement in between must not make a bucket exceed the whole.
        let count = timing.count.max(timing.buckets[BUCKETS_MICROS.len() - 1]);
        line(format_args!(
            "{NAME}_bucket{{statement=\"{name}\",le=\"+Inf\"}} {count}"
        ));
        line(format_args!(
            "{NAME}_sum{{statement=\"{name}\"}} {}",
            timing.nanos as f64 / 1e9
        ));
        line(format_args!("{NAME}_count{{statement=\"{name}\"}} {count}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statement_timings_are_a_histogram() {
        let timing = Timing {
            name: "orders.place",
            count: 3,
            nanos: 1_500_000,
            buckets: [0, 1, 1, 1, 1, 1, 2, 2, 2, 2],
        };
        insta::assert_snapshot!(statements(&[timing]), @r#"
        # HELP kiosk_statement_seconds Time spent in a database statement.
        # TYPE kiosk_statement_seconds histogram
        kiosk_statement_seconds_bucket{statement="orders.place",le="0.000005"} 0
        kiosk_statement_seconds_bucket{statement="orders.place",le="0.00001"} 1
        kiosk_statement_seconds_bucket{statement="orders.place",le="0.000025"} 1
        kiosk_statement_seconds_bucket{statement="orders.place",le="0.00005"} 1
        kiosk_statement_seconds_bucket{statement="orders.place",le="0.0001"} 1
        kiosk_statement_seconds_bucket{statement="orders.place",le="0.00025"} 1
        kiosk_statement_seconds_bucket{statement="orders.place",le="0.001"} 2
        kiosk_statement_seconds_bucket{statement="orders.place",le="0.005"} 2
        kiosk_statement_seconds_bucket{statement="orders.place",le="0.025"} 2
        kiosk_statement_seconds_bucket{statement="orders.place",le="0.25"} 2
        kiosk_statement_seconds_bucket{statement="orders.place",le="+Inf"} 3
        kiosk_statement_seconds_sum{statement="orders.place"} 0.0015
        kiosk_statement_seconds_count{statement="orders.place"} 3
        "#);
        assert_eq!(statements(&[]), "");
    }

    #[test]
    fn a_broken_filter_is_told() {
        assert!(matches!(
            start_log("a=b=c", LogFormat::Text),
            Err(LogError::Filter(_))
        ));
    }

    #[test]
    fn what_is_counted_is_rendered() {
        let metrics = Metrics::start().unwrap();
        metrics::counter!("kiosk_test_total").increment(2);
        metrics::histogram!("kiosk_test_seconds").record(0.003);
        let text = metrics.render();
        assert!(text.contains("kiosk_test_total 2"), "{text}");
        assert!(
            text.contains("kiosk_test_seconds_bucket{le=\"0.005\"} 1"),
            "{text}"
        );
    }
}
