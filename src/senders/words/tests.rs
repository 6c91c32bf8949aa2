//! Every mail in both languages, to be read from top to bottom.

use std::fmt::Write;

use super::*;

const SHOP: &str = "Ключи & Co <b>";

fn occasions() -> Vec<(&'static str, Occasion)> {
    let link = |path: &str| Url::parse(&format!("https://shop.example.com/{path}")).unwrap();
    let code = || CodeText::new("048291".to_owned());
    let at = || "25 Nov 2026, 01:05".to_owned();
    vec![
        (
            "confirm",
            Occasion::ConfirmEmail {
                link: Some(link("c/AbC-_123?x=1&y=2")),
                link_lives: Duration::from_hours(8),
                code: Some(code()),
                code_lives: Duration::from_mins(10),
            },
        ),
        ("changed", Occasion::EmailChanged { at: at() }),
        (
            "recovery",
            Occasion::Recovery {
                link: Some(link("recover/AbC")),
                link_lives: Duration::from_mins(30),
            },
        ),
        (
            "enter",
            Occasion::Login {
                link: Some(link("login/mail/AbC")),
                link_lives: Duration::from_mins(30),
            },
        ),
        (
            "login",
            Occasion::NewLogin {
                at: at(),
                with: "Firefox, Linux".to_owned(),
            },
        ),
        ("password", Occasion::PasswordChanged { at: at() }),
        (
            "vk-linked",
            Occasion::VkChanged {
                at: at(),
                linked: true,
            },
        ),
        (
            "vk-unlinked",
            Occasion::VkChanged {
                at: at(),
                linked: false,
            },
        ),
        (
            "order",
            Occasion::OrderReady {
                number: "7F3A-91C2".to_owned(),
                link: Some(link("o/AbC")),
            },
        ),
    ]
}

#[test]
fn every_mail_in_both_languages() {
    for language in Language::ALL {
        let mut all = String::new();
        for (name, occasion) in occasions() {
            let words = words(SHOP, Some("Анна-Мария О’Нил"), language, &occasion);
            let _ = write!(
                all,
                "=== {name}\nSubject: {}\n\n{}\n",
                words.subject, words.text
            );
        }
        insta::assert_snapshot!(format!("text_{}", language.code()), all);
    }
}

#[test]
fn the_html_of_a_mail_in_both_languages() {
    for language in Language::ALL {
        let (_, confirm) = occasions().remove(0);
        let words = words(SHOP, None, language, &confirm);
        insta::assert_snapshot!(format!("html_{}", language.code()), words.html);
    }
}

#[test]
fn what_people_wrote_gets_out_of_its_place_nowhere() {
    let shop = "<script>alert(1)</script>\r\nBcc: eve@example.com";
    let name = "\"><img src=x>\nX-Evil: 1\u{202e}";
    for language in Language::ALL {
        for (occasion_name, occasion) in occasions() {
            let words = words(shop, Some(name), language, &occasion);
            assert!(!words.html.contains("<script"), "{occasion_name}");
            assert!(!words.html.contains("<img"), "{occasion_name}");
            assert!(!words.html.contains('\u{202e}'), "{occasion_name}");
            let is_line = !words.subject.contains(char::is_control);
            assert!(is_line, "{occasion_name}: {:?}", words.subject);
            assert!(!words.text.contains("\nX-Evil"), "{occasion_name}");
        }
    }
    let Words { html, .. } = words(
        SHOP,
        None,
        Language::En,
        &Occasion::NewLogin {
            at: "now".to_owned(),
            with: "<svg onload=x>".to_owned(),
        },
    );
    assert!(!html.contains("<svg"), "{html}");
}

#[test]
fn a_name_that_is_a_message_is_not_said() {
    let occasion = Occasion::PasswordChanged {
        at: "now".to_owned(),
    };
    let hello = |name: &str, occasion: &Occasion| {
        let words = words("Kiosk", Some(name), Language::En, occasion);
        words.text.lines().nth(2).unwrap().to_owned()
    };
    assert_eq!(hello(" Ann\n", &occasion), "Hello Ann,");
    for name in [
        "",
        "you won: evil.example",
        "call 88005553535",
        "a@b",
        &"a".repeat(41),
    ] {
        assert_eq!(hello(name, &occasion), "Hello,", "{name}");
    }
    let (_, unproven) = occasions().remove(0);
    assert_eq!(hello("Ann", &unproven), "Hello,");
}

#[test]
fn codes_and_links_stand_in_both_parts_and_never_in_the_subject() {
    for language in Language::ALL {
        for (name, occasion) in occasions() {
            let words = words(SHOP, None, language, &occasion);
            let (link, code) = match &occasion {
                Occasion::ConfirmEmail { link, code, .. } => (Some(link), Some(code)),
                Occasion::Recovery { link, .. }
                | Occasion::Login { link, .. }
                | Occasion::OrderReady { link, .. } => (Some(link), None),
                Occasion::EmailChanged { .. }
                | Occasion::NewLogin { .. }
                | Occasion::PasswordChanged { .. }
                | Occasion::VkChanged { .. } => (None, None),
            };
            if let Some(link) = link {
                assert!(
                    words.text.contains(link.as_ref().unwrap().as_str()),
                    "{name}"
                );
                let escaped = link.as_ref().unwrap().as_str().replace('&', "&#38;");
                assert!(words.html.contains(&escaped), "{name}: {}", words.html);
                assert!(!words.subject.contains("http"), "{name}");
            }
            if let Some(code) = code {
                assert!(
                    words.text.contains(code.as_ref().unwrap().expose()),
                    "{name}"
                );
                assert!(
                    words.html.contains(code.as_ref().unwrap().expose()),
                    "{name}"
                );
                assert!(
                    !words.subject.contains(code.as_ref().unwrap().expose()),
                    "{name}"
                );
            }
            // Nothing is fetched: no pictures, no fonts, no styles from elsewhere.
            for remote in ["src=", "url(", "@import", "<link"] {
                assert!(!words.html.contains(remote), "{name}");
            }
            assert!(words.html.matches("http").count() <= 1, "{name}");
        }
    }
}

#[test]
fn a_code_in_a_message_says_whose_it_is_and_how_long_it_is_good_for() {
    let digits = CodeText::new("048291".to_owned());
    let lives = Duration::from_mins(10);
    assert_eq!(
        code(Language::En, "Kiosk", &digits, lives),
        "048291 is your code at Kiosk. It is good for 10 minutes. Never tell it to anybody. If it was not you who asked for it, do nothing."
    );
    assert!(code(Language::Ru, "Kiosk", &digits, lives).contains("действует 10 минут."));
    assert_eq!(
        lasts(Language::Ru, Duration::from_secs(61)),
        Arg::from("2 минуты")
    );
    assert_eq!(
        lasts(Language::Ru, Duration::from_hours(8)),
        Arg::from("8 часов")
    );
    assert_eq!(
        lasts(Language::En, Duration::from_mins(90)),
        Arg::from("90 minutes")
    );
}
