//! An account on a mail server.

use std::path::PathBuf;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use secrecy::ExposeSecret;

use super::line::{Line, Step, Tls, Trouble};
use super::message::{self, Unwritten};
use super::replies;
use crate::clock::Clock;
use crate::senders::measure;
use crate::senders::settings::{Encryption, MailAccount, is_loopback};
use crate::shop::confirmations::senders::{Mail, MailSender, Mailed};

/// With this a certificate in PEM begins.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// An account that sends mails.
#[derive(Debug)]
pub struct Account {
    name: String,
    domain: String,
    from: Mailbox,
    most_a_day: Option<i64>,
    line: Line,
    clock: Clock,
}

/// Why there is no such account.
#[derive(Debug, thiserror::Error)]
pub enum BadAccount {
    /// `from` can't be an address.
    #[error("from is no address that mails can come from")]
    From,
    /// A password would travel in the open.
    #[error("encryption none is for a server on this machine only")]
    Open,
    /// The file with certificates can't be read.
    #[error("ca_file {path}: {reason}", path = .path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// There is no encryption to be had for this host.
    #[error("no encryption for this host: {0}")]
    Tls(String),
}

/// What a trial of an account shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// How sending would have gone, had it ended here.
    pub mailed: Mailed,
    /// Whether it was the login that was refused.
    pub at_login: bool,
}

impl Account {
    /// An account in whose mails the shop is called `shop`. Nothing is sent as yet.
    pub fn new(
        settings: &MailAccount,
        shop: &str,
        timeout: Duration,
        clock: Clock,
    ) -> Result<Self, BadAccount> {
        let address = message::address(&settings.from).ok_or(BadAccount::From)?;
        let name = crate::i18n::clean(shop).replace('\n', " ");
        let from = Mailbox::new(Some(name), address.clone());
        if settings.encryption == Encryption::None && !is_loopback(&settings.host) {
            return Err(BadAccount::Open);
        }
        let tls = match settings.encryption {
            Encryption::Implicit => Tls::Implicit(parameters(settings)?),
            Encryption::Starttls => Tls::Starttls(parameters(settings)?),
            Encryption::None => Tls::None,
        };
        let login = settings.user.as_ref().map(|user| {
            let password = settings.password.as_ref();
            let password = password.map_or("", |password| password.expose_secret());
            Credentials::new(user.clone(), password.to_owned())
        });
        let host = settings.host.trim_matches(['[', ']']).to_owned();
        Ok(Self {
            name: format!("mail:{}", settings.name),
            domain: address.domain().to_owned(),
            from,
            most_a_day: settings.most_a_day,
            line: Line::new(host, settings.port, tls, login, timeout),
            clock,
        })
    }

    /// Logs in and sends nothing. It counts as a login: not for a loop.
    pub async fn try_out(&self) -> Result<(), Trial> {
        let trouble = match self.line.try_out().await {
            Ok(()) => return Ok(()),
            Err(trouble) => trouble,
        };
        let at_login = matches!(
            &trouble,
            Trouble::Reply {
                step: Step::Login,
                ..
            }
        );
        Err(Trial {
            mailed: replies::class(trouble, ""),
            at_login,
        })
    }

    async fn hand_over(&self, mail: &Mail) -> Mailed {
        let written = match message::write(mail, &self.from, self.clock.now()) {
            Ok(written) => written,
            Err(Unwritten::Address) => {
                return Mailed::NoSuchAddress("it is not the address of a mailbox".to_owned());
            }
            Err(Unwritten::Header(name)) => {
                return Mailed::Later(format!("{name} has no place in a header: nothing is sent"));
            }
        };
        let sent = self
            .line
            .hand_over(&self.from.email, &written.to, &written.bytes);
        match sent.await {
            Ok(()) => Mailed::Accepted,
            Err(trouble) => replies::class(trouble, AsRef::<str>::as_ref(&written.to)),
        }
    }
}

impl MailSender for Account {
    fn account(&self) -> &str {
        &self.name
    }

    fn domain(&self) -> &str {
        &self.domain
    }

    fn most_a_day(&self) -> Option<i64> {
        self.most_a_day
    }

    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Mailed> {
        measure::mailed(self.hand_over(mail)).boxed()
    }
}

/// What the encryption trusts: the public authorities, or the file's certificates and no others.
fn parameters(settings: &MailAccount) -> Result<TlsParameters, BadAccount> {
    let host = settings.host.trim_matches(['[', ']']).to_owned();
    let mut builder = TlsParameters::builder(host);
    if let Some(path) = &settings.ca_file {
        let bad = |reason: String| BadAccount::Certificates {
            path: path.clone(),
            reason,
        };
        let pem = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
        // lettre takes a file without any certificate, too, and then trusts nobody.
        let has_one = pem
            .windows(BEGIN.len())
            .any(|part| part == BEGIN.as_bytes());
        let certificate = Certificate::from_pem(&pem).ok().filter(|_| has_one);
        let certificate = certificate.ok_or_else(|| bad("no certificate in PEM".to_owned()))?;
        builder = builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(certificate);
    }
    builder
        .build()
        .map_err(|error| BadAccount::Tls(error.to_string()))
}
