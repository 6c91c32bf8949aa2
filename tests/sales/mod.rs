//! Sales: orders, payments and keys, with everything that can come between them.

mod buying;
mod cards;
mod cart;
mod downloads;
mod money;
mod races;
pub mod rig;
