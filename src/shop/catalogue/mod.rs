//! The catalogue: products and how they are found.

mod product;

pub use self::product::{Kind, Product, by_slug, count, in_stock, is_slug, list, slugs};
