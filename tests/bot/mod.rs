//! The whole shop, seen from the chat.

mod abuse;
mod after;
mod cart;
mod phone;
mod purchase;
