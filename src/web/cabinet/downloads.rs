//! Every file that a customer has bought, of the newest order first.

use askama::Template;
use axum::Router;
use axum::response::{Html, Response};
use axum::routing::get;

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
    let at = visitor
        .asked("page")
        .and_then(|page| page.parse::<i64>().ok());
    let at = at.unwrap_or(1).clamp(1, 100_000);
    let mut downloads = visitor
        .site
        .store
        .read("pages.downloads", move |tx| {
            Box::pin(view::of_customer(tx, customer, PAGE + 1, (at - 1) * PAGE))
        })
        .await?;
    let mut around = Vec::new();
    let path = |page: i64| format!("/cabinet/downloads?page={page}");
    if at > 1 {
        around.push((path(at - 1), visitor.t("cabinet-newer")));
    }
    if downloads.len() as i64 > PAGE {
        around.push((path(at + 1), visitor.t("cabinet-older")));
    }
    downloads.truncate(PAGE as usize);
    let list = List {
        downloads: pages::items(&visitor.site, visitor.language, &downloads),
        around,
        frame: Frame::of(&visitor, visitor.t("download-room"), "/cabinet/downloads"),
    };
    Ok(visitor.answer(Html(list.render()?)))
}
