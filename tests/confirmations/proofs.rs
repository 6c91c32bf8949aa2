//! What a proof does: the number or the address is one customer's, and whoever loses it is told.

use std::time::Duration;

use kiosk::bus::Outcome;
use kiosk::shop::confirmations::guess::Guess;
use kiosk::shop::confirmations::link::{Consumed, Opened};
use kiosk::shop::confirmations::{Asker, Proved, Purpose};
use kiosk::shop::customers::Taken;
use kiosk::shop::letters::Letter;

use crate::confirmations::rig::{ADDRESS, Desk, NUMBER, email, phone};
use crate::confirmations::senders::FakeMail;
use crate::on_both_engines;

const MINUTE: Duration = Duration::from_mins(1);

on_both_engines! {
    async fn a_newer_proof_takes_the_number_and_its_former_owner_is_told(db: TestDb) {
        let desk = Desk::open(&db).await;
        let (ann, bob) = (desk.customer(1).await, desk.customer(2).await);
        desk.has_phone(&ann, NUMBER).await;
        let own = Asker::Customer(bob.id);
        let id = desk.begun(own, phone(NUMBER)).await;
        assert_eq!(desk.profile(&ann).await.phone.as_deref(), Some(NUMBER), "asking takes nothing");
        let code = desk.code(id, 1).await;
        assert_eq!(desk.guess(own, id, &code).await, Guess::Right(Proved::Phone(Taken::Over)));
        assert_eq!(desk.profile(&ann).await.phone, None);
        assert_eq!(desk.profile(&bob).await.phone.as_deref(), Some(NUMBER));
        let told: Vec<_> = desk.letters().await.into_iter().filter(|it| it.1.kind() == "phone_taken").collect();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].0, Some(ann.telegram_id));
        // By the contact button she takes it back, and he is told; the same once more says nothing.
        desk.has_phone(&ann, NUMBER).await;
        desk.has_phone(&ann, NUMBER).await;
        assert_eq!(desk.count("phone_taken").await, 2);
        assert_eq!(desk.profile(&bob).await.phone, None);
        assert_eq!(desk.guess(own, id, &code).await, Guess::Expired, "his proof holds no more");
        desk.expect_clean_books().await;
    }

    async fn a_newer_proof_takes_the_address_however_it_is_spelled(db: TestDb) {
        let desk = Desk::open(&db).await;
        let (ann, bob) = (desk.customer(1).await, desk.customer(2).await);
        desk.confirms_email(&ann, ADDRESS).await;
        desk.passes(MINUTE);
        let id = desk.begun(Asker::Customer(bob.id), email("aNN@example.com")).await;
        let (_, token) = desk.mailed(id, 1).await;
        assert_eq!(desk.consume(Purpose::Email, &token).await, Consumed::Done(Proved::Email(Taken::Over)));
        assert_eq!(desk.profile(&ann).await.email, None);
        assert_eq!(desk.profile(&bob).await.email.as_deref(), Some("aNN@example.com"));
        let told: Vec<_> = desk.letters().await.into_iter().filter(|it| it.1.kind() == "email_taken").collect();
        assert_eq!(told.iter().map(|it| it.0).collect::<Vec<_>>(), [Some(ann.telegram_id)]);
        assert_eq!(desk.count("mail_changed").await, 0, "it is the same mailbox");
        assert_eq!(desk.open_link(Purpose::Email, &token).await, Opened::Already);
        // She takes it back, and his link says what is true now.
        desk.passes(MINUTE);
        desk.confirms_email(&ann, ADDRESS).await;
        assert_eq!(desk.open_link(Purpose::Email, &token).await, Opened::Ended);
        assert_eq!(desk.consume(Purpose::Email, &token).await, Consumed::Ended);
        desk.expect_clean_books().await;
    }

    async fn another_address_takes_the_place_of_the_old_one_which_is_told(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.customer(1).await;
        desk.confirms_email(&ann, ADDRESS).await;
        desk.passes(MINUTE);
        // Only its spelling: nothing to tell.
        let id = desk.begun(Asker::Customer(ann.id), email("ann@example.com")).await;
        assert_eq!(desk.profile(&ann).await.email.as_deref(), Some(ADDRESS));
        let (_, token) = desk.mailed(id, 1).await;
        assert_eq!(desk.consume(Purpose::Email, &token).await, Consumed::Done(Proved::Email(Taken::Already)));
        assert_eq!(desk.profile(&ann).await.email.as_deref(), Some("ann@example.com"));
        assert_eq!(desk.count("mail_changed").await, 0);
        let changed = desk.confirms_email(&ann, "ann@example.org").await;
        assert_eq!(desk.profile(&ann).await.email.as_deref(), Some("ann@example.org"));
        let payloads = desk.payloads().await;
        assert!(!payloads.contains("example."), "no address stands in the outbox: {payloads}");
        let claimed = desk.claimed(|letter| *letter == Letter::MailChanged { confirmation: changed }).await;
        let mailbox = FakeMail::new("mail:a", "example.com");
        assert_eq!(desk.post(std::slice::from_ref(&mailbox), &claimed).await, Outcome::Sent);
        assert_eq!((mailbox.mails()[0].to.as_str(), mailbox.mails()[0].text.as_str()), ("ann@example.com", "Changed"));
        desk.expect_clean_books().await;
    }
}
