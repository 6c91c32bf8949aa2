//! What the customer's own page has buttons for: addresses, codes, the cabinet.

use crate::shop::confirmations::resend::Choice;
use crate::shop::confirmations::senders::Messenger;
use crate::store::PublicId;

/// Something about the customer themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Own {
    /// The question for an e-mail address.
    AskEmail,
    /// The e-mail address forgotten.
    ForgetEmail,
    /// The question for a code.
    Code {
        /// The confirmation that waits for it.
        id: PublicId,
    },
    /// Another code.
    Resend {
        /// The confirmation.
        id: PublicId,
    },
    /// Another code, by something else.
    ResendBy {
        /// The confirmation.
        id: PublicId,
        /// By what.
        by: Choice,
    },
    /// The first code for the number that the chat keeps.
    SendBy {
        /// By what.
        by: Choice,
    },
    /// A link that opens the cabinet.
    Cabinet,
    /// A link that opens the page of their VK account.
    Vk,
    /// One session of the cabinet ended.
    EndSession {
        /// The session.
        id: PublicId,
    },
    /// All sessions of the cabinet ended.
    EndSessions,
    /// The question what to call them.
    AskName,
    /// The name that Telegram knows.
    OwnName,
    /// Their consent.
    Agree {
        /// To which versions, as [`agreement`] writes them.
        to: String,
    },
}

/// The versions that somebody agrees to, the terms' first.
pub fn agreement(terms: Option<&str>, privacy: Option<&str>) -> String {
    format!(
        "{}-{}",
        terms.unwrap_or_default(),
        privacy.unwrap_or_default()
    )
}

fn is_agreement(text: &str) -> bool {
    let is_letter = |letter: u8| letter.is_ascii_hexdigit() || letter == b'-';
    (1..=40).contains(&text.len()) && text.bytes().all(is_letter)
}

/// What a code may come by, as a letter.
fn letter(by: Choice) -> &'static str {
    match by {
        Choice::AsBefore => "b",
        Choice::Any => "a",
        Choice::By(Messenger::Telegram) => "t",
        Choice::By(Messenger::Whatsapp) => "w",
        Choice::By(Messenger::Vk) => "v",
        Choice::By(Messenger::Log) => "l",
    }
}

fn by_letter(text: &str) -> Option<Choice> {
    let all = Messenger::ALL.into_iter().map(Choice::By);
    all.chain([Choice::AsBefore, Choice::Any])
        .find(|it| letter(*it) == text)
}

impl Own {
    pub(super) fn encode(&self) -> String {
        match self {
            Own::AskEmail => "e".to_owned(),
            Own::ForgetEmail => "f".to_owned(),
            Own::Code { id } => format!("c{id}"),
            Own::Resend { id } => format!("r{id}"),
            Own::ResendBy { id, by } => format!("R{}{id}", letter(*by)),
            Own::SendBy { by } => format!("s{}", letter(*by)),
            Own::Cabinet => "o".to_owned(),
            Own::Vk => "v".to_owned(),
            Own::EndSession { id } => format!("x{id}"),
            Own::EndSessions => "q".to_owned(),
            Own::AskName => "n".to_owned(),
            Own::OwnName => "t".to_owned(),
            Own::Agree { to } => format!("a{to}"),
        }
    }

    pub(super) fn read(code: &str) -> Option<Self> {
        let mut letters = code.chars();
        let verb = letters.next()?;
        let rest = letters.as_str();
        Some(match verb {
            'e' => Own::AskEmail,
            'f' => Own::ForgetEmail,
            'c' => Own::Code {
                id: rest.parse().ok()?,
            },
            'r' => Own::Resend {
                id: rest.parse().ok()?,
            },
            'R' => {
                let (by, id) = rest.split_at_checked(1)?;
                Own::ResendBy {
                    id: id.parse().ok()?,
                    by: by_letter(by)?,
                }
            }
            's' => Own::SendBy {
                by: by_letter(rest)?,
            },
            'o' => Own::Cabinet,
            'v' => Own::Vk,
            'x' => Own::EndSession {
                id: rest.parse().ok()?,
            },
            'q' => Own::EndSessions,
            'n' => Own::AskName,
            't' => Own::OwnName,
            'a' if is_agreement(rest) => Own::Agree {
                to: rest.to_owned(),
            },
            _ => return None,
        })
    }

    /// The name of its handler.
    pub(in crate::bot) fn handler(&self) -> &'static str {
        match self {
            Own::AskEmail => "own.ask_email",
            Own::ForgetEmail => "own.forget_email",
            Own::Code { .. } => "own.code",
            Own::Resend { .. } => "own.resend",
            Own::ResendBy { .. } => "own.resend_by",
            Own::SendBy { .. } => "own.send_by",
            Own::Cabinet => "own.cabinet",
            Own::Vk => "own.vk",
            Own::EndSession { .. } => "own.end_session",
            Own::EndSessions => "own.end_sessions",
            Own::AskName => "own.ask_name",
            Own::OwnName => "own.own_name",
            Own::Agree { .. } => "own.agree",
        }
    }
}
