//! Orders, and one of them with its keys. Looking never shows a key: only a button does.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{Html, Response};
use axum::routing::{get, post};
use qrcode::QrCode;
use qrcode::render::svg;

use super::profile_of;
use crate::i18n;
use crate::shop::orders::State as OrderState;
use crate::shop::orders::view::{self, OrderView};
use crate::store::PublicId;
use crate::web::downloads::{self, Item};
use crate::web::orders as pages;
use crate::web::posted::Posted;
use crate::web::sheet::Frame;
use crate::web::site::{Problem, Site};
use crate::web::visitor::Visitor;

/// Orders on a page.
const PAGE: i64 = 20;
/// Orders on the first page of the cabinet.
const LATEST: i64 = 5;
/// Bytes of the longest key that is drawn: more makes a picture that no phone reads from a screen.
const DRAWN: usize = 300;

#[derive(Template)]
#[template(path = "orders.html")]
struct List {
    frame: Frame,
    greeting: Option<String>,
    orders: Vec<Line>,
    /// Where the newer and the older ones are.
    around: Vec<(String, String)>,
}

struct Line {
    path: String,
    title: String,
    date: String,
    state: &'static str,
    state_words: String,
    what: String,
}

#[derive(Template)]
#[template(path = "cabinet_order.html")]
struct One {
    frame: Frame,
    path: String,
    state: &'static str,
    state_words: String,
    date: String,
    lines: Vec<(String, String)>,
    total: Option<String>,
    hint: String,
    has_keys: bool,
    keys: Vec<Key>,
    downloads: Vec<Item>,
}

struct Key {
    title: String,
    text: String,
    /// The same as a picture for another device; not for a key that is too long.
    picture: Option<String>,
}

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/cabinet", get(home))
        .route("/cabinet/orders", get(list))
        .route("/cabinet/orders/{id}", get(show))
        .route("/cabinet/orders/{id}/keys", post(show_keys).get(back))
        .route("/cabinet/orders/{id}/file", post(file).get(back))
}

async fn home(visitor: Visitor) -> Result<Response, Problem> {
    let profile = profile_of(&visitor).await?;
    let name = i18n::clean(profile.calls_themselves());
    let orders = page(&visitor, LATEST + 1, 0).await?;
    let mut around = Vec::new();
    if orders.len() as i64 > LATEST {
        around.push((
            "/cabinet/orders".to_owned(),
            visitor.t("cabinet-all-orders"),
        ));
    }
    let title = visitor.t("cabinet-title");
    let list = List {
        greeting: Some(visitor.say("cabinet-hello", &[("name", name.into())])),
        orders: lines(&visitor, &orders, LATEST),
        around,
        frame: Frame::of(&visitor, title, "/cabinet"),
    };
    Ok(visitor.answer(Html(list.render()?)))
}

/// Which page of a list is asked for, from 1.
pub(super) fn leaf(visitor: &Visitor) -> i64 {
    let asked = visitor.asked("page");
    let at = asked.and_then(|page| page.parse::<i64>().ok());
    at.unwrap_or(1).clamp(1, 100_000)
}

/// Where the newer and the older ones of a list are.
pub(super) fn around(
    visitor: &Visitor,
    path: &str,
    at: i64,
    has_older: bool,
) -> Vec<(String, String)> {
    let path = |page: i64| format!("{path}?page={page}");
    let newer = (at > 1).then(|| (path(at - 1), visitor.t("cabinet-newer")));
    let older = has_older.then(|| (path(at + 1), visitor.t("cabinet-older")));
    newer.into_iter().chain(older).collect()
}

async fn list(visitor: Visitor) -> Result<Response, Problem> {
    visitor.owner()?;
    let at = leaf(&visitor);
    let orders = page(&visitor, PAGE + 1, (at - 1) * PAGE).await?;
    let has_older = orders.len() as i64 > PAGE;
    let around = around(&visitor, "/cabinet/orders", at, has_older);
    let list = List {
        greeting: None,
        orders: lines(&visitor, &orders, PAGE),
        around,
        frame: Frame::of(
            &visitor,
            visitor.t("cabinet-room-orders"),
            "/cabinet/orders",
        ),
    };
    Ok(visitor.answer(Html(list.render()?)))
}

async fn page(visitor: &Visitor, limit: i64, offset: i64) -> Result<Vec<OrderView>, Problem> {
    let customer = visitor.owner()?.customer;
    let orders = visitor
        .site
        .store
        .read("pages.orders", move |tx| {
            Box::pin(view::page(tx, customer, limit, offset))
        })
        .await?;
    Ok(orders)
}

fn lines(visitor: &Visitor, orders: &[OrderView], most: i64) -> Vec<Line> {
    let (language, zone) = (visitor.language, &visitor.site.zone);
    let orders = orders.iter().take(most as usize);
    let lines = orders.map(|order| {
        let what = pages::lines(language, order).into_iter();
        let what = what.map(|(title, quantity)| format!("{title} × {quantity}"));
        Line {
            path: format!("/cabinet/orders/{}", order.id),
            title: pages::title(language, order),
            date: i18n::date_time(language, zone, order.created_at),
            state: order.state.as_str(),
            state_words: pages::standing(language, zone, order).0,
            what: what.collect::<Vec<_>>().join(", "),
        }
    });
    lines.collect()
}

/// The customer's order of this name.
async fn find(visitor: &Visitor, id: &str) -> Result<OrderView, Problem> {
    let customer = visitor.owner()?.customer;
    let id: PublicId = id.parse().map_err(|_| Problem::Gone)?;
    let order = visitor
        .site
        .store
        .read("pages.cabinet_order", move |tx| {
            Box::pin(view::one(tx, customer, id))
        })
        .await?;
    order.ok_or(Problem::Gone)
}

async fn show(visitor: Visitor, Path(id): Path<String>) -> Result<Response, Problem> {
    let order = find(&visitor, &id).await?;
    one(&visitor, &order, Vec::new()).await
}

/// A reload or a bookmark of what only a button shows.
async fn back(visitor: Visitor, Path(id): Path<String>) -> Result<Response, Problem> {
    visitor.owner()?;
    let id: PublicId = id.parse().map_err(|_| Problem::Gone)?;
    Ok(visitor.go(&format!("/cabinet/orders/{id}")))
}

async fn show_keys(Path(id): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let visitor = posted.visitor;
    let order = find(&visitor, &id).await?;
    let customer = visitor.owner()?.customer;
    let shown = pages::reveal(&visitor.site, customer, order.id, visitor.language).await?;
    let keys = shown.into_iter().map(|(title, text)| {
        let picture = (text.len() <= DRAWN).then(|| draw(&text)).transpose()?;
        Ok(Key {
            title,
            text,
            picture,
        })
    });
    let keys = keys.collect::<Result<Vec<Key>, Problem>>()?;
    one(&visitor, &order, keys).await
}

/// A text as a picture: black on white whatever the colours of the page, since readers want it so.
fn draw(text: &str) -> Result<String, Problem> {
    let code = QrCode::new(text.as_bytes())?;
    let picture = code.render::<svg::Color<'_>>().build();
    // It comes as a document of its own.
    let start = picture.find("<svg").unwrap_or_default();
    Ok(picture[start..].to_owned())
}

async fn file(Path(id): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let visitor = posted.visitor;
    let order = find(&visitor, &id).await?;
    let customer = visitor.owner()?.customer;
    let keys = pages::reveal(&visitor.site, customer, order.id, visitor.language).await?;
    pages::as_file(visitor.language, &order, &keys)
}

async fn one(visitor: &Visitor, order: &OrderView, keys: Vec<Key>) -> Result<Response, Problem> {
    let customer = visitor.owner()?.customer;
    let (language, zone) = (visitor.language, &visitor.site.zone);
    let (state_words, hint) = pages::standing(language, zone, order);
    let path = format!("/cabinet/orders/{}", order.id);
    let downloads = downloads::of_order(&visitor.site, customer, order, language).await?;
    let page = One {
        frame: Frame::of(visitor, pages::title(language, order), &path),
        state: order.state.as_str(),
        state_words,
        date: i18n::date_time(language, zone, order.created_at),
        lines: pages::lines(language, order),
        total: pages::total(language, order),
        hint,
        has_keys: order.state == OrderState::Fulfilled && order.has_keys(),
        keys,
        downloads,
        path,
    };
    Ok(visitor.answer((StatusCode::OK, Html(page.render()?))))
}
