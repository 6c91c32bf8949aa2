//! What phone senders have in common: a name, a day's limit, and the numbers for which they are not asked.

use super::settings::PhoneAccount;
use crate::shop::customers::Phone;

/// An account's name and whom it serves.
#[derive(Clone, Debug)]
pub struct Reach {
    account: String,
    path: String,
    most_a_day: Option<i64>,
    skip: Vec<String>,
}

impl Reach {
    /// Those of an account in the settings.
    pub fn of(account: &PhoneAccount) -> Self {
        let kind = account.channel.as_str();
        let name = &account.name;
        Self {
            account: format!("{kind}:{name}"),
            path: format!("{kind}-{name}"),
            most_a_day: account.most_a_day,
            skip: account.skip.clone(),
        }
    }

    /// The account, such as `gateway:main`.
    pub(super) fn account(&self) -> &str {
        &self.account
    }

    /// The last segment of its webhook's address, such as `gateway-main`.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn most_a_day(&self) -> Option<i64> {
        self.most_a_day
    }

    /// Whether it may be asked for a number.
    pub(super) fn covers(&self, phone: &Phone) -> bool {
        !self.skip.iter().any(|it| phone.as_str().starts_with(it))
    }
}
