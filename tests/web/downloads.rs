//! Downloads by their pages: what counts and what does not, the bytes whole and in parts, and who gets none.

use std::io::Cursor;
use std::time::Duration;

use kiosk::shop::customers::Customer;
use kiosk::shop::downloads::folder::Folder;
use kiosk::shop::downloads::import;
use kiosk::shop::downloads::view::{self, Download};
use kiosk::shop::downloads::{MISSING, link, renew};
use kiosk::shop::orders::link as order_link;
use kiosk::shop::orders::place::{self, PlaceError, Request};
use kiosk::store::{PublicId, StoreError};
use kiosk::{binds, sql};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};

use super::browser::{Answer, Browser, Otherwise, Pages};
use crate::on_both_engines;
use crate::sales::rig::Shop;
use crate::support::db::TestDb;

/// What is sold here.
pub const SLUG: &str = "handbook";
/// The name of its file.
pub const NAME: &str = "Книга в 2 томах.pdf";
/// So often may it be downloaded.
const MOST: i64 = 2;
/// So many days.
const DAYS: i64 = 30;
const HOUR: Duration = Duration::from_hours(1);

sql! {
    PRODUCT = "web_downloads.product",
        "INSERT INTO products (slug, kind, title, description, prices, max_downloads, download_days, position, created_at, updated_at)
         VALUES ($1, 'download', '{\"en\":\"Handbook\",\"ru\":\"Справочник\"}', '{}', '{\"XTR\":0}', $2, $3, 2, 0, 0)";
    REVOKE = "web_downloads.revoke", "UPDATE downloads SET state = 'revoked' WHERE public_id = $1";
}

/// Pages of a shop that sells a file.
pub struct Files {
    pub pages: Pages,
    pub folder: Folder,
    _place: tempfile::TempDir,
}

impl Files {
    pub async fn open(db: &TestDb) -> Self {
        Self::open_with(db, Otherwise::default()).await
    }

    pub async fn open_with(db: &TestDb, otherwise: Otherwise) -> Self {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(place.path().join("files"));
        let otherwise = Otherwise {
            files: Some(folder.clone()),
            ..otherwise
        };
        let pages = Pages::open_with(db, otherwise).await;
        let made = pages.shop.store.write("web_downloads.product", |tx| {
            Box::pin(async move { tx.execute(&PRODUCT, binds![SLUG, MOST, DAYS]).await })
        });
        made.await
            .map_err(|error: StoreError| error)
            .expect("a product");
        let files = Self {
            pages,
            folder,
            _place: place,
        };
        files.import(bytes(1)).await;
        files
    }

    pub async fn import(&self, bytes: Vec<u8>) {
        let store = &self.pages.shop.store;
        import::import(store, &self.folder, SLUG, NAME, Cursor::new(bytes), |_| {})
            .await
            .expect("imported");
    }

    /// Free: it is the customer's at once.
    pub async fn order(&self, customer: &Customer) -> PublicId {
        let request = Request {
            customer: customer.id,
            wanted: vec![Shop::wanted(SLUG, 1)],
            checkout_key: "file".to_owned(),
            rules: Shop::rules(),
        };
        let placed = self.pages.shop.store.write("orders.place", move |tx| {
            let request = request.clone();
            Box::pin(async move { place::place(tx, &request).await })
        });
        placed
            .await
            .map_err(|error: PlaceError| error)
            .expect("placed")
            .order()
    }

    pub async fn download(&self, customer: &Customer, order: PublicId) -> Download {
        let customer = customer.id;
        let found = self.pages.shop.store.read("web_downloads.one", move |tx| {
            Box::pin(view::of_order(tx, customer, order))
        });
        found.await.expect("downloads").remove(0)
    }

    pub async fn started(&self, customer: &Customer, order: PublicId) -> i64 {
        self.download(customer, order).await.started
    }

    /// The path of an order's download.
    pub async fn path(&self, customer: &Customer, order: PublicId) -> String {
        let download = self.download(customer, order).await;
        let vault = &self.pages.shop.vault;
        format!(
            "/d/{}",
            link::page(vault, download.id, download.link_version)
        )
    }

    /// Ann, her order and the path of its download.
    pub async fn bought(&self) -> (Customer, PublicId, String) {
        let ann = self.pages.shop.customer(1).await;
        let order = self.order(&ann).await;
        let path = self.path(&ann, order).await;
        (ann, order, path)
    }

    /// Presses the button; answers where the bytes are.
    pub async fn starts(&self, browser: &Browser, path: &str) -> String {
        let answer = browser.post(path, &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        assert!(answer.place().starts_with(&format!("{path}/")));
        answer.place().to_owned()
    }
}

/// Two MiB that look like anything.
pub fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..2 * 1_024 * 1_024).map(next).collect()
}

/// Bytes with what is said of them.
pub async fn fetch(
    browser: &Browser,
    path: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = browser.request(Method::GET, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.expect("an answer");
    let (status, headers) = (answer.status(), answer.headers().clone());
    let bytes = answer.bytes().await.expect("bytes");
    (status, headers, bytes.to_vec())
}

pub fn said<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name);
    value.map_or("", |value| value.to_str().expect("text"))
}

#[track_caller]
fn is_refused(answer: &Answer, status: StatusCode, words: &str) {
    assert_eq!(answer.status, status);
    answer.shows(words);
    assert!(!answer.text.contains("<form"), "no button: {}", answer.text);
}

on_both_engines! {
    async fn a_look_counts_nothing_and_a_start_counts_once_in_a_browser(db: TestDb) {
        let files = Files::open(&db).await;
        let (ann, order, path) = files.bought().await;
        let browser = files.pages.browser();
        for _ in 0..100 {
            let page = browser.get(&path).await;
            assert_eq!(page.status, StatusCode::OK);
        }
        let page = browser.get(&path).await;
        for words in [NAME, "2\u{a0}MB", "2 of 2", "Handbook", "14 Dec 2023"] {
            page.shows(words);
        }
        browser.get(&format!("{path}?lang=ru")).await.shows("Справочник");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(files.started(&ann, order).await, 0);
        let place = files.starts(&browser, &path).await;
        assert_eq!(files.starts(&browser, &path).await, place, "it goes on");
        assert_eq!(files.started(&ann, order).await, 1);
        browser.get(&path).await.shows(&place);
        // Elsewhere nobody knows that it has begun.
        let other = files.pages.browser();
        assert_ne!(files.starts(&other, &path).await, place);
        assert_eq!(files.started(&ann, order).await, 2);
        let third = files.pages.browser();
        for answer in [third.post(&path, &[]).await, third.post(&path, &[]).await] {
            is_refused(&answer, StatusCode::GONE, "It could be downloaded 2 times");
        }
        is_refused(&third.get(&path).await, StatusCode::OK, "/support");
        assert_eq!(files.started(&ann, order).await, 2);
        // What was started goes on.
        assert_eq!(files.starts(&browser, &path).await, place);
        browser.get(&path).await.shows(&place);
        assert_eq!(fetch(&third, &place, &[]).await.0, StatusCode::OK);
        files.pages.shop.expect_clean_books().await;
    }

    async fn bytes_come_whole_and_in_parts(db: TestDb) {
        let files = Files::open(&db).await;
        let (_, _, path) = files.bought().await;
        let browser = files.pages.browser();
        let place = files.starts(&browser, &path).await;
        let all = bytes(1);
        let size = all.len();
        let (status, headers, whole) = fetch(&browser, &place, &[]).await;
        assert_eq!(status, StatusCode::OK);
        assert!(whole == all, "the same bytes");
        assert_eq!(said(&headers, "content-length"), size.to_string());
        assert_eq!(said(&headers, "accept-ranges"), "bytes");
        assert_eq!(said(&headers, "content-type"), "application/pdf");
        assert_eq!(said(&headers, "cache-control"), "private, no-cache");
        assert_eq!(said(&headers, "content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(said(&headers, "x-content-type-options"), "nosniff");
        let name = "filename*=UTF-8''%D0%9A%D0%BD%D0%B8%D0%B3%D0%B0%20%D0%B2%202%20%D1%82%D0%BE%D0%BC%D0%B0%D1%85.pdf";
        let attachment = said(&headers, "content-disposition");
        assert!(attachment.starts_with("attachment; filename=\"") && attachment.ends_with(name), "{attachment}");
        let tag = said(&headers, "etag").to_owned();
        assert!(tag.len() == 66 && tag.starts_with('"'), "{tag}");
        let page = browser.get(&path).await;
        page.shows(tag.trim_matches('"'));
        let part = async |range: &str, headers: &[(&str, &str)]| {
            let headers = [&[("range", range)], headers].concat();
            fetch(&browser, &place, &headers).await
        };
        for (range, from, to) in [
            ("bytes=0-99", 0, 100),
            ("bytes=1000000-1300000", 1_000_000, 1_300_001),
            ("bytes=-7", size - 7, size),
            ("bytes=5-5", 5, 6),
            ("bytes=2097151-", size - 1, size),
            ("bytes=0-99999999", 0, size),
        ] {
            let (status, headers, got) = part(range, &[]).await;
            assert_eq!(status, StatusCode::PARTIAL_CONTENT, "{range}");
            assert!(got == all[from..to], "{range}");
            assert_eq!(said(&headers, "content-range"), format!("bytes {from}-{}/{size}", to - 1));
            assert_eq!(said(&headers, "content-length"), (to - from).to_string());
            assert_eq!(said(&headers, "etag"), tag);
        }
        // Broken off, and resumed with what is known of it.
        let (status, _, rest) = part("bytes=1500000-", &[("if-range", &tag)]).await;
        assert_eq!(status, StatusCode::PARTIAL_CONTENT);
        assert!([&whole[..1_500_000], &rest].concat() == all);
        for other in ["\"another\"", &format!("W/{tag}"), "Wed, 15 Nov 2023 00:00:00 GMT", "x"] {
            let (status, headers, got) = part("bytes=1500000-", &[("if-range", other)]).await;
            assert_eq!((status, got.len()), (StatusCode::OK, size), "{other}");
            assert_eq!(said(&headers, "content-range"), "");
        }
        for range in ["bytes=2097152-", "bytes=-0"] {
            let (status, headers, got) = part(range, &[]).await;
            assert_eq!((status, got.len()), (StatusCode::RANGE_NOT_SATISFIABLE, 0), "{range}");
            assert_eq!(said(&headers, "content-range"), format!("bytes */{size}"));
        }
        for range in ["bytes=0-1,5-6", "bytes=5-3", "bytes=x", "lines=1-2", ""] {
            let (status, _, got) = part(range, &[]).await;
            assert_eq!((status, got.len()), (StatusCode::OK, size), "{range}");
        }
        for known in [tag.as_str(), &format!("\"x\", W/{tag}"), "*"] {
            let (status, headers, got) = fetch(&browser, &place, &[("if-none-match", known), ("range", "bytes=0-1")]).await;
            assert_eq!((status, got.len()), (StatusCode::NOT_MODIFIED, 0), "{known}");
            assert_eq!(said(&headers, "etag"), tag);
        }
        assert_eq!(fetch(&browser, &place, &[("if-none-match", "\"x\"")]).await.0, StatusCode::OK);
        let head = browser.request(Method::HEAD, &place).header("range", "bytes=0-1").header("if-none-match", &tag);
        let head = browser.send(head).await;
        assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""));
        assert_eq!(head.header("content-length"), size.to_string());
        assert_eq!(head.header("etag"), tag);
    }

    async fn a_start_keeps_its_file_when_another_takes_its_place(db: TestDb) {
        let files = Files::open(&db).await;
        let (ann, order, path) = files.bought().await;
        let browser = files.pages.browser();
        let old = files.starts(&browser, &path).await;
        let (_, headers, _) = fetch(&browser, &old, &[]).await;
        let tag = said(&headers, "etag").to_owned();
        files.import(bytes(2)).await;
        let (_, headers, got) = fetch(&browser, &old, &[]).await;
        assert!(got == bytes(1) && said(&headers, "etag") == tag);
        let new = files.starts(&browser, &path).await;
        assert_eq!(files.started(&ann, order).await, 2, "another file is another download");
        let (_, headers, got) = fetch(&browser, &new, &[]).await;
        assert!(got == bytes(2) && said(&headers, "etag") != tag);
        assert_eq!(fetch(&browser, &new, &[("if-range", &tag), ("range", "bytes=9-")]).await.0, StatusCode::OK);
    }

    async fn a_start_is_over_after_hours_and_a_download_after_days(db: TestDb) {
        let files = Files::open(&db).await;
        let (_, _, path) = files.bought().await;
        let browser = files.pages.browser();
        let place = files.starts(&browser, &path).await;
        files.pages.shop.clock.advance(Duration::from_millis(12 * 3_600_000 - 1));
        assert_eq!(browser.request(Method::HEAD, &place).send().await.unwrap().status(), StatusCode::OK);
        files.pages.shop.clock.advance(Duration::from_millis(1));
        let over = browser.get(&place).await;
        is_refused(&over, StatusCode::GONE, "no longer open");
        over.shows(&format!("href=\"{path}?lang=en\""));
        let again = files.starts(&browser, &path).await;
        assert_ne!(again, place);
        files.pages.shop.clock.advance(30 * 24 * HOUR);
        is_refused(&browser.get(&path).await, StatusCode::OK, "It could be downloaded until 14 Dec 2023");
        is_refused(&browser.post(&path, &[]).await, StatusCode::GONE, "/support");
    }

    async fn a_renewed_download_takes_its_old_links_back(db: TestDb) {
        let files = Files::open(&db).await;
        let (ann, order, path) = files.bought().await;
        let browser = files.pages.browser();
        let place = files.starts(&browser, &path).await;
        let renewed = files.pages.shop.store.write("web_downloads.renew", move |tx| Box::pin(renew::renew(tx, order, 2)));
        assert_eq!(renewed.await.expect("renewed"), 1);
        for path in [&path, &place] {
            assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND);
        }
        assert_eq!(browser.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
        let fresh = files.path(&ann, order).await;
        browser.get(&fresh).await.shows("2 of 3");
        assert_ne!(files.starts(&browser, &fresh).await, place);
        // The start of before is none of the new link's, either.
        let (_, start) = place.rsplit_once('/').unwrap();
        assert_eq!(browser.get(&format!("{fresh}/{start}")).await.status, StatusCode::NOT_FOUND);
    }

    async fn money_that_went_back_leaves_no_bytes(db: TestDb) {
        let files = Files::open(&db).await;
        let (ann, order, path) = files.bought().await;
        let browser = files.pages.browser();
        let place = files.starts(&browser, &path).await;
        let id = files.download(&ann, order).await.id;
        let revoked = files.pages.shop.store.write("web_downloads.revoke", move |tx| {
            Box::pin(async move { tx.execute(&REVOKE, binds![id]).await })
        });
        revoked.await.map_err(|error: StoreError| error).expect("revoked");
        assert_eq!(browser.get(&place).await.status, StatusCode::GONE);
        is_refused(&browser.get(&path).await, StatusCode::OK, "The money was returned");
        is_refused(&browser.post(&path, &[]).await, StatusCode::GONE, "The money was returned");
        let hers = files.pages.logged_in(ann.id).await;
        assert!(!hers.get("/cabinet/downloads").await.text.contains("/d/"));
    }

    async fn to_strangers_nothing_is_there(db: TestDb) {
        let files = Files::open(&db).await;
        let (ann, order, path) = files.bought().await;
        let bob = files.pages.shop.customer(2).await;
        let bobs = files.order(&bob).await;
        let bobs = files.path(&bob, bobs).await;
        let (browser, his) = (files.pages.browser(), files.pages.browser());
        let place = files.starts(&browser, &path).await;
        let (_, start) = place.rsplit_once('/').unwrap();
        let vault = files.pages.shop.vault.clone();
        let of_order = files.pages.shop.store.read("web_downloads.token", move |tx| {
            let vault = vault.clone();
            Box::pin(async move { order_link::token(tx, &vault, order).await })
        });
        let of_order = of_order.await.map_err(|error: StoreError| error).expect("a token").expect("an order");
        let token = path.strip_prefix("/d/").unwrap();
        let mangled = |text: &str| {
            let last = if text.ends_with('A') { 'B' } else { 'A' };
            let first = if text.starts_with('A') { 'B' } else { 'A' };
            [
                format!("{}{last}", &text[..text.len() - 1]),
                format!("{first}{}", &text[1..]),
                text[..text.len() - 1].to_owned(),
                format!("{text}A"),
                text.to_uppercase(),
            ]
        };
        let mut pages: Vec<String> = mangled(token).into();
        pages.extend([of_order.clone(), start.to_owned(), "A".repeat(43), "x".to_owned(), "A".repeat(5_000), "%00".to_owned()]);
        let mut bodies = Vec::new();
        for page in pages {
            for answer in [his.get(&format!("/d/{page}")).await, his.post(&format!("/d/{page}"), &[]).await, his.get(&format!("/d/{page}/{start}")).await] {
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{page}");
                bodies.push(answer.text);
            }
        }
        let mut starts: Vec<String> = mangled(start).iter().map(|start| format!("{path}/{start}")).collect();
        starts.extend([format!("{path}/{token}"), format!("{path}/{of_order}"), format!("{bobs}/{start}"), format!("{path}/x")]);
        starts.extend([format!("/o/{token}"), format!("{place}/more")]);
        for path in starts {
            let answer = his.get(&path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            bodies.push(answer.text);
        }
        assert_eq!(his.post(&place, &[]).await.status, StatusCode::NOT_FOUND);
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "all of them look the same");
        // Her start in his cookie does not save him one.
        his.set_cookie("kiosk-start", start);
        files.starts(&his, &bobs).await;
        his.get(&bobs).await.shows("1 of 2");
        assert_eq!(files.started(&ann, order).await, 1);
    }

    async fn behind_a_proxy_the_proxy_hands_the_file_out(db: TestDb) {
        let otherwise = Otherwise { accel_prefix: Some("/files/"), ..Otherwise::default() };
        let files = Files::open_with(&db, otherwise).await;
        let (ann, order, path) = files.bought().await;
        let browser = files.pages.browser();
        let place = files.starts(&browser, &path).await;
        let file = files.download(&ann, order).await.file.expect("a file").id;
        let (status, headers, got) = fetch(&browser, &place, &[("range", "bytes=0-9")]).await;
        assert_eq!((status, got.len()), (StatusCode::OK, 0));
        assert_eq!(said(&headers, "x-accel-redirect"), format!("/files/{file}"));
        assert_eq!(said(&headers, "content-type"), "application/pdf");
        assert_eq!(said(&headers, "cache-control"), "private, no-cache");
        assert_eq!(said(&headers, "content-security-policy"), "sandbox; default-src 'none'");
        assert!(said(&headers, "content-disposition").starts_with("attachment; "));
    }

    async fn a_file_that_is_gone_counts_nothing_and_the_shop_is_told_once(db: TestDb) {
        let files = Files::open(&db).await;
        let (ann, order, path) = files.bought().await;
        let browser = files.pages.browser();
        let place = files.starts(&browser, &path).await;
        let file = files.download(&ann, order).await.file.expect("a file").id;
        // Cut off is as bad as gone.
        std::fs::write(files.folder.of(file), "half").expect("written");
        is_refused(&browser.get(&place).await, StatusCode::SERVICE_UNAVAILABLE, "The shop knows already");
        files.folder.remove(file).expect("removed");
        let other = files.pages.browser();
        for answer in [other.post(&path, &[]).await, other.post(&path, &[]).await, browser.get(&place).await] {
            is_refused(&answer, StatusCode::SERVICE_UNAVAILABLE, "nothing was counted");
            assert!(!answer.text.contains(&place));
        }
        assert_eq!(files.started(&ann, order).await, 1);
        assert_eq!(files.pages.shop.attention(MISSING).await, 1);
        // The same file once more brings it back.
        files.import(bytes(1)).await;
        assert_eq!(files.pages.shop.attention(MISSING).await, 0);
        let (status, _, got) = fetch(&browser, &place, &[]).await;
        assert!(status == StatusCode::OK && got == bytes(1));
        files.starts(&other, &path).await;
        files.import(bytes(1)).await;
        assert_eq!(std::fs::read_dir(files.folder.path()).expect("a folder").count(), 1);
    }

    async fn an_order_and_the_cabinet_lead_to_its_downloads(db: TestDb) {
        let files = Files::open(&db).await;
        let ann = files.pages.shop.customer(1).await;
        let hers = files.pages.logged_in(ann.id).await;
        hers.get("/cabinet/downloads").await.shows("no files to download yet");
        let order = files.order(&ann).await;
        let path = files.path(&ann, order).await;
        let in_cabinet = format!("/cabinet/orders/{order}");
        let list = hers.get("/cabinet/downloads").await;
        for words in [path.as_str(), &in_cabinet, NAME, "2 of 2 downloads left", "14 Dec 2023", "Ready"] {
            list.shows(words);
        }
        hers.get("/cabinet").await.shows("/cabinet/downloads");
        let vault = files.pages.shop.vault.clone();
        let token = files.pages.shop.store.read("web_downloads.token", move |tx| {
            let vault = vault.clone();
            Box::pin(async move { order_link::token(tx, &vault, order).await })
        });
        let token = token.await.map_err(|error: StoreError| error).expect("a token").expect("an order");
        for page in [in_cabinet, format!("/o/{token}")] {
            let page = hers.get(&page).await;
            page.shows(&path);
            page.shows("2 of 2 downloads left");
            assert!(!page.text.contains("/keys"), "it brings no keys");
        }
        for _ in 0..2 {
            files.starts(&files.pages.browser(), &path).await;
        }
        hers.get("/cabinet/downloads").await.shows("Used up");
        let export = hers.submits("/cabinet/data", "/cabinet/data/export", &[]).await;
        let export: serde_json::Value = serde_json::from_str(&export.text).expect("JSON");
        let told = &export["orders"][0]["downloads"][0];
        let told = ["state", "started", "may_be_started", "until"].map(|name| told[name].clone());
        assert_eq!(serde_json::json!(told), serde_json::json!(["granted", 2, 2, "2023-12-14T22:13:20Z"]));
        let bob = files.pages.shop.customer(2).await;
        let his = files.pages.logged_in(bob.id).await;
        assert!(!his.get("/cabinet/downloads").await.text.contains("/d/"));
    }
}
