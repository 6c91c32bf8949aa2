//! Replies as the large providers give them.

use super::*;

#[derive(Debug, PartialEq, Eq)]
enum Class {
    NoSuchAddress,
    Day,
    Throttled,
    Spam,
    Misconfigured,
    Later,
    Away,
    Full,
}

fn class_of(step: Step, line: &str) -> Class {
    let (code, text) = line.split_once(' ').unwrap();
    match reply(step, code.parse().unwrap(), text, "ann@example.com") {
        Mailed::NoSuchAddress(_) => Class::NoSuchAddress,
        Mailed::Quota { pause, .. } if pause == DAY => Class::Day,
        Mailed::Quota { .. } => Class::Throttled,
        Mailed::Spam(_) => Class::Spam,
        Mailed::Misconfigured(_) => Class::Misconfigured,
        Mailed::Later(_) => Class::Later,
        Mailed::TurnedAway {
            is_final: false, ..
        } => Class::Away,
        Mailed::TurnedAway { is_final: true, .. } => Class::Full,
        other @ (Mailed::Accepted | Mailed::Unknown(_)) => panic!("{line}: {other:?}"),
    }
}

#[test]
fn replies_of_the_large_providers_are_told_apart() {
    let cases = [
        (
            Step::Login,
            "535 5.7.8 Error: authentication failed: This user does not have access rights to this service",
            Class::Misconfigured,
        ),
        (
            Step::Login,
            "535 5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail/?p=BadCredentials",
            Class::Misconfigured,
        ),
        (
            Step::Login,
            "534 5.7.9 Application-specific password required.",
            Class::Misconfigured,
        ),
        (
            Step::Login,
            "535 5.7.0 NEOBHODIM parol prilozheniya https://help.mail.ru/ / Application password is REQUIRED",
            Class::Misconfigured,
        ),
        (
            Step::Login,
            "454 4.7.0 Too many login attempts, please try again later.",
            Class::Throttled,
        ),
        (
            Step::Login,
            "454 4.3.0 Temporary authentication failure",
            Class::Later,
        ),
        (
            Step::From,
            "553 5.7.1 Sender address rejected: not owned by auth user.",
            Class::Misconfigured,
        ),
        (
            Step::From,
            "550 not local sender over smtp",
            Class::Misconfigured,
        ),
        (
            Step::From,
            "530 5.7.0 Must issue a STARTTLS command first.",
            Class::Misconfigured,
        ),
        (
            Step::From,
            "530 5.5.1 Authentication Required.",
            Class::Misconfigured,
        ),
        (
            Step::From,
            "501 5.1.7 Bad sender address syntax",
            Class::Misconfigured,
        ),
        (Step::From, "421 4.3.2 Service shutting down", Class::Later),
        (
            Step::From,
            "421 4.7.0 Try again later, closing connection.",
            Class::Throttled,
        ),
        (
            Step::To,
            "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages",
            Class::Away,
        ),
        (
            Step::To,
            "451 4.7.1 Greylisting in action, please come back later",
            Class::Away,
        ),
        (
            Step::To,
            "451 4.5.1 The recipient has exceeded message rate limit. Try again later.",
            Class::Away,
        ),
        (
            Step::To,
            "550 5.1.1 The email account that you tried to reach does not exist.",
            Class::NoSuchAddress,
        ),
        (Step::To, "550 5.7.1 No such user!", Class::NoSuchAddress),
        (
            Step::Body,
            "550 Message was not accepted -- invalid mailbox. Local mailbox ann@mail.ru is unavailable: user is terminated",
            Class::NoSuchAddress,
        ),
        (Step::To, "550 mailbox unavailable", Class::NoSuchAddress),
        (Step::To, "550 5.7.1 Policy says no", Class::Full),
        (
            Step::To,
            "554 5.7.1 <ann@example.com>: Relay access denied",
            Class::Misconfigured,
        ),
        (Step::To, "503 5.5.4 Bad sequence", Class::Misconfigured),
        (Step::To, "552 5.2.2 Mailbox full", Class::Full),
        (
            Step::To,
            "452 4.2.2 The email account that you tried to reach is over quota",
            Class::Full,
        ),
        (
            Step::Body,
            "554 5.7.1 [2] Message rejected under suspicion of SPAM; https://ya.cc/1IrBc 1700000000-aaa",
            Class::Spam,
        ),
        (
            Step::Body,
            "550 spam message rejected. Please visit http://help.mail.ru/notspam-support/id?c=x",
            Class::Spam,
        ),
        (
            Step::Body,
            "550 5.7.1 Our system has detected that this message is likely unsolicited mail.",
            Class::Spam,
        ),
        (
            Step::Body,
            "550 5.4.5 Daily user sending limit exceeded. For more information",
            Class::Day,
        ),
        (
            Step::From,
            "550 5.4.5 Daily SMTP relay limit exceeded",
            Class::Day,
        ),
        (
            Step::Body,
            "554 5.6.0 Something that nobody has heard of",
            Class::Full,
        ),
        // The server's own trouble, and the shop's own mailbox.
        (Step::To, "421 4.3.2 Service shutting down", Class::Later),
        (Step::From, "452 4.2.2 Mailbox full", Class::Later),
    ];
    for (step, line, class) in cases {
        assert_eq!(class_of(step, line), class, "{line}");
    }
}

#[test]
fn a_connection_that_breaks_is_told_by_how_far_the_mail_got() {
    let lost = |step| {
        let words = "reset".to_owned();
        class(Trouble::Lost { step, words }, "")
    };
    for step in [Step::Connect, Step::Login, Step::From] {
        assert!(matches!(lost(step), Mailed::Later(_)), "{step:?}");
    }
    for step in [Step::To, Step::Data] {
        let is_away = matches!(
            lost(step),
            Mailed::TurnedAway {
                is_final: false,
                ..
            }
        );
        assert!(is_away, "{step:?}");
    }
    assert!(matches!(lost(Step::Body), Mailed::Unknown(_)));
}

#[test]
fn an_address_that_looks_like_a_reason_is_none() {
    let to = "spam@too-many-logins.example";
    for text in [
        "Unknown user <spam@too-many-logins.example>",
        "spam: user unknown",
        "unknown user at blacklist.too-many-logins.example",
        "5.1.1 spam",
    ] {
        let class = reply(Step::To, 550, text, to);
        assert!(
            matches!(class, Mailed::NoSuchAddress(_)),
            "{text}: {class:?}"
        );
    }
    let class = reply(Step::Body, 554, "5.7.1 rejected as spam", "ann@example.com");
    assert!(matches!(class, Mailed::Spam(_)));
}

#[test]
fn a_reason_names_no_address() {
    let told = shown(550, "5.1.1 <ann@example.com>: user\tunknown\u{7}\r\nagain");
    assert_eq!(told, "550 5.1.1 (address) user unknown again");
    assert!(shown(550, &"x".repeat(5_000)).len() < 300);
    assert_eq!(enhanced("5.7.1: no"), "5.7.1");
    assert_eq!(enhanced("5.7 no"), "");
    assert_eq!(enhanced("10.20.30.40 no"), "");
}
