//! Kiosk: a Telegram-first storefront for digital goods. The rooms of the house, from the ground up.

pub mod bot;
pub mod bus;
pub mod clock;
pub mod pay;
pub mod shop;
pub mod store;
pub mod telegram;
