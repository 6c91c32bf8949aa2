//! Mails by SMTP: an account keeps a few connections, hands one mail over at a time on each, and tells apart what became
//! of it by how far it got and what the server said.

mod account;
mod line;
mod message;
mod replies;

pub use self::account::{Account, BadAccount, Trial};
