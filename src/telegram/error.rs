//! How a call fails, told apart by what the caller does next.

use std::time::Duration;

/// A call that has no result. Never holds the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Telegram understood and said no: the same call will be refused again.
    #[error("Telegram refused: {code} {description}")]
    Refused {
        /// `error_code`, as a rule 400.
        code: u16,
        /// `description`.
        description: String,
    },
    /// 403: the customer has blocked the bot, or is gone.
    #[error("the chat takes no messages from the bot: {0}")]
    Blocked(String),
    /// 429: nothing was done; call again after this time.
    #[error("Telegram asks to wait {} s", .0.as_secs())]
    Wait(Duration),
    /// 409: a webhook is set, or another process polls with the same token.
    #[error("{0}")]
    Conflict(String),
    /// 401 or 404: Telegram knows no such token.
    #[error("Telegram does not know the bot token: take it from BotFather again")]
    Unauthorized,
    /// There was no connection: the call certainly did not arrive.
    #[error("can't reach Telegram: {0}")]
    NotSent(String),
    /// The call may have been done: the answer came too late, broken or not at all.
    #[error("the outcome is unknown: {0}")]
    Unknown(String),
}

impl CallError {
    /// For a refusal in Telegram's shape.
    pub(super) fn refused(code: u16, description: String, retry_after: Option<u64>) -> Self {
        match code {
            401 | 404 => CallError::Unauthorized,
            403 => CallError::Blocked(description),
            409 => CallError::Conflict(description),
            429 => CallError::Wait(Duration::from_secs(retry_after.unwrap_or(1).max(1))),
            500.. => CallError::Unknown(format!("{code} {description}")),
            _ => CallError::Refused { code, description },
        }
    }

    /// For a request that has no readable answer. The error's address, which holds the token, is taken off.
    pub(super) fn transport(error: reqwest::Error) -> Self {
        let certain = error.is_connect() || error.is_builder();
        let words = words(&error.without_url());
        if certain {
            CallError::NotSent(words)
        } else {
            CallError::Unknown(words)
        }
    }

    /// The edit would change nothing: the screen is there already.
    pub fn is_not_modified(&self) -> bool {
        self.says("message is not modified")
    }

    /// The message to edit is gone or too old: send a new one.
    pub fn is_not_editable(&self) -> bool {
        self.says("message to edit not found")
            || self.says("message can't be edited")
            || self.says("MESSAGE_ID_INVALID")
    }

    /// Telegram knows no such file (any more): upload it again.
    pub fn is_wrong_file(&self) -> bool {
        self.says("wrong file identifier") || self.says("wrong remote file identifier")
    }

    /// The answer to a tap or to a pre-checkout query came too late, or it was answered before.
    pub fn is_query_too_old(&self) -> bool {
        self.says("query is too old") || self.says("query ID is invalid")
    }

    /// The Stars have gone back before. UNVERIFIED wording.
    pub fn is_already_refunded(&self) -> bool {
        self.says("CHARGE_ALREADY_REFUNDED")
    }

    /// Telegram knows no such chat: the customer has never started the bot, or is deleted.
    pub fn is_chat_not_found(&self) -> bool {
        self.says("chat not found")
    }

    /// The label in metrics.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            CallError::Refused { .. } => "refused",
            CallError::Blocked(_) => "blocked",
            CallError::Wait(_) => "wait",
            CallError::Conflict(_) => "conflict",
            CallError::Unauthorized => "unauthorized",
            CallError::NotSent(_) => "not_sent",
            CallError::Unknown(_) => "unknown",
        }
    }

    fn says(&self, words: &str) -> bool {
        match self {
            CallError::Refused { description, .. } => description.contains(words),
            _ => false,
        }
    }
}

/// An error with its causes, each once: libraries say little at the top.
pub(super) fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let text = next.to_string();
        if !words.contains(&text) {
            words.push_str(": ");
            words.push_str(&text);
        }
        cause = next.source();
    }
    words
}
