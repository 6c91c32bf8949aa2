//! Registration: what the shop asks of a customer and does not have yet. Where its dialogue stands follows from the
//! database and from the answers that wait in a draft, so it can be left and taken up at any step.

use serde::{Deserialize, Serialize};

use super::consents::{self, Matter};
use super::profile::{self, GivenName, Profile};
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

/// Answers that are given and not kept yet. A phone number and an address are no part of it: they are kept when they
/// are confirmed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// What they call themselves.
    pub name: Option<GivenName>,
    /// The version of the terms that they were shown and agreed to.
    pub terms: Option<String>,
    /// The version of the privacy policy that they were shown and agreed to.
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
    /// Everything is kept. `first` tells that they were not registered before.
    Done {
        /// Whether this was their first registration.
        first: bool,
    },
    /// Questions are still open, and nothing was kept.
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

impl Draft {
    fn agreed(&self, matter: Matter) -> Option<&String> {
        match matter {
            Matter::Terms => self.terms.as_ref(),
            Matter::Privacy => self.privacy.as_ref(),
        }
    }

    /// Notes an agreement.
    pub fn agree(&mut self, matter: Matter, version: String) {
        match matter {
            Matter::Terms => self.terms = Some(version),
            Matter::Privacy => self.privacy = Some(version),
        }
    }
}

/// The questions that are still open, in the order of asking.
pub fn open(wanted: &Requirements, profile: &Profile, draft: &Draft) -> Vec<Step> {
    let mut steps = Vec::new();
    if wanted.name && profile.given_name.is_none() && draft.name.is_none() {
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
        let is_given =
            draft.agreed(matter) == Some(version) || profile.consents.iter().any(is_kept);
        if !is_given {
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
    draft: &Draft,
) -> Result<Vec<Step>, StoreError> {
    let profile = profile::of(tx, customer).await?;
    Ok(profile.map_or_else(Vec::new, |profile| open(wanted, &profile, draft)))
}

/// Keeps the answers of the draft, if no question is open: all of them or none.
pub async fn finish(
    tx: &mut Tx<'_>,
    customer: i64,
    wanted: &Requirements,
    draft: &Draft,
) -> Result<Finished, StoreError> {
    super::lock(tx, customer).await?;
    let missing = missing(tx, customer, wanted, draft).await?;
    if !missing.is_empty() {
        return Ok(Finished::Missing(missing));
    }
    if let Some(name) = &draft.name {
        profile::set_given_name(tx, customer, Some(name)).await?;
    }
    for (matter, version) in wanted.consents() {
        if let Some(version) = version {
            // Kept before, it stays as it was.
            consents::give(tx, customer, matter, version).await?;
        }
    }
    let now = tx.now();
    let first = tx.execute(&REGISTER, binds![customer, now]).await? > 0;
    Ok(Finished::Done { first })
}
