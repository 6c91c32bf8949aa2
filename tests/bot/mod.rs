//! The whole shop, seen from the chat.

mod abuse;
mod after;
mod purchase;
