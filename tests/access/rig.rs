//! A shop with customers who log in, and its use-cases by short names.

use std::net::IpAddr;

use kiosk::clock::{Clock, Millis};
use kiosk::shop::access::Way;
use kiosk::shop::access::device::Device;
use kiosk::shop::access::links::{self, Used};
use kiosk::shop::access::sessions::{self, Session};
use kiosk::shop::access::token::Token;
use kiosk::shop::customers::{self, Customer};
use kiosk::store::{PublicId, Store, StoreError, Tx, TxFuture};

use crate::support::db::TestDb;

/// When every story begins.
pub const START: Millis = 1_700_000_000_000;

/// A shop whose customers log in.
#[derive(Clone)]
pub struct Cabinet {
    pub store: Store,
    pub clock: Clock,
}

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
        Self { store, clock }
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
}
