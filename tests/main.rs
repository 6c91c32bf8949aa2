//! Every story, by capability. `support` is the rig.

mod bot;
mod browser;
mod bus;
mod catalogue;
mod cli;
mod house;
mod kill;
mod ops;
mod sales;
mod schema;
mod senders;
mod staff;
mod store;
mod support;
mod web;
