//! The Bot API over HTTP: `/bot<token>/<method>` and `/file/bot<token>/<path>`, with the faults that were asked for.

use axum::{
    body::Body,
    extract::{Request, State as Shared},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http_body::Frame;
use serde_json::Value;
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use crate::{
    calls::Call,
    faults::FaultKind,
    methods,
    params::Params,
    polling,
    reply::{Answer, ApiError},
    world::{World, bot_id},
};

/// Takes every request that no other route took.
pub(crate) async fn serve(Shared(world): Shared<Arc<World>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if let Some((token, file)) = path
        .strip_prefix("/file/bot")
        .and_then(|rest| rest.split_once('/'))
    {
        return download(&world, token, file);
    }
    let Some((token, method)) = path
        .strip_prefix("/bot")
        .and_then(|rest| rest.split_once('/'))
    else {
        return refusal(&ApiError::new(404, "Not Found"));
    };
    if bot_id(token).is_none() {
        return refusal(&ApiError::new(401, "Unauthorized: invalid token specified"));
    }
    if !world.admits(token) {
        return refusal(&ApiError::new(401, "Unauthorized"));
    }
    if let (None, Some(id)) = (&world.token, bot_id(token)) {
        world.change_quietly(|state| state.bot.id = id);
    }
    let method = method.trim_end_matches('/').to_owned();
    let params = match Params::read(request).await {
        Ok(params) => params,
        Err(error) => return refusal(&error),
    };
    call(&world, &method, &params).await
}

async fn call(world: &World, method: &str, params: &Params) -> Response {
    let chat_id = params
        .integer("chat_id")
        .or_else(|| params.integer("user_id"));
    let plan = world.change_quietly(|state| state.faults.plan(method, chat_id));
    if plan.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(plan.delay_ms)).await;
    }
    let refused = match &plan.strike {
        Some(FaultKind::TooMany { retry_after }) => Some(ApiError::too_many(*retry_after)),
        Some(FaultKind::Status { code, description }) => Some(ApiError::new(*code, description)),
        Some(FaultKind::DropBefore) => {
            log(
                world,
                method,
                params,
                Some("dropped before the effect".into()),
                false,
            );
            return dropped();
        }
        _ => None,
    };
    if let Some(error) = refused {
        log(
            world,
            method,
            params,
            Some(error.description.clone()),
            false,
        );
        return refusal(&error);
    }
    let struck = match &plan.strike {
        Some(FaultKind::DropAfter) => Some("dropped after the effect"),
        Some(FaultKind::MalformedJson) => Some("answered malformed JSON"),
        _ => None,
    };
    let outcome = if method.eq_ignore_ascii_case("getUpdates") {
        let outcome = polling::get_updates(world, params).await;
        let error = outcome
            .as_ref()
            .err()
            .map(|error| error.description.clone());
        let error = error.or_else(|| struck.map(str::to_owned));
        log(world, method, params, error, outcome.is_ok());
        outcome
    } else {
        run_logged(world, method, params, struck).map(|value| value.to_string())
    };
    match (&plan.strike, outcome) {
        (Some(FaultKind::DropAfter), _) => dropped(),
        (Some(FaultKind::MalformedJson), Ok(result)) => {
            let body = format!("{{\"ok\":true,\"result\":{result}");
            let cut = body.floor_char_boundary(body.len() - body.len() / 4);
            json_response(StatusCode::OK, body[..cut].to_owned())
        }
        (_, Ok(result)) => json_response(
            StatusCode::OK,
            format!("{{\"ok\":true,\"result\":{result}}}"),
        ),
        (_, Err(error)) => refusal(&error),
    }
}

/// Runs a method and writes it into the log of calls in one step. `struck` is what a fault will make of the answer.
pub(crate) fn run_logged(
    world: &World,
    method: &str,
    params: &Params,
    struck: Option<&str>,
) -> Answer {
    world.change(|state| {
        let outcome = methods::run(state, method, params);
        state.call_count += 1;
        let error = outcome
            .as_ref()
            .err()
            .map(|error| error.description.clone());
        let call = Call {
            n: state.call_count,
            at_ms: state.now_ms(),
            method: method.to_owned(),
            params: logged(params),
            ok: outcome.is_ok(),
            error: error.or_else(|| struck.map(str::to_owned)),
        };
        state.calls.push(call);
        outcome
    })
}

fn log(world: &World, method: &str, params: &Params, error: Option<String>, ok: bool) {
    world.change(|state| {
        state.call_count += 1;
        let call = Call {
            n: state.call_count,
            at_ms: state.now_ms(),
            method: method.to_owned(),
            params: logged(params),
            ok,
            error,
        };
        state.calls.push(call);
    });
}

fn logged(params: &Params) -> Value {
    let mut values = params.values.clone();
    for (name, upload) in &params.files {
        values.insert(name.clone(), format!("<file {}>", upload.name).into());
    }
    Value::Object(values)
}

fn refusal(error: &ApiError) -> Response {
    let status = StatusCode::from_u16(error.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = json_response(status, error.body().to_string());
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert("retry-after", seconds.into());
    }
    response
}

fn json_response(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}

fn download(world: &World, token: &str, path: &str) -> Response {
    if !world.admits(token) {
        return refusal(&ApiError::new(401, "Unauthorized"));
    }
    match world.read(|state| state.files.at_path(path).cloned()) {
        Some(file) => ([(CONTENT_TYPE, "application/octet-stream")], file.bytes).into_response(),
        None => refusal(&ApiError::new(404, "Not Found")),
    }
}

/// A response that breaks the connection before its first byte is out.
fn dropped() -> Response {
    Response::new(Body::new(BrokenBody))
}

/// A body that fails at once. The server has written the head into its buffer only, and gives the connection up without flushing it.
struct BrokenBody;

impl http_body::Body for BrokenBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(Err(io::Error::other("dropped on demand"))))
    }
}
