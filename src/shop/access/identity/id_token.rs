//! The `id_token` of OpenID Connect: signed by a key of Telegram's list, made for this shop, for this login, and not over.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::{Identity, SKEW};
use crate::clock::Millis;

/// Letters of the longest token that is looked at.
pub const LONGEST: usize = 16_384;

/// What a token must be.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    /// Who says so.
    pub issuer: &'a str,
    /// To whom: the shop's client id.
    pub client: &'a str,
    /// For which login.
    pub nonce: &'a str,
    /// The time.
    pub now: Millis,
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It is no token, or too long for one.
    #[error("unreadable")]
    Unreadable,
    /// No key of the list has its name.
    #[error("signed by an unknown key")]
    UnknownKey,
    /// The key can't be used for what the token wants: another algorithm, none, or a use that is not signing.
    #[error("another algorithm than its key's")]
    Algorithm,
    /// The signature is not the key's.
    #[error("a wrong signature")]
    Signature,
    /// Somebody else says so.
    #[error("another issuer")]
    Issuer,
    /// It was made for somebody else.
    #[error("for another client")]
    Audience,
    /// It is over, or has not begun.
    #[error("out of its time")]
    Time,
    /// It was made for another login.
    #[error("for another login")]
    Nonce,
    /// It names no person.
    #[error("no person")]
    Nobody,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: Option<i64>,
    nbf: Option<i64>,
    nonce: Option<String>,
    id: Option<TelegramId>,
    name: Option<String>,
    preferred_username: Option<String>,
    phone_number: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// The Telegram id is a number on Telegram's page; `sub` is another, opaque one. UNVERIFIED whether it may be a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum TelegramId {
    Number(i64),
    Text(String),
}

/// The name of the key that a token says it is signed by. Nothing of it is proven.
pub fn key_id(token: &str) -> Result<String, NotTaken> {
    header(token)?.kid.ok_or(NotTaken::UnknownKey)
}

/// Who a token proves them to be. `key` is the one that [`key_id`] names in the list of the issuer.
pub fn check(token: &str, key: &Jwk, expected: &Expected<'_>) -> Result<Identity, NotTaken> {
    let header = header(token)?;
    if header.kid.is_none() || header.kid != key.common.key_id {
        return Err(NotTaken::UnknownKey);
    }
    let algorithm = algorithm(key)?;
    // What we would have to understand and don't, we refuse.
    if header.alg != algorithm || header.crit.is_some() {
        return Err(NotTaken::Algorithm);
    }
    let secret = DecodingKey::from_jwk(key).map_err(|_| NotTaken::UnknownKey)?;
    let mut signature = Validation::new(algorithm);
    // The library would ask the machine's clock: claims are compared below.
    signature.required_spec_claims.clear();
    signature.validate_exp = false;
    signature.validate_aud = false;
    let claims = decode::<Claims>(token, &secret, &signature);
    let claims = claims.map_err(|error| match error.kind() {
        jsonwebtoken::errors::ErrorKind::InvalidSignature => NotTaken::Signature,
        jsonwebtoken::errors::ErrorKind::InvalidAlgorithm => NotTaken::Algorithm,
        _ => NotTaken::Unreadable,
    })?;
    judge(claims.claims, expected)
}

fn header(token: &str) -> Result<Header, NotTaken> {
    if token.len() > LONGEST || token.split('.').count() != 3 {
        return Err(NotTaken::Unreadable);
    }
    // An algorithm that is none of a signature's, such as `none`, is not read either.
    decode_header(token).map_err(|_| NotTaken::Unreadable)
}

/// The one algorithm that a key is for. Which of the three Telegram's keys have is UNVERIFIED.
fn algorithm(key: &Jwk) -> Result<Algorithm, NotTaken> {
    let (algorithm, said) = match &key.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(it) if it.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(it) if it.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return Err(NotTaken::Algorithm),
    };
    let common = &key.common;
    let is_signing = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
    if common.key_algorithm.is_some_and(|it| it != said) || !is_signing {
        return Err(NotTaken::Algorithm);
    }
    Ok(algorithm)
}

fn judge(claims: Claims, expected: &Expected<'_>) -> Result<Identity, NotTaken> {
    if claims.iss != expected.issuer {
        return Err(NotTaken::Issuer);
    }
    let is_ours = match &claims.aud {
        Audience::One(client) => client == expected.client,
        Audience::Many(clients) => clients.iter().eq([expected.client]),
    };
    if !is_ours || claims.azp.is_some_and(|it| it != expected.client) {
        return Err(NotTaken::Audience);
    }
    let skew = SKEW.as_millis() as Millis;
    let millis = |seconds: i64| seconds.saturating_mul(1_000);
    let begins = claims.iat.max(claims.nbf).map_or(0, millis);
    if millis(claims.exp).saturating_add(skew) <= expected.now || begins > expected.now + skew {
        return Err(NotTaken::Time);
    }
    let nonce = claims.nonce.unwrap_or_default();
    if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) || nonce.is_empty() {
        return Err(NotTaken::Nonce);
    }
    let id = match claims.id {
        Some(TelegramId::Number(id)) => Some(id),
        Some(TelegramId::Text(id)) => id.parse().ok(),
        None => None,
    };
    let telegram_id = id.filter(|id| *id > 0).ok_or(NotTaken::Nobody)?;
    let name = claims.name.or(claims.preferred_username);
    let phone = claims.phone_number.filter(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit())
    });
    Ok(Identity {
        telegram_id,
        name: name.unwrap_or_default().replace('\0', ""),
        language: None,
        phone: phone.map(|digits| format!("+{digits}")),
    })
}
