//! What the shop knows of a customer, and what they can change of it.

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::profile_of;
use crate::shop::customers;
use crate::shop::customers::profile::{self as profiles, GivenName};
use crate::shop::texts::Language;
use crate::web::posted::Posted;
use crate::web::sheet::{Form, Sheet};
use crate::web::site::{Problem, Site};
use crate::web::visitor::Visitor;

const HERE: &str = "/cabinet/profile";

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(HERE, get(show))
        .route("/cabinet/profile/name", post(rename))
        .route("/cabinet/profile/language", post(speak))
}

async fn show(visitor: Visitor) -> Result<Response, Problem> {
    let saved = visitor.asked("saved").is_some();
    let mut sheet = sheet(&visitor).await?;
    if saved {
        sheet = sheet.good(visitor.t("profile-saved"));
    }
    if visitor.asked("forgotten").is_some() {
        sheet = sheet.good(visitor.t("forgotten-notice"));
    }
    sheet.show(&visitor)
}

async fn sheet(visitor: &Visitor) -> Result<Sheet, Problem> {
    let profile = profile_of(visitor).await?;
    let or_none = |it: Option<&str>| it.map_or_else(|| visitor.t("profile-none"), str::to_owned);
    let phone = or_none(profile.phone.as_deref());
    let email = or_none(profile.email.as_deref());
    let name = Form::new("/cabinet/profile/name", visitor.t("profile-save"))
        .field("name", visitor.t("profile-name"), "text", "name")
        .holding(profile.given_name.as_deref().unwrap_or_default())
        .hint(visitor.t("profile-name-hint"));
    let language = Form::new("/cabinet/profile/language", visitor.t("profile-save")).languages(
        "language",
        visitor.t("profile-language"),
        profile.language,
    );
    let sheet = Sheet::new(visitor.t("cabinet-room-profile"), HERE)
        .fact(visitor.t("profile-name"), profile.calls_themselves())
        .fact(visitor.t("login-phone"), &phone)
        .fact(visitor.t("login-email"), &email)
        .form(name)
        .form(language)
        .link("/cabinet/phone", visitor.t("profile-phone"))
        .link("/cabinet/email", visitor.t("profile-email"));
    Ok(match visitor.doors()?.vk {
        Some(_) => sheet.link("/cabinet/vk", visitor.t("profile-vk")),
        None => sheet,
    })
}

async fn rename(posted: Posted) -> Result<Response, Problem> {
    let typed = posted.field("name").trim().to_owned();
    let visitor = posted.visitor;
    let customer = visitor.owner()?.customer;
    let name = GivenName::read(&typed);
    if name.is_none() && !typed.is_empty() {
        let words = visitor.t("profile-name-bad");
        let sheet = sheet(&visitor).await?;
        return sheet
            .bad(StatusCode::UNPROCESSABLE_ENTITY, words)
            .show(&visitor);
    }
    visitor
        .site
        .store
        .write("pages.rename", move |tx| {
            let name = name.clone();
            Box::pin(async move { profiles::set_given_name(tx, customer, name.as_ref()).await })
        })
        .await?;
    Ok(visitor.go("/cabinet/profile?saved"))
}

async fn speak(posted: Posted) -> Result<Response, Problem> {
    let wish = posted.field("language").to_owned();
    let mut visitor = posted.visitor;
    let customer = visitor.owner()?.customer;
    let mut languages = Language::ALL.into_iter();
    let Some(language) = languages.find(|it| it.code() == wish) else {
        return Err(Problem::Gone);
    };
    visitor
        .site
        .store
        .write("pages.speak", move |tx| {
            Box::pin(async move {
                if let Some(customer) = customers::by_id(tx, customer).await? {
                    customers::set_language(tx, customer.telegram_id, language).await?;
                }
                Ok::<_, crate::store::StoreError>(())
            })
        })
        .await?;
    visitor.speaks(language);
    Ok(visitor.go("/cabinet/profile?saved"))
}
