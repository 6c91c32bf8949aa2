//! Those who carry mails and codes, each against a server on this machine that follows what is known of the real one.

mod check;
mod gateway;
mod mail;
mod mail_refused;
mod reported;
mod vk;
mod whatsapp;

use std::sync::Arc;
use std::time::Duration;

use kiosk::clock::Clock;
use kiosk::senders::settings::{Channel, MailAccount, PhoneAccount, Settings};
use kiosk::senders::{Around, Senders, build};
use kiosk::shop::confirmations::senders::{
    Call, CodeText, MailSender, PhoneCode, PhoneSender, Recipient, Reporter,
};
use kiosk::shop::customers::Phone;
use kiosk::shop::texts::Language;
use url::Url;

/// 2026-09-21 14:13:20 UTC.
pub const NOW: i64 = 1_790_000_000_000;

/// No account, and a patience that suits a test.
pub fn nobody() -> Settings {
    Settings {
        mail: Vec::new(),
        mail_timeout: Duration::from_secs(10),
        phone: Vec::new(),
        phone_timeout: Duration::from_secs(10),
        development: false,
    }
}

pub fn around() -> Around {
    Around {
        shop: "Ключи & Co".to_owned(),
        public_url: Some(Url::parse("https://shop.example.com").unwrap()),
        clock: Clock::frozen(NOW),
    }
}

/// A sender of the name `main`.
pub fn phone_account(channel: Channel) -> PhoneAccount {
    PhoneAccount {
        name: "main".to_owned(),
        channel,
        most_a_day: None,
        skip: Vec::new(),
    }
}

pub fn built(settings: &Settings) -> Senders {
    build(settings, &around()).unwrap()
}

/// One mail account with this patience.
pub fn mail_sender(account: MailAccount, patience: Duration) -> Arc<dyn MailSender> {
    let settings = Settings {
        mail: vec![account],
        mail_timeout: patience,
        ..nobody()
    };
    built(&settings).mail.remove(0)
}

/// One phone sender, and who reads its reports.
pub fn phone_sender(account: PhoneAccount) -> (Arc<dyn PhoneSender>, Option<Arc<dyn Reporter>>) {
    let settings = Settings {
        phone: vec![account],
        phone_timeout: Duration::from_secs(10),
        ..nobody()
    };
    let mut senders = built(&settings);
    (senders.phone.remove(0), senders.reporters.pop())
}

/// The same with so little patience that it runs out.
pub fn impatient(account: PhoneAccount) -> Arc<dyn PhoneSender> {
    let settings = Settings {
        phone: vec![account],
        phone_timeout: Duration::from_millis(300),
        ..nobody()
    };
    built(&settings).phone.remove(0)
}

/// A code to a number.
pub fn code_to(phone: &str) -> PhoneCode {
    PhoneCode {
        to: Recipient {
            phone: Phone::read(phone).unwrap(),
            vk_user: Some(501),
            language: Language::Ru,
        },
        code: CodeText::new("048291".to_owned()),
        lives: Duration::from_mins(10),
        reference: "r_0123456789abcdef".to_owned(),
        number: 77,
    }
}

/// A POST with these headers.
pub fn post<'a>(headers: &'a [(String, Vec<u8>)], body: &'a str) -> Call<'a> {
    Call {
        method: "POST",
        query: "",
        headers,
        body: body.as_bytes(),
        now: NOW,
    }
}
