//! What the page shows of whatever a bot sends, and what it sends back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kiosk_emulator::{Mail, OnAdvance};
use serde_json::json;

use super::chromium::Browser;
use super::page::{DESKTOP, PHONE};
use super::puppet::Puppet;

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
async fn a_file_of_keys_reaches_the_bot() {
    let bot = Puppet::start().await;
    let browser = Browser::start().await;
    let mut tab = bot.open(&browser).await;
    let chat = tab.chat("Bob").await;
    tab.pick_file(&chat, "keys.txt", "KEY-1\nKEY-2\n").await;
    tab.click_on(&format!("{chat}.querySelector('[data-test=file-caption]')"))
        .await;
    tab.types("/addkeys zeta").await;
    tab.click_on(&format!("{chat}.querySelector('[data-test=file-send]')"))
        .await;
    let message = bot.update("message").await;
    assert_eq!(message["caption"], "/addkeys zeta");
    assert_eq!(message["document"]["file_name"], "keys.txt");
    let ask = json!({ "file_id": message["document"]["file_id"] });
    let file = bot.call("getFile", ask).await;
    let path = file["file_path"].as_str().expect("a path");
    let url = format!("{}/file/bot42:secret/{path}", bot.emulator.url());
    let answer = bot.client.get(url).send().await.expect("an answer");
    assert_eq!(answer.text().await.expect("text"), "KEY-1\nKEY-2\n");
    tab.until(&format!("{chat}.querySelector('[data-test=document]')"))
        .await;
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
async fn a_window_that_changes_before_the_chats_have_come_shows_who_was_asked_for() {
    let bot = Puppet::start().await;
    let browser = Browser::start().await;
    let mut tab = browser.visit("about:blank", PHONE).await;
    tab.before_each_page(
        "const plain = window.fetch;
         window.fetch = (...asked) => { dispatchEvent(new Event('resize')); return plain(...asked); };",
    )
    .await;
    tab.go(&bot.chat_url()).await;
    tab.chat("Bob").await;
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
