//! The whole shop, seen from the chat.

mod abuse;
mod after;
mod by_mail;
mod cabinet;
mod cart;
mod email;
mod later;
mod phone;
mod phone_code;
mod purchase;
mod registration;
mod twice;
