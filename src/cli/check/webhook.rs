//! How updates come in: what Telegram tells of the webhook, held against the settings.

use secrecy::ExposeSecret;
use url::Url;

use super::Report;
use crate::bot::webhook::Webhook;
use crate::clock::Clock;
use crate::config::{Config, Mode};
use crate::telegram::{Client, WebhookInfo};
use crate::web::telegram::PATH;

/// A secret with fewer letters can be guessed.
const SHORT: usize = 16;
/// So many updates wait for a moment in a shop that is well.
const MANY: i64 = 100;
/// Trouble that is older than this, in seconds, is over when nothing waits.
const RECENT: i64 = 600;

pub(super) async fn check(report: &mut Report, config: &Config, client: &Client) {
    let info = match client.get_webhook_info().await {
        Ok(info) => info,
        Err(error) => {
            report.warning(
                "webhook",
                format!("Telegram does not tell: {error}"),
                "try again in a moment",
            );
            return;
        }
    };
    match (config.telegram.mode, wished(config)) {
        (Mode::Polling, _) => polling(report, &info),
        (Mode::Webhook, Some(wished)) => pushed(report, &wished, &info),
        // The settings are not taken without both.
        (Mode::Webhook, None) => {}
    }
}

fn wished(config: &Config) -> Option<Webhook> {
    let address = config.web.public_url.as_ref()?.as_str();
    Some(Webhook {
        url: format!("{}{PATH}", address.trim_end_matches('/')),
        secret: config.telegram.webhook_secret.clone()?,
    })
}

fn polling(report: &mut Report, info: &WebhookInfo) {
    if info.url.is_empty() {
        report.ok("webhook", "none is set, so that polling gets the updates");
        return;
    }
    report.warning(
        "webhook",
        format!(
            "telegram.mode is polling, and this bot's updates are pushed to {}; waiting: {}",
            host(&info.url),
            info.pending_update_count
        ),
        "the next `kiosk run` ends the webhook and gets them itself, also those that wait. If another program uses the bot, \
         stop it, or use another bot",
    );
}

fn pushed(report: &mut Report, wished: &Webhook, info: &WebhookInfo) {
    if wished.secret.expose_secret().len() < SHORT {
        report.warning(
            "webhook",
            "telegram.webhook_secret is so short that it can be guessed: whoever knows it can pretend to be Telegram",
            "make one with `openssl rand -hex 32`",
        );
    }
    if info.url.is_empty() {
        report.ok(
            "webhook",
            format!(
                "none is set yet: `kiosk run` sets it to {}",
                host(&wished.url)
            ),
        );
        return;
    }
    if info.url != wished.url {
        report.warning(
            "webhook",
            format!(
                "Telegram pushes this bot's updates to another address, at {}; waiting: {}",
                host(&info.url),
                info.pending_update_count
            ),
            format!(
                "`kiosk run` sets it to {}{PATH}. If another program uses the bot, stop it, or use another bot",
                host(&wished.url)
            ),
        );
        return;
    }
    let differs = wished.differs(info);
    if !differs.is_empty() {
        report.warning(
            "webhook",
            format!(
                "set with other settings than the shop's: {}",
                differs.join(", ")
            ),
            "`kiosk run` sets them at its start, and again within minutes",
        );
    }
    let waiting = info.pending_update_count;
    let now = Clock::system().now() / 1_000;
    let trouble = match (info.last_error_date, &info.last_error_message) {
        (Some(at), Some(message)) if waiting > 0 || now - at < RECENT => Some((now - at, message)),
        _ => None,
    };
    if let Some((age, message)) = trouble {
        report.warning(
            "webhook",
            format!(
                "the last push failed {} ago: {message}; waiting: {waiting}",
                ago(age)
            ),
            mend(message),
        );
    } else if waiting > MANY {
        report.warning(
            "webhook",
            format!("updates that wait to be pushed: {waiting}"),
            "see whether `kiosk run` is at work, and whether its database keeps up",
        );
    } else if differs.is_empty() {
        report.ok(
            "webhook",
            format!(
                "updates are pushed to {}; waiting: {waiting}",
                host(&info.url)
            ),
        );
    }
}

/// What to do about trouble that Telegram names. Its words are its own and may change: what is not known gets the whole
/// list.
fn mend(message: &str) -> &'static str {
    let message = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["401"]) {
        "the secret differs: set KIOSK_TELEGRAM__WEBHOOK_SECRET to the same for every process, restart them, and let the \
         proxy pass the header X-Telegram-Bot-Api-Secret-Token on"
    } else if says(&["404", "405"]) {
        "the path /webhooks/telegram does not reach the shop: see the proxy's rules, web.public_url and that `kiosk run` \
         runs with telegram.mode = \"webhook\""
    } else if says(&["413"]) {
        "the proxy takes too little: allow bodies of 1 MiB (nginx: client_max_body_size 1m)"
    } else if says(&["502", "504", "refused"]) {
        "nothing answers behind the address: see whether `kiosk run` is at work, and that the proxy leads to web.listen"
    } else if says(&["503"]) {
        "the shop could not store an update and asked to come again: see its log, and whether the disk is full"
    } else if says(&["ssl", "certificate"]) {
        "the certificate is not trusted: use one for this very name, with its whole chain, such as one of Let's Encrypt"
    } else if says(&["resolve", "host"]) {
        "the name is not known: see the DNS entry of web.public_url"
    } else if says(&["timed out", "timeout"]) {
        "Telegram does not get through: open port 443, 80, 88 or 8443 over IPv4 for 149.154.160.0/20 and 91.108.4.0/22"
    } else if says(&["301", "302", "307", "308"]) {
        "Telegram follows no redirects: set web.public_url to the address where the redirect ends"
    } else {
        "see that web.public_url leads to this shop over https: its port, its certificate, the proxy and the firewall"
    }
}

/// A path often holds a secret: only the host is told.
fn host(url: &str) -> String {
    let url = Url::parse(url).ok();
    let host = url.as_ref().and_then(Url::host_str);
    host.unwrap_or("an address").to_owned()
}

fn ago(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{} s", seconds.max(0)),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}
