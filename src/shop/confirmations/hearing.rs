//! What providers tell of codes, as facts of the inbox.

use serde::{Deserialize, Serialize};

use super::senders::{Progress, Report};
use crate::bus::inbox::{Birth, Fact};

/// The source of these facts; the account follows a colon.
pub const SOURCE: &str = "phone";

/// A report as the inbox keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    account: String,
    reference: String,
    progress: String,
    at: i64,
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
