//! The chat page: a phone-like chat in the browser, one customer a page, without any outside resource.

mod api;

use axum::{
    Router,
    extract::Path,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use std::sync::Arc;

use crate::{control::Control, world::World};

/// Only the page's own files run, and nothing of another site is loaded.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";

/// The routes of the page and of its API.
pub(crate) fn routes(control: Control) -> Router<Arc<World>> {
    Router::new()
        .route("/", get(page))
        .route("/chat", get(page))
        .route("/chat/{file}", get(asset))
        .merge(api::routes(control))
}

async fn page() -> Response {
    served("text/html; charset=utf-8", include_str!("chat.html"))
}

async fn asset(Path(file): Path<String>) -> Response {
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    match file.as_str() {
        "chat.css" => served("text/css; charset=utf-8", include_str!("chat.css")),
        "chat.js" => served(SCRIPT, include_str!("chat.js")),
        "draw.js" => served(SCRIPT, include_str!("draw.js")),
        "pay.js" => served(SCRIPT, include_str!("pay.js")),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn served(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, text).into_response()
}
