//! What the database tells: whether it can be used, its secrets, the catalogue and the staff.

mod files;

use std::path::Path;

use super::Report;
use crate::cli::run::rules;
use crate::clock::Clock;
use crate::config::Config;
use crate::shop::catalogue::Kind;
use crate::shop::downloads::{File, view};
use crate::shop::stats::{self, Level};
use crate::shop::vault::Vault;
use crate::shop::{payments, staff};
use crate::store::{Location, Store, StoreError, Tx, migrate};
use crate::{binds, sql};

/// So many products are looked at.
const LOOKED_AT: i64 = 10_000;
/// So many are named.
const NAMED: usize = 8;

sql! {
    TOUCH = "check.touch", "UPDATE cursors SET updated_at = updated_at WHERE name = ''";
    SECRETS = "check.secrets", "SELECT COUNT(*) FROM secrets";
}

pub(super) async fn check(report: &mut Report, config: &Config) {
    let location = &config.database.url;
    if let Location::Sqlite(path) = location
        && !path.exists()
    {
        not_yet(report, config, path);
        return;
    }
    let steps = match migrate::status(location).await {
        Ok(steps) => steps,
        Err(error) => {
            let mend = "see database.url, and whether the database can be reached from here";
            report.wrong("database", format!("{location:?}: {error}"), mend);
            return;
        }
    };
    let missing = steps.iter().filter(|step| !step.applied).count();
    if missing == steps.len() {
        report.ok(
            "database",
            format!("{location:?} is reached and empty: `kiosk run` sets it up"),
        );
        master_key(report, config);
        nobody(report, config);
        return;
    }
    if missing > 0 {
        report.warning(
            "database",
            format!("{location:?} is older than this program: {missing} migrations are missing"),
            "make a backup, stop the shop, then run `kiosk migrate`; `kiosk run` does it too",
        );
        return;
    }
    let store = match Store::open(location, 1, Clock::system()).await {
        Ok(store) => store,
        Err(error) => {
            report.wrong(
                "database",
                format!("{location:?}: {error}"),
                "see database.url",
            );
            return;
        }
    };
    if let Err(error) = look(report, config, &store).await {
        report.wrong(
            "database",
            format!("{location:?}: {error}"),
            "see the owner and the mode of the file and of its folder, or the database's log",
        );
    }
    store.close().await;
}

/// A shop that was never opened.
fn not_yet(report: &mut Report, config: &Config, path: &Path) {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let probe = folder.join(format!(".kiosk-check-{}", std::process::id()));
    match std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)) {
        Ok(()) => report.ok(
            "database",
            format!("{} is not there yet: `kiosk run` makes it", path.display()),
        ),
        Err(error) => report.wrong(
            "database",
            format!("{} can't be made: {error}", path.display()),
            "make the folder, and let the user who runs Kiosk write into it; or set database.url to another place",
        ),
    }
    master_key(report, config);
    nobody(report, config);
}

/// The master key while the database has no secrets yet.
fn master_key(report: &mut Report, config: &Config) {
    match (&config.secrets.master_key, &config.database.url) {
        (None, Location::Sqlite(_)) => report.ok(
            "secrets",
            "the master key is made in a file beside the database: keep a copy elsewhere",
        ),
        (None, Location::Postgres(_)) => report.wrong(
            "secrets",
            "secrets.master_key is not set, and a shop on PostgreSQL needs one",
            "make it with `openssl rand -base64 32`, set KIOSK_SECRETS__MASTER_KEY, and keep a copy elsewhere",
        ),
        (Some(_), _) => report.ok("secrets", "a master key is set"),
    }
}

/// A shop without anything in it.
fn nobody(report: &mut Report, config: &Config) {
    owners(report, config, false);
    no_products(report);
}

fn no_products(report: &mut Report) {
    report.warning(
        "catalogue",
        "nothing is for sale",
        "write a catalogue.toml (`kiosk init` makes a sample), then `kiosk import catalogue catalogue.toml`",
    );
}

fn owners(report: &mut Report, config: &Config, has_owner: bool) {
    if has_owner || !config.staff.owners.is_empty() {
        report.ok("staff", "the shop has an owner");
    } else {
        report.warning(
            "staff",
            "the shop has no owner: nobody is told of sales and of trouble",
            "`kiosk run` prints a link that makes its first opener the owner",
        );
    }
}

async fn look(report: &mut Report, config: &Config, store: &Store) -> Result<(), StoreError> {
    store
        .write("check.write", |tx| {
            Box::pin(async move { tx.execute(&TOUCH, binds![]).await })
        })
        .await
        .map_err(|error: StoreError| error)?;
    let location = &config.database.url;
    report.ok(
        "database",
        format!("{location:?} is up to date and can be written"),
    );
    let (secrets, has_owner, levels, files) =
        store.read("check.look", |tx| Box::pin(all(tx))).await?;
    if secrets == 0 {
        master_key(report, config);
    } else {
        vault(report, config, store).await;
    }
    owners(report, config, has_owner);
    catalogue(report, config, &levels);
    files::check(report, config, &levels, &files);
    Ok(())
}

type Found = (i64, bool, Vec<Level>, Vec<(String, File)>);

async fn all(tx: &mut Tx<'_>) -> Result<Found, StoreError> {
    let (secrets,): (i64,) = tx.one(&SECRETS, binds![]).await?;
    let has_owner = staff::has_owner(tx).await?;
    let levels = stats::levels(tx, LOOKED_AT, 0).await?;
    Ok((secrets, has_owner, levels, view::current_files(tx).await?))
}

/// Whether the master key opens what is there. A key file that is missing is not made here.
async fn vault(report: &mut Report, config: &Config, store: &Store) {
    let mend = "give the master key that this database was made with: secrets.master_key, or the .key file beside it. \
                Without it the keys in the database can't be read by anybody";
    if let (None, Location::Sqlite(path)) = (&config.secrets.master_key, &config.database.url) {
        let mut file = path.as_os_str().to_owned();
        file.push(".key");
        if !Path::new(&file).exists() {
            let found = format!("{} is missing", Path::new(&file).display());
            report.wrong("secrets", found, mend);
            return;
        }
    }
    let master = match config.master_key() {
        Ok(master) => master,
        Err(error) => {
            report.wrong("secrets", error.to_string(), mend);
            return;
        }
    };
    match Vault::open(store, &master).await {
        Ok(_) => report.ok("secrets", "the master key opens them"),
        Err(error) => report.wrong("secrets", error.to_string(), mend),
    }
}

fn catalogue(report: &mut Report, config: &Config, levels: &[Level]) {
    if levels.is_empty() {
        no_products(report);
        return;
    }
    let offers = rules(config).offers;
    let can_pay = |level: &&Level| payments::can_be_paid(&level.prices, &offers);
    let unpayable: Vec<&Level> = levels.iter().filter(|level| !can_pay(level)).collect();
    let is_out = |level: &&Level| level.kind == Kind::Stock && level.left == 0;
    let out: Vec<&Level> = levels.iter().filter(is_out).collect();
    let is_fileless = |level: &Level| level.kind == Kind::Download && !level.has_file;
    if unpayable.is_empty() && out.is_empty() && !levels.iter().any(is_fileless) {
        report.ok(
            "catalogue",
            format!("{} products, all with a price and stock", levels.len()),
        );
    }
    if !unpayable.is_empty() {
        let mut currencies: Vec<String> = offers.iter().map(|it| it.currency.to_string()).collect();
        currencies.dedup();
        report.warning(
            "catalogue",
            format!(
                "without a price that anybody can pay: {}",
                names(&unpayable)
            ),
            format!(
                "give them a price in {} and import the catalogue again",
                currencies.join(" or ")
            ),
        );
    }
    if !out.is_empty() {
        report.warning(
            "stock",
            format!("no keys left: {}", names(&out)),
            "`kiosk import keys PRODUCT FILE`, or /admin in the bot",
        );
    }
}

fn names(levels: &[&Level]) -> String {
    let slugs: Vec<&str> = levels.iter().map(|level| level.slug.as_str()).collect();
    named(&slugs)
}

fn named(slugs: &[&str]) -> String {
    let mut names: Vec<&str> = slugs.iter().take(NAMED).copied().collect();
    let more = format!("and {} more", slugs.len().saturating_sub(NAMED));
    if slugs.len() > NAMED {
        names.push(&more);
    }
    names.join(", ")
}
