//! What was counted and timed, and what the emulator itself cost.

use hdrhistogram::Histogram;
use std::{collections::BTreeMap, fs, thread, time::Duration};

/// A pre-checkout query that is answered later than this is as good as lost, in microseconds.
const LATE: u64 = 8_000_000;
/// Nothing is timed beyond this, in microseconds.
const LONGEST: u64 = 600_000_000;
/// The unit of `/proc/PID/stat`: Linux fixes it at a hundredth of a second.
const TICK: Duration = Duration::from_millis(10);

/// What happened since the figures were taken last. All times are in microseconds.
#[derive(Debug, Clone)]
pub struct Figures {
    /// How long that is.
    pub seconds: f64,
    /// Updates that were handed to the bot for the first time.
    pub handed: u64,
    /// Updates to which the bot has shown something, or answered a question before a payment.
    pub answered: u64,
    /// Calls that were taken, but for `getUpdates`.
    pub calls: u64,
    /// Rounds that scripts completed: sales, where the script sells.
    pub rounds: u64,
    /// From the hand-out of an update to the first message sent or edited in its chat.
    pub answer: Histogram<u64>,
    /// The same from when the customer acted.
    pub since_due: Histogram<u64>,
    /// From a tap on Pay to the bot's word on it.
    pub pre_checkout: Histogram<u64>,
    /// Questions before a payment that were answered too late.
    pub late: u64,
    /// From the first action of a round to its end.
    pub round: Histogram<u64>,
    /// Customers who were answered nothing for long and began anew.
    pub silent: u64,
    /// Customers who did not find the button that they looked for.
    pub lost: u64,
    /// Payments to which the bot said no.
    pub turned_down: u64,
    /// Customers who were to act and were still waiting for an answer: an open loop with any is too small.
    pub busy: u64,
    /// What was refused, by method and reason.
    pub refused: BTreeMap<String, u64>,
    /// The share of the machine's processors that this process took, from 0 to 1.
    pub share: f64,
}

impl Figures {
    pub(super) fn new() -> Self {
        // The bounds are fixed and good.
        let times = || Histogram::new_with_bounds(1, LONGEST, 3).unwrap_or_else(|_| unreachable!());
        Self {
            seconds: 0.0,
            handed: 0,
            answered: 0,
            calls: 0,
            rounds: 0,
            answer: times(),
            since_due: times(),
            pre_checkout: times(),
            late: 0,
            round: times(),
            silent: 0,
            lost: 0,
            turned_down: 0,
            busy: 0,
            refused: BTreeMap::new(),
            share: 0.0,
        }
    }

    pub(super) fn answered_after(&mut self, since_handed: u64, since_due: u64) {
        self.answered += 1;
        self.answer.saturating_record(since_handed.max(1));
        self.since_due.saturating_record(since_due.max(1));
    }

    pub(super) fn asked_for(&mut self, micros: u64) {
        self.answered += 1;
        self.pre_checkout.saturating_record(micros.max(1));
        self.late += u64::from(micros > LATE);
    }

    /// Adds what was counted at another time. `share` becomes the higher one.
    pub fn add(&mut self, other: &Self) {
        self.seconds += other.seconds;
        self.handed += other.handed;
        self.answered += other.answered;
        self.calls += other.calls;
        self.rounds += other.rounds;
        self.late += other.late;
        self.silent += other.silent;
        self.lost += other.lost;
        self.turned_down += other.turned_down;
        self.busy += other.busy;
        self.share = self.share.max(other.share);
        for (refusal, count) in &other.refused {
            *self.refused.entry(refusal.clone()).or_default() += count;
        }
        for (sum, part) in [
            (&mut self.answer, &other.answer),
            (&mut self.since_due, &other.since_due),
            (&mut self.pre_checkout, &other.pre_checkout),
            (&mut self.round, &other.round),
        ] {
            // All have the same bounds.
            let _ = sum.add(part);
        }
    }
}

/// User and system time that a process has taken so far, by Linux's `/proc`; `None` is this process.
pub fn cpu_time(pid: Option<u32>) -> Option<Duration> {
    let path = pid.map_or_else(
        || "/proc/self/stat".to_owned(),
        |pid| format!("/proc/{pid}/stat"),
    );
    let stat = fs::read_to_string(path).ok()?;
    // The name, in brackets, may hold anything. The fields after it begin with the third.
    let fields = stat.rsplit_once(')')?.1;
    let mut ticks = fields.split_whitespace().skip(11).take(2);
    let user: u32 = ticks.next()?.parse().ok()?;
    let system: u32 = ticks.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

pub(super) fn processors() -> f64 {
    thread::available_parallelism().map_or(1.0, |count| count.get() as f64)
}
