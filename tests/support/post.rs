//! Mails and codes in the emulator's mailbox: what a shop sends can be waited for and read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt;
use futures::future::BoxFuture;
use kiosk::senders::Senders;
use kiosk::shop::confirmations::senders::{
    Carried, Mail, MailSender, Mailed, Messenger, PhoneCode, PhoneSender, Recipient,
};
use kiosk_emulator::Control;

/// What carries everything.
#[derive(Clone)]
pub struct Post {
    control: Control,
    /// Whether numbers can't be reached, and addresses are none.
    is_lost: Arc<AtomicBool>,
}

impl Post {
    pub fn new(control: &Control) -> Self {
        Self {
            control: control.clone(),
            is_lost: Arc::default(),
        }
    }

    pub fn senders(&self) -> Senders {
        Senders {
            phone: vec![Arc::new(self.clone())],
            mail: vec![Arc::new(self.clone())],
            reporters: Vec::new(),
        }
    }

    /// The same with an account for each of these, which names itself in what arrives.
    pub fn senders_by(&self, accounts: &[(&'static str, Messenger)]) -> Senders {
        let account = |(account, messenger): &(&'static str, Messenger)| -> Arc<dyn PhoneSender> {
            Arc::new(By {
                post: self.clone(),
                account,
                messenger: *messenger,
            })
        };
        Senders {
            phone: accounts.iter().map(account).collect(),
            ..self.senders()
        }
    }

    /// From now on nothing arrives.
    pub fn loses_everything(&self) {
        self.is_lost.store(true, Ordering::Relaxed);
    }

    fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }

    /// How many came for somebody.
    pub fn count(&self, to: &str) -> usize {
        let mails = self.control.mails();
        mails.iter().filter(|mail| mail.to == to).count()
    }

    /// The `number`th that came for somebody, from 1, when it is there.
    pub async fn mail(&self, to: &str, number: usize) -> kiosk_emulator::Mail {
        let look = |view: &kiosk_emulator::View<'_>| {
            let mut mails = view.mails().filter(|mail| mail.to == to);
            mails.nth(number - 1).cloned()
        };
        self.control
            .wait(std::time::Duration::from_secs(20), look)
            .await
            .unwrap_or_else(|_| panic!("no mail {number} to {to}"))
    }

    /// The code in it.
    pub async fn code(&self, to: &str, number: usize) -> String {
        let mail = self.mail(to, number).await;
        let mut words = mail.text.split(|letter: char| !letter.is_ascii_digit());
        let code = words.find(|word| word.len() == 6);
        code.unwrap_or_else(|| panic!("no code in {}", mail.text))
            .to_owned()
    }
}

/// A code that is not this one.
pub fn wrong(code: &str) -> String {
    let number: u32 = code.parse().expect("six digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

impl PhoneSender for Post {
    fn account(&self) -> &'static str {
        "log:test"
    }

    fn messenger(&self) -> Messenger {
        Messenger::Log
    }

    fn can_reach(&self, _to: &Recipient) -> bool {
        !self.is_lost()
    }

    fn most_a_day(&self) -> Option<i64> {
        None
    }

    fn carry<'a>(&'a self, code: &'a PhoneCode) -> BoxFuture<'a, Carried> {
        self.control.mail(kiosk_emulator::Mail {
            to: code.to.phone.as_str().to_owned(),
            text: format!("code {}", code.code.expose()),
            ..kiosk_emulator::Mail::default()
        });
        async { Carried::Accepted { reference: None } }.boxed()
    }
}

/// The post under the name of an account.
struct By {
    post: Post,
    account: &'static str,
    messenger: Messenger,
}

impl PhoneSender for By {
    fn account(&self) -> &str {
        self.account
    }

    fn messenger(&self) -> Messenger {
        self.messenger
    }

    fn can_reach(&self, to: &Recipient) -> bool {
        self.post.can_reach(to)
    }

    fn most_a_day(&self) -> Option<i64> {
        None
    }

    fn carry<'a>(&'a self, code: &'a PhoneCode) -> BoxFuture<'a, Carried> {
        self.post.control.mail(kiosk_emulator::Mail {
            from: self.account.to_owned(),
            to: code.to.phone.as_str().to_owned(),
            text: format!("code {}", code.code.expose()),
            ..kiosk_emulator::Mail::default()
        });
        async { Carried::Accepted { reference: None } }.boxed()
    }
}

impl MailSender for Post {
    fn account(&self) -> &'static str {
        "mail:test"
    }

    fn domain(&self) -> &'static str {
        "example.com"
    }

    fn most_a_day(&self) -> Option<i64> {
        None
    }

    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Mailed> {
        let lost = self.is_lost();
        if !lost {
            self.control.mail(kiosk_emulator::Mail {
                to: mail.to.clone(),
                subject: mail.subject.clone(),
                text: mail.text.clone(),
                ..kiosk_emulator::Mail::default()
            });
        }
        let lost = lost.then(|| Mailed::NoSuchAddress("no such user".to_owned()));
        async move { lost.unwrap_or(Mailed::Accepted) }.boxed()
    }
}
