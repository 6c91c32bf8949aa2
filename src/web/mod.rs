//! The axum sidecar.

pub mod ops;
