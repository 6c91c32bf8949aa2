//! What the shop tells by mail, in words and with links to its pages.

use url::Url;

use super::words::{Occasion, words};
use crate::i18n::{Zone, date_time, devices};
use crate::shop::confirmations::mail::{About, Wording, Words};
use crate::shop::confirmations::{CODE_LIFE, LINK_LIFE, Purpose, WAY_IN_LIFE};
use crate::shop::texts::Language;

/// The words of a shop's mails.
#[derive(Clone, Debug)]
pub struct ShopWords {
    /// The shop's name.
    pub shop: String,
    /// Where its clocks are.
    pub zone: Zone,
    /// Under which customers reach its pages, without a slash at the end; without pages a mail has a code alone.
    pub public_url: Option<String>,
}

impl ShopWords {
    fn page(&self, path: &str, end: &str) -> Option<Url> {
        let base = self.public_url.as_ref()?;
        Url::parse(&format!("{base}/{path}/{end}")).ok()
    }

    fn occasion(&self, language: Language, about: &About) -> Occasion {
        let when = |at| date_time(language, &self.zone, at);
        match about {
            About::Code {
                purpose,
                code,
                token,
            } => {
                let link = self.page(purpose.path(), token.expose());
                match purpose {
                    Purpose::Phone | Purpose::Email => Occasion::ConfirmEmail {
                        link,
                        link_lives: LINK_LIFE,
                        code: code.clone(),
                        code_lives: CODE_LIFE,
                    },
                    Purpose::Recover => Occasion::Recovery {
                        link,
                        link_lives: WAY_IN_LIFE,
                    },
                    Purpose::Login => Occasion::Login {
                        link,
                        link_lives: WAY_IN_LIFE,
                    },
                }
            }
            About::Changed { at } => Occasion::EmailChanged { at: when(*at) },
            About::Login { at, agent, .. } => Occasion::NewLogin {
                at: when(*at),
                with: devices::browser(agent),
            },
            About::Password { at } => Occasion::PasswordChanged { at: when(*at) },
            About::Vk { at, linked } => Occasion::VkChanged {
                at: when(*at),
                linked: *linked,
            },
            About::Order { order, token } => Occasion::OrderReady {
                number: order.short(),
                link: self.page("o", token.expose()),
            },
        }
    }
}

impl Wording for ShopWords {
    fn mail(&self, language: Language, about: &About) -> Words {
        // The mail goes to who asked by an address: what they call themselves is not known here.
        let words = words(&self.shop, None, language, &self.occasion(language, about));
        Words {
            subject: words.subject,
            text: words.text,
            html: words.html,
        }
    }
}
