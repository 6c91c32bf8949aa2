//! A desk that confirms: customers, senders that do as they are told, and the use-cases by short names.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use kiosk::bus::Outcome;
use kiosk::bus::outbox::Claimed;
use kiosk::clock::Clock;
use kiosk::shop::audit;
use kiosk::shop::confirmations::begin::{self, Begun, Wish};
use kiosk::shop::confirmations::guess::{self, Guess};
use kiosk::shop::confirmations::link::{self, Browser, Consumed, Opened};
use kiosk::shop::confirmations::look::{self, Pending};
use kiosk::shop::confirmations::mail;
use kiosk::shop::confirmations::resend::{self, Choice, Resent};
use kiosk::shop::confirmations::senders::{MailSender, Messenger, PhoneSender};
use kiosk::shop::confirmations::upkeep::{self, Swept};
use kiosk::shop::confirmations::{Asker, Purpose, Target, carry};
use kiosk::shop::customers::profile::{self, Profile};
use kiosk::shop::customers::{self, Customer, Email, Phone};
use kiosk::shop::letters::{self, Letter};
use kiosk::shop::vault::{MasterKey, Vault};
use kiosk::store::{PublicId, Sql, Store, StoreError};
use kiosk::{binds, sql};

use crate::confirmations::senders::{FakeMail, FakePhone, Plain};
use crate::support::db::TestDb;

/// When every story begins: at midnight UTC.
pub const START: i64 = 1_700_006_400_000;
/// Ann's number.
pub const NUMBER: &str = "+79990000001";
/// Ann's address.
pub const ADDRESS: &str = "Ann@example.com";

sql! {
    LETTERS = "rig.confirmations.letters",
        "SELECT id, public_id, kind, chat_id, priority, semantics, payload, fence, attempts, created_at
         FROM outbox ORDER BY id";
    SENDS = "rig.sends",
        "SELECT sender, state, round FROM confirmation_sends ORDER BY id";
    CONFIRMATIONS = "rig.confirmations",
        "SELECT state, tries, uses FROM confirmations ORDER BY id";
    SENDING = "rig.confirmations.sending",
        "UPDATE outbox SET state = 'sending', lease_until = 1 WHERE state = 'pending'";
    SENT = "rig.confirmations.sent", "UPDATE outbox SET state = 'sent', lease_until = NULL WHERE state = 'sending'";
    USES = "rig.confirmations.uses", "UPDATE confirmations SET uses = $1";
    TRIES = "rig.confirmations.tries", "UPDATE confirmations SET tries = $1";
    VK = "rig.confirmations.vk", "UPDATE customers SET vk_user_id = $2 WHERE id = $1";
    TASKS = "rig.confirmations.tasks", "SELECT subject FROM attention WHERE kind = $1 AND state = 'open' ORDER BY id";
}

/// A desk on a database of its own.
#[derive(Clone)]
pub struct Desk {
    pub store: Store,
    /// The same database by connections of its own, to look on while all others are at work.
    pub watch: Store,
    pub vault: Vault,
    pub clock: Clock,
}

impl Desk {
    pub async fn open(db: &TestDb) -> Self {
        let clock = Clock::frozen(START);
        let store = db.store(&clock).await;
        let watch = db.store(&clock).await;
        Self::with(store, watch, clock).await
    }

    async fn with(store: Store, watch: Store, clock: Clock) -> Self {
        let master = MasterKey::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
            .expect("a master key");
        let vault = Vault::open(&store, &master).await.expect("a vault");
        Self {
            store,
            watch,
            vault,
            clock,
        }
    }

    /// Another process on the same database, at the same time.
    pub async fn restarted(&self, db: &TestDb) -> Self {
        let clock = Clock::frozen(self.clock.now());
        let store = db.store(&clock).await;
        let watch = db.store(&clock).await;
        Self::with(store, watch, clock).await
    }

    pub fn passes(&self, time: Duration) {
        self.clock.advance(time);
    }

    pub async fn customer(&self, telegram_id: i64) -> Customer {
        self.store
            .write("rig.customer", move |tx| {
                Box::pin(customers::meet(tx, telegram_id, "Ann", Some("en")))
            })
            .await
            .expect("a customer")
    }

    /// A customer with a confirmed number and a confirmed address.
    pub async fn known(&self, telegram_id: i64) -> Customer {
        let ann = self.customer(telegram_id).await;
        self.has_phone(&ann, NUMBER).await;
        self.confirms_email(&ann, ADDRESS).await;
        self.passes(Duration::from_mins(2));
        ann
    }

    pub async fn has_phone(&self, customer: &Customer, number: &'static str) {
        let id = customer.id;
        self.store
            .write("customers.set_phone", move |tx| {
                Box::pin(customers::set_phone(tx, id, Some(number)))
            })
            .await
            .expect("a phone");
    }

    pub async fn has_vk(&self, customer: &Customer, user: i64) {
        let id = customer.id;
        self.store
            .write("rig.vk", move |tx| {
                Box::pin(async move { tx.execute(&VK, binds![id, user]).await })
            })
            .await
            .map_err(|error: StoreError| error)
            .expect("an account of VK");
    }

    pub async fn erased(&self, customer: &Customer) {
        let id = customer.id;
        self.store
            .write("confirmations.forget_customer", move |tx| {
                Box::pin(upkeep::forget_customer(tx, id))
            })
            .await
            .expect("forgotten");
    }

    /// Changes what no use-case changes: how often a confirmation was used (0) or tried (1).
    pub async fn forges(&self, what: usize, wrong: bool) {
        let sql = [&USES, &TRIES][what];
        let count = if wrong { 6_i64 } else { 0 };
        self.store
            .write("rig.forge", move |tx| {
                Box::pin(async move { tx.execute(sql, binds![count]).await })
            })
            .await
            .map_err(|error: StoreError| error)
            .expect("forged");
    }

    pub async fn posts(&self, to: &Customer, letter: &Letter) {
        let (to, letter) = (to.clone(), letter.clone());
        self.store
            .write("rig.post", move |tx| {
                let (to, letter) = (to.clone(), letter.clone());
                Box::pin(async move { letters::post(tx, &to, &letter).await })
            })
            .await
            .expect("posted");
    }

    /// Confirms an address by its link; the confirmation.
    pub async fn confirms_email(&self, customer: &Customer, address: &'static str) -> PublicId {
        let id = self
            .begun(Asker::Customer(customer.id), email(address))
            .await;
        let (_, token) = self.mailed(id, 1).await;
        let done = self.consume(Purpose::Email, &token).await;
        assert!(matches!(done, Consumed::Done(_)), "{done:?}");
        id
    }

    pub async fn profile(&self, customer: &Customer) -> Profile {
        let id = customer.id;
        self.store
            .read("profile.of", move |tx| Box::pin(profile::of(tx, id)))
            .await
            .expect("a look")
            .expect("a profile")
    }

    pub async fn begin_from(&self, asker: Asker, target: Target, from: Option<&str>) -> Begun {
        self.begin_by(asker, target, from, None).await
    }

    pub async fn begin_by(
        &self,
        asker: Asker,
        target: Target,
        from: Option<&str>,
        by: Option<Messenger>,
    ) -> Begun {
        let (vault, address) = (self.vault.clone(), from.map(ip));
        self.store
            .write("confirmations.begin", move |tx| {
                let (vault, target) = (vault.clone(), target.clone());
                Box::pin(async move {
                    let wish = Wish {
                        asker,
                        target,
                        address,
                        by,
                    };
                    begin::begin(tx, &vault, &wish).await
                })
            })
            .await
            .expect("answered")
    }

    pub async fn begin(&self, asker: Asker, target: Target) -> Begun {
        self.begin_from(asker, target, None).await
    }

    /// Begins one that must begin.
    pub async fn begun(&self, asker: Asker, target: Target) -> PublicId {
        match self.begin(asker, target).await {
            Begun::Sent(id) => id,
            other => panic!("{other:?}"),
        }
    }

    pub async fn resend(&self, asker: Asker, id: PublicId) -> Resent {
        self.resend_by(asker, id, Choice::AsBefore).await
    }

    pub async fn resend_by(&self, asker: Asker, id: PublicId, choice: Choice) -> Resent {
        let vault = self.vault.clone();
        self.store
            .write("confirmations.resend", move |tx| {
                let vault = vault.clone();
                Box::pin(async move { resend::resend(tx, &vault, asker, id, None, choice).await })
            })
            .await
            .expect("answered")
    }

    pub async fn guess(&self, asker: Asker, id: PublicId, typed: &str) -> Guess {
        self.guess_from(asker, id, typed, None).await
    }

    pub async fn guess_from(
        &self,
        asker: Asker,
        id: PublicId,
        typed: &str,
        from: Option<&str>,
    ) -> Guess {
        let (vault, typed, address) = (self.vault.clone(), typed.to_owned(), from.map(ip));
        self.store
            .write("confirmations.guess", move |tx| {
                let (vault, typed) = (vault.clone(), typed.clone());
                Box::pin(async move { guess::guess(tx, &vault, asker, id, &typed, address).await })
            })
            .await
            .expect("answered")
    }

    pub async fn open_link(&self, purpose: Purpose, token: &str) -> Opened {
        let token = token.to_owned();
        self.store
            .read("confirmations.open", move |tx| {
                let token = token.clone();
                Box::pin(async move { link::open(tx, purpose, &token).await })
            })
            .await
            .expect("answered")
    }

    pub async fn consume(&self, purpose: Purpose, token: &str) -> Consumed {
        self.consume_in(purpose, token, Browser::Any).await
    }

    pub async fn consume_in(&self, purpose: Purpose, token: &str, browser: Browser) -> Consumed {
        let token = token.to_owned();
        self.store
            .write("confirmations.consume", move |tx| {
                let token = token.clone();
                Box::pin(async move { link::consume(tx, purpose, &token, browser).await })
            })
            .await
            .expect("answered")
    }

    pub async fn pending(&self, asker: Asker, id: PublicId) -> Option<Pending> {
        let vault = self.vault.clone();
        self.store
            .read("confirmations.look", move |tx| {
                let vault = vault.clone();
                Box::pin(async move { look::one(tx, &vault, asker, id).await })
            })
            .await
            .expect("answered")
    }

    /// Carries a round's code by these senders.
    pub async fn carry(&self, senders: &[Arc<FakePhone>], id: PublicId, round: i64) -> Outcome {
        let senders: Vec<Arc<dyn PhoneSender>> = senders
            .iter()
            .map(|it| it.clone() as Arc<dyn PhoneSender>)
            .collect();
        carry::carry(&self.store, &self.vault, &senders, id, round).await
    }

    /// The code of a round, as its recipient reads it.
    pub async fn code(&self, id: PublicId, round: i64) -> String {
        let phone = FakePhone::new("log");
        let outcome = self.carry(std::slice::from_ref(&phone), id, round).await;
        assert_eq!(outcome, Outcome::Sent);
        phone.codes().pop().expect("a code")
    }

    /// The code and the link's token of a round, as its recipient reads them.
    pub async fn mailed(&self, id: PublicId, round: i64) -> (String, String) {
        let mailbox = FakeMail::new("mail:log", "example.com");
        let outcome = self.mail(std::slice::from_ref(&mailbox), id, round).await;
        assert_eq!(outcome, Outcome::Sent);
        let text = mailbox.mails().pop().expect("a mail").text;
        let (code, token) = text.split_once(' ').expect("both");
        (code.to_owned(), token.to_owned())
    }

    pub async fn mail(&self, accounts: &[Arc<FakeMail>], id: PublicId, round: i64) -> Outcome {
        let claimed = self
            .claimed(|letter| {
                *letter
                    == Letter::MailCode {
                        confirmation: id,
                        round,
                    }
            })
            .await;
        self.post(accounts, &claimed).await
    }

    /// Carries a letter that is a mail.
    pub async fn post(&self, accounts: &[Arc<FakeMail>], claimed: &Claimed) -> Outcome {
        let accounts: Vec<Arc<dyn MailSender>> = accounts
            .iter()
            .map(|it| it.clone() as Arc<dyn MailSender>)
            .collect();
        self.post_by(&accounts, claimed).await
    }

    /// The same by whatever accounts.
    pub async fn post_by(&self, accounts: &[Arc<dyn MailSender>], claimed: &Claimed) -> Outcome {
        mail::carry(&self.store, &self.vault, accounts, &Plain, claimed).await
    }

    /// The last letter of such a kind.
    pub async fn claimed(&self, is_it: impl Fn(&Letter) -> bool) -> Claimed {
        let all = self.outbox().await.into_iter().rev();
        all.into_iter()
            .find(|claimed| is_it(&letters::read(claimed).expect("a letter").1))
            .expect("such a letter")
    }

    async fn outbox(&self) -> Vec<Claimed> {
        self.store
            .read("rig.letters", |tx| Box::pin(tx.all(&LETTERS, &[])))
            .await
            .map_err(|error: StoreError| error)
            .expect("letters")
    }

    /// All letters with the chats that they go to, oldest first.
    pub async fn letters(&self) -> Vec<(Option<i64>, Letter)> {
        let read = |it: &Claimed| (it.chat, letters::read(it).expect("a letter").1);
        self.outbox().await.iter().map(read).collect()
    }

    /// How many letters of a kind there are.
    pub async fn count(&self, kind: &str) -> usize {
        let all = self.letters().await;
        all.iter()
            .filter(|(_, letter)| letter.kind() == kind)
            .count()
    }

    /// Everything that was posted, as it stands in the database.
    pub async fn payloads(&self) -> String {
        let all = self.outbox().await.into_iter();
        all.map(|it| it.payload).collect::<Vec<_>>().join("\n")
    }

    /// Sender, state and round of all sends, oldest first.
    pub async fn sends(&self) -> Vec<(String, String, i64)> {
        self.all(&SENDS).await
    }

    /// State, tries and uses of all confirmations, oldest first.
    pub async fn states(&self) -> Vec<(String, i64, i64)> {
        self.all(&CONFIRMATIONS).await
    }

    pub async fn tasks(&self, kind: &'static str) -> Vec<String> {
        let rows: Vec<(String,)> = self
            .store
            .read("rig.tasks", move |tx| {
                Box::pin(async move { tx.all(&TASKS, binds![kind]).await })
            })
            .await
            .map_err(|error: StoreError| error)
            .expect("tasks");
        rows.into_iter().map(|row| row.0).collect()
    }

    async fn all<T: kiosk::store::FromRow + Send + 'static>(&self, sql: &'static Sql) -> Vec<T> {
        self.store
            .read("rig.all", move |tx| Box::pin(tx.all(sql, &[])))
            .await
            .map_err(|error: StoreError| error)
            .expect("rows")
    }

    pub async fn sweep(&self, most: i64) -> Swept {
        self.store
            .write("confirmations.sweep", move |tx| {
                Box::pin(upkeep::sweep(tx, most))
            })
            .await
            .expect("swept")
    }

    pub async fn findings(&self) -> Vec<&'static str> {
        let findings = self
            .store
            .snapshot("audit", |tx| Box::pin(audit::audit(tx, true)))
            .await
            .expect("an audit");
        findings.into_iter().map(|it| it.check).collect()
    }

    /// Carries every letter, and then expects clean books.
    pub async fn expect_clean_books(&self) {
        self.store
            .write("rig.sent", |tx| {
                Box::pin(async move {
                    tx.execute(&SENDING, &[]).await?;
                    tx.execute(&SENT, &[]).await
                })
            })
            .await
            .map_err(|error: StoreError| error)
            .expect("carried");
        assert_eq!(self.findings().await, Vec::<&str>::new());
    }
}

pub fn phone(number: &str) -> Target {
    Target::Phone(Phone::read(number).expect("a number"))
}

pub fn email(address: &str) -> Target {
    Target::Email(Email::read(address).expect("an address"))
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Another code than this one.
pub fn other(code: &str) -> String {
    let number: u32 = code.parse().expect("digits");
    format!("{:06}", (number + 1) % 1_000_000)
}
