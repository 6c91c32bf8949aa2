//! Typed settings: `config/default.toml` (compiled in) < `kiosk.toml` < environment. They are checked once, at the
//! start, and everything that is wrong with them is told at once: the key, where it came from, what was found and what
//! is expected. Secrets are never repeated.

mod cabinet;
mod checkout;
mod contacts;
mod downloads;
mod reader;
mod sources;
mod together;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use self::cabinet::Cabinet;
pub use self::checkout::{Checkout, Contact};
pub use self::contacts::Confirm;
pub use self::downloads::Downloads;
use self::reader::{Noted, Reader};
use crate::senders::settings::{Settings, VkIdSettings};
use crate::shop::downloads::folder::Folder;
use crate::shop::money::Currency;
use crate::shop::texts::Texts;
use crate::shop::vault::{MasterKey, VaultError};
use crate::store::Location;

/// The file that is read from the working folder unless another is named.
pub const FILE: &str = "kiosk.toml";

/// All settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The bot.
    pub telegram: Telegram,
    /// Who may do what.
    pub staff: Staff,
    /// Where the shop is kept.
    pub database: Database,
    /// The sidecar.
    pub web: Web,
    /// Keys to keys.
    pub secrets: Secrets,
    /// What customers see of the seller.
    pub shop: Shop,
    /// How orders are paid.
    pub checkout: Checkout,
    /// Who carries mails and codes.
    pub senders: Settings,
    /// How typed numbers are read.
    pub confirm: Confirm,
    /// Logins by VK ID, if the shop has an application there.
    pub vk_id: Option<VkIdSettings>,
    /// The customer's own pages.
    pub cabinet: Cabinet,
    /// Files that products deliver.
    pub downloads: Downloads,
    /// Logging.
    pub log: Log,
}

/// The bot.
#[derive(Clone, Debug)]
pub struct Telegram {
    /// From BotFather. Needed to run.
    pub token: Option<SecretString>,
    /// The Bot API server.
    pub api_url: Url,
    /// How updates come in.
    pub mode: Mode,
    /// What a webhook call must carry.
    pub webhook_secret: Option<SecretString>,
    /// For card payments.
    pub provider_token: Option<SecretString>,
}

/// How updates come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// We ask for them.
    Polling,
    /// Telegram pushes them.
    Webhook,
}

/// Who may do what.
#[derive(Clone, Debug)]
pub struct Staff {
    /// Telegram ids of the owners.
    pub owners: Vec<i64>,
}

/// Where the shop is kept.
#[derive(Clone, Debug)]
pub struct Database {
    /// The database.
    pub url: Location,
    /// The size of PostgreSQL's pool.
    pub connections: u32,
}

/// The sidecar.
#[derive(Clone, Debug)]
pub struct Web {
    /// Where pages for customers are served.
    pub listen: SocketAddr,
    /// The address under which customers reach them.
    pub public_url: Option<Url>,
    /// The header in which the shop's own proxy names the visitor's address.
    pub address_header: Option<String>,
    /// Where health and metrics are served.
    pub ops_listen: SocketAddr,
}

/// Keys to keys.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// 32 bytes of base64. See [`Config::master_key`].
    pub master_key: Option<SecretString>,
}

/// What customers see of the seller.
#[derive(Clone, Debug)]
pub struct Shop {
    /// Its name.
    pub name: String,
    /// The currency of sums for the seller.
    pub currency: Currency,
    /// The first words of the bot; may be empty.
    pub greeting: Texts,
    /// An IANA name, such as `Europe/Moscow`.
    pub timezone: String,
    /// What /support answers; may be empty.
    pub support: Texts,
    /// What /terms answers; may be empty.
    pub terms: Texts,
    /// What /privacy answers; may be empty.
    pub privacy: Texts,
}

/// Logging.
#[derive(Clone, Debug)]
pub struct Log {
    /// What is logged, as `tracing_subscriber` reads it.
    pub filter: String,
    /// How it is written.
    pub format: LogFormat,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one object a line.
    Json,
}

/// Everything that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// One sentence each.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the settings of this process: `file`, or `kiosk.toml` where it is there, and the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        // A variable that is not UTF-8 can't be one of ours.
        let vars = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let (path, must_exist) = match file {
            Some(file) => (file.to_owned(), true),
            None => (PathBuf::from(FILE), false),
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => None,
            Err(error) => {
                let problems = vec![format!("can't read {}: {error}", path.display())];
                return Err(ConfigError { problems });
            }
        };
        let name = path.display().to_string();
        Self::from_sources(text.as_deref().map(|text| (name.as_str(), text)), vars)
    }

    /// Reads settings from a file (its name and its text) and variables: for tests, and for `kiosk demo`.
    pub fn from_sources(
        file: Option<(&str, &str)>,
        vars: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let merged = sources::merge(file, vars)?;
        let mut reader = Reader::new(merged);
        let config = Self::read(&mut reader);
        let problems = reader.finish();
        match config {
            Ok(config) if problems.is_empty() => Ok(config),
            _ => Err(ConfigError { problems }),
        }
    }

    /// All sections, and all fields of a section, are read before the first error counts.
    fn read(from: &mut Reader) -> Result<Self, Noted> {
        let telegram = Telegram::read(from);
        let staff = Staff::read(from);
        let database = Database::read(from);
        let web = Web::read(from);
        let secrets = Secrets::read(from);
        let shop = Shop::read(from);
        let checkout = Checkout::read(from);
        let senders = contacts::senders(from);
        let confirm = contacts::confirm(from);
        let vk_id = contacts::vk_id(from);
        let cabinet = Cabinet::read(from);
        let downloads = Downloads::read(from);
        let log = Log::read(from);
        if let (Ok(telegram), Ok(shop), Ok(checkout)) = (&telegram, &shop, &checkout) {
            together::cards(from, telegram, shop, checkout);
        }
        if let (Ok(telegram), Ok(web)) = (&telegram, &web) {
            together::webhook(from, telegram, web);
        }
        if let (Ok(cabinet), Ok(web)) = (&cabinet, &web) {
            cabinet::together(from, cabinet, web);
        }
        Ok(Self {
            telegram: telegram?,
            staff: staff?,
            database: database?,
            web: web?,
            secrets: secrets?,
            shop: shop?,
            checkout: checkout?,
            senders: senders?,
            confirm: confirm?,
            vk_id: vk_id?,
            cabinet: cabinet?,
            downloads: downloads?,
            log: log?,
        })
    }

    /// The folder for files that products deliver; `None`: a shop on PostgreSQL for which none is set.
    pub fn files(&self) -> Option<Folder> {
        self.downloads.folder(&self.database.url)
    }

    /// The key that wraps the shop's secrets: the one that is set, or the file beside a SQLite database, which is made
    /// when it is not there. PostgreSQL needs one that is set: several processes share it.
    pub fn master_key(&self) -> Result<MasterKey, MasterKeyError> {
        match (&self.secrets.master_key, &self.database.url) {
            (Some(key), _) => Ok(MasterKey::from_base64(key.expose_secret())?),
            (None, Location::Sqlite(path)) => Ok(MasterKey::beside(path)?),
            (None, Location::Postgres(_)) => Err(MasterKeyError::Missing),
        }
    }
}

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// PostgreSQL needs one that is set.
    #[error(
        "secrets.master_key is not set, and a shop on PostgreSQL needs one: make it with `openssl rand -base64 32`, \
         set KIOSK_SECRETS__MASTER_KEY for every process, and keep a copy apart from the database's backups"
    )]
    Missing,
    /// It can't be read or made.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Telegram {
    fn read(from: &mut Reader) -> Result<Self, Noted> {
        let is_token = |text: &str| {
            text.split_once(':').is_some_and(|(id, secret)| {
                id.parse::<u64>().is_ok() && !secret.is_empty() && secret.bytes().all(is_token_byte)
            })
        };
        let is_secret = |text: &str| text.len() <= 256 && text.bytes().all(is_token_byte);
        let token = from.secret(
            "telegram.token",
            "the token from @BotFather, such as 123456:ABC…",
            is_token,
        );
        let api_url = from.url("telegram.api_url");
        let mode = from.choice(
            "telegram.mode",
            &[
                ("polling", Ok(Mode::Polling)),
                ("webhook", Ok(Mode::Webhook)),
            ],
        );
        let webhook_secret = from.secret(
            "telegram.webhook_secret",
            "1 to 256 letters, digits, _ and -",
            is_secret,
        );
        let provider_token = from.secret(
            "telegram.provider_token",
            "the token from @BotFather",
            |text| !text.contains(char::is_whitespace),
        );
        Ok(Self {
            token: token?,
            api_url: from.set("telegram.api_url", api_url?)?,
            mode: mode?,
            webhook_secret: webhook_secret?,
            provider_token: provider_token?,
        })
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

impl Staff {
    fn read(from: &mut Reader) -> Result<Self, Noted> {
        Ok(Self {
            owners: from.ids("staff.owners")?,
        })
    }
}

impl Database {
    fn read(from: &mut Reader) -> Result<Self, Noted> {
        // The address may hold a password: not even the part that is wrong is repeated.
        let url = from.parsed_secret("database.url", str::parse::<Location>);
        let connections = from.whole("database.connections", 1..=1_000);
        Ok(Self {
            url: url?,
            connections: connections? as u32,
        })
    }
}

impl Web {
    fn read(from: &mut Reader) -> Result<Self, Noted> {
        let address = "an address with a port, such as 127.0.0.1:8080";
        let listen = from.parsed("web.listen", address);
        let public_url = from.url("web.public_url");
        let ops_listen = from.parsed("web.ops_listen", address);
        let is_header = |text: &str| {
            text.len() <= 64
                && text
                    .bytes()
                    .all(|it| it.is_ascii_alphanumeric() || it == b'-')
        };
        let address_header = from.text(
            "web.address_header",
            "the name of a header, such as X-Real-IP",
            is_header,
        );
        Ok(Self {
            listen: listen?,
            public_url: public_url?,
            address_header: Some(address_header?.to_ascii_lowercase()).filter(|it| !it.is_empty()),
            ops_listen: ops_listen?,
        })
    }
}

impl Secrets {
    fn read(from: &mut Reader) -> Result<Self, Noted> {
        let expected = "base64 of 32 bytes: make one with `openssl rand -base64 32`";
        let is_key = |text: &str| MasterKey::from_base64(text).is_ok();
        Ok(Self {
            master_key: from.secret("secrets.master_key", expected, is_key)?,
        })
    }
}

impl Shop {
    fn read(from: &mut Reader) -> Result<Self, Noted> {
        let name = from.text("shop.name", "a text of 1 to 64 characters", |text| {
            (1..=64).contains(&text.chars().count()) && !text.contains(char::is_control)
        });
        let currency = from.parsed(
            "shop.currency",
            "an ISO 4217 code in capitals, such as RUB, or XTR",
        );
        let greeting = from.texts("shop.greeting");
        let timezone = from.text(
            "shop.timezone",
            "an IANA name, such as Europe/Moscow or UTC",
            is_zone,
        );
        let support = from.texts("shop.support");
        let terms = from.texts("shop.terms");
        let privacy = from.texts("shop.privacy");
        Ok(Self {
            name: name?,
            currency: currency?,
            greeting: greeting?,
            timezone: timezone?,
            support: support?,
            terms: terms?,
            privacy: privacy?,
        })
    }
}

/// The shape of an IANA name.
fn is_zone(text: &str) -> bool {
    let part = |part: &str| {
        part.bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphabetic())
            && part.bytes().all(|byte| is_token_byte(byte) || byte == b'+')
    };
    text.split('/').all(part)
}

impl Log {
    fn read(from: &mut Reader) -> Result<Self, Noted> {
        let filter = from.text(
            "log.filter",
            "error, warn, info, debug or trace, or by part: \"info,kiosk::store=debug\"",
            |text| !text.is_empty() && tracing_subscriber::EnvFilter::try_new(text).is_ok(),
        );
        let format = from.choice(
            "log.format",
            &[("text", Ok(LogFormat::Text)), ("json", Ok(LogFormat::Json))],
        );
        Ok(Self {
            filter: filter?,
            format: format?,
        })
    }
}

#[cfg(test)]
mod tests;
