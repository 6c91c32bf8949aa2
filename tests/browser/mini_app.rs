//! The Mini App in a real browser, with a Telegram around it that is made of nothing but its line to the page: Telegram's own
//! script can't be loaded, and is not needed.

use serde_json::{Value, json};
use url::form_urlencoded;

use super::chromium::Browser;
use super::page::{PHONE, Tab};
use crate::support::db::TestDb;
use crate::web::browser::Pages;
use crate::web::downloads::Files;
use crate::web::login::init_data;

/// What Telegram's apps give a page: a line that takes its events.
const TELEGRAM: &str = "window.TelegramWebviewProxy = { postEvent: (event, data) => {
    const told = JSON.parse(sessionStorage.getItem('told') || '[]');
    sessionStorage.setItem('told', JSON.stringify([...told, [event, JSON.parse(data), location.pathname]]));
} };";

/// The colours of a dark chat, and of a light one.
fn night() -> Value {
    json!({
        "bg_color": "#17212b", "text_color": "#f5f5f5", "hint_color": "#708499", "secondary_bg_color": "#232e3c",
        "button_color": "#5288c1", "button_text_color": "#ffffff",
    })
}

fn day() -> Value {
    json!({
        "bg_color": "#ffffff", "text_color": "#000000", "hint_color": "#999999", "secondary_bg_color": "#f0f0f0",
        "button_color": "#40a7e3", "button_text_color": "#ffffff", "link_color": "javascript:alert(1)",
    })
}

/// The address under which Telegram opens the Mini App.
fn opened(pages: &Pages, init_data: &str, colours: &Value) -> String {
    let hash = form_urlencoded::Serializer::new(String::new())
        .append_pair("tgWebAppData", init_data)
        .append_pair("tgWebAppVersion", "8.0")
        .append_pair("tgWebAppPlatform", "ios")
        .append_pair("tgWebAppThemeParams", &colours.to_string())
        .finish();
    format!("{}/app#{hash}", pages.base)
}

/// The colour that something has on the screen.
async fn colour(tab: &mut Tab, element: &str, property: &str) -> String {
    tab.value(&format!(
        "getComputedStyle(document.querySelector('{element}')).{property}"
    ))
    .await
    .as_str()
    .expect("a colour")
    .to_owned()
}

/// What a page has told Telegram last.
async fn told(tab: &mut Tab) -> Value {
    tab.value("JSON.parse(sessionStorage.getItem('told') || '[]').at(-1) ?? null")
        .await
}

/// Waits until a page of the cabinet is there.
async fn comes(tab: &mut Tab, path: &str) {
    tab.until(&format!(
        "document.readyState === 'complete' && location.pathname === {}",
        json!(path)
    ))
    .await;
}

#[tokio::test]
async fn it_logs_in_wears_the_chats_colours_and_goes_back_by_telegrams_arrow() {
    let db = TestDb::sqlite().await;
    let pages = Pages::open(&db).await;
    let now = pages.shop.clock.now() / 1_000;
    let browser = Browser::start().await;
    for (name, colours, paper, ink, dark_system) in [
        (
            "night",
            night(),
            "rgb(35, 46, 60)",
            "rgb(245, 245, 245)",
            false,
        ),
        ("day", day(), "rgb(240, 240, 240)", "rgb(0, 0, 0)", true),
    ] {
        let mut tab = browser.visit("about:blank", PHONE).await;
        tab.before_each_page(TELEGRAM).await;
        // The system around Telegram has other colours than the chat.
        tab.dark(dark_system).await;
        tab.go(&opened(&pages, &init_data(now), &colours)).await;
        comes(&mut tab, "/cabinet").await;
        assert_eq!(colour(&mut tab, "body", "backgroundColor").await, paper);
        assert_eq!(colour(&mut tab, "body", "color").await, ink);
        let hidden = json!(["web_app_setup_back_button", { "is_visible": false }, "/cabinet"]);
        assert_eq!(told(&mut tab).await, hidden);
        tab.screenshot(&format!("mini-app-{name}-1-home")).await;
        tab.click_on("document.querySelector('a[href=\"/cabinet/safety\"]')")
            .await;
        comes(&mut tab, "/cabinet/safety").await;
        tab.screenshot(&format!("mini-app-{name}-2-safety")).await;
        let shown = json!(["web_app_setup_back_button", { "is_visible": true }, "/cabinet/safety"]);
        assert_eq!(told(&mut tab).await, shown);
        assert_eq!(colour(&mut tab, "body", "backgroundColor").await, paper);
        tab.value("Telegram.WebView.receiveEvent('back_button_pressed')")
            .await;
        comes(&mut tab, "/cabinet").await;
        // The chat changes its colours while the page is open.
        let others =
            json!({ "theme_params": { "bg_color": "#000000", "secondary_bg_color": "#101010" } });
        tab.value(&format!(
            "Telegram.WebView.receiveEvent('theme_changed', {others})"
        ))
        .await;
        assert_eq!(
            colour(&mut tab, "body", "backgroundColor").await,
            "rgb(16, 16, 16)"
        );
        let complaints = tab.complaints();
        let complaints = complaints
            .iter()
            .filter(|it| !it.contains("telegram-web-app.js"));
        assert_eq!(complaints.collect::<Vec<_>>(), Vec::<&String>::new());
    }
    assert_eq!(
        pages.cabinet.letters("logged_in").await,
        0,
        "it opens time and again"
    );
}

#[tokio::test]
async fn an_old_opening_and_one_outside_telegram_say_what_to_do() {
    let db = TestDb::sqlite().await;
    let pages = Pages::open(&db).await;
    let now = pages.shop.clock.now() / 1_000;
    let browser = Browser::start().await;
    let mut tab = browser.visit("about:blank", PHONE).await;
    tab.before_each_page(TELEGRAM).await;
    tab.go(&opened(&pages, &init_data(now - 600), &night()))
        .await;
    let words = tab.text("document.querySelector('.notice.bad')").await;
    assert!(words.contains("open it from the bot again"), "{words}");
    tab.screenshot("mini-app-old").await;
    let mut tab = browser.visit(&format!("{}/app", pages.base), PHONE).await;
    let words = tab
        .text("document.querySelector('#outside:not([hidden])')")
        .await;
    assert!(words.contains("opens inside Telegram"), "{words}");
    tab.click_on("document.querySelector('#outside a')").await;
    comes(&mut tab, "/login").await;
    // The old way, by which Telegram's script remembers who it is after a reload.
    let mut tab = browser.visit("about:blank", PHONE).await;
    let script = format!(
        "window.Telegram = {{ WebApp: {{ initData: {} }} }};",
        json!(init_data(now))
    );
    tab.before_each_page(TELEGRAM).await;
    tab.before_each_page(&script).await;
    tab.go(&format!("{}/app", pages.base)).await;
    comes(&mut tab, "/cabinet").await;
}

#[tokio::test]
async fn an_opening_in_a_browser_says_whose_account_it_is_and_waits_for_a_press() {
    let db = TestDb::sqlite().await;
    let pages = Pages::open(&db).await;
    let now = pages.shop.clock.now() / 1_000;
    let browser = Browser::start().await;
    let mut tab = browser.visit("about:blank", PHONE).await;
    // Somebody sends the address of their own opening to another.
    tab.go(&opened(&pages, &init_data(now), &day())).await;
    let press = "document.querySelector('#press:not([hidden])')";
    let words = tab.text(press).await;
    assert!(words.contains("the account of: Ann"), "{words}");
    assert!(words.contains("not you, close"), "{words}");
    assert!(!words.contains("a tab of its own"), "{words}");
    tab.screenshot("mini-app-whose").await;
    tab.click_on(&format!("{press}.querySelector('button')"))
        .await;
    comes(&mut tab, "/cabinet").await;
}

#[tokio::test]
async fn in_the_frame_of_a_web_client_a_tab_of_its_own_is_opened_by_a_press() {
    let db = TestDb::sqlite().await;
    let pages = Pages::open(&db).await;
    let now = pages.shop.clock.now() / 1_000;
    let browser = Browser::start().await;
    // A page of the same shop stands for the web client.
    let mut tab = browser.visit("about:blank", PHONE).await;
    tab.without_policies().await;
    tab.go(&format!("{}/app", pages.base)).await;
    tab.until("document.querySelector('#outside:not([hidden])')")
        .await;
    let address = opened(&pages, &init_data(now), &day());
    tab.value(&format!(
        "(() => {{ const frame = document.createElement('iframe'); frame.src = {}; document.body.append(frame); }})()",
        json!(address)
    ))
    .await;
    tab.until(
        "document.querySelector('iframe').contentDocument?.querySelector('#press:not([hidden]) button.main')",
    )
    .await;
    tab.until("!document.querySelector('iframe').contentDocument.querySelector('#apart').hidden")
        .await;
}

#[tokio::test]
async fn a_downloads_page_opens_in_the_browser_outside() {
    let db = TestDb::sqlite().await;
    let files = Files::open(&db).await;
    // Whom the opening names.
    let customer = files.pages.shop.customer(77).await;
    let order = files.order(&customer).await;
    let path = files.path(&customer, order).await;
    let now = files.pages.shop.clock.now() / 1_000;
    let browser = Browser::start().await;
    let mut tab = browser.visit("about:blank", PHONE).await;
    tab.before_each_page(TELEGRAM).await;
    tab.go(&opened(&files.pages, &init_data(now), &night()))
        .await;
    comes(&mut tab, "/cabinet").await;
    tab.click_on("document.querySelector('a[href=\"/cabinet/downloads\"]')")
        .await;
    comes(&mut tab, "/cabinet/downloads").await;
    tab.screenshot("mini-app-downloads").await;
    tab.click_on(&format!("document.querySelector('a[href^=\"{path}\"]')"))
        .await;
    tab.until("JSON.parse(sessionStorage.getItem('told')).some(([event]) => event === 'web_app_open_link')")
        .await;
    let said = told(&mut tab).await;
    assert_eq!(
        said[2], "/cabinet/downloads",
        "the Mini App stays where it is: {said}"
    );
    let url = said[1]["url"].as_str().expect("an address");
    assert!(
        url.starts_with(&format!("{}{path}", files.pages.base)),
        "{url}"
    );
}
