//! A shop to sell in: a product with keys, customers, and the use-cases by short names.

use std::time::Duration;

use kiosk::clock::Clock;
use kiosk::shop::customers::{self, Customer};
use kiosk::shop::keys::reveal;
use kiosk::shop::money::Currency;
use kiosk::shop::orders::approve::{self, Approval, Query};
use kiosk::shop::orders::place::{self, PlaceError, Placed, Request, Rules, Wanted};
use kiosk::shop::orders::release::{self, Cancelled};
use kiosk::shop::orders::view::{self, OrderView};
use kiosk::shop::payments::attempt::{self, Asked};
use kiosk::shop::payments::settle::{self, Charge, Settled};
use kiosk::shop::payments::{Method, Offer, payload};
use kiosk::shop::vault::{KeyText, MasterKey, Vault};
use kiosk::shop::{audit, orders};
use kiosk::store::{PublicId, Store, StoreError};
use kiosk::{binds, sql};

use crate::support::db::TestDb;

/// When every story begins.
pub const START: i64 = 1_700_000_000_000;
/// How long keys are held.
pub const HOLD: Duration = Duration::from_mins(15);
/// What one key costs.
pub const PRICE: i64 = 250;
/// The one way to pay.
pub const STARS: Offer = Offer {
    method: Method::Stars,
    currency: Currency::XTR,
};
/// What is sold.
pub const SLUG: &str = "zeta-month";

/// A shop on a database of its own.
#[derive(Clone)]
pub struct Shop {
    pub store: Store,
    /// The same database by connections of its own, to look on while all others are at work.
    pub watch: Store,
    pub vault: Vault,
    pub clock: Clock,
}

sql! {
    PRODUCT = "rig.product",
        "INSERT INTO products (slug, kind, title, description, prices, position, created_at, updated_at)
         VALUES ($1, 'stock', '{\"en\":\"Zeta\"}', '{}', $2, 1, 0, 0) RETURNING id";
    KEY = "rig.key",
        "INSERT INTO keys (product_id, position, fingerprint, ciphertext, imported_at, changed_at)
         VALUES ((SELECT id FROM products WHERE slug = $1), $2, $3, $4, 0, 0)";
    PRODUCT_ID = "rig.product_id", "SELECT id FROM products WHERE slug = $1";
    KEYS_IN = "rig.keys_in", "SELECT COUNT(*) FROM keys WHERE state = $1";
    PAYMENTS_WITH = "rig.payments_with", "SELECT COUNT(*) FROM payments WHERE disposition = $1";
    PAYMENTS = "rig.payments", "SELECT COUNT(*) FROM payments";
    LETTERS = "rig.letters", "SELECT COUNT(*) FROM outbox WHERE kind = $1";
    SENT = "rig.sent", "UPDATE outbox SET state = 'sending', lease_until = 1 WHERE state = 'pending'";
    ARRIVED = "rig.arrived", "UPDATE outbox SET state = 'sent', lease_until = NULL WHERE state = 'sending'";
    ATTENTION = "rig.attention", "SELECT COUNT(*) FROM attention WHERE kind = $1 AND state = 'open'";
    REFUND_IDS = "rig.refunds", "SELECT public_id FROM refunds ORDER BY id";
    REPRICE = "rig.reprice", "UPDATE products SET prices = $2 WHERE slug = $1";
}

impl Shop {
    /// A shop with `keys` keys.
    pub async fn with_keys(db: &TestDb, keys: i64) -> Self {
        let clock = Clock::frozen(START);
        let store = db.store(&clock).await;
        let master = MasterKey::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
            .expect("a master key");
        let vault = Vault::open(&store, &master).await.expect("a vault");
        let shop = Self {
            store,
            watch: db.store(&clock).await,
            vault,
            clock,
        };
        shop.stock(SLUG, PRICE, keys).await;
        shop
    }

    /// Another product with its keys.
    pub async fn stock(&self, slug: &'static str, price: i64, keys: i64) {
        let vault = self.vault.clone();
        self.store
            .write("rig.stock", move |tx| {
                let vault = vault.clone();
                Box::pin(async move {
                    let prices = format!("{{\"XTR\":{price}}}");
                    let (product,): (i64,) = tx.one(&PRODUCT, binds![slug, prices]).await?;
                    for at in 1..=keys {
                        let text = KeyText::new(format!("{slug}-{at:04}"));
                        let sealed = vault.seal(product, &text).expect("sealed");
                        let binds = binds![slug, at, sealed.fingerprint, sealed.ciphertext];
                        tx.execute(&KEY, binds).await?;
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .await
            .expect("stocked");
    }

    /// More keys of a product that has `there` of them.
    pub async fn restock(&self, slug: &'static str, there: i64, more: i64) {
        let vault = self.vault.clone();
        self.store
            .write("rig.restock", move |tx| {
                let vault = vault.clone();
                Box::pin(async move {
                    let (product,): (i64,) = tx.one(&PRODUCT_ID, binds![slug]).await?;
                    for at in there + 1..=there + more {
                        let text = KeyText::new(format!("{slug}-{at:04}"));
                        let sealed = vault.seal(product, &text).expect("sealed");
                        let binds = binds![slug, at, sealed.fingerprint, sealed.ciphertext];
                        tx.execute(&KEY, binds).await?;
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .await
            .expect("stocked");
    }

    pub async fn reprice(&self, price: i64) {
        self.store
            .write("rig.reprice", move |tx| {
                Box::pin(async move {
                    let prices = format!("{{\"XTR\":{price}}}");
                    tx.execute(&REPRICE, binds![SLUG, prices]).await
                })
            })
            .await
            .expect("repriced");
    }

    pub async fn customer(&self, telegram_id: i64) -> Customer {
        self.store
            .write("rig.customer", move |tx| {
                Box::pin(customers::meet(tx, telegram_id, "Ann", Some("en")))
            })
            .await
            .expect("a customer")
    }

    /// Rules that allow more than any story asks for.
    pub fn rules() -> Rules {
        Rules {
            hold: HOLD,
            offers: vec![STARS],
            most_open: 1_000,
            most_held: 100_000,
            has_pages: true,
            needs: kiosk::shop::customers::registration::Requirements::default(),
        }
    }

    pub fn wanted(slug: &str, quantity: i64) -> Wanted {
        Wanted {
            slug: slug.to_owned(),
            quantity,
            agreed: None,
        }
    }

    pub async fn place(&self, customer: &Customer, key: &str) -> Result<Placed, PlaceError> {
        self.place_many(customer, key, 1).await
    }

    pub async fn place_many(
        &self,
        customer: &Customer,
        key: &str,
        quantity: i64,
    ) -> Result<Placed, PlaceError> {
        let request = Request {
            customer: customer.id,
            wanted: vec![Shop::wanted(SLUG, quantity)],
            checkout_key: key.to_owned(),
            rules: Shop::rules(),
        };
        self.store
            .write("orders.place", move |tx| {
                let request = request.clone();
                Box::pin(async move { place::place(tx, &request).await })
            })
            .await
    }

    pub async fn ask(&self, customer: &Customer, order: PublicId) -> Asked {
        self.ask_by(customer, order, STARS).await
    }

    pub async fn ask_by(&self, customer: &Customer, order: PublicId, offer: Offer) -> Asked {
        let id = customer.id;
        self.store
            .write("attempts.ask", move |tx| {
                Box::pin(attempt::ask(tx, id, order, offer))
            })
            .await
            .expect("asked")
    }

    pub async fn ask_again(&self, customer: &Customer, order: PublicId, old: PublicId) -> Asked {
        let id = customer.id;
        self.store
            .write("attempts.ask", move |tx| {
                Box::pin(attempt::ask_again(tx, id, order, STARS, Some(old)))
            })
            .await
            .expect("asked")
    }

    /// An open order with its invoice: the order and the payload.
    pub async fn invoiced(&self, customer: &Customer, key: &str) -> (PublicId, String) {
        let order = self.place(customer, key).await.expect("placed").order();
        let Asked::New(attempt) = self.ask(customer, order).await else {
            panic!("an invoice");
        };
        (order, self.payload(attempt))
    }

    pub fn payload(&self, attempt: PublicId) -> String {
        payload::encode(&self.vault, attempt, [(SLUG, 1)])
    }

    pub fn charge(customer: &Customer, payload: &str, charge_id: &str) -> Charge {
        Charge {
            method: Method::Stars,
            charge_id: charge_id.to_owned(),
            provider_charge_id: None,
            payer: Some(customer.telegram_id),
            currency: Currency::XTR.code().to_owned(),
            amount: PRICE,
            payload: payload.to_owned(),
        }
    }

    pub async fn settle(&self, charge: &Charge) -> Settled {
        self.try_settle(charge).await.expect("settled")
    }

    pub async fn try_settle(&self, charge: &Charge) -> Result<Settled, StoreError> {
        let (vault, charge) = (self.vault.clone(), charge.clone());
        self.store
            .write("payments.settle", move |tx| {
                let (vault, charge) = (vault.clone(), charge.clone());
                Box::pin(async move { settle::settle(tx, &vault, &charge).await })
            })
            .await
    }

    pub async fn approve(&self, customer: &Customer, payload: &str, query: &str) -> Approval {
        let query = Query {
            id: query.to_owned(),
            payer: customer.telegram_id,
            currency: "XTR".to_owned(),
            amount: PRICE,
            payload: payload.to_owned(),
        };
        self.approve_as(query).await
    }

    pub async fn approve_as(&self, query: Query) -> Approval {
        let vault = self.vault.clone();
        self.store
            .write_urgent("orders.approve", move |tx| {
                let (vault, query) = (vault.clone(), query.clone());
                Box::pin(async move { approve::approve(tx, &vault, &query).await })
            })
            .await
            .expect("answered")
    }

    pub async fn undo(&self, query: &'static str) {
        self.store
            .write_urgent("orders.approve.undo", move |tx| {
                Box::pin(approve::undo(tx, query))
            })
            .await
            .expect("undone");
    }

    pub async fn cancel(&self, customer: &Customer, order: PublicId) -> Cancelled {
        let id = customer.id;
        self.store
            .write("orders.cancel", move |tx| {
                Box::pin(release::cancel(tx, id, order))
            })
            .await
            .expect("answered")
    }

    /// Expires what is due; how many it were.
    pub async fn expire(&self) -> usize {
        let due: Vec<i64> = self
            .store
            .read("orders.expire.due", |tx| Box::pin(release::due(tx, 100)))
            .await
            .expect("due orders");
        let mut expired = 0;
        for order in due {
            expired += usize::from(self.expire_one(order).await);
        }
        expired
    }

    pub async fn expire_one(&self, order: i64) -> bool {
        self.store
            .write("orders.expire", move |tx| {
                Box::pin(release::expire(tx, order))
            })
            .await
            .expect("expired")
    }

    pub async fn view(&self, customer: &Customer, order: PublicId) -> Option<OrderView> {
        let id = customer.id;
        self.store
            .read("orders.view", move |tx| Box::pin(view::one(tx, id, order)))
            .await
            .expect("a view")
    }

    pub async fn state(&self, customer: &Customer, order: PublicId) -> orders::State {
        self.view(customer, order).await.expect("their order").state
    }

    /// The texts of an order's keys, as its customer gets them.
    pub async fn keys(&self, customer: &Customer, order: PublicId) -> Vec<String> {
        let id = customer.id;
        let sealed = self
            .store
            .write("keys.reveal", move |tx| {
                Box::pin(reveal::of_order(tx, id, order))
            })
            .await
            .expect("keys");
        reveal::open(&self.vault, sealed)
            .expect("opened")
            .iter()
            .map(|key| key.text.expose().to_owned())
            .collect()
    }

    pub async fn keys_in(&self, state: &'static str) -> i64 {
        self.count(&KEYS_IN, state).await
    }

    pub async fn payments_with(&self, disposition: &'static str) -> i64 {
        self.count(&PAYMENTS_WITH, disposition).await
    }

    pub async fn letters(&self, kind: &'static str) -> i64 {
        self.count(&LETTERS, kind).await
    }

    pub async fn attention(&self, kind: &'static str) -> i64 {
        self.count(&ATTENTION, kind).await
    }

    pub async fn payments(&self) -> i64 {
        self.store
            .read("rig.payments", |tx| {
                Box::pin(tx.one::<(i64,)>(&PAYMENTS, &[]))
            })
            .await
            .map_err(|error: StoreError| error)
            .expect("a count")
            .0
    }

    pub async fn refunds(&self) -> Vec<PublicId> {
        let rows: Vec<(PublicId,)> = self
            .store
            .read("rig.refunds", |tx| Box::pin(tx.all(&REFUND_IDS, &[])))
            .await
            .map_err(|error: StoreError| error)
            .expect("refunds");
        rows.into_iter().map(|row| row.0).collect()
    }

    async fn count(&self, sql: &'static kiosk::store::Sql, word: &'static str) -> i64 {
        self.store
            .read("rig.count", move |tx| {
                Box::pin(async move { tx.one::<(i64,)>(sql, binds![word]).await })
            })
            .await
            .map_err(|error: StoreError| error)
            .expect("a count")
            .0
    }

    /// Carries every letter, and then expects clean books.
    pub async fn expect_clean_books(&self) {
        self.store
            .write("rig.sent", |tx| {
                Box::pin(async move {
                    tx.execute(&SENT, &[]).await?;
                    tx.execute(&ARRIVED, &[]).await
                })
            })
            .await
            .map_err(|error: StoreError| error)
            .expect("carried");
        let findings = self
            .store
            .snapshot("audit", |tx| Box::pin(audit::audit(tx, true)))
            .await
            .expect("an audit");
        assert_eq!(findings, [], "the books are clean");
    }
}
