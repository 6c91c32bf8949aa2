//! Where Telegram pushes the bot's updates to. Whoever does not know the secret gets nothing read and nothing stored; an
//! update is answered 200 when it is committed, and otherwise brought again by Telegram.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::future::BoxFuture;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use crate::meters;

/// The path, under the public address.
pub const PATH: &str = "/webhooks/telegram";
/// The header that holds the secret.
const SECRET: &str = "x-telegram-bot-api-secret-token";
/// The largest body in bytes. Two texts of 4,096 characters with all their entities stay far below; a larger update would
/// hold its chat up for a day, so the limit is generous.
const LARGEST: usize = 1024 * 1024;
/// A body must have come after this time.
const READING: Duration = Duration::from_secs(10);
/// So many requests with the secret are at work at once: more than the 100 that Telegram makes, so that two processes
/// that take turns don't refuse it.
const AT_ONCE: usize = 128;
/// When Telegram is asked to come again, in seconds. A question before a payment has 10.
const AGAIN: &str = "1";

/// The way into the inbox, which another room owns.
pub trait Updates: Send + Sync {
    /// Takes an update, whatever its body is; `true` when it is committed, `false` when it must come again.
    fn take<'a>(&'a self, body: &'a [u8]) -> BoxFuture<'a, bool>;
}

/// A webhook: what proves the sender, and where updates go.
#[derive(Clone)]
pub struct Webhook {
    secret: SecretString,
    updates: Arc<dyn Updates>,
    at_work: Arc<Semaphore>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").finish_non_exhaustive()
    }
}

impl Webhook {
    /// Takes what carries `secret` into `updates`.
    pub fn new(secret: SecretString, updates: Arc<dyn Updates>) -> Self {
        Self {
            secret,
            updates,
            at_work: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(SECRET).map_or(&b""[..], |it| it.as_bytes());
        given.ct_eq(self.secret.expose_secret().as_bytes()).into()
    }
}

/// Why an update was not taken.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    /// Not the secret.
    Stranger,
    TooLarge,
    TooSlow,
    /// The connection broke.
    Broken,
    /// Too much at once, or the database can't take it.
    Busy,
}

impl Refusal {
    fn name(self) -> &'static str {
        match self {
            Refusal::Stranger => "stranger",
            Refusal::TooLarge => "too_large",
            Refusal::TooSlow => "too_slow",
            Refusal::Broken => "broken",
            Refusal::Busy => "busy",
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        meters::WEBHOOK_REFUSED.count([self.name()]);
        match self {
            Refusal::Stranger => StatusCode::UNAUTHORIZED.into_response(),
            Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            Refusal::TooSlow => StatusCode::REQUEST_TIMEOUT.into_response(),
            Refusal::Broken => StatusCode::BAD_REQUEST.into_response(),
            Refusal::Busy => {
                let again = [(header::RETRY_AFTER, AGAIN)];
                (StatusCode::SERVICE_UNAVAILABLE, again).into_response()
            }
        }
    }
}

pub(super) fn routes(webhook: Webhook) -> Router {
    Router::new().route(PATH, post(receive)).with_state(webhook)
}

async fn receive(
    State(webhook): State<Webhook>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Refusal> {
    if !webhook.knows(&headers) {
        return Err(Refusal::Stranger);
    }
    let Ok(_at_work) = webhook.at_work.try_acquire() else {
        return Err(Refusal::Busy);
    };
    let body = read(body, READING).await?;
    if webhook.updates.take(&body).await {
        Ok(StatusCode::OK)
    } else {
        Err(Refusal::Busy)
    }
}

/// The whole body, if it comes in time and is not too large.
async fn read(body: Body, within: Duration) -> Result<Vec<u8>, Refusal> {
    if body.size_hint().lower() > LARGEST as u64 {
        return Err(Refusal::TooLarge);
    }
    let whole = Limited::new(body, LARGEST).collect();
    match tokio::time::timeout(within, whole).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes().into()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge),
        Ok(Err(_)) => Err(Refusal::Broken),
        Err(_) => Err(Refusal::TooSlow),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let parts = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
        let refused = read(Body::from_stream(parts), Duration::from_millis(1)).await;
        assert!(matches!(refused, Err(Refusal::TooSlow)), "{refused:?}");
    }

    #[tokio::test]
    async fn the_largest_body_is_taken_and_a_larger_one_is_not() {
        let taken = read(Body::from(vec![b'x'; LARGEST]), READING).await;
        assert_eq!(taken.unwrap().len(), LARGEST);
        let refused = read(Body::from(vec![b'x'; LARGEST + 1]), READING).await;
        assert!(matches!(refused, Err(Refusal::TooLarge)), "{refused:?}");
        // Its size is not announced.
        let part = || Ok::<_, std::io::Error>(vec![b'x'; LARGEST / 2]);
        let parts = futures::stream::iter([part(), part(), Ok(vec![b'x'])]);
        let refused = read(Body::from_stream(parts), READING).await;
        assert!(matches!(refused, Err(Refusal::TooLarge)), "{refused:?}");
    }
}
