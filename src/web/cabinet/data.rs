//! What is kept of a customer, for them to take away, and its end.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};

use super::{is_fresh, log_in_anew};
use crate::shop::access::erase::{self, EraseError};
use crate::shop::access::export::{self, Keys};
use crate::web::posted::Posted;
use crate::web::sheet::{Form, Sheet};
use crate::web::site::{Problem, Site};
use crate::web::visitor::Visitor;

const HERE: &str = "/cabinet/data";
const ERASE: &str = "/cabinet/data/erase";

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(HERE, get(show))
        .route("/cabinet/data/export", post(take_away))
        .route(ERASE, get(ask).post(erase_me))
}

async fn show(visitor: Visitor) -> Result<Response, Problem> {
    visitor.owner()?;
    let export = Form::new("/cabinet/data/export", visitor.t("data-export-button"))
        .title(visitor.t("data-export"))
        .words(visitor.t("data-export-words"))
        .field("keys", visitor.t("data-export-keys"), "check", "off");
    Sheet::new(visitor.t("cabinet-room-data"), HERE)
        .form(export)
        .link(ERASE, visitor.t("data-erase"))
        .show(&visitor)
}

async fn take_away(posted: Posted) -> Result<Response, Problem> {
    let keys = if posted.field("keys") == "yes" {
        Keys::Shown
    } else {
        Keys::Listed
    };
    let visitor = posted.visitor;
    if !is_fresh(&visitor)? {
        return log_in_anew(&visitor, HERE, HERE);
    }
    let Site { store, vault, .. } = &visitor.site;
    let all = export::export(store, vault, visitor.owner()?, keys).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"my-data.json\"",
        ),
    ];
    Ok(visitor.answer((headers, format!("{all:#}\n"))))
}

async fn ask(visitor: Visitor) -> Result<Response, Problem> {
    visitor.owner()?;
    question(&visitor).show(&visitor)
}

/// The second question: what goes, what stays and why, and a box to tick.
fn question(visitor: &Visitor) -> Sheet {
    let form = Form::new(ERASE, visitor.t("data-erase-button"))
        .field("sure", visitor.t("data-erase-sure"), "check", "off")
        .danger();
    Sheet::new(visitor.t("data-erase"), ERASE)
        .words(visitor.t("data-erase-goes"))
        .words(visitor.t("data-erase-stays"))
        .words(visitor.t("data-erase-keys"))
        .form(form)
        .link(HERE, visitor.t("cabinet-back"))
}

async fn erase_me(posted: Posted) -> Result<Response, Problem> {
    let is_sure = posted.field("sure") == "yes";
    let mut visitor = posted.visitor;
    if !is_fresh(&visitor)? {
        return log_in_anew(&visitor, ERASE, HERE);
    }
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    if !is_sure {
        let words = visitor.t("data-erase-tick");
        return question(&visitor).bad(status, words).show(&visitor);
    }
    let customer = visitor.owner()?.customer;
    let words = match erase::erase(&visitor.site.store, customer).await {
        Ok(_) => None,
        Err(EraseError::Order(order)) => {
            Some(visitor.say("data-erase-order", &[("number", order.short().into())]))
        }
        Err(EraseError::Money) => Some(visitor.t("data-erase-money")),
        Err(EraseError::Letter) => Some(visitor.t("data-erase-letter")),
        Err(EraseError::Staff) => Some(visitor.t("data-erase-staff")),
        Err(error @ EraseError::Store(_)) => return Err(error.into()),
    };
    if let Some(words) = words {
        return question(&visitor).bad(status, words).show(&visitor);
    }
    visitor.farewell();
    visitor.session = None;
    Sheet::new(visitor.t("data-erased"), "/login")
        .good(visitor.t("data-erased-notice"))
        .words(visitor.t("data-erased-words"))
        .show(&visitor)
}
