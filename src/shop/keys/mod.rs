//! Keys: what is delivered for one unit of an order.

pub mod claim;
pub mod import;
mod lines;
pub mod preview;
pub mod reveal;
