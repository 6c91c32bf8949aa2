//! What is logged and counted while people log in through the pages, with everything on.

use kiosk::meters::{self, Page};
use reqwest::Method;

use super::browser::Pages;
use crate::support::db::TestDb;
use crate::support::log::Log;

/// Both engines in one test: the log is the process's. What the test's own client logs of its requests is left out.
#[tokio::test]
async fn neither_logs_nor_metrics_of_the_pages_tell_what_opens_something() {
    let log = Log::of_everybody("kiosk=trace,hyper=off,axum=trace");
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
    let log = log.text();
    assert!(log.contains("proves nothing"), "{log:.2000}");
    let told = format!("{log}{}", page.text());
    assert!(told.contains("kiosk_"), "metrics are shown");
    for secret in secrets {
        assert!(!told.contains(&secret), "{secret} is told");
    }
}
