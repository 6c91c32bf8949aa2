//! The catalogue: products, how they are found, and the file that a seller writes them in.

pub mod card;
pub mod file;
pub mod import;
pub mod photos;
pub mod picture;
mod product;
pub mod search;
pub mod shelf;

use self::product::broken;
pub use self::product::{Kind, Meant, Product, by_slug, in_stock, is_slug, meant, slugs};
