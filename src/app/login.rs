//! The ways into the cabinet, and "Log in with Telegram": the calls of `telegram` for the trait of the shop.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::SecretString;
use url::Url;

use super::{CabinetSettings, StartError};
use crate::senders::settings::VkIdSettings;
use crate::senders::{Connections, VkId};
use crate::shop::access::identity::app;
use crate::shop::access::identity::keys::Keys;
use crate::shop::access::identity::oidc::{Client, Grant, OidcError, Provider};
use crate::shop::access::passwords::hasher::Hasher;
use crate::shop::confirmations::senders::Messenger;
use crate::telegram::oidc::{Oidc, OidcCallError};
use crate::web::doors::{Doors, TelegramDoor, VkDoor};
use crate::web::exchange::Exchanges;

/// Where Telegram sends browsers back to, under the public address.
const BACK: &str = "/login/telegram";
/// Where VK ID does.
pub const VK_BACK: &str = "/cabinet/vk/back";
/// What one call of VK ID may take: somebody waits before an empty page.
const PATIENCE: Duration = Duration::from_secs(10);

/// The doors of the cabinet that the settings open; without an address for customers there are none. Codes come to phones
/// by `messengers`, and mails are sent or not.
pub(super) fn doors(
    settings: &CabinetSettings,
    public_url: Option<&str>,
    bot_token: &SecretString,
    messengers: Vec<Messenger>,
    sends_mails: bool,
) -> Result<Option<Arc<Doors>>, StartError> {
    let public_url = public_url.and_then(|url| Url::parse(url).ok());
    let Some(public_url) = public_url.filter(|_| !settings.ways.is_empty()) else {
        return Ok(None);
    };
    let telegram = match &settings.telegram {
        Some((id, secret, issuer)) => {
            let mut redirect = public_url.clone();
            redirect.set_path(BACK);
            let client = Client {
                id: id.clone(),
                issuer: issuer.clone(),
                redirect,
            };
            let provider = TelegramLogin::new(&client, secret.clone())?;
            Some(TelegramDoor {
                client,
                provider: Arc::new(provider),
                keys: Arc::new(Keys::default()),
                exchanges: Exchanges::default(),
            })
        }
        None => None,
    };
    let vk = match &settings.vk {
        Some(vk) => Some(vk_door(vk, &public_url)?),
        None => None,
    };
    Ok(Some(Arc::new(Doors {
        ways: settings.ways.clone(),
        public_url,
        region: settings.region,
        hasher: Hasher::new(),
        bot_token: bot_token.clone(),
        app_key: app::TELEGRAM,
        telegram,
        vk,
        messengers,
        sends_mails,
    })))
}

/// VK ID, which sends browsers back to the page that began.
fn vk_door(settings: &VkIdSettings, public_url: &Url) -> Result<VkDoor, StartError> {
    let mut redirect = public_url.clone();
    redirect.set_path(VK_BACK);
    let connections = Connections::new(PATIENCE).map_err(StartError::VkId)?;
    Ok(VkDoor {
        login: Arc::new(VkId::new(connections, settings.clone(), redirect)),
        community: settings.community.clone(),
        exchanges: Exchanges::default(),
    })
}

/// Telegram's OpenID provider.
#[derive(Clone, Debug)]
pub struct TelegramLogin(Oidc);

impl TelegramLogin {
    /// The provider of `client`, who proves itself by `secret`. Nothing is sent as yet.
    pub fn new(client: &Client, secret: SecretString) -> Result<Self, OidcError> {
        let (token, keys) = (client.at("/token"), client.at("/.well-known/jwks.json"));
        let oidc = Oidc::new(token, keys, client.id.clone(), secret).map_err(why)?;
        Ok(Self(oidc))
    }
}

impl Provider for TelegramLogin {
    fn exchange<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<String, OidcError>> {
        let Grant {
            code,
            verifier,
            redirect,
        } = grant;
        async move { self.0.exchange(code, verifier, redirect).await.map_err(why) }.boxed()
    }

    fn keys(&self) -> BoxFuture<'_, Result<String, OidcError>> {
        async { self.0.keys().await.map_err(why) }.boxed()
    }
}

fn why(error: OidcCallError) -> OidcError {
    match error {
        OidcCallError::Code(_) => OidcError::Refused,
        OidcCallError::Client => OidcError::Unknown,
        OidcCallError::Unreachable(why) => OidcError::Unreachable(why),
        OidcCallError::Answer => OidcError::Answer("it is too long, or not what it should be"),
    }
}
