//! Everybody whom a shop talks to: Telegram, those who carry codes, a mail server. They live on when it dies.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kiosk::senders::settings::Encryption;
use kiosk_emulator::{Control, CustomerSpec, Message, View};

use crate::support::phones::gateway::{self, Gateway};
use crate::support::phones::whatsapp::{self, Graph};
use crate::support::smtp::{Arrived, LOGIN, Smtp};

/// Where customers reach the pages, as far as anybody is told.
pub const PAGES: &str = "https://shop.example.com";

/// What signs the reports of WhatsApp.
const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// The world of a shop. Cheap to clone.
#[derive(Clone)]
pub struct World {
    pub control: Control,
    pub smtp: Arc<Smtp>,
    pub gateway: Gateway,
    pub graph: Graph,
    /// Numbers and codes that somebody has read.
    read: Arc<Mutex<HashSet<(String, String)>>>,
}

impl World {
    pub async fn new(control: Control) -> Self {
        let (smtp, gateway, graph) = tokio::join!(
            Smtp::start(Encryption::Implicit),
            Gateway::start(),
            Graph::start()
        );
        Self {
            control,
            smtp: Arc::new(smtp),
            gateway,
            graph,
            read: Arc::default(),
        }
    }

    /// The settings: everything is asked for, every way into the cabinet that needs no provider is open, and those who carry
    /// codes and mails are several, since who may have carried a code is not asked again.
    pub fn settings(&self) -> String {
        let mut text = format!(
            "[shop]
        name = 'Zeta shop'
        terms = 'Be kind.'
        privacy = 'We keep little.'
        [checkout]
        require = ['name', 'phone', 'email', 'terms', 'privacy']
        [web]
        listen = '127.0.0.1:0'
        public_url = '{PAGES}'
        [cabinet]
        login = ['link', 'password', 'phone', 'email']
        [phone.sender.d]
        kind = 'whatsapp'
        token = '{}'
        number_id = '{}'
        template = '{}'
        version = '{}'
        languages = ['en_US']
        app_secret = '{SECRET}'
        skip = []
        api_url = '{}'\n",
            whatsapp::TOKEN,
            whatsapp::NUMBER,
            whatsapp::TEMPLATE,
            whatsapp::VERSION,
            self.graph.provider().url(),
        );
        for name in ["a", "b", "c"] {
            text.push_str(&format!(
                "[phone.sender.{name}]
            kind = 'gateway'
            token = '{}'
            api_url = '{}'\n",
                gateway::TOKEN,
                self.gateway.provider().url(),
            ));
        }
        for name in ["a", "b", "c"] {
            let account = self.smtp.account(name);
            text.push_str(&format!(
                "[mail.account.{name}]
            host = 'localhost'
            port = {}
            user = '{}'
            password = '{}'
            from = '{name}@example.com'
            ca_file = '{}'\n",
                self.smtp.port(),
                LOGIN.0,
                LOGIN.1,
                account.ca_file.expect("it has one").display(),
            ));
        }
        text
    }

    /// Somebody who reads English.
    pub fn customer(&self, name: &str) -> i64 {
        self.control
            .customer(CustomerSpec::named(name).speaking("en"))
    }

    /// Taps the newest button with this label.
    pub fn presses(&self, user: i64, label: &str) {
        let pressed = self.control.press_text(user, label);
        pressed.expect("such a button");
    }

    /// What the chat shows now: its messages, and how often each was edited.
    pub fn seen(&self, user: i64) -> HashSet<(i64, u32)> {
        let chat = self.control.messages(user);
        chat.iter().map(|it| (it.message_id, it.edits)).collect()
    }

    /// A screen with these words that was not there before.
    pub async fn shows(&self, user: i64, before: &HashSet<(i64, u32)>, words: &str) -> Message {
        let is_new = |it: &Message| !before.contains(&(it.message_id, it.edits));
        let found = self
            .control
            .wait_for_message(user, |it| is_new(it) && it.text.contains(words));
        found.await.unwrap_or_else(|_| {
            let chat = self.control.messages(user);
            let chat: Vec<_> = chat.iter().map(|it| &it.text).collect();
            panic!("{words:?} never came: {chat:#?}")
        })
    }

    /// Returns when the bot has made so many more calls, or after a while in which it has nothing to say.
    pub async fn passes(&self, more: u64) {
        let calls = self.control.counts().calls;
        let is_past = |view: &View<'_>| (view.counts().calls > calls + more).then_some(());
        let _ = self.control.wait(Duration::from_secs(1), is_past).await;
    }

    /// The newest mail to somebody with a link to such a page, once there are so many.
    pub async fn mail_to(&self, to: &str, page: &str, count: usize) -> Arrived {
        let mut mails = self.smtp.mails_to(to, page, count).await;
        mails.pop().expect("one")
    }

    /// A code that somebody has carried to this number, and that was not read before.
    pub async fn code_to(&self, number: &str) -> String {
        let by_gateway = |code: &serde_json::Value| {
            let is_theirs = code["phone_number"] == number;
            let code = code["code"].as_str().expect("text").to_owned();
            (is_theirs && self.is_new(number, &code)).then_some(code)
        };
        let by_graph = |code: &serde_json::Value| {
            let is_theirs = code["to"] == number[1..];
            let text = &code["template"]["components"][0]["parameters"][0]["text"];
            let code = text.as_str().expect("text").to_owned();
            (is_theirs && self.is_new(number, &code)).then_some(code)
        };
        let look = || {
            let sent = self.gateway.sent();
            let found = sent.iter().rev().find_map(by_gateway);
            found.or_else(|| self.graph.sent().iter().rev().find_map(by_graph))
        };
        let code = tokio::select! {
            code = self.gateway.provider().until(look) => code,
            code = self.graph.provider().until(look) => code,
        };
        let mut read = self.read.lock().expect("a list");
        read.insert((number.to_owned(), code.clone()));
        code
    }

    fn is_new(&self, number: &str, code: &str) -> bool {
        let read = self.read.lock().expect("a list");
        !read.contains(&(number.to_owned(), code.to_owned()))
    }

    /// No account was asked to carry the same code twice.
    pub fn nobody_carried_twice(&self) {
        let mut once = HashSet::new();
        for code in self.gateway.sent() {
            let by = code["callback_url"].to_string();
            let what = (
                by,
                code["phone_number"].to_string(),
                code["code"].to_string(),
            );
            assert!(once.insert(what.clone()), "carried twice: {what:?}");
        }
        for code in self.graph.sent() {
            let what = (
                "graph".to_owned(),
                code["to"].to_string(),
                code["template"].to_string(),
            );
            assert!(once.insert(what.clone()), "carried twice: {what:?}");
        }
    }
}
