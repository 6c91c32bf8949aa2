//! What the chat page asks for, under `/chat/api`.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query},
    http::{
        StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

use crate::{
    control::Control,
    customers::CustomerSpec,
    files::{looks_like_picture, picture_kind},
    payment::PayOptions,
    state::{State, in_order},
    world::World,
};

/// How long a request for news waits when there is none.
const NEWS_WITHIN: Duration = Duration::from_secs(25);
/// How long a tapped button spins.
const SPIN: Duration = Duration::from_secs(15);

/// The routes under `/chat/api`.
pub(super) fn routes(control: Control) -> Router<Arc<World>> {
    let news = {
        let control = control.clone();
        move |Query(query): Query<News>| async move { Json(news(&control, query).await) }
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
    let act = move |Path(verb): Path<String>, Json(act): Json<Act>| async move {
        let done = run(&control, &verb, act).await;
        done.map(Json).map_err(|why| (StatusCode::BAD_REQUEST, why))
    };
    Router::new()
        .route("/chat/api/state", get(news))
        .route("/chat/api/upload", post(upload))
        .route("/chat/api/file/{id}", get(file))
        .route("/chat/api/{verb}", post(act))
}

#[derive(Deserialize)]
struct News {
    user: i64,
    /// The version that the page shows; absent asks for the present one at once.
    since: Option<u64>,
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
    email: String,
}

async fn news(control: &Control, query: News) -> Value {
    let world = &control.world;
    let mut bell = world.change_quietly(|state| state.known(query.user).changed.subscribe());
    let mut closing = world.closing.subscribe();
    if let Some(since) = query.since
        && *bell.borrow_and_update() == since
    {
        tokio::select! {
            _ = bell.changed() => {}
            _ = closing.changed() => {}
            () = tokio::time::sleep(NEWS_WITHIN) => {}
        }
    }
    world.read(|state| snapshot(state, query.user))
}

fn snapshot(state: &State, user: i64) -> Value {
    let Some(customer) = state.customers.get(&user) else {
        return Value::Null;
    };
    let language = customer.spec.language_code.as_deref().unwrap_or_default();
    let descriptions = &state.bot.descriptions;
    let description = descriptions.get(language).or_else(|| descriptions.get(""));
    let buttons = &state.bot.menu_buttons;
    json!({
        "version": *customer.changed.borrow(),
        "user": user,
        "first_name": customer.spec.first_name,
        "started": customer.started,
        "blocked": customer.blocked,
        "stars": customer.stars,
        "messages": in_order(&customer.messages),
        "reply_keyboard": customer.reply_keyboard,
        "commands": state.commands_for(customer),
        "menu_button": buttons.get(&user).or_else(|| buttons.get(&0)),
        "bot": {
            "name": crate::BOT_NAME,
            "username": crate::BOT_USERNAME,
            "description": description,
        },
    })
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

async fn run(control: &Control, verb: &str, act: Act) -> Result<Value, String> {
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
        "contact" => json!(control.share_contact(user, &act.phone, Some(user), false)),
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
                order_info: (!act.email.is_empty()).then(|| json!({ "email": act.email })),
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
        _ => return Err(format!("there is no verb {verb}")),
    })
}
