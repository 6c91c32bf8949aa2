//! A bot without a program, on an emulator in this process: the test calls its methods.

use kiosk_emulator::{CustomerSpec, OnAdvance, Options, PageOptions};
use serde_json::{Value, json};

use super::chromium::Browser;
use super::page::{PHONE, Tab};

/// The bot, and Bob, whom it talks to.
pub(super) struct Puppet {
    pub(super) emulator: kiosk_emulator::Emulator,
    pub(super) client: reqwest::Client,
    pub(super) customer: i64,
}

impl Puppet {
    pub(super) async fn start() -> Self {
        Self::start_with(OnAdvance::new(|_| ())).await
    }

    pub(super) async fn start_with(on_advance: OnAdvance) -> Self {
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

    pub(super) async fn call(&self, method: &str, mut params: Value) -> Value {
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
    pub(super) async fn update(&self, kind: &str) -> Value {
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

    /// The page with Bob's chat in front.
    pub(super) fn chat_url(&self) -> String {
        format!("{}?user={}", self.emulator.chat_url(), self.customer)
    }

    pub(super) async fn open(&self, browser: &Browser) -> Tab {
        let mut tab = browser.open(&self.chat_url(), PHONE).await;
        let chat = tab.chat("Bob").await;
        tab.click(&chat, "Start").await;
        self.update("message").await;
        tab
    }
}
