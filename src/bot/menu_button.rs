//! The button beside the field for messages: it opens the cabinet as a Mini App where customers can be let in that way.

use crate::i18n;
use crate::shop::texts::Language;
use crate::telegram::{CallError, Client, MenuButton};

/// The end of the Mini App's address: by it the shop knows a button of its own, whatever address it had then.
const PATH: &str = "/app";

/// The button that opens the Mini App at an address. Telegram keeps one label for people of all languages, so it says the
/// same in each.
pub fn opening(app_url: &str) -> MenuButton {
    let mut labels: Vec<String> = Vec::new();
    for language in Language::ALL {
        let label = i18n::text(language, "menu-button", &[]);
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    MenuButton::App {
        text: labels.join(" · "),
        url: app_url.to_owned(),
    }
}

/// What has to be set where `known` is: nothing, if it is as wished. Without a Mini App only a button of the shop's own goes
/// away; another, which its owner has set at BotFather, stays.
pub fn change(known: &MenuButton, app_url: Option<&str>) -> Option<MenuButton> {
    match (app_url.map(opening), known) {
        (Some(wished), known) => (wished != *known).then_some(wished),
        (None, MenuButton::App { url, .. }) if url.ends_with(PATH) => Some(MenuButton::Usual),
        (None, _) => None,
    }
}

/// Sets the menu button as it should be. `app_url` is where the Mini App is; `None` without one.
pub async fn set(client: &Client, app_url: Option<&str>) -> Result<(), CallError> {
    let known = client.get_chat_menu_button().await?;
    match change(&known, app_url) {
        Some(button) => client.set_chat_menu_button(&button).await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "https://shop.example.com/app";

    fn app(text: &str, url: &str) -> MenuButton {
        MenuButton::App {
            text: text.to_owned(),
            url: url.to_owned(),
        }
    }

    #[test]
    fn a_button_is_set_once_and_only_ones_own_is_taken_away() {
        let ours = app("Account · Кабинет", APP);
        assert_eq!(opening(APP), ours);
        let table = [
            (MenuButton::Usual, Some(APP), Some(ours.clone())),
            (ours.clone(), Some(APP), None),
            (app("Account", APP), Some(APP), Some(ours.clone())),
            (
                app("Old", "https://old.example.com/app"),
                Some(APP),
                Some(ours.clone()),
            ),
            (ours, None, Some(MenuButton::Usual)),
            (
                app("Old", "https://old.example.com/app"),
                None,
                Some(MenuButton::Usual),
            ),
            (app("A game", "https://game.example.com/"), None, None),
            (MenuButton::Usual, None, None),
        ];
        for (known, app_url, wished) in table {
            assert_eq!(change(&known, app_url), wished, "{known:?} {app_url:?}");
        }
    }
}
