//! Every story, by capability. `support` is the rig.

mod sales;
mod schema;
mod store;
mod support;
