//! Telegram vouches for somebody: the Mini App shows what Telegram has sealed for the bot, and "Log in with Telegram" comes
//! back from its provider.

use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::exchange::{self, Admitted};
use super::posted;
use super::sheet::{Frame, Sheet};
use super::site::{Problem, Site};
use super::visitor::Visitor;
use crate::shop::access::identity::oidc::{self, OidcError, Question};
use crate::shop::access::identity::{Identity, app};
use crate::shop::access::{Way, enter};
use crate::shop::throttle;

/// The cookie that holds what a browser asks Telegram's provider.
const QUESTION: &str = "kiosk-question";
/// How long somebody may stay at the provider.
const AWAY: Duration = Duration::from_mins(10);
/// The Mini App loads Telegram's own script for a reload, and may be framed by Telegram's web client. Its forms say where they come from.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self' https://telegram.org; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'self' https://web.telegram.org";

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/app", get(open).post(enter_app))
        .route("/login/telegram/go", get(go))
        .route("/login/telegram", get(come_back))
}

#[derive(Template)]
#[template(path = "app.html")]
struct Page {
    frame: Frame,
}

async fn open(visitor: Visitor) -> Result<Response, Problem> {
    if !visitor.doors()?.allows(Way::App) {
        return Err(Problem::Gone);
    }
    let frame = Frame::of(&visitor, visitor.t("cabinet-title"), "/app");
    let page = Page { frame }.render()?;
    Ok(framed(visitor.answer(Html(page))))
}

fn framed(answer: Response) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    (headers, answer).into_response()
}

/// The form has no token: inside Telegram's web client no cookie of ours comes along. The browser itself must say that it is
/// from here, and what it carries is sealed by Telegram for a few minutes.
async fn enter_app(
    State(site): State<Site>,
    mut visitor: Visitor,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let doors = visitor.doors()?;
    if !doors.allows(Way::App) {
        return Err(Problem::Gone);
    }
    if !posted::is_surely_from_here(&headers, &site) {
        return Err(Problem::Elsewhere);
    }
    let fields = posted::read(body).await?;
    let sealed = fields.iter().find(|(name, _)| name == "init_data");
    let sealed = sealed.map_or("", |(_, value)| value.as_str());
    match app::check_both(
        sealed,
        &doors.bot_token,
        &doors.app_key,
        site.store.clock().now(),
    ) {
        Ok(identity) => begin(&mut visitor, identity, Way::App).await,
        Err(error) => {
            tracing::info!(%error, "somebody opens the Mini App, and proves nothing");
            let sheet = Sheet::new(visitor.t("cabinet-title"), "/app");
            let words = visitor.t("app-old");
            let sheet = sheet.bad(StatusCode::UNPROCESSABLE_ENTITY, words);
            Ok(framed(sheet.show(&visitor)?))
        }
    }
}

async fn begin(visitor: &mut Visitor, identity: Identity, way: Way) -> Result<Response, Problem> {
    let (device, came_with) = (visitor.device.clone(), visitor.came_with.clone());
    let token = visitor
        .site
        .store
        .write("pages.by_telegram", move |tx| {
            let (identity, device) = (identity.clone(), device.clone());
            let came_with = came_with.clone();
            Box::pin(async move {
                enter::by_identity(tx, &identity, way, &device, came_with.as_ref()).await
            })
        })
        .await?;
    visitor.welcome(&token);
    Ok(visitor.go("/cabinet"))
}

/// Off to Telegram, with a question that this browser keeps.
async fn go(mut visitor: Visitor) -> Result<Response, Problem> {
    let doors = visitor.doors()?;
    let door = doors.telegram.as_ref();
    let door = door.filter(|_| doors.allows(Way::Telegram));
    let client = door.ok_or(Problem::Gone)?.client.clone();
    let question = Question::new()?;
    visitor.keep(QUESTION, &question.keep(), AWAY);
    Ok(visitor.go(question.address(&client).as_str()))
}

async fn come_back(mut visitor: Visitor) -> Result<Response, Problem> {
    let doors = visitor.doors()?;
    let door = doors.telegram.clone();
    let door = door.filter(|_| doors.allows(Way::Telegram));
    let door = door.ok_or(Problem::Gone)?;
    let question = visitor.cookie(QUESTION).and_then(Question::kept);
    let said = |name| visitor.asked(name).unwrap_or_default().to_owned();
    let (state, code) = (said("state"), said("code"));
    let mut permit = None;
    if question
        .as_ref()
        .is_some_and(|it| it.is_answered_by(&state, &code))
    {
        // Anybody can write the cookie: that it fits is no reason to ask the provider as often as they like.
        let from = visitor.address.map(throttle::neighbourhood);
        let admitted = door
            .exchanges
            .admit(&visitor, &exchange::TO_TELEGRAM, from)
            .await?;
        let page = || {
            let title = visitor.t("login-title");
            Sheet::new(title.clone(), "/login").link("/login", title)
        };
        // Who is sent away keeps the question: loading the page once more is enough.
        match admitted {
            Admitted::Fine(admitted) => permit = Some(admitted),
            Admitted::TooMany(wait) => return page().too_many(&visitor, wait).show(&visitor),
            Admitted::Busy => return page().busy(&visitor).show(&visitor),
        }
    }
    visitor.drop_cookie(QUESTION);
    let now = visitor.site.store.clock().now();
    let answer = match &question {
        Some(question) => {
            let provider = &*door.provider;
            oidc::answer(
                provider,
                &door.keys,
                &door.client,
                question,
                &state,
                &code,
                now,
            )
            .await
        }
        None => Err(OidcError::Unasked),
    };
    drop(permit);
    let error = match answer {
        Ok(identity) => return begin(&mut visitor, identity, Way::Telegram).await,
        Err(error) => error,
    };
    tracing::info!(%error, "a login by Telegram came to nothing");
    let (status, words) = match error {
        OidcError::Unreachable(_) | OidcError::Unknown | OidcError::Answer(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "telegram-away")
        }
        OidcError::Unasked | OidcError::Refused | OidcError::NotTaken(_) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "telegram-not")
        }
    };
    Sheet::new(visitor.t("login-title"), "/login")
        .bad(status, visitor.t(words))
        .link("/login", visitor.t("login-title"))
        .show(&visitor)
}
