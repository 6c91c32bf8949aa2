//! Registration: what the shop asks of a customer and does not have yet. Each answer is kept when it is given, so where its
//! dialogue stands follows from the database: it can be left and taken up at any step.

use super::consents::{self, Matter};
use super::profile::{self, Profile};
use crate::store::{StoreError, Tx};
use crate::{binds, sql};

/// What the shop asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// What they call themselves.
    pub name: bool,
    /// A confirmed phone number.
    pub phone: bool,
    /// A confirmed e-mail address.
    pub email: bool,
    /// The version of the terms that they agree to.
    pub terms: Option<String>,
    /// The version of the privacy policy that they agree to.
    pub privacy: Option<String>,
}

/// A question that is still open. The order is that of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// What they call themselves.
    Name,
    /// Their phone number.
    Phone,
    /// Their e-mail address.
    Email,
    /// Their consent.
    Consent(Matter),
}

/// How finishing a registration ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finished {
    /// They are registered. `first` tells that they were not registered before.
    Done {
        /// Whether this was their first registration.
        first: bool,
    },
    /// Questions are still open.
    Missing(Vec<Step>),
}

sql! {
    REGISTER = "registration.finish",
        "UPDATE customers SET registered_at = $2 WHERE id = $1 AND registered_at IS NULL";
}

impl Requirements {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether more than one thing is asked for: then the answers are shown together at the end.
    pub fn is_long(&self) -> bool {
        let asked = [
            self.name,
            self.phone,
            self.email,
            self.terms.is_some(),
            self.privacy.is_some(),
        ];
        asked.into_iter().filter(|it| *it).count() > 1
    }

    fn consents(&self) -> [(Matter, Option<&String>); 2] {
        [
            (Matter::Terms, self.terms.as_ref()),
            (Matter::Privacy, self.privacy.as_ref()),
        ]
    }
}

/// The questions that are still open, in the order of asking.
pub fn open(wanted: &Requirements, profile: &Profile) -> Vec<Step> {
    let mut steps = Vec::new();
    if wanted.name && profile.given_name.is_none() {
        steps.push(Step::Name);
    }
    if wanted.phone && profile.phone.is_none() {
        steps.push(Step::Phone);
    }
    if wanted.email && profile.email.is_none() {
        steps.push(Step::Email);
    }
    for (matter, version) in wanted.consents() {
        let Some(version) = version else { continue };
        let is_kept = |it: &consents::Consent| it.matter == matter && it.version == *version;
        if !profile.consents.iter().any(is_kept) {
            steps.push(Step::Consent(matter));
        }
    }
    steps
}

/// What is missing of a customer's registration; nothing for somebody whom we don't know.
pub async fn missing(
    tx: &mut Tx<'_>,
    customer: i64,
    wanted: &Requirements,
) -> Result<Vec<Step>, StoreError> {
    let profile = profile::of(tx, customer).await?;
    Ok(profile.map_or_else(Vec::new, |profile| open(wanted, &profile)))
}

/// Notes that a customer is registered, if no question is open.
pub async fn finish(
    tx: &mut Tx<'_>,
    customer: i64,
    wanted: &Requirements,
) -> Result<Finished, StoreError> {
    super::lock(tx, customer).await?;
    let missing = missing(tx, customer, wanted).await?;
    if !missing.is_empty() {
        return Ok(Finished::Missing(missing));
    }
    let now = tx.now();
    let first = tx.execute(&REGISTER, binds![customer, now]).await? > 0;
    Ok(Finished::Done { first })
}
