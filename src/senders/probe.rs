//! Whether each account works, for `kiosk check`: it logs in and sends nothing.

use futures::future::{BoxFuture, join_all};
use futures::{FutureExt, future};

use super::http::Connections;
use super::mail::{Account, Trial};
use super::reach::Reach;
use super::settings::{Channel, MailAccount, PhoneAccount, Preset, Settings};
use super::{Around, Gateway, Vk, Whatsapp, webhook};
use crate::shop::confirmations::senders::{Carried, Mailed};

/// How an account stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The account, such as `mail:main`.
    pub account: String,
    /// What was found.
    pub found: String,
    /// What is wrong, and how to mend it.
    pub trouble: Option<Trouble>,
}

/// Something that is wrong with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Whether it can't carry anything as it is.
    pub is_fatal: bool,
    /// What to do.
    pub mend: String,
}

/// Tries all accounts at once, in the order of the settings.
pub async fn probe(settings: &Settings, around: &Around) -> Vec<Finding> {
    let connections = Connections::new(settings.phone_timeout);
    let mut trials: Vec<BoxFuture<'_, Finding>> = Vec::new();
    for account in &settings.mail {
        trials.push(mail(settings, account, around).boxed());
    }
    for account in &settings.phone {
        match &connections {
            Ok(connections) => trials.push(phone(account, around, connections.clone()).boxed()),
            Err(error) => {
                let found = format!("can't make an HTTP client: {error}");
                let wrong = wrong(Reach::of(account).account(), found, "see the system's log");
                trials.push(future::ready(wrong).boxed());
            }
        }
    }
    join_all(trials).await
}

fn wrong(account: &str, found: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding {
        account: account.to_owned(),
        found: found.into(),
        trouble: Some(Trouble {
            is_fatal: true,
            mend: mend.into(),
        }),
    }
}

fn warning(account: &str, found: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding {
        account: account.to_owned(),
        found: found.into(),
        trouble: Some(Trouble {
            is_fatal: false,
            mend: mend.into(),
        }),
    }
}

fn well(account: &str, found: impl Into<String>) -> Finding {
    Finding {
        account: account.to_owned(),
        found: found.into(),
        trouble: None,
    }
}

async fn mail(settings: &Settings, own: &MailAccount, around: &Around) -> Finding {
    let name = format!("mail:{}", own.name);
    let timeout = settings.mail_timeout;
    let account = match Account::new(own, &around.shop, timeout, around.clock.clone()) {
        Ok(account) => account,
        Err(error) => {
            return wrong(&name, error.to_string(), "see the account's settings");
        }
    };
    let server = format!("{}:{}", own.host, own.port);
    let Trial { mailed, at_login } = match account.try_out().await {
        Ok(()) => return well(&name, format!("{server} takes the login")),
        Err(trial) => trial,
    };
    match mailed {
        Mailed::Accepted => well(&name, server),
        Mailed::Misconfigured(reason) if at_login => wrong(
            &name,
            format!("{server} refuses the login: {reason}"),
            password(own.preset),
        ),
        Mailed::Misconfigured(reason) => wrong(
            &name,
            format!("{server}: {reason}"),
            "see host, port, encryption and ca_file: port 465 goes with implicit, port 587 with starttls",
        ),
        Mailed::Quota { reason, .. } | Mailed::Spam(reason) => warning(
            &name,
            format!("{server} is short with this account: {reason}"),
            "wait, and send less by it: another account beside it helps",
        ),
        Mailed::Later(reason)
        | Mailed::TurnedAway { reason, .. }
        | Mailed::Unknown(reason)
        | Mailed::NoSuchAddress(reason) => wrong(
            &name,
            format!("{server}: {reason}"),
            "see host and port, and whether this machine gets through: many hosters close the ports of mail until asked",
        ),
    }
}

/// Which password the providers want.
fn password(preset: Preset) -> &'static str {
    match preset {
        Preset::Yandex => {
            "make an app password of the kind Mail (Yandex ID, Security), switch IMAP/SMTP on in the mailbox's settings (Mail \
             programs), and set password to it"
        }
        Preset::Google => {
            "turn 2-Step Verification on, make an app password (Google Account, Security), and set password to it"
        }
        Preset::MailRu => {
            "make a password for external apps (Mail.ru ID, Security), and set password to it"
        }
        Preset::Smtp => {
            "see user and password: many servers want the full address and a password of its own for programs"
        }
    }
}

async fn phone(own: &PhoneAccount, around: &Around, connections: Connections) -> Finding {
    let reach = Reach::of(own);
    let name = reach.account().to_owned();
    let callback = webhook(around, &reach);
    let (tried, mend) = match &own.channel {
        Channel::Gateway(settings) => {
            let gateway = Gateway::new(reach, connections, settings.clone(), callback.as_ref());
            (
                gateway.try_out().await,
                "copy the token from gateway.telegram.org/account/api, see that the list of allowed addresses there has this \
                 machine's, and that the balance is not used up",
            )
        }
        Channel::Whatsapp(settings) => {
            let whatsapp = Whatsapp::new(reach, connections, settings.clone());
            (
                whatsapp.try_out().await,
                "see token (a system user's, with whatsapp_business_messaging) and number_id at developers.facebook.com",
            )
        }
        Channel::Vk(settings) => {
            let vk = Vk::new(reach, connections, settings.clone(), around.shop.clone());
            (
                vk.try_out().await,
                "make a token of the community with the right to messages (Manage, API usage), and set token to it",
            )
        }
        Channel::Log => {
            return warning(
                &name,
                "codes are written to the log",
                "never on a shop that is open to others: whoever reads the log could take any number for theirs",
            );
        }
    };
    match tried {
        Ok(()) => reports(
            own,
            callback.is_some_and(|url| url.scheme() == "https"),
            &name,
        ),
        Err(Carried::Misconfigured(reason)) => wrong(&name, reason, mend),
        Err(Carried::Accepted { .. }) => well(&name, "the token is taken"),
        Err(
            Carried::NotReachable(reason) | Carried::Busy { reason, .. } | Carried::Unknown(reason),
        ) => warning(
            &name,
            format!("it does not tell whether the token is right: {reason}"),
            "try again in a moment, and see whether this machine reaches api_url: network, proxy, firewall",
        ),
    }
}

/// Whether anybody hears what becomes of its codes.
fn reports(own: &PhoneAccount, has_address: bool, name: &str) -> Finding {
    let has_secrets = match &own.channel {
        Channel::Whatsapp(own) => own.app_secret.is_some() && own.verify_token.is_some(),
        Channel::Gateway(_) => true,
        // VK tells nothing of its messages.
        Channel::Vk(_) | Channel::Log => return well(name, "the token is taken"),
    };
    if !has_secrets {
        return warning(
            name,
            "the token is taken; whether codes arrive is not heard of",
            "set app_secret and verify_token, and the webhook at Meta to web.public_url with \
             /webhooks/phone/whatsapp-NAME behind it",
        );
    }
    if !has_address {
        return warning(
            name,
            "the token is taken; whether codes arrive is not heard of",
            "set web.public_url to the https address under which the provider reaches this shop",
        );
    }
    well(name, "the token is taken")
}
