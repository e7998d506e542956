//! The public read side of the log: checkpoint, tiles, proofs, and health. It shows nothing that a signed head does not
//! cover, and no envelope or document.

mod exchange;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exhibit_proto::digest::Digest;
use exhibit_proto::tiles::{Level, Tile};
use tokio_util::sync::CancellationToken;

use super::routes::Routes;
use crate::log::{LogError, LogReader};
use crate::timestamp::{Name, StampError, Stamps};
use crate::witness::{WitnessError, Witnesses};

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";
/// A tile of a given path and width never changes (C2SP tlog-tiles).
const FOREVER: &str = "public, max-age=31536000, immutable";
const SECONDS: &str = "public, max-age=2";

/// What these routes read.
#[derive(Clone)]
pub struct Public {
    pub log: LogReader,
    pub witnesses: Witnesses,
    pub stamps: Stamps,
    /// Cancelled when the collector stops: it is not ready any more.
    pub stop: CancellationToken,
}

/// `/log/checkpoint`, `/log/checkpoint/cosigned`, `/log/log-keys.json`, `/log/tile/…`, `/log/proof/{index}`, `/log/proof/by-digest/{sha256}`,
/// `/log/consistency/{old}/{new}`, `/log/timestamps/`, `/healthz`, `/readyz`.
pub fn router(public: Public) -> Router {
    let Routes { router, .. } = log_routes();
    let log = router.layer(exchange::compression()).layer(middleware::from_fn(exchange::exchange));
    health_routes().router.merge(log).with_state(public)
}

pub(super) fn health_routes() -> Routes<Public> {
    Routes::new()
        .route("/healthz", get(async || (StatusCode::OK, "ok\n")))
        .route("/readyz", get(ready))
}

pub(super) fn log_routes() -> Routes<Public> {
    Routes::new()
        .route("/log/checkpoint", get(checkpoint))
        .route("/log/checkpoint/cosigned", get(cosigned))
        .route("/log/log-keys.json", get(log_keys))
        .route("/log/tile/{*path}", get(tile))
        .route("/log/proof/{index}", get(proof))
        .route("/log/proof/by-digest/{digest}", get(proof_by_digest))
        .route("/log/consistency/{old}/{new}", get(consistency))
        .route("/log/timestamps/", get(stamp_names))
        .route("/log/timestamps/{name}", get(stamp))
}

async fn checkpoint(State(public): State<Public>) -> Response {
    answer(TEXT, SECONDS, read(public, |log| Ok(Some(log.head()?.signed.into_bytes()))).await)
}

/// The newest head that satisfies the quorum of witnesses, with their cosignatures.
async fn cosigned(State(public): State<Public>) -> Response {
    let witnesses = public.witnesses;
    let found = off_thread(move || {
        Ok::<_, WitnessError>(witnesses.newest()?.map(|newest| newest.head.signed.into_bytes()))
    });
    answer(TEXT, SECONDS, found.await)
}

/// How the log's key changed, for whoever knows one of its keys; absent while it has its first.
async fn log_keys(State(public): State<Public>) -> Response {
    let found = read(public, |log| Ok(log.log_keys(&log.head()?)?.map(String::into_bytes)));
    answer(JSON, SECONDS, found.await)
}

async fn tile(State(public): State<Public>, Path(path): Path<String>) -> Response {
    let Ok(tile) = format!("tile/{path}").parse::<Tile>() else {
        return absent();
    };
    let mut answer = answer(BYTES, FOREVER, read(public, move |log| log.tile(tile)).await);
    if let Level::Hashes(_) = tile.level {
        answer.extensions_mut().insert(exchange::Dense);
    }
    answer
}

async fn proof(State(public): State<Public>, Path(index): Path<String>) -> Response {
    let Some(index) = number(&index) else {
        return absent();
    };
    answer(TEXT, SECONDS, read(public, move |log| prove(log, index)).await)
}

async fn proof_by_digest(State(public): State<Public>, Path(digest): Path<String>) -> Response {
    let Ok(digest) = digest.parse::<Digest>() else {
        return absent();
    };
    let found = read(public, move |log| match log.index_of(&digest)? {
        Some(index) => prove(log, index),
        None => Ok(None),
    });
    answer(TEXT, SECONDS, found.await)
}

/// The proof that the first `new` leaves begin with the first `old`: one hash a line in base64 (RFC 6962, from the leaves'
/// side); nothing where both are the same or the old one is empty.
async fn consistency(
    State(public): State<Public>,
    Path((old, new)): Path<(String, String)>,
) -> Response {
    let (Some(old), Some(new)) = (number(&old), number(&new)) else {
        return absent();
    };
    let found = read(public, move |log| match log.consistency(old, new) {
        Ok(path) => {
            let lines = path.iter().map(|hash| STANDARD.encode(hash.as_bytes()) + "\n");
            Ok(Some(lines.collect::<String>().into_bytes()))
        }
        Err(LogError::OutOfRange { .. }) => Ok(None),
        Err(error) => Err(error),
    });
    answer(TEXT, FOREVER, found.await)
}

/// The names of all frozen checkpoints and their tokens, one a line.
async fn stamp_names(State(public): State<Public>) -> Response {
    let found = off_thread(move || {
        let names = public.stamps.names()?;
        let lines = names.iter().map(|name| format!("{name}\n")).collect::<String>();
        Ok::<_, StampError>(Some(lines.into_bytes()))
    });
    answer(TEXT, SECONDS, found.await)
}

async fn stamp(State(public): State<Public>, Path(name): Path<String>) -> Response {
    let Ok(name) = name.parse::<Name>() else {
        return absent();
    };
    let (kind, cache) = match name {
        Name::Checkpoint { .. } => (TEXT, FOREVER),
        Name::Token { .. } => ("application/timestamp-reply", FOREVER),
        Name::Chain => ("application/x-pem-file", SECONDS),
    };
    answer(kind, cache, off_thread(move || public.stamps.read(&name)).await)
}

async fn ready(State(public): State<Public>) -> Response {
    if public.stop.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match read(public, |log| log.head()).await {
        Ok(_) => (StatusCode::OK, "ready\n").into_response(),
        Err(()) => (StatusCode::SERVICE_UNAVAILABLE, "the log cannot be read\n").into_response(),
    }
}

fn prove(log: &LogReader, index: u64) -> Result<Option<Vec<u8>>, LogError> {
    match log.proof(index) {
        Ok(proof) => Ok(Some(proof.to_text().into_bytes())),
        Err(LogError::OutOfRange { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads off the async threads; a fault is told to our log only.
async fn read<T: Send + 'static>(
    public: Public,
    read: impl FnOnce(&LogReader) -> Result<T, LogError> + Send + 'static,
) -> Result<T, ()> {
    off_thread(move || read(&public.log)).await
}

async fn off_thread<T: Send + 'static, E: std::fmt::Display + Send + 'static>(
    read: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, ()> {
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => {
            tracing::error!(%error, "the log could not be read");
            Err(())
        }
        Err(error) => {
            tracing::error!(%error, "a read of the log ended early");
            Err(())
        }
    }
}

fn answer(kind: &'static str, cache: &'static str, found: Result<Option<Vec<u8>>, ()>) -> Response {
    match found {
        Ok(Some(bytes)) => {
            let tag = exchange::tag(&bytes);
            let headers = [
                (header::CONTENT_TYPE, kind),
                (header::CACHE_CONTROL, cache),
                (header::ETAG, tag.as_str()),
            ];
            (headers, bytes).into_response()
        }
        Ok(None) => absent(),
        Err(()) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A number as it is written: no sign, no leading zeros.
fn number(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|number| number.to_string() == text)
}

fn absent() -> Response {
    let headers = [(header::CONTENT_TYPE, TEXT), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::NOT_FOUND, headers, "not in this log\n").into_response()
}
