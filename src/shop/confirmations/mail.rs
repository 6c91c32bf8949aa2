//! Mails on their way: accounts one after another, until one takes it. A mail has the same Message-ID wherever and however
//! often it is sent from, so that a repeat is known by it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::carry::{LATEST, Waited, nobody, soonest, waited_for};
use super::rotation::{self, Candidate, Day, Kind, Turn, Verdict};
use super::senders::{CodeText, Mail, MailSender, Mailed};
use super::sends::{self, Ended};
use super::{Channel, Purpose, found, secret};
use crate::bus::Outcome;
use crate::bus::outbox::Claimed;
use crate::clock::Millis;
use crate::shop::customers::{self, Customer};
use crate::shop::letters::{self, Letter};
use crate::shop::orders::link;
use crate::shop::texts::Language;
use crate::shop::vault::Vault;
use crate::store::{PublicId, Store, StoreError, Tx};
use crate::{binds, sql};

/// A mailbox that took nothing so often takes nothing.
const TRIES: i64 = 4;
/// The longest pause of a mail that was turned away.
const LONGEST_AWAY: Duration = Duration::from_mins(15);

/// What a mail is about: all that its words need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A code and a link.
    Code {
        /// What they are for.
        purpose: Purpose,
        /// The digits, to be typed; `None` where their time was over before the mail could go.
        code: Option<CodeText>,
        /// The end of the link. It is as secret as the code.
        token: CodeText,
    },
    /// This address was the customer's, and another one has taken its place.
    Changed {
        /// When.
        at: Millis,
    },
    /// An order's keys could not be shown in the chat: they are on its page.
    Order {
        /// The order.
        order: PublicId,
        /// The end of the link to its page.
        token: CodeText,
    },
    /// Somebody has opened the cabinet.
    Login {
        /// When.
        at: Millis,
        /// By which way.
        way: String,
        /// With what.
        agent: String,
    },
    /// The cabinet has another password.
    Password {
        /// When.
        at: Millis,
    },
    /// A VK account was linked, or is linked no more.
    Vk {
        /// When.
        at: Millis,
        /// Whether one is linked now.
        linked: bool,
    },
}

/// The words of a mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Words {
    /// One line.
    pub subject: String,
    /// For readers without HTML.
    pub text: String,
    /// The same in HTML.
    pub html: String,
}

impl std::fmt::Debug for Words {
    /// Without the words: they hold codes and links.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Words(…)")
    }
}

/// Who makes the words of mails.
pub trait Wording: Send + Sync {
    /// The words in the customer's language, the same for a repeat.
    fn mail(&self, language: Language, about: &About) -> Words;
}

sql! {
    REPLACED = "confirmations.mail.replaced",
        "SELECT replaced, changed_at FROM confirmations WHERE public_id = $1";
    EMAIL_OF = "confirmations.mail.email_of", "SELECT email FROM customers WHERE telegram_id = $1";
    EMAIL_IF = "confirmations.mail.email_if",
        "SELECT email FROM customers WHERE id = $1 AND email_key = $2";
}

/// Carries a claimed letter that is a mail.
pub async fn carry(
    store: &Store,
    vault: &Vault,
    accounts: &[Arc<dyn MailSender>],
    wording: &dyn Wording,
    claimed: &Claimed,
) -> Outcome {
    walk(store, vault, accounts, wording, claimed)
        .await
        .unwrap_or_else(|error| Outcome::Retry(error.to_string()))
}

/// What comes next.
enum Next {
    /// This account is called, with a mail to this address about this.
    Call(Box<Call>),
    /// None is.
    Ended(Outcome),
}

struct Call {
    at: usize,
    day: Day,
    send: Option<PublicId>,
    to: String,
    about: About,
}

/// How a walk went so far.
#[derive(Clone, Debug)]
struct Walked {
    /// How often the letter was tried, this time counted.
    tries: i64,
    /// Who is not asked again in this walk, but may be in the next.
    asked: Vec<usize>,
    /// The mail was turned away: whether asking again is of little use, and why.
    turned_away: Option<(bool, String)>,
}

async fn walk(
    store: &Store,
    vault: &Vault,
    accounts: &[Arc<dyn MailSender>],
    wording: &dyn Wording,
    claimed: &Claimed,
) -> Result<Outcome, StoreError> {
    let (language, letter) = letters::read(claimed)?;
    let shared: Arc<[Arc<dyn MailSender>]> = accounts.into();
    let since = Instant::now();
    let mut walked = Walked {
        tries: claimed.attempts.max(1),
        asked: Vec::new(),
        turned_away: None,
    };
    loop {
        let (vault, accounts, so_far) = (vault.clone(), shared.clone(), walked.clone());
        let asked = letter.clone();
        let next = store
            .write("mails.carry", move |tx| {
                let (vault, accounts) = (vault.clone(), accounts.clone());
                let (so_far, asked) = (so_far.clone(), asked.clone());
                Box::pin(async move { step(tx, &vault, &accounts, &so_far, &asked).await })
            })
            .await?;
        let call = match next {
            Next::Call(call) => call,
            Next::Ended(outcome) => return Ok(outcome),
        };
        let Some(sender) = shared.get(call.at) else {
            return Ok(Outcome::Retry("the accounts have changed".to_owned()));
        };
        let words = wording.mail(language, &call.about);
        let mail = Mail {
            to: call.to,
            subject: words.subject,
            text: words.text,
            html: words.html,
            message_id: PublicId(claimed.public_id).to_string(),
            unsubscribe: None,
        };
        let mailed = sender.send(&mail).await;
        store.points().pass("mails.called").await;
        let answer = mailed.clone();
        let (accounts, asked) = (shared.clone(), letter.clone());
        let called = (call.at, call.day, call.send);
        store
            .write("mails.carried", move |tx| {
                let (accounts, asked, mailed) = (accounts.clone(), asked.clone(), mailed.clone());
                Box::pin(async move { write_down(tx, &accounts, called, &asked, &mailed).await })
            })
            .await?;
        match answer {
            Mailed::Accepted => return Ok(Outcome::Sent),
            Mailed::NoSuchAddress(reason) => return Ok(refused(&letter, &reason)),
            Mailed::Spam(_) => {
                let domain = sender.domain();
                let same = shared.iter().enumerate();
                let same = same.filter(|(_, it)| it.domain().eq_ignore_ascii_case(domain));
                walked.asked.extend(same.map(|(at, _)| at));
            }
            Mailed::TurnedAway { is_final, reason } => {
                walked.asked.push(call.at);
                walked.turned_away = Some((is_final, reason));
            }
            Mailed::Quota { .. }
            | Mailed::Misconfigured(_)
            | Mailed::Later(_)
            | Mailed::Unknown(_) => walked.asked.push(call.at),
        }
        if since.elapsed() > LATEST {
            if walked.turned_away.is_none() {
                return Ok(Outcome::Retry("the accounts are slow".to_owned()));
            }
            // There is no time to ask another one, and no haste.
            walked.asked.extend(0..shared.len());
        }
    }
}

/// No mail will carry it. Who has bought something, and hears of it neither in the chat nor by mail, hears of it from staff.
fn refused(letter: &Letter, reason: &str) -> Outcome {
    let Letter::MailOrder { order, .. } = letter else {
        return Outcome::Refused {
            reason: reason.to_owned(),
            alert: false,
        };
    };
    let number = order.short();
    Outcome::Refused {
        reason: format!(
            "{reason}. The customer of order {number} was reached neither in the chat nor by mail: see who it is with kiosk order \
             show {number}, and tell them yourself that what they bought is on the order's page and in the cabinet"
        ),
        alert: true,
    }
}

/// Chooses the next account and writes down that it is called.
async fn step(
    tx: &mut Tx<'_>,
    vault: &Vault,
    accounts: &[Arc<dyn MailSender>],
    walked: &Walked,
    letter: &Letter,
) -> Result<Next, StoreError> {
    let refused = |reason: &str| Ok(Next::Ended(refused(letter, reason)));
    let mut waited = None;
    let (to, about) = match letter {
        Letter::MailCode {
            confirmation,
            round,
        } => {
            let (found, customer) =
                match waited_for(tx, *confirmation, *round, Channel::Email).await? {
                    Waited::For(found, customer) => (found, customer),
                    Waited::Not(outcome) => return Ok(Next::Ended(outcome)),
                };
            let Some(to) = address_of(tx, &found).await? else {
                return refused("the address is no longer the customer's");
            };
            let code = secret::code(vault, *confirmation, found.purpose, *round);
            let about = About::Code {
                purpose: found.purpose,
                code: (found.code_until > tx.now()).then_some(code),
                token: CodeText::new(secret::token(vault, *confirmation, found.purpose, *round)),
            };
            let known = sends::of_round(tx, found.id, *round).await?;
            if known.is_carried {
                return Ok(Next::Ended(Outcome::Sent));
            }
            waited = Some((found, customer, *round, known));
            (Some(to), about)
        }
        Letter::MailChanged { confirmation } => {
            let old: Option<(Option<String>, i64)> =
                tx.optional(&REPLACED, binds![confirmation]).await?;
            let at = old.as_ref().map_or_else(|| tx.now(), |row| row.1);
            (old.and_then(|row| row.0), About::Changed { at })
        }
        Letter::MailLogin {
            to, at, way, agent, ..
        } => {
            let about = About::Login {
                at: *at,
                way: way.clone(),
                agent: agent.clone(),
            };
            (email_of(tx, *to).await?, about)
        }
        Letter::MailPassword { to, at, .. } => {
            (email_of(tx, *to).await?, About::Password { at: *at })
        }
        Letter::MailVk { to, at, linked, .. } => {
            let about = About::Vk {
                at: *at,
                linked: *linked,
            };
            (email_of(tx, *to).await?, about)
        }
        Letter::MailOrder { order, to } => {
            let Some(token) = link::token(tx, vault, *order).await? else {
                return refused("there is no such order");
            };
            let about = About::Order {
                order: *order,
                token: CodeText::new(token),
            };
            (email_of(tx, *to).await?, about)
        }
        _ => return refused("this letter is no mail"),
    };
    let Some(to) = to.filter(|to| !to.is_empty()) else {
        return refused("there is no address to send it to");
    };
    let tried = waited.as_ref().map(|(.., known)| known.tried.clone());
    let tried = tried.unwrap_or_default();
    let candidates = accounts.iter().enumerate();
    let candidates = candidates.filter(|(_, it)| !tried.iter().any(|tried| tried == it.account()));
    let (may_return, fresh): (Vec<_>, Vec<_>) = candidates
        .map(|(at, account)| Candidate {
            at,
            account: account.account().to_owned(),
            most_a_day: account.most_a_day(),
        })
        .partition(|candidate| walked.asked.contains(&candidate.at));
    let turn = rotation::next(tx, Kind::Mail, accounts.len(), &fresh).await?;
    let Turn::Of { at, day } = turn else {
        let (again, reason) = match &walked.turned_away {
            Some((is_final, reason)) => {
                let again = tx.now() + away(walked.tries).as_millis() as i64;
                let is_over = *is_final && walked.tries >= TRIES;
                ((!is_over).then_some(again), reason.as_str())
            }
            None => match soonest(tx, turn, &may_return).await? {
                Some(at) => (Some(at), "every account is busy"),
                None => (None, "there is no account to send mails from"),
            },
        };
        let outcome = match (&waited, again) {
            (Some((found, customer, round, known)), again) => {
                nobody(tx, found, customer, *round, again, known.may_be_carried).await?
            }
            (None, Some(at)) => Outcome::Until(at, reason.to_owned()),
            (None, None) => return refused(reason),
        };
        return Ok(Next::Ended(outcome));
    };
    let send = match &waited {
        Some((found, _, round, _)) => {
            let account = accounts.get(at).map_or("", |it| it.account());
            Some(sends::begin(tx, found.id, *round, account).await?)
        }
        None => None,
    };
    Ok(Next::Call(Box::new(Call {
        at,
        day,
        send,
        to,
        about,
    })))
}

/// Where a code goes: to the address that is to be confirmed, or, for a way in, to the customer's own as they confirmed it,
/// however the visitor spelled it.
async fn address_of(tx: &mut Tx<'_>, found: &found::Found) -> Result<Option<String>, StoreError> {
    match found.purpose {
        Purpose::Phone | Purpose::Email => Ok(Some(found.target.clone())),
        Purpose::Recover | Purpose::Login => {
            let own: Option<(String,)> = tx
                .optional(&EMAIL_IF, binds![found.customer, found.key])
                .await?;
            Ok(own.map(|row| row.0))
        }
    }
}

async fn email_of(tx: &mut Tx<'_>, telegram_id: i64) -> Result<Option<String>, StoreError> {
    let found: Option<(Option<String>,)> = tx.optional(&EMAIL_OF, binds![telegram_id]).await?;
    Ok(found.and_then(|row| row.0))
}

/// How long a mail that was turned away waits, after so many tries.
fn away(tries: i64) -> Duration {
    rotation::growing(tries).min(LONGEST_AWAY)
}

async fn write_down(
    tx: &mut Tx<'_>,
    accounts: &[Arc<dyn MailSender>],
    (at, day, send): (usize, Day, Option<PublicId>),
    letter: &Letter,
    mailed: &Mailed,
) -> Result<(), StoreError> {
    let Some(sender) = accounts.get(at) else {
        return Ok(());
    };
    let (ended, verdict, reason) = match mailed {
        Mailed::Accepted => (Ended::Accepted, Verdict::Works, ""),
        Mailed::NoSuchAddress(reason) => (Ended::Unreachable, Verdict::Blameless, reason.as_str()),
        Mailed::Quota { pause, reason } => {
            (Ended::Failed, Verdict::Busy(Some(*pause)), reason.as_str())
        }
        Mailed::Spam(reason) => (Ended::Failed, Verdict::Spam, reason.as_str()),
        Mailed::Misconfigured(reason) => (Ended::Failed, Verdict::Misconfigured, reason.as_str()),
        Mailed::Later(reason) => (Ended::Failed, Verdict::Later, reason.as_str()),
        Mailed::TurnedAway { reason, .. } => (Ended::Failed, Verdict::Blameless, reason.as_str()),
        Mailed::Unknown(reason) => (Ended::Unknown, Verdict::Unknown, reason.as_str()),
    };
    if let Some(send) = send {
        sends::end(tx, send, ended, None, reason).await?;
    }
    rotation::judge(tx, sender.account(), day, verdict, reason).await?;
    if verdict == Verdict::Spam {
        let same = accounts.iter().enumerate().filter(|(other, account)| {
            *other != at && account.domain().eq_ignore_ascii_case(sender.domain())
        });
        for (_, account) in same {
            rotation::pause_for_spam(tx, account.account(), reason).await?;
        }
    }
    match (mailed, letter) {
        (
            Mailed::NoSuchAddress(_),
            Letter::MailCode {
                confirmation,
                round,
            },
        ) => tell_unreachable(tx, *confirmation, *round).await,
        _ => Ok(()),
    }
}

async fn tell_unreachable(
    tx: &mut Tx<'_>,
    confirmation: PublicId,
    round: i64,
) -> Result<(), StoreError> {
    let found = found::by_name(tx, confirmation).await?;
    let customer: Option<Customer> = match found.and_then(|found| found.customer) {
        Some(id) => customers::by_id(tx, id).await?,
        None => None,
    };
    let word = Letter::EmailUnreachable {
        confirmation,
        round,
    };
    match customer {
        Some(customer) => letters::post(tx, &customer, &word).await,
        None => Ok(()),
    }
}
