//! The emulator as bots and tests see it: over HTTP and through `Control`.

mod callbacks;
mod cards;
mod control;
mod customers;
mod faults;
mod html;
mod load;
mod mailbox;
mod page;
mod payments;
mod polling;
mod python;
mod strictness;
mod support;
mod webhook;
