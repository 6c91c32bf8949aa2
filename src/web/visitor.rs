//! Who asks for a page: their session, their language and where they are. What a browser keeps are cookies of ours alone.

use std::net::{IpAddr, SocketAddr};
use std::sync::Once;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::form_urlencoded;

use super::doors::Doors;
use super::site::{Problem, Site};
use crate::shop::access::device::Device;
use crate::shop::access::sessions::{self, LIFE, Session};
use crate::shop::access::token::Token;
use crate::shop::customers;
use crate::shop::texts::Language;
use crate::store::{StoreError, random_bytes};

/// The cookie of the session.
const SESSION: &str = "kiosk";
/// The cookie that forms are bound to before there is a session.
const FORM: &str = "kiosk-form";
/// The cookie of the language that was chosen.
const LANGUAGE: &str = "kiosk-lang";
/// Cookies that nobody needs any longer than a year.
const YEAR: Duration = Duration::from_hours(365 * 24);

/// Who is at the other end of a connection, as the server sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Somebody before the pages.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) site: Site,
    /// Their session, if it lives.
    pub(super) session: Option<Session>,
    /// What their browser came with, whether it opens anything or not.
    pub(super) came_with: Option<Token>,
    pub(super) language: Language,
    pub(super) address: Option<IpAddr>,
    pub(super) device: Device,
    /// The query string, read.
    pub(super) query: Vec<(String, String)>,
    cookies: Vec<(String, String)>,
    /// To what forms are bound: the session, or else a cookie.
    bound_to: String,
    /// Cookies to be set with the answer.
    kept: Vec<HeaderValue>,
}

impl FromRequestParts<Site> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let cookies = read_cookies(&parts.headers);
        let query = parts.uri.query().unwrap_or_default();
        let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let address = address(parts, site);
        let agent = parts.headers.get(header::USER_AGENT);
        let agent = agent.and_then(|agent| agent.to_str().ok());
        let mut visitor = Self {
            site: site.clone(),
            session: None,
            came_with: None,
            language: Language::default(),
            address,
            device: Device::seen(address, agent),
            query,
            cookies,
            bound_to: String::new(),
            kept: Vec::new(),
        };
        visitor.came_with = visitor.cookie(SESSION).and_then(|it| it.parse().ok());
        let theirs = visitor.find().await?;
        visitor.choose_language(&parts.headers, theirs);
        visitor.bind()?;
        Ok(visitor)
    }
}

impl Visitor {
    /// The living session, which is noted to be used, and the language of its customer.
    async fn find(&mut self) -> Result<Option<Language>, StoreError> {
        let Some(token) = self.came_with.clone() else {
            return Ok(None);
        };
        let store = &self.site.store;
        let found = store
            .read("pages.session", move |tx| {
                let token = token.clone();
                Box::pin(async move {
                    let Some(session) = sessions::find(tx, &token).await? else {
                        return Ok::<_, StoreError>(None);
                    };
                    let customer = customers::by_id(tx, session.customer).await?;
                    Ok(customer.map(|customer| (session, customer.language)))
                })
            })
            .await?;
        let Some((session, language)) = found else {
            return Ok(None);
        };
        if session.is_due(store.clock().now())
            && let Some(token) = self.came_with.clone()
        {
            store
                .write("pages.session.touch", move |tx| {
                    let token = token.clone();
                    Box::pin(async move { sessions::touch(tx, &token).await })
                })
                .await?;
        }
        self.session = Some(session);
        Ok(Some(language))
    }

    /// What they ask for now, then what they chose before, then what the shop or their browser knows of them.
    fn choose_language(&mut self, headers: &HeaderMap, theirs: Option<Language>) {
        let named = |code: &str| Language::ALL.into_iter().find(|it| it.code() == code);
        let wish = self.asked("lang").and_then(named);
        if let Some(wish) = wish {
            self.keep(LANGUAGE, wish.code(), YEAR);
        }
        let kept = self.cookie(LANGUAGE).and_then(named);
        let browser = headers.get(header::ACCEPT_LANGUAGE);
        let browser = browser.and_then(|it| it.to_str().ok());
        let browser = || {
            Language::from_code(browser.map(|it| it.split([',', ';']).next().unwrap_or_default()))
        };
        self.language = wish.or(kept).or(theirs).unwrap_or_else(browser);
    }

    fn bind(&mut self) -> Result<(), StoreError> {
        if let (Some(_), Some(token)) = (&self.session, &self.came_with) {
            self.bound_to = token.expose();
            return Ok(());
        }
        let is_ours = |it: &&str| URL_SAFE_NO_PAD.decode(it).is_ok_and(|it| it.len() == 32);
        if let Some(kept) = self.cookie(FORM).filter(is_ours) {
            self.bound_to = kept.to_owned();
            return Ok(());
        }
        self.bound_to = URL_SAFE_NO_PAD.encode(random_bytes::<32>()?);
        let fresh = self.bound_to.clone();
        self.keep(FORM, &fresh, LIFE);
        Ok(())
    }

    /// What each form of this visitor's carries.
    pub(super) fn form_token(&self) -> String {
        let mac = self
            .site
            .vault
            .derived_mac("web form", self.bound_to.as_bytes());
        URL_SAFE_NO_PAD.encode(mac)
    }

    /// The ways in; without any there is no cabinet.
    pub(super) fn doors(&self) -> Result<&Doors, Problem> {
        self.site.doors.as_deref().ok_or(Problem::Gone)
    }

    /// Their session; who has none goes to the login.
    pub(super) fn owner(&self) -> Result<&Session, Problem> {
        self.session.as_ref().ok_or(Problem::Stranger)
    }

    /// A parameter of the address.
    pub(super) fn asked(&self, name: &str) -> Option<&str> {
        let mut found = self.query.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// What their browser has kept under a name of ours.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        let name = self.site.cookie_name(name);
        let mut found = self.cookies.iter().filter(|(key, _)| *key == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// Their browser keeps this from the answer on.
    pub(super) fn keep(&mut self, name: &str, value: &str, time: Duration) {
        let secure = if self.site.is_secure() {
            "; Secure"
        } else {
            ""
        };
        let name = self.site.cookie_name(name);
        let seconds = time.as_secs();
        let cookie =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        // What we keep is ASCII without semicolons.
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            self.kept.push(cookie);
        }
    }

    /// Their browser forgets what it kept.
    pub(super) fn drop_cookie(&mut self, name: &str) {
        self.keep(name, "", Duration::ZERO);
    }

    /// They are logged in from the answer on.
    pub(super) fn welcome(&mut self, token: &Token) {
        self.keep(SESSION, &token.expose(), LIFE);
        self.drop_cookie(FORM);
    }

    /// They are logged out from the answer on.
    pub(super) fn farewell(&mut self) {
        self.drop_cookie(SESSION);
    }

    /// The pages speak this language to them from the answer on.
    pub(super) fn speaks(&mut self, language: Language) {
        self.language = language;
        self.keep(LANGUAGE, language.code(), YEAR);
    }

    /// An answer with the cookies that go with it.
    pub(super) fn answer(&self, answer: impl IntoResponse) -> Response {
        let mut answer = answer.into_response();
        for cookie in &self.kept {
            answer
                .headers_mut()
                .append(header::SET_COOKIE, cookie.clone());
        }
        answer
    }

    /// On to another page of ours.
    pub(super) fn go(&self, path: &str) -> Response {
        self.answer(Redirect::to(path))
    }
}

/// What a browser has kept.
pub(super) fn read_cookies(headers: &HeaderMap) -> Vec<(String, String)> {
    let lines = headers.get_all(header::COOKIE).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';'));
    let pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Their address: what the shop's own proxy says, if there is one, or else who has connected. Where the proxy says nothing that
/// can be read, all whom it brings count as one: no limit is left open.
fn address(parts: &Parts, site: &Site) -> Option<IpAddr> {
    let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.ip());
    let Some(name) = &site.address_header else {
        return peer;
    };
    let said = said_by_proxy(&parts.headers, name);
    if said.is_none() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            tracing::warn!(header = %name, "web.address_header is missing or no address: until the proxy writes it, all visitors share one limit");
        });
    }
    said.or(peer)
}

/// Of a list, the last is what the proxy has seen itself: all before it are what it was told. Some proxies add the port.
fn said_by_proxy(headers: &HeaderMap, name: &str) -> Option<IpAddr> {
    let last = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    let last = last.rsplit(',').next()?.trim();
    let bare = last
        .strip_prefix('[')
        .and_then(|last| last.strip_suffix(']'))
        .unwrap_or(last);
    let with_port = || last.parse::<SocketAddr>().ok().map(|it| it.ip());
    bare.parse().ok().or_else(with_port)
}
