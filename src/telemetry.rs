//! Logs and metrics. Secrets have types that print nothing, so neither can hold one.

use std::fmt::Write;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::store::{BUCKETS_MICROS, timings};

/// Bounds of durations in seconds.
const SECONDS: [f64; 13] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Lines for people.
    #[default]
    Text,
    /// A JSON object per line.
    Json,
}

/// A filter that can't be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "log.filter {filter:?} is no filter, expected for example \"info\" or \"kiosk=debug,warn\": {reason}"
)]
pub struct BadFilter {
    filter: String,
    reason: String,
}

/// Starts logging to standard error, and counting.
pub fn start(filter: &str, format: Format) -> Result<(), BadFilter> {
    let parsed = EnvFilter::try_new(filter).map_err(|error| BadFilter {
        filter: filter.to_owned(),
        reason: error.to_string(),
    })?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(parsed)
        .with_writer(std::io::stderr);
    // A second start in one process (a test's) keeps the first.
    let _ = match format {
        Format::Text => log.try_init(),
        Format::Json => log.json().try_init(),
    };
    count();
    Ok(())
}

fn count() {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("seconds".to_owned()), &SECONDS)
        .map(PrometheusBuilder::build_recorder);
    match recorder {
        Ok(recorder) => {
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_ok() {
                let _ = METRICS.set(handle);
            }
        }
        Err(error) => tracing::warn!(%error, "metrics are not counted"),
    }
}

/// All metrics in Prometheus' text format: what was counted, statements by name, and these gauges of the moment (name,
/// help, value).
pub fn render(gauges: &[(&str, &str, i64)]) -> String {
    let mut text = METRICS
        .get()
        .map(PrometheusHandle::render)
        .unwrap_or_default();
    // Writing into a String can't fail.
    for (name, help, value) in gauges {
        let _ = writeln!(
            text,
            "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}"
        );
    }
    statements(&mut text);
    text
}

fn statements(text: &mut String) {
    const NAME: &str = "kiosk_statement_seconds";
    let all = timings();
    if all.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "# HELP {NAME} Time of a database statement, by its name.\n# TYPE {NAME} histogram"
    );
    for timing in all {
        let label = timing.name;
        for (bound, count) in BUCKETS_MICROS.iter().zip(timing.buckets) {
            let bound = *bound as f64 / 1e6;
            let _ = writeln!(
                text,
                "{NAME}_bucket{{statement=\"{label}\",le=\"{bound}\"}} {count}"
            );
        }
        let _ = writeln!(
            text,
            "{NAME}_bucket{{statement=\"{label}\",le=\"+Inf\"}} {count}\n\
             {NAME}_sum{{statement=\"{label}\"}} {sum}\n{NAME}_count{{statement=\"{label}\"}} {count}",
            count = timing.count,
            sum = timing.nanos as f64 / 1e9,
        );
    }
}
