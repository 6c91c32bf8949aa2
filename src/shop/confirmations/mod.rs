//! Confirmations: proof that a phone number or an e-mail address is the customer's, by a code or a link, used once.

pub mod senders;
