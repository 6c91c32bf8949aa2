//! Prometheus' text format, version 0.0.4.

use std::fmt::{Display, Write};

/// The media type of the page.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The page as far as it is written.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// Begins a family. Its samples follow before the next one begins.
    pub fn family(&mut self, kind: &'static str, name: &'static str, help: &'static str) {
        // Writing to a String can't fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// A family of gauges with one label.
    pub fn gauges(
        &mut self,
        name: &'static str,
        help: &'static str,
        label: &'static str,
        values: impl IntoIterator<Item = (&'static str, f64)>,
    ) {
        self.family("gauge", name, help);
        for (value, number) in values {
            self.sample(name, "", &[(label, value)], number);
        }
    }

    /// A gauge without labels.
    pub fn gauge(&mut self, name: &'static str, help: &'static str, number: impl Display) {
        self.family("gauge", name, help);
        self.sample(name, "", &[], number);
    }

    /// A counter without labels.
    pub fn counter(&mut self, name: &'static str, help: &'static str, number: impl Display) {
        self.family("counter", name, help);
        self.sample(name, "", &[], number);
    }

    /// A line: `name` and `ending`, labels, number.
    pub fn sample(
        &mut self,
        name: &'static str,
        ending: &'static str,
        labels: &[(&'static str, &'static str)],
        number: impl Display,
    ) {
        self.line(name, ending, labels, None, number);
    }

    /// The lines of a histogram: `cumulative` has a count for each of `bounds` (microseconds) and one for all.
    pub fn spread(
        &mut self,
        name: &'static str,
        labels: &[(&'static str, &'static str)],
        bounds: &[u64],
        cumulative: &[u64],
        nanos: u64,
    ) {
        for (micros, count) in bounds.iter().zip(cumulative) {
            let bound = (*micros as f64 / 1e6).to_string();
            self.line(name, "_bucket", labels, Some(&bound), count);
        }
        let count = cumulative.last().copied().unwrap_or_default();
        self.line(name, "_bucket", labels, Some("+Inf"), count);
        self.line(name, "_sum", labels, None, nanos as f64 / 1e9);
        self.line(name, "_count", labels, None, count);
    }

    fn line(
        &mut self,
        name: &'static str,
        ending: &'static str,
        labels: &[(&'static str, &'static str)],
        bound: Option<&str>,
        number: impl Display,
    ) {
        self.text.push_str(name);
        self.text.push_str(ending);
        let bound = bound.map(|bound| ("le", bound));
        let mut before = '{';
        for (label, value) in labels.iter().copied().chain(bound) {
            // Label values are words of ours: none needs to be escaped.
            let _ = write!(self.text, "{before}{label}=\"{value}\"");
            before = ',';
        }
        if before == ',' {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {number}");
    }

    /// What is written.
    pub fn text(self) -> String {
        self.text
    }
}
