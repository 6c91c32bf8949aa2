//! Mails: accounts one after another, and what each refusal means for the next.

use std::sync::Arc;
use std::time::Duration;

use kiosk::bus::Outcome;
use kiosk::senders::settings::Encryption;
use kiosk::shop::confirmations::link::Consumed;
use kiosk::shop::confirmations::senders::Mailed;
use kiosk::shop::confirmations::{Asker, CODE_LIFE, HELD_FOR_SPAM, MEND, Purpose};
use kiosk::shop::letters::Letter;
use kiosk::store::PublicId;
use serde_json::json;

use crate::confirmations::rig::{ADDRESS, Desk, email};
use crate::confirmations::senders::FakeMail;
use crate::on_both_engines;
use crate::senders::mail_sender;
use crate::support::smtp::Smtp;

/// How long a server on this machine may take.
const PATIENCE: Duration = Duration::from_secs(20);

fn why() -> String {
    "because".to_owned()
}

/// Turned away at the recipient's door.
fn away(is_final: bool) -> Mailed {
    let reason = why();
    Mailed::TurnedAway { is_final, reason }
}

/// Two accounts of one domain and one of another.
fn three() -> [Arc<FakeMail>; 3] {
    [
        FakeMail::new("mail:a", "shop.example"),
        FakeMail::new("mail:b", "Shop.example"),
        FakeMail::new("mail:c", "other.example"),
    ]
}

fn mails(accounts: &[Arc<FakeMail>]) -> Vec<usize> {
    accounts.iter().map(|it| it.mails().len()).collect()
}

async fn another(desk: &Desk, at: i64) -> PublicId {
    let customer = desk.customer(1_000 + at).await;
    let address = format!("c{at}@example.org");
    desk.begun(Asker::Customer(customer.id), email(&address))
        .await
}

on_both_engines! {
    async fn accounts_take_turns_and_a_mail_keeps_its_name(db: TestDb) {
        let (desk, accounts) = (Desk::open(&db).await, three());
        for at in 0..6 {
            let id = another(&desk, at).await;
            assert_eq!(desk.mail(&accounts, id, 1).await, Outcome::Sent);
        }
        assert_eq!(mails(&accounts), [2, 2, 2]);
        let mut names: Vec<String> = accounts.iter().flat_map(|it| it.mails()).map(|it| it.message_id).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 6);
        // A repeat of the letter sends nothing again.
        let id = another(&desk, 9).await;
        assert_eq!(desk.mail(&accounts, id, 1).await, Outcome::Sent);
        assert_eq!(desk.mail(&accounts, id, 1).await, Outcome::Sent);
        assert_eq!(mails(&accounts).iter().sum::<usize>(), 7);
    }

    async fn the_next_account_sends_the_same_mail(db: TestDb) {
        let desk = Desk::open(&db).await;
        for (at, answer) in [
            Mailed::Quota { pause: Duration::from_hours(24), reason: why() },
            Mailed::Misconfigured(why()),
            Mailed::Later(why()),
            away(false),
            away(true),
            Mailed::Unknown(why()),
        ].into_iter().enumerate() {
            let accounts = [
                FakeMail::new(&format!("mail:{at}:a"), "a.example"),
                FakeMail::new(&format!("mail:{at}:b"), "a.example"),
            ];
            accounts[0].will(answer.clone());
            accounts[1].will(answer.clone());
            let last = FakeMail::new(&format!("mail:{at}:c"), "a.example");
            let all = [accounts[0].clone(), accounts[1].clone(), last];
            let id = another(&desk, at as i64).await;
            assert_eq!(desk.mail(&all, id, 1).await, Outcome::Sent, "{answer:?}");
            let sent: Vec<_> = all.iter().flat_map(|it| it.mails()).collect();
            assert_eq!(sent.len(), 3);
            assert!(sent.iter().all(|it| *it == sent[0]), "the same mail, by the same name");
        }
        assert_eq!(desk.tasks(MEND).await, ["mail:1:a", "mail:1:b"]);
    }

    async fn what_is_taken_for_spam_is_not_tried_by_another_account_of_its_domain(db: TestDb) {
        let (desk, accounts) = (Desk::open(&db).await, three());
        accounts[0].will(Mailed::Spam(why()));
        let id = another(&desk, 1).await;
        assert_eq!(desk.mail(&accounts, id, 1).await, Outcome::Sent);
        assert_eq!(mails(&accounts), [1, 0, 1]);
        assert_eq!(desk.tasks(HELD_FOR_SPAM).await, ["mail:a"]);
        // Both of the domain rest for hours.
        for at in 2..8 {
            let id = another(&desk, at).await;
            assert_eq!(desk.mail(&accounts, id, 1).await, Outcome::Sent);
        }
        assert_eq!(mails(&accounts), [1, 0, 7]);
        desk.passes(Duration::from_hours(6));
        for at in 10..13 {
            let id = another(&desk, at).await;
            assert_eq!(desk.mail(&accounts, id, 1).await, Outcome::Sent);
        }
        assert_eq!(mails(&accounts), [2, 1, 8]);
        assert_eq!(desk.tasks(HELD_FOR_SPAM).await, Vec::<String>::new());
    }

    async fn an_address_that_is_not_there_is_final_and_told(db: TestDb) {
        let (desk, accounts) = (Desk::open(&db).await, three());
        let ann = desk.customer(1).await;
        accounts[0].will(Mailed::NoSuchAddress(why()));
        let id = desk.begun(Asker::Customer(ann.id), email(ADDRESS)).await;
        let outcome = desk.mail(&accounts, id, 1).await;
        assert_eq!(outcome, Outcome::Refused { reason: why(), alert: false });
        assert_eq!(mails(&accounts), [1, 0, 0]);
        let told = desk.letters().await.pop().unwrap();
        assert_eq!(told, (Some(1), Letter::EmailUnreachable { confirmation: id, round: 1 }));
        assert_eq!(desk.sends().await, [("mail:a".to_owned(), "unreachable".to_owned(), 1)]);
    }

    async fn a_server_that_wants_to_be_asked_again_is(db: TestDb) {
        let desk = Desk::open(&db).await;
        let one = [FakeMail::new("mail:a", "shop.example")];
        let ann = desk.customer(1).await;
        let id = desk.begun(Asker::Customer(ann.id), email(ADDRESS)).await;
        for _ in 0..2 {
            one[0].will(Mailed::Later(why()));
            let outcome = desk.mail(&one, id, 1).await;
            assert!(matches!(outcome, Outcome::Until(..)), "{outcome:?}");
        }
        // Longer than the code lives: the mail goes with its link alone.
        desk.passes(CODE_LIFE);
        assert_eq!(desk.mail(&one, id, 1).await, Outcome::Sent);
        let sent = one[0].mails();
        assert_eq!(sent.len(), 3);
        assert!(sent.iter().all(|it| it.message_id == sent[0].message_id));
        let token = sent[2].text.strip_prefix("- ").unwrap();
        assert!(matches!(desk.consume(Purpose::Email, token).await, Consumed::Done(_)));
        // A third failure in a row is the account's own.
        let id = another(&desk, 2).await;
        for _ in 0..3 {
            one[0].will(Mailed::Later(why()));
            desk.mail(&one, id, 1).await;
        }
        let before = one[0].mails().len();
        desk.mail(&one, id, 1).await;
        assert_eq!(one[0].mails().len(), before);
        desk.passes(Duration::from_secs(30));
        assert_eq!(desk.mail(&one, id, 1).await, Outcome::Sent);
    }

    async fn a_full_mailbox_does_not_hold_up_somebody_elses_code(db: TestDb) {
        let desk = Desk::open(&db).await;
        let full = "552 5.2.2 Mailbox full";
        let replies = [json!(full), json!("452 4.2.2 Over quota"), json!("451 4.5.1 The recipient has exceeded their limit"), json!("554 Not now"), json!(null)];
        let server = Smtp::start_with(Encryption::None, json!({ "RCPT": replies })).await;
        let account = [mail_sender(server.account("main"), PATIENCE)];
        let code = async |at: i64| {
            let confirmation = another(&desk, at).await;
            desk.claimed(|it| *it == Letter::MailCode { confirmation, round: 1 }).await
        };
        for at in 1..5 {
            let outcome = desk.post_by(&account, &code(at).await).await;
            assert!(matches!(outcome, Outcome::Until(..)), "{outcome:?}");
        }
        assert_eq!(desk.post_by(&account, &code(9).await).await, Outcome::Sent);
        assert_eq!(server.mails(1).await[0].to, ["c9@example.org"]);
    }

    async fn a_mail_that_was_turned_away_waits_longer_each_time_and_not_for_ever(db: TestDb) {
        let desk = Desk::open(&db).await;
        let one = [FakeMail::new("mail:a", "shop.example")];
        let confirmation = another(&desk, 1).await;
        let letter = Letter::MailCode { confirmation, round: 1 };
        let mut claimed = desk.claimed(|it| *it == letter).await;
        for (attempts, wait) in [(1, 30), (2, 60), (3, 120)] {
            one[0].will(away(true));
            claimed.attempts = attempts;
            let until = desk.clock.now() + wait * 1_000;
            let waits = Outcome::Until(until, "every sender is busy".to_owned());
            assert_eq!(desk.post(&one, &claimed).await, waits, "try {attempts}");
        }
        assert_eq!(desk.count("code_unsent").await, 0);
        // A mailbox that is full so often is full: who waits for the code is told.
        one[0].will(away(true));
        claimed.attempts = 4;
        assert!(matches!(desk.post(&one, &claimed).await, Outcome::Refused { alert: false, .. }));
        assert_eq!(desk.count("code_unsent").await, 1);
        // A server that only wants to be asked again is asked as long as the mail is of use.
        let confirmation = another(&desk, 2).await;
        let letter = Letter::MailCode { confirmation, round: 1 };
        let mut claimed = desk.claimed(|it| *it == letter).await;
        claimed.attempts = 10;
        one[0].will(away(false));
        let until = desk.clock.now() + 15 * 60_000;
        assert_eq!(desk.post(&one, &claimed).await, Outcome::Until(until, "every sender is busy".to_owned()));
        // Whatever it said, the account is free for others.
        let id = another(&desk, 3).await;
        assert_eq!(desk.mail(&one, id, 1).await, Outcome::Sent);
    }

    async fn an_unknown_end_of_a_mail_is_not_tried_again_by_its_account(db: TestDb) {
        let desk = Desk::open(&db).await;
        let one = [FakeMail::new("mail:a", "shop.example")];
        one[0].will(Mailed::Unknown(why()));
        let id = another(&desk, 1).await;
        for _ in 0..3 {
            assert_eq!(desk.mail(&one, id, 1).await, Outcome::Sent);
        }
        assert_eq!(mails(&one), [1]);
        assert_eq!(desk.count("code_unsent").await, 0);
    }

    async fn a_mail_that_nobody_can_send_is_told_in_the_chat(db: TestDb) {
        let desk = Desk::open(&db).await;
        let one = [FakeMail::with_budget("mail:a", "shop.example", Some(1))];
        let id = another(&desk, 1).await;
        assert_eq!(desk.mail(&one, id, 1).await, Outcome::Sent);
        let id = another(&desk, 2).await;
        let outcome = desk.mail(&one, id, 1).await;
        assert!(matches!(outcome, Outcome::Refused { alert: false, .. }), "{outcome:?}");
        let told = desk.letters().await.pop().unwrap();
        assert_eq!(told, (Some(1_002), Letter::CodeUnsent { confirmation: id, round: 1 }));
        let id = another(&desk, 3).await;
        assert!(matches!(desk.mail(&[], id, 1).await, Outcome::Refused { alert: false, .. }));
        assert_eq!(desk.count("code_unsent").await, 2);
    }

    async fn notices_go_to_the_customers_address_of_the_day(db: TestDb) {
        let desk = Desk::open(&db).await;
        let ann = desk.known(1).await;
        let (session, change) = (PublicId([1; 16]), PublicId([2; 16]));
        let login = Letter::MailLogin { session, to: 1, at: 5, way: "phone".to_owned(), agent: "Firefox".to_owned() };
        let password = Letter::MailPassword { change, to: 1, at: 6 };
        desk.posts(&ann, &login).await;
        desk.posts(&ann, &password).await;
        let accounts = three();
        for letter in [&login, &password] {
            let claimed = desk.claimed(|it| it == letter).await;
            assert_eq!(claimed.chat, None, "a mail does not hold the chat up");
            accounts[0].will(Mailed::Later(why()));
            assert_eq!(desk.post(&accounts, &claimed).await, Outcome::Sent);
        }
        let sent: Vec<_> = accounts.iter().flat_map(|it| it.mails()).collect();
        assert!(sent.iter().all(|it| it.to == ADDRESS));
        assert!(sent.iter().any(|it| it.text.contains("Firefox")));
        let claimed = desk.claimed(|it| *it == login).await;
        assert!(matches!(desk.post(&[], &claimed).await, Outcome::Refused { alert: false, .. }));
        // All busy: the letter waits.
        let one = [FakeMail::with_budget("mail:z", "z.example", Some(0))];
        assert!(matches!(desk.post(&one, &claimed).await, Outcome::Until(..)));
        // Without an address there is nobody to tell.
        let bob = desk.customer(2).await;
        let login = Letter::MailLogin { session: PublicId([3; 16]), to: 2, at: 5, way: String::new(), agent: String::new() };
        desk.posts(&bob, &login).await;
        let claimed = desk.claimed(|it| *it == login).await;
        assert!(matches!(desk.post(&accounts, &claimed).await, Outcome::Refused { alert: false, .. }));
    }
}
