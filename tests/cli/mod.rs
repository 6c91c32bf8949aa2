//! The command line: what it answers, on which stream, and with which exit status.

mod files;
mod money;
mod opening;
mod staff;
mod vk;

use kiosk::clock::Clock;
use kiosk::store::{Location, StoreError};
use kiosk::{binds, sql};
use kiosk_emulator::{CustomerSpec, Message, PayOptions};

use crate::on_both_engines;
use crate::support::child::{Child, command, run};
use crate::support::db::TestDb;
use crate::support::shop::{MASTER, TOKEN, emulator, stock};

const OTHER_MASTER: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

sql! {
    BREAK = "cli.break",
        "INSERT INTO inbox (source, event_id, kind, raw, state, received_at, due_at)
         VALUES ('test', '1', 'test', $1, 'new', 0, 0)";
    NEWER_SQLITE = "cli.newer",
        "UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1";
}

const CATALOGUE: &str = "[[product]]\nid = \"zeta\"\nkind = \"stock\"\ntitle = { en = \"Zeta\" }\nprice = { XTR = 5 }\n";

fn with(db: &TestDb, args: &[&str]) -> tokio::process::Command {
    let mut command = command(db);
    command.args(args);
    command
}

on_both_engines! {
    async fn a_seller_imports_and_audits(db: TestDb) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("catalogue.toml");
        std::fs::write(&file, CATALOGUE).unwrap();
        let file = file.to_str().unwrap();
        let done = run(with(&db, &["import", "catalogue", file]), "").await;
        assert_eq!((done.status, done.out.contains("products added: 1")), (0, true), "{}{}", done.out, done.err);
        let done = run(with(&db, &["import", "keys", "zeta", "-"]), "\u{feff}A-1\r\n\r\n  A-2  \nA-1\n").await;
        assert_eq!(done.status, 0, "{}", done.err);
        assert!(done.out.contains("keys added to zeta: 2"), "{}", done.out);
        assert!(done.out.contains("repeat an earlier line: 1 (line 4)"), "{}", done.out);
        let done = run(with(&db, &["import", "keys", "zeta", "-"]), "A-2\nA-3\n").await;
        assert!(done.out.contains("the shop has already: 1 (line 1)"), "{}", done.out);
        let done = run(with(&db, &["import", "keys", "zeat", "-"]), "A-4\n").await;
        assert_eq!((done.status, done.err.contains("zeta")), (1, true), "{}", done.err);
        let done = run(with(&db, &["audit", "--strict"]), "").await;
        assert_eq!((done.status, done.out.contains("the books are clean")), (0, true), "{}{}", done.out, done.err);
        let store = db.store(&Clock::system()).await;
        store.write("cli.break", |tx| Box::pin(async move {
            tx.execute(&BREAK, binds![Vec::<u8>::new()]).await
        })).await.map_err(|error: StoreError| error).unwrap();
        let done = run(with(&db, &["audit", "--json"]), "").await;
        let findings: serde_json::Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!((done.status, findings[0]["check"].as_str()), (1, Some("fact-unfinished")), "{}", done.out);
        store.close().await;
    }

    async fn a_catalogue_with_an_error_on_line_217_imports_nothing(db: TestDb) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("catalogue.toml");
        let mut text = String::new();
        for at in 0..43 {
            text += &format!("[[product]]\nid = \"p-{at}\"\nkind = \"stock\"\ntitle = {{ en = \"P\" }}\nprice = {{ XTR = 5 }}\n");
        }
        text += "[[product]]\nid = \"Not A Slug\"\nkind = \"stock\"\ntitle = { en = \"P\" }\nprice = { XTR = 5 }\n";
        std::fs::write(&file, text).unwrap();
        let done = run(with(&db, &["import", "catalogue", file.to_str().unwrap()]), "").await;
        assert_eq!(done.status, 1);
        assert!(done.err.contains("line 217") && done.err.contains("Not A Slug"), "{}", done.err);
        let done = run(with(&db, &["import", "keys", "p-0", "-"]), "A\n").await;
        assert_eq!(done.status, 1, "nothing was imported: {}", done.out);
    }

    async fn a_database_of_a_newer_program_or_of_another_shops_key_is_refused(db: TestDb) {
        let store = db.store(&Clock::system()).await;
        stock(&store, 1).await;
        let mut other = with(&db, &["import", "keys", "zeta-month", "-"]);
        other.env("KIOSK_SECRETS__MASTER_KEY", OTHER_MASTER);
        let done = run(other, "A\n").await;
        assert_eq!((done.status, done.err.contains("belongs to another shop")), (1, true), "{}", done.err);
        let mut other = with(&db, &["run"]);
        other.env("KIOSK_SECRETS__MASTER_KEY", OTHER_MASTER).env("KIOSK_TELEGRAM__TOKEN", TOKEN);
        let done = run(other, "").await;
        assert_eq!((done.status, done.err.contains("belongs to another shop")), (1, true), "{}", done.err);
        store.write("cli.newer", |tx| Box::pin(async move { tx.execute(&NEWER_SQLITE, &[]).await }))
            .await.map_err(|error: StoreError| error).unwrap();
        store.close().await;
        for args in [&["migrate"][..], &["audit"], &["run"]] {
            let mut command = with(&db, args);
            command.env("KIOSK_TELEGRAM__TOKEN", TOKEN);
            let done = run(command, "").await;
            assert_eq!((done.status, done.err.contains("newer")), (1, true), "{args:?}: {}", done.err);
        }
    }

    async fn an_open_shop_answers_its_health_and_bears_commands_beside_it(db: TestDb) {
        let store = db.store(&Clock::system()).await;
        stock(&store, 1).await;
        let emulator = emulator().await;
        let shop = Child::start(&db, &emulator.url()).await;
        let address = shop.ops().to_owned();
        for (page, status, words) in [
            ("healthz", 200, "ok"),
            ("readyz", 200, "ready"),
            ("metrics", 200, "kiosk_statement_duration_seconds_bucket"),
            ("else", 404, ""),
        ] {
            let answer = reqwest::get(format!("http://{address}/{page}")).await.unwrap();
            assert_eq!(answer.status().as_u16(), status, "{page}");
            let text = answer.text().await.unwrap();
            assert!(text.contains(words), "{page}: {text}");
            assert!(!text.contains(TOKEN), "no secrets in {page}");
        }
        let mut health = with(&db, &["health"]);
        health.env("KIOSK_WEB__OPS_LISTEN", &address);
        let done = run(health, "").await;
        assert_eq!((done.status, done.out.as_str()), (0, "ready\n"), "{}", done.err);
        let done = run(with(&db, &["audit"]), "").await;
        assert_eq!(done.status, 0, "{}", done.err);
        let done = run(with(&db, &["import", "keys", "zeta-month", "-"]), "B-1\n").await;
        assert_eq!(done.status, 0, "{}", done.err);
        if let Location::Sqlite(_) = db.location() {
            let mut second = with(&db, &["run"]);
            second.env("KIOSK_TELEGRAM__TOKEN", TOKEN);
            let done = run(second, "").await;
            assert_eq!((done.status, done.err.contains("another kiosk uses this database")), (1, true), "{}", done.err);
        }
        shop.terminate().await;
        let mut health = with(&db, &["health"]);
        health.env("KIOSK_WEB__OPS_LISTEN", &address);
        let done = run(health, "").await;
        assert_eq!((done.status, done.err.contains("nobody listens")), (1, true), "{}", done.err);
        store.close().await;
        emulator.stop().await;
    }

    async fn wrong_usage_and_missing_settings_are_told(db: TestDb) {
        for args in [&["frobnicate"][..], &["import", "catalogue", "file.doc"], &["import"], &["audit", "--loud"]] {
            let done = run(with(&db, args), "").await;
            assert_eq!(done.status, 2, "{args:?}");
            assert!(!done.err.is_empty());
        }
        let done = run(with(&db, &["run"]), "").await;
        assert_eq!((done.status, done.err.contains("@BotFather")), (1, true), "{}", done.err);
        let mut bad = with(&db, &["run"]);
        bad.env("KIOSK_TELEGRAM__TOKEN", TOKEN).env("KIOSK_SHOP__TIMEZONE", "Europe/Nowhere");
        let done = run(bad, "").await;
        assert_eq!((done.status, done.err.contains("Europe/Nowhere")), (1, true), "{}", done.err);
        assert!(!done.err.contains(TOKEN), "no secrets in errors");
        let mut bad = with(&db, &["run"]);
        bad.env("KIOSK_TELEGRAM__TOKEN", "no token at all: hunter2");
        let done = run(bad, "").await;
        assert_eq!((done.status, done.err.contains("telegram.token")), (1, true), "{}", done.err);
        assert!(!done.err.contains("hunter2"), "no secrets in errors: {}", done.err);
    }

    async fn neither_logs_nor_metrics_nor_the_database_tell_a_key(db: TestDb) {
        let store = db.store(&Clock::system()).await;
        stock(&store, 1).await;
        let emulator = emulator().await;
        let mut loud = command(&db);
        loud.env("KIOSK_LOG__FILTER", "trace");
        let shop = Child::start_as(loud, &emulator.url()).await;
        let control = emulator.control();
        let ann = control.customer(CustomerSpec::named("Ann").speaking("en"));
        control.say(ann, "/start p_zeta-month");
        for label in ["⚡ Buy now", "⭐ Pay with Stars"] {
            let wanted = move |message: &Message| message.keyboard.iter().flatten().any(|button| button.text == label);
            control.wait_for_message(ann, wanted).await.unwrap();
            control.press_text(ann, label).unwrap();
        }
        let invoice = control.wait_for_message(ann, |message| message.invoice.is_some()).await.unwrap();
        control.pay(ann, invoice.message_id, PayOptions::default()).await;
        control.wait_for_text(ann, "zeta-month-0001").await.unwrap();
        let metrics = reqwest::get(format!("http://{}/metrics", shop.ops())).await.unwrap();
        let metrics = metrics.text().await.unwrap();
        let log = shop.log();
        assert!(log.contains("TRACE") && metrics.contains("kiosk_telegram_call_duration_seconds"));
        let secret = TOKEN.split(':').nth(1).unwrap();
        for (place, text) in [("the log", &log), ("the metrics", &metrics)] {
            assert!(!text.contains("zeta-month-0001"), "a key in {place}");
            assert!(!text.contains(secret), "the token in {place}");
            assert!(!text.contains(MASTER), "the master key in {place}");
        }
        shop.terminate().await;
        store.close().await;
        if let Location::Sqlite(path) = db.location() {
            for ending in ["", "-wal"] {
                let file = format!("{}{ending}", path.display());
                let bytes = std::fs::read(file).unwrap_or_default();
                let canary = b"zeta-month-0001";
                assert!(!bytes.windows(canary.len()).any(|part| part == canary), "a key in the database");
            }
        }
    }
}
