//! Confirmations: codes and links, how often they may be tried, who carries them, and what they prove.

mod brute;
mod choosing;
mod codes;
mod links;
mod mailing;
mod posted;
mod proofs;
mod races;
mod registration;
mod reports;
pub mod rig;
pub mod senders;
mod walking;
