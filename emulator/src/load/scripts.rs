//! What customers do, one after another, by looking at what the bot shows them.

use super::chat::{Chat, Shown};
use crate::ids::Random;

/// Something that a customer does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Writes a text.
    Say(String),
    /// Taps the button with this callback data on the newest screen.
    Press(String),
    /// Pays the newest invoice.
    Pay,
}

/// How a script goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Not yet: the bot has more to show.
    Wait,
    /// By this.
    Act(Action),
    /// The round is complete; the next one begins by this.
    Again(Action),
    /// The screen is not the expected one; a new round begins by this.
    Lost(Action),
}

/// A customer's plan. It is asked whenever the bot has done something in the chat.
pub trait Script: Send {
    /// What comes next.
    fn next(&mut self, chat: &Chat) -> Next;
    /// The first action of a new round, after the bot was silent for too long.
    fn restart(&mut self) -> Action;
}

fn start() -> Action {
    Action::Say("/start".to_owned())
}

/// `/start`, again and again: for the simplest bot that there is.
#[derive(Debug, Default)]
pub struct Hello;

impl Script for Hello {
    fn next(&mut self, chat: &Chat) -> Next {
        if chat.is_answered() {
            Next::Again(start())
        } else {
            Next::Wait
        }
    }

    fn restart(&mut self) -> Action {
        start()
    }
}

/// `/start`, the catalogue, a category, a product, and back, each by the buttons of the bot's last screen.
pub struct Browse {
    step: u8,
    random: Random,
}

impl Browse {
    /// A customer whose choices follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            step: 0,
            random: Random::seeded(seed),
        }
    }

    /// One of the rows that are a single button with this in its text; the last row leads elsewhere.
    fn one_of<'a>(&mut self, screen: &'a Shown, label: &str) -> Option<&'a str> {
        let buttons: Vec<_> = screen
            .rows()
            .rev()
            .skip(1)
            .filter(|row| row.len() == 1)
            .filter(|row| {
                row[0]["text"]
                    .as_str()
                    .is_some_and(|text| text.contains(label))
            })
            .filter_map(|row| row[0]["callback_data"].as_str())
            .collect();
        let choice = self.random.below(buttons.len() as u64) as usize;
        buttons.get(choice).copied()
    }
}

impl Script for Browse {
    fn next(&mut self, chat: &Chat) -> Next {
        if !chat.is_answered() {
            return Next::Wait;
        }
        let step = self.step;
        let Some(screen) = chat.screen().filter(|_| step > 0) else {
            return Next::Again(self.restart());
        };
        let data = match step {
            1 => screen.button("🛍"),
            2 => self.one_of(screen, "📁"),
            3 => self.one_of(screen, "⭐"),
            4 => screen.button("⬅"),
            _ => return Next::Again(self.restart()),
        };
        match data {
            Some(data) => {
                self.step += 1;
                Next::Act(Action::Press(data.to_owned()))
            }
            None => Next::Lost(self.restart()),
        }
    }

    fn restart(&mut self) -> Action {
        self.step = 1;
        start()
    }
}

/// A whole purchase: the deep link, Buy now, Pay with Stars, the payment, the key.
pub struct Sale {
    step: u8,
    link: String,
    mark: String,
    /// The newest message when it was paid.
    paid_at: i64,
}

impl Sale {
    /// A customer who buys the product `slug`, whose keys contain `mark`.
    pub fn new(slug: &str, mark: &str) -> Self {
        Self {
            step: 0,
            link: format!("/start p_{slug}"),
            mark: mark.to_owned(),
            paid_at: 0,
        }
    }
}

impl Script for Sale {
    fn next(&mut self, chat: &Chat) -> Next {
        let Some(screen) = chat.screen().filter(|_| self.step > 0) else {
            return Next::Again(self.restart());
        };
        let press = |label: &str| match screen.button(label) {
            Some(data) if chat.is_answered() => Next::Act(Action::Press(data.to_owned())),
            _ => Next::Wait,
        };
        let next = match self.step {
            1 => press("⚡"),
            2 => press("⭐"),
            3 if chat.is_answered() && chat.is_invoiced() => {
                self.paid_at = chat.newest_number();
                Next::Act(Action::Pay)
            }
            4 if chat.is_answered() && chat.has_read(&self.mark, self.paid_at) => {
                return Next::Again(self.restart());
            }
            _ => Next::Wait,
        };
        if next != Next::Wait {
            self.step += 1;
        }
        next
    }

    fn restart(&mut self) -> Action {
        self.step = 1;
        Action::Say(self.link.clone())
    }
}
