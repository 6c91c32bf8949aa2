//! A form that came back: from a page of ours, in the same browser.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, HeaderValue, header};
use http_body_util::{BodyExt, Limited};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use super::site::{Problem, Site};
use super::visitor::Visitor;

/// The largest form in bytes.
const LARGEST: usize = 16 * 1024;
/// A body must have come after this time.
const READING: Duration = Duration::from_secs(10);

/// A form of ours, with who sent it.
#[derive(Debug)]
pub(super) struct Posted {
    pub(super) visitor: Visitor,
    fields: Vec<(String, String)>,
}

impl FromRequest<Site> for Posted {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, site).await?;
        if parts.uri.path().starts_with("/cabinet") && visitor.session.is_none() {
            return Err(Problem::Stranger);
        }
        let fields = read(body).await?;
        let posted = Self { visitor, fields };
        let token = posted.visitor.form_token();
        let is_ours = bool::from(token.as_bytes().ct_eq(posted.field("form").as_bytes()));
        if is_ours && is_from_here(&parts.headers, site) {
            Ok(posted)
        } else {
            Err(Problem::Elsewhere)
        }
    }
}

impl Posted {
    /// What was typed into a field; nothing for one that did not come.
    pub(super) fn field(&self, name: &str) -> &str {
        let mut found = self.fields.iter().filter(|(key, _)| key == name);
        found.next().map_or("", |(_, value)| value.as_str())
    }
}

/// The fields of a form, if it comes in time and is not too large.
pub(super) async fn read(body: Body) -> Result<Vec<(String, String)>, Problem> {
    let whole = Limited::new(body, LARGEST).collect();
    let whole = tokio::time::timeout(READING, whole).await;
    let Ok(Ok(whole)) = whole else {
        return Err(Problem::Elsewhere);
    };
    Ok(form_urlencoded::parse(&whole.to_bytes())
        .into_owned()
        .collect())
}

/// Whether a browser says that the form is from a page of ours. Where it says nothing (`no-referrer` has it name the origin
/// `null`), the form's token is what remains.
fn is_from_here(headers: &HeaderMap, site: &Site) -> bool {
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(b"same-origin" | b"none") => true,
        Some(_) => false,
        None => is_origin(headers, site, true),
    }
}

/// Whether a browser names a page of ours itself: for what carries no token of a form.
pub(super) fn is_surely_from_here(headers: &HeaderMap, site: &Site) -> bool {
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(said) => said == b"same-origin",
        None => is_origin(headers, site, false),
    }
}

fn is_origin(headers: &HeaderMap, site: &Site, unless_named: bool) -> bool {
    let said = headers.get(header::ORIGIN).and_then(|it| it.to_str().ok());
    match (said, &site.doors) {
        (None | Some("null"), _) => unless_named,
        (Some(said), Some(doors)) => said == doors.origin(),
        // Without an address of their own the pages know only what the browser calls them.
        (Some(said), None) => {
            let host = headers.get(header::HOST).and_then(|it| it.to_str().ok());
            let named = said.split_once("://").map(|(_, host)| host);
            named.is_some() && named == host
        }
    }
}
