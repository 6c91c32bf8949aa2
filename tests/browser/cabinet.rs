//! The cabinet in a real browser, clicked through in both languages, in light and dark, on a laptop and on a small phone.

use serde_json::json;

use super::chromium::Browser;
use super::page::{DESKTOP, PHONE, Size, Tab};
use crate::sales::rig::Shop;
use crate::support::db::TestDb;
use crate::web::browser::Pages;

/// The words of a walk.
struct Walk {
    lang: &'static str,
    size: Size,
    enter: &'static str,
    hello: &'static str,
    show_keys: &'static str,
    qr: &'static str,
    /// Rooms after the first, each with a word of its page.
    rooms: [(&'static str, &'static str); 4],
    erase: &'static str,
    tick: &'static str,
    log_out: &'static str,
}

const ENGLISH: Walk = Walk {
    lang: "en",
    size: DESKTOP,
    enter: "Open my account",
    hello: "Hello Ann",
    show_keys: "Show the keys",
    qr: "As a QR code",
    rooms: [
        ("Orders", "Delivered"),
        ("Profile", "Telegram"),
        ("Security", "This device"),
        ("My data", "JSON"),
    ],
    erase: "Erase me",
    tick: "Tick the box first",
    log_out: "Log out",
};

const RUSSIAN: Walk = Walk {
    lang: "ru",
    size: PHONE,
    enter: "Открыть мой кабинет",
    hello: "Здравствуйте, Ann",
    show_keys: "Показать ключи",
    qr: "QR-код",
    rooms: [
        ("Заказы", "Доставлен"),
        ("Профиль", "Telegram"),
        ("Безопасность", "Это устройство"),
        ("Мои данные", "JSON"),
    ],
    erase: "Удалить меня",
    tick: "Сначала поставьте отметку",
    log_out: "Выйти",
};

/// Clicks what has this label, and waits until the page that comes shows a word.
async fn clicks(tab: &mut Tab, label: &str, word: &str) {
    tab.click_on(&format!(
        "[...document.querySelectorAll('a, button, summary')].find(it => it.innerText.includes({}))",
        json!(label)
    ))
    .await;
    shows(tab, word).await;
}

async fn shows(tab: &mut Tab, word: &str) {
    tab.until(&format!(
        "document.readyState === 'complete' && document.querySelector('main').innerText.includes({})",
        json!(word)
    ))
    .await;
    assert!(tab.fits().await, "{word} is wider than the window");
}

/// Pictures of the page in light and dark.
async fn pictures(tab: &mut Tab, walk: &Walk, name: &str) {
    for (dark, tone) in [(false, "light"), (true, "dark")] {
        tab.dark(dark).await;
        tab.screenshot(&format!("cabinet-{}-{name}-{tone}", walk.lang))
            .await;
    }
    tab.dark(false).await;
}

async fn walks(walk: &Walk) {
    let db = TestDb::sqlite().await;
    let pages = Pages::open(&db).await;
    let ann = pages
        .cabinet
        .known(1, "+79990000001", "ann@example.com")
        .await;
    let (_, payload) = pages.shop.invoiced(&ann, "a").await;
    pages
        .shop
        .settle(&Shop::charge(&ann, &payload, "charge-1"))
        .await;
    let link = pages.cabinet.link(ann.id).await.expose();
    let browser = Browser::start().await;
    let url = format!("{}/login?lang={}", pages.base, walk.lang);
    let mut tab = browser.visit(&url, walk.size).await;
    shows(&mut tab, "/profile").await;
    pictures(&mut tab, walk, "1-login").await;
    tab.go(&format!("{}/login/{link}", pages.base)).await;
    shows(&mut tab, "Ann").await;
    pictures(&mut tab, walk, "2-link").await;
    clicks(&mut tab, walk.enter, walk.hello).await;
    pictures(&mut tab, walk, "3-home").await;
    tab.click_on("document.querySelector('.orders a')").await;
    shows(&mut tab, walk.show_keys).await;
    clicks(&mut tab, walk.show_keys, walk.qr).await;
    tab.click_on("document.querySelector('summary')").await;
    tab.until("document.querySelector('.qr svg').getBoundingClientRect().width > 100")
        .await;
    tab.until("document.querySelector('button.copy:not([hidden])')")
        .await;
    pictures(&mut tab, walk, "4-keys").await;
    for (at, (room, word)) in walk.rooms.iter().enumerate() {
        clicks(&mut tab, room, word).await;
        pictures(&mut tab, walk, &format!("{}-room", at + 5)).await;
    }
    clicks(&mut tab, walk.erase, walk.erase).await;
    tab.click_on("document.querySelector('button.danger')")
        .await;
    shows(&mut tab, walk.tick).await;
    pictures(&mut tab, walk, "9-erase").await;
    clicks(&mut tab, walk.log_out, "/profile").await;
    // A refused form is a word of the network's for the browser; nothing else is.
    let complaints = tab.complaints();
    let complaints = complaints.iter().filter(|it| !it.contains("422"));
    assert_eq!(complaints.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[tokio::test]
async fn the_cabinet_is_clicked_through_in_english() {
    walks(&ENGLISH).await;
}

#[tokio::test]
async fn the_cabinet_is_clicked_through_in_russian_on_a_phone() {
    walks(&RUSSIAN).await;
}
