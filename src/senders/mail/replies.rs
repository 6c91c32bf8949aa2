//! What a server's reply means for the mail and for the account. The digits alone do not tell: the same 550 is an address
//! that does not exist, a limit that is reached and a suspicion of spam. So the code, the enhanced code (RFC 3463) and the
//! words of the large providers are read together.

use std::time::Duration;

use super::line::{Step, Trouble};
use crate::shop::confirmations::senders::Mailed;

/// A day's limit is reached.
const DAY: Duration = Duration::from_hours(24);
/// Too much at once.
const THROTTLED: Duration = Duration::from_mins(15);
/// So much of a server's words is kept.
const WORDS: usize = 200;

/// Words of a spam filter: Yandex, Mail.ru, Gmail, and block lists.
const SPAM: &[&str] = &[
    "spam",
    "unsolicited",
    "blocked using",
    "blacklist",
    "blocklist",
];
/// Words of a day's limit.
const DAILY: &[&str] = &[
    "daily user sending",
    "daily sending",
    "sending limit",
    "sending quota",
];
/// Words of a limit on haste.
const HASTE: &[&str] = &[
    "too many login",
    "too many connections",
    "too many messages",
    "rate limit",
    "try again later, closing connection",
];
/// Words about our own account.
const SETTINGS: &[&str] = &[
    "not owned by auth user",
    "not local sender",
    "application-specific password",
    "application password",
    "parol prilozheniya",
    "badcredentials",
    "authentication required",
    "must issue a starttls",
    "relay access denied",
    "relaying denied",
    "not permitted to relay",
];
/// Words about a mailbox that does not exist.
const NOBODY: &[&str] = &[
    "no such user",
    "no such mailbox",
    "user unknown",
    "unknown user",
    "unknown recipient",
    "invalid mailbox",
    "invalid recipient",
    "user is terminated",
    "does not exist",
    "user not found",
    "mailbox not found",
    "no mailbox here",
];
/// Enhanced codes of an address that does not exist, has moved without a word, or is switched off.
const NO_ADDRESS: &[&str] = &[
    "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4",
];

/// What became of a mail to `to`, which is empty for a trial of the login.
pub(super) fn class(trouble: Trouble, to: &str) -> Mailed {
    match trouble {
        Trouble::Reply { step, code, text } => reply(step, code, &text, to),
        Trouble::Lost {
            step: Step::Body,
            words,
        } => Mailed::Unknown(format!(
            "the connection broke while the mail was on its way: {words}"
        )),
        Trouble::Lost { step, words } => not_now(step, false, format!("{}: {words}", told(step))),
        Trouble::Terms(words) => Mailed::Misconfigured(format!(
            "the server and the settings do not fit together: {words}"
        )),
        Trouble::Letters => Mailed::NoSuchAddress(
            "its letters are beyond ASCII, and the server takes no such address".to_owned(),
        ),
    }
}

/// Nothing was taken, and later it may be. From the address on, it is the mail's own trouble as far as anybody can tell: a
/// mailbox or a server of one customer must not keep the mails of the others.
fn not_now(step: Step, is_final: bool, reason: String) -> Mailed {
    match step {
        Step::Connect | Step::Login | Step::From => Mailed::Later(reason),
        Step::To | Step::Data | Step::Body => Mailed::TurnedAway { is_final, reason },
    }
}

fn told(step: Step) -> &'static str {
    match step {
        Step::Connect => "no connection",
        Step::Login => "no answer to the login",
        Step::From | Step::To | Step::Data => "the connection broke before the mail",
        Step::Body => "the connection broke",
    }
}

fn reply(step: Step, code: u16, text: &str, to: &str) -> Mailed {
    let lower = without(&text.to_lowercase(), &to.to_lowercase());
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let enhanced = enhanced(&lower);
    let reason = shown(code, text);
    let is_final = code >= 500;
    // The receiver's own limits are nobody's fault but its own. A mailbox that is full stays so for longer than a code lives.
    if says(&["recipient has exceeded"]) || matches!(enhanced, "4.2.1" | "4.2.2" | "5.2.2") {
        return not_now(step, is_final || enhanced == "4.2.2", reason);
    }
    if says(DAILY) || matches!(enhanced, "4.4.5" | "5.4.5") {
        return Mailed::Quota { pause: DAY, reason };
    }
    if says(HASTE) || (!is_final && enhanced == "4.7.0") {
        let pause = THROTTLED;
        return Mailed::Quota { pause, reason };
    }
    if step == Step::Login {
        return if is_final {
            Mailed::Misconfigured(reason)
        } else {
            Mailed::Later(reason)
        };
    }
    if NO_ADDRESS.contains(&enhanced) {
        return Mailed::NoSuchAddress(reason);
    }
    if says(SPAM) {
        return Mailed::Spam(reason);
    }
    if code == 421 {
        // The server hangs up, on whatever mail.
        return Mailed::Later(reason);
    }
    if !is_final {
        return not_now(step, false, reason);
    }
    if matches!(code, 530 | 534 | 535 | 538)
        || matches!(enhanced, "5.7.8" | "5.7.9" | "5.7.11")
        || says(SETTINGS)
    {
        return Mailed::Misconfigured(reason);
    }
    if says(NOBODY) {
        return Mailed::NoSuchAddress(reason);
    }
    match (step, code) {
        // A sender that is refused for good is the account's affair; so is a login that a server wants after all.
        (Step::From, 500..) | (Step::To | Step::Data, 503) => Mailed::Misconfigured(reason),
        (Step::To, 550 | 551 | 553) if enhanced.is_empty() => Mailed::NoSuchAddress(reason),
        // Refused for a reason that we can't read. Nothing was taken: the shop's own patience ends it.
        _ => not_now(step, true, reason),
    }
}

/// A reply without the address that it repeats: somebody who calls themselves `spam@…` must not stop an account.
fn without(text: &str, to: &str) -> String {
    let (user, domain) = to.split_once('@').unwrap_or_default();
    let names = |word: &str| {
        word.contains('@')
            || (!domain.is_empty() && word.contains(domain))
            || (!user.is_empty() && word.trim_matches(['<', '>', '"', '\'', ':', ',']) == user)
    };
    let words: Vec<&str> = text.split_whitespace().filter(|it| !names(it)).collect();
    words.join(" ")
}

/// The enhanced code at the beginning of a reply, such as `5.7.1`; empty if there is none.
fn enhanced(text: &str) -> &str {
    let first = text.split_whitespace().next().unwrap_or_default();
    let first = first.trim_end_matches([':', ';']);
    let is_number =
        |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|it| it.is_ascii_digit());
    let parts: Vec<&str> = first.split('.').collect();
    if parts.len() == 3 && parts.iter().all(|part| is_number(part)) {
        first
    } else {
        ""
    }
}

/// A reply in few words, without addresses: it is kept and logged.
fn shown(code: u16, text: &str) -> String {
    let words = text.split_whitespace().map(|word| {
        if word.contains('@') {
            "(address)"
        } else {
            word
        }
    });
    let words: Vec<&str> = words.collect();
    let words = crate::i18n::clean(&words.join(" "));
    let words: String = words.chars().take(WORDS).collect();
    format!("{code} {words}").trim_end().to_owned()
}

#[cfg(test)]
mod tests;
