//! The shop: rules, use-cases and their SQL. Knows no Telegram, no HTTP and no mail.

pub mod access;
pub mod audit;
pub mod cart;
pub mod catalogue;
pub mod confirmations;
pub mod customers;
pub mod downloads;
pub mod keys;
pub mod letters;
pub mod money;
pub mod orders;
pub mod payments;
pub mod staff;
pub mod stats;
pub mod texts;
pub mod throttle;
pub mod vault;
