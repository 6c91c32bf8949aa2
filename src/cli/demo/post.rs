//! The demo's post: mails and codes end up in the emulator's mailbox, and nothing leaves this machine.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use kiosk_emulator::Control;

use crate::senders::{Senders, words};
use crate::shop::confirmations::senders::{
    Carried, Mail, MailSender, Mailed, Messenger, PhoneCode, PhoneSender, Recipient,
};

/// The emulator's mailbox.
struct Mailbox {
    control: Control,
    shop: String,
}

/// Everything that carries something goes to the mailbox of `control`.
pub(super) fn senders(control: &Control, shop: &str) -> Senders {
    let mailbox = || {
        Arc::new(Mailbox {
            control: control.clone(),
            shop: shop.to_owned(),
        })
    };
    Senders {
        phone: vec![mailbox()],
        mail: vec![mailbox()],
        reporters: Vec::new(),
    }
}

impl PhoneSender for Mailbox {
    fn account(&self) -> &'static str {
        "log:demo"
    }

    fn messenger(&self) -> Messenger {
        Messenger::Log
    }

    fn can_reach(&self, _to: &Recipient) -> bool {
        true
    }

    fn most_a_day(&self) -> Option<i64> {
        None
    }

    fn carry<'a>(&'a self, code: &'a PhoneCode) -> BoxFuture<'a, Carried> {
        let to = &code.to;
        self.control.mail(kiosk_emulator::Mail {
            from: self.shop.clone(),
            to: to.phone.as_str().to_owned(),
            subject: to.phone.as_str().to_owned(),
            text: words::code(to.language, &self.shop, &code.code, code.lives),
            ..kiosk_emulator::Mail::default()
        });
        async { Carried::Accepted { reference: None } }.boxed()
    }
}

impl MailSender for Mailbox {
    fn account(&self) -> &'static str {
        "mail:demo"
    }

    fn domain(&self) -> &'static str {
        "demo.localhost"
    }

    fn most_a_day(&self) -> Option<i64> {
        None
    }

    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Mailed> {
        self.control.mail(kiosk_emulator::Mail {
            from: format!("{} <shop@demo.localhost>", self.shop),
            to: mail.to.clone(),
            subject: mail.subject.clone(),
            text: mail.text.clone(),
            html: Some(mail.html.clone()),
            ..kiosk_emulator::Mail::default()
        });
        async { Mailed::Accepted }.boxed()
    }
}
