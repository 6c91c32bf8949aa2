//! `kiosk check`: proves the settings, the database, the bot and those who carry mails and codes, and says how to mend what is wrong. It changes nothing
//! and never prints a secret.

mod database;
mod senders;
mod settings;
mod telegram;
mod vk;
mod webhook;

use std::fmt::Write;

use super::{Failure, Outcome};
use crate::config::Config;

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Ok,
    /// The shop opens all the same.
    Warning,
    /// The shop does not open, or does not sell.
    Wrong,
}

/// What was looked at, and how to mend it.
#[derive(Debug)]
struct Line {
    verdict: Verdict,
    about: &'static str,
    found: String,
    mend: String,
}

/// All that was looked at.
#[derive(Debug, Default)]
struct Report {
    lines: Vec<Line>,
}

impl Report {
    fn ok(&mut self, about: &'static str, found: impl Into<String>) {
        self.line(Verdict::Ok, about, found.into(), String::new());
    }

    fn warning(&mut self, about: &'static str, found: impl Into<String>, mend: impl Into<String>) {
        self.line(Verdict::Warning, about, found.into(), mend.into());
    }

    fn wrong(&mut self, about: &'static str, found: impl Into<String>, mend: impl Into<String>) {
        self.line(Verdict::Wrong, about, found.into(), mend.into());
    }

    fn line(&mut self, verdict: Verdict, about: &'static str, found: String, mend: String) {
        self.lines.push(Line {
            verdict,
            about,
            found,
            mend,
        });
    }

    fn count(&self, verdict: Verdict) -> usize {
        let same = self.lines.iter().filter(|line| line.verdict == verdict);
        same.count()
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            let verdict = match line.verdict {
                Verdict::Ok => "ok",
                Verdict::Warning => "warning",
                Verdict::Wrong => "WRONG",
            };
            // Writing to a String can't fail.
            let _ = writeln!(text, "{verdict:<8} {:<10} {}", line.about, line.found);
            if !line.mend.is_empty() {
                let _ = writeln!(text, "{:<19} → {}", "", line.mend);
            }
        }
        let (wrong, warnings) = (self.count(Verdict::Wrong), self.count(Verdict::Warning));
        let _ = write!(
            text,
            "\n{}",
            match (wrong, warnings) {
                (0, 0) => "everything is well".to_owned(),
                (0, warnings) => format!("the shop can open; warnings: {warnings}"),
                (wrong, warnings) => format!("wrong: {wrong}, warnings: {warnings}"),
            }
        );
        text
    }
}

pub(super) async fn run(config: &Config) -> Result<Outcome, Failure> {
    let mut report = Report::default();
    database::check(&mut report, config).await;
    telegram::check(&mut report, config).await;
    settings::check(&mut report, config);
    vk::check(&mut report, config);
    senders::check(&mut report, config).await;
    Ok(Outcome {
        text: report.text(),
        is_complete: report.count(Verdict::Wrong) == 0,
    })
}
