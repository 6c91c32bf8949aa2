//! What providers tell of codes, on its way into the inbox: proved to be theirs, kept, and only then answered.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::senders::{Call, Progress, Report, Reporter, Told};
use crate::bus::Bus;
use crate::bus::inbox::{self, Birth, Fact};
use crate::store::{Store, StoreError};

/// The source of these facts; the account follows a colon.
pub const SOURCE: &str = "phone";

/// Hears providers. A page hands it what came to `/webhooks/phone/{path}`. Cheap to clone.
#[derive(Clone)]
pub struct Ear {
    store: Store,
    bus: Bus,
    reporters: Arc<[Arc<dyn Reporter>]>,
}

/// What to answer a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// 200 with these words: what it told is kept, or is nothing to us.
    Answer(String),
    /// It is not theirs: say no, and no more.
    Forged,
    /// Nobody listens under this path.
    Unknown,
}

/// A report as the inbox keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    account: String,
    reference: String,
    progress: String,
    at: i64,
}

impl fmt::Debug for Ear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths: Vec<&str> = self.reporters.iter().map(|it| it.path()).collect();
        f.debug_struct("Ear")
            .field("paths", &paths)
            .finish_non_exhaustive()
    }
}

impl Ear {
    /// Keeps what `reporters` find genuine in `store`, and hands it to `bus`.
    pub fn new(store: Store, bus: Bus, reporters: &[Arc<dyn Reporter>]) -> Self {
        let reporters = reporters.into();
        Self {
            store,
            bus,
            reporters,
        }
    }

    /// Takes a request to `path`, the last segment of its address. An error is answered so that the provider comes again.
    pub async fn hear(&self, path: &str, call: &Call<'_>) -> Result<Heard, StoreError> {
        let mut reporters = self.reporters.iter();
        let Some(reporter) = reporters.find(|it| it.path() == path) else {
            return Ok(Heard::Unknown);
        };
        Ok(match reporter.read(call) {
            Told::Forged => Heard::Forged,
            Told::Nothing(answer) => Heard::Answer(answer.to_owned()),
            Told::Challenge(answer) => Heard::Answer(answer),
            Told::Reports(reports, answer) => {
                self.keep(&reports).await?;
                Heard::Answer(answer.to_owned())
            }
        })
    }

    async fn keep(&self, reports: &[Report]) -> Result<(), StoreError> {
        let facts: Vec<Fact> = reports.iter().map(fact).collect();
        let facts = Arc::new(facts);
        let rows = self
            .store
            .write("reports.keep", move |tx| {
                let facts = facts.clone();
                Box::pin(async move { inbox::store(tx, &facts).await })
            })
            .await?;
        self.bus.accept(rows.into_iter().flatten().collect());
        Ok(())
    }
}

/// A report as a fact of the inbox. The same progress of the same send is the same fact.
pub fn fact(report: &Report) -> Fact {
    let progress = word(report.progress);
    let kept = Kept {
        account: report.account.clone(),
        reference: report.reference.clone(),
        progress: progress.to_owned(),
        at: report.at,
    };
    Fact {
        source: format!("{SOURCE}:{}", report.account),
        event_id: format!("{}:{progress}", report.reference),
        kind: "report",
        lane: None,
        // Texts and numbers are always JSON.
        raw: serde_json::to_vec(&kept).unwrap_or_default(),
        birth: Birth::New,
    }
}

/// Reads a fact back; `None` for one that [`fact`] has not made.
pub fn read(raw: &[u8]) -> Option<Report> {
    let kept: Kept = serde_json::from_slice(raw).ok()?;
    Some(Report {
        progress: progress(&kept.progress)?,
        account: kept.account,
        reference: kept.reference,
        at: kept.at,
    })
}

fn word(progress: Progress) -> &'static str {
    match progress {
        Progress::Accepted => "accepted",
        Progress::Undelivered => "undelivered",
        Progress::Delivered => "delivered",
        Progress::Read => "read",
    }
}

fn progress(word: &str) -> Option<Progress> {
    match word {
        "accepted" => Some(Progress::Accepted),
        "undelivered" => Some(Progress::Undelivered),
        "delivered" => Some(Progress::Delivered),
        "read" => Some(Progress::Read),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_back_from_its_fact() {
        for progress in [
            Progress::Accepted,
            Progress::Undelivered,
            Progress::Delivered,
            Progress::Read,
        ] {
            let report = Report {
                account: "gateway:main".to_owned(),
                reference: "r-1".to_owned(),
                progress,
                at: 7,
            };
            let fact = fact(&report);
            assert_eq!(fact.source, "phone:gateway:main");
            assert_eq!(fact.event_id, format!("r-1:{}", word(progress)));
            assert_eq!(read(&fact.raw), Some(report));
        }
        for wrong in [&b""[..], b"{}", b"\xff", br#"{"account":"a"}"#] {
            assert_eq!(read(wrong), None);
        }
    }
}
