//! A lean client of the Bot API: typed calls for what the shop needs, errors told apart by what a caller does next.
//! Ground for `bot` and `pay`; the token stays inside. [`oidc`] has the calls of "Log in with Telegram".

mod calls;
mod client;
mod error;
pub mod files;
pub mod oidc;
mod photos;
mod setup;
mod stars;
#[cfg(test)]
mod tests;
mod wire;

pub use self::calls::{
    Command, Edit, Invoice, Me, Message, PreCheckoutAnswer, RawUpdate, Sent, Toast,
};
pub use self::client::{BadClient, Client};
pub use self::error::CallError;
pub use self::photos::{Photo, Picture};
pub use self::setup::{MenuButton, WebhookInfo};
pub use self::stars::{Direction, StarTransaction};
