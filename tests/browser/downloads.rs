//! A file is downloaded in a real browser, by clicks alone, in both languages, on a laptop and on a small phone.

use std::time::Duration;

use serde_json::json;
use tokio::time::{sleep, timeout};

use super::chromium::Browser;
use super::page::{DESKTOP, PHONE, Tab};
use crate::support::db::TestDb;
use crate::web::downloads::{Files, NAME};

/// The words of a walk.
struct Walk {
    lang: &'static str,
    room: &'static str,
    none: &'static str,
    left: &'static str,
    download: &'static str,
    /// What the page says after the first start.
    goes_on: &'static str,
    used_up: &'static str,
}

const ENGLISH: Walk = Walk {
    lang: "en",
    room: "Downloads",
    none: "no files to download yet",
    left: "2 of 2 downloads left",
    download: "⬇ Download",
    goes_on: "Go on with the download",
    used_up: "It could be downloaded 2 times",
};

const RUSSIAN: Walk = Walk {
    lang: "ru",
    room: "Файлы",
    none: "Файлов для скачивания пока нет",
    left: "осталось 2 из 2 скачиваний",
    download: "⬇ Скачать",
    goes_on: "Продолжить начатое",
    used_up: "Файл можно было скачать 2 раза",
};

/// Waits until the page shows a word, and takes pictures of it in each size and tone.
async fn sees(tab: &mut Tab, walk: &Walk, name: &str, word: &str) {
    tab.until(&format!(
        "document.readyState === 'complete' && document.querySelector('main').innerText.includes({})",
        json!(word)
    ))
    .await;
    for (size, width) in [(PHONE, "phone"), (DESKTOP, "laptop")] {
        tab.resize(size).await;
        assert!(tab.fits().await, "{name} is wider than a {width}");
        for (dark, tone) in [(false, "light"), (true, "dark")] {
            tab.dark(dark).await;
            let name = format!("downloads-{}-{name}-{width}-{tone}", walk.lang);
            tab.whole_page(&name).await;
        }
    }
    tab.dark(false).await;
}

async fn walks(walk: &Walk) {
    let db = TestDb::sqlite().await;
    let files = Files::open(&db).await;
    let (pages, lang) = (&files.pages, walk.lang);
    let ann = pages.shop.customer(1).await;
    let link = pages.cabinet.link(ann.id).await.expose();
    let browser = Browser::start().await;
    let url = format!("{}/login/{link}?lang={lang}", pages.base);
    let mut tab = browser.visit(&url, PHONE).await;
    tab.click_on("document.querySelector('main form button')")
        .await;
    tab.until("location.pathname === '/cabinet'").await;
    let room = format!(
        "[...document.querySelectorAll('nav a')].find(it => it.innerText === {})",
        json!(walk.room)
    );
    tab.click_on(&room).await;
    sees(&mut tab, walk, "1-none", walk.none).await;
    let order = files.order(&ann).await;
    tab.click_on(&room).await;
    sees(&mut tab, walk, "2-room", walk.left).await;
    tab.click_on("document.querySelector('.downloads .from')")
        .await;
    sees(&mut tab, walk, "3-order", walk.left).await;
    let path = files.path(&ann, order).await;
    tab.go(&format!("{}{path}?lang={lang}", pages.base)).await;
    sees(&mut tab, walk, "4-page", walk.download).await;
    // The button brings the file, and the page stays.
    let place = tempfile::tempdir().expect("a folder");
    tab.saves_to(place.path()).await;
    tab.click_on("document.querySelector('button.main')").await;
    let file = place.path().join(NAME);
    let comes = timeout(Duration::from_secs(40), async {
        while !file.exists() {
            sleep(Duration::from_millis(50)).await;
        }
    });
    comes.await.expect("the file comes under its name");
    let size = std::fs::metadata(&file).expect("a file").len();
    assert_eq!(size, 2 * 1_024 * 1_024);
    assert_eq!(files.started(&ann, order).await, 1);
    tab.go(&format!("{}{path}?lang={lang}", pages.base)).await;
    sees(&mut tab, walk, "5-started", walk.goes_on).await;
    let other = pages.browser();
    files.starts(&other, &path).await;
    tab.go(&format!("{}{path}?lang={lang}", pages.base)).await;
    sees(&mut tab, walk, "6-used-up", walk.used_up).await;
    assert_eq!(tab.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn a_file_is_downloaded_by_clicks_in_english() {
    walks(&ENGLISH).await;
}

#[tokio::test]
async fn a_file_is_downloaded_by_clicks_in_russian() {
    walks(&RUSSIAN).await;
}
