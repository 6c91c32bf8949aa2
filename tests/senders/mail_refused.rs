//! Mails that a server does not take, or of which nobody knows.

use std::time::Duration;

use kiosk::senders::settings::{Encryption, MailAccount};
use kiosk::senders::{BadSenders, build};
use kiosk::shop::confirmations::senders::Mailed;
use kiosk::shop::texts::Language;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::mail::{PATIENCE, confirm};
use super::{around, mail_sender, nobody};
use crate::support::smtp::{LOGIN, Smtp};

#[derive(Debug, PartialEq, Eq)]
enum Class {
    Accepted,
    NoSuchAddress,
    Day,
    Minutes,
    Spam,
    Misconfigured,
    Later,
    Away,
    Full,
    Unknown,
}

fn class(mailed: &Mailed) -> Class {
    match mailed {
        Mailed::Accepted => Class::Accepted,
        Mailed::NoSuchAddress(_) => Class::NoSuchAddress,
        Mailed::Quota { pause, .. } if *pause >= Duration::from_hours(24) => Class::Day,
        Mailed::Quota { .. } => Class::Minutes,
        Mailed::Spam(_) => Class::Spam,
        Mailed::Misconfigured(_) => Class::Misconfigured,
        Mailed::Later(_) => Class::Later,
        Mailed::TurnedAway {
            is_final: false, ..
        } => Class::Away,
        Mailed::TurnedAway { is_final: true, .. } => Class::Full,
        Mailed::Unknown(_) => Class::Unknown,
    }
}

/// Sends a mail for each reply that is told beforehand.
async fn replies(encryption: Encryption, step: &str, replies: &[(&str, Class)]) {
    let all: Vec<&str> = replies.iter().map(|(reply, _)| *reply).collect();
    let mut by_step = json!({});
    by_step[step] = json!(all);
    let server = Smtp::start_with(encryption, by_step).await;
    let sender = mail_sender(server.account("main"), PATIENCE);
    for (reply, expected) in replies {
        let mailed = sender.send(&confirm(Language::Ru)).await;
        assert_eq!(class(&mailed), *expected, "{step} {reply}: {mailed:?}");
        assert!(!format!("{mailed:?}").contains("ann@"), "{mailed:?}");
    }
    // Afterwards all is well again, whatever was said.
    let mailed = sender.send(&confirm(Language::Ru)).await;
    assert_eq!(mailed, Mailed::Accepted, "after {step}");
    assert_eq!(server.mails(1).await.len(), 1);
}

#[tokio::test]
async fn logins_that_are_refused_are_for_somebody_to_mend() {
    replies(
        Encryption::Implicit,
        "AUTH",
        &[
            ("535 5.7.8 Error: authentication failed: This user does not have access rights to this service", Class::Misconfigured),
            ("534 5.7.9 Application-specific password required", Class::Misconfigured),
            ("535 5.7.0 NEOBHODIM parol prilozheniya / Application password is REQUIRED", Class::Misconfigured),
            ("454 4.7.0 Too many login attempts, please try again later", Class::Minutes),
            ("421 4.3.2 closing", Class::Later),
            ("drop", Class::Later),
        ],
    )
    .await;
    let server = Smtp::start(Encryption::Starttls).await;
    let wrong = MailAccount {
        password: Some(SecretString::from("another".to_owned())),
        ..server.account("main")
    };
    let mailed = mail_sender(wrong, PATIENCE)
        .send(&confirm(Language::En))
        .await;
    assert_eq!(class(&mailed), Class::Misconfigured, "{mailed:?}");
    let nobody = MailAccount {
        user: None,
        password: None,
        ..server.account("main")
    };
    let mailed = mail_sender(nobody, PATIENCE)
        .send(&confirm(Language::En))
        .await;
    assert_eq!(
        class(&mailed),
        Class::Misconfigured,
        "530 without a login: {mailed:?}"
    );
}

#[tokio::test]
async fn refusals_of_the_sender_and_of_the_address_are_told_apart() {
    replies(
        Encryption::Starttls,
        "MAIL",
        &[
            (
                "553 5.7.1 Sender address rejected: not owned by auth user.",
                Class::Misconfigured,
            ),
            ("550 5.4.5 Daily user sending limit exceeded", Class::Day),
            (
                "421 4.7.0 Try again later, closing connection.",
                Class::Minutes,
            ),
            ("421 4.3.2 Service shutting down", Class::Later),
            ("drop", Class::Later),
        ],
    )
    .await;
    replies(
        Encryption::Implicit,
        "RCPT",
        &[
            (
                "550 5.1.1 <ann@example.com>: no such user",
                Class::NoSuchAddress,
            ),
            ("550 5.7.1 No such user!", Class::NoSuchAddress),
            (
                "451 4.7.1 Greylisting in action, come back later",
                Class::Away,
            ),
            (
                "451 4.5.1 The recipient has exceeded message rate limit. Try again later.",
                Class::Away,
            ),
            ("552 5.2.2 Mailbox full", Class::Full),
            ("drop", Class::Away),
        ],
    )
    .await;
}

#[tokio::test]
async fn refusals_of_the_mail_itself_are_told_apart() {
    replies(
        Encryption::Implicit,
        "BODY",
        &[
            ("554 5.7.1 [2] Message rejected under suspicion of SPAM; https://ya.cc/1IrBc", Class::Spam),
            ("550 spam message rejected. Please visit http://help.mail.ru/notspam-support/id?c=x", Class::Spam),
            ("550 5.4.5 Daily user sending limit exceeded.", Class::Day),
            ("550 Message was not accepted -- invalid mailbox. Local mailbox ann@example.com is unavailable: user is terminated", Class::NoSuchAddress),
            ("451 4.3.0 Try again", Class::Away),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_greylisted_mail_is_taken_the_second_time() {
    let replies = json!({ "RCPT": ["451 4.7.1 Greylisted, try again in a minute", null] });
    let server = Smtp::start_with(Encryption::Implicit, replies).await;
    let sender = mail_sender(server.account("main"), PATIENCE);
    let first = sender.send(&confirm(Language::En)).await;
    assert_eq!(class(&first), Class::Away, "{first:?}");
    assert_eq!(sender.send(&confirm(Language::En)).await, Mailed::Accepted);
    assert_eq!(server.mails(1).await.len(), 1);
    assert_eq!(
        server.logins(1).await,
        1,
        "a refused mail ends no connection"
    );
}

/// How a send went when the server stopped at this step.
async fn stopped(step: &str, how: &str, patience: Duration) -> (Smtp, Mailed) {
    let mut replies = json!({});
    replies[step] = Value::Array(vec![how.into()]);
    let server = Smtp::start_with(Encryption::None, replies).await;
    let sender = mail_sender(server.account("main"), patience);
    let mailed = sender.send(&confirm(Language::En)).await;
    (server, mailed)
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_mail_took_nothing_and_one_after_it_may_have() {
    for step in ["EHLO", "AUTH", "MAIL"] {
        let (_server, mailed) = stopped(step, "drop", PATIENCE).await;
        assert_eq!(class(&mailed), Class::Later, "{step}: {mailed:?}");
    }
    // From the address on it may be the recipient's doing.
    for step in ["RCPT", "DATA"] {
        let (_server, mailed) = stopped(step, "drop", PATIENCE).await;
        assert_eq!(class(&mailed), Class::Away, "{step}: {mailed:?}");
    }
    let (_server, mailed) = stopped("BODY", "drop", PATIENCE).await;
    assert_eq!(class(&mailed), Class::Unknown, "{mailed:?}");
    let (server, mailed) = stopped("BODY", "take and drop", PATIENCE).await;
    assert_eq!(class(&mailed), Class::Unknown, "{mailed:?}");
    assert_eq!(server.mails(1).await.len(), 1, "it was taken indeed");
}

#[tokio::test]
async fn a_server_that_hangs_is_not_waited_for() {
    let patience = Duration::from_secs(2);
    for (step, expected) in [
        ("EHLO", Class::Later),
        ("MAIL", Class::Later),
        ("RCPT", Class::Away),
        ("DATA", Class::Away),
    ] {
        let (_server, mailed) = stopped(step, "hang", patience).await;
        assert_eq!(class(&mailed), expected, "{step}: {mailed:?}");
    }
    let (server, mailed) = stopped("BODY", "hang", patience).await;
    assert_eq!(class(&mailed), Class::Unknown, "{mailed:?}");
    server.holds_a_mail().await;
    // One that takes the connection and says nothing at all.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let account = MailAccount {
        port: silent.local_addr().unwrap().port(),
        ..server.account("main")
    };
    let mailed = mail_sender(account, patience)
        .send(&confirm(Language::En))
        .await;
    assert_eq!(class(&mailed), Class::Later, "{mailed:?}");
}

#[tokio::test]
async fn a_connection_that_went_stale_is_not_used() {
    // An answer that comes too late would be taken for that of the next command, and one mail's for another's.
    let replies = json!({ "RCPT": [null, "late", null] });
    let server = Smtp::start_with(Encryption::Implicit, replies).await;
    let sender = mail_sender(server.account("main"), Duration::from_secs(3));
    assert_eq!(sender.send(&confirm(Language::En)).await, Mailed::Accepted);
    let mailed = sender.send(&confirm(Language::En)).await;
    assert_eq!(class(&mailed), Class::Away, "{mailed:?}");
    assert_eq!(sender.send(&confirm(Language::En)).await, Mailed::Accepted);
    assert_eq!(server.mails(2).await.len(), 2);
    assert_eq!(
        server.logins(2).await,
        2,
        "one that hung in the middle is not kept"
    );
}

#[tokio::test]
async fn an_encryption_that_does_not_fit_is_for_somebody_to_mend() {
    let (implicit, starttls, plain) = tokio::join!(
        Smtp::start(Encryption::Implicit),
        Smtp::start(Encryption::Starttls),
        Smtp::start(Encryption::None),
    );
    let try_out = async |account: MailAccount| {
        let mailed = mail_sender(account, PATIENCE)
            .send(&confirm(Language::En))
            .await;
        class(&mailed)
    };
    // A certificate of nobody that we know, and of another authority than the one named.
    for server in [&implicit, &starttls] {
        let public = MailAccount {
            ca_file: None,
            ..server.account("main")
        };
        assert_eq!(try_out(public).await, Class::Misconfigured);
        let other = MailAccount {
            ca_file: Some(plain.ca()),
            ..server.account("main")
        };
        assert_eq!(try_out(other).await, Class::Misconfigured);
        // The right authority, another name.
        let named = MailAccount {
            host: "127.0.0.1".to_owned(),
            ..server.account("main")
        };
        assert_eq!(try_out(named).await, Class::Misconfigured);
    }
    // TLS to a server that speaks none, and STARTTLS from one that has none: never in the open instead.
    let ca_file = Some(implicit.ca());
    let wrapped = MailAccount {
        encryption: Encryption::Implicit,
        ca_file: ca_file.clone(),
        ..plain.account("main")
    };
    assert_eq!(try_out(wrapped).await, Class::Misconfigured);
    let upgraded = MailAccount {
        encryption: Encryption::Starttls,
        ca_file,
        ..plain.account("main")
    };
    assert_eq!(try_out(upgraded).await, Class::Misconfigured);
    assert_eq!(LOGIN.0, "shop@example.com");
    // In the open to a server that wants encryption.
    let open = MailAccount {
        encryption: Encryption::None,
        ca_file: None,
        ..starttls.account("main")
    };
    assert_eq!(try_out(open).await, Class::Misconfigured);
}

#[tokio::test]
async fn a_server_that_is_not_there_may_be_later() {
    let server = Smtp::start(Encryption::None).await;
    let account = MailAccount {
        port: 9,
        ..server.account("main")
    };
    let mailed = mail_sender(account, PATIENCE)
        .send(&confirm(Language::En))
        .await;
    assert_eq!(class(&mailed), Class::Later, "{mailed:?}");
}

#[tokio::test]
async fn an_account_that_can_not_be_one_is_told_at_the_start() {
    let server = Smtp::start(Encryption::None).await;
    let refused = |account: MailAccount| {
        let settings = kiosk::senders::settings::Settings {
            mail: vec![account],
            ..nobody()
        };
        match build(&settings, &around()) {
            Err(error @ BadSenders::Mail { .. }) => error.to_string(),
            _ => panic!("no senders"),
        }
    };
    let account = || server.account("main");
    let open = refused(MailAccount {
        host: "mail.example.com".to_owned(),
        ..account()
    });
    assert!(
        open.starts_with("mail.account.main: encryption none"),
        "{open}"
    );
    let from = refused(MailAccount {
        from: "shop@example.com\r\nBcc: x@y.z".to_owned(),
        ..account()
    });
    assert!(from.contains("from is no address"), "{from}");
    let encryption = Encryption::Implicit;
    let ca_file = Some("/nowhere/ca.pem".into());
    let missing = refused(MailAccount {
        encryption,
        ca_file,
        ..account()
    });
    assert!(missing.contains("/nowhere/ca.pem"), "{missing}");
    let ca_file = Some(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into());
    let strange = refused(MailAccount {
        encryption,
        ca_file,
        ..account()
    });
    assert!(strange.contains("Cargo.toml"), "{strange}");
}
