//! What the chat page asks for, under `/chat/api`.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query},
    http::{
        StatusCode,
        header::{
            CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

use super::{
    news::{self, Seen},
    options::{OnAdvance, PageOptions},
};
use crate::{
    control::Control,
    customers::CustomerSpec,
    files::{looks_like_picture, picture_kind},
    payment::{Card, PayOptions},
    world::World,
};

/// How long a tapped button spins.
const SPIN: Duration = Duration::from_secs(15);
/// The most that one request may move the clock: a year.
const FARTHEST_MS: u64 = 366 * 24 * 60 * 60 * 1000;
/// A mail is shown as its sender made it, but runs nothing and loads nothing.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups allow-popups-to-escape-sandbox";

/// The routes under `/chat/api`.
pub(super) fn routes(control: &Control, options: PageOptions) -> Router<Arc<World>> {
    let PageOptions {
        notes, on_advance, ..
    } = options;
    let about = json!({ "notes": notes, "can_advance": on_advance.is_some() });
    let epoch: Arc<str> = control
        .world
        .change_quietly(|state| state.random.text(16))
        .into();
    let news = {
        let control = control.clone();
        move |Json(seen): Json<Seen>| async move { Json(news::news(&control, &epoch, seen).await) }
    };
    let upload = {
        let control = control.clone();
        move |Query(query): Query<Upload>, body: Bytes| async move {
            Json(json!(take(&control, &query, body)))
        }
    };
    let file = {
        let control = control.clone();
        move |Path(id): Path<String>| async move { file(&control, &id) }
    };
    let mail = {
        let control = control.clone();
        move |Path(id): Path<i64>| async move { mail(&control, id) }
    };
    let control = control.clone();
    let act = move |Path(verb): Path<String>, Json(act): Json<Act>| async move {
        let done = run(&control, on_advance.as_ref(), &verb, act).await;
        done.map(Json).map_err(|why| (StatusCode::BAD_REQUEST, why))
    };
    Router::new()
        .route("/chat/api/about", get(move || async move { Json(about) }))
        .route("/chat/api/news", post(news))
        .route("/chat/api/upload", post(upload))
        .route("/chat/api/file/{id}", get(file))
        .route("/chat/api/mail/{id}", get(mail))
        .route("/chat/api/{verb}", post(act))
}

#[derive(Deserialize)]
struct Upload {
    user: i64,
    name: String,
    #[serde(default)]
    caption: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Act {
    user: i64,
    name: String,
    lang: String,
    text: String,
    message_id: i64,
    data: String,
    phone: String,
    link: String,
    card: Card,
    /// What the pay sheet asked for: `name`, `phone_number`, `email`.
    order_info: Option<Value>,
    ms: u64,
}

fn take(control: &Control, upload: &Upload, body: Bytes) -> Value {
    let (user, name, caption) = (upload.user, &upload.name, &upload.caption);
    if looks_like_picture(&body) {
        json!(control.send_photo(user, name, body, caption))
    } else {
        json!(control.send_document(user, name, body, caption))
    }
}

fn file(control: &Control, id: &str) -> Response {
    let Some(file) = control.world.read(|state| state.files.get(id).cloned()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // A picture is shown, everything else is only ever saved.
    let (kind, disposition) = if file.is_photo {
        (picture_kind(&file.bytes), "inline")
    } else {
        ("application/octet-stream", "attachment")
    };
    let headers = [
        (CONTENT_TYPE, kind),
        (CONTENT_DISPOSITION, disposition),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, file.bytes).into_response()
}

/// The HTML part of a mail, in a frame of its own that can do nothing but be read. Its links open beside the page.
fn mail(control: &Control, id: i64) -> Response {
    let html = control.world.read(|state| {
        let mail = state.mails.iter().find(|mail| mail.id == id)?;
        mail.html.clone()
    });
    let Some(html) = html else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, MAIL_POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, format!("<base target=\"_blank\">{html}")).into_response()
}

async fn run(
    control: &Control,
    on_advance: Option<&OnAdvance>,
    verb: &str,
    act: Act,
) -> Result<Value, String> {
    let user = act.user;
    Ok(match verb {
        "open" => {
            let id = control.customer(CustomerSpec {
                id: (user != 0).then_some(user),
                first_name: act.name,
                language_code: (!act.lang.is_empty()).then_some(act.lang),
                ..CustomerSpec::default()
            });
            json!({ "user": id })
        }
        "say" if act.text.trim().is_empty() => return Err("there is nothing to send".into()),
        "say" => json!(control.say(user, &act.text)),
        "sticker" => json!(control.send_sticker(user)),
        "contact" if act.phone.trim().is_empty() => return Err("the number is missing".into()),
        "contact" => {
            // The number is the customer's from now on.
            control.set_phone(user, act.phone.trim());
            json!(control.share_contact(user, act.phone.trim(), Some(user), false))
        }
        "press" => {
            let pressed = control.press(user, act.message_id, &act.data);
            let id = pressed.map_err(|error| error.to_string())?;
            let patient = control.with_deadline(SPIN);
            // No answer in time is no failure: the spinner just ends.
            json!(patient.wait_for_callback_answer(&id).await.ok())
        }
        "invoice" => {
            json!(
                control
                    .world
                    .read(|state| state.links.get(&act.link).cloned())
            )
        }
        "pay" => {
            let options = PayOptions {
                card: act.card,
                order_info: act.order_info,
                ..PayOptions::default()
            };
            let outcome = if act.link.is_empty() {
                control.pay(user, act.message_id, options).await
            } else {
                control.pay_link(user, &act.link, options).await
            };
            json!(outcome)
        }
        "block" => {
            control.block(user);
            json!({})
        }
        "unblock" => {
            control.unblock(user);
            json!({})
        }
        "advance" => {
            let hook = on_advance.ok_or("this clock can't be moved")?;
            let ms = act.ms.min(FARTHEST_MS);
            control.advance(ms as i64);
            hook.call(Duration::from_millis(ms));
            json!({ "now_ms": control.now_ms() })
        }
        _ => return Err(format!("there is no verb {verb}")),
    })
}
