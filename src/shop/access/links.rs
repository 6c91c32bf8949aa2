//! One-time login links. The bot makes one for the customer who asks, its page shows a button, and only the button uses
//! it: previews and mail scanners open links before people do.

use std::time::Duration;

use super::device::Device;
use super::token::Token;
use super::{Way, sessions};
use crate::shop::customers;
use crate::shop::texts::Language;
use crate::store::{StoreError, Tx};
use crate::{binds, sql};

/// How long a link is good.
pub const LIFE: Duration = Duration::from_mins(10);
/// Used and old links are kept for this long.
pub const KEPT: Duration = Duration::from_hours(24);

/// A link that can be used, as its page shows it: whom it would log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The name that the customer goes by.
    pub name: String,
    /// How they read.
    pub language: Language,
}

/// How using a link ended.
#[derive(Clone, Debug)]
pub enum Used {
    /// They are logged in: what their browser keeps from now on.
    Welcome(Token),
    /// It was used before, is too old, gave way to a newer one, or never was.
    No,
}

sql! {
    END_ALL = "access.links.end_all",
        "UPDATE login_links SET expires_at = $2
         WHERE customer_id = $1 AND used_at IS NULL AND expires_at > $2";
    INSERT = "access.links.insert",
        "INSERT INTO login_links (hash, customer_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    SHOW = "access.links.show",
        "SELECT COALESCE(c.given_name, c.name), c.language
         FROM login_links l JOIN customers c ON c.id = l.customer_id
         WHERE l.hash = $1 AND l.used_at IS NULL AND l.expires_at > $2";
    OWNER = "access.links.owner", "SELECT customer_id FROM login_links WHERE hash = $1";
    USE = "access.links.use",
        "UPDATE login_links SET used_at = $2
         WHERE hash = $1 AND used_at IS NULL AND expires_at > $2";
    FORGET = "access.links.forget",
        "DELETE FROM login_links
         WHERE id IN (SELECT id FROM login_links WHERE expires_at <= $1 ORDER BY expires_at LIMIT 500)";
}

/// Makes the customer's link, and ends their older ones: what it ends with.
pub async fn make(tx: &mut Tx<'_>, customer: i64) -> Result<Token, StoreError> {
    customers::lock(tx, customer).await?;
    end_all(tx, customer).await?;
    let token = Token::random(tx)?;
    let now = tx.now();
    let expires_at = now + LIFE.as_millis() as i64;
    tx.execute(&INSERT, binds![token.hash(), customer, now, expires_at])
        .await?;
    Ok(token)
}

/// Ends the customer's links that nobody has used.
pub async fn end_all(tx: &mut Tx<'_>, customer: i64) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&END_ALL, binds![customer, now])
        .await
        .map(|_| ())
}

/// Whom a link would log in, if it is good. Changes nothing.
pub async fn show(tx: &mut Tx<'_>, token: &Token) -> Result<Option<Shown>, StoreError> {
    let (hash, now) = (token.hash(), tx.now());
    let found: Option<(String, String)> = tx.optional(&SHOW, binds![hash, now]).await?;
    Ok(found.map(|(name, language)| Shown {
        name,
        language: Language::from_code(Some(&language)),
    }))
}

/// Logs in by a link: of many at once one is logged in. `came_with` is the token of the browser's session so far.
pub async fn consume(
    tx: &mut Tx<'_>,
    token: &Token,
    device: &Device,
    came_with: Option<&Token>,
) -> Result<Used, StoreError> {
    let hash = token.hash();
    let found: Option<(i64,)> = tx.optional(&OWNER, binds![hash]).await?;
    let Some((customer,)) = found else {
        return Ok(Used::No);
    };
    // The customer first, then what is theirs: the order in which everybody locks them.
    customers::lock(tx, customer).await?;
    let now = tx.now();
    if tx.execute(&USE, binds![hash, now]).await? == 0 {
        return Ok(Used::No);
    }
    let token = sessions::begin(tx, customer, Way::Link, device, came_with).await?;
    Ok(Used::Welcome(token))
}

/// Forgets links that were over long ago, 500 at most. How many it were.
pub async fn forget(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let before = tx.now() - KEPT.as_millis() as i64;
    tx.execute(&FORGET, binds![before]).await
}
