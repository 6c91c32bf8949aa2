//! The axum sidecar: pages for customers, updates that Telegram pushes, and health and metrics for those who keep the shop running.

pub mod ops;
mod orders;
mod serving;
pub mod site;
pub mod telegram;
