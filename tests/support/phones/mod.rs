//! The providers that carry codes, on this machine: each follows what is known of the real one, checks what it is sent,
//! and fails when it is told to.

pub mod gateway;
pub mod vk;
pub mod whatsapp;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use url::{Url, form_urlencoded};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Heard {
    pub method: String,
    pub path: String,
    /// What stands behind `?`.
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Heard {
    /// What stands behind `Bearer`.
    pub fn bearer(&self) -> &str {
        let value = self.headers.get("authorization");
        let value = value.and_then(|value| value.to_str().ok());
        value
            .and_then(|it| it.strip_prefix("Bearer "))
            .unwrap_or("")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A field of the form in its body.
    pub fn field(&self, name: &str) -> String {
        let mut fields = form_urlencoded::parse(&self.body);
        let found = fields.find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    }
}

/// What the next request gets instead of the usual.
#[derive(Clone, Debug)]
pub enum Fault {
    /// A status and JSON.
    Answer(u16, Value),
    /// A status and something that is no JSON, as a proxy gives it.
    Page(u16, &'static str),
    /// 429 with a `Retry-After` of so many seconds.
    TooMany(u64),
    /// The request is taken, and never answered.
    Hang,
    /// The request is taken, and the answer breaks off.
    Cut,
}

/// How a provider answers as a rule; with 303 and a text it sends a browser on.
type Usual = dyn Fn(&Heard) -> (u16, Value) + Send + Sync;

#[derive(Clone)]
struct Inner {
    usual: Arc<Usual>,
    heard: Arc<Mutex<Vec<Heard>>>,
    faults: Arc<Mutex<VecDeque<Fault>>>,
    /// Rings after each request.
    bell: watch::Sender<()>,
}

/// A server that stands for a provider.
#[derive(Clone)]
pub struct Provider {
    inner: Inner,
    url: Url,
}

impl Provider {
    /// A provider that answers so. It goes away with the test.
    pub async fn start(usual: impl Fn(&Heard) -> (u16, Value) + Send + Sync + 'static) -> Self {
        let inner = Inner {
            usual: Arc::new(usual),
            heard: Arc::default(),
            faults: Arc::default(),
            bell: watch::Sender::new(()),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let router = Router::new().fallback(answer).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let url = Url::parse(&format!("http://{address}")).expect("an address");
        Self { inner, url }
    }

    pub fn url(&self) -> Url {
        self.url.clone()
    }

    /// What the next request gets; several are used one after another.
    pub fn fail(&self, fault: Fault) {
        self.inner.faults.lock().expect("no panic").push_back(fault);
    }

    /// Looks again after each request until `look` finds something.
    pub async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        let mut bell = self.inner.bell.subscribe();
        let looking = async {
            loop {
                bell.mark_unchanged();
                if let Some(found) = look() {
                    return found;
                }
                bell.changed().await.expect("it is ours");
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(20), looking).await;
        found.unwrap_or_else(|_| panic!("it never came: {:?}", self.heard()))
    }

    /// All requests so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.inner.heard.lock().expect("no panic").clone()
    }
}

async fn answer(
    State(inner): State<Inner>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let heard = Heard {
        method: method.to_string(),
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        headers,
        body,
    };
    inner.heard.lock().expect("no panic").push(heard.clone());
    let fault = inner.faults.lock().expect("no panic").pop_front();
    let json = |status: u16, value: &Value| {
        let response = Response::builder()
            .status(status)
            .header("content-type", "application/json");
        let response = response.body(Body::from(value.to_string()));
        response.expect("a response")
    };
    match fault {
        None => {
            let (status, value) = (inner.usual)(&heard);
            inner.bell.send_replace(());
            match value.as_str().filter(|_| status == 303) {
                Some(to) => axum::response::Redirect::to(to).into_response(),
                None => json(status, &value),
            }
        }
        Some(Fault::Answer(status, value)) => json(status, &value),
        Some(Fault::Page(status, text)) => {
            let response = Response::builder().status(status).body(Body::from(text));
            response.expect("a response")
        }
        Some(Fault::TooMany(seconds)) => {
            let header = [("retry-after", seconds.to_string())];
            (axum::http::StatusCode::TOO_MANY_REQUESTS, header).into_response()
        }
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Cut) => {
            let response = Response::builder().header("content-length", "1000");
            let pieces = [Ok("{\"ok\":tr"), Err(std::io::Error::other("cut"))];
            let body = Body::from_stream(futures::stream::iter(pieces));
            response.body(body).expect("a response")
        }
    }
}
