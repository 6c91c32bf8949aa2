//! Those who carry mails and codes, each behind the trait that `shop::confirmations` owns. They make one call and tell how
//! it went; who goes next, how often and for how much is the shop's to decide.

mod gateway;
mod http;
mod log;
mod mail;
mod measure;
mod probe;
mod proof;
mod reach;
mod reports;
pub mod settings;
mod vk;
mod vk_id;
mod whatsapp;
mod wording;
pub mod words;

use std::fmt;
use std::sync::Arc;

use secrecy::ExposeSecret;
use url::Url;

use self::reach::Reach;
use self::settings::{Channel, PhoneAccount, Settings, WhatsappSettings};
use crate::clock::Clock;
use crate::shop::confirmations::senders::{MailSender, PhoneSender, Reporter};

pub use self::gateway::Gateway;
pub use self::http::Connections;
pub use self::log::Log;
pub use self::mail::{Account, BadAccount, Trial};
pub use self::probe::{Finding, probe};
pub use self::reports::Reports;
pub use self::vk::Vk;
pub use self::vk_id::VkId;
pub use self::whatsapp::{Hook, Whatsapp};
pub use self::wording::ShopWords;

/// The path below the shop's public address to which providers tell what became of codes; an account's own segment follows.
pub const WEBHOOKS: &str = "/webhooks/phone/";

/// What senders need to know of the shop.
#[derive(Clone, Debug)]
pub struct Around {
    /// Its name: in mails and messages.
    pub shop: String,
    /// Where customers and providers reach it, if they can.
    pub public_url: Option<Url>,
    /// For the date of mails.
    pub clock: Clock,
}

/// Everybody who carries something, in the order of their names.
#[derive(Clone, Default)]
pub struct Senders {
    /// Those who carry codes to phones.
    pub phone: Vec<Arc<dyn PhoneSender>>,
    /// Those who send mails.
    pub mail: Vec<Arc<dyn MailSender>>,
    /// Those who tell a provider's reports from forged ones.
    pub reporters: Vec<Arc<dyn Reporter>>,
}

impl fmt::Debug for Senders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phone: Vec<&str> = self.phone.iter().map(|it| it.account()).collect();
        let mail: Vec<&str> = self.mail.iter().map(|it| it.account()).collect();
        f.debug_struct("Senders")
            .field("phone", &phone)
            .field("mail", &mail)
            .finish_non_exhaustive()
    }
}

/// Why there are no senders. Never holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum BadSenders {
    /// A mail account can't be one.
    #[error("mail.account.{name}: {source}")]
    Mail {
        /// Its name in the settings.
        name: String,
        /// Why.
        source: BadAccount,
    },
    /// Codes would be written to the log of a shop.
    #[error(
        "phone.sender.{name} writes codes to the log, where whoever reads it could take any number for theirs: take it \
         out, or set phone.development to true on a machine for development"
    )]
    Log {
        /// Its name in the settings.
        name: String,
    },
    /// The system gives no HTTP client.
    #[error("can't make an HTTP client: {0}")]
    Http(#[source] reqwest::Error),
}

/// Builds all senders. Nothing is sent as yet.
pub fn build(settings: &Settings, around: &Around) -> Result<Senders, BadSenders> {
    let mut senders = Senders::default();
    for account in mail_accounts(settings, around)? {
        senders.mail.push(Arc::new(account));
    }
    let connections = Connections::new(settings.phone_timeout).map_err(BadSenders::Http)?;
    for account in &settings.phone {
        let reach = Reach::of(account);
        let connections = connections.clone();
        match &account.channel {
            Channel::Gateway(own) => {
                let callback = webhook(around, &reach);
                let gateway = Gateway::new(reach, connections, own.clone(), callback.as_ref());
                let gateway = Arc::new(gateway);
                senders.phone.push(gateway.clone());
                senders.reporters.push(gateway);
            }
            Channel::Whatsapp(own) => {
                if let Some(hook) = Hook::new(&reach, own, numbers(settings, own)) {
                    senders.reporters.push(Arc::new(hook));
                }
                let whatsapp = Whatsapp::new(reach, connections, own.clone());
                senders.phone.push(Arc::new(whatsapp));
            }
            Channel::Vk(own) => {
                let vk = Vk::new(reach, connections, own.clone(), around.shop.clone());
                senders.phone.push(Arc::new(vk));
            }
            Channel::Log if settings.development => {
                senders.phone.push(Arc::new(Log::new(reach)));
            }
            Channel::Log => {
                let name = account.name.clone();
                return Err(BadSenders::Log { name });
            }
        }
    }
    Ok(senders)
}

fn mail_accounts(settings: &Settings, around: &Around) -> Result<Vec<Account>, BadSenders> {
    let accounts = settings.mail.iter().map(|account| {
        let timeout = settings.mail_timeout;
        Account::new(account, &around.shop, timeout, around.clock.clone()).map_err(|source| {
            BadSenders::Mail {
                name: account.name.clone(),
                source,
            }
        })
    });
    accounts.collect()
}

/// Where an account's provider sends its reports.
fn webhook(around: &Around, reach: &Reach) -> Option<Url> {
    let base = around.public_url.as_ref()?.as_str().trim_end_matches('/');
    Url::parse(&format!("{base}{WEBHOOKS}{}", reach.path())).ok()
}

/// All numbers of an application at Meta: its webhook tells of each, whichever account has it.
fn numbers(settings: &Settings, of: &WhatsappSettings) -> Vec<(String, String)> {
    let secret = |own: &WhatsappSettings| {
        let secret = own.app_secret.as_ref();
        secret.map(|secret| secret.expose_secret().to_owned())
    };
    let number = |account: &PhoneAccount| match &account.channel {
        Channel::Whatsapp(own) if secret(own) == secret(of) => {
            let account = Reach::of(account).account().to_owned();
            Some((own.number_id.clone(), account))
        }
        Channel::Whatsapp(_) | Channel::Gateway(_) | Channel::Vk(_) | Channel::Log => None,
    };
    settings.phone.iter().filter_map(number).collect()
}
