//! The hot way to the Bot API: one small request by hyper. `reqwest` does the same with its redirects, proxies and
//! layers at twice the processor time a call, which is what most of a browsing customer's update was spent on.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_service::Service;

use super::CallError;
use super::error::words;

type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Connections of one kind.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    client: Client<Within<HttpsConnector<HttpConnector>>, Full<Bytes>>,
}

impl Wire {
    /// Connections that each take at most `connect` to open. `None` where the system says that `address` is behind a
    /// proxy: this way knows none.
    pub(super) fn new(address: &str, local: bool, connect: Duration) -> Option<Self> {
        let uri: Uri = address.parse().ok()?;
        if !local && Matcher::from_system().intercept(&uri).is_some() {
            return None;
        }
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(Duration::from_secs(30)));
        let tls = hyper_rustls::HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .ok()?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let connector = Within {
            inner: tls,
            limit: connect,
        };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Some(Self { client })
    }

    /// Posts JSON, and reads the whole answer within `timeout`.
    pub(super) async fn post(
        &self,
        address: &str,
        json: Vec<u8>,
        timeout: Duration,
    ) -> Result<(u16, Bytes), CallError> {
        let mut request = Request::new(Full::new(Bytes::from(json)));
        *request.method_mut() = Method::POST;
        // The address holds the token: it is in no error.
        *request.uri_mut() = address
            .parse()
            .map_err(|_| CallError::NotSent("the address is none".to_owned()))?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| {
                if error.is_connect() {
                    CallError::NotSent(words(&error))
                } else {
                    CallError::Unknown(words(&error))
                }
            })?;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await;
            let body = body.map_err(|error| CallError::Unknown(words(&error)))?;
            Ok((status, body.to_bytes()))
        };
        tokio::time::timeout(timeout, exchange)
            .await
            .unwrap_or_else(|_| Err(CallError::Unknown("no answer in time".to_owned())))
    }
}

/// A connector with a limit to its patience, TLS included.
#[derive(Clone, Debug)]
struct Within<C> {
    inner: C,
    limit: Duration,
}

impl<C> Service<Uri> for Within<C>
where
    C: Service<Uri>,
    C::Error: Into<Trouble>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = Trouble;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, Trouble>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Trouble>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (opening, limit) = (self.inner.call(to), self.limit);
        Box::pin(async move {
            match tokio::time::timeout(limit, opening).await {
                Ok(opened) => opened.map_err(Into::into),
                Err(_) => Err("no connection in time".into()),
            }
        })
    }
}
