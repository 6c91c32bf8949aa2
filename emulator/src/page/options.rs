//! What whoever starts the emulator may put on the page.

use serde::Serialize;
use std::{fmt, sync::Arc, time::Duration};

use crate::customers::CustomerSpec;

/// What the chat page shows besides the chats.
#[derive(Debug, Clone)]
pub struct PageOptions {
    /// Who is there from the start; the first two are shown side by side where there is room.
    pub customers: Vec<CustomerSpec>,
    /// What to try next, in the order of the list; each note is shown to readers of its language.
    pub notes: Vec<Note>,
    /// Gives the page its button "15 minutes later". The emulator's clock moves first, then this is called.
    pub on_advance: Option<OnAdvance>,
}

impl Default for PageOptions {
    /// An English and a Russian customer, notes that fit any bot, no way to move the clock.
    fn default() -> Self {
        Self {
            customers: vec![
                CustomerSpec::named("Emma").speaking("en"),
                CustomerSpec::named("Иван").speaking("ru"),
            ],
            notes: vec![
                Note::new(
                    "en",
                    "Say hello",
                    "Press Start, or send /start: the bot answers.",
                )
                .saying("/start"),
                Note::new(
                    "en",
                    "Be two people",
                    "The other chat belongs to another customer. Do the same in both at once.",
                ),
                Note::new(
                    "en",
                    "Change your mind",
                    "Open an invoice, close the sheet, and pay it later.",
                ),
                Note::new(
                    "en",
                    "Go away and come back",
                    "Block the bot from the menu of a chat, then unblock it.",
                ),
                Note::new(
                    "ru",
                    "Поздоровайтесь",
                    "Нажмите «Начать» или отправьте /start: бот ответит.",
                )
                .saying("/start"),
                Note::new(
                    "ru",
                    "Побудьте вдвоём",
                    "Соседний чат – другой покупатель. Сделайте одно и то же в обоих сразу.",
                ),
                Note::new(
                    "ru",
                    "Передумайте",
                    "Откройте счёт, закройте окно оплаты и оплатите позже.",
                ),
                Note::new(
                    "ru",
                    "Уйдите и вернитесь",
                    "Заблокируйте бота в меню чата, а потом разблокируйте.",
                ),
            ],
            on_advance: None,
        }
    }
}

/// Something worth trying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Who reads it: `en` or `ru`.
    pub language: String,
    /// A few words.
    pub title: String,
    /// What to do and what one should see then.
    pub text: String,
    /// What a button beside the note sends to the bot in the chat that is in front.
    pub say: Option<String>,
}

impl Note {
    /// A note without a button.
    pub fn new(
        language: impl Into<String>,
        title: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            language: language.into(),
            title: title.into(),
            text: text.into(),
            say: None,
        }
    }

    /// The same with a button that sends this.
    #[must_use]
    pub fn saying(mut self, text: impl Into<String>) -> Self {
        self.say = Some(text.into());
        self
    }
}

/// What is called with the time by which a person moved the clock on.
#[derive(Clone)]
pub struct OnAdvance(Arc<dyn Fn(Duration) + Send + Sync>);

impl OnAdvance {
    /// Wraps what moves the bot's own clock.
    pub fn new(call: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self(Arc::new(call))
    }

    pub(super) fn call(&self, by: Duration) {
        (self.0)(by);
    }
}

impl fmt::Debug for OnAdvance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnAdvance")
    }
}
