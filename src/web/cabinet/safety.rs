//! The password, and who is logged in.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::log_in_anew;
use crate::i18n;
use crate::shop::access::passwords::change::{self, Changed, Wish};
use crate::shop::access::passwords::{self, Password};
use crate::shop::access::sessions::{self, Session};
use crate::shop::access::{Way, evict};
use crate::store::{PublicId, StoreError};
use crate::web::posted::Posted;
use crate::web::recover;
use crate::web::sheet::{Form, Sheet};
use crate::web::site::{Problem, Site};
use crate::web::visitor::Visitor;

const HERE: &str = "/cabinet/safety";

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(HERE, get(show))
        .route("/cabinet/safety/password", post(change_password))
        .route("/cabinet/safety/others", post(end_others))
        .route("/cabinet/safety/sessions/{id}", post(end))
}

async fn show(visitor: Visitor) -> Result<Response, Problem> {
    let saved = visitor.asked("saved").is_some();
    let mut sheet = sheet(&visitor).await?;
    if saved {
        sheet = sheet.good(visitor.t("profile-saved"));
    }
    sheet.show(&visitor)
}

async fn sheet(visitor: &Visitor) -> Result<Sheet, Problem> {
    let mine = visitor.owner()?.clone();
    let customer = mine.customer;
    let (has_password, all) = visitor
        .site
        .store
        .read("pages.safety", move |tx| {
            Box::pin(async move {
                let has_password = passwords::is_set(tx, customer).await?;
                Ok::<_, StoreError>((has_password, sessions::list(tx, customer).await?))
            })
        })
        .await?;
    let mut sheet = Sheet::new(visitor.t("cabinet-room-safety"), HERE);
    if visitor.doors()?.allows(Way::Password) {
        let title = if has_password {
            "safety-change-password"
        } else {
            "safety-set-password"
        };
        let mut form = Form::new("/cabinet/safety/password", visitor.t("password-save"))
            .title(visitor.t(title));
        if has_password {
            let label = visitor.t("safety-current");
            form = form.field("current", label, "password", "current-password");
            form = if change::shows(&mine, visitor.site.store.clock().now()) {
                form.hint(visitor.t("safety-current-free"))
            } else {
                form.required()
            };
        }
        let form = recover::new_password(visitor, form)
            .field("others", visitor.t("safety-ends-others"), "check", "off")
            .holding("yes");
        sheet = sheet.form(form);
    }
    for session in &all {
        sheet = sheet.form(on_device(visitor, session, mine.id));
    }
    if all.len() > 1 {
        let form = Form::new("/cabinet/safety/others", visitor.t("safety-end-others"));
        sheet = sheet.form(form.danger());
    }
    Ok(sheet)
}

/// A session, with the button that ends it.
fn on_device(visitor: &Visitor, session: &Session, mine: PublicId) -> Form {
    let (language, zone) = (visitor.language, &visitor.site.zone);
    let at = |time| i18n::date_time(language, zone, time);
    let agent = session.device.agent.as_deref().map(i18n::devices::browser);
    let title = agent.unwrap_or_else(|| visitor.t("safety-unknown-device"));
    let from = session
        .device
        .address
        .as_deref()
        .map(i18n::devices::network);
    let from = from.unwrap_or_else(|| "–".to_owned());
    let words = visitor.say(
        "safety-session",
        &[
            ("since", at(session.created_at).into()),
            ("seen", at(session.last_seen_at).into()),
            ("from", from.into()),
        ],
    );
    let action = format!("/cabinet/safety/sessions/{}", session.id);
    let way = visitor.t(i18n::devices::way(session.way));
    let button = if session.id == mine {
        "safety-end-this"
    } else {
        "safety-end"
    };
    let mut form = Form::new(&action, visitor.t(button)).title(title);
    if session.id == mine {
        form = form.words(visitor.t("safety-this"));
    }
    form.words(way).words(words)
}

async fn change_password(posted: Posted) -> Result<Response, Problem> {
    let current = posted.field("current");
    let current = (!current.is_empty()).then(|| Password::new(current.to_owned()));
    let new = Password::new(posted.field("new").to_owned());
    let ends_others = posted.field("others") == "yes";
    let visitor = posted.visitor;
    let doors = visitor.doors()?;
    if !doors.allows(Way::Password) {
        return Err(Problem::Gone);
    }
    let wish = Wish {
        session: visitor.owner()?.clone(),
        current,
        new,
        shop: visitor.site.name.clone(),
        ends_others,
    };
    let Site { store, vault, .. } = &visitor.site;
    let outcome = change::change(store, vault, &doors.hasher, &wish).await?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let page = sheet(&visitor).await?;
    match outcome {
        Changed::Done => Ok(visitor.go("/cabinet/safety?saved")),
        Changed::Weak(why) => page
            .bad(status, recover::weak(&visitor, why))
            .show(&visitor),
        Changed::Wrong => page.bad(status, visitor.t("safety-wrong")).show(&visitor),
        Changed::CurrentWanted => page
            .bad(status, visitor.t("safety-current-wanted"))
            .show(&visitor),
        Changed::ShowYourself => log_in_anew(&visitor, HERE, HERE),
        Changed::TooMany { wait } => page.too_many(&visitor, wait).show(&visitor),
        Changed::Busy => page.busy(&visitor).show(&visitor),
    }
}

async fn end_others(posted: Posted) -> Result<Response, Problem> {
    let visitor = posted.visitor;
    let (customer, mine) = {
        let session = visitor.owner()?;
        (session.customer, session.id)
    };
    visitor
        .site
        .store
        .write("pages.end_others", move |tx| {
            Box::pin(evict::others(tx, customer, mine))
        })
        .await?;
    Ok(visitor.go("/cabinet/safety?saved"))
}

async fn end(Path(id): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let mut visitor = posted.visitor;
    let (customer, mine) = {
        let session = visitor.owner()?;
        (session.customer, session.id)
    };
    let id: PublicId = id.parse().map_err(|_| Problem::Gone)?;
    let is_ended = visitor
        .site
        .store
        .write("pages.end", move |tx| {
            Box::pin(async move {
                // Who logs out has put nobody out: what waits for them goes on.
                if id == mine {
                    sessions::end(tx, customer, id).await
                } else {
                    evict::one(tx, customer, id).await
                }
            })
        })
        .await?;
    if !is_ended {
        return Err(Problem::Gone);
    }
    if id == mine {
        visitor.farewell();
        return Ok(visitor.go("/login"));
    }
    Ok(visitor.go("/cabinet/safety?saved"))
}
