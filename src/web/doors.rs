//! What the cabinet's pages need besides the shop itself: which ways in are open, and what each of them stands on.

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use url::Url;

use super::exchange::Exchanges;
use crate::shop::access::Way;
use crate::shop::access::identity::keys::Keys;
use crate::shop::access::identity::oidc::{Client, Provider};
use crate::shop::access::passwords::hasher::Hasher;
use crate::shop::access::vk::login::VkLogin;
use crate::shop::confirmations::senders::Messenger;
use crate::shop::confirmations::{Channel, Purpose};
use crate::shop::customers::Region;

/// The ways into the cabinet.
#[derive(Clone, Debug)]
pub struct Doors {
    /// Those that are open.
    pub ways: Vec<Way>,
    /// The address under which customers reach the pages: never taken from what a browser says.
    pub public_url: Url,
    /// Where numbers may be typed without their country code.
    pub region: Option<Region>,
    /// Compares passwords.
    pub hasher: Hasher,
    /// The bot's token, which seals what the Mini App shows.
    pub bot_token: SecretString,
    /// Telegram's own key, which signs it besides.
    pub app_key: [u8; 32],
    /// "Log in with Telegram".
    pub telegram: Option<TelegramDoor>,
    /// VK ID: not a way in, but a way to link an account there.
    pub vk: Option<VkDoor>,
    /// By what codes come to phones.
    pub messengers: Vec<Messenger>,
    /// Whether mails are sent.
    pub sends_mails: bool,
}

/// VK ID, by which a customer links their account.
#[derive(Clone, Debug)]
pub struct VkDoor {
    /// The calls.
    pub login: Arc<dyn VkLogin>,
    /// How many of them are under way.
    pub exchanges: Exchanges,
    /// The page of the community that writes codes.
    pub community: Option<Url>,
}

/// "Log in with Telegram" on the web.
#[derive(Clone)]
pub struct TelegramDoor {
    /// The shop as the provider knows it.
    pub client: Client,
    /// The calls.
    pub provider: Arc<dyn Provider>,
    /// The provider's keys.
    pub keys: Arc<Keys>,
    /// How many of the calls are under way.
    pub exchanges: Exchanges,
}

impl fmt::Debug for TelegramDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TelegramDoor")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// Where the cabinet opens as a Mini App, if it does: the way has to be open, and Telegram takes https only.
pub fn app_url(public_url: &Url, ways: &[Way]) -> Option<String> {
    let is_open = ways.contains(&Way::App) && public_url.scheme() == "https";
    is_open.then(|| format!("{}/app", public_url.as_str().trim_end_matches('/')))
}

impl Doors {
    /// Whether a way in is open: that somebody would carry its codes belongs to it.
    pub fn allows(&self, way: Way) -> bool {
        let is_carried = match way {
            Way::Phone => self.carries(Purpose::Login, Channel::Phone),
            Way::Email => self.carries(Purpose::Login, Channel::Email),
            Way::Link | Way::Telegram | Way::App | Way::Password => true,
        };
        is_carried && self.ways.contains(&way)
    }

    /// Whether the shop has anybody who carries a code for this purpose.
    pub fn carries(&self, purpose: Purpose, channel: Channel) -> bool {
        match channel {
            Channel::Phone => self.messengers.iter().any(|it| purpose.is_served_by(*it)),
            Channel::Email => self.sends_mails,
        }
    }

    /// The origin of the pages, as browsers name it.
    pub(super) fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }
}
