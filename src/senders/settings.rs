//! What an operator sets for senders: plain values, read and checked by the settings before a sender is built.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::shop::texts::Language;

/// All accounts that carry mails and codes.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Accounts that send mails, in the order of their names.
    pub mail: Vec<MailAccount>,
    /// What each step of handing a mail over may take.
    pub mail_timeout: Duration,
    /// Accounts that carry codes to phones, in the order of their names.
    pub phone: Vec<PhoneAccount>,
    /// What one call of a phone sender may take.
    pub phone_timeout: Duration,
    /// Whether this is a machine for development: only there codes may be written to the log.
    pub development: bool,
}

/// An account on a mail server.
#[derive(Clone, Debug)]
pub struct MailAccount {
    /// Its name among the accounts.
    pub name: String,
    /// Whose server it is.
    pub preset: Preset,
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// The login; `None` for a server that asks for none.
    pub user: Option<String>,
    /// The password of an app, as a rule.
    pub password: Option<SecretString>,
    /// The address that mails come from.
    pub from: String,
    /// Mails allowed in a day; `None` is without a limit.
    pub most_a_day: Option<i64>,
    /// The certificates that are trusted instead of the public ones, in PEM.
    pub ca_file: Option<PathBuf>,
}

/// Whose mail server it is: what is known of it beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Yandex, also for one's own domain.
    Yandex,
    /// Gmail and Google Workspace.
    Google,
    /// Mail.ru, also for one's own domain.
    MailRu,
    /// Any other server.
    Smtp,
}

impl Preset {
    /// The word in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Preset::Yandex => "yandex",
            Preset::Google => "google",
            Preset::MailRu => "mailru",
            Preset::Smtp => "smtp",
        }
    }

    /// The server, if it is known.
    pub fn host(self) -> Option<&'static str> {
        match self {
            Preset::Yandex => Some("smtp.yandex.ru"),
            Preset::Google => Some("smtp.gmail.com"),
            Preset::MailRu => Some("smtp.mail.ru"),
            Preset::Smtp => None,
        }
    }

    /// Mails that a mailbox may send in a day. UNVERIFIED numbers, on the safe side: none of the three publishes a firm
    /// one for mails by SMTP.
    pub fn most_a_day(self) -> Option<i64> {
        match self {
            Preset::Yandex | Preset::Google => Some(450),
            Preset::MailRu => Some(200),
            Preset::Smtp => None,
        }
    }
}

/// How the connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// From its first byte.
    Implicit,
    /// By STARTTLS, without which nothing is sent.
    Starttls,
    /// Not at all: on this machine only.
    None,
}

impl Encryption {
    /// The port that is usual for it.
    pub fn port(self) -> u16 {
        match self {
            Encryption::Implicit => 465,
            Encryption::Starttls => 587,
            Encryption::None => 25,
        }
    }
}

/// Whether a host is this machine.
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// An account that carries codes to phones.
#[derive(Clone, Debug)]
pub struct PhoneAccount {
    /// Its name among the accounts.
    pub name: String,
    /// By what, and with which secrets.
    pub channel: Channel,
    /// Sends allowed in a day; `None` is without a limit.
    pub most_a_day: Option<i64>,
    /// The beginnings of numbers for which it is not asked, such as `+79`.
    pub skip: Vec<String>,
}

/// By what codes go.
#[derive(Clone, Debug)]
pub enum Channel {
    /// Telegram's own chat for codes.
    Gateway(GatewaySettings),
    /// WhatsApp's Cloud API.
    Whatsapp(WhatsappSettings),
    /// Messages of a VK community.
    Vk(VkSettings),
    /// The log.
    Log,
}

impl Channel {
    /// The word in the settings and in the names of accounts.
    pub fn as_str(&self) -> &'static str {
        match self {
            Channel::Gateway(_) => "gateway",
            Channel::Whatsapp(_) => "whatsapp",
            Channel::Vk(_) => "vk",
            Channel::Log => "log",
        }
    }
}

/// An account of the Telegram Gateway.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// Where its API is.
    pub api_url: Url,
    /// The API token. It also signs the delivery reports.
    pub token: SecretString,
    /// A verified channel of the account's owner, in whose name codes come.
    pub username: Option<String>,
}

/// A number on WhatsApp.
#[derive(Clone, Debug)]
pub struct WhatsappSettings {
    /// Where the Graph API is.
    pub api_url: Url,
    /// Its version, such as `v23.0`.
    pub version: String,
    /// The token of a system user.
    pub token: SecretString,
    /// The id of the number that sends.
    pub number_id: String,
    /// The name of the approved template.
    pub template: String,
    /// The languages in which it is approved, as Meta writes them: `ru`, `en_US`. The first is for everybody else.
    pub languages: Vec<String>,
    /// What signs the webhook's calls.
    pub app_secret: Option<SecretString>,
    /// What Meta repeats when the webhook is set up.
    pub verify_token: Option<SecretString>,
}

impl WhatsappSettings {
    /// The template's language for a reader.
    pub fn language(&self, reader: Language) -> &str {
        let fits = |code: &&String| code.split(['_', '-']).next() == Some(reader.code());
        let found = self.languages.iter().find(fits);
        found
            .or(self.languages.first())
            .map_or(reader.code(), String::as_str)
    }
}

/// A community on VK.
#[derive(Clone, Debug)]
pub struct VkSettings {
    /// Where VK's API is.
    pub api_url: Url,
    /// The community's token with the right to messages.
    pub token: SecretString,
}

/// An application of VK ID, by which a person can share a confirmed number.
#[derive(Clone, Debug)]
pub struct VkIdSettings {
    /// Where VK ID is.
    pub url: Url,
    /// The application.
    pub client_id: String,
    /// The page of the community that writes codes: where customers let it write to them.
    pub community: Option<Url>,
}
