//! The public side of the sidecar: pages for people, without scripts that a page would need, and nothing from elsewhere
//! but Telegram's own script in the Mini App.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::doors::Doors;
use super::serving;
use super::telegram::{self, Webhook};
use crate::i18n::{self, Zone};
use crate::shop::access::erase::EraseError;
use crate::shop::access::export::ExportError;
use crate::shop::confirmations::senders::Reporter;
use crate::shop::downloads::folder::Folder;
use crate::shop::keys::reveal::RevealError;
use crate::shop::texts::Language;
use crate::shop::vault::Vault;
use crate::store::{Store, StoreError};

/// What the pages need.
#[derive(Clone)]
pub struct Site {
    /// The database.
    pub store: Store,
    /// What opens keys and proves links.
    pub vault: Vault,
    /// The shop's name.
    pub name: String,
    /// Where its clocks are.
    pub zone: Zone,
    /// The folder for files that products deliver.
    pub files: Option<Folder>,
    /// The address inside the shop's own proxy under which that one hands files out; `None`: the shop does it.
    pub accel_prefix: Option<String>,
    /// The ways into the cabinet; `None` closes it.
    pub doors: Option<Arc<Doors>>,
    /// The header in which the shop's own proxy names the visitor's address; `None`: whoever connects is the visitor.
    pub address_header: Option<String>,
    /// Who tells the reports of phone senders from forged ones.
    pub reporters: Vec<Arc<dyn Reporter>>,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site")
            .field("doors", &self.doors)
            .finish_non_exhaustive()
    }
}

impl Site {
    /// Whether browsers come by https.
    pub(super) fn is_secure(&self) -> bool {
        let doors = self.doors.as_ref();
        doors.is_some_and(|doors| doors.public_url.scheme() == "https")
    }

    /// A cookie's name: where browsers come by https, one that no other host can set.
    pub(super) fn cookie_name(&self, name: &str) -> String {
        let prefix = if self.is_secure() { "__Host-" } else { "" };
        format!("{prefix}{name}")
    }
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// No such page, or none for whoever asks: both look the same.
    #[error("no such page")]
    Gone,
    /// Whoever asks has no session that lives.
    #[error("not logged in")]
    Stranger,
    /// The form is none of ours, or of another browser or session.
    #[error("a form from elsewhere")]
    Elsewhere,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key can't be opened.
    #[error(transparent)]
    Reveal(#[from] RevealError),
    /// The page can't be written.
    #[error(transparent)]
    Template(#[from] askama::Error),
    /// What is kept of a customer can't be gathered.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A customer can't be erased.
    #[error(transparent)]
    Erase(#[from] EraseError),
    /// A code for the eye can't be drawn.
    #[error(transparent)]
    Picture(#[from] qrcode::types::QrError),
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, title, words) = match self {
            Problem::Gone => (StatusCode::NOT_FOUND, "page-gone", "page-gone-words"),
            Problem::Stranger => return Redirect::to("/login").into_response(),
            Problem::Elsewhere => (
                StatusCode::FORBIDDEN,
                "page-elsewhere",
                "page-elsewhere-words",
            ),
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
    let (is_secure, store) = (site.is_secure(), site.store.clone());
    Router::new()
        .merge(super::orders::routes())
        .merge(super::downloads::routes())
        .merge(super::confirm::routes())
        .merge(super::login::routes())
        .merge(super::by_telegram::routes())
        .merge(super::codes::routes())
        .merge(super::recover::routes())
        .merge(super::cabinet::routes())
        .merge(super::reports::routes())
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
        .route(
            "/s/app.js",
            asset(
                "text/javascript; charset=utf-8",
                include_str!("pages/app.js"),
            ),
        )
        .route(
            "/s/once.js",
            asset(
                "text/javascript; charset=utf-8",
                include_str!("pages/once.js"),
            ),
        )
        .route(
            "/s/theme.js",
            asset(
                "text/javascript; charset=utf-8",
                include_str!("pages/theme.js"),
            ),
        )
        .fallback(|| async { Problem::Gone })
        .method_not_allowed_fallback(|| async { Problem::Gone })
        .with_state(site)
        .layer(middleware::from_fn_with_state(store, answering))
        .merge(webhook)
        .layer(middleware::from_fn_with_state(is_secure, guarded))
}

/// What a form has changed is committed, and its answer has not left.
async fn answering(State(store): State<Store>, request: Request, next: Next) -> Response {
    let is_form = request.method() == Method::POST;
    let response = next.run(request).await;
    if is_form {
        store.points().pass("web.answering").await;
    }
    response
}

/// The headers of every answer: nothing foreign is loaded, framed, kept or told where the visitor came from. A page that
/// needs others has set them itself.
async fn guarded(State(is_secure): State<bool>, request: Request, next: Next) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; \
                          base-uri 'none'; frame-ancestors 'none'";
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let usual = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in usual {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if is_secure {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
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
