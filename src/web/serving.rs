//! How both sides of the sidecar are served: nobody holds a connection open for long without asking for something, and
//! nobody holds the closing up.

use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_service::Service;

use super::visitor::Peer;

/// A connection that has not sent the whole head of a request after this time is closed, also between two requests.
const ASKING: Duration = Duration::from_mins(1);
/// Requests under way when the shop closes may take this long.
const GOODBYE: Duration = Duration::from_secs(5);
/// After a connection that can't be taken, since too many are open.
const BREATH: Duration = Duration::from_millis(100);

/// Serves until `stop` turns true or its sender is gone.
pub(super) async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(ASKING);
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // An error means that the sender is gone, which ends the pages too.
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection can't be taken");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        // Small answers must not wait for more to send. Without it they are only slower.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            router.clone().call(request)
        });
        let connection = server.serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection has ended");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(GOODBYE, connections.shutdown())
        .await
        .is_err()
    {
        tracing::info!("connections that ask for nothing are cut off");
    }
}
