//! The public read side of the log: checkpoint, tiles, proofs, and health. It shows nothing that a signed head does not
//! cover, and no envelope or document.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use exhibit_proto::digest::Digest;
use exhibit_proto::tiles::Tile;
use tokio_util::sync::CancellationToken;

use crate::log::{LogError, LogReader};
use crate::witness::{WitnessError, Witnesses};

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";
/// A tile of a given path and width never changes (C2SP tlog-tiles).
const FOREVER: &str = "public, max-age=31536000, immutable";
const SECONDS: &str = "public, max-age=2";

/// What these routes read.
#[derive(Clone)]
pub struct Public {
    pub log: LogReader,
    pub witnesses: Witnesses,
    /// Cancelled when the collector stops: it is not ready any more.
    pub stop: CancellationToken,
}

/// `/log/checkpoint`, `/log/checkpoint/cosigned`, `/log/tile/…`, `/log/proof/{index}`, `/log/proof/by-digest/{sha256}`, `/healthz`, `/readyz`.
pub fn router(public: Public) -> Router {
    Router::new()
        .route("/log/checkpoint", get(checkpoint))
        .route("/log/checkpoint/cosigned", get(cosigned))
        .route("/log/tile/{*path}", get(tile))
        .route("/log/proof/{index}", get(proof))
        .route("/log/proof/by-digest/{digest}", get(proof_by_digest))
        .route("/healthz", get(async || (StatusCode::OK, "ok\n")))
        .route("/readyz", get(ready))
        .with_state(public)
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

async fn tile(State(public): State<Public>, Path(path): Path<String>) -> Response {
    let Ok(tile) = format!("tile/{path}").parse::<Tile>() else {
        return absent();
    };
    answer(BYTES, FOREVER, read(public, move |log| log.tile(tile)).await)
}

async fn proof(State(public): State<Public>, Path(index): Path<String>) -> Response {
    let Some(index) = index.parse::<u64>().ok().filter(|i| i.to_string() == index) else {
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
            let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)];
            (headers, bytes).into_response()
        }
        Ok(None) => absent(),
        Err(()) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn absent() -> Response {
    let headers = [(header::CONTENT_TYPE, TEXT), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::NOT_FOUND, headers, "not in this log\n").into_response()
}
