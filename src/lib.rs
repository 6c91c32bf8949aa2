//! Kiosk: a Telegram-first storefront for digital goods. The rooms of the house, from the ground up.

pub mod bus;
pub mod cli;
pub mod clock;
pub mod config;
pub mod shop;
pub mod spelling;
pub mod store;
pub mod telemetry;
