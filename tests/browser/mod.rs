//! The chat page in a real browser: whole purchases by clicks, and everything that a bot can send. Screenshots go to `target/browser/`.

mod cabinet;
mod chromium;
mod demo;
mod downloads;
mod mini_app;
mod page;
mod puppet;
mod sights;
mod vk;
mod ways;

use serde_json::json;

use self::chromium::Browser;
use self::demo::Demo;
use self::page::{DESKTOP, PHONE, Tab};

/// What a customer sees on the way to a key. The page's words and the shop's, in one place.
struct Words {
    /// The customer's first name in the demo.
    customer: &'static str,
    start: &'static str,
    /// Buttons from the menu to a card with a picture, in their order.
    way: &'static [&'static str],
    /// What the card says.
    card: &'static str,
    buy: &'static str,
    put: &'static str,
    checkout: &'static str,
    pay_with_stars: &'static str,
    confirm: &'static str,
    receipt: &'static str,
}

const ENGLISH: Words = Words {
    customer: "Emma",
    start: "Start",
    way: &["🛍 Catalogue", "📁 Private network", "📁 VPN", "Zeta VPN"],
    card: "One key for one device",
    buy: "⚡ Buy now",
    put: "➕ Add to cart",
    checkout: "✅ Checkout",
    pay_with_stars: "⭐ Pay with Stars",
    confirm: "Confirm and pay",
    receipt: "You paid",
};

const RUSSIAN: Words = Words {
    customer: "Иван",
    start: "Начать",
    way: &["🛍 Каталог", "📁 Приватная сеть", "📁 VPN", "Zeta VPN"],
    card: "Ключ для одного устройства",
    buy: "⚡ Купить",
    put: "➕ В корзину",
    checkout: "✅ Оформить заказ",
    pay_with_stars: "⭐ Оплатить звёздами",
    confirm: "Подтвердить и заплатить",
    receipt: "Вы заплатили",
};

/// Walks from Start to a product's card; answers the expression of the chat.
async fn finds(tab: &mut Tab, words: &Words) -> String {
    let chat = tab.chat(words.customer).await;
    tab.click(&chat, words.start).await;
    for label in words.way {
        tab.click(&chat, label).await;
    }
    // The picture has come, and under it is what it shows.
    tab.until(&format!(
        "(card => card.innerText.includes({}) && card.querySelector('[data-test=photo]').naturalWidth > 0)
         ([...{chat}.querySelectorAll('[data-test=bot-message]')].at(-1))",
        json!(words.card)
    ))
    .await;
    chat
}

/// Pays the order that the chat shows; answers its keys.
async fn pays(tab: &mut Tab, chat: &str, words: &Words) -> Vec<String> {
    tab.click(chat, words.pay_with_stars).await;
    tab.until(&format!("{chat}.querySelector('[data-test=invoice]')"))
        .await;
    let purse = format!("{chat}.querySelector('[data-test=stars]')");
    let before = tab.text(&purse).await;
    tab.click_on(&format!("{chat}.querySelector('[data-test=pay]')"))
        .await;
    tab.until(&format!(
        "{chat}.querySelector('[data-test=pay-confirm]:not(:disabled)')"
    ))
    .await;
    tab.screenshot(&format!("{}-sheet", words.customer)).await;
    tab.click(chat, words.confirm).await;
    let receipt = format!("{chat}.querySelector('[data-test=paid]')");
    let receipt = tab.text(&receipt).await;
    assert!(receipt.contains(words.receipt), "{receipt}");
    let code = format!("{chat}.querySelectorAll('[data-test=code]')");
    let keys = tab.text_of_all(&code).await;
    tab.until(&format!("{purse}.textContent !== {}", json!(before)))
        .await;
    keys
}

/// Buys one key by clicks alone; answers its text.
async fn buys(tab: &mut Tab, words: &Words) -> String {
    let chat = finds(tab, words).await;
    tab.screenshot(&format!("{}-card", words.customer)).await;
    tab.click(&chat, words.buy).await;
    let mut keys = pays(tab, &chat, words).await;
    assert_eq!(keys.len(), 1, "{keys:?}");
    keys.remove(0)
}

/// Puts two pieces into the cart, orders and pays them; answers their keys.
async fn fills_a_cart(tab: &mut Tab, words: &Words) -> Vec<String> {
    let chat = finds(tab, words).await;
    tab.click(&chat, words.put).await;
    for (have, next) in [("🛒 × 1", "➕"), ("🛒 × 2", "🛒 ×")] {
        tab.until(&format!(
            "[...{chat}.querySelectorAll('button:not(:disabled)')].some(button => button.innerText.includes({}))",
            json!(have)
        ))
        .await;
        tab.click(&chat, next).await;
    }
    tab.click(&chat, words.checkout).await;
    pays(tab, &chat, words).await
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

#[tokio::test]
async fn a_cart_of_two_becomes_an_order_with_two_keys() {
    let demo = Demo::start().await;
    let browser = Browser::start().await;
    let mut tab = browser.open(demo.chat_url(), DESKTOP).await;
    for words in [ENGLISH, RUSSIAN] {
        let keys = fills_a_cart(&mut tab, &words).await;
        assert_eq!(keys.len(), 2, "{keys:?}");
        assert!(keys.iter().all(|key| key.starts_with("ZETA-MONTH-")));
        assert_ne!(keys[0], keys[1]);
    }
    tab.screenshot("cart-1-keys").await;
    assert_eq!(tab.complaints(), Vec::<String>::new());
    demo.stop().await;
}

#[tokio::test]
async fn a_demo_that_was_kept_still_has_the_key() {
    let demo = Demo::start().await;
    let browser = Browser::start().await;
    let mut tab = browser.open(demo.chat_url(), DESKTOP).await;
    let key = buys(&mut tab, &ENGLISH).await;
    // Updates have come faster than the clock from which the emulator counts: the next one counts on from what the shop has.
    demo.hurries(500).await;
    let demo = demo.again().await;
    let mut tab = browser.open(demo.chat_url(), DESKTOP).await;
    let chat = tab.chat(ENGLISH.customer).await;
    for label in [ENGLISH.start, "🔑 Keys", "Zeta VPN, one month"] {
        tab.click(&chat, label).await;
    }
    let codes = format!("{chat}.querySelectorAll('[data-test=code]')");
    assert_eq!(tab.text_of_all(&codes).await, [key]);
    assert_eq!(tab.complaints(), Vec::<String>::new());
    demo.stop().await;
}
