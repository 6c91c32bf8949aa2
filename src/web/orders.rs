//! The order's page: where it stands, and its keys for whoever has its link. Looking never shows a key: only a button
//! does, since previews and scanners follow links.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::site::{self, Problem, Site};
use crate::i18n::{self, Arg};
use crate::shop::keys::reveal;
use crate::shop::orders::State as OrderState;
use crate::shop::orders::link::{self, Linked};
use crate::shop::orders::view::{self, OrderView};
use crate::shop::texts::Language;
use crate::store::StoreError;

#[derive(Template)]
#[template(path = "order.html")]
struct Page {
    lang: &'static str,
    language: Language,
    languages: [(&'static str, &'static str); 2],
    shop: String,
    title: String,
    state: &'static str,
    state_words: String,
    date: String,
    lines: Vec<(String, String)>,
    total: Option<String>,
    keys: Option<Vec<(String, String)>>,
    has_keys: bool,
    hint: String,
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

/// An order as its page shows it.
struct Found {
    linked: Linked,
    order: OrderView,
    language: Language,
}

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/o/{token}", get(show))
        .route("/o/{token}/keys", post(show_keys).get(back))
        .route("/o/{token}/file", post(file).get(back))
}

async fn show(
    State(site): State<Site>,
    Path(token): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let found = find(&site, &token, &wish).await?;
    page(&site, &found, token, None)
}

/// A reload or a bookmark of what only a button shows.
async fn back(Path(token): Path<String>) -> Response {
    // The router took it from a path: it is one segment, and encoded again for another.
    let token: String = token
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
        .collect();
    axum::response::Redirect::to(&format!("/o/{token}")).into_response()
}

async fn show_keys(
    State(site): State<Site>,
    Path(token): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let found = find(&site, &token, &wish).await?;
    let keys = keys(&site, &found).await?;
    page(&site, &found, token, Some(keys))
}

/// All keys in a plain file: with their titles where there are several products, otherwise a key on each line.
async fn file(
    State(site): State<Site>,
    Path(token): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let found = find(&site, &token, &wish).await?;
    let keys = keys(&site, &found).await?;
    if keys.is_empty() {
        return Err(Problem::Gone);
    }
    let titled = found.order.lines.len() > 1;
    let mut text = String::new();
    let mut last = None;
    for (title, key) in &keys {
        if titled && last != Some(title) {
            text += &format!("# {title}\r\n");
            last = Some(title);
        }
        text += key;
        text += "\r\n";
    }
    let name = found.text("page-file-name", &[found.number()]);
    let name: String = name
        .chars()
        .filter(|it| it.is_ascii_graphic() && *it != '"')
        .collect();
    let attachment = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .unwrap_or(HeaderValue::from_static("attachment"));
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        ),
        (header::CONTENT_DISPOSITION, attachment),
    ];
    Ok((headers, text).into_response())
}

async fn find(site: &Site, token: &str, wish: &Wish) -> Result<Found, Problem> {
    let (vault, token) = (site.vault.clone(), token.to_owned());
    let found = site
        .store
        .read("pages.order", move |tx| {
            let (vault, token) = (vault.clone(), token.clone());
            Box::pin(async move {
                let Some(linked) = link::find(tx, &vault, &token).await? else {
                    return Ok::<_, StoreError>(None);
                };
                let order = view::one(tx, linked.customer, linked.order).await?;
                Ok(order.map(|order| (linked, order)))
            })
        })
        .await?;
    let (linked, order) = found.ok_or(Problem::Gone)?;
    let mut languages = Language::ALL.into_iter();
    let chosen = languages.find(|it| Some(it.code()) == wish.lang.as_deref());
    Ok(Found {
        language: chosen.unwrap_or(linked.language),
        linked,
        order,
    })
}

/// The keys with their titles; that they were shown is written down first.
async fn keys(site: &Site, found: &Found) -> Result<Vec<(String, String)>, Problem> {
    let Linked {
        order, customer, ..
    } = found.linked;
    let sealed = site
        .store
        .write("pages.reveal", move |tx| {
            Box::pin(reveal::of_order(tx, customer, order))
        })
        .await?;
    let keys = reveal::open(&site.vault, sealed)?;
    let shown = keys.iter().map(|key| {
        let title = i18n::clean(key.title.in_language(found.language));
        (title, key.text.expose().to_owned())
    });
    Ok(shown.collect())
}

impl Found {
    fn text(&self, id: &str, args: &[(&'static str, Arg)]) -> String {
        i18n::text(self.language, id, args)
    }

    fn number(&self) -> (&'static str, Arg) {
        ("number", self.order.id.short().into())
    }

    /// What came, or else what is asked, in each currency.
    fn total(&self) -> Option<String> {
        let amount = |money| i18n::money(self.language, money);
        if let Some(paid) = self.order.paid {
            return Some(self.text("page-paid", &[("amount", amount(paid).into())]));
        }
        let all: Vec<String> = self.order.total.iter().map(amount).collect();
        (!all.is_empty()).then(|| self.text("page-total", &[("amount", all.join(" · ").into())]))
    }
}

fn page(
    site: &Site,
    found: &Found,
    token: String,
    keys: Option<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let (language, order) = (found.language, &found.order);
    let until = i18n::date_time(language, &site.zone, order.expires_at);
    let (words, hint) = match order.state {
        OrderState::Open => (
            "order-state-open",
            found.text("page-hint-open", &[("until", until.into())]),
        ),
        OrderState::Paid => ("order-state-paid", found.text("page-hint-backorder", &[])),
        OrderState::Fulfilled => ("order-state-fulfilled", String::new()),
        OrderState::Backorder => (
            "order-state-backorder",
            found.text("page-hint-backorder", &[]),
        ),
        OrderState::Expired => ("order-state-expired", found.text("page-hint-over", &[])),
        OrderState::Cancelled => ("order-state-cancelled", found.text("page-hint-over", &[])),
        OrderState::Closed => ("order-state-closed", found.text("page-hint-closed", &[])),
    };
    let lines = order.lines.iter().map(|line| {
        let title = i18n::clean(line.title.in_language(language));
        (title, i18n::number(language, line.quantity))
    });
    let page = Page {
        lang: language.code(),
        language,
        languages: [("en", "English"), ("ru", "Русский")],
        shop: i18n::clean(&site.name),
        title: found.text("page-order", &[found.number()]),
        state: order.state.as_str(),
        state_words: found.text(words, &[]),
        date: i18n::date_time(language, &site.zone, order.created_at),
        lines: lines.collect(),
        total: found.total(),
        keys: keys.filter(|keys| !keys.is_empty()),
        has_keys: order.state == OrderState::Fulfilled,
        hint,
        token,
    };
    site::html(&page)
}
