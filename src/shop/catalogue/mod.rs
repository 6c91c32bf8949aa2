//! The catalogue: products and how they are found.

mod product;

pub use self::product::{Kind, Product, by_slug, in_stock, is_slug, list, slugs};
