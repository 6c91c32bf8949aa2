//! HTTP/1.1 with as little between the socket and the call as there can be: kept-alive connections, bodies with a length.

use axum::{body::Body, extract::Request};
use serde_json::Value;
use std::{
    io::{self, Write},
    ops::Range,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::Instant,
};

use super::{calls, queue::Found, server::Hall};
use crate::{params::Params, polling::OTHER_REQUEST, reply::ApiError, world::bot_id};

const HEADERS: usize = 48;
/// No call of a script needs more.
const BODY_LIMIT: usize = 1024 * 1024;
/// Telegram holds a long poll no longer.
const LONGEST_POLL: Duration = Duration::from_secs(50);

/// Where the parts of a request are in what was read.
struct Parsed {
    method: String,
    target: Range<usize>,
    content_type: Option<Range<usize>>,
    body: Range<usize>,
}

/// Takes connections until it is dropped, and they with it.
pub(super) async fn serve(listener: TcpListener, hall: Arc<Hall>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let hall = hall.clone();
                    connections.spawn(async move {
                        if let Err(error) = talk(stream, &hall).await {
                            tracing::debug!(%error, "a connection ended");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection could be taken");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn talk(mut stream: TcpStream, hall: &Hall) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut input = Vec::with_capacity(16 * 1024);
    let mut output = Vec::with_capacity(16 * 1024);
    let mut body = Vec::with_capacity(16 * 1024);
    loop {
        let mut used = 0;
        while let Some(parsed) = parse(&input[used..])? {
            let request = &input[used..];
            body.clear();
            body.extend_from_slice(b"{\"ok\":true,\"result\":");
            let status = match answer(hall, request, &parsed, &mut body).await {
                Ok(()) => {
                    body.push(b'}');
                    200
                }
                Err(error) => {
                    body.clear();
                    super::wire::put(&mut body, &error.body());
                    error.code
                }
            };
            used += parsed.body.end;
            // The reason is never read.
            write!(
                output,
                "HTTP/1.1 {status} .\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                body.len()
            )?;
            output.extend_from_slice(&body);
        }
        input.drain(..used);
        if !output.is_empty() {
            stream.write_all(&output).await?;
            output.clear();
        }
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
    }
}

fn broken(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

/// Finds a whole request at the beginning of `input`; `None` asks for more.
fn parse(input: &[u8]) -> io::Result<Option<Parsed>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let head = request
        .parse(input)
        .map_err(|error| broken(error.to_string()))?;
    let httparse::Status::Complete(head) = head else {
        return Ok(None);
    };
    // Where a part of `input` stands in it.
    let place = |part: &[u8]| {
        let start = part.as_ptr().addr() - input.as_ptr().addr();
        start..start + part.len()
    };
    let mut length = 0;
    let mut content_type = None;
    for header in request.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            let text = std::str::from_utf8(header.value).unwrap_or_default();
            length = text.trim().parse().map_err(|_| broken("no length"))?;
        } else if header.name.eq_ignore_ascii_case("content-type") {
            content_type = Some(place(header.value));
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(broken("a body without a length"));
        }
    }
    if length > BODY_LIMIT {
        return Err(broken("a body that is too long"));
    }
    if input.len() < head + length {
        return Ok(None);
    }
    Ok(Some(Parsed {
        method: request.method.unwrap_or_default().to_owned(),
        target: place(request.path.unwrap_or_default().as_bytes()),
        content_type,
        body: head..head + length,
    }))
}

/// Writes the result of the call into `answer`.
async fn answer(
    hall: &Hall,
    request: &[u8],
    parsed: &Parsed,
    answer: &mut Vec<u8>,
) -> Result<(), ApiError> {
    let not_found = || ApiError::new(404, "Not Found");
    let target = std::str::from_utf8(&request[parsed.target.clone()]).map_err(|_| not_found())?;
    let path = target.split('?').next().unwrap_or_default();
    let (token, method) = path
        .strip_prefix("/bot")
        .and_then(|rest| rest.split_once('/'))
        .ok_or_else(not_found)?;
    if !hall.proper.admits(token) {
        return Err(ApiError::new(401, "Unauthorized"));
    }
    let params = params(request, parsed, target).await?;
    if method.eq_ignore_ascii_case("getUpdates") {
        return get_updates(hall, &params, answer).await;
    }
    if method.eq_ignore_ascii_case("getMe")
        && let Some(id) = bot_id(token)
    {
        hall.proper.change_quietly(|state| state.bot.id = id);
    }
    let outcome = calls::run(hall, method, &params, answer);
    hall.count(|figures| {
        figures.calls += 1;
        if let Err(error) = &outcome {
            let refusal = format!("{method}: {}", error.description);
            *figures.refused.entry(refusal).or_default() += 1;
        }
    });
    outcome
}

/// JSON, as bots of speed send it, is read at once; everything else goes the long way.
async fn params(request: &[u8], parsed: &Parsed, target: &str) -> Result<Params, ApiError> {
    let body = &request[parsed.body.clone()];
    let content_type = parsed.content_type.clone().map(|place| &request[place]);
    let is_json = content_type.is_some_and(|kind| kind.starts_with(b"application/json"));
    if is_json && !target.contains('?') {
        return match serde_json::from_slice(body) {
            Ok(Value::Object(values)) => Ok(Params::from_values(values)),
            _ => Err(ApiError::bad("can't parse request JSON object")),
        };
    }
    let mut whole = Request::builder()
        .method(parsed.method.as_str())
        .uri(target);
    if let Some(kind) = content_type {
        whole = whole.header("content-type", kind);
    }
    let whole = whole
        .body(Body::from(body.to_vec()))
        .map_err(|_| ApiError::bad("can't parse the request"))?;
    Params::read(whole).await
}

async fn get_updates(hall: &Hall, params: &Params, answer: &mut Vec<u8>) -> Result<(), ApiError> {
    let limit = params.integer("limit").unwrap_or(100).clamp(1, 100) as usize;
    let seconds = params.integer("timeout").unwrap_or_default().max(0) as u64;
    let deadline = Instant::now() + Duration::from_secs(seconds).min(LONGEST_POLL);
    let poll = hall
        .queue
        .begin(params.integer("offset").unwrap_or_default());
    loop {
        // Before the look: what comes after it rings this bell.
        let bell = hall.queue.bell.notified();
        match hall.queue.batch(poll, limit, answer, hall.now()) {
            Found::Replaced => return Err(ApiError::conflict(OTHER_REQUEST)),
            Found::Batch(fresh) => {
                hall.count(|figures| figures.handed += fresh as u64);
                return Ok(());
            }
            Found::Nothing if Instant::now() >= deadline => {
                answer.extend_from_slice(b"[]");
                return Ok(());
            }
            Found::Nothing => {}
        }
        // When the time is up, the next look ends it.
        let _ = tokio::time::timeout_at(deadline, bell).await;
    }
}
