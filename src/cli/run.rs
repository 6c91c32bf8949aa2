//! `kiosk run`: the shop itself, until it is told to stop.

use std::io::Write;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::{Failure, Outcome};
use crate::app::{App, CabinetSettings, Settings, WebSettings};
use crate::bot::face::Shopfront;
use crate::clock::Clock;
use crate::config::{Config, Contact, Mode};
use crate::senders::{self, Around, Senders};
use crate::shop::access::Way;
use crate::shop::customers::registration::Requirements;
use crate::shop::customers::{Region, consents};
use crate::shop::orders::place::Rules;
use crate::shop::payments::{Method, Offer};

/// Telegram, Docker and systemd all wait about this long for a program that is told to stop.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn run(config: &Config) -> Result<Outcome, Failure> {
    let token = config.telegram.token.clone().ok_or(
        "telegram.token is not set: ask @BotFather for a bot, and set KIOSK_TELEGRAM__TOKEN to its token. \
         `kiosk demo` shows a shop without any bot",
    )?;
    let settings = Settings {
        database: config.database.url.clone(),
        connections: config.database.connections,
        master_key: config.master_key()?,
        api_url: config.telegram.api_url.to_string(),
        token,
        webhook_secret: match config.telegram.mode {
            Mode::Webhook => config.telegram.webhook_secret.clone(),
            Mode::Polling => None,
        },
        shopfront: shopfront(config)?,
        files: config.files(),
        senders: senders(config)?,
        owners: config.staff.owners.clone(),
        web: config.web.public_url.is_some().then_some(WebSettings {
            listen: config.web.listen,
            is_public: false,
            address_header: config.web.address_header.clone(),
            cabinet: cabinet(config),
            accel_prefix: config.downloads.accel_prefix.clone(),
        }),
        ops_listen: Some(config.web.ops_listen),
        telegram_restarts: false,
        clock: Clock::system(),
    };
    // Before the start: a signal during it is not lost.
    let stop = stopped()?;
    let app = App::start(settings).await?;
    tracing::info!(database = ?config.database.url, ops = ?app.ops(), pages = ?app.web(), "the shop is open");
    tokio::select! {
        () = stop => {}
        () = tell_owner_link(app.owner_link()) => {}
    }
    tracing::info!("the shop closes: what is at work is finished first");
    app.stop(PATIENCE).await?;
    Ok(Outcome::complete("the shop is closed".to_owned()))
}

/// Prints the owner's one-time link when there is one; never returns.
async fn tell_owner_link(mut link: watch::Receiver<Option<String>>) {
    if let Ok(link) = link.wait_for(Option::is_some).await
        && let Some(link) = link.as_deref()
    {
        // Nobody listens any more: the shop stays open, and its next start makes a new link.
        let _ = writeln!(
            std::io::stdout(),
            "\n  This shop has no owner yet. Open this link in Telegram to become it. It works once, for 24 hours:\n\n    \
             {link}\n"
        );
    }
    std::future::pending::<()>().await;
}

/// What the settings say of the cabinet.
pub(super) fn cabinet(config: &Config) -> CabinetSettings {
    let said = &config.cabinet;
    let telegram = said
        .telegram_client_id
        .clone()
        .zip(said.telegram_client_secret.clone());
    CabinetSettings {
        ways: said.login.clone(),
        region: Region::read(config.confirm.default_region.as_ref()),
        vk: config.vk_id.clone(),
        telegram: telegram.map(|(id, secret)| (id, secret, said.telegram_issuer.clone())),
    }
}

/// Those who carry mails and codes. Nothing is sent as yet.
fn senders(config: &Config) -> Result<Senders, Failure> {
    let around = Around {
        shop: config.shop.name.clone(),
        public_url: config.web.public_url.clone(),
        clock: Clock::system(),
    };
    Ok(senders::build(&config.senders, &around)?)
}

/// What the settings say of the shop.
pub(super) fn shopfront(config: &Config) -> Result<Shopfront, Failure> {
    Ok(Shopfront {
        name: config.shop.name.clone(),
        greeting: config.shop.greeting.clone(),
        support: config.shop.support.clone(),
        terms: config.shop.terms.clone(),
        zone: config.shop.timezone.parse()?,
        privacy: config.shop.privacy.clone(),
        rules: rules(config),
        provider_token: config.telegram.provider_token.clone(),
        currency: config.shop.currency,
        region: Region::read(config.confirm.default_region.as_ref()),
        // What carries them is set up where the shop starts.
        messengers: Vec::new(),
        sends_mails: false,
        links_vk: false,
        opens_cabinet: config.cabinet.allows(Way::Link),
        public_url: config.web.public_url.as_ref().map(|url| {
            let url = url.as_str();
            url.strip_suffix('/').unwrap_or(url).to_owned()
        }),
    })
}

/// What is asked and allowed when an order is placed.
pub(super) fn rules(config: &Config) -> Rules {
    let checkout = &config.checkout;
    let currency = config.shop.currency;
    let asks = |contact: Contact| checkout.require.contains(&contact);
    let offer = |method: &Method| Offer::new(*method, currency);
    Rules {
        hold: checkout.hold,
        offers: checkout.methods.iter().map(offer).collect(),
        most_open: checkout.most_open,
        most_held: checkout.most_held,
        has_pages: config.web.public_url.is_some(),
        needs: Requirements {
            name: asks(Contact::Name),
            phone: asks(Contact::Phone),
            email: asks(Contact::Email),
            terms: asks(Contact::Terms).then(|| consents::version(&config.shop.terms)),
            privacy: asks(Contact::Privacy).then(|| consents::version(&config.shop.privacy)),
        },
    }
}

/// Resolves when somebody wants the program to stop: SIGTERM, or Ctrl-C.
pub(super) fn stopped() -> Result<impl Future<Output = ()>, Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
