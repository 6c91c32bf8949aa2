//! The words of mails and of codes: pure functions from what is to be said to a subject, a text and HTML. Codes and links
//! never stand in the subject, which screens show to whoever is near.

use std::time::Duration;

use askama::Template;
use url::Url;

use crate::i18n::{self, Arg};
use crate::shop::confirmations::senders::{CodeText, Mail};
use crate::shop::texts::Language;

/// What a mail says.
#[derive(Clone, Debug)]
pub enum Occasion {
    /// Somebody gave this address: is it theirs?
    ConfirmEmail {
        /// Opens a page with a button; `None` without pages.
        link: Option<Url>,
        /// How long the link is good for.
        link_lives: Duration,
        /// To be typed in the chat instead; `None` where its time was over before the mail could go.
        code: Option<CodeText>,
        /// How long the code is good for.
        code_lives: Duration,
    },
    /// To the old address: another one has taken its place.
    EmailChanged {
        /// When, in the shop's zone and the reader's language.
        at: String,
    },
    /// A way back in for who has forgotten the password.
    Recovery {
        /// Opens a page on which to choose a new one; `None` without pages.
        link: Option<Url>,
        /// How long the link is good for.
        link_lives: Duration,
    },
    /// A way into the cabinet for who has asked for one.
    Login {
        /// Opens a page with a button; `None` without pages.
        link: Option<Url>,
        /// How long the link is good for.
        link_lives: Duration,
    },
    /// Somebody has logged in to the cabinet.
    NewLogin {
        /// When.
        at: String,
        /// With what, shortened: a browser and a system. Empty where it did not say.
        with: String,
    },
    /// The cabinet's password is another one now.
    PasswordChanged {
        /// When.
        at: String,
    },
    /// A VK account was linked, or is linked no more.
    VkChanged {
        /// When.
        at: String,
        /// Whether one is linked now.
        linked: bool,
    },
    /// The chat can't be reached, so that the mail tells of the order. The keys are on its page, not in the mail.
    OrderReady {
        /// As the customer knows it.
        number: String,
        /// The order's page; `None` without pages.
        link: Option<Url>,
    },
}

/// A mail without its address.
#[derive(Clone, PartialEq, Eq)]
pub struct Words {
    /// One line.
    pub subject: String,
    /// For readers without HTML.
    pub text: String,
    /// The same in HTML.
    pub html: String,
}

impl Words {
    /// The mail to `to`, whose Message-ID begins with `message_id`.
    pub fn mail(self, to: String, message_id: String) -> Mail {
        Mail {
            to,
            subject: self.subject,
            text: self.text,
            html: self.html,
            message_id,
            // None of these is a newsletter.
            unsubscribe: None,
        }
    }
}

/// What both forms of a mail show, one below the other.
struct Letter {
    language: Language,
    shop: String,
    title: String,
    hello: String,
    words: Vec<String>,
    button: Option<(String, Url)>,
    code: Option<(String, String)>,
    lives: Vec<String>,
    warning: String,
    footer: String,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    it: &'a Letter,
}

#[derive(Template)]
#[template(path = "mail.txt")]
struct Text<'a> {
    it: &'a Letter,
}

/// The words of a mail from the shop called `shop` to somebody whose name may be known. What they call themselves is said
/// only where the address is theirs, and where it is a name.
pub fn words(shop: &str, name: Option<&str>, language: Language, occasion: &Occasion) -> Words {
    let shop = line(shop);
    let t = |id: &str, args: &[(&'static str, Arg)]| {
        let mut all: Vec<(&'static str, Arg)> = vec![("shop", shop.as_str().into())];
        all.extend_from_slice(args);
        i18n::text(language, id, &all)
    };
    // An address that is not confirmed may be a stranger's: what somebody calls themselves is not for them.
    let is_known = !matches!(occasion, Occasion::ConfirmEmail { .. });
    let hello = match name.map(line).filter(|name| is_known && is_name(name)) {
        Some(name) => t("mail-hello", &[("name", name.into())]),
        None => t("mail-hello-nobody", &[]),
    };
    let mut letter = Letter {
        language,
        title: String::new(),
        hello,
        words: Vec::new(),
        button: None,
        code: None,
        lives: Vec::new(),
        warning: String::new(),
        footer: t("mail-footer", &[]),
        shop: shop.clone(),
    };
    let subject = match occasion {
        Occasion::ConfirmEmail {
            link,
            link_lives,
            code,
            code_lives,
        } => {
            letter.title = t("mail-confirm-title", &[]);
            letter.words = vec![t("mail-confirm-words", &[])];
            if let Some(link) = link {
                letter.words.push(t("mail-confirm-press", &[]));
                letter.button = Some((t("mail-confirm-button", &[]), link.clone()));
                let lives = [("time", lasts(language, *link_lives))];
                letter.lives.push(t("mail-link-lives", &lives));
            }
            if let Some(code) = code {
                let label = if link.is_some() {
                    "mail-confirm-or-code"
                } else {
                    "mail-confirm-code"
                };
                letter.code = Some((t(label, &[]), code.expose().to_owned()));
                let lives = [("time", lasts(language, *code_lives))];
                letter.lives.push(t("mail-code-lives", &lives));
            }
            letter.warning = t("mail-confirm-not-you", &[]);
            t("mail-confirm-subject", &[])
        }
        Occasion::EmailChanged { at } => {
            letter.title = t("mail-changed-title", &[]);
            letter.words = vec![t("mail-changed-words", &[("at", line(at).into())])];
            letter.warning = t("mail-changed-not-you", &[]);
            t("mail-changed-subject", &[])
        }
        Occasion::Recovery { link, link_lives } => {
            letter.title = t("mail-recovery-title", &[]);
            letter.words = vec![t("mail-recovery-words", &[])];
            letter.button = button(t("mail-recovery-button", &[]), link.as_ref());
            letter.lives = vec![t(
                "mail-link-lives",
                &[("time", lasts(language, *link_lives))],
            )];
            letter.warning = t("mail-recovery-not-you", &[]);
            t("mail-recovery-subject", &[])
        }
        Occasion::Login { link, link_lives } => {
            letter.title = t("mail-enter-title", &[]);
            letter.words = vec![t("mail-enter-words", &[])];
            letter.button = button(t("mail-enter-button", &[]), link.as_ref());
            letter.lives = vec![t(
                "mail-link-lives",
                &[("time", lasts(language, *link_lives))],
            )];
            letter.warning = t("mail-enter-not-you", &[]);
            t("mail-enter-subject", &[])
        }
        Occasion::NewLogin { at, with } => {
            letter.title = t("mail-login-title", &[]);
            letter.words = vec![
                t("mail-login-words", &[]),
                t("mail-login-at", &[("at", line(at).into())]),
            ];
            if !line(with).is_empty() {
                let with = t("mail-login-with", &[("with", line(with).into())]);
                letter.words.push(with);
            }
            letter.warning = t("mail-login-not-you", &[]);
            t("mail-login-subject", &[])
        }
        Occasion::PasswordChanged { at } => {
            letter.title = t("mail-password-title", &[]);
            letter.words = vec![t("mail-password-words", &[("at", line(at).into())])];
            letter.warning = t("mail-password-not-you", &[]);
            t("mail-password-subject", &[])
        }
        Occasion::VkChanged { at, linked } => {
            let (title, words) = if *linked {
                ("mail-vk-linked-title", "mail-vk-linked-words")
            } else {
                ("mail-vk-unlinked-title", "mail-vk-unlinked-words")
            };
            letter.title = t(title, &[]);
            letter.words = vec![t(words, &[("at", line(at).into())])];
            letter.warning = t("mail-vk-not-you", &[]);
            t("mail-vk-subject", &[])
        }
        Occasion::OrderReady { number, link } => {
            // A number of an order is a name: it gets no separators.
            let number = || Arg::from(number.as_str());
            letter.title = t("mail-order-title", &[("number", number())]);
            letter.words = vec![t("mail-order-words", &[])];
            letter.button = button(t("mail-order-button", &[]), link.as_ref());
            letter.warning = t("mail-order-private", &[]);
            t("mail-order-subject", &[("number", number())])
        }
    };
    Words {
        subject: line(&subject),
        text: drawn(&Text { it: &letter }),
        html: drawn(&Html { it: &letter }),
    }
}

fn button(label: String, link: Option<&Url>) -> Option<(String, Url)> {
    link.map(|link| (label, link.clone()))
}

/// The words of a code in a message.
pub fn code(language: Language, shop: &str, code: &CodeText, lives: Duration) -> String {
    let args = [
        ("code", code.expose().into()),
        ("shop", line(shop).into()),
        ("time", lasts(language, lives)),
    ];
    i18n::text(language, "code-message", &args)
}

/// A time that something is good for, in whole minutes or hours.
fn lasts(language: Language, time: Duration) -> Arg {
    let minutes = time.as_secs().div_ceil(60) as i64;
    let words = if minutes >= 120 && minutes % 60 == 0 {
        i18n::text(language, "time-hours", &[("hours", (minutes / 60).into())])
    } else {
        i18n::text(language, "time-minutes", &[("minutes", minutes.into())])
    };
    words.into()
}

/// Whether a name is one, and no message to somebody: letters, not too many of them, and what stands between them.
fn is_name(text: &str) -> bool {
    let fits = |letter: char| letter.is_alphabetic() || matches!(letter, ' ' | '-' | '\'' | '’');
    (1..=40).contains(&text.chars().count()) && text.chars().all(fits)
}

/// What somebody wrote, as one line.
fn line(text: &str) -> String {
    let text = i18n::clean(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

fn drawn(template: &impl Template) -> String {
    template.render().unwrap_or_else(|error| {
        // Writing to a String does not fail, and a template has nothing else that can.
        debug_assert!(false, "a mail can't be drawn: {error}");
        tracing::error!(%error, "a mail can't be drawn");
        String::new()
    })
}

#[cfg(test)]
mod tests;
