//! Codes in the log, for a machine on which the shop is developed. Anywhere else whoever reads the log could take any
//! number for theirs, so that the settings must say that this is such a machine.

use futures::FutureExt;
use futures::future::BoxFuture;

use super::measure;
use super::reach::Reach;
use crate::shop::confirmations::senders::{Carried, Messenger, PhoneCode, PhoneSender, Recipient};

/// Writes codes to the log.
#[derive(Debug)]
pub struct Log {
    reach: Reach,
}

impl Log {
    pub(super) fn new(reach: Reach) -> Self {
        Self { reach }
    }
}

impl PhoneSender for Log {
    fn account(&self) -> &str {
        self.reach.account()
    }

    fn messenger(&self) -> Messenger {
        Messenger::Log
    }

    fn can_reach(&self, to: &Recipient) -> bool {
        self.reach.covers(&to.phone)
    }

    fn most_a_day(&self) -> Option<i64> {
        self.reach.most_a_day()
    }

    fn carry<'a>(&'a self, code: &'a PhoneCode) -> BoxFuture<'a, Carried> {
        let carried = async {
            tracing::warn!(
                phone = code.to.phone.as_str(),
                code = code.code.expose(),
                "a code, in the log since phone.development is true"
            );
            Carried::Accepted { reference: None }
        };
        measure::carried("log", carried).boxed()
    }
}
