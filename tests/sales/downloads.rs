//! Files: promised with the order, granted with the payment, counted when they are started; and what can come between.

use std::io::{self, Read};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use kiosk::binds;
use kiosk::shop::customers::Customer;
use kiosk::shop::downloads::folder::Folder;
use kiosk::shop::downloads::import::{self, Change, ImportError, Report};
use kiosk::shop::downloads::link::{self, Linked};
use kiosk::shop::downloads::renew;
use kiosk::shop::downloads::start::{self, Fetched, OPEN_FOR, Started};
use kiosk::shop::downloads::view::{self, Download};
use kiosk::shop::downloads::{File, State};
use kiosk::shop::orders::State as OrderState;
use kiosk::shop::orders::place::{self, Limit, PlaceError, Placed, Request, Rules};
use kiosk::shop::payments::attempt::Asked;
use kiosk::shop::payments::decide;
use kiosk::shop::payments::refund;
use kiosk::shop::payments::settle::Settled;
use kiosk::sql;
use kiosk::store::{PublicId, Store, StoreError};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::on_both_engines;
use crate::sales::rig::{HOLD, PRICE, SLUG, Shop};
use crate::support::child::{command, run};
use crate::support::db::TestDb;
use crate::support::rivals::meet;

/// The product that is a file.
const BOOK: &str = "handbook";
/// So often may it be started.
const MOST: i64 = 5;
/// So long.
const DAYS: i64 = 30;
const DAY: Duration = Duration::from_hours(24);

sql! {
    PRODUCT = "downloads.product",
        "INSERT INTO products (slug, kind, title, description, prices, position, created_at, updated_at,
             max_downloads, download_days)
         VALUES ('handbook', 'download', '{\"en\":\"Handbook\"}', '{}', '{\"XTR\":250}', 2, 0, 0, $1, $2)";
    FILES = "downloads.files", "SELECT COUNT(*) FROM files";
    FREE = "downloads.free", "UPDATE products SET prices = '{\"XTR\":0}' WHERE slug = 'handbook'";
    STARTS = "downloads.starts", "SELECT COUNT(*) FROM download_starts";
}

/// A shop with a folder.
#[derive(Clone)]
struct Library {
    shop: Shop,
    folder: Folder,
    _home: std::sync::Arc<TempDir>,
}

impl Library {
    /// A product that is a file, without one, beside `keys` keys.
    async fn empty(db: &TestDb, keys: i64) -> Self {
        let shop = Shop::with_keys(db, keys).await;
        shop.store
            .write("downloads.product", |tx| {
                Box::pin(async move { tx.execute(&PRODUCT, binds![MOST, DAYS]).await })
            })
            .await
            .map_err(|error: StoreError| error)
            .expect("a product");
        let home = tempfile::tempdir().expect("a folder");
        Self {
            shop,
            folder: Folder::new(home.path().join("files")),
            _home: home.into(),
        }
    }

    async fn open(db: &TestDb, keys: i64) -> Self {
        let library = Self::empty(db, keys).await;
        let report = library.import(b"the first edition").await.expect("a file");
        assert_eq!(report.change, Change::First);
        library
    }

    async fn import(&self, bytes: &'static [u8]) -> Result<Report, ImportError> {
        import_into(self.shop.store.clone(), self.folder.clone(), bytes).await
    }

    async fn place(
        &self,
        customer: &Customer,
        key: &str,
        slugs: &[&str],
    ) -> Result<Placed, PlaceError> {
        self.place_by(customer, key, slugs, Shop::rules()).await
    }

    async fn place_by(
        &self,
        customer: &Customer,
        key: &str,
        slugs: &[&str],
        rules: Rules,
    ) -> Result<Placed, PlaceError> {
        let request = Request {
            customer: customer.id,
            wanted: slugs.iter().map(|slug| Shop::wanted(slug, 1)).collect(),
            checkout_key: key.to_owned(),
            rules,
        };
        self.shop
            .store
            .write("orders.place", move |tx| {
                let request = request.clone();
                Box::pin(async move { place::place(tx, &request).await })
            })
            .await
    }

    /// Pays an order of this sum.
    async fn pay(&self, customer: &Customer, order: PublicId, sum: i64) -> Settled {
        let Asked::New(attempt) = self.shop.ask(customer, order).await else {
            panic!("an invoice");
        };
        self.pay_late(customer, attempt, sum).await
    }

    async fn pay_late(&self, customer: &Customer, attempt: PublicId, sum: i64) -> Settled {
        let payload = self.shop.payload(attempt);
        let mut charge = Shop::charge(customer, &payload, &format!("charge-{attempt}"));
        charge.amount = sum;
        self.shop.settle(&charge).await
    }

    /// Buys the file.
    async fn buy(&self, customer: &Customer) -> (PublicId, Download) {
        let order = self.place(customer, "buy", &[BOOK]).await.expect("placed");
        let settled = self.pay(customer, order.order(), PRICE).await;
        assert_eq!(settled, Settled::Fulfilled(order.order()));
        let mut all = self.downloads(customer, order.order()).await;
        assert_eq!(all.len(), 1);
        (order.order(), all.pop().expect("one"))
    }

    async fn downloads(&self, customer: &Customer, order: PublicId) -> Vec<Download> {
        let id = customer.id;
        let read = self.shop.store.read("downloads", move |tx| {
            Box::pin(view::of_order(tx, id, order))
        });
        read.await.expect("downloads")
    }

    async fn state(&self, customer: &Customer, download: PublicId) -> Download {
        let id = customer.id;
        let read = self
            .shop
            .store
            .read("downloads", move |tx| Box::pin(view::one(tx, id, download)));
        read.await.expect("an answer").expect("theirs")
    }

    async fn linked(&self, download: &Download) -> Option<Linked> {
        let (vault, id, version) = (self.shop.vault.clone(), download.id, download.link_version);
        let read = self.shop.store.read("downloads.link", move |tx| {
            let vault = vault.clone();
            Box::pin(async move {
                let token = link::page(&vault, id, version);
                link::find(tx, &vault, &token).await
            })
        });
        read.await.expect("an answer")
    }

    async fn start(&self, linked: Linked, before: Option<PublicId>) -> Option<Started> {
        start_in(self.shop.store.clone(), linked, before).await
    }

    async fn fetch(&self, linked: Linked, start: PublicId) -> Fetched {
        let read = self.shop.store.read("downloads.fetch", move |tx| {
            Box::pin(async move { start::fetch(tx, &linked, start).await })
        });
        read.await.expect("an answer")
    }

    fn bytes(&self, file: &File) -> Vec<u8> {
        std::fs::read(self.folder.of(file.id)).expect("the file")
    }

    fn on_disk(&self) -> usize {
        on_disk(self.folder.path())
    }

    async fn count(&self, sql: &'static kiosk::store::Sql) -> i64 {
        let read = self.shop.store.read("downloads.count", move |tx| {
            Box::pin(async move { tx.one::<(i64,)>(sql, binds![]).await })
        });
        read.await
            .map_err(|error: StoreError| error)
            .expect("a count")
            .0
    }
}

fn on_disk(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

async fn import_into(
    store: Store,
    folder: Folder,
    bytes: &'static [u8],
) -> Result<Report, ImportError> {
    import::import(&store, &folder, BOOK, "handbook.txt", bytes, |_| {}).await
}

async fn start_in(store: Store, linked: Linked, before: Option<PublicId>) -> Option<Started> {
    store
        .write("downloads.start", move |tx| {
            Box::pin(async move { start::start(tx, &linked, before.as_slice()).await })
        })
        .await
        .expect("an answer")
}

fn opened(started: Option<Started>) -> start::Start {
    match started {
        Some(Started::Open(start)) => start,
        other => panic!("{other:?}"),
    }
}

fn file(fetched: Fetched) -> File {
    match fetched {
        Fetched::File(file) => file,
        other => panic!("{other:?}"),
    }
}

/// Breaks off after some bytes.
struct Torn(usize);

impl Read for Torn {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::other("torn"));
        }
        let some = self.0.min(into.len());
        into[..some].fill(7);
        self.0 -= some;
        Ok(some)
    }
}

on_both_engines! {
    async fn a_paid_file_is_its_buyers_until_its_money_goes_back(db: TestDb) {
        let library = Library::open(&db, 0).await;
        let (ann, eve) = (library.shop.customer(1).await, library.shop.customer(2).await);
        let order = library.place(&ann, "buy", &[BOOK]).await.unwrap().order();
        assert_eq!(library.downloads(&ann, order).await, [], "nothing before the money");
        assert_eq!(library.pay(&ann, order, PRICE).await, Settled::Fulfilled(order));
        let [download] = library.downloads(&ann, order).await.try_into().unwrap();
        assert_eq!((download.state, download.left()), (State::Granted, MOST));
        let days = library.shop.clock.now() + DAYS * DAY.as_millis() as i64;
        assert_eq!(download.expires_at, Some(days));
        assert_eq!(library.downloads(&eve, order).await, [], "a stranger");
        let linked = library.linked(&download).await.unwrap();
        let start = opened(library.start(linked, None).await);
        assert_eq!(library.bytes(&file(library.fetch(linked, start.id).await)), b"the first edition");
        library.shop.expect_clean_books().await;

        let store = &library.shop.store;
        let decided = store.write("refund", move |tx| Box::pin(decide::refund(tx, order))).await.unwrap();
        assert_eq!(decided, decide::Decided::Done);
        let [id] = library.shop.refunds().await.try_into().unwrap();
        store.write("refund", move |tx| Box::pin(async move {
            refund::begin(tx, id).await?;
            refund::succeeded(tx, id).await
        })).await.unwrap();
        assert_eq!(library.shop.state(&ann, order).await, OrderState::Closed);
        assert_eq!(library.state(&ann, download.id).await.state, State::Revoked);
        assert_eq!(library.start(linked, None).await, Some(Started::Revoked));
        assert_eq!(library.start(linked, Some(start.id)).await, Some(Started::Revoked));
        assert_eq!(library.fetch(linked, start.id).await, Fetched::Over);
        library.shop.expect_clean_books().await;
    }

    async fn an_order_whose_key_is_gone_keeps_its_file_back_until_both_come(db: TestDb) {
        let library = Library::open(&db, 1).await;
        let shop = &library.shop;
        let (ann, bob) = (shop.customer(1).await, shop.customer(2).await);
        let order = library.place(&ann, "both", &[SLUG, BOOK]).await.unwrap().order();
        let Asked::New(attempt) = shop.ask(&ann, order).await else { panic!("an invoice") };
        shop.clock.advance(HOLD);
        assert_eq!(shop.expire().await, 1);
        let other = shop.place(&bob, "last").await.unwrap().order();
        assert_eq!(library.pay(&bob, other, PRICE).await, Settled::Fulfilled(other));
        // Money wins over the clock, and there is no key.
        assert_eq!(library.pay_late(&ann, attempt, 2 * PRICE).await, Settled::Backorder(order));
        assert_eq!(library.downloads(&ann, order).await, []);
        let [id] = shop.refunds().await.try_into().unwrap();
        shop.store.write("refund", move |tx| Box::pin(async move {
            refund::begin(tx, id).await?;
            refund::succeeded(tx, id).await
        })).await.unwrap();
        assert_eq!(shop.state(&ann, order).await, OrderState::Closed);
        assert_eq!(library.downloads(&ann, order).await, []);
        shop.expect_clean_books().await;
    }

    async fn key_and_file_come_together_and_late_money_still_brings_both(db: TestDb) {
        let library = Library::open(&db, 2).await;
        let shop = &library.shop;
        let ann = shop.customer(1).await;
        let order = library.place(&ann, "both", &[BOOK, SLUG]).await.unwrap().order();
        let Asked::New(attempt) = shop.ask(&ann, order).await else { panic!("an invoice") };
        shop.expect_clean_books().await;
        shop.clock.advance(HOLD);
        assert_eq!(shop.expire().await, 1);
        assert_eq!(shop.keys_in("available").await, 2);
        assert_eq!(library.pay_late(&ann, attempt, 2 * PRICE).await, Settled::Fulfilled(order));
        assert_eq!(library.pay_late(&ann, attempt, 2 * PRICE).await, Settled::Repeat);
        assert_eq!(library.downloads(&ann, order).await.len(), 1);
        assert_eq!(shop.keys(&ann, order).await.len(), 1);
        assert_eq!(shop.letters("delivery").await, 1);
        shop.expect_clean_books().await;
    }

    async fn a_file_is_sold_only_where_it_can_be_fetched_and_once_to_each(db: TestDb) {
        let library = Library::empty(&db, 0).await;
        let ann = library.shop.customer(1).await;
        let no_file = library.place(&ann, "a", &[BOOK]).await;
        assert!(matches!(no_file, Err(PlaceError::NotForSale(slug)) if slug == BOOK));
        library.import(b"the first edition").await.unwrap();
        let pageless = Rules { has_pages: false, ..Shop::rules() };
        let no_pages = library.place_by(&ann, "b", &[BOOK], pageless).await;
        assert!(matches!(no_pages, Err(PlaceError::NotForSale(slug)) if slug == BOOK));
        library.buy(&ann).await;
        let twice = library.place(&ann, "c", &[BOOK]).await;
        assert!(matches!(twice, Err(PlaceError::Limit(Limit::Pieces { most: 1, had: 1, .. }))));
        library.buy(&library.shop.customer(2).await).await;
        library.shop.expect_clean_books().await;
    }

    async fn a_file_that_can_not_be_downloaded_any_more_can_be_bought_again(db: TestDb) {
        let library = Library::open(&db, 0).await;
        let ann = library.shop.customer(1).await;
        let (first, _) = library.buy(&ann).await;
        let is_refused = |placed: Result<Placed, PlaceError>| {
            matches!(placed, Err(PlaceError::Limit(Limit::Pieces { most: 1, had: 1, .. })))
        };
        assert!(is_refused(library.place(&ann, "too soon", &[BOOK]).await));
        let almost = DAYS as u64 * DAY.as_millis() as u64 - 1;
        library.shop.clock.advance(Duration::from_millis(almost));
        assert!(is_refused(library.place(&ann, "too soon", &[BOOK]).await));
        // Its time is over: of ten orders at once, one is placed.
        library.shop.clock.advance(Duration::from_millis(1));
        let keys: Vec<_> = (0..10).map(|number| format!("over {number}")).collect();
        let wishes = keys.iter().map(|key| library.place(&ann, key, &[BOOK]));
        let (placed, refused): (Vec<_>, Vec<_>) = join_all(wishes).await.into_iter().partition(Result::is_ok);
        assert_eq!((placed.len(), refused.len()), (1, 9));
        assert!(refused.into_iter().all(is_refused));
        let [Ok(Placed::New(second))] = placed.as_slice() else { panic!("{placed:?}") };
        assert_eq!(library.pay(&ann, *second, PRICE).await, Settled::Fulfilled(*second));
        let [download] = library.downloads(&ann, *second).await.try_into().unwrap();
        assert_eq!(download.left(), MOST);
        assert!(is_refused(library.place(&ann, "too soon", &[BOOK]).await));
        // Used up.
        let linked = library.linked(&download).await.unwrap();
        for left in (0..MOST).rev() {
            opened(library.start(linked, None).await);
            if left > 0 {
                assert!(is_refused(library.place(&ann, "too soon", &[BOOK]).await), "{left}");
            }
        }
        let (third, download) = library.buy(&ann).await;
        assert!(third != first && download.left() == MOST);
        library.shop.expect_clean_books().await;
    }

    async fn what_costs_nothing_is_had_once_for_good(db: TestDb) {
        let library = Library::open(&db, 0).await;
        let ann = library.shop.customer(1).await;
        let made = library.shop.store.write("downloads.free", |tx| {
            Box::pin(async move { tx.execute(&FREE, binds![]).await })
        });
        made.await.map_err(|error: StoreError| error).unwrap();
        library.place(&ann, "free", &[BOOK]).await.unwrap();
        library.shop.clock.advance(DAY * DAYS as u32);
        let again = library.place(&ann, "again", &[BOOK]).await;
        assert!(matches!(again, Err(PlaceError::Limit(Limit::Pieces { most: 1, had: 1, .. }))));
        library.shop.expect_clean_books().await;
    }

    async fn a_hundred_at_once_start_it_as_often_as_was_promised(db: TestDb) {
        let library = Library::open(&db, 0).await;
        let ann = library.shop.customer(1).await;
        let (_, download) = library.buy(&ann).await;
        let linked = library.linked(&download).await.unwrap();
        let rivals: Vec<_> = (0..100)
            .map(|_| tokio::spawn(start_in(library.shop.store.clone(), linked, None)))
            .collect();
        let mut won = Vec::new();
        for rival in rivals {
            match rival.await.unwrap().unwrap() {
                Started::Open(start) => won.push(start.id),
                Started::UsedUp => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(won.len() as i64, MOST);
        assert_eq!(library.count(&STARTS).await, MOST);
        assert_eq!(library.state(&ann, download.id).await.left(), 0);
        // Who has started goes on; the same browser once more is not counted.
        for start in won {
            assert!(matches!(library.fetch(linked, start).await, Fetched::File(_)));
            assert!(opened(library.start(linked, Some(start)).await).is_again);
        }
        assert_eq!(library.start(linked, None).await, Some(Started::UsedUp));
        library.shop.expect_clean_books().await;
    }

    async fn a_start_and_a_download_end_with_their_time_and_staff_give_more(db: TestDb) {
        let library = Library::open(&db, 0).await;
        let (ann, bob) = (library.shop.customer(1).await, library.shop.customer(2).await);
        let (order, download) = library.buy(&ann).await;
        let (_, bobs) = library.buy(&bob).await;
        let linked = library.linked(&download).await.unwrap();
        let bobs = library.linked(&bobs).await.unwrap();
        let first = opened(library.start(linked, None).await);
        assert_eq!(library.fetch(bobs, first.id).await, Fetched::Unknown, "another's start");
        let borrowed = opened(library.start(bobs, Some(first.id)).await);
        assert!(!borrowed.is_again && borrowed.id != first.id, "another's start counts for nobody");
        library.shop.clock.advance(Duration::from_millis(OPEN_FOR as u64));
        assert_eq!(library.fetch(linked, first.id).await, Fetched::Over);
        let second = opened(library.start(linked, Some(first.id)).await);
        assert!(!second.is_again);
        library.shop.clock.advance(DAY * DAYS as u32);
        assert_eq!(library.start(linked, None).await, Some(Started::Over));

        let store = &library.shop.store;
        let renewed = store.write("renew", move |tx| Box::pin(renew::renew(tx, order, 9))).await;
        assert_eq!(renewed.unwrap(), 1);
        assert_eq!(library.linked(&download).await, None, "older links are taken back");
        let download = library.state(&ann, download.id).await;
        assert_eq!((download.started, download.left()), (2, 9));
        let linked = library.linked(&download).await.unwrap();
        assert!(!opened(library.start(linked, None).await).is_again);
        library.shop.expect_clean_books().await;
    }

    async fn another_file_comes_to_old_buyers_and_what_was_started_ends_with_the_old_one(db: TestDb) {
        let library = Library::open(&db, 0).await;
        let ann = library.shop.customer(1).await;
        let (_, download) = library.buy(&ann).await;
        let linked = library.linked(&download).await.unwrap();
        let old = opened(library.start(linked, None).await);
        assert_eq!(library.import(b"the first edition").await.unwrap().change, Change::None);
        assert_eq!((library.count(&FILES).await, library.on_disk()), (1, 1));
        assert_eq!(library.import(b"the second edition").await.unwrap().change, Change::Another);
        assert_eq!(library.bytes(&file(library.fetch(linked, old.id).await)), b"the first edition");
        // The same browser gets the new one, which is another download.
        let new = opened(library.start(linked, Some(old.id)).await);
        assert!(!new.is_again);
        assert_eq!(library.bytes(&file(library.fetch(linked, new.id).await)), b"the second edition");
        assert_eq!((library.count(&FILES).await, library.on_disk()), (2, 2));
        library.shop.clock.advance(Duration::from_millis(OPEN_FOR as u64));
        library.import(b"the third edition").await.unwrap();
        assert_eq!((library.count(&FILES).await, library.on_disk()), (1, 1), "the old ones are gone");
        library.shop.expect_clean_books().await;
    }

    async fn an_import_meets_a_start_and_neither_loses_the_file(db: TestDb) {
        let library = Library::open(&db, 0).await;
        let ann = library.shop.customer(1).await;
        let (_, download) = library.buy(&ann).await;
        let linked = library.linked(&download).await.unwrap();
        let (store, watch) = (library.shop.store.clone(), library.shop.watch.clone());
        let editions: [&'static [u8]; 2] = [b"the second edition", b"the third edition"];
        for (point, edition) in ["downloads.started", "downloads.import"].into_iter().zip(editions) {
            let starting = start_in(store.clone(), linked, None).boxed();
            let importing = import_into(store.clone(), library.folder.clone(), edition).boxed();
            let start = if point == "downloads.import" {
                meet((&store, &watch), point, importing, starting).await.1
            } else {
                meet((&store, &watch), point, starting, importing).await.0
            };
            let start = opened(start);
            let file = file(library.fetch(linked, start.id).await);
            assert!(library.folder.has(&file), "{point}: {file:?}");
        }
        library.shop.expect_clean_books().await;
    }

    async fn a_start_that_waits_for_an_import_opens_the_new_file(db: TestDb) {
        let library = Library::open(&db, 0).await;
        let ann = library.shop.customer(1).await;
        let (_, download) = library.buy(&ann).await;
        let linked = library.linked(&download).await.unwrap();
        let (store, watch) = (library.shop.store.clone(), library.shop.watch.clone());
        let importing = import_into(store.clone(), library.folder.clone(), b"the second edition").boxed();
        let starting = start_in(store.clone(), linked, None).boxed();
        // The old file is gone already, and nobody else sees it yet.
        let (imported, start) = meet((&store, &watch), "downloads.dropped", importing, starting).await;
        assert_eq!(imported.unwrap().change, Change::Another);
        let start = opened(start);
        let file = file(library.fetch(linked, start.id).await);
        assert!(library.folder.has(&file));
        // On SQLite the start comes first, and the file stays.
        assert_eq!(library.bytes(&file) == b"the second edition", store.is_shared());
        library.shop.expect_clean_books().await;
    }

    async fn a_torn_or_empty_or_unwritable_file_changes_nothing(db: TestDb) {
        let library = Library::open(&db, 0).await;
        let store = &library.shop.store;
        let torn = import::import(store, &library.folder, BOOK, "a", Torn(1_000_000), |_| {}).await;
        assert!(matches!(torn, Err(ImportError::Read(_))), "{torn:?}");
        assert!(matches!(library.import(b"").await, Err(ImportError::Empty)));
        let bytes: &[u8] = b"x";
        let stock = import::import(store, &library.folder, SLUG, "a", bytes, |_| {}).await;
        assert!(matches!(stock, Err(ImportError::NotDownload { .. })));
        let near = import::import(store, &library.folder, "handbok", "a", bytes, |_| {}).await;
        assert_eq!(near.unwrap_err().to_string(), "there is no product handbok, did you mean handbook?");
        let full = Folder::new("/dev/full/files");
        let full = import::import(store, &full, BOOK, "a", bytes, |_| {}).await;
        assert!(matches!(full, Err(ImportError::Write { .. })), "{full:?}");
        assert_eq!((library.count(&FILES).await, library.on_disk()), (1, 1));
    }

    async fn an_import_that_is_killed_anywhere_leaves_the_old_file_or_the_new_one_whole(db: TestDb) {
        let library = Library::open(&db, 0).await;
        let ann = library.shop.customer(1).await;
        let (_, download) = library.buy(&ann).await;
        let home = tempfile::tempdir().unwrap();
        let stands = home.path().join("stands");
        let edition = home.path().join("handbook.txt");
        std::fs::write(&edition, "the second edition").unwrap();
        let importing = || {
            let mut command = command(&db);
            command.args(["import", "file", BOOK]).arg(&edition);
            command.env("KIOSK_DOWNLOADS__FOLDER", library.folder.path());
            command.env("KIOSK_STANDS_AT", &stands);
            command
        };
        // Inside a transaction only PostgreSQL can stand still.
        let points = ["downloads.copied", "downloads.kept", "downloads.import"];
        let points = &points[..if library.shop.store.is_shared() { 3 } else { 2 }];
        for point in points {
            std::fs::write(&stands, point).unwrap();
            let mut child = importing().stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
            let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
            loop {
                let line = lines.next_line().await.unwrap().expect("it comes there");
                if line.contains(&format!("standing at {point}")) {
                    break;
                }
            }
            child.kill().await.unwrap();
            let current = library.state(&ann, download.id).await.file.unwrap();
            assert_eq!(library.bytes(&current), b"the first edition", "{point}");
        }
        std::fs::write(&stands, "").unwrap();
        let ended = run(importing(), "").await;
        assert_eq!((ended.status, ended.err.as_str()), (0, ""), "{}", ended.out);
        let current = library.state(&ann, download.id).await.file.unwrap();
        assert_eq!(library.bytes(&current), b"the second edition");
        library.shop.expect_clean_books().await;
        // What the killed ones left goes a day later.
        let left = library.on_disk();
        assert!(left > 1, "{left}");
        std::fs::write(library.folder.path().join("notes"), "the operator's own").unwrap();
        let long_ago = std::time::UNIX_EPOCH + DAY;
        for entry in std::fs::read_dir(library.folder.path()).unwrap() {
            let file = std::fs::File::options().write(true).open(entry.unwrap().path()).unwrap();
            file.set_modified(long_ago).unwrap();
        }
        library.shop.clock.advance(Duration::from_millis(OPEN_FOR as u64));
        library.import(b"the third edition").await.unwrap();
        assert_eq!(library.on_disk(), 2, "the file, and what is not ours");
    }
}
