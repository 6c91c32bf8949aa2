//! A shop with customers who log in, and its use-cases by short names.

use std::net::IpAddr;

use kiosk::clock::{Clock, Millis};
use kiosk::shop::access::Way;
use kiosk::shop::access::device::Device;
use kiosk::shop::access::links::{self, Used};
use kiosk::shop::access::passwords::Password;
use kiosk::shop::access::passwords::change::{self, Changed, Wish};
use kiosk::shop::access::passwords::hasher::Hasher;
use kiosk::shop::access::passwords::log_in::{self, Attempt, LoggedIn, Login};
use kiosk::shop::access::sessions::{self, Session};
use kiosk::shop::access::token::Token;
use kiosk::shop::customers::{self, Customer, Email, Phone};
use kiosk::shop::vault::{MasterKey, Vault};
use kiosk::store::{PublicId, Store, StoreError, Tx, TxFuture};
use kiosk::{binds, sql};

use crate::support::db::TestDb;
use crate::support::shop::MASTER;

/// When every story begins.
pub const START: Millis = 1_700_000_000_000;

/// A shop whose customers log in.
#[derive(Clone)]
pub struct Cabinet {
    pub store: Store,
    pub clock: Clock,
    pub vault: Vault,
    pub hasher: Hasher,
}

/// What the shop is called.
pub const SHOP: &str = "Zeta shop";

/// A device at an address.
pub fn device(ip: &str) -> Device {
    let ip: IpAddr = ip.parse().expect("an address");
    Device::seen(Some(ip), Some("Firefox on Linux"))
}

/// A device somewhere.
pub fn anywhere() -> Device {
    device("203.0.113.9")
}

impl Cabinet {
    pub async fn open(db: &TestDb) -> Self {
        let clock = Clock::frozen(START);
        let store = db.store(&clock).await;
        let master = MasterKey::from_base64(MASTER).expect("a master key");
        let vault = Vault::open(&store, &master).await.expect("a vault");
        Self::of(store, clock, vault)
    }

    /// The cabinet of a shop that is there already.
    pub fn of(store: Store, clock: Clock, vault: Vault) -> Self {
        let hasher = Hasher::new();
        Self {
            store,
            clock,
            vault,
            hasher,
        }
    }

    /// Writes, and panics if the database fails.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl for<'t, 'c> Fn(&'t mut Tx<'c>) -> TxFuture<'t, T, StoreError> + Send + Sync + 'static,
    ) -> T {
        self.store.write("test.write", work).await.expect("written")
    }

    /// Reads, and panics if the database fails.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl for<'t, 'c> Fn(&'t mut Tx<'c>) -> TxFuture<'t, T, StoreError> + Send + Sync + 'static,
    ) -> T {
        self.store.read("test.read", work).await.expect("read")
    }

    pub async fn customer(&self, telegram_id: i64, name: &'static str) -> Customer {
        self.write(move |tx| Box::pin(customers::meet(tx, telegram_id, name, Some("en"))))
            .await
    }

    /// A session by a link, from somewhere.
    pub async fn session(&self, customer: i64) -> Token {
        self.session_from(customer, None).await
    }

    /// A session of a browser that came with another.
    pub async fn session_from(&self, customer: i64, came_with: Option<&Token>) -> Token {
        let came_with = came_with.cloned();
        self.write(move |tx| {
            let came_with = came_with.clone();
            Box::pin(async move {
                let device = anywhere();
                sessions::begin(tx, customer, Way::Link, &device, came_with.as_ref()).await
            })
        })
        .await
    }

    /// A session of a known browser.
    pub async fn session_by(&self, customer: i64, ip: &'static str, agent: &'static str) -> Token {
        self.write(move |tx| {
            Box::pin(async move {
                let ip: IpAddr = ip.parse().expect("an address");
                let device = Device::seen(Some(ip), Some(agent));
                sessions::begin(tx, customer, Way::Link, &device, None).await
            })
        })
        .await
    }

    pub async fn find(&self, token: &Token) -> Option<Session> {
        let token = token.clone();
        self.read(move |tx| {
            let token = token.clone();
            Box::pin(async move { sessions::find(tx, &token).await })
        })
        .await
    }

    pub async fn touch(&self, token: &Token) -> bool {
        let token = token.clone();
        self.write(move |tx| {
            let token = token.clone();
            Box::pin(async move { sessions::touch(tx, &token).await })
        })
        .await
    }

    pub async fn sessions(&self, customer: i64) -> Vec<Session> {
        self.read(move |tx| Box::pin(sessions::list(tx, customer)))
            .await
    }

    pub async fn end(&self, customer: i64, session: PublicId) -> bool {
        self.write(move |tx| Box::pin(sessions::end(tx, customer, session)))
            .await
    }

    pub async fn link(&self, customer: i64) -> Token {
        self.write(move |tx| Box::pin(links::make(tx, customer)))
            .await
    }

    pub async fn consume(&self, link: &Token) -> Option<Token> {
        let link = link.clone();
        let used = self
            .write(move |tx| {
                let link = link.clone();
                Box::pin(async move { links::consume(tx, &link, &anywhere(), None).await })
            })
            .await;
        match used {
            Used::Welcome(token) => Some(token),
            Used::No => None,
        }
    }

    /// A customer with a confirmed phone and a confirmed e-mail.
    pub async fn known(
        &self,
        telegram_id: i64,
        phone: &'static str,
        email: &'static str,
    ) -> Customer {
        let customer = self.customer(telegram_id, "Ann").await;
        let id = customer.id;
        self.write(move |tx| {
            Box::pin(async move {
                let phone = Phone::read(phone).expect("a phone");
                let email = Email::read(email).expect("an address");
                customers::take_phone(tx, id, &phone).await?;
                let confirmation = PublicId::random(tx)?;
                customers::take_email(tx, id, &email, confirmation).await?;
                Ok(())
            })
        })
        .await;
        customer
    }

    /// What a customer with a session wants to change.
    pub async fn wish(&self, token: &Token, current: Option<&str>, new: &str) -> Wish {
        Wish {
            session: self.find(token).await.expect("a session"),
            current: current.map(typed),
            new: typed(new),
            shop: SHOP.to_owned(),
            ends_others: false,
        }
    }

    pub async fn change(&self, wish: &Wish) -> Changed {
        change::change(&self.store, &self.vault, &self.hasher, wish)
            .await
            .expect("answered")
    }

    /// The customer's first password, set after a login by a link.
    pub async fn set_password(&self, customer: i64, password: &str) {
        let token = self.session(customer).await;
        let wish = self.wish(&token, None, password).await;
        assert_eq!(self.change(&wish).await, Changed::Done);
    }

    pub async fn log_in_from(&self, ip: &str, login: &str, password: &str) -> LoggedIn {
        let attempt = Attempt {
            login: Login::read(login, None),
            password: typed(password),
            device: device(ip),
            came_with: None,
        };
        log_in::log_in(&self.store, &self.vault, &self.hasher, &attempt)
            .await
            .expect("answered")
    }

    pub async fn log_in(&self, login: &str, password: &str) -> LoggedIn {
        self.log_in_from("203.0.113.9", login, password).await
    }

    /// How many letters of a kind wait.
    pub async fn letters(&self, kind: &'static str) -> i64 {
        let (count,): (i64,) = self
            .read(move |tx| Box::pin(async move { tx.one(&LETTERS, binds![kind]).await }))
            .await;
        count
    }
}

/// What somebody typed.
pub fn typed(text: &str) -> Password {
    Password::new(text.to_owned())
}

/// Every table with every column of it.
pub async fn columns(store: &Store) -> Vec<(String, String)> {
    store
        .read("test.columns", |tx| {
            Box::pin(async move { tx.all(&COLUMNS, binds![]).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("columns")
}

sql! {
    COLUMNS = "test.columns",
        sqlite: "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'",
        postgres: "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT)
             FROM information_schema.columns WHERE table_schema = current_schema()";
}

sql! {
    LETTERS = "test.letters", "SELECT COUNT(*) FROM outbox WHERE kind = $1";
}
