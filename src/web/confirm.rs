//! A link from a mail that confirms an address: looking shows a button, the button confirms.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::posted::Posted;
use super::sheet::{Form, Sheet};
use super::site::{Problem, Site};
use super::visitor::Visitor;
use crate::shop::confirmations::Purpose;
use crate::shop::confirmations::link::{self, Browser, Consumed, Opened};
use crate::shop::customers::Email;

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/c/{token}", get(show).post(confirm))
}

async fn show(visitor: Visitor, Path(token): Path<String>) -> Result<Response, Problem> {
    let here = format!("/c/{}", one_segment(&token));
    let opened = visitor
        .site
        .store
        .read("pages.confirm.look", move |tx| {
            let token = token.clone();
            Box::pin(async move { link::open(tx, Purpose::Email, &token).await })
        })
        .await?;
    let sheet = match opened {
        Opened::Live { target, .. } => {
            // Whoever has opened the mail knows the address; who has found the link need not.
            let address = Email::read(&target).map_or(target, |email| email.masked());
            let words = visitor.say("confirm-words", &[("address", address.into())]);
            Sheet::new(visitor.t("confirm-title"), &here)
                .words(words)
                .form(
                    Form::new(&here, visitor.t("confirm-button"))
                        .words(visitor.t("confirm-or-code"))
                        .main(),
                )
        }
        Opened::Already => already(&visitor, &here),
        Opened::Ended | Opened::Unknown => over(&visitor, &here),
    };
    sheet.show(&visitor)
}

async fn confirm(Path(token): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let visitor = posted.visitor;
    let here = format!("/c/{}", one_segment(&token));
    let consumed = visitor
        .site
        .store
        .write("pages.confirm", move |tx| {
            let token = token.clone();
            Box::pin(async move { link::consume(tx, Purpose::Email, &token, Browser::Any).await })
        })
        .await?;
    let sheet = match consumed {
        Consumed::Done(_) => Sheet::new(visitor.t("confirm-done"), &here)
            .good(visitor.t("confirm-done-notice"))
            .words(visitor.t("confirm-done-words")),
        Consumed::Already => already(&visitor, &here),
        Consumed::Ended | Consumed::Unknown => over(&visitor, &here),
    };
    sheet.show(&visitor)
}

fn already(visitor: &Visitor, here: &str) -> Sheet {
    Sheet::new(visitor.t("confirm-done"), here)
        .good(visitor.t("confirm-already-notice"))
        .words(visitor.t("confirm-done-words"))
}

/// Used, too old, replaced or made up: all look the same.
fn over(visitor: &Visitor, here: &str) -> Sheet {
    Sheet::new(visitor.t("link-over"), here).bad(StatusCode::NOT_FOUND, visitor.t("confirm-over"))
}

/// What came as one segment of a path, fit to be one again.
pub(super) fn one_segment(token: &str) -> String {
    token
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
        .take(64)
        .collect()
}
