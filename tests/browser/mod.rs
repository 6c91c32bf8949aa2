//! The chat page in a real browser: whole purchases by clicks, and everything that a bot can send. Screenshots go to `target/browser/`.

mod chromium;
mod demo;
mod page;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kiosk_emulator::{CustomerSpec, Mail, OnAdvance, Options, PageOptions};
use serde_json::{Value, json};

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

/// A bot without a program: the test calls its methods.
struct Puppet {
    emulator: kiosk_emulator::Emulator,
    client: reqwest::Client,
    customer: i64,
}

impl Puppet {
    async fn start() -> Self {
        Self::start_with(OnAdvance::new(|_| ())).await
    }

    async fn start_with(on_advance: OnAdvance) -> Self {
        let page = PageOptions {
            customers: vec![CustomerSpec::named("Ann").speaking("en")],
            on_advance: Some(on_advance),
            ..PageOptions::default()
        };
        let options = Options {
            page,
            ..Options::default()
        };
        let emulator = kiosk_emulator::start(options).await.expect("a free port");
        let customer = emulator.control().customer(CustomerSpec::named("Bob"));
        Self {
            client: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client"),
            emulator,
            customer,
        }
    }

    async fn call(&self, method: &str, mut params: Value) -> Value {
        if params["chat_id"].is_null() && method.starts_with("send") {
            params["chat_id"] = json!(self.customer);
        }
        let url = format!("{}/bot42:secret/{method}", self.emulator.url());
        let answer = self.client.post(url).json(&params).send().await;
        let mut body: Value = answer.expect("an answer").json().await.expect("JSON");
        assert_eq!(body["ok"], true, "{method}: {body}");
        body["result"].take()
    }

    /// Waits for the next update of this kind and confirms all before it.
    async fn update(&self, kind: &str) -> Value {
        let mut offset = 0;
        loop {
            let ask = json!({ "timeout": 20, "offset": offset });
            let updates = self.call("getUpdates", ask).await;
            for update in updates.as_array().expect("a list") {
                offset = update["update_id"].as_i64().expect("a number") + 1;
                if !update[kind].is_null() {
                    self.call("getUpdates", json!({ "offset": offset, "limit": 1 }))
                        .await;
                    return update[kind].clone();
                }
            }
        }
    }

    async fn open(&self, browser: &Browser) -> Tab {
        let url = format!("{}?user={}", self.emulator.chat_url(), self.customer);
        let mut tab = browser.open(&url, PHONE).await;
        let chat = tab.chat("Bob").await;
        tab.click(&chat, "Start").await;
        self.update("message").await;
        tab
    }
}

#[tokio::test]
async fn the_page_shows_what_a_bot_can_send() {
    let bot = Puppet::start().await;
    let browser = Browser::start().await;
    let mut tab = bot.open(&browser).await;
    let chat = tab.chat("Bob").await;

    // Formatting is formatting, and what looks like a page's own tags is text.
    let html = "<b>Bold</b> <i>it</i> <code>KEY-1</code> <tg-spoiler>psst</tg-spoiler> &lt;script&gt;alert(1)&lt;/script&gt;";
    let markup = json!({ "inline_keyboard": [[{ "text": "Tell me", "callback_data": "t" }]] });
    let message = bot
        .call(
            "sendMessage",
            json!({ "text": html, "parse_mode": "HTML", "reply_markup": markup }),
        )
        .await;
    tab.until(&format!("{chat}.querySelector('.text b')")).await;
    let whole = tab
        .text(&format!(
            "[...{chat}.querySelectorAll('[data-test=bot-message] .text')].at(-1)"
        ))
        .await;
    assert!(whole.contains("<script>alert(1)</script>"), "{whole}");
    tab.click_on(&format!("{chat}.querySelector('.spoiler')"))
        .await;
    tab.until(&format!("{chat}.querySelector('.spoiler.open')"))
        .await;

    // A tap spins until it is answered.
    tab.click(&chat, "Tell me").await;
    tab.until(&format!(
        "{chat}.querySelector('[data-test=button][aria-busy=true]')"
    ))
    .await;
    let query = bot.update("callback_query").await;
    let answer =
        json!({ "callback_query_id": query["id"], "text": "An alert", "show_alert": true });
    bot.call("answerCallbackQuery", answer).await;
    let alert = tab
        .text(&format!("{chat}.querySelector('[data-test=alert-text]')"))
        .await;
    assert_eq!(alert, "An alert");
    tab.click(&chat, "OK").await;

    // An edited message changes in place, a deleted one goes.
    let edit =
        json!({ "chat_id": bot.customer, "message_id": message["message_id"], "text": "Changed" });
    bot.call("editMessageText", edit).await;
    tab.until(&format!(
        "{chat}.innerText.includes('Changed') && !{chat}.querySelector('.text b')"
    ))
    .await;
    let delete = json!({ "chat_id": bot.customer, "message_id": message["message_id"] });
    bot.call("deleteMessage", delete).await;
    tab.until(&format!("!{chat}.innerText.includes('Changed')"))
        .await;

    // Commands are filtered while they are typed.
    let commands = json!({ "commands": [
        { "command": "orders", "description": "My orders" },
        { "command": "help", "description": "How it works" },
    ] });
    bot.call("setMyCommands", commands).await;
    tab.click_on(&format!("{chat}.querySelector('[data-test=input]')"))
        .await;
    tab.types("/h").await;
    tab.until(&format!(
        "[...{chat}.querySelectorAll('[data-test=command]')].map(one => one.innerText).join().startsWith('/help')"
    ))
    .await;
    tab.press_enter().await;
    assert_eq!(bot.update("message").await["text"], "/help");

    // The number is given away only after a question.
    let keyboard = json!({ "keyboard": [[{ "text": "My number", "request_contact": true }]], "resize_keyboard": true, "one_time_keyboard": true });
    bot.call(
        "sendMessage",
        json!({ "text": "Who are you?", "reply_markup": keyboard }),
    )
    .await;
    tab.click(&chat, "My number").await;
    tab.screenshot("page-1-contact").await;
    tab.click(&chat, "Share").await;
    let contact = bot.update("message").await["contact"].clone();
    assert_eq!(contact["user_id"], json!(bot.customer));
    let gone = json!({ "text": "Thanks", "reply_markup": { "remove_keyboard": true } });
    bot.call("sendMessage", gone).await;
    tab.until(&format!(
        "{chat}.querySelector('[data-test=reply-keyboard]').hidden"
    ))
    .await;

    // Who blocks the bot can come back.
    tab.click_on(&format!("{chat}.querySelector('[data-test=more]')"))
        .await;
    tab.click(&chat, "Block the bot").await;
    tab.until(&format!("{chat}.querySelector('[data-test=blocked]')"))
        .await;
    tab.click(&chat, "Unblock").await;
    tab.until(&format!("!{chat}.querySelector('[data-test=blocked]')"))
        .await;
    assert_eq!(tab.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn a_declined_card_leaves_the_invoice_to_be_paid_with_another() {
    let bot = Puppet::start().await;
    let browser = Browser::start().await;
    let mut tab = bot.open(&browser).await;
    let chat = tab.chat("Bob").await;
    let invoice = json!({
        "title": "Zeta, one month", "description": "One key", "payload": "o1", "provider_token": "1:TEST:1",
        "currency": "RUB", "prices": [{ "label": "Key", "amount": 49_900 }], "start_parameter": "o1", "need_email": true,
    });
    bot.call("sendInvoice", invoice).await;
    let approve = async || {
        let query = bot.update("pre_checkout_query").await;
        assert_eq!(query["order_info"]["email"], "bob@example.org");
        let yes = json!({ "pre_checkout_query_id": query["id"], "ok": true });
        bot.call("answerPreCheckoutQuery", yes).await;
    };
    let pay = format!("{chat}.querySelector('[data-test=pay]:not(:disabled)')");
    let email = format!("{chat}.querySelector('[data-test=pay-email]')");
    tab.click_on(&pay).await;
    tab.click_on(&email).await;
    tab.types("bob@example.org").await;
    tab.click_on(&format!("{chat}.querySelector('[data-test=card-bad]')"))
        .await;
    tab.screenshot("page-2-card").await;
    tab.click(&chat, "Pay RUB").await;
    approve().await;
    let told = tab
        .text(&format!("{chat}.querySelector('[data-test=pay-result]')"))
        .await;
    assert!(told.contains("The invoice stays"), "{told}");
    tab.click(&chat, "Try again").await;
    tab.click_on(&email).await;
    tab.types("bob@example.org").await;
    tab.click(&chat, "Pay RUB").await;
    approve().await;
    let receipt = tab
        .text(&format!("{chat}.querySelector('[data-test=paid]')"))
        .await;
    assert!(receipt.contains("499.00"), "{receipt}");
    assert_eq!(tab.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn a_click_makes_it_later() {
    let moved = Arc::new(AtomicU64::new(0));
    let hook = moved.clone();
    let bot = Puppet::start_with(OnAdvance::new(move |by| {
        hook.fetch_add(by.as_secs(), Ordering::Relaxed);
    }))
    .await;
    let browser = Browser::start().await;
    let mut tab = bot.open(&browser).await;
    tab.click_on("document.querySelector('[data-test=show-notes]')")
        .await;
    tab.until("document.querySelectorAll('[data-test=note]').length === 4")
        .await;
    tab.screenshot("page-4-notes").await;
    tab.click_on("document.querySelector('[data-test=advance]')")
        .await;
    let chat = tab.chat("Bob").await;
    let toast = tab
        .text(&format!(
            "{chat}.querySelector('[data-test=toast]:not([hidden])')"
        ))
        .await;
    assert_eq!(toast, "It is 15 minutes later now.");
    assert_eq!(moved.load(Ordering::Relaxed), 15 * 60);
    assert_eq!(tab.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn mails_are_read_on_the_page() {
    let bot = Puppet::start().await;
    let browser = Browser::start().await;
    let mut tab = bot.open(&browser).await;
    tab.resize(DESKTOP).await;
    tab.click_on("document.querySelector('[data-test=show-mail]')")
        .await;
    let empty = tab
        .text("document.querySelector('[data-test=mail-empty]')")
        .await;
    assert!(empty.contains("No mail has come yet"), "{empty}");
    bot.emulator.control().mail(Mail {
        from: "Shop <shop@example.org>".into(),
        to: "bob@example.org".into(),
        subject: "Confirm your e-mail".into(),
        text: "Open https://example.org/c/1 now.".into(),
        html: Some("<h1>Hello</h1><a href=\"https://example.org/c/1\">Confirm</a>".into()),
        ..Mail::default()
    });
    tab.until("document.querySelector('[data-test=mail-badge]')")
        .await;
    tab.click_on("document.querySelector('[data-test=mail]')")
        .await;
    tab.until("document.querySelector('[data-test=mail-frame]')")
        .await;
    tab.screenshot("page-3-mail").await;
    tab.click_on("document.querySelector('[data-test=mail-form]')")
        .await;
    let link = "document.querySelector('[data-test=mail-text] a')";
    assert_eq!(tab.text(link).await, "https://example.org/c/1");
    assert_eq!(tab.complaints(), Vec::<String>::new());
}
