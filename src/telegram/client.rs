//! The connections to the Bot API and the one way in which every call goes.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::RequestBuilder;
use reqwest::multipart::Form;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::{Host, Url};

use super::CallError;
use super::wire::Wire;
use crate::meters;

/// No call waits longer for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// What an ordinary call may take.
pub(super) const ORDINARY: Duration = Duration::from_secs(20);

/// Telegram's Bot API, or a server that speaks it. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    /// Without a slash at the end.
    api_url: String,
    token: SecretString,
    bot_id: i64,
    ordinary: Connections,
    urgent: Connections,
    polling: Connections,
}

/// Connections of one kind: the hot way for calls in JSON where there is one, and the way for all else.
struct Connections {
    hot: Option<Wire>,
    any: reqwest::Client,
}

/// Which connections a call uses, so that none waits behind calls of another kind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pool {
    Ordinary,
    /// Answers that have a deadline.
    Urgent,
    /// Calls that wait for updates.
    Polling,
}

/// Why there is no client. Never holds the token.
#[derive(Debug, thiserror::Error)]
pub enum BadClient {
    /// Not an http address.
    #[error(
        "{found:?} is no address of a Bot API server, expected for example https://api.telegram.org"
    )]
    Address {
        /// What was found.
        found: String,
    },
    /// Not in the shape of a token.
    #[error(
        "the bot token has not the shape of one, expected digits, a colon and letters, as BotFather gives it"
    )]
    Token,
    /// The system gives no HTTP client.
    #[error("can't make an HTTP client: {0}")]
    Http(#[source] reqwest::Error),
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("api_url", &self.inner.api_url)
            .field("bot_id", &self.inner.bot_id)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Reply<'a> {
    ok: bool,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error_code: Option<u16>,
    #[serde(borrow)]
    description: Option<Cow<'a, str>>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
}

impl Client {
    /// A client for the bot of `token` at `api_url`. Nothing is sent as yet.
    pub fn new(api_url: &str, token: SecretString) -> Result<Self, BadClient> {
        let bot_id = bot_id(token.expose_secret()).ok_or(BadClient::Token)?;
        let bad = || BadClient::Address {
            // A password stands before the `@`.
            found: api_url.rsplit('@').next().unwrap_or_default().to_owned(),
        };
        let address = Url::parse(api_url).map_err(|_| bad())?;
        let is_http = matches!(address.scheme(), "http" | "https");
        // A path or a password in the address would be shown by `Debug`, and is never needed.
        if !is_http || address.password().is_some() || address.query().is_some() {
            return Err(bad());
        }
        let local = match address.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => return Err(bad()),
        };
        let pool = || {
            let any = connections(local).map_err(BadClient::Http)?;
            let hot = Wire::new(api_url, local, CONNECT);
            Ok::<_, BadClient>(Connections { hot, any })
        };
        Ok(Self {
            inner: Arc::new(Inner {
                api_url: api_url.trim_end_matches('/').to_owned(),
                token,
                bot_id,
                ordinary: pool()?,
                urgent: pool()?,
                polling: pool()?,
            }),
        })
    }

    /// The bot's id: the digits of its token.
    pub fn bot_id(&self) -> i64 {
        self.inner.bot_id
    }

    /// Where the Bot API is, and the token that its addresses hold.
    pub(super) fn place(&self) -> (&str, &SecretString) {
        (&self.inner.api_url, &self.inner.token)
    }

    /// The connections of ordinary calls.
    pub(super) fn http(&self) -> &reqwest::Client {
        &self.inner.ordinary.any
    }

    /// Calls `method` and reads its result, within `timeout`.
    pub(super) async fn call<P, R>(
        &self,
        pool: Pool,
        timeout: Duration,
        method: &'static str,
        params: &P,
    ) -> Result<R, CallError>
    where
        P: Serialize + Sync + ?Sized,
        R: DeserializeOwned,
    {
        measured(method, async {
            let Some(wire) = &self.connections(pool).hot else {
                let request = self.request(pool, timeout, method).json(params);
                return exchange(request).await;
            };
            let json = serde_json::to_vec(params)
                .map_err(|error| CallError::NotSent(format!("no JSON: {error}")))?;
            let (status, body) = wire.post(&self.address(method), json, timeout).await?;
            read(status, &body)
        })
        .await
    }

    /// Calls `method` with a file and reads its result, within `timeout`.
    pub(super) async fn upload<R>(
        &self,
        pool: Pool,
        timeout: Duration,
        method: &'static str,
        form: Form,
    ) -> Result<R, CallError>
    where
        R: DeserializeOwned,
    {
        let request = self.request(pool, timeout, method).multipart(form);
        measured(method, exchange(request)).await
    }

    fn request(&self, pool: Pool, timeout: Duration, method: &str) -> RequestBuilder {
        let client = &self.connections(pool).any;
        client.post(self.address(method)).timeout(timeout)
    }

    fn connections(&self, pool: Pool) -> &Connections {
        match pool {
            Pool::Ordinary => &self.inner.ordinary,
            Pool::Urgent => &self.inner.urgent,
            Pool::Polling => &self.inner.polling,
        }
    }

    fn address(&self, method: &str) -> String {
        let token = self.inner.token.expose_secret();
        format!("{}/bot{token}/{method}", self.inner.api_url)
    }
}

/// Notes how long a call took, and how it went.
async fn measured<R>(
    method: &'static str,
    call: impl Future<Output = Result<R, CallError>>,
) -> Result<R, CallError> {
    let started = Instant::now();
    let result = call.await;
    let outcome = result.as_ref().err().map_or("ok", CallError::outcome);
    meters::TELEGRAM.since([method, outcome], started);
    result
}

/// Sends a request and reads its answer.
async fn exchange<R>(request: RequestBuilder) -> Result<R, CallError>
where
    R: DeserializeOwned,
{
    let response = request.send().await.map_err(CallError::transport)?;
    let status = response.status().as_u16();
    let body = response.bytes().await.map_err(CallError::transport)?;
    read(status, &body)
}

/// Reads an answer.
fn read<R>(status: u16, body: &[u8]) -> Result<R, CallError>
where
    R: DeserializeOwned,
{
    let Ok(reply) = serde_json::from_slice::<Reply<'_>>(body) else {
        return Err(unreadable(status));
    };
    if reply.ok {
        let result = reply.result.map_or("null", RawValue::get);
        return serde_json::from_str(result)
            .map_err(|error| CallError::Unknown(format!("an unexpected result: {error}")));
    }
    Err(CallError::refused(
        reply.error_code.unwrap_or(status),
        reply.description.unwrap_or_default().into_owned(),
        reply.parameters.and_then(|more| more.retry_after),
    ))
}

/// An answer that is no Bot API answer: as a rule a proxy's page, whose status says whether it let the call through.
fn unreadable(status: u16) -> CallError {
    match status {
        200..300 => CallError::Unknown("the answer is cut short or no JSON".to_owned()),
        429 => CallError::refused(429, String::new(), None),
        _ => CallError::Unknown(format!("{status} without a Bot API answer")),
    }
}

fn connections(local: bool) -> Result<reqwest::Client, reqwest::Error> {
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(30))
        // The address holds the token: it goes nowhere else.
        .redirect(reqwest::redirect::Policy::none())
        .referer(false);
    // The system's proxy is for Telegram, not for a server on this machine.
    let builder = if local { builder.no_proxy() } else { builder };
    builder.build()
}

/// The digits before the colon of a well-shaped token.
fn bot_id(token: &str) -> Option<i64> {
    let (id, secret) = token.split_once(':')?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let shaped = !secret.is_empty()
        && secret.bytes().all(fits)
        && id.bytes().all(|byte| byte.is_ascii_digit());
    if shaped { id.parse().ok() } else { None }
}
