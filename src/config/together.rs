//! What is wrong between settings that are right by themselves.

use url::Host;

use super::reader::Reader;
use super::{Checkout, Mode, Shop, Telegram, Web};
use crate::shop::money::Currency;
use crate::shop::payments::Method;

/// The host of Telegram's own Bot API.
const TELEGRAM: &str = "api.telegram.org";
/// The ports to which it pushes updates.
const WEBHOOK_PORTS: [u16; 4] = [443, 80, 88, 8443];

/// What cards need besides being listed.
pub(super) fn cards(from: &mut Reader, telegram: &Telegram, shop: &Shop, checkout: &Checkout) {
    if !checkout.methods.contains(&Method::TelegramCard) {
        return;
    }
    if telegram.provider_token.is_none() {
        from.note(
            "checkout.methods has telegram-card, and telegram.provider_token is not set: get one from @BotFather \
             (Payments), or take telegram-card out",
        );
    }
    if shop.currency == Currency::XTR {
        from.note(
            "checkout.methods has telegram-card, and shop.currency is XTR: cards need a currency of a country, such as RUB",
        );
    }
}

/// What a webhook needs besides being chosen.
pub(super) fn webhook(from: &mut Reader, telegram: &Telegram, web: &Web) {
    if telegram.mode != Mode::Webhook {
        return;
    }
    if telegram.webhook_secret.is_none() {
        from.note(
            "telegram.mode is webhook, and telegram.webhook_secret is not set: make one with `openssl rand -hex 32`, and set \
             KIOSK_TELEGRAM__WEBHOOK_SECRET to it for every process",
        );
    }
    let Some(url) = &web.public_url else {
        from.note(
            "telegram.mode is webhook, and web.public_url is not set: set it to the https address under which Telegram \
             reaches this shop, such as https://shop.example.com",
        );
        return;
    };
    // A Bot API server of one's own may be less strict, and says itself what it does not take.
    if telegram.api_url.host_str() != Some(TELEGRAM) {
        return;
    }
    if url.scheme() != "https" {
        from.note(
            "telegram.mode is webhook, and web.public_url is not https: Telegram pushes updates to no other address",
        );
    } else if url
        .port()
        .is_some_and(|port| !WEBHOOK_PORTS.contains(&port))
    {
        from.note(
            "telegram.mode is webhook, and web.public_url has a port that Telegram does not push to: it takes 443, 80, 88 \
             and 8443",
        );
    } else if matches!(url.host(), Some(Host::Ipv6(_))) {
        from.note(
            "telegram.mode is webhook, and web.public_url is an IPv6 address: Telegram pushes updates over IPv4 only",
        );
    }
}
