//! Whose turn it is: a counter in the database walks the accounts in the order of the settings, past those that can't or
//! may not carry now. What an account has sent on a day, and its pause after failures, are kept there too, so that a
//! restart and a second process go on where the first one stood.

use std::time::Duration;

use crate::bus::attention::{self, Task};
use crate::clock::Millis;
use crate::store::{StoreError, Tx};
use crate::{binds, sql};

/// Days begin at midnight UTC.
const DAY: i64 = 86_400_000;
/// The pause after the first failure; each further one in a row doubles it.
const SHORT: Duration = Duration::from_secs(30);
/// The longest pause after failures, and that of an account that somebody must mend.
const LONG: Duration = Duration::from_hours(1);
/// An account whose mails are taken for spam makes it worse by more of them.
const SPAM: Duration = Duration::from_hours(6);
/// However long an account asks for.
const LONGEST: Duration = Duration::from_hours(48);
/// Failures that may pass by themselves (a server that starts again) before the account is paused.
const PATIENCE: i64 = 3;
/// A reason is cut there.
const REASON: usize = 300;

/// A day on which sends are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day(i64);

/// Which counter turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Phone,
    Mail,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Phone => "phone",
            Kind::Mail => "mail",
        }
    }
}

/// An account that could carry it.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Its place in the settings.
    pub(super) at: usize,
    pub(super) account: String,
    pub(super) most_a_day: Option<i64>,
}

/// Who carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The account at this place. The send is counted already, on this day.
    Of { at: usize, day: Day },
    /// Nobody now; somebody may at this time.
    Later(Millis),
    /// There are no candidates.
    Nobody,
}

/// How an account did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It carries.
    Works,
    /// It is not to blame, and nothing was sent.
    Blameless,
    /// It asks for a pause; nothing was sent.
    Busy(Option<Duration>),
    /// It failed, perhaps only for a moment; nothing was sent.
    Later,
    /// Somebody must mend it; nothing was sent.
    Misconfigured,
    /// What it carries is taken for spam; nothing was sent.
    Spam,
    /// It may have sent.
    Unknown,
}

sql! {
    STANDING = "senders.standing", "SELECT paused_until, day, sent FROM senders WHERE account = $1";
    TURN = "senders.turn",
        "UPDATE sender_turns SET turn = turn + 1 WHERE kind = $1 RETURNING turn";
    CLAIM = "senders.claim",
        "INSERT INTO senders (account, day, sent, changed_at) VALUES ($1, $2, 1, $3)
         ON CONFLICT (account) DO UPDATE SET
             sent = CASE WHEN senders.day = $2 THEN senders.sent + 1 ELSE 1 END,
             day = $2, changed_at = $3
         WHERE senders.paused_until <= $3 AND ($4 IS NULL OR senders.day <> $2 OR senders.sent < $4)
         RETURNING sent";
    GIVE_BACK = "senders.give_back",
        "UPDATE senders SET sent = sent - 1, changed_at = $3 WHERE account = $1 AND day = $2 AND sent > 0";
    WORKS = "senders.works",
        "UPDATE senders SET failures = 0, reason = NULL, changed_at = $2
         WHERE account = $1 AND failures > 0";
    FAILS = "senders.fails",
        "UPDATE senders SET failures = failures + 1, reason = $2, changed_at = $3 WHERE account = $1 RETURNING failures";
    PAUSE = "senders.pause",
        "UPDATE senders SET paused_until = $2, changed_at = $3 WHERE account = $1 AND paused_until < $2";
    PAUSE_ALSO = "senders.pause_also",
        "INSERT INTO senders (account, paused_until, reason, changed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (account) DO UPDATE SET paused_until = $2, reason = $3, changed_at = $4
         WHERE senders.paused_until < $2";
}

/// The next of the candidates, out of `places` places, and counts it as a send of its day.
pub(super) async fn next(
    tx: &mut Tx<'_>,
    kind: Kind,
    places: usize,
    candidates: &[Candidate],
) -> Result<Turn, StoreError> {
    let (now, day) = (tx.now(), tx.now() / DAY);
    let mut free = Vec::new();
    let mut soonest: Option<Millis> = None;
    for candidate in candidates {
        match waits_until(tx, candidate).await? {
            None => free.push(candidate),
            Some(at) => soonest = Some(soonest.map_or(at, |soonest| soonest.min(at))),
        }
    }
    if free.is_empty() || places == 0 {
        return Ok(soonest.map_or(Turn::Nobody, Turn::Later));
    }
    let (turn,): (i64,) = tx.one(&TURN, binds![kind.as_str()]).await?;
    tx.pause("senders.turn").await;
    let start = (turn - 1).rem_euclid(places as i64) as usize;
    free.sort_by_key(|candidate| (candidate.at + places - start) % places);
    for candidate in free {
        let binds = binds![candidate.account, day, now, candidate.most_a_day];
        if tx.optional::<(i64,)>(&CLAIM, binds).await?.is_some() {
            return Ok(Turn::Of {
                at: candidate.at,
                day: Day(day),
            });
        }
        // Another process has just paused it or used its day up.
        let at = waits_until(tx, candidate).await?.unwrap_or(now);
        soonest = Some(soonest.map_or(at, |soonest| soonest.min(at)));
    }
    Ok(soonest.map_or(Turn::Nobody, Turn::Later))
}

/// Until when the candidate may carry nothing.
async fn waits_until(tx: &mut Tx<'_>, candidate: &Candidate) -> Result<Option<Millis>, StoreError> {
    let (now, today) = (tx.now(), tx.now() / DAY);
    let standing: Option<(i64, i64, i64)> =
        tx.optional(&STANDING, binds![candidate.account]).await?;
    let (paused_until, day, sent) = standing.unwrap_or((0, today, 0));
    let sent = if day == today { sent } else { 0 };
    if candidate.most_a_day.is_some_and(|most| sent >= most) {
        return Ok(Some(((today + 1) * DAY).max(paused_until)));
    }
    Ok((paused_until > now).then_some(paused_until))
}

/// When the candidate may carry again.
pub(super) async fn free_at(tx: &mut Tx<'_>, candidate: &Candidate) -> Result<Millis, StoreError> {
    let now = tx.now();
    Ok(waits_until(tx, candidate).await?.unwrap_or(now))
}

/// Writes down how an account did with a send that was counted on `day`: pauses that grow with failures in a row, a task
/// for staff where somebody must mend it, and the end of both as soon as it works.
pub(super) async fn judge(
    tx: &mut Tx<'_>,
    account: &str,
    day: Day,
    verdict: Verdict,
    reason: &str,
) -> Result<(), StoreError> {
    let now = tx.now();
    let reason = short(reason);
    if verdict == Verdict::Works {
        // A pause that was asked for meanwhile is not over: this one was under way before it.
        if tx.execute(&WORKS, binds![account, now]).await? > 0 {
            for kind in [MEND, HELD_FOR_SPAM] {
                attention::resolve(tx, kind, account).await?;
            }
        }
        return Ok(());
    }
    if verdict != Verdict::Unknown {
        // It certainly cost nothing. A day that is over needs nothing back, and the next one has not counted it.
        tx.execute(&GIVE_BACK, binds![account, day.0, now]).await?;
    }
    if verdict == Verdict::Blameless {
        return Ok(());
    }
    let failures: Option<(i64,)> = tx.optional(&FAILS, binds![account, reason, now]).await?;
    let failures = failures.map_or(1, |row| row.0);
    let pause = match verdict {
        Verdict::Busy(Some(pause)) => pause.min(LONGEST),
        Verdict::Busy(None) | Verdict::Unknown => growing(failures),
        Verdict::Later => growing(failures + 1 - PATIENCE),
        Verdict::Misconfigured => LONG,
        Verdict::Spam => SPAM,
        Verdict::Works | Verdict::Blameless => Duration::ZERO,
    };
    let until = now + pause.as_millis() as i64;
    tx.execute(&PAUSE, binds![account, until, now]).await?;
    let kind = match verdict {
        Verdict::Misconfigured => MEND,
        Verdict::Spam => HELD_FOR_SPAM,
        _ => return Ok(()),
    };
    let task = Task {
        kind,
        subject: account,
        order: None,
        payment: None,
        detail: &reason,
    };
    attention::open(tx, &task).await
}

/// The task: an account's settings are wrong.
pub const MEND: &str = "sender.misconfigured";
/// The task: an account's mails are taken for spam.
pub const HELD_FOR_SPAM: &str = "sender.spam";

/// Pauses an account for what another one of its domain did.
pub(super) async fn pause_for_spam(
    tx: &mut Tx<'_>,
    account: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let now = tx.now();
    let (until, reason) = (now + SPAM.as_millis() as i64, short(reason));
    tx.execute(&PAUSE_ALSO, binds![account, until, reason, now])
        .await
        .map(|_| ())
}

/// Nothing before the first, then 30 s, 1 min, 2, 4, … up to an hour.
pub(super) fn growing(failures: i64) -> Duration {
    if failures < 1 {
        return Duration::ZERO;
    }
    let doublings = (failures - 1).min(10) as u32;
    (SHORT * 2_u32.pow(doublings)).min(LONG)
}

/// The beginning of a reason, as it can be stored.
pub(super) fn short(reason: &str) -> String {
    let plain = reason.chars().filter(|letter| !letter.is_control());
    plain.take(REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_an_hour() {
        let minutes: Vec<f64> = [-1, 0, 1, 2, 3, 7, 8, 100]
            .map(|failures| growing(failures).as_secs_f64() / 60.0)
            .to_vec();
        assert_eq!(minutes, [0.0, 0.0, 0.5, 1.0, 2.0, 32.0, 60.0, 60.0]);
    }
}
