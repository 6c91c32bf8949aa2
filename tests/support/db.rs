//! A database of a test's own, migrated: a SQLite file in a folder that goes away, or a PostgreSQL database copied from
//! one migrated template.

use std::path::Path;

use kiosk::clock::Clock;
use kiosk::store::{Location, Store, migrate};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

/// The address of a PostgreSQL cluster where tests may make databases.
const ADMIN: &str = "KIOSK_TEST_POSTGRES";
/// Any number: who holds this advisory lock makes the template.
const TEMPLATE_LOCK: i64 = 0x6b69_6f73;

/// A migrated database that goes away with the test.
pub struct TestDb {
    location: Location,
    keeper: Keeper,
}

enum Keeper {
    Folder { _folder: TempDir },
    Cluster { admin: String, name: String },
}

impl TestDb {
    /// A fresh file.
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let location = Location::Sqlite(folder.path().join("kiosk.db"));
        migrate::run(&location).await.expect("migrations apply");
        let keeper = Keeper::Folder { _folder: folder };
        Self { location, keeper }
    }

    /// A fresh database on the cluster that `./test` started.
    pub async fn postgres() -> Self {
        let Ok(admin) = std::env::var(ADMIN) else {
            panic!(
                "{ADMIN} is not set: run `./test`, which starts a private PostgreSQL and sets it"
            );
        };
        let name = format!("kiosk_test_{:032x}", random());
        let mut conn = connect(&admin).await;
        let template = template(&mut conn, &admin).await;
        run(
            &mut conn,
            format!("CREATE DATABASE {name} TEMPLATE {template}"),
        )
        .await;
        let location = Location::Postgres(with_database(&admin, &name));
        let keeper = Keeper::Cluster { admin, name };
        Self { location, keeper }
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Opens it. Each call is a process of its own to the others.
    pub async fn store(&self, clock: &Clock) -> Store {
        Store::open(self.location(), 8, clock.clone())
            .await
            .expect("the database opens")
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let Keeper::Cluster { admin, name } = &self.keeper else {
            return;
        };
        let (admin, name) = (admin.clone(), name.clone());
        // A runtime of its own: the test's is in the middle of something.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let mut conn = connect(&admin).await;
                run(&mut conn, format!("DROP DATABASE {name} WITH (FORCE)")).await;
            });
        })
        .join();
        if dropped.is_err() {
            eprintln!("a test's database could not be dropped");
        }
    }
}

/// The migrated database that others are copied from; its name follows the migrations' text.
async fn template(conn: &mut PgConnection, admin: &str) -> String {
    const LOCK: &str = "SELECT pg_advisory_lock($1)";
    const UNLOCK: &str = "SELECT pg_advisory_unlock($1)";
    const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)";
    let name = format!("kiosk_template_{}", migrations_hash());
    let lock = sqlx::query(LOCK).bind(TEMPLATE_LOCK);
    lock.execute(&mut *conn).await.expect("a lock");
    let exists: bool = sqlx::query_scalar(EXISTS)
        .bind(&name)
        .fetch_one(&mut *conn)
        .await
        .expect("a look at the databases");
    if !exists {
        // A test that is killed here leaves a half database under a name that nobody copies.
        let making = format!("kiosk_making_{:032x}", random());
        run(conn, format!("CREATE DATABASE {making}")).await;
        let location = Location::Postgres(with_database(admin, &making));
        migrate::run(&location).await.expect("migrations apply");
        run(conn, format!("ALTER DATABASE {making} RENAME TO {name}")).await;
    }
    let unlock = sqlx::query(UNLOCK).bind(TEMPLATE_LOCK);
    unlock.execute(&mut *conn).await.expect("a lock");
    name
}

fn migrations_hash() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the migrations")
        .map(|entry| entry.expect("a migration").path())
        .collect();
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(std::fs::read(file).expect("a migration"));
    }
    let digest = hash.finalize();
    format!(
        "{:016x}",
        u64::from_be_bytes(digest[..8].try_into().expect("8 bytes"))
    )
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url)
        .await
        .unwrap_or_else(|error| panic!("the cluster of {ADMIN} does not answer: {error}"))
}

async fn run(conn: &mut PgConnection, statement: String) {
    // Names are made above of letters and digits.
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(conn)
        .await
        .expect("the cluster lets tests make databases");
}

fn with_database(admin: &str, name: &str) -> String {
    let mut url = url::Url::parse(admin).expect("KIOSK_TEST_POSTGRES is an address");
    url.set_path(name);
    url.into()
}

fn random() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("random bytes");
    u128::from_be_bytes(bytes)
}
