//! The axum sidecar: pages for customers, updates that Telegram pushes, and health and metrics for those who keep the shop running.

mod by_telegram;
mod cabinet;
mod codes;
mod confirm;
pub mod doors;
mod downloads;
pub mod exchange;
mod login;
pub mod ops;
mod orders;
mod posted;
mod recover;
mod reports;
mod serving;
mod sheet;
pub mod site;
pub mod telegram;
mod visitor;
mod ways;
