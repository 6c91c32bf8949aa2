//! The calls of "Log in with Telegram": a code for an `id_token`, and the list of keys. Telegram's OpenID provider has
//! nothing of the Bot API but the owner.

use std::fmt;
use std::time::{Duration, Instant};

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::CallError;
use crate::meters;

/// No call waits longer for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// A person waits before the page meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of the longest answer that is read.
const LONGEST: usize = 131_072;

/// The provider, as the shop asks it. Cheap to clone.
#[derive(Clone)]
pub struct Oidc {
    token: Url,
    keys: Url,
    id: String,
    secret: SecretString,
    http: reqwest::Client,
}

/// Why a call has no answer. Holds neither code nor secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcCallError {
    /// The code is used, too old or made up.
    #[error("the code is refused: {0}")]
    Code(String),
    /// The provider does not know the id, or the secret is wrong.
    #[error("the client id or its secret is refused")]
    Client,
    /// There is no answer, or none at the moment.
    #[error("{0}")]
    Unreachable(String),
    /// The answer is none.
    #[error("the answer is too long, or not what it should be")]
    Answer,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc")
            .field("token", &self.token.as_str())
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Oidc {
    /// A client whose provider takes codes at `token` and lists its keys at `keys`. Nothing is sent as yet.
    pub fn new(
        token: Url,
        keys: Url,
        id: String,
        secret: SecretString,
    ) -> Result<Self, OidcCallError> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(PATIENCE)
            // A code and a secret go nowhere else.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false);
        let is_local = token
            .host_str()
            .is_some_and(|host| host == "localhost" || host.starts_with("127.") || host == "[::1]");
        let http = if is_local { http.no_proxy() } else { http };
        let http = http.build().map_err(unreachable)?;
        Ok(Self {
            token,
            keys,
            id,
            secret,
            http,
        })
    }

    /// Exchanges a code for an `id_token`, which proves nothing before it is checked.
    pub async fn exchange(
        &self,
        code: &SecretString,
        verifier: &SecretString,
        redirect: &Url,
    ) -> Result<String, OidcCallError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", redirect.as_str()),
            ("client_id", &self.id),
            ("code_verifier", verifier.expose_secret()),
        ];
        let request = self.http.post(self.token.clone()).form(&form);
        // RFC 6749 wants both form-encoded before they are joined. UNVERIFIED whether this provider decodes them; ids and
        // secrets of letters, digits, `-` and `_`, as it gives them, are the same either way.
        let request = request.basic_auth(&self.id, Some(self.secret.expose_secret()));
        let body = measured("oidc.token", request).await?;
        let tokens: Tokens = serde_json::from_str(&body).map_err(|_| OidcCallError::Answer)?;
        Ok(tokens.id_token)
    }

    /// The text of the list of keys (JWKS).
    pub async fn keys(&self) -> Result<String, OidcCallError> {
        measured("oidc.keys", self.http.get(self.keys.clone())).await
    }
}

/// Makes a call, and notes how long it took and how it went.
async fn measured(call: &'static str, request: RequestBuilder) -> Result<String, OidcCallError> {
    let started = Instant::now();
    let result = exchange(request).await;
    let outcome = match &result {
        Ok(_) => "ok",
        Err(OidcCallError::Code(_)) => "refused",
        Err(OidcCallError::Client) => "unauthorized",
        Err(OidcCallError::Unreachable(_)) => "not_sent",
        Err(OidcCallError::Answer) => "unknown",
    };
    meters::TELEGRAM.since([call, outcome], started);
    result
}

async fn exchange(request: RequestBuilder) -> Result<String, OidcCallError> {
    let mut response = request.send().await.map_err(unreachable)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(unreachable)? {
        if body.len() + part.len() > LONGEST {
            return Err(OidcCallError::Answer);
        }
        body.extend_from_slice(&part);
    }
    let body = String::from_utf8(body).map_err(|_| OidcCallError::Answer)?;
    let said = || serde_json::from_str::<Refusal>(&body).map(|it| it.error);
    match status {
        200 => Ok(body),
        401 | 403 => Err(OidcCallError::Client),
        400 => match said() {
            Ok(word) if word == "invalid_client" || word == "unauthorized_client" => {
                Err(OidcCallError::Client)
            }
            Ok(word) => Err(OidcCallError::Code(word.chars().take(40).collect())),
            Err(_) => Err(OidcCallError::Answer),
        },
        429 | 500.. => Err(OidcCallError::Unreachable(format!("it answers {status}"))),
        _ => Err(OidcCallError::Answer),
    }
}

/// The words of a transport's error, without its address.
fn unreachable(error: reqwest::Error) -> OidcCallError {
    OidcCallError::Unreachable(CallError::transport(error).to_string())
}
