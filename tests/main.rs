//! Every story, by capability. `support` is the rig.

mod access;
mod bot;
mod browser;
mod bus;
mod catalogue;
mod cli;
mod confirmations;
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
