//! Every file that a customer has bought, of the newest order first.

use askama::Template;
use axum::Router;
use axum::response::{Html, Response};
use axum::routing::get;

use super::orders::{around, leaf};
use crate::shop::downloads::view;
use crate::web::downloads::{self as pages, Item};
use crate::web::sheet::Frame;
use crate::web::site::{Problem, Site};
use crate::web::visitor::Visitor;

/// Downloads on a page.
const PAGE: i64 = 20;

#[derive(Template)]
#[template(path = "downloads.html")]
struct List {
    frame: Frame,
    downloads: Vec<Item>,
    /// Where the newer and the older ones are.
    around: Vec<(String, String)>,
}

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/cabinet/downloads", get(list))
}

async fn list(visitor: Visitor) -> Result<Response, Problem> {
    let customer = visitor.owner()?.customer;
    let at = leaf(&visitor);
    let mut downloads = visitor
        .site
        .store
        .read("pages.downloads", move |tx| {
            Box::pin(view::of_customer(tx, customer, PAGE + 1, (at - 1) * PAGE))
        })
        .await?;
    let has_older = downloads.len() as i64 > PAGE;
    let around = around(&visitor, "/cabinet/downloads", at, has_older);
    downloads.truncate(PAGE as usize);
    let list = List {
        downloads: pages::items(&visitor.site, visitor.language, &downloads),
        around,
        frame: Frame::of(&visitor, visitor.t("download-room"), "/cabinet/downloads"),
    };
    Ok(visitor.answer(Html(list.render()?)))
}
