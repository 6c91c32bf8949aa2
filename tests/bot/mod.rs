//! The whole shop, seen from the chat.

mod abuse;
mod purchase;
