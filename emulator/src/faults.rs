//! Trouble on demand: refusals, lost connections, delays and nonsense, for the methods and chats one names.

use serde::{Deserialize, Serialize};

use crate::ids::Random;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// 429 with `retry_after`; nothing is done.
    TooMany {
        /// Seconds to wait.
        retry_after: u32,
    },
    /// Any other refusal; nothing is done.
    Status {
        /// HTTP status and `error_code`.
        code: u16,
        /// `description`.
        description: String,
    },
    /// The connection closes without an answer and nothing was done.
    DropBefore,
    /// The connection closes without an answer although it was done.
    DropAfter,
    /// The call is taken up only after this much real time.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// It is done, and the answer is cut short in the middle of its JSON.
    MalformedJson,
}

/// A fault and when it strikes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Only this method; `None` is every method, `getUpdates` too.
    #[serde(default)]
    pub method: Option<String>,
    /// Only calls with this `chat_id`.
    #[serde(default)]
    pub chat_id: Option<i64>,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// How often it strikes; `None` is until cleared.
    #[serde(default)]
    pub times: Option<u32>,
    /// How likely a matching call is struck; `None` is always.
    #[serde(default)]
    pub probability: Option<f64>,
}

impl Fault {
    /// Strikes every call until cleared; narrow it with the methods below.
    pub fn always(kind: FaultKind) -> Self {
        Self {
            method: None,
            chat_id: None,
            kind,
            times: None,
            probability: None,
        }
    }

    /// Strikes the next call of `method` once.
    pub fn once(method: &str, kind: FaultKind) -> Self {
        Self {
            method: Some(method.to_owned()),
            times: Some(1),
            ..Self::always(kind)
        }
    }

    /// Only this method.
    #[must_use]
    pub fn on(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only calls with this `chat_id`.
    #[must_use]
    pub fn in_chat(mut self, chat_id: i64) -> Self {
        self.chat_id = Some(chat_id);
        self
    }

    /// Only this many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Only with this probability.
    #[must_use]
    pub fn likely(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }
}

/// What befalls one call.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) delay_ms: u64,
    pub(crate) strike: Option<FaultKind>,
}

/// The faults in force.
pub(crate) struct Faults {
    active: Vec<Fault>,
    random: Random,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            active: Vec::new(),
            random: Random::seeded(0),
        }
    }
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.active.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    pub(crate) fn seed(&mut self, seed: u64) {
        self.random = Random::seeded(seed);
    }

    /// Decides over one call: delays add up, the first other fault strikes.
    pub(crate) fn plan(&mut self, method: &str, chat_id: Option<i64>) -> Plan {
        let mut plan = Plan::default();
        if self.active.is_empty() {
            return plan;
        }
        let random = &mut self.random;
        for fault in &mut self.active {
            let is_delay = matches!(fault.kind, FaultKind::Delay { .. });
            let named = fault.method.as_ref();
            let skip = (plan.strike.is_some() && !is_delay)
                || fault.times == Some(0)
                || named.is_some_and(|name| !name.eq_ignore_ascii_case(method))
                || (fault.chat_id.is_some() && fault.chat_id != chat_id)
                || fault.probability.is_some_and(|p| random.unit() >= p);
            if skip {
                continue;
            }
            if let Some(times) = &mut fault.times {
                *times -= 1;
            }
            if let FaultKind::Delay { ms } = fault.kind {
                plan.delay_ms += ms;
            } else {
                plan.strike = Some(fault.kind.clone());
            }
        }
        self.active.retain(|fault| fault.times != Some(0));
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_it_says() {
        let mut faults = Faults::default();
        faults.add(Fault::once("sendMessage", FaultKind::DropBefore).in_chat(5));
        assert!(faults.plan("sendMessage", Some(6)).strike.is_none());
        assert!(faults.plan("sendPhoto", Some(5)).strike.is_none());
        assert!(faults.plan("sendmessage", Some(5)).strike.is_some());
        assert!(faults.plan("sendMessage", Some(5)).strike.is_none());
    }

    #[test]
    fn a_seed_repeats_its_strikes() {
        let draw = || {
            let mut faults = Faults::default();
            faults.seed(42);
            faults.add(Fault::always(FaultKind::MalformedJson).likely(0.5));
            (0..64)
                .map(|_| faults.plan("getMe", None).strike.is_some())
                .collect::<Vec<_>>()
        };
        let first = draw();
        assert_eq!(first, draw());
        assert!(first.contains(&true) && first.contains(&false));
    }
}
