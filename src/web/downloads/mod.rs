//! A download by its link: its page says what there is, a button starts it, and the bytes come by an address of their own.
//! Looking never counts: only the button does, since previews and scanners follow links. The page draws the name of the
//! start that its button makes, and the browser keeps it from then on: pressed twice, or once more because no answer came,
//! it is the same start.

mod bytes;
mod list;

use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

pub(super) use self::list::{Item, items, of_order};
use super::site::{self, Problem, Site};
use super::{orders, posted, visitor};
use crate::i18n::{self, Arg};
use crate::shop::downloads::link::{self, Linked};
use crate::shop::downloads::missing;
use crate::shop::downloads::start::{self, Fetched, OPEN_FOR, Started};
use crate::shop::downloads::view::{self, Download};
use crate::shop::downloads::{File, State as DownloadState};
use crate::shop::texts::Language;
use crate::store::{PublicId, StoreError};

/// The cookie of the start that a page has drawn for this browser, or that it has made. Its path keeps it to one download, so it can't have the prefix
/// that others have.
const START: &str = "kiosk-start";

#[derive(Template)]
#[template(path = "download.html")]
struct Page {
    lang: &'static str,
    language: Language,
    languages: [(&'static str, &'static str); 2],
    shop: String,
    title: String,
    order: String,
    /// What is not as it should be, and what to do.
    notice: Option<(String, String)>,
    facts: Vec<(String, String)>,
    sha256: Option<String>,
    /// The start that its button makes, if it has one.
    start: Option<String>,
    /// Where bytes are that this browser has started already.
    again: Option<String>,
    /// Whether this is another address than its own.
    is_elsewhere: bool,
    token: String,
}

impl Page {
    fn t(&self, id: &str) -> String {
        i18n::text(self.language, id, &[])
    }
}

#[derive(Debug, Deserialize)]
struct Wish {
    lang: Option<String>,
}

/// A download as its link finds it.
struct Found {
    token: String,
    linked: Linked,
    download: Download,
    language: Language,
    /// The start of this download that was named along with it, and what that one opens.
    named: Option<(PublicId, Fetched)>,
    /// What a start that begins here is called: what the browser has kept, or a fresh name.
    drawn: PublicId,
}

/// Why nothing can be downloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Obstacle {
    UsedUp,
    Over,
    Revoked,
    /// Its product has no file.
    NoFile,
    /// The file is not where it should be.
    Missing,
    /// The bytes are asked for too long after the start.
    Closed,
}

impl Obstacle {
    fn status(self) -> StatusCode {
        match self {
            Obstacle::UsedUp | Obstacle::Over | Obstacle::Revoked | Obstacle::Closed => {
                StatusCode::GONE
            }
            Obstacle::NoFile | Obstacle::Missing => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What is the matter, and what to do.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Obstacle::UsedUp => ("download-page-used-up", "download-page-once-more"),
            Obstacle::Over => ("download-page-over", "download-page-once-more"),
            Obstacle::Revoked => ("download-page-revoked", "download-page-wrong"),
            Obstacle::NoFile => ("download-page-no-file", "download-page-later"),
            Obstacle::Missing => ("download-page-missing", "download-page-later"),
            Obstacle::Closed => ("download-page-closed", "download-page-closed-words"),
        }
    }
}

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/d/{token}", get(show).post(begin))
        .route("/d/{token}/{start}", get(bytes::send))
}

async fn show(
    State(site): State<Site>,
    Path(token): Path<String>,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = find(&site, token, &wish, cookie(&headers)).await?;
    let obstacle = obstacle(&found.download, site.store.clock().now());
    page(&site, &found, obstacle)
}

/// Starts the download, and leads to the bytes.
async fn begin(
    State(site): State<Site>,
    Path(token): Path<String>,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let fields = posted::read(body).await?;
    let mut found = find(&site, token, &wish, cookie(&headers)).await?;
    // Nothing is counted that can't be had.
    while let Some(file) = found.download.file.clone()
        && !is_there(&site, &file).await
    {
        report(&site, &found, &file).await?;
        let token = found.token.clone();
        found = find(&site, token, &wish, cookie(&headers)).await?;
        // Another file is in its place already where an import came in between.
        if found.download.file.as_ref() == Some(&file) {
            return refuse(&site, &found, Obstacle::Missing);
        }
    }
    let linked = found.linked;
    let drawn = fields.iter().find(|(name, _)| name == "start");
    let drawn = drawn.and_then(|(_, start)| link::find_start(&site.vault, start, &linked));
    let kept = found.named.as_ref().map(|(start, _)| *start);
    let named: Vec<PublicId> = drawn.into_iter().chain(kept).collect();
    let started = site
        .store
        .write("pages.download.start", move |tx| {
            let named = named.clone();
            Box::pin(async move { start::start(tx, &linked, &named).await })
        })
        .await?;
    let obstacle = match started {
        Some(Started::Open(start)) => {
            let start = link::start(&site.vault, start.id, &linked);
            return Ok(leads(&site, &found.token, &start));
        }
        Some(Started::UsedUp) => Obstacle::UsedUp,
        Some(Started::Over) => Obstacle::Over,
        Some(Started::Revoked) => Obstacle::Revoked,
        None => Obstacle::NoFile,
    };
    refuse(&site, &found, obstacle)
}

/// On to the bytes.
fn leads(site: &Site, token: &str, start: &str) -> Response {
    let to = format!("/d/{token}/{start}");
    keeps(site, token, start, Redirect::to(&to).into_response())
}

/// The browser keeps a start from this answer on.
fn keeps(site: &Site, token: &str, start: &str, mut answer: Response) -> Response {
    let secure = if site.is_secure() { "; Secure" } else { "" };
    let seconds = Duration::from_millis(OPEN_FOR as u64).as_secs();
    let cookie = format!(
        "{START}={start}; Path=/d/{token}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
    );
    // Both are base64url. Without the cookie a start of another page is counted.
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    answer
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let mut cookies = visitor::read_cookies(headers).into_iter();
    cookies
        .find(|(name, _)| name == START)
        .map(|(_, value)| value)
}

/// What a link leads to, with the start that comes along with it, if it is one of this download's.
async fn find(
    site: &Site,
    token: String,
    wish: &Wish,
    start: Option<String>,
) -> Result<Found, Problem> {
    let (vault, named) = (site.vault.clone(), token.clone());
    let found = site
        .store
        .read("pages.download", move |tx| {
            let (vault, named, start) = (vault.clone(), named.clone(), start.clone());
            Box::pin(async move {
                let Some(linked) = link::find(tx, &vault, &named).await? else {
                    return Ok::<_, StoreError>(None);
                };
                let Some(download) = view::one(tx, linked.customer, linked.id).await? else {
                    return Ok(None);
                };
                let start = start.and_then(|start| link::find_start(&vault, &start, &linked));
                let named = match start {
                    Some(start) => Some((start, start::fetch(tx, &linked, start).await?)),
                    None => None,
                };
                let drawn = match named {
                    Some((start, Fetched::File(_) | Fetched::Unknown)) => start,
                    Some((_, Fetched::Over)) | None => PublicId::random(tx)?,
                };
                Ok(Some((linked, download, named, drawn)))
            })
        })
        .await?;
    site.store.points().pass("pages.download.found").await;
    let (linked, download, named, drawn) = found.ok_or(Problem::Gone)?;
    // Nobody has been given the link of one that is not paid.
    if download.state == DownloadState::Promised {
        return Err(Problem::Gone);
    }
    let mut languages = Language::ALL.into_iter();
    let chosen = languages.find(|it| Some(it.code()) == wish.lang.as_deref());
    Ok(Found {
        token,
        language: chosen.unwrap_or(linked.language),
        linked,
        download,
        named,
        drawn,
    })
}

/// Why it can't be started now, as far as its page can tell.
fn obstacle(download: &Download, now: i64) -> Option<Obstacle> {
    if download.state == DownloadState::Revoked {
        Some(Obstacle::Revoked)
    } else if download.is_over(now) {
        Some(Obstacle::Over)
    } else if download.left() == 0 {
        Some(Obstacle::UsedUp)
    } else if download.file.is_none() {
        Some(Obstacle::NoFile)
    } else {
        None
    }
}

/// Whether the file is where it should be.
async fn is_there(site: &Site, file: &File) -> bool {
    let Some(folder) = site.files.clone() else {
        return false;
    };
    let file = file.clone();
    let has = tokio::task::spawn_blocking(move || folder.has(&file)).await;
    has.unwrap_or_default()
}

/// The bytes of a start are not where they should be.
async fn not_there(site: &Site, found: &Found, file: &File) -> Result<Response, Problem> {
    let obstacle = if report(site, found, file).await? {
        Obstacle::Missing
    } else {
        // The start has ended meanwhile, and the file went with it.
        Obstacle::Closed
    };
    refuse(site, found, obstacle)
}

/// A file is not where it should be: the shop is told, if anybody needs it still.
async fn report(site: &Site, found: &Found, file: &File) -> Result<bool, Problem> {
    let title = found.download.title.in_language(Language::En).to_owned();
    let lost = file.clone();
    let is_needed = site
        .store
        .write("pages.download.missing", move |tx| {
            let (lost, title) = (lost.clone(), title.clone());
            Box::pin(async move { missing::report(tx, &lost, &title).await })
        })
        .await?;
    if is_needed {
        tracing::error!(file = %file.id, name = file.name, "a file that customers have bought is not in the folder");
    }
    Ok(is_needed)
}

/// The page that says why there are no bytes.
fn refuse(site: &Site, found: &Found, obstacle: Obstacle) -> Result<Response, Problem> {
    let page = page(site, found, Some(obstacle))?;
    Ok((obstacle.status(), page).into_response())
}

fn page(site: &Site, found: &Found, obstacle: Option<Obstacle>) -> Result<Response, Problem> {
    let (language, download) = (found.language, &found.download);
    let say = |id: &str, args: &[(&'static str, Arg)]| i18n::text(language, id, args);
    let until = download
        .expires_at
        .map(|at| i18n::date_time(language, &site.zone, at));
    let mut facts = Vec::new();
    if let Some(file) = &download.file {
        facts.push((say("download-page-file", &[]), i18n::clean(&file.name)));
        facts.push((
            say("download-page-size", &[]),
            i18n::size(language, file.size),
        ));
    }
    if download.state == DownloadState::Granted {
        facts.push((
            say("download-page-left", &[]),
            list::left(language, download),
        ));
        if let Some(until) = until.clone() {
            facts.push((say("download-page-until", &[]), until));
        }
    }
    let notice = obstacle.map(|obstacle| {
        let (what, todo) = obstacle.words();
        let until = until.unwrap_or_default();
        let args = [("until", until.into()), ("most", download.most.into())];
        (say(what, &args), say(todo, &[]))
    });
    let link = |start| link::start(&site.vault, start, &found.linked);
    let again = match &found.named {
        // What was started goes on even where nothing more can be started.
        Some((start, Fetched::File(_)))
            if !matches!(obstacle, Some(Obstacle::Missing | Obstacle::Closed)) =>
        {
            Some(format!("/d/{}/{}", found.token, link(*start)))
        }
        _ => None,
    };
    let start = obstacle.is_none().then(|| link(found.drawn));
    let page = Page {
        lang: language.code(),
        language,
        languages: [("en", "English"), ("ru", "Русский")],
        shop: i18n::clean(&site.name),
        title: i18n::clean(download.title.in_language(language)),
        order: orders::number_words(language, download.order),
        notice,
        facts,
        sha256: download.file.as_ref().map(File::sha256),
        start: start.clone(),
        again,
        is_elsewhere: obstacle == Some(Obstacle::Closed),
        token: found.token.clone(),
    };
    let page = site::html(&page)?;
    Ok(match start {
        Some(start) => keeps(site, &found.token, &start, page),
        None => page,
    })
}
