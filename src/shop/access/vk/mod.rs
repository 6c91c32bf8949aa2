//! VK: a customer's account there, to which codes can go.
//!
//! - [`login`]: what VK ID tells of who is logged in here, and how a browser keeps its question.
//! - [`link`]: the account becomes the customer's, and is theirs no more.

pub mod link;
pub mod login;
