//! The whole shop, seen from the chat.

mod abuse;
mod after;
mod by_mail;
mod cabinet;
mod cart;
mod downloads;
mod elsewhere;
mod email;
mod later;
mod menu_button;
mod phone;
mod phone_code;
mod phone_way;
mod purchase;
mod registration;
mod twice;
