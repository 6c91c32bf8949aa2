//! Linking VK, and the choice by what a code comes, in a real browser: both languages, in light and dark, on a laptop and on
//! a small phone. VK is another site, as it is to customers.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use kiosk::senders::settings::VkIdSettings;
use kiosk::senders::{Connections, VkId};
use kiosk::shop::confirmations::senders::Messenger;
use kiosk::web::doors::VkDoor;
use kiosk::web::exchange::Exchanges;
use serde_json::json;

use super::chromium::Browser;
use super::page::{DESKTOP, PHONE, Size, Tab};
use crate::support::db::TestDb;
use crate::support::phones::vk;
use crate::web::browser::{Otherwise, Pages};

/// The words of a walk.
struct Walk {
    lang: &'static str,
    enter: &'static str,
    hello: &'static str,
    profile: &'static str,
    vk: &'static str,
    not_linked: &'static str,
    link: &'static str,
    one_question: &'static str,
    take: &'static str,
    changed: &'static str,
    send: &'static str,
    how: &'static str,
    by_whatsapp: &'static str,
    chosen: &'static str,
}

const ENGLISH: Walk = Walk {
    lang: "en",
    enter: "Open my account",
    hello: "Hello Ann",
    profile: "Profile",
    vk: "My VK account",
    not_linked: "not linked",
    link: "Link VK",
    one_question: "One question is left",
    take: "Yes, take",
    changed: "The number is changed",
    send: "Send the code",
    how: "How should we send the code?",
    by_whatsapp: "By WhatsApp",
    chosen: "You chose WhatsApp",
};

const RUSSIAN: Walk = Walk {
    lang: "ru",
    enter: "Открыть мой кабинет",
    hello: "Здравствуйте, Ann",
    profile: "Профиль",
    vk: "Мой аккаунт VK",
    not_linked: "не привязан",
    link: "Привязать VK",
    one_question: "Остался один вопрос",
    take: "Да, взять",
    changed: "Номер изменён",
    send: "Отправить код",
    how: "Как отправить код?",
    by_whatsapp: "Через WhatsApp",
    chosen: "Вы выбрали WhatsApp",
};

/// Clicks what has this label, and waits until the page that comes shows a word.
async fn clicks(tab: &mut Tab, label: &str, word: &str) {
    tab.click_on(&format!(
        "[...document.querySelectorAll('a, button')].find(it => it.innerText.includes({}))",
        json!(label)
    ))
    .await;
    shows(tab, word).await;
}

async fn shows(tab: &mut Tab, word: &str) {
    tab.until(&format!(
        "document.readyState === 'complete' && document.querySelector('main')?.innerText.includes({})",
        json!(word)
    ))
    .await;
    assert!(tab.fits().await, "{word} is wider than the window");
}

/// Pictures of the page in light and dark.
async fn pictures(tab: &mut Tab, walk: &Walk, size: Size, name: &str) {
    for (dark, tone) in [(false, "light"), (true, "dark")] {
        tab.dark(dark).await;
        let name = format!("vk-{}-{}-{name}-{tone}", walk.lang, size.0);
        tab.screenshot(&name).await;
    }
    tab.dark(false).await;
}

async fn walks(walk: &Walk, size: Size) {
    let db = TestDb::sqlite().await;
    let id = vk::VkId::start(Some("+79990000002")).await;
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = free.local_addr().unwrap();
    drop(free);
    // To a browser `localhost` is another site than 127.0.0.1.
    let mut url = id.provider().url();
    url.set_host(Some("localhost")).unwrap();
    let settings = VkIdSettings {
        url,
        client_id: "51234567".to_owned(),
        community: Some("https://vk.example.com/zeta_shop".parse().unwrap()),
    };
    let connections = Connections::new(Duration::from_secs(10)).unwrap();
    let redirect = format!("http://{listen}/cabinet/vk/back").parse().unwrap();
    let otherwise = Otherwise {
        vk: Some(VkDoor {
            community: settings.community.clone(),
            login: Arc::new(VkId::new(connections, settings, redirect)),
            exchanges: Exchanges::default(),
        }),
        messengers: Some(vec![
            Messenger::Telegram,
            Messenger::Whatsapp,
            Messenger::Vk,
        ]),
        listen: Some(listen),
        ..Otherwise::default()
    };
    let pages = Pages::open_with(&db, otherwise).await;
    let ann = pages
        .cabinet
        .known(1, "+79990000001", "ann@example.com")
        .await;
    let browser = Browser::start().await;
    let url = format!("{}/login?lang={}", pages.base, walk.lang);
    let mut tab = browser.visit(&url, size).await;
    shows(&mut tab, "/profile").await;
    tab.click_on("document.querySelector('input[name=phone]')")
        .await;
    tab.types("89990000001").await;
    clicks(&mut tab, walk.send, walk.how).await;
    pictures(&mut tab, walk, size, "1-how").await;
    clicks(&mut tab, walk.by_whatsapp, walk.chosen).await;
    pictures(&mut tab, walk, size, "2-code").await;
    let link = pages.cabinet.link(ann.id).await.expose();
    tab.go(&format!("{}/login/{link}", pages.base)).await;
    shows(&mut tab, "Ann").await;
    clicks(&mut tab, walk.enter, walk.hello).await;
    clicks(&mut tab, walk.profile, walk.vk).await;
    pictures(&mut tab, walk, size, "3-profile").await;
    clicks(&mut tab, walk.vk, walk.not_linked).await;
    pictures(&mut tab, walk, size, "4-not-linked").await;
    // To VK and back by itself, with the number shared.
    clicks(&mut tab, walk.link, walk.one_question).await;
    pictures(&mut tab, walk, size, "5-question").await;
    clicks(&mut tab, walk.take, walk.changed).await;
    pictures(&mut tab, walk, size, "6-linked").await;
    assert_eq!(
        pages.desk.profile(&ann).await.phone.as_deref(),
        Some("+79990000002")
    );
    assert_eq!(tab.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn vk_is_linked_in_english() {
    walks(&ENGLISH, DESKTOP).await;
}

#[tokio::test]
async fn vk_is_linked_in_english_on_a_phone() {
    walks(&ENGLISH, PHONE).await;
}

#[tokio::test]
async fn vk_is_linked_in_russian() {
    walks(&RUSSIAN, DESKTOP).await;
}

#[tokio::test]
async fn vk_is_linked_in_russian_on_a_phone() {
    walks(&RUSSIAN, PHONE).await;
}
