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
        /// Opens a page with a button.
        link: Url,
        /// How long the link is good for.
        link_lives: Duration,
        /// To be typed in the chat instead.
        code: CodeText,
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
        /// Opens a page on which to choose a new one.
        link: Url,
        /// How long the link is good for.
        link_lives: Duration,
    },
    /// Somebody has logged in to the cabinet.
    NewLogin {
        /// When.
        at: String,
        /// With what, shortened: a browser and a system.
        with: String,
        /// From where, shortened.
        from: String,
    },
    /// The cabinet's password is another one now.
    PasswordChanged {
        /// When.
        at: String,
    },
    /// The chat can't be reached, so that the mail tells of the order. The keys are on its page, not in the mail.
    OrderReady {
        /// As the customer knows it.
        number: i64,
        /// The order's page.
        link: Url,
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
            letter.button = Some((t("mail-confirm-button", &[]), link.clone()));
            letter.code = Some((t("mail-confirm-code", &[]), code.expose().to_owned()));
            let link = t("mail-link-lives", &[("time", lasts(language, *link_lives))]);
            let code = t("mail-code-lives", &[("time", lasts(language, *code_lives))]);
            letter.lives = vec![link, code];
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
            letter.button = Some((t("mail-recovery-button", &[]), link.clone()));
            letter.lives = vec![t(
                "mail-link-lives",
                &[("time", lasts(language, *link_lives))],
            )];
            letter.warning = t("mail-recovery-not-you", &[]);
            t("mail-recovery-subject", &[])
        }
        Occasion::NewLogin { at, with, from } => {
            letter.title = t("mail-login-title", &[]);
            letter.words = vec![
                t("mail-login-words", &[]),
                t("mail-login-at", &[("at", line(at).into())]),
                t("mail-login-with", &[("with", line(with).into())]),
                t("mail-login-from", &[("from", line(from).into())]),
            ];
            letter.warning = t("mail-login-not-you", &[]);
            t("mail-login-subject", &[])
        }
        Occasion::PasswordChanged { at } => {
            letter.title = t("mail-password-title", &[]);
            letter.words = vec![t("mail-password-words", &[("at", line(at).into())])];
            letter.warning = t("mail-password-not-you", &[]);
            t("mail-password-subject", &[])
        }
        Occasion::OrderReady { number, link } => {
            // A number of an order is a name: it gets no separators.
            let number = || Arg::from(number.to_string());
            letter.title = t("mail-order-title", &[("number", number())]);
            letter.words = vec![t("mail-order-words", &[])];
            letter.button = Some((t("mail-order-button", &[]), link.clone()));
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
