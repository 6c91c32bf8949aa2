//! The whole shop, seen from the chat.

mod purchase;
