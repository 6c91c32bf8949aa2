//! The chat page in a real browser: whole purchases by clicks, and everything that a bot can send. Screenshots go to `target/browser/`.

mod chromium;
mod demo;
mod page;
mod puppet;
mod sights;

use serde_json::json;

use self::chromium::Browser;
use self::demo::Demo;
use self::page::{DESKTOP, PHONE, Tab};

/// What a customer sees on the way to a key. The page's words and the shop's, in one place.
struct Words {
    /// The customer's first name in the demo.
    customer: &'static str,
    start: &'static str,
    /// Labels of buttons, the nearest to the goal first: of those that are there the first is clicked. Before the last one a category or a
    /// family may stand between.
    way: &'static [&'static str],
    pay_with_stars: &'static str,
    confirm: &'static str,
    receipt: &'static str,
}

const ENGLISH: Words = Words {
    customer: "Emma",
    start: "Start",
    way: &[
        "Buy now",
        "Zeta VPN, one month",
        "Zeta VPN",
        "VPN",
        "Catalogue",
    ],
    pay_with_stars: "Pay with Stars",
    confirm: "Confirm and pay",
    receipt: "You paid",
};

const RUSSIAN: Words = Words {
    customer: "Иван",
    start: "Начать",
    way: &[
        "Купить",
        "Zeta VPN, месяц",
        "Zeta VPN",
        "VPN",
        "ВПН",
        "Каталог",
    ],
    pay_with_stars: "звёздами",
    confirm: "Подтвердить и заплатить",
    receipt: "Вы заплатили",
};

/// Buys one key by clicks alone; answers its text.
async fn buys(tab: &mut Tab, words: &Words) -> String {
    let chat = tab.chat(words.customer).await;
    tab.click(&chat, words.start).await;
    // The nearest label first: "Buy now" ends the walk.
    loop {
        let label = tab.any_button(&chat, words.way).await;
        let before = tab.newest(&chat).await;
        tab.click(&chat, &label).await;
        tab.until_changed(&chat, &before).await;
        if label == words.way[0] {
            break;
        }
    }
    tab.click(&chat, words.pay_with_stars).await;
    tab.until(&format!("{chat}.querySelector('[data-test=invoice]')"))
        .await;
    let purse = tab
        .text(&format!("{chat}.querySelector('[data-test=stars]')"))
        .await;
    tab.click_on(&format!("{chat}.querySelector('[data-test=pay]')"))
        .await;
    tab.click(&chat, words.confirm).await;
    let receipt = format!("{chat}.querySelector('[data-test=paid]')");
    let receipt = tab.text(&receipt).await;
    assert!(receipt.contains(words.receipt), "{receipt}");
    let key = tab
        .text(&format!(
            "[...{chat}.querySelectorAll('[data-test=code]')].at(-1)"
        ))
        .await;
    tab.until(&format!(
        "{chat}.querySelector('[data-test=stars]').textContent !== {}",
        json!(purse)
    ))
    .await;
    key
}

#[tokio::test]
async fn a_key_is_bought_by_clicks_in_english() {
    let demo = Demo::start().await;
    let browser = Browser::start().await;
    let mut tab = browser.open(demo.chat_url(), DESKTOP).await;
    tab.screenshot("english-1-door").await;
    let key = buys(&mut tab, &ENGLISH).await;
    assert!(key.starts_with("ZETA-MONTH-"), "{key}");
    tab.screenshot("english-2-key").await;
    tab.dark(true).await;
    tab.screenshot("english-3-dark").await;
    tab.resize(PHONE).await;
    tab.screenshot("english-4-phone-dark").await;
    tab.dark(false).await;
    tab.screenshot("english-5-phone").await;
    assert_eq!(tab.complaints(), Vec::<String>::new());
    demo.stop().await;
}

#[tokio::test]
async fn a_key_is_bought_by_clicks_in_russian_on_a_phone() {
    let demo = Demo::start().await;
    let browser = Browser::start().await;
    let mut tab = browser.open(demo.chat_url(), PHONE).await;
    tab.click_on("[...document.querySelectorAll('[data-test=person]')].find(tab => tab.innerText.includes('Иван'))")
        .await;
    let key = buys(&mut tab, &RUSSIAN).await;
    assert!(key.starts_with("ZETA-MONTH-"), "{key}");
    tab.screenshot("russian-1-phone").await;
    tab.dark(true).await;
    tab.screenshot("russian-2-phone-dark").await;
    tab.resize(DESKTOP).await;
    tab.screenshot("russian-3-dark").await;
    assert_eq!(tab.complaints(), Vec::<String>::new());
    demo.stop().await;
}
