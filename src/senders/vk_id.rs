//! VK ID: a person logs in at VK and shares the number that VK has confirmed (OAuth 2.1 with PKCE). Only the calls stand
//! here. What must be kept between the two requests of the browser, [`Kept`], is the caller's: bound to that browser, and
//! used once. UNVERIFIED: with which words VK sends back somebody who does not agree; whoever comes without a code has not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use super::http::{Answer, Connections, NoAnswer, exchange};
use super::proof::is_same;
use super::settings::VkIdSettings;
use crate::shop::access::vk::login::{Back, Kept, Person, VkIdError, VkLogin};
use crate::shop::customers::Phone;

/// The person's number is what we want; the rest is what VK ID gives with it.
const SCOPE: &str = "vkid.personal_info phone";

/// An application of VK ID.
#[derive(Clone, Debug)]
pub struct VkId {
    connections: Connections,
    settings: VkIdSettings,
    redirect: Url,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Info {
    user: Option<User>,
}

#[derive(Deserialize)]
struct User {
    /// UNVERIFIED: whether it is text or a number; both are read.
    user_id: Value,
    phone: Option<String>,
}

impl VkId {
    /// An application whose logins end at `redirect`, which VK ID must know.
    pub fn new(connections: Connections, settings: VkIdSettings, redirect: Url) -> Self {
        Self {
            connections,
            settings,
            redirect,
        }
    }

    fn address(&self, kept: &Kept) -> Url {
        let challenge = Sha256::digest(kept.verifier.expose_secret());
        let mut url = self.settings.url.clone();
        url.set_path("/authorize");
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", self.redirect.as_str())
            .append_pair("state", kept.state.expose_secret())
            .append_pair("scope", SCOPE)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(challenge))
            .append_pair("code_challenge_method", "S256");
        url
    }

    async fn ask(&self, kept: &Kept, back: &Back) -> Result<Person, VkIdError> {
        let (sent, came) = (kept.state.expose_secret(), back.state.expose_secret());
        if !is_same(sent.as_bytes(), came.as_bytes()) {
            return Err(VkIdError::Stranger);
        }
        let exchanged = self
            .post(
                "oauth2/auth",
                &[
                    ("grant_type", "authorization_code"),
                    ("code", back.code.expose_secret()),
                    ("code_verifier", kept.verifier.expose_secret()),
                    ("client_id", &self.settings.client_id),
                    ("device_id", &back.device_id),
                    ("redirect_uri", self.redirect.as_str()),
                    ("state", sent),
                ],
            )
            .await?;
        let tokens: Tokens = read(&exchanged)?;
        let Some(token) = tokens.access_token.map(SecretString::from) else {
            return Err(VkIdError::Refused(reason(tokens.error.as_deref())));
        };
        let told = self
            .post(
                "oauth2/user_info",
                &[
                    ("client_id", &self.settings.client_id),
                    ("access_token", token.expose_secret()),
                ],
            )
            .await?;
        let info: Info = read(&told)?;
        let user = info.user.ok_or_else(|| VkIdError::Refused(reason(None)))?;
        let id = match &user.user_id {
            Value::String(text) => text.parse().ok(),
            other => other.as_i64(),
        };
        Ok(Person {
            user: id.ok_or_else(|| VkIdError::Refused("a user without an id".to_owned()))?,
            phone: user.phone.as_deref().and_then(Phone::read),
        })
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Answer, VkIdError> {
        let request = self.connections.post(&self.settings.url, path).form(form);
        let answer = exchange(request).await;
        let unavailable = |none: NoAnswer| VkIdError::Unavailable(none.reason());
        let answer = answer.map_err(unavailable)?;
        if answer.status >= 500 || answer.status == 429 {
            return Err(VkIdError::Unavailable(format!("status {}", answer.status)));
        }
        Ok(answer)
    }
}

impl VkLogin for VkId {
    fn authorize(&self, kept: &Kept) -> Url {
        self.address(kept)
    }

    fn person<'a>(
        &'a self,
        kept: &'a Kept,
        back: &'a Back,
    ) -> BoxFuture<'a, Result<Person, VkIdError>> {
        self.ask(kept, back).boxed()
    }
}

fn read<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, VkIdError> {
    // A JSON error quotes nothing of what it could not read, but a token is too dear to rely on that.
    serde_json::from_slice(&answer.body)
        .map_err(|_| VkIdError::Unavailable(format!("status {} without an answer", answer.status)))
}

/// OAuth's own word for an error, such as `invalid_grant`.
fn reason(error: Option<&str>) -> String {
    let fits = |letter: &char| letter.is_ascii_lowercase() || *letter == '_';
    let word: String = error
        .unwrap_or_default()
        .chars()
        .take_while(fits)
        .take(64)
        .collect();
    if word.is_empty() {
        "an error without a name".to_owned()
    } else {
        word
    }
}
