//! The accept loop of both ports: TLS, who the peer is, HTTP, and a drain with a deadline.
//!
//! It never reads a request; it only says with whom a connection was made.

mod strangers;
mod timed;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::identity::PeerCertificate;
use strangers::{Place, Strangers};
use timed::Timed;

/// Who is at the other end; in every request's extensions.
#[derive(Clone, Debug)]
pub struct Peer {
    pub address: SocketAddr,
    /// Present on the evidence port only, where TLS asks for it.
    pub certificate: Option<Arc<PeerCertificate>>,
}

/// Bounds of one port.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections; more wait in the system's backlog.
    pub connections: usize,
    /// Concurrent HTTP/2 streams of one connection.
    pub streams: u32,
    /// How long a handshake, the first request after it, or the head of a request may take.
    pub handshake: Duration,
    /// How long the body of a request may take that is no call of an agent.
    pub body: Duration,
    /// How long open connections may finish after the stop signal.
    pub drain: Duration,
}

/// HTTP/2 connections that answer no ping in this time are closed.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// After a failed accept (out of descriptors, say) the loop waits before it tries again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` until `stop`, then drains.
pub async fn serve(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) {
    let acceptor = TlsAcceptor::from(tls);
    let slots = Arc::new(Semaphore::new(limits.connections));
    let strangers = Strangers::new(limits.connections);
    let connections = TaskTracker::new();
    loop {
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await.map_err(io::Error::other)?;
            listener.accept().await.map(|accepted| (accepted, slot))
        };
        let ((stream, address), slot) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = next => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let Some(place) = strangers.enter(address.ip()) else {
            tracing::debug!(%address, "too many connections of one address without a certificate");
            continue;
        };
        let (acceptor, router, stop) = (acceptor.clone(), router.clone(), stop.clone());
        connections.spawn(async move {
            let peer = (stream, address, place);
            if let Err(error) = connection(peer, acceptor, router, limits, stop).await {
                tracing::debug!(%address, %error, "connection ended");
            }
            drop(slot);
        });
    }
    connections.close();
    connections.wait().await;
}

async fn connection(
    (stream, address, place): (TcpStream, SocketAddr, Place),
    acceptor: TlsAcceptor,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let handshake = tokio::time::timeout(limits.handshake, acceptor.accept(stream));
    let stream = handshake.await.map_err(|_elapsed| io::ErrorKind::TimedOut)??;
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let certificate = certificate.and_then(PeerCertificate::read).map(Arc::new);
    // Who has a certificate of ours is no stranger.
    let _place = certificate.is_none().then_some(place);
    let peer = Peer { address, certificate };
    let asked = Arc::new(Notify::new());
    let asks = Arc::clone(&asked);
    let service = router.map_request(move |mut request: hyper::Request<Incoming>| {
        asks.notify_one();
        request.extensions_mut().insert(peer.clone());
        // Calls of agents last as long as they have something to say; theirs have bounds of their own.
        let call = request.headers().get(CONTENT_TYPE);
        if call.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc")) {
            request.map(Body::new)
        } else {
            request.map(|body| Body::new(Timed::new(body, limits.body)))
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    // Without a timer hyper panics at the first deadline.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.handshake);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT);
    let service = TowerToHyperService::new(service);
    let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| io::Error::other(error);
    // hyper sets no bound to how long a peer may take to show which HTTP it speaks, nor to an HTTP/2 preface.
    let unasked = async {
        if tokio::time::timeout(limits.handshake, asked.notified()).await.is_ok() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = unasked => Err(io::ErrorKind::TimedOut.into()),
        ended = served.as_mut() => ended.map_err(failed),
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            // Past the deadline the connection is dropped: nothing that was not answered is lost by the sender.
            match tokio::time::timeout(limits.drain, served).await {
                Ok(ended) => ended.map_err(failed),
                Err(_elapsed) => Err(io::ErrorKind::TimedOut.into()),
            }
        }
    }
}
