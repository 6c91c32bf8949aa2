//! Mails that arrive: what the server gets, byte for byte, as Python's own email package reads it.

use std::time::Duration;

use kiosk::senders::settings::{Encryption, MailAccount};
use kiosk::senders::words::{Occasion, words};
use kiosk::shop::confirmations::senders::{CodeText, Mail, Mailed};
use kiosk::shop::texts::Language;
use secrecy::SecretString;
use serde_json::json;
use url::Url;

use super::mail_sender;
use crate::support::smtp::Smtp;

pub const PATIENCE: Duration = Duration::from_secs(20);

/// A mail to confirm an address.
pub fn confirm(language: Language) -> Mail {
    let occasion = Occasion::ConfirmEmail {
        link: Url::parse("https://shop.example.com/c/AbC-_123?x=1&y=2").ok(),
        link_lives: Duration::from_hours(8),
        code: Some(CodeText::new("048291".to_owned())),
        code_lives: Duration::from_mins(10),
    };
    let words = words("Ключи & Co", Some("Анна"), language, &occasion);
    words.mail("ann@example.com".to_owned(), "c-0123456789".to_owned())
}

#[tokio::test]
async fn a_mail_arrives_over_each_encryption_in_both_languages() {
    for encryption in [Encryption::Implicit, Encryption::Starttls, Encryption::None] {
        let server = Smtp::start(encryption).await;
        let sender = mail_sender(server.account("main"), PATIENCE);
        assert_eq!(
            (sender.account(), sender.domain()),
            ("mail:main", "example.com")
        );
        for language in Language::ALL {
            let sent = sender.send(&confirm(language)).await;
            assert_eq!(sent, Mailed::Accepted, "{encryption:?}");
        }
        let mails = server.mails(2).await;
        assert_eq!(server.logins(1).await, 1, "the connection is kept");
        for (mail, language) in mails.iter().zip(Language::ALL) {
            let wished = confirm(language);
            assert_eq!(mail.encrypted, encryption != Encryption::None);
            assert_eq!(mail.sender, "shop@example.com");
            assert_eq!(mail.to, ["ann@example.com"]);
            assert_eq!(mail.structure, "multipart/alternative");
            let kinds: Vec<&str> = mail.parts.iter().map(|(kind, _)| kind.as_str()).collect();
            assert_eq!(
                kinds,
                ["text/plain", "text/html"],
                "the better one is the last"
            );
            let same = |left: &str, right: &str| {
                assert_eq!(left.replace("\r\n", "\n").trim_end(), right.trim_end());
            };
            same(mail.part("text/plain"), &wished.text);
            same(mail.part("text/html"), &wished.html);
            assert_eq!(mail.one("Subject"), wished.subject);
            assert_eq!(mail.one("From"), "Ключи & Co <shop@example.com>");
            assert_eq!(mail.one("To"), "ann@example.com");
            assert_eq!(mail.one("Message-ID"), "<c-0123456789@example.com>");
            assert_eq!(mail.one("Auto-Submitted"), "auto-generated");
            assert_eq!(mail.one("Date"), "Mon, 21 Sep 2026 14:13:20 +0000");
            assert_eq!(mail.one("MIME-Version"), "1.0");
            assert_eq!(mail.all("List-Unsubscribe"), Vec::<&str>::new());
            // Every server takes it: no letters beyond ASCII, no long lines.
            let raw = mail.raw();
            assert!(raw.is_ascii());
            assert!(
                raw.split(|byte| *byte == b'\n')
                    .all(|line| line.len() <= 998)
            );
        }
        assert!(mails[0].part("text/plain").contains("Confirm this e-mail"));
        assert!(mails[1].part("text/html").contains("Подтвердить почту"));
    }
}

#[tokio::test]
async fn the_message_id_of_a_repeat_is_the_same_over_two_accounts() {
    let (first, second) = tokio::join!(
        Smtp::start_with(Encryption::Implicit, json!({ "BODY": ["take and drop"] })),
        Smtp::start(Encryption::Starttls),
    );
    let sender = mail_sender(first.account("first"), PATIENCE);
    let sent = sender.send(&confirm(Language::En)).await;
    assert!(matches!(sent, Mailed::Unknown(_)), "{sent:?}");
    let sender = mail_sender(second.account("second"), PATIENCE);
    assert_eq!(sender.send(&confirm(Language::En)).await, Mailed::Accepted);
    let (first, second) = (first.mails(1).await, second.mails(1).await);
    assert_eq!(first[0].one("Message-ID"), second[0].one("Message-ID"));
    assert_eq!(first[0].part("text/plain"), second[0].part("text/plain"));
}

#[tokio::test]
async fn a_newsletter_can_be_left_with_one_click() {
    let server = Smtp::start(Encryption::None).await;
    let sender = mail_sender(server.account("main"), PATIENCE);
    let link = format!("https://shop.example.com/u/{}", "A".repeat(120));
    let mail = Mail {
        unsubscribe: Some(link.clone()),
        ..confirm(Language::En)
    };
    assert_eq!(sender.send(&mail).await, Mailed::Accepted);
    let arrived = server.mails(1).await.remove(0);
    assert_eq!(arrived.one("List-Unsubscribe"), format!("<{link}>"));
    assert_eq!(
        arrived.one("List-Unsubscribe-Post"),
        "List-Unsubscribe=One-Click"
    );
}

/// What has no place in a header, in each of its forms.
const ATTACKS: [&str; 9] = [
    "x\r\nBcc: eve@example.com",
    "x\nBcc: eve@example.com",
    "x\rBcc: eve@example.com",
    "x\r\n\r\n<html>",
    "x\0y",
    "x\u{b}Bcc: eve@example.com",
    "x\u{85}Bcc: eve@example.com",
    "x\u{2028}Bcc: eve@example.com",
    "x\r\n Bcc: eve@example.com",
];

#[tokio::test]
async fn no_field_becomes_another_header() {
    let server = Smtp::start(Encryption::None).await;
    let sender = mail_sender(server.account("main"), PATIENCE);
    for attack in ATTACKS {
        let whole = || confirm(Language::En);
        let to = [
            format!("{attack}@example.com"),
            format!("ann@example.com{attack}"),
            format!("ann@example.com>{attack}"),
        ];
        for to in to {
            let sent = sender.send(&Mail { to, ..whole() }).await;
            assert!(
                matches!(sent, Mailed::NoSuchAddress(_)),
                "{attack:?}: {sent:?}"
            );
        }
        let subject = attack.to_owned();
        let message_id = attack.to_owned();
        let unsubscribe = Some(format!("https://shop.example.com/u/{attack}"));
        for mail in [
            Mail { subject, ..whole() },
            Mail {
                message_id,
                ..whole()
            },
            Mail {
                unsubscribe,
                ..whole()
            },
        ] {
            let sent = sender.send(&mail).await;
            assert!(matches!(sent, Mailed::Later(_)), "{attack:?}: {sent:?}");
        }
    }
    for unsubscribe in [
        "http://a.example/u",
        "https://a/u>, <https://b/u",
        "mailto:x@y",
    ] {
        let unsubscribe = Some(unsubscribe.to_owned());
        let mail = Mail {
            unsubscribe,
            ..confirm(Language::En)
        };
        assert!(matches!(sender.send(&mail).await, Mailed::Later(_)));
    }
    // Encoded forms stay what they are: words of the subject.
    let subjects = [
        "=?utf-8?q?x=0D=0ABcc:_eve@example.com?=",
        "x%0d%0aBcc: eve@example.com",
        "Bcc: eve@example.com",
        "\"Ann\" <eve@example.com>, you",
    ];
    for subject in subjects {
        let subject = subject.to_owned();
        let mail = Mail {
            subject,
            ..confirm(Language::En)
        };
        assert_eq!(sender.send(&mail).await, Mailed::Accepted);
    }
    // And a body that looks like the end of a mail.
    let text = "one\r\n.\r\nMAIL FROM:<eve@example.com>\r\n..two\n.".to_owned();
    let mail = Mail {
        text: text.clone(),
        ..confirm(Language::En)
    };
    assert_eq!(sender.send(&mail).await, Mailed::Accepted);
    let mails = server.mails(subjects.len() + 1).await;
    assert_eq!(mails.len(), subjects.len() + 1);
    for mail in &mails {
        let names: Vec<String> = mail
            .headers
            .iter()
            .map(|(name, _)| name.to_lowercase())
            .collect();
        let expected = [
            "from",
            "to",
            "subject",
            "date",
            "message-id",
            "auto-submitted",
            "mime-version",
            "content-type",
        ];
        let mut sorted = names.clone();
        sorted.sort();
        let mut wished = expected.map(str::to_owned).to_vec();
        wished.sort();
        assert_eq!(sorted, wished, "no header more");
        assert_eq!(mail.to, ["ann@example.com"]);
    }
    let last = mails[subjects.len()]
        .part("text/plain")
        .replace("\r\n", "\n");
    assert_eq!(last.trim_end(), text.replace("\r\n", "\n").trim_end());
    assert_eq!(mails[1].one("Subject"), subjects[1]);
}

#[tokio::test]
async fn a_shop_can_be_called_anything() {
    let server = Smtp::start(Encryption::None).await;
    let names = [
        ("Shop\r\nBcc: eve@example.com", "Shop Bcc: eve@example.com"),
        ("<eve@example.com>", "<eve@example.com>"),
        ("a\"b, c <d@e.f>", "a\"b, c <d@e.f>"),
        (
            "Магазин «Ключи», отдел продаж и поддержки покупателей номер один",
            "Магазин «Ключи», отдел продаж и поддержки покупателей номер один",
        ),
    ];
    for (at, (name, shown)) in names.into_iter().enumerate() {
        let settings = kiosk::senders::settings::Settings {
            mail: vec![server.account("main")],
            ..super::nobody()
        };
        let mut around = super::around();
        around.shop = name.to_owned();
        let sender = kiosk::senders::build(&settings, &around)
            .unwrap()
            .mail
            .remove(0);
        assert_eq!(
            sender.send(&confirm(Language::Ru)).await,
            Mailed::Accepted,
            "{name}"
        );
        let all = server.mails(at + 1).await;
        let mail = all.last().unwrap();
        assert_eq!(mail.sender, "shop@example.com");
        assert_eq!(mail.all("Bcc"), Vec::<&str>::new());
        let from = mail.one("From");
        assert!(from.ends_with("<shop@example.com>"), "{from}");
        // Python's newer reader puts spaces between the encoded words of a long name; its older one follows RFC 2047.
        let raw = String::from_utf8(mail.raw()).unwrap();
        let decoded = crate::support::python::says(
            "import email, email.header as h, sys\n\
             mail = email.message_from_string(sys.argv[1])\n\
             print(h.make_header(h.decode_header(mail['From'])))",
            &[&raw],
        );
        assert!(decoded.replace('\\', "").contains(shown), "{decoded}");
        let parsed = crate::support::python::says(
            "import email.utils, sys; print(email.utils.getaddresses([sys.argv[1]]))",
            &[from],
        );
        assert!(
            parsed.ends_with("'shop@example.com')]"),
            "one address: {parsed}"
        );
    }
}

#[tokio::test]
async fn an_international_domain_is_written_in_ascii() {
    let server = Smtp::start(Encryption::None).await;
    let sender = mail_sender(server.account("main"), PATIENCE);
    let to = |to: &str| Mail {
        to: to.to_owned(),
        ..confirm(Language::Ru)
    };
    assert_eq!(sender.send(&to("ann@почта.рф")).await, Mailed::Accepted);
    assert_eq!(server.mails(1).await[0].to, ["ann@xn--80a1acny.xn--p1ai"]);
    // A name beyond ASCII needs a server that takes it.
    let sent = sender.send(&to("анна@example.com")).await;
    assert!(matches!(sent, Mailed::NoSuchAddress(_)), "{sent:?}");
}

#[tokio::test]
async fn a_server_without_login_and_a_shop_that_sends_many() {
    let server = Smtp::start(Encryption::Implicit).await;
    let sender = mail_sender(server.account("main"), PATIENCE);
    let sends = (0..10).map(|_| {
        let sender = sender.clone();
        async move { sender.send(&confirm(Language::En)).await }
    });
    let sent = futures::future::join_all(sends).await;
    assert!(sent.iter().all(|it| *it == Mailed::Accepted), "{sent:?}");
    assert_eq!(server.mails(10).await.len(), 10);
    let before = server.logins(1).await;
    for _ in 0..3 {
        assert_eq!(sender.send(&confirm(Language::En)).await, Mailed::Accepted);
    }
    assert_eq!(server.mails(13).await.len(), 13);
    assert_eq!(server.logins(1).await, before, "kept connections are used");
}

#[test]
fn a_password_is_shown_nowhere() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let server = Smtp::start(Encryption::None).await;
        let account = MailAccount {
            password: Some(SecretString::from("hunter2".to_owned())),
            ..server.account("main")
        };
        let shown = format!("{account:?}");
        assert!(!shown.contains("hunter2"));
        let sent = mail_sender(account, PATIENCE)
            .send(&confirm(Language::En))
            .await;
        let shown = format!("{sent:?}");
        assert!(
            matches!(sent, Mailed::Misconfigured(_)) && !shown.contains("hunter2"),
            "{shown}"
        );
    });
}
