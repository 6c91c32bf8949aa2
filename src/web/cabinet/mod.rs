//! The cabinet: what a customer has bought, what is known of them, and who is logged in as them. Everything is found by its
//! name and its owner; to others it is not there.

mod contacts;
mod data;
mod downloads;
mod forget;
mod orders;
mod profile;
mod safety;
mod vk;

use axum::Router;
use axum::response::Response;

use super::sheet::Sheet;
use super::site::{Problem, Site};
use super::visitor::Visitor;
use crate::shop::customers::profile::{self as profiles, Profile};

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .merge(orders::routes())
        .merge(downloads::routes())
        .merge(profile::routes())
        .merge(contacts::routes())
        .merge(forget::routes())
        .merge(safety::routes())
        .merge(data::routes())
        .merge(vk::routes())
}

/// What is known of whoever is logged in.
async fn profile_of(visitor: &Visitor) -> Result<Profile, Problem> {
    let customer = visitor.owner()?.customer;
    let profile = visitor
        .site
        .store
        .read("pages.profile", move |tx| {
            Box::pin(profiles::of(tx, customer))
        })
        .await?;
    profile.ok_or(Problem::Stranger)
}

/// Whether they have logged in a moment ago, as for what a found or stolen browser must not do.
fn is_fresh(visitor: &Visitor) -> Result<bool, Problem> {
    let now = visitor.site.store.clock().now();
    Ok(visitor.owner()?.is_fresh(now))
}

/// What who is logged in for longer is told instead.
fn log_in_anew(visitor: &Visitor, here: &str, back: &str) -> Result<Response, Problem> {
    Sheet::new(visitor.t("cabinet-anew"), here)
        .words(visitor.t("cabinet-anew-words"))
        .link("/login", visitor.t("login-title"))
        .link(back, visitor.t("cabinet-back"))
        .show(visitor)
}
