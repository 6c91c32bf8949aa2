//! What the accounts tell that carry mails and codes: each is tried, and nothing is sent.

use super::Report;
use crate::clock::Clock;
use crate::config::{Config, Contact};
use crate::senders::{Around, Finding, probe};

pub(super) async fn check(report: &mut Report, config: &Config) {
    let around = Around {
        shop: config.shop.name.clone(),
        public_url: config.web.public_url.clone(),
        clock: Clock::system(),
    };
    if config.senders.mail.is_empty() {
        let wants_mail = config.checkout.require.contains(&Contact::Email);
        nobody(report, "mail", "no account sends mails", wants_mail);
    }
    if config.senders.phone.is_empty() {
        // A number is confirmed by the contact button without any sender.
        nobody(report, "phone", "no sender carries codes", false);
    }
    for finding in probe(&config.senders, &around).await {
        tell(report, finding);
    }
}

fn nobody(report: &mut Report, about: &'static str, found: &str, is_wanted: bool) {
    if is_wanted {
        report.wrong(
            about,
            format!("{found}, and checkout.require wants them confirmed"),
            "see docs/operators/senders.md, or take it out of checkout.require",
        );
    } else {
        report.ok(about, format!("{found}: none is set up"));
    }
}

fn tell(report: &mut Report, finding: Finding) {
    let about = if finding.account.starts_with("mail:") {
        "mail"
    } else {
        "phone"
    };
    let found = format!("{}: {}", finding.account, finding.found);
    match finding.trouble {
        None => report.ok(about, found),
        Some(trouble) if trouble.is_fatal => report.wrong(about, found, trouble.mend),
        Some(trouble) => report.warning(about, found, trouble.mend),
    }
}
