//! The shops that are measured: an engine each, with a catalogue to browse and keys to sell.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use kiosk::clock::Clock;
use kiosk::shop::vault::{KeyText, MasterKey, Vault};
use kiosk::store::{Location, Store, StoreError, migrate};
use kiosk::{binds, sql};

use crate::Failure;
use crate::process::Program;

/// What is sold.
pub const SLUG: &str = "product-1-1";
/// What the customers of a sale look for in a message.
pub const MARK: &str = "LOADKEY-";
const CATEGORIES: usize = 8;
const PRODUCTS: usize = 8;
/// So many keys has every product: nothing is sold out.
const FEW: i64 = 3;

sql! {
    PRODUCTS_OF_ALL = "load.products", "SELECT id FROM products ORDER BY id";
    KEY = "load.key",
        "INSERT INTO keys (product_id, position, fingerprint, ciphertext, imported_at, changed_at)
         VALUES ($1, $2, $3, $4, 0, 0)";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// A database of ours with a shop in it.
pub struct Shop {
    pub engine: Engine,
    pub url: String,
    pub location: Location,
    /// Where its server is, to drop it.
    admin: Option<String>,
}

impl Shop {
    /// A database with a catalogue and `keys` keys.
    pub async fn make(
        program: &Program,
        engine: Engine,
        name: &str,
        keys: usize,
    ) -> Result<Self, Failure> {
        let (url, admin) = match engine {
            Engine::Sqlite => {
                let path = program.folder.join(format!("{name}.db"));
                (format!("sqlite://{}", path.display()), None)
            }
            Engine::Postgres => {
                let admin = std::env::var("KIOSK_BENCH_POSTGRES")?;
                let name = format!("kiosk_load_{}_{name}", std::process::id());
                run(&admin, format!("CREATE DATABASE {name}")).await?;
                let mut url = url::Url::parse(&admin)?;
                url.set_path(&name);
                (url.to_string(), Some(admin))
            }
        };
        let location: Location = url.parse()?;
        migrate::run(&location).await?;
        let catalogue = program.folder.join("catalogue.toml");
        fs::write(&catalogue, catalogue_text())?;
        let file = catalogue.display().to_string();
        program.done(&url, &["import", "catalogue", &file]).await?;
        let shop = Self {
            engine,
            url,
            location,
            admin,
        };
        shop.stock_a_little().await?;
        if keys > 0 {
            let file = key_file(&program.folder, name, keys)?;
            program
                .done(&shop.url, &["import", "keys", SLUG, &file])
                .await?;
        }
        Ok(shop)
    }

    /// A few keys for every product.
    async fn stock_a_little(&self) -> Result<(), Failure> {
        let store = self.store().await?;
        let vault = Vault::open(&store, &MasterKey::from_base64(crate::MASTER)?).await?;
        let stocked: Result<(), StoreError> = store
            .write("load.stock", move |tx| {
                let vault = vault.clone();
                Box::pin(async move {
                    let products: Vec<(i64,)> = tx.all(&PRODUCTS_OF_ALL, binds![]).await?;
                    for (product,) in products {
                        for at in 1..=FEW {
                            let text = KeyText::new(format!("{MARK}{product}-{at}"));
                            let Ok(sealed) = vault.seal(product, &text) else {
                                continue;
                            };
                            let binds = binds![product, at, sealed.fingerprint, sealed.ciphertext];
                            tx.execute(&KEY, binds).await?;
                        }
                    }
                    Ok(())
                })
            })
            .await;
        stocked?;
        store.close().await;
        Ok(())
    }

    pub async fn store(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.location, 4, Clock::system()).await?)
    }

    /// Drops a database on a server; a file goes with its folder.
    pub async fn drop(self) -> Result<(), Failure> {
        if let (Some(admin), Location::Postgres(url)) = (&self.admin, &self.location) {
            let name = url.rsplit('/').next().unwrap_or_default().to_owned();
            run(admin, format!("DROP DATABASE {name} WITH (FORCE)")).await?;
        }
        Ok(())
    }
}

async fn run(admin: &str, statement: String) -> Result<(), Failure> {
    use sqlx::Connection;
    let mut conn = sqlx::PgConnection::connect(admin).await?;
    // The name is made of letters and digits.
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&mut conn)
        .await?;
    Ok(())
}

/// Eight categories with eight products each: a page of ten buttons everywhere.
fn catalogue_text() -> String {
    let mut text = String::new();
    for category in 1..=CATEGORIES {
        text += &format!(
            "[[category]]\nid = \"category-{category}\"\ntitle = {{ en = \"Category {category}\", ru = \"Раздел {category}\" }}\n"
        );
    }
    for category in 1..=CATEGORIES {
        for product in 1..=PRODUCTS {
            text += &format!(
                "[[product]]\nid = \"product-{category}-{product}\"\ncategory = \"category-{category}\"\nkind = \"stock\"\n\
                 title = {{ en = \"Product {category}.{product}\", ru = \"Товар {category}.{product}\" }}\n\
                 description = {{ en = \"One key, for one device.\", ru = \"Один ключ, на одно устройство.\" }}\n\
                 price = {{ XTR = 250 }}\n"
            );
        }
    }
    text
}

/// A file of `count` keys that no other file of this run has.
pub fn key_file(folder: &Path, name: &str, count: usize) -> Result<String, Failure> {
    let path = folder.join(format!("{name}.keys"));
    let mut text = String::with_capacity(count * 40);
    for number in 0..count {
        writeln!(text, "{MARK}{name}-{number:07}-QK7T-9ZXW")?;
    }
    fs::write(&path, text)?;
    Ok(path.display().to_string())
}
