//! Every story, by capability. `support` is the rig.

mod sales;
mod store;
mod support;
