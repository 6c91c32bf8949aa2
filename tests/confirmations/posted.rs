//! Codes and mails by the outbox's own worker: posted with their confirmation, carried by whoever can.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kiosk::bus::outbox::Claimed;
use kiosk::bus::{Carrier, Outbox, Outcome};
use kiosk::shop::confirmations::guess::Guess;
use kiosk::shop::confirmations::senders::{MailSender, PhoneSender};
use kiosk::shop::confirmations::{Asker, carry, mail};
use kiosk::shop::letters::{self, Letter};
use kiosk::shop::vault::Vault;
use kiosk::sql;
use kiosk::store::{Store, StoreError};

use crate::confirmations::rig::{ADDRESS, Desk, NUMBER, email, phone};
use crate::confirmations::senders::{FakeMail, FakePhone, Plain, busy};
use crate::on_both_engines;

/// Leads letters to those who carry them, as the program does.
struct Post {
    store: Store,
    vault: Vault,
    phones: Vec<Arc<dyn PhoneSender>>,
    mailboxes: Vec<Arc<dyn MailSender>>,
}

impl Carrier for Post {
    fn carry<'a>(&'a self, letter: &'a Claimed) -> BoxFuture<'a, Outcome> {
        async move {
            match letters::read(letter).expect("a letter").1 {
                Letter::Code {
                    confirmation,
                    round,
                    ..
                } => {
                    carry::carry(&self.store, &self.vault, &self.phones, confirmation, round).await
                }
                Letter::MailCode { .. } => {
                    mail::carry(&self.store, &self.vault, &self.mailboxes, &Plain, letter).await
                }
                other => panic!("{other:?}"),
            }
        }
        .boxed()
    }
}

sql! {
    SENDING = "posted.sending", "SELECT COUNT(*) FROM outbox WHERE state = 'sending'";
}

/// How many letters are being carried.
async fn sending(store: &Store) -> i64 {
    let read = store.read("posted.sending", |tx| {
        Box::pin(tx.one::<(i64,)>(&SENDING, &[]))
    });
    let count = read.await.map_err(|error: StoreError| error);
    count.expect("a count").0
}

/// Longer than the letter waits for its sender, and much shorter than a code lives.
const PATIENCE: Duration = Duration::from_secs(90);

/// Moves the clock on, within reason, until it is so. Not before `has_begun`, and not while a letter is being carried: how
/// long that takes must not count.
async fn eventually(desk: &Desk, has_begun: impl Fn() -> bool, is_so: impl Fn() -> bool) {
    const STEP: Duration = Duration::from_millis(50);
    let waiting = async {
        let mut passed = Duration::ZERO;
        while !is_so() {
            let is_idle = sending(&desk.store).await == 0;
            if has_begun() && is_idle && passed < PATIENCE {
                desk.passes(STEP);
                passed += STEP;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting)
        .await
        .expect("it never came");
}

on_both_engines! {
    async fn the_outbox_carries_codes_and_mails(db: TestDb) {
        let desk = Desk::open(&db).await;
        let (sender, mailbox) = (FakePhone::new("gateway:a"), FakeMail::new("mail:a", "shop.example"));
        // The only sender is busy for a while: the letter waits for it.
        sender.will(busy(Some(Duration::from_secs(20))));
        let post = Post {
            store: desk.store.clone(),
            vault: desk.vault.clone(),
            phones: vec![sender.clone()],
            mailboxes: vec![mailbox.clone()],
        };
        let outbox = Outbox::start(&desk.store, "test", Arc::new(post)).await.unwrap();
        let ann = desk.customer(1).await;
        let own = Asker::Customer(ann.id);
        let by_phone = desk.begun(own, phone(NUMBER)).await;
        let by_mail = desk.begun(own, email(ADDRESS)).await;
        eventually(&desk, || sender.calls() > 0, || sender.calls() == 2 && mailbox.mails().len() == 1).await;
        let code = sender.codes().pop().unwrap();
        assert!(matches!(desk.guess(own, by_phone, &code).await, Guess::Right(_)));
        let text = mailbox.mails().pop().unwrap().text;
        let code = text.split_once(' ').unwrap().0.to_owned();
        assert!(matches!(desk.guess(own, by_mail, &code).await, Guess::Right(_)));
        outbox.drain(Duration::from_secs(30)).await.unwrap();
        assert_eq!((sender.calls(), mailbox.mails().len()), (2, 1));
        assert_eq!(desk.findings().await, Vec::<&str>::new());
    }
}
