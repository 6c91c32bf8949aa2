//! Sales: orders, payments and keys, with everything that can come between them.

mod buying;
mod cart;
mod money;
mod races;
mod rig;
