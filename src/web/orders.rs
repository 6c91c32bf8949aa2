//! The order's page: where it stands, and its keys for whoever has its link. Looking never shows a key: only a button
//! does, since previews and scanners follow links.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::downloads::{self, Item};
use super::site::{self, Problem, Site};
use crate::i18n::{self, Arg, Zone};
use crate::shop::keys::reveal;
use crate::shop::orders::State as OrderState;
use crate::shop::orders::link::{self, Linked};
use crate::shop::orders::view::{self, OrderView};
use crate::shop::texts::Language;
use crate::store::{PublicId, StoreError};

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
    downloads: Vec<Item>,
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
    page(&site, &found, token, None).await
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
    page(&site, &found, token, Some(keys)).await
}

/// All keys in a plain file: with their titles where there are several products, otherwise a key on each line.
async fn file(
    State(site): State<Site>,
    Path(token): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let found = find(&site, &token, &wish).await?;
    let keys = keys(&site, &found).await?;
    as_file(found.language, &found.order, &keys)
}

/// Keys as a file to be saved; without any there is none.
pub(super) fn as_file(
    language: Language,
    order: &OrderView,
    keys: &[(String, String)],
) -> Result<Response, Problem> {
    if keys.is_empty() {
        return Err(Problem::Gone);
    }
    let titled = order.lines.len() > 1;
    let mut text = String::new();
    let mut last = None;
    for (title, key) in keys {
        if titled && last != Some(title) {
            text += &format!("# {title}\r\n");
            last = Some(title);
        }
        text += key;
        text += "\r\n";
    }
    let name = i18n::text(language, "page-file-name", &[number(order)]);
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
    reveal(site, customer, order, found.language).await
}

/// The keys of a customer's order with their titles; that they were shown is written down first.
pub(super) async fn reveal(
    site: &Site,
    customer: i64,
    order: PublicId,
    language: Language,
) -> Result<Vec<(String, String)>, Problem> {
    let sealed = site
        .store
        .write("pages.reveal", move |tx| {
            Box::pin(reveal::of_order(tx, customer, order))
        })
        .await?;
    let keys = reveal::open(&site.vault, sealed)?;
    let shown = keys.iter().map(|key| {
        let title = i18n::clean(key.title.in_language(language));
        (title, key.text.expose().to_owned())
    });
    Ok(shown.collect())
}

fn number(order: &OrderView) -> (&'static str, Arg) {
    ("number", order.id.short().into())
}

/// What an order is called.
pub(super) fn title(language: Language, order: &OrderView) -> String {
    number_words(language, order.id)
}

/// What an order of this name is called.
pub(super) fn number_words(language: Language, order: PublicId) -> String {
    i18n::text(language, "page-order", &[("number", order.short().into())])
}

/// What came, or else what is asked, in each currency.
pub(super) fn total(language: Language, order: &OrderView) -> Option<String> {
    let amount = |money| i18n::money(language, money);
    if let Some(paid) = order.paid {
        let args = [("amount", amount(paid).into())];
        return Some(i18n::text(language, "page-paid", &args));
    }
    let all: Vec<String> = order.total.iter().map(amount).collect();
    let args = [("amount", all.join(" · ").into())];
    (!all.is_empty()).then(|| i18n::text(language, "page-total", &args))
}

/// Where an order stands, and what to do now.
pub(super) fn standing(language: Language, zone: &Zone, order: &OrderView) -> (String, String) {
    let until = i18n::date_time(language, zone, order.expires_at);
    let (words, hint) = match order.state {
        OrderState::Open => ("order-state-open", "page-hint-open"),
        OrderState::Paid => ("order-state-paid", "page-hint-backorder"),
        OrderState::Fulfilled => ("order-state-fulfilled", ""),
        OrderState::Backorder => ("order-state-backorder", "page-hint-backorder"),
        OrderState::Expired => ("order-state-expired", "page-hint-over"),
        OrderState::Cancelled => ("order-state-cancelled", "page-hint-over"),
        OrderState::Closed if order.has_keys() => ("order-state-closed", "page-hint-closed"),
        OrderState::Closed => ("order-state-closed", "download-order-closed"),
    };
    let hint = if hint.is_empty() {
        String::new()
    } else {
        i18n::text(language, hint, &[("until", until.into())])
    };
    (i18n::text(language, words, &[]), hint)
}

/// What was ordered, with how many of it.
pub(super) fn lines(language: Language, order: &OrderView) -> Vec<(String, String)> {
    let lines = order.lines.iter().map(|line| {
        let title = i18n::clean(line.title.in_language(language));
        (title, i18n::number(language, line.quantity))
    });
    lines.collect()
}

async fn page(
    site: &Site,
    found: &Found,
    token: String,
    keys: Option<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let (language, order) = (found.language, &found.order);
    let (state_words, hint) = standing(language, &site.zone, order);
    let customer = found.linked.customer;
    let downloads = downloads::of_order(site, customer, order, language).await?;
    let page = Page {
        lang: language.code(),
        language,
        languages: [("en", "English"), ("ru", "Русский")],
        shop: i18n::clean(&site.name),
        title: title(language, order),
        state: order.state.as_str(),
        state_words,
        date: i18n::date_time(language, &site.zone, order.created_at),
        lines: lines(language, order),
        total: total(language, order),
        keys: keys.filter(|keys| !keys.is_empty()),
        has_keys: order.state == OrderState::Fulfilled && order.has_keys(),
        downloads,
        hint,
        token,
    };
    site::html(&page)
}
