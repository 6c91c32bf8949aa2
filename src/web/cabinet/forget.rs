//! The phone number or the e-mail address forgotten: a question first, then a button, and only after a fresh login.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;

use super::contacts::{channel, here};
use super::{is_fresh, log_in_anew, profile_of};
use crate::shop::access::forget::{self, Forgotten};
use crate::shop::confirmations::Channel;
use crate::web::posted::Posted;
use crate::web::sheet::{Form, Sheet};
use crate::web::site::{Problem, Site};
use crate::web::visitor::Visitor;

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/cabinet/{what}/forget", get(ask).post(do_it))
}

/// The address of the question.
fn question_at(channel: Channel) -> String {
    format!("{}/forget", here(channel))
}

async fn ask(visitor: Visitor, Path(what): Path<String>) -> Result<Response, Problem> {
    visitor.owner()?;
    let channel = channel(&what)?;
    if !is_fresh(&visitor)? {
        return log_in_anew(&visitor, &question_at(channel), here(channel));
    }
    let profile = profile_of(&visitor).await?;
    let (so_far, title, words, button) = match channel {
        Channel::Phone => (
            profile.phone,
            "forget-phone",
            "forget-phone-words",
            "forget-phone-button",
        ),
        Channel::Email => (
            profile.email,
            "forget-email",
            "forget-email-words",
            "forget-email-button",
        ),
    };
    let Some(so_far) = so_far else {
        return Ok(visitor.go(here(channel)));
    };
    Sheet::new(visitor.t(title), &question_at(channel))
        .fact(visitor.t("profile-so-far"), &so_far)
        .words(visitor.t(words))
        .words(visitor.t("forget-again"))
        .form(Form::new(&question_at(channel), visitor.t(button)).danger())
        .link(here(channel), visitor.t("cabinet-back"))
        .show(&visitor)
}

async fn do_it(Path(what): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let channel = channel(&what)?;
    let visitor = posted.visitor;
    let session = visitor.owner()?.clone();
    let outcome = visitor
        .site
        .store
        .write("pages.forget", move |tx| {
            let session = session.clone();
            Box::pin(async move { forget::forget(tx, &session, channel).await })
        })
        .await?;
    match outcome {
        Forgotten::ShowYourself => log_in_anew(&visitor, &question_at(channel), here(channel)),
        // Pressed twice, it is forgotten all the same.
        Forgotten::Done | Forgotten::Nothing => Ok(visitor.go("/cabinet/profile?forgotten")),
    }
}
