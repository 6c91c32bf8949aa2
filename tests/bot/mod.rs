//! The whole shop, seen from the chat.

mod abuse;
mod after;
mod cart;
mod later;
mod phone;
mod purchase;
