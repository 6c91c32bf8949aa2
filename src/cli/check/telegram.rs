//! What Telegram tells of the bot.

use super::{Report, webhook};
use crate::bot::{menu_button, screens};
use crate::config::Config;
use crate::telegram::{CallError, Client};
use crate::web::doors::app_url;

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
    menu_button(report, config, &client).await;
}

/// The button that opens the Mini App, held against the settings.
async fn menu_button(report: &mut Report, config: &Config, client: &Client) {
    let url = config.web.public_url.as_ref();
    let app_url = url.and_then(|url| app_url(url, &config.cabinet.login));
    let known = match client.get_chat_menu_button().await {
        Ok(known) => known,
        Err(error) => {
            report.warning(
                "menu",
                format!("Telegram does not tell: {error}"),
                "try again in a moment",
            );
            return;
        }
    };
    match (&app_url, menu_button::change(&known, app_url.as_deref())) {
        (Some(url), None) => report.ok("menu", format!("the menu button opens {url}")),
        (Some(url), Some(_)) => report.warning(
            "menu",
            format!("the menu button does not open {url}"),
            "`kiosk run` sets it when it starts; if one runs already, its log says why Telegram has refused it",
        ),
        (None, Some(_)) => report.warning(
            "menu",
            "the menu button opens the Mini App, which is closed",
            "`kiosk run` takes it away when it starts; or set web.public_url to an https address and list app in cabinet.login",
        ),
        (None, None) => {}
    }
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
