//! Composition and supervision: builds the rooms, starts them, and stops them in order.

mod doors;
mod housekeeping;
mod introduction;
pub mod login;
mod news;
mod owed;
mod updates;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::Url;

use self::doors::{Post, Router};
use self::introduction::Introduction;
use crate::bot::face::{Face, Shopfront, Username};
use crate::bot::intake::Intake;
use crate::bot::listener::Listener;
use crate::bus::{Bus, Outbox};
use crate::clock::Clock;
use crate::pay::stars::{Movements, Reconciler, Stars};
use crate::senders::settings::VkIdSettings;
use crate::senders::{Senders, ShopWords};
use crate::shop::access::Way;
use crate::shop::access::identity::oidc::OidcError;
use crate::shop::confirmations::senders::Messenger;
use crate::shop::customers::Region;
use crate::shop::downloads::folder::Folder;
use crate::shop::staff;
use crate::shop::vault::{MasterKey, Vault, VaultError};
use crate::store::migrate::{self, MigrateError};
use crate::store::{InstanceLock, Location, LockError, Store, StoreError, random_bytes};
use crate::telegram::{BadClient, Client};
use crate::web::doors::app_url;
use crate::web::ops::{self, Ops};
use crate::web::site::{self, Site};

/// Everything that a shop needs to run.
#[derive(Debug)]
pub struct Settings {
    /// Where its database is.
    pub database: Location,
    /// The size of PostgreSQL's pool.
    pub connections: u32,
    /// What opens its secrets.
    pub master_key: MasterKey,
    /// The Bot API.
    pub api_url: String,
    /// The bot's token.
    pub token: SecretString,
    /// With it Telegram pushes updates to the pages' public address, and proves itself by it; `None` asks for updates.
    pub webhook_secret: Option<SecretString>,
    /// What the shop says of itself, and how it sells.
    pub shopfront: Shopfront,
    /// The folder for files that products deliver; `None`: there is none, and no such file.
    pub files: Option<Folder>,
    /// Who carries mails and codes.
    pub senders: Senders,
    /// Telegram ids that are owners, whatever else the database says.
    pub owners: Vec<i64>,
    /// Where pages for customers are served; `None` serves them nowhere.
    pub web: Option<WebSettings>,
    /// Where health and metrics are served; `None` serves them nowhere.
    pub ops_listen: Option<SocketAddr>,
    /// Whether Telegram forgets between runs, as an emulator does.
    pub telegram_restarts: bool,
    /// The time.
    pub clock: Clock,
}

/// Pages for customers.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// Where they are served.
    pub listen: SocketAddr,
    /// Whether customers reach them there, as in a demo, and not only by an address that the settings name.
    pub is_public: bool,
    /// The header in which the shop's own proxy names the visitor's address, if there is such a proxy.
    pub address_header: Option<String>,
    /// Who may open the cabinet, and how.
    pub cabinet: CabinetSettings,
    /// The address inside the shop's own proxy under which that one hands files out; `None`: the shop does it.
    pub accel_prefix: Option<String>,
}

/// The ways into the cabinet.
#[derive(Clone, Debug, Default)]
pub struct CabinetSettings {
    /// Those that are open; none closes the cabinet.
    pub ways: Vec<Way>,
    /// Where numbers may be typed without their country code.
    pub region: Option<Region>,
    /// "Log in with Telegram": the client's id and its secret at this provider.
    pub telegram: Option<(String, SecretString, Url)>,
    /// VK ID, by which customers link their account there.
    pub vk: Option<VkIdSettings>,
}

/// Why a shop does not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another shop runs on the same file.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The database can't be brought to this version.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database can't be opened or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The secrets can't be opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The token or the address of the Bot API is unusable.
    #[error(transparent)]
    Telegram(#[from] BadClient),
    /// "Log in with Telegram" can't be set up.
    #[error("cabinet.login has telegram, and it can't be set up: {0}")]
    TelegramLogin(#[from] OidcError),
    /// VK ID can't be set up.
    #[error("vk_id.client_id is set, and VK ID can't be set up: can't make an HTTP client: {0}")]
    VkId(#[source] reqwest::Error),
    /// Telegram shall push updates, and there is no address for it.
    #[error(
        "web.public_url is not set, and telegram.mode is webhook: set it to the https address under which Telegram reaches \
         this shop"
    )]
    NoAddress,
    /// An address that it should listen on is taken.
    #[error("{key} {address}: {source}: choose another port, or stop who uses it")]
    Listen {
        /// The setting.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
}

/// A running shop.
pub struct App {
    store: Store,
    bus: Bus,
    outbox: Outbox,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    web: Option<SocketAddr>,
    ops: Option<SocketAddr>,
    owner_link: watch::Receiver<Option<String>>,
    _lock: Option<InstanceLock>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("ops", &self.ops)
            .finish_non_exhaustive()
    }
}

/// Opens the database that the settings name: takes its lock, migrates it and unlocks its secrets.
pub async fn open(
    database: &Location,
    connections: u32,
    master_key: &MasterKey,
    clock: Clock,
) -> Result<(Store, Vault, Option<InstanceLock>), StartError> {
    let lock = match database {
        Location::Sqlite(path) => Some(InstanceLock::take(path)?),
        Location::Postgres(_) => None,
    };
    migrate::run(database).await?;
    let store = Store::open(database, connections, clock).await?;
    let vault = Vault::open(&store, master_key).await?;
    Ok((store, vault, lock))
}

impl App {
    /// Starts a shop. It is ready when this returns; Telegram may take longer to answer.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let Settings {
            database,
            connections,
            master_key,
            clock,
            ..
        } = &settings;
        let (store, vault, lock) = open(database, *connections, master_key, clock.clone()).await?;
        let owners = settings.owners.clone();
        store
            .write("app.owners", move |tx| {
                let owners = owners.clone();
                Box::pin(async move { staff::sync_owners(tx, &owners).await })
            })
            .await?;
        let site = match &settings.web {
            Some(web) => Some((bind("web.listen", web.listen).await?, web.is_public)),
            None => None,
        };
        let mut shopfront = settings.shopfront.clone();
        if let Some(((_, address), true)) = &site {
            shopfront.public_url = Some(format!("http://{address}"));
        }
        shopfront.rules.has_pages = shopfront.public_url.is_some();
        let senders = settings.senders.clone();
        let messengers = Messenger::of(&senders.phone);
        let proving = messengers.iter().copied();
        shopfront.messengers = proving.filter(|it| it.proves_numbers()).collect();
        let web = settings.web.as_ref();
        shopfront.links_vk = web.is_some_and(|web| web.cabinet.vk.is_some());
        let sends_mails = !senders.mail.is_empty();
        shopfront.sends_mails = sends_mails;
        let reporters = senders.reporters.clone();
        let public_url = shopfront.public_url.clone();
        let pages_url = public_url.clone();
        let words = ShopWords {
            shop: shopfront.name.clone(),
            zone: shopfront.zone.clone(),
            public_url: public_url.clone(),
        };
        let client = Client::new(&settings.api_url, settings.token.clone())?;
        let username = Username::default();
        let face = Face::new(
            client.clone(),
            store.clone(),
            vault.clone(),
            Arc::new(shopfront),
            username.clone(),
        );
        let owner = owner()?;
        let router = Router {
            face: face.clone(),
            movements: Movements::new(vault.clone()),
        };
        let bus = Bus::start(&store, &owner, Arc::new(router));
        let post = Post {
            face: face.clone(),
            stars: Stars::new(client.clone()),
            store: store.clone(),
            vault: vault.clone(),
            senders,
            words,
        };
        // The proof that this process lives comes before everything that it may hold.
        bus.recover().await?;
        let outbox = Outbox::start(&store, &owner, Arc::new(post)).await?;

        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(owed::redraw(
            store.clone(),
            bus.clone(),
            face,
            stopped.clone(),
        ));
        let doors = match &settings.web {
            Some(web) => login::doors(
                &web.cabinet,
                pages_url.as_deref(),
                &settings.token,
                messengers,
                sends_mails,
            )?,
            None => None,
        };
        let (link, owner_link) = watch::channel(None);
        let introduction = Introduction {
            client: client.clone(),
            store: store.clone(),
            username,
            app_url: doors
                .as_ref()
                .and_then(|doors| app_url(&doors.public_url, &doors.ways)),
            link,
        };
        tasks.spawn(introduction.run(stopped.clone()));
        let intake =
            Intake::new(store.clone(), bus.clone(), client.bot_id()).sealing(vault.clone());
        let webhook = if let Some(secret) = settings.webhook_secret {
            let address = public_url.filter(|_| site.is_some());
            let pushing = updates::Pushing {
                client: client.clone(),
                secret,
                address: address.ok_or(StartError::NoAddress)?,
                intake,
            };
            Some(pushing.start(&store, &mut tasks, &stopped))
        } else {
            tasks.spawn(Listener::new(client.clone(), intake).run(stopped.clone()));
            None
        };
        let restarts = settings.telegram_restarts;
        let reconciler = Reconciler::new(client, store.clone(), bus.clone(), restarts);
        tasks.spawn(reconciler.run(stopped.clone()));
        tasks.spawn(housekeeping::sweep(
            store.clone(),
            bus.clone(),
            stopped.clone(),
        ));
        tasks.spawn(news::tell_staff(
            store.clone(),
            bus.clone(),
            stopped.clone(),
        ));
        tasks.spawn(keep_time(store.clone(), stopped.clone()));
        let (address_header, accel_prefix) = settings
            .web
            .map(|web| (web.address_header, web.accel_prefix))
            .unwrap_or_default();
        let web = site.map(|((listener, bound), _)| {
            let site = Site {
                store: store.clone(),
                vault,
                name: settings.shopfront.name.clone(),
                zone: settings.shopfront.zone.clone(),
                doors,
                files: settings.files,
                accel_prefix,
                address_header,
                reporters,
            };
            let stopped = stopped.clone();
            tasks.spawn(async move {
                let (webhook, _serving) = webhook.unzip();
                site::serve(listener, site, webhook, stopped).await;
            });
            bound
        });
        let ops = match settings.ops_listen {
            Some(address) => {
                let (listener, bound) = bind("web.ops_listen", address).await?;
                let ops = Ops::new(store.clone(), bus.clone());
                tasks.spawn(ops::serve(listener, ops, stopped));
                Some(bound)
            }
            None => None,
        };
        Ok(Self {
            store,
            bus,
            outbox,
            web,
            stop,
            tasks,
            ops,
            owner_link,
            _lock: lock,
        })
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where pages for customers are served.
    pub fn web(&self) -> Option<SocketAddr> {
        self.web
    }

    /// Where health and metrics are served.
    pub fn ops(&self) -> Option<SocketAddr> {
        self.ops
    }

    /// The owner's one-time link, as soon as there is one: only while the shop has no owner. A new start makes a new one.
    pub fn owner_link(&self) -> watch::Receiver<Option<String>> {
        self.owner_link.clone()
    }

    /// Stops within `patience`: takes nothing new, finishes what is at work, leaves nothing leased.
    pub async fn stop(mut self, patience: Duration) -> Result<(), StoreError> {
        let deadline = Instant::now() + patience;
        self.stop.send_replace(true);
        let quiet = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout_at(deadline, quiet).await.is_err() {
            tracing::warn!("stopping with calls to Telegram under way");
        }
        let left = || deadline.saturating_duration_since(Instant::now());
        let bus = self.bus.drain(left()).await;
        let outbox = self.outbox.drain(left()).await;
        self.store.close().await;
        bus.and(outbox)
    }
}

async fn bind(
    key: &'static str,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen {
        key,
        address,
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// The name of this process among those that share a database.
fn owner() -> Result<String, StoreError> {
    let bytes: [u8; 8] = random_bytes()?;
    Ok(format!("{:016x}", u64::from_be_bytes(bytes)))
}

/// Measures the distance to the database's clock each minute.
async fn keep_time(store: Store, mut stop: watch::Receiver<bool>) {
    if !store.is_shared() {
        return;
    }
    loop {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_mins(1)) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        if let Err(error) = store.measure_skew().await {
            tracing::warn!(%error, "the database's clock can't be read");
        }
    }
}
