//! `kiosk run`: the shop itself, until it is told to stop.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, Outcome};
use crate::app::{App, Settings};
use crate::bot::face::Shopfront;
use crate::clock::Clock;
use crate::config::Config;
use crate::telemetry::Metrics;

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
        shopfront: shopfront(config)?,
        ops_listen: Some(config.web.ops_listen),
        metrics: Some(Metrics::start()?),
        telegram_restarts: false,
        clock: Clock::system(),
    };
    // Before the start: a signal during it is not lost.
    let stop = stopped()?;
    let app = App::start(settings).await?;
    tracing::info!(database = ?config.database.url, ops = ?app.ops(), "the shop is open");
    stop.await;
    tracing::info!("the shop closes: what is at work is finished first");
    app.stop(PATIENCE).await?;
    Ok(Outcome::complete("the shop is closed".to_owned()))
}

/// What the settings say of the shop.
pub(super) fn shopfront(config: &Config) -> Result<Shopfront, Failure> {
    Ok(Shopfront {
        name: config.shop.name.clone(),
        greeting: config.shop.greeting.clone(),
        support: config.shop.support.clone(),
        terms: config.shop.terms.clone(),
        zone: config.shop.timezone.parse()?,
        methods: config.checkout.methods.clone(),
        currency: config.shop.currency,
        hold: config.checkout.hold,
    })
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
