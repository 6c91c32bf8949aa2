//! Before a shop opens: `kiosk init` and `kiosk check`.

use std::path::Path;

use kiosk::clock::Clock;
use kiosk::store::{Location, StoreError};
use kiosk::{binds, sql};
use kiosk_emulator::{CustomerSpec, Fault, FaultKind};
use serde_json::json;

use super::with;
use crate::on_both_engines;
use crate::support::child::{Child, Ended, run};
use crate::support::shop::{MASTER, TOKEN, emulator, stock};

sql! {
    ROUBLES = "opening.roubles",
        "UPDATE products SET prices = '{\"RUB\":49900}' WHERE slug = 'zeta-month'";
}

/// `kiosk` in a folder of its own, with nothing else set.
async fn kiosk(folder: &Path, args: &[&str], vars: &[(&str, &str)]) -> Ended {
    let mut kiosk = tokio::process::Command::new(env!("CARGO_BIN_EXE_kiosk"));
    kiosk
        .current_dir(folder)
        .args(args)
        .envs(vars.iter().copied())
        .kill_on_drop(true);
    run(kiosk, "").await
}

/// The line about something, with its verdict first.
fn line<'a>(done: &'a Ended, about: &str) -> &'a str {
    let mut lines = done.out.lines();
    let found = lines.find(|line| line.split_whitespace().nth(1) == Some(about));
    found.unwrap_or_else(|| panic!("nothing about {about}: {}", done.out))
}

#[tokio::test]
async fn what_init_writes_lacks_only_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let emulator = emulator().await;
    let name = "Ann's \"keys\" & more";
    let done = kiosk(
        folder.path(),
        &[
            "init",
            "--name",
            name,
            "--support",
            "@ann",
            "--timezone",
            "Europe/Moscow",
        ],
        &[],
    )
    .await;
    assert_eq!(done.status, 0, "{}", done.err);
    assert!(
        done.out.contains("kiosk import catalogue catalogue.toml"),
        "{}",
        done.out
    );
    let settings = std::fs::read_to_string(folder.path().join("kiosk.toml")).unwrap();
    assert!(settings.contains("support = \"@ann\""), "{settings}");
    let mode =
        std::os::unix::fs::MetadataExt::mode(&folder.path().join("kiosk.toml").metadata().unwrap());
    assert_eq!(mode & 0o777, 0o600, "it may hold the token");

    let done = kiosk(folder.path(), &["check"], &[]).await;
    assert_eq!(done.status, 1, "{}", done.out);
    assert_eq!(done.out.matches("WRONG").count(), 1, "{}", done.out);
    assert!(line(&done, "token").starts_with("WRONG"), "{}", done.out);
    assert!(
        !folder.path().join("kiosk.db").exists(),
        "check makes nothing"
    );
    assert!(
        !folder.path().join("kiosk.db.key").exists(),
        "check makes nothing"
    );

    let api = emulator.url();
    let bot = [
        ("KIOSK_TELEGRAM__TOKEN", TOKEN),
        ("KIOSK_TELEGRAM__API_URL", &api),
    ];
    let done = kiosk(folder.path(), &["check"], &bot).await;
    assert_eq!(
        (done.status, done.out.contains("WRONG")),
        (0, false),
        "{}",
        done.out
    );
    let done = kiosk(
        folder.path(),
        &["import", "catalogue", "catalogue.toml"],
        &[],
    )
    .await;
    assert_eq!(
        (done.status, done.out.contains("products added: 2")),
        (0, true),
        "{}{}",
        done.out,
        done.err
    );
    assert!(!done.out.contains("not used"), "{}", done.out);
    let done = kiosk(folder.path(), &["check"], &bot).await;
    assert!(
        line(&done, "stock").contains("zeta-month, zeta-year"),
        "{}",
        done.out
    );
    assert_eq!(done.status, 0, "{}", done.out);
    emulator.stop().await;
}

#[tokio::test]
async fn init_overwrites_nothing_and_writes_nothing_that_can_not_be_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("catalogue.toml"), "mine").unwrap();
    let done = kiosk(folder.path(), &["init"], &[]).await;
    assert_eq!(
        (
            done.status,
            done.err
                .contains("is there already, and nothing was changed")
        ),
        (1, true),
        "{}",
        done.err
    );
    assert!(!folder.path().join("kiosk.toml").exists());
    assert_eq!(
        std::fs::read_to_string(folder.path().join("catalogue.toml")).unwrap(),
        "mine"
    );
    let done = kiosk(
        folder.path(),
        &["init", "--dir", "shop", "--timezone", "not a zone"],
        &[],
    )
    .await;
    assert_eq!(
        (done.status, done.err.contains("shop.timezone")),
        (1, true),
        "{}",
        done.err
    );
    let done = kiosk(
        folder.path(),
        &["init", "--dir", "shop", "--timezone", "Europe/Nowhere"],
        &[],
    )
    .await;
    assert_eq!(
        (done.status, done.err.contains("Europe/Nowhere")),
        (1, true),
        "{}",
        done.err
    );
    assert!(!folder.path().join("shop").exists());
    let done = kiosk(folder.path(), &["init", "--dir", "shop"], &[]).await;
    assert_eq!(
        (done.status, done.out.contains("cd shop")),
        (0, true),
        "{}",
        done.err
    );
    assert_eq!(
        kiosk(folder.path(), &["init", "--currency", "roubles"], &[])
            .await
            .status,
        2
    );
}

on_both_engines! {
    async fn a_check_names_what_is_wrong_and_tells_no_secret(db: TestDb) {
        let store = db.store(&Clock::system()).await;
        stock(&store, 0).await;
        store.write("opening.roubles", |tx| Box::pin(async move { tx.execute(&ROUBLES, binds![]).await }))
            .await.map_err(|error: StoreError| error).unwrap();
        store.close().await;
        let emulator = emulator().await;
        let api = emulator.url();
        let check = |vars: Vec<(&'static str, String)>| {
            let mut command = with(&db, &["check"]);
            command.env("KIOSK_TELEGRAM__TOKEN", TOKEN).env("KIOSK_TELEGRAM__API_URL", &api);
            command.envs(vars);
            run(command, "")
        };
        let done = check(Vec::new()).await;
        assert_eq!(done.status, 0, "{}{}", done.out, done.err);
        for about in ["token", "webhook", "commands", "database", "secrets", "payment"] {
            assert!(line(&done, about).starts_with("ok"), "{}", done.out);
        }
        for about in ["staff", "catalogue", "stock", "web", "texts", "timezone"] {
            assert!(line(&done, about).starts_with("warning"), "{about}: {}", done.out);
        }
        assert!(line(&done, "catalogue").contains("zeta-month") && done.out.contains("a price in XTR"), "{}", done.out);
        assert!(done.out.contains("/paysupport"), "{}", done.out);

        let wrong = check(vec![
            ("KIOSK_SECRETS__MASTER_KEY", "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=".to_owned()),
            ("KIOSK_WEB__PUBLIC_URL", "http://localhost:8080".to_owned()),
            ("KIOSK_TELEGRAM__PROVIDER_TOKEN", "381764678:TEST:1234".to_owned()),
            ("KIOSK_STAFF__OWNERS", "[7]".to_owned()),
            ("KIOSK_SHOP__TIMEZONE", "Europe/Nowhere".to_owned()),
        ]).await;
        assert_eq!(wrong.status, 1);
        assert!(line(&wrong, "secrets").starts_with("WRONG"), "{}", wrong.out);
        assert!(line(&wrong, "web").starts_with("WRONG"), "{}", wrong.out);
        assert!(line(&wrong, "staff").starts_with("ok"), "{}", wrong.out);
        assert!(line(&wrong, "timezone").starts_with("WRONG"), "{}", wrong.out);
        assert!(wrong.out.contains("customers see no cards"), "{}", wrong.out);
        let plain = check(vec![("KIOSK_WEB__PUBLIC_URL", "http://shop.example.com".to_owned())]).await;
        assert!(line(&plain, "web").contains("not https"), "{}", plain.out);

        emulator.control().fault(Fault::once("getMe", FaultKind::Status {
            code: 401,
            description: "Unauthorized".to_owned(),
        }));
        let refused = check(Vec::new()).await;
        assert_eq!(refused.status, 1);
        assert!(line(&refused, "token").contains("does not know the bot token"), "{}", refused.out);
        let set = reqwest::Client::new()
            .post(format!("{api}/bot{TOKEN}/setWebhook"))
            .json(&json!({ "url": "https://other.example.com/hook/s3cret" }))
            .send().await.unwrap();
        assert!(set.status().is_success());
        let hooked = check(Vec::new()).await;
        assert!(line(&hooked, "webhook").contains("other.example.com"), "{}", hooked.out);
        let secret = TOKEN.split(':').nth(1).unwrap();
        for done in [&done, &wrong, &plain, &refused, &hooked] {
            for words in [secret, MASTER, "s3cret", "TEST:1234"] {
                assert!(!done.out.contains(words) && !done.err.contains(words), "{words}: {}{}", done.out, done.err);
            }
        }
        emulator.stop().await;
    }

    async fn a_check_works_beside_an_open_shop(db: TestDb) {
        let emulator = emulator().await;
        let api = emulator.url();
        let shop = Child::start(&db, &api).await;
        let mut check = with(&db, &["check"]);
        check.env("KIOSK_TELEGRAM__TOKEN", TOKEN).env("KIOSK_TELEGRAM__API_URL", &api);
        let done = run(check, "").await;
        assert_eq!(done.status, 0, "{}{}", done.out, done.err);
        assert!(line(&done, "database").contains("can be written"), "{}", done.out);
        let mut check = with(&db, &["check"]);
        check.env("KIOSK_TELEGRAM__TOKEN", TOKEN).env("KIOSK_TELEGRAM__API_URL", "http://127.0.0.1:9");
        let done = run(check, "").await;
        assert_eq!((done.status, line(&done, "token").contains("can't reach Telegram")), (1, true), "{}", done.out);
        if let Location::Sqlite(path) = db.location() {
            let mut check = with(&db, &["check"]);
            check.env("KIOSK_DATABASE__URL", format!("sqlite://{}/no/such/folder/kiosk.db", path.display()));
            let done = run(check, "").await;
            assert!(line(&done, "database").starts_with("WRONG"), "{}", done.out);
        }
        shop.terminate().await;
        emulator.stop().await;
    }

    async fn a_check_holds_the_menu_button_against_the_settings(db: TestDb) {
        db.store(&Clock::system()).await.close().await;
        let emulator = emulator().await;
        let api = emulator.url();
        let check = async |address: &str| {
            let mut command = with(&db, &["check"]);
            command.env("KIOSK_TELEGRAM__TOKEN", TOKEN).env("KIOSK_TELEGRAM__API_URL", &api);
            run({ command.env("KIOSK_WEB__PUBLIC_URL", address); command }, "").await
        };
        let done = check("https://shop.example.com").await;
        assert!(line(&done, "menu").starts_with("warning") && done.out.contains("its log says why"), "{}", done.out);
        let button = json!({ "type": "web_app", "text": "Account · Кабинет", "web_app": { "url": "https://shop.example.com/app" } });
        let request = reqwest::Client::new().post(format!("{api}/bot{TOKEN}/setChatMenuButton"));
        assert!(request.json(&json!({ "menu_button": button })).send().await.unwrap().status().is_success());
        let done = check("https://shop.example.com").await;
        assert!(line(&done, "menu").starts_with("ok"), "{}", done.out);
        let done = check("http://shop.example.com").await;
        assert!(line(&done, "menu").contains("which is closed"), "{}", done.out);
        emulator.stop().await;
    }

    async fn a_check_holds_the_webhook_against_the_settings(db: TestDb) {
        const SECRET: &str = "check-secret_0123456789";
        db.store(&Clock::system()).await.close().await;
        let emulator = emulator().await;
        let (api, control) = (emulator.url(), emulator.control());
        let check = async |address: &str, secret: &str| {
            let mut command = with(&db, &["check"]);
            command.env("KIOSK_TELEGRAM__TOKEN", TOKEN).env("KIOSK_TELEGRAM__API_URL", &api);
            command.env("KIOSK_TELEGRAM__MODE", "webhook").env("KIOSK_TELEGRAM__WEBHOOK_SECRET", secret);
            let done = run({ command.env("KIOSK_WEB__PUBLIC_URL", address); command }, "").await;
            assert!(!done.out.contains(SECRET) && !done.err.contains(SECRET), "{}{}", done.out, done.err);
            done
        };
        let set = async |params: serde_json::Value| {
            let request = reqwest::Client::new().post(format!("{api}/bot{TOKEN}/setWebhook")).json(&params);
            assert!(request.send().await.unwrap().status().is_success());
        };
        let ours = "https://shop.example.com";
        let done = check(ours, SECRET).await;
        assert!(line(&done, "webhook").contains("none is set yet: `kiosk run` sets it"), "{}", done.out);
        set(json!({ "url": "https://other.example.com/s3cret" })).await;
        let done = check(ours, SECRET).await;
        assert!(line(&done, "webhook").starts_with("warning") && done.out.contains("at other.example.com"), "{}", done.out);
        assert!(!done.out.contains("s3cret"), "{}", done.out);
        let kinds = ["message", "callback_query", "pre_checkout_query", "my_chat_member"];
        let url = format!("{ours}/webhooks/telegram");
        set(json!({ "url": url, "allowed_updates": &kinds[..3], "max_connections": 40 })).await;
        let done = check(ours, SECRET).await;
        assert!(line(&done, "webhook").ends_with("allowed_updates, max_connections"), "{}", done.out);
        set(json!({ "url": url, "allowed_updates": kinds, "max_connections": 100 })).await;
        let done = check(ours, SECRET).await;
        assert!(line(&done, "webhook").starts_with("ok"), "{}", done.out);
        let done = check(ours, "short").await;
        assert!(line(&done, "webhook").contains("can be guessed"), "{}", done.out);

        // Somebody behind that address who knows another secret, or no such path.
        for (status, mend) in [(401, "the secret differs"), (404, "does not reach the shop"), (502, "nothing answers behind")] {
            let status = axum::http::StatusCode::from_u16(status).unwrap();
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = format!("http://{}", listener.local_addr().unwrap());
            let router = axum::Router::new().fallback(move || async move { status });
            let server = tokio::spawn(async move { axum::serve(listener, router).await });
            let url = format!("{address}/webhooks/telegram");
            set(json!({ "url": url, "allowed_updates": kinds, "max_connections": 100 })).await;
            let ann = control.customer(CustomerSpec::named("Ann").speaking("en"));
            control.say(ann, "/start");
            let info = || async {
                let answer = reqwest::get(format!("{api}/bot{TOKEN}/getWebhookInfo")).await.unwrap();
                answer.text().await.unwrap()
            };
            while !info().await.contains("last_error_message") {
                tokio::task::yield_now().await;
            }
            let done = check(&address, SECRET).await;
            assert!(line(&done, "webhook").contains(status.as_str()) && done.out.contains(mend), "{}", done.out);
            server.abort();
        }
        emulator.stop().await;
    }
}
