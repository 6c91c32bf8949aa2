//! Senders that do as they are told and remember what they carried.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kiosk::shop::confirmations::mail::{About, Wording, Words};
use kiosk::shop::confirmations::senders::{
    Carried, Mail, MailSender, Mailed, Messenger, PhoneCode, PhoneSender, Recipient,
};
use kiosk::shop::texts::Language;

/// Carries codes to phones.
pub struct FakePhone {
    account: String,
    most_a_day: Option<i64>,
    is_deaf: AtomicBool,
    /// Answers to come; then everything is accepted.
    script: Mutex<VecDeque<Carried>>,
    carried: Mutex<Vec<PhoneCode>>,
}

impl FakePhone {
    pub fn new(account: &str) -> Arc<Self> {
        Self::with_budget(account, None)
    }

    pub fn with_budget(account: &str, most_a_day: Option<i64>) -> Arc<Self> {
        Arc::new(Self {
            account: account.to_owned(),
            most_a_day,
            is_deaf: AtomicBool::new(false),
            script: Mutex::default(),
            carried: Mutex::default(),
        })
    }

    /// Can reach nobody from now on.
    pub fn reaches_nobody(&self) {
        self.is_deaf.store(true, Ordering::Relaxed);
    }

    /// What it answers next.
    pub fn will(&self, answer: Carried) {
        self.script.lock().unwrap().push_back(answer);
    }

    pub fn calls(&self) -> usize {
        self.carried.lock().unwrap().len()
    }

    pub fn carried(&self) -> Vec<PhoneCode> {
        self.carried.lock().unwrap().clone()
    }

    pub fn codes(&self) -> Vec<String> {
        let carried = self.carried();
        carried
            .iter()
            .map(|it| it.code.expose().to_owned())
            .collect()
    }
}

impl PhoneSender for FakePhone {
    fn account(&self) -> &str {
        &self.account
    }

    /// By the kind in its account's name, as the shop's own senders have it.
    fn messenger(&self) -> Messenger {
        match self.account.split(':').next() {
            Some("gateway") => Messenger::Telegram,
            Some("whatsapp") => Messenger::Whatsapp,
            Some("vk") => Messenger::Vk,
            _ => Messenger::Log,
        }
    }

    fn can_reach(&self, _to: &Recipient) -> bool {
        !self.is_deaf.load(Ordering::Relaxed)
    }

    fn most_a_day(&self) -> Option<i64> {
        self.most_a_day
    }

    fn carry<'a>(&'a self, code: &'a PhoneCode) -> BoxFuture<'a, Carried> {
        self.carried.lock().unwrap().push(code.clone());
        let answer = self.script.lock().unwrap().pop_front();
        let reference = Some(code.reference.clone());
        async move { answer.unwrap_or(Carried::Accepted { reference }) }.boxed()
    }
}

/// Sends mails.
pub struct FakeMail {
    account: String,
    domain: String,
    most_a_day: Option<i64>,
    script: Mutex<VecDeque<Mailed>>,
    mails: Mutex<Vec<Mail>>,
}

impl FakeMail {
    pub fn new(account: &str, domain: &str) -> Arc<Self> {
        Self::with_budget(account, domain, None)
    }

    pub fn with_budget(account: &str, domain: &str, most_a_day: Option<i64>) -> Arc<Self> {
        Arc::new(Self {
            account: account.to_owned(),
            domain: domain.to_owned(),
            most_a_day,
            script: Mutex::default(),
            mails: Mutex::default(),
        })
    }

    pub fn will(&self, answer: Mailed) {
        self.script.lock().unwrap().push_back(answer);
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }
}

impl MailSender for FakeMail {
    fn account(&self) -> &str {
        &self.account
    }

    fn domain(&self) -> &str {
        &self.domain
    }

    fn most_a_day(&self) -> Option<i64> {
        self.most_a_day
    }

    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Mailed> {
        self.mails.lock().unwrap().push(mail.clone());
        let answer = self.script.lock().unwrap().pop_front();
        async move { answer.unwrap_or(Mailed::Accepted) }.boxed()
    }
}

/// Words that a test can read.
pub struct Plain;

impl Wording for Plain {
    fn mail(&self, _language: Language, about: &About) -> Words {
        let text = match about {
            About::Code { code, token, .. } => {
                let code = code.as_ref().map_or("-", |code| code.expose());
                format!("{code} {}", token.expose())
            }
            About::Changed { .. } => "Changed".to_owned(),
            other => format!("{other:?}"),
        };
        Words {
            subject: "a mail".to_owned(),
            html: text.clone(),
            text,
        }
    }
}

pub fn unreachable() -> Carried {
    Carried::NotReachable("no such account".to_owned())
}

pub fn busy(pause: Option<Duration>) -> Carried {
    let reason = "flood".to_owned();
    Carried::Busy { pause, reason }
}

pub fn misconfigured() -> Carried {
    Carried::Misconfigured("the token is wrong".to_owned())
}

pub fn unknown() -> Carried {
    Carried::Unknown("timeout".to_owned())
}
