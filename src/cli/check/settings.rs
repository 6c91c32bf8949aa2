//! What the settings alone tell.

use secrecy::ExposeSecret;
use url::Host;

use super::Report;
use crate::config::Config;
use crate::i18n::Zone;
use crate::shop::payments::Method;

pub(super) fn check(report: &mut Report, config: &Config) {
    methods(report, config);
    public_url(report, config);
    texts(report, config);
    if let Err(error) = config.shop.timezone.parse::<Zone>() {
        let mend = "set shop.timezone to a name such as Europe/Moscow: the shop does not open with this one";
        report.wrong("timezone", error.to_string(), mend);
    } else if config.shop.timezone == "UTC" {
        report.warning(
            "timezone",
            "UTC: days and times are told in it",
            "set shop.timezone to yours, such as Europe/Moscow, if your day does not begin at midnight UTC",
        );
    } else {
        report.ok("timezone", &config.shop.timezone);
    }
}

fn methods(report: &mut Report, config: &Config) {
    const CARD: &str = "telegram-card";
    let listed = |word: &str| {
        let mut methods = config.checkout.methods.iter();
        methods.any(|method| method.as_str() == word)
    };
    let others: Vec<&str> = config
        .checkout
        .methods
        .iter()
        .map(|method| method.as_str())
        .filter(|word| *word != Method::Stars.as_str())
        .collect();
    if others.is_empty() {
        report.ok(
            "payment",
            "Telegram Stars, which Telegram requires for digital goods sold in its apps",
        );
    } else {
        report.warning(
            "payment",
            format!(
                "{} beside Telegram's rule: its terms for bots (6.2) allow only Stars for digital goods sold in a bot",
                others.join(", ")
            ),
            "take them out of checkout.methods to sell by Stars only. What Telegram may do otherwise: warn the bot's owner, \
             close the bot in the apps from the app stores, then remove it, and debit its Stars",
        );
    }
    let token = config.telegram.provider_token.as_ref();
    let token = token.is_some_and(|token| !token.expose_secret().is_empty());
    match (token, listed(CARD)) {
        (true, false) => report.warning(
            "payment",
            "telegram.provider_token is set, and checkout.methods does not list telegram-card: customers see no cards",
            "leave it so: Telegram allows no cards for digital goods. To sell other things, list the method",
        ),
        (false, true) => report.wrong(
            "payment",
            "checkout.methods lists telegram-card, and telegram.provider_token is not set",
            "take the token from @BotFather (Payments), or take the method out",
        ),
        (true, true) | (false, false) => {}
    }
}

fn public_url(report: &mut Report, config: &Config) {
    let Some(url) = &config.web.public_url else {
        report.warning(
            "web",
            "web.public_url is not set: customers can't be given pages of the shop",
            "set it to the https address under which customers reach this machine, if you want pages; the bot sells without",
        );
        return;
    };
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unspecified(),
        None => true,
    };
    let host = url.host_str().unwrap_or("no host");
    if is_local {
        report.wrong(
            "web",
            format!("web.public_url names {host}, which customers can't reach"),
            "set it to the address that customers see from outside, such as https://shop.example.com",
        );
    } else if url.scheme() != "https" {
        report.wrong(
            "web",
            "web.public_url is not https: Telegram opens no other pages, and keys would travel in the open",
            "put a certificate in front of it, and write https://",
        );
    } else {
        report.ok("web", format!("customers reach pages at {host}"));
    }
}

fn texts(report: &mut Report, config: &Config) {
    let shop = &config.shop;
    if shop.support.is_empty() {
        report.warning(
            "texts",
            "shop.support is empty: /support and /paysupport name nobody",
            "set it to your contact, such as \"@your_name\": Telegram requires every bot that takes payments to answer \
             /paysupport and to settle disputes",
        );
    } else {
        report.ok("texts", "/support and /paysupport name your contact");
    }
    if shop.terms.is_empty() {
        report.warning(
            "texts",
            "shop.terms is empty: /terms shows a general text",
            "set it to your terms of sale, or to a link to them: Telegram wants customers to find them easily",
        );
    }
    if shop.privacy.is_empty() {
        report.warning(
            "texts",
            "shop.privacy is empty",
            "a shop keeps orders, so Telegram wants a privacy policy of your own: set it, and name it at @BotFather",
        );
    }
}
