//! The catalogue: products, how they are found, and the file that a seller writes them in.

pub mod file;
pub mod import;
mod product;

pub use self::product::{Kind, Product, by_slug, count, in_stock, is_slug, list, slugs};
