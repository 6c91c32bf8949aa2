//! The log of what the bot asked for.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A call of the Bot API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Number of the call, from 1.
    pub n: u64,
    /// When it was answered, by the emulator's clock.
    pub at_ms: i64,
    /// The method as the bot wrote it.
    pub method: String,
    /// Its parameters; uploaded files appear by name only.
    pub params: Value,
    /// Whether it had its effect.
    pub ok: bool,
    /// The refusal, or what fault struck it.
    pub error: Option<String>,
}

/// Counters that are kept in load mode, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Updates ever made.
    pub updates: u64,
    /// Updates confirmed.
    pub confirmed: u64,
    /// Calls answered.
    pub calls: u64,
}
