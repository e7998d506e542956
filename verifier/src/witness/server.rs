//! The witness over HTTP. Nothing in requests or answers is secret and everything is signed, so it speaks plain HTTP; put
//! TLS in front where the network between is not yours. Bounded in bodies, connections and time.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode, header};
use axum::routing::{get, post};
use exhibit_proto::digest::Digest;
use exhibit_proto::witness::{AddCheckpoint, MAX_REQUEST, SIZE_MEDIA_TYPE, Verdict};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tracing::{debug, error, info, warn};

use super::store::{Answer, Store};

const TEXT: &str = "text/plain; charset=utf-8";
/// After a failed accept (out of descriptors, say) the loop waits before it tries again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bounds of the port.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections; more wait in the system's backlog.
    pub connections: usize,
    /// How long the head of a request, and then its body, may take; an idle connection is closed after it.
    pub request: Duration,
    /// How long open requests may finish after the stop signal.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let request = Duration::from_secs(10);
        Self { connections: 256, request, drain: Duration::from_secs(5) }
    }
}

#[derive(Clone)]
struct Door {
    store: Arc<Store>,
    patience: Duration,
    /// Says once that the disk failed.
    failed: watch::Sender<Option<String>>,
}

/// Serves until `stop`, or until the disk fails: a witness that cannot remember must not sign.
pub async fn serve(
    listener: TcpListener,
    store: Arc<Store>,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> Result<(), io::Error> {
    let (failed, mut failure) = watch::channel(None);
    let door = Door { store, patience: limits.request, failed };
    let routes = Router::new()
        .route("/add-checkpoint", post(add))
        .route("/{origin}/checkpoint", get(newest))
        .route("/healthz", get(async || "ok\n"))
        .with_state(door);
    let closing = watch::Sender::new(false);
    let slots = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await.map_err(io::Error::other)?;
            listener.accept().await.map(|accepted| (accepted, slot))
        };
        tokio::select! {
            () = &mut stop => break,
            _ = failure.changed() => break,
            Some(ended) = connections.join_next(), if !connections.is_empty() => {
                if let Err(error) = ended {
                    error!(%error, "a connection ended badly");
                }
            }
            accepted = next => match accepted {
                Ok(((stream, address), slot)) => {
                    let (routes, closing) = (routes.clone(), closing.subscribe());
                    connections.spawn(async move {
                        connection(stream, address, routes, limits, closing).await;
                        drop(slot);
                    });
                }
                Err(error) => {
                    warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
    closing.send_replace(true);
    let finish = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain, finish).await.is_err() {
        info!("connections that did not finish are closed");
    }
    let told = failure.borrow().clone();
    told.map_or(Ok(()), |error| Err(io::Error::other(error)))
}

async fn connection(
    stream: TcpStream,
    address: SocketAddr,
    routes: Router,
    limits: Limits,
    mut closing: watch::Receiver<bool>,
) {
    let mut builder = hyper::server::conn::http1::Builder::new();
    // Without a timer hyper panics at the first deadline.
    builder.timer(TokioTimer::new()).header_read_timeout(limits.request);
    let service = TowerToHyperService::new(routes);
    let served = builder.serve_connection(TokioIo::new(stream), service);
    let mut served = std::pin::pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        _ = closing.changed() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        debug!(%address, %error, "connection ended");
    }
}

async fn add(State(door): State<Door>, body: Body) -> Response<Body> {
    let read = tokio::time::timeout(door.patience, to_bytes(body, MAX_REQUEST)).await;
    let bytes = match read {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            return plain(StatusCode::PAYLOAD_TOO_LARGE, "request is over 16 KiB\n".into());
        }
        Err(_) => return plain(StatusCode::REQUEST_TIMEOUT, "request took too long\n".into()),
    };
    let request = match AddCheckpoint::parse(&bytes) {
        Ok(request) => request,
        Err(error) => return plain(StatusCode::BAD_REQUEST, format!("{error}\n")),
    };
    let store = Arc::clone(&door.store);
    let decided = tokio::task::spawn_blocking(move || {
        let now = u64::try_from(Timestamp::now().as_second()).unwrap_or(0);
        let mut lines = request.checkpoint.lines().map(str::to_owned);
        let (origin, size) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        (store.add(&request, now), origin, size)
    });
    match decided.await {
        Ok((Ok(answer), origin, size)) => told(answer, &origin, &size),
        Ok((Err(error), ..)) => {
            error!(%error, "what was seen could not be kept: this witness stops");
            door.failed.send_replace(Some(error.to_string()));
            plain(StatusCode::SERVICE_UNAVAILABLE, "this witness cannot keep what it sees\n".into())
        }
        Err(error) => {
            error!(%error, "a request ended early");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "this request could not be decided\n".into())
        }
    }
}

/// The answer as HTTP, and a line for the operator.
fn told(answer: Answer, origin: &str, size: &str) -> Response<Body> {
    let verdict = match answer {
        Answer::Cosigned(line) => {
            info!(origin, size, "cosigned");
            return plain(StatusCode::OK, line);
        }
        Answer::Clock { behind_seconds } => {
            warn!(origin, behind_seconds, "this clock is behind the newest cosignature: refused");
            let text = format!(
                "this witness's clock is {behind_seconds} s behind its newest cosignature for this log\n"
            );
            return plain(StatusCode::SERVICE_UNAVAILABLE, text);
        }
        Answer::Refused(verdict) => verdict,
    };
    let status = StatusCode::from_u16(verdict.status()).unwrap_or(StatusCode::BAD_REQUEST);
    match verdict {
        Verdict::Moved(size) => respond(status, SIZE_MEDIA_TYPE, format!("{size}\n")),
        Verdict::Inconsistent(why) => {
            error!(
                origin,
                why,
                "the log signed a head that does not follow from the one seen: refused and kept"
            );
            plain(status, format!("{why}\n"))
        }
        Verdict::Malformed(why) | Verdict::Unsigned(why) => {
            debug!(origin, why, "refused");
            plain(status, format!("{why}\n"))
        }
        Verdict::UnknownLog | Verdict::Cosign { .. } => {
            plain(status, "this witness does not know that log\n".into())
        }
    }
}

async fn newest(State(door): State<Door>, Path(origin): Path<String>) -> Response<Body> {
    let found = origin.parse::<Digest>().ok().and_then(|origin| door.store.newest(&origin));
    match found {
        Some(note) => respond(StatusCode::OK, TEXT, note),
        None => plain(StatusCode::NOT_FOUND, "no head of that log was cosigned here\n".into()),
    }
}

fn plain(status: StatusCode, text: String) -> Response<Body> {
    respond(status, TEXT, text)
}

fn respond(status: StatusCode, kind: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}
