//! "Log in with Telegram" by OpenID Connect: the authorization code flow with PKCE. The browser goes to Telegram with a
//! question and comes back with a code, which is exchanged for a signed answer. Who asks and who is answered must be the
//! same browser: it keeps the question meanwhile.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;

use super::Identity;
use super::id_token::{self, Expected, NotTaken};
use super::keys::Keys;
use crate::clock::Millis;
use crate::store::{StoreError, random_bytes};

/// Telegram's OpenID provider.
pub const TELEGRAM: &str = "https://oauth.telegram.org";
/// Letters of the longest code that is passed on.
const LONGEST_CODE: usize = 2_048;

/// The shop as the provider knows it.
#[derive(Clone, Debug)]
pub struct Client {
    /// Who it is at the provider.
    pub id: String,
    /// The provider: what stands before `/auth`, and what its tokens say.
    pub issuer: Url,
    /// Where browsers come back to, as it is told to BotFather.
    pub redirect: Url,
}

/// What somebody asks the provider: kept in a cookie of their browser until they come back.
#[derive(Clone)]
pub struct Question {
    state: String,
    nonce: String,
    verifier: SecretString,
}

/// The calls that the provider takes, made elsewhere: the shop knows no HTTP.
pub trait Provider: Send + Sync + 'static {
    /// Exchanges a code, by the client's own secret, for an `id_token`.
    fn exchange<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<String, OidcError>>;
    /// The text of its list of keys (JWKS).
    fn keys(&self) -> BoxFuture<'_, Result<String, OidcError>>;
}

/// A code with what proves that it is ours.
#[derive(Clone)]
pub struct Grant {
    /// What the browser came back with.
    pub code: SecretString,
    /// What only the one who asked knows (PKCE).
    pub verifier: SecretString,
    /// The same address as in the question.
    pub redirect: Url,
}

/// Why a login came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// The browser that came back is not the one that asked, or came back with nothing of use.
    #[error("not an answer to this browser's question")]
    Unasked,
    /// The provider refuses the code: it is used, too old or made up.
    #[error("the provider refuses the code")]
    Refused,
    /// The provider does not know the shop: its id or its secret is wrong.
    #[error(
        "the provider does not know the shop: cabinet.telegram_client_id or its secret is wrong"
    )]
    Unknown,
    /// The provider can't be reached, or not at the moment.
    #[error("the provider can't be reached: {0}")]
    Unreachable(String),
    /// The provider's answer is none.
    #[error("the provider's answer is not understood: {0}")]
    Answer(&'static str),
    /// The answer does not prove who they are.
    #[error("the provider's answer proves nothing: {0}")]
    NotTaken(#[from] NotTaken),
}

impl Question {
    /// A new one.
    pub fn new() -> Result<Self, StoreError> {
        let secret = || random_bytes::<32>().map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        Ok(Self {
            state: secret()?,
            nonce: secret()?,
            verifier: secret()?.into(),
        })
    }

    /// For a cookie: `Secure`, `HttpOnly`, `SameSite=Lax`, for ten minutes.
    pub fn keep(&self) -> String {
        let verifier = self.verifier.expose_secret();
        format!("{}.{}.{verifier}", self.state, self.nonce)
    }

    /// From the cookie.
    pub fn kept(cookie: &str) -> Option<Self> {
        let parts: Vec<&str> = cookie.split('.').collect();
        let is_part = |part: &&str| URL_SAFE_NO_PAD.decode(part).is_ok_and(|it| it.len() == 32);
        match parts.as_slice() {
            [state, nonce, verifier] if parts.iter().all(is_part) => Some(Self {
                state: (*state).to_owned(),
                nonce: (*nonce).to_owned(),
                verifier: (*verifier).to_owned().into(),
            }),
            _ => None,
        }
    }

    /// Whether that is an answer to it, as far as anybody can tell without the provider.
    pub fn is_answered_by(&self, state: &str, code: &str) -> bool {
        let is_ours = bool::from(state.as_bytes().ct_eq(self.state.as_bytes()));
        is_ours && !code.is_empty() && code.len() <= LONGEST_CODE
    }

    /// The address at the provider that the browser is sent to.
    pub fn address(&self, client: &Client) -> Url {
        let challenge = Sha256::digest(self.verifier.expose_secret().as_bytes());
        let mut address = client.at("/auth");
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &client.id)
            .append_pair("redirect_uri", client.redirect.as_str())
            .append_pair("scope", "openid profile")
            .append_pair("state", &self.state)
            .append_pair("nonce", &self.nonce)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(challenge))
            .append_pair("code_challenge_method", "S256");
        address
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Question(…)")
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Grant(…)")
    }
}

impl Client {
    /// A page of the provider.
    pub fn at(&self, path: &str) -> Url {
        let mut url = self.issuer.clone();
        url.set_path(&format!(
            "{}{path}",
            self.issuer.path().trim_end_matches('/')
        ));
        url
    }

    /// The issuer's name in tokens: its address without a slash at the end.
    pub fn issuer_name(&self) -> &str {
        self.issuer.as_str().trim_end_matches('/')
    }
}

/// Who came back: `state` and `code` are from the address that the browser was sent to, `asked` from its cookie. Awaits the
/// provider, so it is no part of a transaction.
pub async fn answer(
    provider: &dyn Provider,
    keys: &Keys,
    client: &Client,
    asked: &Question,
    state: &str,
    code: &str,
    now: Millis,
) -> Result<Identity, OidcError> {
    if !asked.is_answered_by(state, code) {
        return Err(OidcError::Unasked);
    }
    let grant = Grant {
        code: code.to_owned().into(),
        verifier: asked.verifier.clone(),
        redirect: client.redirect.clone(),
    };
    let token = provider.exchange(&grant).await?;
    let id = id_token::key_id(&token)?;
    let key = keys.find(provider, &id, now).await?;
    let key = key.ok_or(NotTaken::UnknownKey)?;
    let expected = Expected {
        issuer: client.issuer_name(),
        client: &client.id,
        nonce: &asked.nonce,
        now,
    };
    Ok(id_token::check(&token, &key, &expected)?)
}
