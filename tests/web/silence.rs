//! What is logged and counted while people log in through the pages, with everything on.

use std::io::Write;
use std::sync::{Arc, Mutex};

use kiosk::meters::{self, Page};
use reqwest::Method;
use tracing_subscriber::EnvFilter;

use super::browser::Pages;
use crate::support::db::TestDb;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Both engines in one test: the log is the process's. What the test's own client logs of its requests is left out.
#[tokio::test]
async fn neither_logs_nor_metrics_of_the_pages_tell_what_opens_something() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("kiosk=trace,hyper=off,axum=trace"))
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("the only subscriber");
    let mut secrets = vec!["canary password".to_owned(), "+79990000123".to_owned()];
    for db in [TestDb::sqlite().await, TestDb::postgres().await] {
        let pages = Pages::open(&db).await;
        let mail = "canary.mail@example.com";
        let ann = pages.cabinet.known(1, "+79990000123", mail).await.id;
        pages.cabinet.set_password(ann, "canary password").await;
        let browser = pages.browser();
        let fields = [("login", mail), ("password", "canary password")];
        browser.submits("/login", "/login/password", &fields).await;
        secrets.push(browser.cookie("kiosk").expect("a session"));
        let link = pages.cabinet.link(ann).await.expose();
        let path = format!("/login/{link}");
        browser.submits(&path, &path, &[]).await;
        browser.get(&path).await;
        browser.get(&format!("/c/{link}")).await;
        browser.get(&format!("/recover/{link}")).await;
        let opens = browser.request(Method::POST, "/app");
        let opens = opens.header("sec-fetch-site", "same-origin");
        let opens = opens.form(&[("init_data", link.as_str())]);
        browser.send(opens).await;
        browser
            .get(&format!("/login/telegram?state={link}&code={link}"))
            .await;
        let visitor = pages.browser();
        visitor
            .submits("/login", "/login/phone", &[("phone", "+79990000123")])
            .await;
        secrets.push(visitor.cookie("kiosk-asked").expect("asked"));
        secrets.extend([link, mail.to_owned()]);
    }
    let mut page = Page::default();
    meters::show(&mut page);
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.contains("proves nothing"), "{log:.2000}");
    let told = format!("{log}{}", page.text());
    assert!(told.contains("kiosk_"), "metrics are shown");
    for secret in secrets {
        assert!(!told.contains(&secret), "{secret} is told");
    }
}
