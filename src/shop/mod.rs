//! The shop: rules, use-cases and their SQL. Knows no Telegram, no HTTP and no mail.

pub mod catalogue;
pub mod customers;
pub mod money;
pub mod texts;
