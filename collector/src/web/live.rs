//! Tells open pages that the views moved on, and what changed: asked once for all who look on, said to each of them. While
//! nothing changes it costs nothing but an open connection. It never sends what a page shows: pages are fetched by who may see them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::json;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::Site;
use crate::views::Views;

/// What comes in crowds is told once in this time.
const PAUSE: Duration = Duration::from_secs(1);
/// Messages that a slow page may be behind before it is told that it missed some.
const BEHIND: usize = 16;
/// Pages that are told at once; more are answered that it is enough.
const MOST: usize = 1_000;
/// A page asks again after this time, and is looked at again: has its session ended meanwhile?
const LASTS: Duration = Duration::from_secs(15 * 60);
const KEEP_ALIVE: Duration = Duration::from_secs(45);
/// What a page that missed messages is told.
const EVERYTHING: &str = r#"{"changed":["everything"]}"#;

/// The one who follows the views for all open pages.
#[derive(Clone)]
pub struct Live {
    told: broadcast::Sender<Arc<str>>,
    stop: CancellationToken,
}

impl Live {
    /// Streams end with `stop`.
    pub fn new(stop: CancellationToken) -> Self {
        Self { told: broadcast::Sender::new(BEHIND), stop }
    }

    /// Follows the views until `stop`. Nothing is read while nobody looks on.
    pub async fn follow(self, views: Views) {
        let mut moved = views.moved();
        let mut before = *moved.borrow_and_update();
        loop {
            let next = async {
                moved.changed().await.is_ok() && {
                    tokio::time::sleep(PAUSE).await;
                    true
                }
            };
            tokio::select! {
                () = self.stop.cancelled() => return,
                more = next => if !more { return },
            }
            let applied = *moved.borrow_and_update();
            if self.told.receiver_count() > 0 {
                let (views, from) = (views.clone(), before);
                let asked = tokio::task::spawn_blocking(move || views.changed_since(from)).await;
                let message = match asked {
                    Ok(Ok(changed)) => json!({"size": applied, "changed": changed}).to_string(),
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "what changed in the views cannot be told");
                        EVERYTHING.to_owned()
                    }
                    Err(_ended) => EVERYTHING.to_owned(),
                };
                // Whoever left meanwhile needs no message.
                self.told.send(message.into()).map_or_else(drop, drop);
            }
            before = applied;
        }
    }

    fn messages(&self) -> impl Stream<Item = Arc<str>> + use<> {
        let told = stream::unfold(self.told.subscribe(), |mut told| async move {
            match told.recv().await {
                Ok(message) => Some((message, told)),
                Err(RecvError::Lagged(_)) => Some((EVERYTHING.into(), told)),
                Err(RecvError::Closed) => None,
            }
        });
        let stop = self.stop.clone();
        told.take_until(async move {
            let stopped = stop.cancelled();
            // Either ends it; which one makes no difference.
            tokio::time::timeout(LASTS, stopped).await.map_or_else(drop, drop);
        })
    }
}

/// One message whenever the views moved on.
pub(super) async fn stream(State(site): State<Arc<Site>>) -> Response {
    if site.live.told.receiver_count() >= MOST {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let events = site.live.messages();
    let events = events.map(|message| Ok::<_, Infallible>(Event::default().data(&*message)));
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}
