//! Kiosk: a Telegram-first storefront for digital goods. The rooms of the house, from the ground up.

pub mod app;
pub mod bot;
pub mod bus;
pub mod cli;
pub mod clock;
pub mod config;
pub mod i18n;
pub mod meters;
pub mod pay;
pub mod senders;
pub mod shop;
pub mod spelling;
pub mod store;
pub mod telegram;
pub mod telemetry;
pub mod web;
