//! Payment providers, a file each, behind the trait that `shop::payments` owns.

pub mod stars;
