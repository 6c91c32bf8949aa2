//! The chat page: chats side by side in the browser, a mailbox, and what to try next, without any outside resource.

mod api;
mod news;
mod options;

use axum::{
    Router,
    extract::Path,
    http::{
        StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
    routing::get,
};
use std::sync::Arc;

use crate::{control::Control, world::World};

pub use options::{Note, OnAdvance, PageOptions};

/// Only the page's own files run, and nothing of another site is loaded or may show the page in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The routes of the page and of its API.
pub(crate) fn routes(control: &Control, options: PageOptions) -> Router<Arc<World>> {
    for customer in &options.customers {
        control.customer(customer.clone());
    }
    Router::new()
        .route("/", get(page))
        .route("/chat", get(page))
        .route("/chat/{file}", get(asset))
        .merge(api::routes(control, options))
}

async fn page() -> Response {
    served("text/html; charset=utf-8", include_str!("chat.html"))
}

async fn asset(Path(file): Path<String>) -> Response {
    const STYLE: &str = "text/css; charset=utf-8";
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    match file.as_str() {
        "page.css" => served(STYLE, include_str!("page.css")),
        "chat.css" => served(STYLE, include_str!("chat.css")),
        "icon.svg" => served("image/svg+xml", include_str!("icon.svg")),
        "theme.js" => served(SCRIPT, include_str!("theme.js")),
        "page.js" => served(SCRIPT, include_str!("page.js")),
        "chat.js" => served(SCRIPT, include_str!("chat.js")),
        "composer.js" => served(SCRIPT, include_str!("composer.js")),
        "draw.js" => served(SCRIPT, include_str!("draw.js")),
        "sheets.js" => served(SCRIPT, include_str!("sheets.js")),
        "panel.js" => served(SCRIPT, include_str!("panel.js")),
        "words.js" => served(SCRIPT, include_str!("words.js")),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn served(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}
