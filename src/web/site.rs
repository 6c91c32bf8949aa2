//! The public side of the sidecar: pages for people, without cookies, without scripts that a page would need, and
//! nothing from elsewhere.

use askama::Template;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::serving;
use super::telegram::{self, Webhook};
use crate::i18n::{self, Zone};
use crate::shop::keys::reveal::RevealError;
use crate::shop::texts::Language;
use crate::shop::vault::Vault;
use crate::store::{Store, StoreError};

/// What the pages need.
#[derive(Clone, Debug)]
pub struct Site {
    /// The database.
    pub store: Store,
    /// What opens keys and proves links.
    pub vault: Vault,
    /// The shop's name.
    pub name: String,
    /// Where its clocks are.
    pub zone: Zone,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// No such page, or none for whoever asks: both look the same.
    #[error("no such page")]
    Gone,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key can't be opened.
    #[error(transparent)]
    Reveal(#[from] RevealError),
    /// The page can't be written.
    #[error(transparent)]
    Template(#[from] askama::Error),
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, title, words) = match self {
            Problem::Gone => (StatusCode::NOT_FOUND, "page-gone", "page-gone-words"),
            error => {
                tracing::error!(%error, "a page can't be shown");
                let status = StatusCode::SERVICE_UNAVAILABLE;
                (status, "page-busy", "page-busy-words")
            }
        };
        let said = Language::ALL.map(|language| {
            let text = |id| i18n::text(language, id, &[]);
            (language.code(), text(title), text(words))
        });
        let page = Gone {
            said: said.to_vec(),
        };
        match html(&page) {
            Ok(page) => (status, page).into_response(),
            Err(_) => status.into_response(),
        }
    }
}

#[derive(Template)]
#[template(path = "gone.html")]
struct Gone {
    said: Vec<(&'static str, String, String)>,
}

/// A page as an answer.
pub(super) fn html(page: &impl Template) -> Result<Response, Problem> {
    Ok(Html(page.render()?).into_response())
}

/// Everything that is public; `webhook` takes updates if Telegram pushes them.
pub fn router(site: Site, webhook: Option<Webhook>) -> Router {
    let asset = |kind: &'static str, text: &'static str| {
        get(move || async move {
            let kept = HeaderValue::from_static("public, max-age=3600");
            let kind = HeaderValue::from_static(kind);
            (
                [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, kept)],
                text,
            )
        })
    };
    let webhook = webhook.map_or_else(Router::new, telegram::routes);
    Router::new()
        .merge(super::orders::routes())
        .route(
            "/s/site.css",
            asset("text/css; charset=utf-8", include_str!("pages/site.css")),
        )
        .route(
            "/s/copy.js",
            asset(
                "text/javascript; charset=utf-8",
                include_str!("pages/copy.js"),
            ),
        )
        .fallback(|| async { Problem::Gone })
        .with_state(site)
        .merge(webhook)
        .layer(middleware::from_fn(guarded))
}

/// The headers of every answer: nothing foreign is loaded, framed, kept or told where the visitor came from.
async fn guarded(request: Request, next: Next) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; \
                          base-uri 'none'; frame-ancestors 'none'";
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Serves until `stop` turns true.
pub async fn serve(
    listener: TcpListener,
    site: Site,
    webhook: Option<Webhook>,
    stop: watch::Receiver<bool>,
) {
    serving::serve(listener, router(site, webhook), stop).await;
}
