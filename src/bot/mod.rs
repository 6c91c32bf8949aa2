//! The Telegram face: receives updates, reads what matters from their raw JSON, and draws screens.

pub mod callback;
pub mod listener;
pub mod vital;
