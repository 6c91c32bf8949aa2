//! What a customer told about themselves.

use super::consents::{self, Consent};
use crate::clock::Millis;
use crate::shop::texts::Language;
use crate::store::{StoreError, Tx};
use crate::{binds, row, sql};

/// What a customer calls themselves: one line of 1 to 64 letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenName(String);

/// Letters of a name.
const LONGEST: usize = 64;

impl GivenName {
    /// Reads a name; runs of white space become one space. `None` for nothing, for more than 64 letters, and for
    /// characters that steer instead of being read.
    pub fn read(text: &str) -> Option<Self> {
        let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let fits = (1..=LONGEST).contains(&name.chars().count());
        (fits && !name.chars().any(steers)).then_some(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control characters, and those that turn the direction of text around.
fn steers(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A customer as they see themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name that Telegram gave last.
    pub name: String,
    /// What they call themselves.
    pub given_name: Option<String>,
    /// The confirmed phone number, with its `+`.
    pub phone: Option<String>,
    /// The confirmed e-mail address.
    pub email: Option<String>,
    /// The language that they chose.
    pub language: Language,
    /// When they finished their registration.
    pub registered_at: Option<Millis>,
    /// What they agreed to.
    pub consents: Vec<Consent>,
}

impl Profile {
    /// How to call them.
    pub fn calls_themselves(&self) -> &str {
        self.given_name.as_deref().unwrap_or(&self.name)
    }
}

row! {
    struct Found {
        name: String,
        given_name: Option<String>,
        phone: Option<String>,
        email: Option<String>,
        language: String,
        registered_at: Option<i64>,
    }
}

sql! {
    OF = "profile.of",
        "SELECT name, given_name, phone, email, language, registered_at FROM customers WHERE id = $1";
    SET_NAME = "profile.set_given_name",
        "UPDATE customers SET given_name = $2 WHERE id = $1 AND erased_at IS NULL";
    PHONE = "customers.phone", "SELECT phone FROM customers WHERE id = $1";
}

/// A customer's own page; `None` without such a customer.
pub async fn of(tx: &mut Tx<'_>, customer: i64) -> Result<Option<Profile>, StoreError> {
    let Some(found) = tx.optional::<Found>(&OF, binds![customer]).await? else {
        return Ok(None);
    };
    Ok(Some(Profile {
        name: found.name,
        given_name: found.given_name,
        phone: found.phone,
        email: found.email,
        language: Language::from_code(Some(&found.language)),
        registered_at: found.registered_at,
        consents: consents::of(tx, customer).await?,
    }))
}

/// Keeps what a customer calls themselves; `None` goes back to Telegram's name.
pub async fn set_given_name(
    tx: &mut Tx<'_>,
    customer: i64,
    name: Option<&GivenName>,
) -> Result<(), StoreError> {
    let name = name.map(GivenName::as_str);
    tx.execute(&SET_NAME, binds![customer, name])
        .await
        .map(|_| ())
}

/// The customer's confirmed phone number, with its `+`.
pub async fn phone(tx: &mut Tx<'_>, id: i64) -> Result<Option<String>, StoreError> {
    let found: Option<(Option<String>,)> = tx.optional(&PHONE, binds![id]).await?;
    Ok(found.and_then(|row| row.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_that_can_be_shown() {
        for (text, name) in [
            ("Ann", "Ann"),
            ("  Анна \t Иванова\n", "Анна Иванова"),
            ("O'Hara <b>", "O'Hara <b>"),
            ("👩‍🚀", "👩‍🚀"),
        ] {
            assert_eq!(GivenName::read(text).unwrap().as_str(), name);
        }
        for wrong in ["", " \n ", "a\0b", "\u{202e}nnA", "a\u{7}", &"n".repeat(65)] {
            assert_eq!(GivenName::read(wrong), None, "{wrong:?}");
        }
    }
}
