//! The login page, and the ways in that end on it: a one-time link from the bot, and a password. Each only where it is
//! open. Whether anybody has a number or an address, no answer tells.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::confirm::one_segment;
use super::doors;
use super::posted::Posted;
use super::sheet::{Form, Sheet};
use super::site::{Problem, Site};
use super::visitor::Visitor;
use crate::shop::access::Way;
use crate::shop::access::links::{self, Used};
use crate::shop::access::passwords::Password;
use crate::shop::access::passwords::log_in::{self, Attempt, LoggedIn, Login};
use crate::shop::access::sessions;
use crate::shop::access::token::Token;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/login", get(show))
        .route("/login/{token}", get(show_link).post(use_link))
        .route(
            "/login/{token}/vk",
            get(show_link_to_vk).post(use_link_to_vk),
        )
        .route("/login/password", post(by_password))
        .route("/logout", post(log_out))
}

async fn show(visitor: Visitor) -> Result<Response, Problem> {
    sheet(&visitor, "")?.show(&visitor)
}

/// The ways in that are open; `login` is what was typed so far.
pub(super) fn sheet(visitor: &Visitor, login: &str) -> Result<Sheet, Problem> {
    let doors = visitor.doors()?;
    let mut sheet = Sheet::new(visitor.t("login-title"), "/login");
    let opens_in_telegram = doors::app_url(&doors.public_url, &doors.ways).is_some();
    let by_telegram = doors.telegram.is_some() && doors.allows(Way::Telegram);
    let by_typing = [Way::Password, Way::Phone, Way::Email];
    if doors.allows(Way::Link) {
        sheet = sheet.words(visitor.t("login-by-link"));
    }
    if opens_in_telegram {
        sheet = sheet.words(visitor.t("login-by-app"));
    }
    let is_open = doors.allows(Way::Link) || opens_in_telegram || by_telegram;
    if !is_open && !by_typing.into_iter().any(|way| doors.allows(way)) {
        // What the settings list needs something else, such as somebody who carries codes.
        sheet = sheet.words(visitor.t("login-by-nothing"));
    }
    if by_telegram {
        sheet = sheet.link("/login/telegram/go", visitor.t("login-by-telegram"));
    }
    if doors.allows(Way::Password) {
        let form = Form::new("/login/password", visitor.t("login-button"))
            .title(visitor.t("login-by-password"))
            .field("login", visitor.t("login-name"), "text", "username")
            .holding(login)
            .field(
                "password",
                visitor.t("login-password"),
                "password",
                "current-password",
            );
        sheet = sheet.form(form.main());
    }
    if doors.allows(Way::Phone) {
        let form = Form::new("/login/phone", visitor.t("code-send"))
            .title(visitor.t("login-by-phone"))
            .field("phone", visitor.t("login-phone"), "tel", "tel");
        sheet = sheet.form(form);
    }
    if doors.allows(Way::Email) {
        let form = Form::new("/login/email", visitor.t("email-send"))
            .title(visitor.t("login-by-email"))
            .field("email", visitor.t("login-email"), "email", "email");
        sheet = sheet.form(form);
    }
    if super::recover::is_possible(doors) {
        sheet = sheet.link("/recover", visitor.t("login-forgotten"));
    }
    Ok(sheet)
}

async fn by_password(mut posted: Posted) -> Result<Response, Problem> {
    let login = posted.field("login").to_owned();
    let password = Password::new(posted.field("password").to_owned());
    let visitor = &mut posted.visitor;
    let doors = visitor.doors()?;
    if !doors.allows(Way::Password) {
        return Err(Problem::Gone);
    }
    let attempt = Attempt {
        login: Login::read(&login, doors.region),
        password,
        device: visitor.device.clone(),
        came_with: visitor.came_with.clone(),
    };
    let Site { store, vault, .. } = &visitor.site;
    let outcome = log_in::log_in(store, vault, &doors.hasher, &attempt).await?;
    let sheet = sheet(visitor, &login)?;
    match outcome {
        LoggedIn::Welcome(token) => {
            visitor.welcome(&token);
            Ok(visitor.go("/cabinet"))
        }
        LoggedIn::No => {
            let words = if super::recover::is_possible(visitor.doors()?) {
                "login-wrong-recover"
            } else {
                "login-wrong"
            };
            let words = visitor.t(words);
            sheet
                .bad(StatusCode::UNPROCESSABLE_ENTITY, words)
                .show(visitor)
        }
        LoggedIn::TooMany { wait } => sheet.too_many(visitor, wait).show(visitor),
        LoggedIn::Busy => sheet.busy(visitor).show(visitor),
    }
}

/// A link of the bot's: looking at it shows a button.
async fn show_link(visitor: Visitor, Path(token): Path<String>) -> Result<Response, Problem> {
    let here = format!("/login/{}", one_segment(&token));
    show_link_at(&visitor, here, &token).await
}

async fn use_link(Path(token): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let here = format!("/login/{}", one_segment(&token));
    use_link_at(posted, here, &token, "/cabinet").await
}

/// The same link, which opens the page of the VK account.
async fn show_link_to_vk(visitor: Visitor, Path(token): Path<String>) -> Result<Response, Problem> {
    let here = format!("/login/{}/vk", one_segment(&token));
    show_link_at(&visitor, here, &token).await
}

async fn use_link_to_vk(Path(token): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let here = format!("/login/{}/vk", one_segment(&token));
    use_link_at(posted, here, &token, "/cabinet/vk").await
}

async fn show_link_at(visitor: &Visitor, here: String, token: &str) -> Result<Response, Problem> {
    if !visitor.doors()?.allows(Way::Link) {
        return Err(Problem::Gone);
    }
    let Ok(token) = token.parse::<Token>() else {
        return link_over(visitor, &here).show(visitor);
    };
    let shown = visitor
        .site
        .store
        .read("pages.link.look", move |tx| {
            let token = token.clone();
            Box::pin(async move { links::show(tx, &token).await })
        })
        .await?;
    let sheet = match shown {
        Some(shown) => {
            let words = visitor.say("link-words", &[("name", shown.name.into())]);
            Sheet::new(visitor.t("link-title"), &here)
                .words(words)
                .form(Form::new(&here, visitor.t("link-button")).main())
        }
        None => link_over(visitor, &here),
    };
    sheet.show(visitor)
}

/// Logs in by a link of the bot's, and on to the page `to`.
async fn use_link_at(
    posted: Posted,
    here: String,
    token: &str,
    to: &str,
) -> Result<Response, Problem> {
    let mut visitor = posted.visitor;
    if !visitor.doors()?.allows(Way::Link) {
        return Err(Problem::Gone);
    }
    let Ok(token) = token.parse::<Token>() else {
        return link_over(&visitor, &here).show(&visitor);
    };
    let (device, came_with) = (visitor.device.clone(), visitor.came_with.clone());
    let used = visitor
        .site
        .store
        .write("pages.link", move |tx| {
            let (token, device, came_with) = (token.clone(), device.clone(), came_with.clone());
            Box::pin(async move { links::consume(tx, &token, &device, came_with.as_ref()).await })
        })
        .await?;
    match used {
        Used::Welcome(token) => {
            visitor.welcome(&token);
            Ok(visitor.go(to))
        }
        Used::No => link_over(&visitor, &here).show(&visitor),
    }
}

/// Used, too old, replaced or made up: all look the same.
fn link_over(visitor: &Visitor, here: &str) -> Sheet {
    Sheet::new(visitor.t("link-over"), here)
        .bad(StatusCode::NOT_FOUND, visitor.t("link-over-words"))
        .link("/login", visitor.t("login-title"))
}

async fn log_out(posted: Posted) -> Result<Response, Problem> {
    let mut visitor = posted.visitor;
    if let Some(token) = visitor.came_with.clone() {
        visitor
            .site
            .store
            .write("pages.log_out", move |tx| {
                let token = token.clone();
                Box::pin(async move { sessions::end_by_token(tx, &token).await })
            })
            .await?;
    }
    visitor.farewell();
    Ok(visitor.go("/login"))
}
