//! "Log in with Telegram": the calls of `telegram` for the trait of the shop.

use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::SecretString;

use crate::shop::access::identity::oidc::{Client, Grant, OidcError, Provider};
use crate::telegram::oidc::{Oidc, OidcCallError};

/// Telegram's OpenID provider.
#[derive(Clone, Debug)]
pub struct TelegramLogin(Oidc);

impl TelegramLogin {
    /// The provider of `client`, who proves itself by `secret`. Nothing is sent as yet.
    pub fn new(client: &Client, secret: SecretString) -> Result<Self, OidcError> {
        let (token, keys) = (client.at("/token"), client.at("/.well-known/jwks.json"));
        let oidc = Oidc::new(token, keys, client.id.clone(), secret).map_err(why)?;
        Ok(Self(oidc))
    }
}

impl Provider for TelegramLogin {
    fn exchange<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<String, OidcError>> {
        let Grant {
            code,
            verifier,
            redirect,
        } = grant;
        async move { self.0.exchange(code, verifier, redirect).await.map_err(why) }.boxed()
    }

    fn keys(&self) -> BoxFuture<'_, Result<String, OidcError>> {
        async { self.0.keys().await.map_err(why) }.boxed()
    }
}

fn why(error: OidcCallError) -> OidcError {
    match error {
        OidcCallError::Code(_) => OidcError::Refused,
        OidcCallError::Client => OidcError::Unknown,
        OidcCallError::Unreachable(why) => OidcError::Unreachable(why),
        OidcCallError::Answer => OidcError::Answer("it is too long, or not what it should be"),
    }
}
