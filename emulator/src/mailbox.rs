//! The mailbox of everybody: mails that a shop sent, shown on the page instead of being delivered.

use serde::{Deserialize, Serialize};

use crate::control::{Control, TimedOut, View};

/// A mail that somebody would have got.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mail {
    /// Number from 1, given by the emulator.
    pub id: i64,
    /// When it came in milliseconds since 1970, given by the emulator's clock.
    pub at_ms: i64,
    /// Sender, such as `Shop <shop@example.org>`.
    pub from: String,
    /// Recipient.
    pub to: String,
    /// Subject line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML, if the mail has that part.
    pub html: Option<String>,
}

impl Control {
    /// Puts a mail into the mailbox; its number and time are set here. Answers the number.
    pub fn mail(&self, mut mail: Mail) -> i64 {
        self.world.change(|state| {
            mail.id = state.mails.len() as i64 + 1;
            mail.at_ms = state.now_ms();
            let id = mail.id;
            state.mails.push(mail);
            id
        })
    }

    /// All mails, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.world.read(|state| state.mails.clone())
    }

    /// The newest mail that fits, as soon as there is one.
    pub async fn wait_for_mail(
        &self,
        mut fits: impl FnMut(&Mail) -> bool,
    ) -> Result<Mail, TimedOut> {
        let look = |view: &View<'_>| view.mails().rev().find(|mail| fits(mail)).cloned();
        self.wait(self.deadline, look).await
    }
}
