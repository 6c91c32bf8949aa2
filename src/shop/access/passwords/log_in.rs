//! Login by a confirmed phone or e-mail and a password. Three steps: the try is counted and the hash looked up, the password
//! is compared beside the database, the session begins. Who is not known, and who has no password, is answered the same, as
//! late, and as often.

use std::time::Duration;

use super::hasher::{Busy, Checked, HashError, Hasher, Phc};
use super::rules::LONGEST;
use super::{Password, renew, stored};
use crate::shop::access::device::Device;
use crate::shop::access::token::Token;
use crate::shop::access::{Way, sessions};
use crate::shop::customers::{self, Email, Phone, Region};
use crate::shop::throttle::{self, Limit, Taken};
use crate::shop::vault::Vault;
use crate::store::{Store, StoreError, Tx};

/// Tries for one phone number or address of e-mail, known or not.
pub const TRIES: Limit = Limit {
    name: "passwords.tries.account",
    most: 10,
    window: Duration::from_mins(15),
};
/// The same over a day. Whoever is kept out by somebody's guesses has the bot's link meanwhile.
pub const TRIES_A_DAY: Limit = Limit {
    name: "passwords.tries.account_day",
    most: 50,
    window: Duration::from_hours(24),
};
/// Tries from one neighbourhood of the network, for whatever accounts.
pub const TRIES_PER_ADDRESS: Limit = Limit {
    name: "passwords.tries.address",
    most: 50,
    window: Duration::from_mins(15),
};

/// Somebody tries to log in.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Who they say they are.
    pub login: Login,
    /// What they typed.
    pub password: Password,
    /// Where from.
    pub device: Device,
    /// The token of the browser's session so far.
    pub came_with: Option<Token>,
}

/// Who somebody says they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// By phone.
    Phone(Phone),
    /// By e-mail.
    Email(Email),
    /// By what is neither: nobody's.
    Nobody,
}

impl Login {
    /// Reads what somebody typed. `region` is where numbers may be typed without their country code.
    pub fn read(typed: &str, region: Option<Region>) -> Self {
        if let Some(email) = Email::read(typed) {
            return Login::Email(email);
        }
        let phone = Phone::typed(typed, region).or_else(|| Phone::read(typed.trim()));
        phone.map_or(Login::Nobody, Login::Phone)
    }

    /// What tries are counted for. An account has two at most.
    fn subject(&self) -> Option<&str> {
        match self {
            Login::Phone(phone) => Some(phone.as_str()),
            Login::Email(email) => Some(email.key()),
            // Whoever mistypes it must not wait for all others who do.
            Login::Nobody => None,
        }
    }
}

/// How a login ended.
#[derive(Debug)]
pub enum LoggedIn {
    /// They are in: what their browser keeps from now on.
    Welcome(Token),
    /// Not these two together.
    No,
    /// Not before this time has passed, whatever they type.
    TooMany {
        /// How long.
        wait: Duration,
    },
    /// Too many log in at this moment.
    Busy,
}

/// What the first step found.
enum Counted {
    /// The password may be compared, with that of this customer.
    Fine(Option<(i64, Phc)>),
    TooMany(Duration),
}

/// Logs in by a password. Awaits the hasher between two transactions, so it takes the store.
pub async fn log_in(
    store: &Store,
    vault: &Vault,
    hasher: &Hasher,
    attempt: &Attempt,
) -> Result<LoggedIn, StoreError> {
    let counted = {
        let (vault, login, device) = (vault.clone(), attempt.login.clone(), attempt.device.clone());
        store
            .write("access.passwords.count", move |tx| {
                let (vault, login, device) = (vault.clone(), login.clone(), device.clone());
                Box::pin(async move { count(tx, &vault, &login, &device).await })
            })
            .await?
    };
    let account = match counted {
        Counted::Fine(account) => account,
        Counted::TooMany(wait) => return Ok(LoggedIn::TooMany { wait }),
    };
    if attempt.password.length() > LONGEST {
        return Ok(LoggedIn::No);
    }
    let phc = account.as_ref().map(|(_, phc)| phc);
    let checked = match hasher.check(&attempt.password, phc).await {
        Ok(checked) => checked,
        Err(HashError::Busy(Busy)) => return Ok(LoggedIn::Busy),
        Err(HashError::Failed(error)) => return Err(error),
    };
    store.points().pass("access.passwords.compared").await;
    let (Checked::Right { renewed }, Some((customer, phc))) = (checked, account) else {
        return Ok(LoggedIn::No);
    };
    let attempt = attempt.clone();
    store
        .write("access.passwords.log_in", move |tx| {
            let (attempt, phc, renewed) = (attempt.clone(), phc.clone(), renewed.clone());
            Box::pin(async move { enter(tx, &attempt, customer, &phc, renewed.as_ref()).await })
        })
        .await
}

/// Counts the try before anything is compared; what is counted stays, however the try ends.
async fn count(
    tx: &mut Tx<'_>,
    vault: &Vault,
    login: &Login,
    device: &Device,
) -> Result<Counted, StoreError> {
    let from = device.address.as_deref().unwrap_or("nowhere");
    let account = login.subject();
    let mut limits = vec![(&TRIES_PER_ADDRESS, from)];
    if let Some(account) = account {
        limits.push((&TRIES, account));
        limits.push((&TRIES_A_DAY, account));
    }
    for (limit, subject) in limits {
        if let Taken::TooMany { wait } = throttle::take(tx, vault, limit, subject).await? {
            return Ok(Counted::TooMany(wait));
        }
    }
    let customer = match login {
        Login::Phone(phone) => customers::by_phone(tx, phone).await?,
        Login::Email(email) => customers::by_email(tx, email).await?,
        Login::Nobody => None,
    };
    let Some(customer) = customer else {
        return Ok(Counted::Fine(None));
    };
    let phc = stored(tx, customer.id).await?;
    Ok(Counted::Fine(phc.map(|phc| (customer.id, phc))))
}

/// Begins the session, unless the password was changed since it was compared.
async fn enter(
    tx: &mut Tx<'_>,
    attempt: &Attempt,
    customer: i64,
    compared: &Phc,
    renewed: Option<&Phc>,
) -> Result<LoggedIn, StoreError> {
    customers::lock(tx, customer).await?;
    if stored(tx, customer).await?.as_ref() != Some(compared) {
        return Ok(LoggedIn::No);
    }
    if let Some(renewed) = renewed {
        renew(tx, customer, renewed).await?;
    }
    let device = &attempt.device;
    let came_with = attempt.came_with.as_ref();
    let token = sessions::begin(tx, customer, Way::Password, device, came_with).await?;
    Ok(LoggedIn::Welcome(token))
}
