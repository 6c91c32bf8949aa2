//! The Telegram face: receives updates, reads what matters from their raw JSON, and draws screens.

pub mod callback;
mod carrier;
mod checkout;
mod drawing;
pub mod face;
pub mod listener;
mod place;
pub mod screens;
mod visit;
pub mod vital;
