//! Customers: people known by their Telegram id, with what they told about themselves, what is confirmed and what they
//! agreed to.

pub mod consents;
mod email;
mod known;
mod phone;
pub mod profile;
pub mod registration;
mod take;

pub use self::email::Email;
pub(in crate::shop) use self::known::lock;
pub use self::known::{
    Customer, by_email, by_id, by_phone, by_telegram_id, living, meet, set_blocked, set_language,
};
pub use self::phone::{Phone, Region};
pub use self::profile::{GivenName, phone};
pub(in crate::shop) use self::take::lock_target;
pub use self::take::{Taken, forget_email, forget_phone, set_phone, take_email, take_phone};
