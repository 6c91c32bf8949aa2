//! `kill -9` in the middle of buying a file and of fetching it: it is paid once, its link arrives, and a broken download
//! goes on where it stopped.

use kiosk::binds;
use kiosk::shop::downloads::folder::Folder;
use kiosk::shop::downloads::import;
use kiosk::sql;
use kiosk::store::StoreError;
use kiosk_emulator::PayOptions;
use reqwest::{Method, StatusCode, header};

use super::mortal::Mortal;
use super::world::PAGES;
use crate::on_both_engines;

/// Bytes of the file: more than sockets hold.
const SIZE: usize = 8 * 1024 * 1024;
/// What befalls a tap, and a letter.
const ANSWER: [&str; 2] = ["inbox.stored", "turn.written"];
const LETTER: [&str; 2] = ["outbox.claimed", "outbox.sent"];

sql! {
    PRODUCT = "kill.file",
        "INSERT INTO products (slug, kind, title, description, prices, position, created_at, updated_at)
         VALUES ('handbook', 'download', '{\"en\":\"The handbook\"}', '{}', '{\"XTR\":250}', 2, 0, 0)";
    STARTED = "kill.started", "SELECT state, started FROM downloads";
}

/// The file: no two pieces of it are the same.
fn bytes() -> Vec<u8> {
    (0..SIZE as u64 / 8)
        .flat_map(|at| at.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes())
        .collect()
}

fn settings(folder: &Folder) -> String {
    let folder = folder.path().display();
    format!(
        "[shop]
        name = 'Zeta shop'
        [web]
        listen = '127.0.0.1:0'
        public_url = '{PAGES}'
        [downloads]
        folder = '{folder}'\n"
    )
}

on_both_engines! {
    async fn a_kill_in_the_middle_of_each_step_of_a_file_loses_and_repeats_nothing(db: TestDb) {
        let home = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(home.path().join("files"));
        let mut shop = Mortal::open_as(&db, 1, Some(settings(&folder))).await;
        let made = shop.store.write("kill.file", |tx| Box::pin(async move { tx.execute(&PRODUCT, binds![]).await }));
        made.await.map_err(|error: StoreError| error).expect("a product");
        let file = std::io::Cursor::new(bytes());
        import::import(&shop.store, &folder, "handbook", "handbook.bin", file, |_| {}).await.expect("a file");

        let ann = shop.world.customer("Ann");
        shop.hears(ann, "/start p_handbook", "The handbook", &ANSWER[..1]).await;
        shop.taps(ann, "⚡ Buy now", "How would you like to pay?", &ANSWER).await;
        shop.taps(ann, "⭐ Pay with Stars", "The invoice is in this chat", &ANSWER[..1]).await;
        let control = &shop.world.control.clone();
        let invoice = control.wait_for_message(ann, |it| it.invoice.is_some()).await.expect("an invoice");
        let paid = shop.dies_at(&LETTER, async |shop| {
            shop.world.control.pay(ann, invoice.message_id, PayOptions::default()).await
        }).await;
        assert!(paid.charge_id().is_some(), "{paid:?}");
        let delivered = control.wait_for_message(ann, |it| it.source.contains("/d/")).await;
        let delivered = delivered.expect("the link").source;
        let (_, path) = delivered.split_once(PAGES).expect("a link");
        let path = path.split('"').next().expect("a path").to_owned();
        assert!(path.starts_with("/d/"), "{delivered}");

        // It is started, and nobody is told where.
        let browser = shop.browser();
        let nothing: [(&str, &str); 0] = [];
        shop.dies_answering(browser.request(Method::POST, &path).form(&nothing)).await;
        browser.moves(&shop.pages());
        let started = browser.post(&path, &[]).await;
        assert_eq!(started.status, StatusCode::SEE_OTHER, "{}", started.text);
        let place = started.place().to_owned();
        // The connection breaks, and the rest comes from the next process.
        let mut first = browser.request(Method::GET, &place).send().await.expect("an answer");
        let etag = first.headers()[header::ETAG].clone();
        let mut got = Vec::new();
        while got.len() < 100_000 {
            got.extend(first.chunk().await.expect("bytes").expect("more of them"));
        }
        shop.dies().await;
        while let Ok(Some(more)) = first.chunk().await {
            got.extend(more);
        }
        assert!(got.len() < SIZE, "it was cut off");
        browser.moves(&shop.pages());
        let rest = browser.request(Method::GET, &place)
            .header(header::RANGE, format!("bytes={}-", got.len()))
            .header(header::IF_RANGE, etag)
            .send().await.expect("an answer");
        assert_eq!(rest.status(), StatusCode::PARTIAL_CONTENT);
        got.extend(rest.bytes().await.expect("the rest"));
        assert!(got == bytes(), "every byte once");
        // What was counted before the kill stays counted, and no piece counts.
        let rows = shop.store.read("kill.started", |tx| Box::pin(tx.all::<(String, i64)>(&STARTED, &[])));
        let rows = rows.await.map_err(|error: StoreError| error).expect("rows");
        assert_eq!(rows, [("granted".to_owned(), 2)]);
        println!("{} kills", shop.kills);
        shop.is_clean().await;
        shop.close().await;
    }
}
