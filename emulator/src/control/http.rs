//! The control API over HTTP: `POST /control/<verb>` with a JSON object, for tests that are not written in Rust.

use axum::{
    Json, Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use std::{fmt::Display, sync::Arc};

use super::Control;
use crate::{
    customers::CustomerSpec, faults::Fault, mailbox::Mail, methods, payment::PayOptions,
    world::World,
};

/// What went wrong with a request, as text for a person.
struct Mistake(StatusCode, String);

impl IntoResponse for Mistake {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

fn wrong(reason: impl Display) -> Mistake {
    Mistake(StatusCode::BAD_REQUEST, reason.to_string())
}

/// Fields of the verbs that concern one customer; each verb reads those that it needs.
#[derive(Deserialize)]
#[serde(default)]
struct Act {
    user: i64,
    text: String,
    message_id: i64,
    data: String,
    query_id: String,
    link: String,
    phone: String,
    contact_user_id: Option<i64>,
    forwarded: bool,
    name: String,
    content: String,
    fields: Map<String, Value>,
    update: Map<String, Value>,
    update_id: i64,
    copies: u32,
    ms: i64,
    stars: i64,
    seed: u64,
    since: u64,
    method: Option<String>,
    options: PayOptions,
}

impl Default for Act {
    fn default() -> Self {
        Self {
            user: 0,
            text: String::new(),
            message_id: 0,
            data: String::new(),
            query_id: String::new(),
            link: String::new(),
            phone: String::new(),
            contact_user_id: None,
            forwarded: false,
            name: "file.txt".into(),
            content: String::new(),
            fields: Map::new(),
            update: Map::new(),
            update_id: 0,
            copies: 1,
            ms: 0,
            stars: 0,
            seed: 0,
            since: 0,
            method: None,
            options: PayOptions::default(),
        }
    }
}

/// The routes under `/control`.
pub(crate) fn routes(control: Control) -> Router<Arc<World>> {
    let handler = move |Path(verb): Path<String>, Json(body): Json<Value>| async move {
        run(&control, &verb, body).await.map(Json)
    };
    Router::new().route("/control/{verb}", post(handler))
}

fn read<T: DeserializeOwned>(body: Value) -> Result<T, Mistake> {
    serde_json::from_value(body).map_err(wrong)
}

async fn run(control: &Control, verb: &str, body: Value) -> Result<Value, Mistake> {
    match verb {
        "customer" => {
            let id = control.customer(read::<CustomerSpec>(body)?);
            return Ok(json!({ "user": id }));
        }
        "mail" => {
            let id = control.mail(read::<Mail>(body)?);
            return Ok(json!({ "id": id }));
        }
        "fault" => {
            control.fault(read::<Fault>(body)?);
            return Ok(json!({}));
        }
        _ => {}
    }
    let act: Act = read(body)?;
    let user = act.user;
    Ok(match verb {
        "say" => json!(control.say(user, &act.text)),
        "raw_message" => json!(control.send_raw_message(user, act.fields)),
        "update" => json!({ "update_id": control.push_update_raw(act.update) }),
        "contact" => {
            json!(control.share_contact(user, &act.phone, act.contact_user_id, act.forwarded))
        }
        "phone" if act.phone.is_empty() => json!({ "phone": control.phone(user) }),
        "phone" => {
            control.set_phone(user, &act.phone);
            json!({})
        }
        "mails" => json!(control.mails()),
        "sticker" => json!(control.send_sticker(user)),
        "document" => json!(control.send_document(user, &act.name, act.content, &act.text)),
        "photo" => json!(control.send_photo(user, &act.name, act.content, &act.text)),
        "press" => {
            let id = control
                .press(user, act.message_id, &act.data)
                .map_err(wrong)?;
            json!({ "query_id": id })
        }
        "press_text" => {
            let id = control.press_text(user, &act.text).map_err(wrong)?;
            json!({ "query_id": id })
        }
        "press_forged" => {
            json!({ "query_id": control.press_forged(user, act.message_id, &act.data) })
        }
        "callback_answer" => json!(control.callback_answer(&act.query_id)),
        "messages" => json!(control.messages(user)),
        "wait_for_text" => {
            json!(
                control
                    .wait_for_text(user, &act.text)
                    .await
                    .map_err(wrong)?
            )
        }
        "calls" => match &act.method {
            Some(method) => json!(control.calls_of(method)),
            None => json!(control.calls(act.since)),
        },
        "pay" => json!(control.pay(user, act.message_id, act.options).await),
        "pay_link" => json!(control.pay_link(user, &act.link, act.options).await),
        "start_pay" => match control.start_pay(user, act.message_id, act.options) {
            Ok(id) => json!({ "query_id": id }),
            Err(outcome) => json!(outcome),
        },
        "finish_pay" => json!(control.finish_pay(&act.query_id).await),
        "charges" => json!(control.charges()),
        "star_transactions" => json!(control.world.read(methods::transactions)),
        "balance" => json!({ "stars": control.world.read(methods::balance) }),
        "stars" => {
            control.set_stars(user, act.stars);
            json!({})
        }
        "block" => {
            control.block(user);
            json!({})
        }
        "unblock" => {
            control.unblock(user);
            json!({})
        }
        "clear_faults" => {
            control.clear_faults();
            json!({})
        }
        "seed_faults" => {
            control.seed_faults(act.seed);
            json!({})
        }
        "advance" => {
            control.advance(act.ms);
            json!({ "now_ms": control.now_ms() })
        }
        "now" => json!({ "now_ms": control.now_ms() }),
        "confirmed" => json!(control.confirmed_updates()),
        "pending" => json!({ "pending": control.pending_updates() }),
        "updates" => json!(control.updates_log()),
        "counts" => json!(control.counts()),
        "redeliver" => json!({ "known": control.redeliver(act.update_id, act.copies) }),
        _ => {
            let reason = format!("there is no verb {verb}");
            return Err(Mistake(StatusCode::NOT_FOUND, reason));
        }
    })
}
