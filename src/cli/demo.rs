//! `kiosk demo`: a stocked shop with a Telegram of its own, in one program. Nothing leaves this machine.

mod notes;
mod post;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kiosk_emulator::{CustomerSpec, OnAdvance, Options, PageOptions};
use tokio::sync::watch;

use super::run::{cabinet, shopfront, stopped};
use super::{Failure, Outcome};
use crate::app::{self, App, CabinetSettings, Settings, WebSettings};
use crate::bot::vital;
use crate::bus::inbox;
use crate::clock::Clock;
use crate::config::Config;
use crate::shop::access::Way;
use crate::shop::catalogue::Kind;
use crate::shop::catalogue::file::{self, CatalogueFile, Format, Photos, Problem, Unreadable};
use crate::shop::catalogue::import as catalogue;
use crate::shop::downloads::folder::Folder as Files;
use crate::shop::downloads::import as files;
use crate::shop::keys::import as keys;
use crate::shop::vault::MasterKey;
use crate::store::{Location, random_bytes};

const BOT: i64 = 7_000_000_001;
const TOKEN: &str = "7000000001:demo-of-a-shop-on-an-emulated-telegram";
const CATALOGUE: &str = include_str!("../../config/demo-catalogue.toml");
/// The pictures that it mentions. `config/demo/make.py` has drawn them.
const PHOTOS: [(&str, &[u8]); 10] = [
    (
        "demo/zeta.png",
        include_bytes!("../../config/demo/zeta.png"),
    ),
    (
        "demo/orbit.png",
        include_bytes!("../../config/demo/orbit.png"),
    ),
    (
        "demo/dragon.png",
        include_bytes!("../../config/demo/dragon.png"),
    ),
    (
        "demo/pixel.png",
        include_bytes!("../../config/demo/pixel.png"),
    ),
    (
        "demo/inkwell.png",
        include_bytes!("../../config/demo/inkwell.png"),
    ),
    (
        "demo/tabula.png",
        include_bytes!("../../config/demo/tabula.png"),
    ),
    (
        "demo/lumen.png",
        include_bytes!("../../config/demo/lumen.png"),
    ),
    (
        "demo/cadence.png",
        include_bytes!("../../config/demo/cadence.png"),
    ),
    (
        "demo/gift.png",
        include_bytes!("../../config/demo/gift.png"),
    ),
    (
        "demo/stickers.png",
        include_bytes!("../../config/demo/stickers.png"),
    ),
];
/// The product that is a file, the file's name, and what is in it.
const FILE: (&str, &str, &[u8]) = (
    "inkwell-handbook",
    "inkwell-handbook.md",
    include_bytes!("../../config/demo/inkwell-handbook.md"),
);
/// So many keys are made for each product of a new demo.
const KEYS: usize = 50;
/// The last one of its kind, for two who want it.
const LAST_ONE: &str = "pixel-1000";
/// There is none.
const SOLD_OUT: &str = "cadence-month";
/// Id, first name and language of those who are there from the start.
const CUSTOMERS: [(i64, &str, &str); 2] = [(1_001, "Emma", "en"), (1_002, "Иван", "ru")];
/// The ways into the cabinet that work without any Telegram but the demo's own.
const WAYS: [Way; 4] = [Way::Link, Way::Password, Way::Phone, Way::Email];
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Keep the shop in this folder; without it the demo leaves nothing behind
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Where the chat page is served
    #[arg(long, default_value = "127.0.0.1:8100")]
    listen: SocketAddr,
}

/// A folder of the demo's own that goes away with it.
struct Folder {
    path: PathBuf,
    temporary: bool,
}

impl Folder {
    fn new(given: Option<&Path>) -> Result<Self, Failure> {
        let temporary = given.is_none();
        let path = if let Some(path) = given {
            path.to_owned()
        } else {
            let name = u64::from_be_bytes(random_bytes()?);
            std::env::temp_dir().join(format!("kiosk-demo-{name:016x}"))
        };
        std::fs::create_dir_all(&path)
            .map_err(|error| format!("can't make the folder {}: {error}", path.display()))?;
        Ok(Self { path, temporary })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, folder = %self.path.display(), "the demo's folder stays");
        }
    }
}

pub(super) async fn run(args: &Args, config: &Config) -> Result<Outcome, Failure> {
    let folder = Folder::new(args.dir.as_deref())?;
    let database = Location::Sqlite(folder.path.join("kiosk.db"));
    let master_key = MasterKey::beside(&folder.path.join("kiosk.db"))?;
    let files = Files::new(folder.path.join("files"));
    let last_update = fill(&database, &master_key, &files).await?;

    let clock = Clock::system();
    let options = Options {
        listen: args.listen,
        bot_name: config.shop.name.clone(),
        token: Some(TOKEN.to_owned()),
        ids_above: last_update,
        page: page(&clock),
        ..Options::default()
    };
    let emulator = kiosk_emulator::start(options).await.map_err(|error| {
        format!("{error}: something else uses the address, choose another with --listen")
    })?;
    let settings = Settings {
        database,
        connections: config.database.connections,
        master_key,
        api_url: emulator.url(),
        token: TOKEN.into(),
        webhook_secret: None,
        shopfront: shopfront(config)?,
        files: Some(files),
        senders: post::senders(&emulator.control(), &config.shop.name),
        owners: config.staff.owners.clone(),
        web: Some(WebSettings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            is_public: true,
            address_header: None,
            cabinet: CabinetSettings {
                ways: WAYS.to_vec(),
                ..cabinet(config)
            },
            accel_prefix: None,
        }),
        ops_listen: None,
        telegram_restarts: true,
        clock,
    };
    let stop = stopped()?;
    let app = App::start(settings).await?;
    print(&emulator.chat_url());
    tokio::select! {
        () = stop => {}
        () = tell_owner(app.owner_link()) => {}
    }
    app.stop(PATIENCE).await?;
    emulator.stop().await;
    drop(folder);
    Ok(Outcome::complete("the demo is over".to_owned()))
}

/// Who is on the chat page, what they may try, and how the time passes. Customers keep their ids: a demo that was kept knows them again.
fn page(clock: &Clock) -> PageOptions {
    let customer = |(id, name, language): (i64, &str, &str)| CustomerSpec {
        id: Some(id),
        ..CustomerSpec::named(name).speaking(language)
    };
    let clock = clock.clone();
    PageOptions {
        customers: CUSTOMERS.map(customer).into(),
        notes: notes::all(),
        on_advance: Some(OnAdvance::new(move |by| clock.advance(by))),
    }
}

/// Imports the demo's products and its file, and keys where a product has none yet. Answers the last update that a kept shop has.
async fn fill(
    database: &Location,
    master_key: &MasterKey,
    folder: &Files,
) -> Result<Option<i64>, Failure> {
    let (store, vault, lock) = app::open(database, 1, master_key, Clock::system()).await?;
    let (products, photos) =
        stock().map_err(|problems| format!("the demo's catalogue is broken: {problems:?}"))?;
    let keyed = products.products.iter();
    let keyed = keyed.filter(|product| product.kind == Kind::Stock);
    let keyed: Vec<String> = keyed.map(|product| product.slug.clone()).collect();
    let report = catalogue::import(&store, products, photos).await?;
    let (slug, name, bytes) = FILE;
    files::import(&store, folder, slug, name, bytes, |_| {}).await?;
    let added = report.products.added.iter();
    for slug in added.filter(|slug| keyed.contains(slug)) {
        let count = match slug.as_str() {
            LAST_ONE => 1,
            SOLD_OUT => 0,
            _ => KEYS,
        };
        let mut lines = String::new();
        for _ in 0..count {
            let chance = random_bytes::<8>()?;
            let [a, b, c, d] =
                std::array::from_fn(|at| u16::from_be_bytes([chance[2 * at], chance[2 * at + 1]]));
            let name = slug.to_uppercase();
            lines += &format!("{name}-{a:04X}-{b:04X}-{c:04X}-{d:04X}\n");
        }
        keys::import(&store, &vault, slug, std::io::Cursor::new(lines), |_| {}).await?;
    }
    let newest = store
        .read("cli.demo.newest_update", |tx| {
            Box::pin(async { inbox::newest_of(tx, &vital::source(BOT)).await })
        })
        .await?;
    store.close().await;
    drop(lock);
    Ok(newest.and_then(|id| id.parse().ok()))
}

/// The demo's catalogue with its pictures.
fn stock() -> Result<(CatalogueFile, Photos), Vec<Problem>> {
    let file = file::parse(CATALOGUE.as_bytes(), Format::Toml)?;
    let photos = Photos::read(&file, |name| {
        let mut all = PHOTOS.iter();
        let found = all.find(|(path, _)| *path == name);
        found.map_or(Err(Unreadable::Missing), |(_, bytes)| Ok(bytes.to_vec()))
    })?;
    Ok((file, photos))
}

/// Says how to see the seller's side; never returns.
async fn tell_owner(mut link: watch::Receiver<Option<String>>) {
    use std::io::Write;
    if let Ok(link) = link.wait_for(Option::is_some).await
        && let Some((_, start)) = link.as_deref().and_then(|link| link.split_once("?start="))
    {
        // Nobody listens any more: the demo goes on.
        let _ = writeln!(
            std::io::stdout(),
            "  To see the seller's side, send this to the bot as one of your people, once:\n\n    /start {start}\n"
        );
    }
    std::future::pending::<()>().await;
}

fn print(address: &str) {
    use std::io::Write;
    // Nobody listens any more: the demo goes on.
    let _ = writeln!(
        std::io::stdout(),
        "\n  The shop is open. Chat with its bot here:\n\n    {address}\n\n  \
         Press Start, buy something with Stars, and watch the key arrive. Then try to trick it: the lamp on the page\n  \
         has a list of what to try. Ctrl-C ends the demo.\n"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::downloads::view;
    use crate::shop::texts::Language;
    use crate::store::{Store, StoreError};

    #[tokio::test]
    async fn the_demo_has_its_file_and_keeps_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("kiosk.db");
        let database = Location::Sqlite(path.clone());
        let master_key = MasterKey::beside(&path).unwrap();
        let files = Files::new(home.path().join("files"));
        let mut seen = Vec::new();
        for _ in 0..2 {
            fill(&database, &master_key, &files).await.unwrap();
            let store = Store::open(&database, 1, Clock::system()).await.unwrap();
            let current = store.read("test", |tx| Box::pin(view::current_files(tx)));
            let current = current.await.map_err(|error: StoreError| error).unwrap();
            store.close().await;
            let (slug, name, _) = FILE;
            assert_eq!(
                (current[0].0.as_str(), current[0].1.name.as_str()),
                (slug, name)
            );
            assert!(files.has(&current[0].1));
            seen.push(current);
        }
        assert_eq!(seen[0], seen[1]);
    }

    #[test]
    fn the_demo_has_all_its_pictures_in_both_languages_and_no_spare_ones() {
        let (file, photos) = stock().unwrap();
        assert_eq!(photos.iter().count(), PHOTOS.len());
        assert!(PHOTOS.iter().all(|(_, bytes)| bytes.len() <= 60 * 1024));
        let titles = file.products.iter().map(|it| &it.title);
        let titles = titles.chain(file.categories.iter().map(|it| &it.title));
        let descriptions = file.products.iter().map(|it| &it.description);
        for text in titles.chain(descriptions) {
            for language in Language::ALL {
                assert!(text.get(language).is_some(), "{text:?}");
            }
        }
        for slug in [LAST_ONE, SOLD_OUT] {
            assert!(file.products.iter().any(|it| it.slug == slug), "{slug}");
        }
        let downloads = file.products.iter().filter(|it| it.kind == Kind::Download);
        let downloads: Vec<&str> = downloads.map(|it| it.slug.as_str()).collect();
        assert_eq!(downloads, [FILE.0]);
    }
}
