//! What Telegram tells of the bot.

use super::{Report, webhook};
use crate::bot::screens;
use crate::config::Config;
use crate::telegram::{CallError, Client};

pub(super) async fn check(report: &mut Report, config: &Config) {
    let Some(token) = config.telegram.token.clone() else {
        report.wrong(
            "token",
            "telegram.token is not set",
            "ask @BotFather for a bot (/newbot), and set KIOSK_TELEGRAM__TOKEN to its token",
        );
        return;
    };
    let client = match Client::new(config.telegram.api_url.as_str(), token) {
        Ok(client) => client,
        Err(error) => {
            report.wrong(
                "token",
                error.to_string(),
                "see telegram.api_url and telegram.token",
            );
            return;
        }
    };
    match client.get_me().await {
        Ok(me) => report.ok("token", format!("the bot is @{}", me.username)),
        Err(error) => {
            let mend = match &error {
                CallError::Unauthorized => {
                    "copy the token from @BotFather once more (/mybots, API Token)"
                }
                _ => "see whether this machine reaches telegram.api_url: network, proxy, firewall",
            };
            report.wrong("token", error.to_string(), mend);
            return;
        }
    }
    webhook::check(report, config, &client).await;
    commands(report, &client).await;
}

async fn commands(report: &mut Report, client: &Client) {
    match client.get_my_commands().await {
        Ok(known) if known.is_empty() => {
            report.ok("commands", "none are set yet: `kiosk run` sets them");
        }
        Ok(known) => {
            let missing: Vec<&str> = screens::COMMANDS
                .iter()
                .map(|(command, _)| *command)
                .filter(|command| !known.iter().any(|known| known == command))
                .collect();
            if missing.is_empty() {
                report.ok("commands", "set");
            } else {
                report.ok(
                    "commands",
                    format!("{} are missing: `kiosk run` sets them", missing.join(", ")),
                );
            }
        }
        Err(error) => report.warning(
            "commands",
            format!("Telegram does not tell: {error}"),
            "try again in a moment",
        ),
    }
}
