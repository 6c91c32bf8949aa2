//! The emulator as bots and tests see it: over HTTP and through `Control`.

mod callbacks;
mod customers;
mod faults;
mod html;
mod page;
mod payments;
mod polling;
mod strictness;
mod support;
mod webhook;
