//! What providers tell of the codes that they carried. The sender's account says whether a request is genuine; only then
//! anything is stored, and only what is stored is answered.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::site::{Problem, Site};
use crate::bus::inbox::{self, Fact};
use crate::shop::confirmations::hearing;
use crate::shop::confirmations::senders::{Call, Told};

/// The largest report in bytes.
const LARGEST: usize = 64 * 1024;
/// A body must have come after this time.
const READING: Duration = Duration::from_secs(10);

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/webhooks/phone/{sender}", get(hear).post(hear))
}

async fn hear(
    State(site): State<Site>,
    Path(sender): Path<String>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let mut known = site.reporters.iter();
    let reporter = known.find(|it| it.path() == sender).ok_or(Problem::Gone)?;
    let whole = Limited::new(body, LARGEST).collect();
    let body = match tokio::time::timeout(READING, whole).await {
        Ok(Ok(whole)) => whole.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response());
        }
        Ok(Err(_)) => return Ok(StatusCode::BAD_REQUEST.into_response()),
        Err(_) => return Ok(StatusCode::REQUEST_TIMEOUT.into_response()),
    };
    let headers: Vec<(String, Vec<u8>)> = headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    let call = Call {
        method: method.as_str(),
        query: query.as_deref().unwrap_or_default(),
        headers: &headers,
        body: &body,
        now: site.store.clock().now(),
    };
    match reporter.read(&call) {
        Told::Reports(reports, answer) => {
            let facts: Vec<Fact> = reports.iter().map(hearing::fact).collect();
            site.store
                .write("pages.reports", move |tx| {
                    let facts = facts.clone();
                    Box::pin(async move { inbox::store(tx, &facts).await })
                })
                .await?;
            Ok(said(answer.to_owned()))
        }
        Told::Challenge(answer) => Ok(said(answer)),
        Told::Nothing(answer) => Ok(said(answer.to_owned())),
        Told::Forged => Err(Problem::Gone),
    }
}

fn said(words: String) -> Response {
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (plain, words).into_response()
}
