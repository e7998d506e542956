//! A request's body that must have come within a time: who sends a byte now and then keeps no handler waiting.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::Sleep;

/// Fails once its time is over; what came until then was handed on.
pub(super) struct Timed {
    body: Incoming,
    over: Pin<Box<Sleep>>,
}

#[derive(Debug, thiserror::Error)]
#[error("the request's body did not come in time")]
struct TooSlow;

impl Timed {
    /// The time counts from now.
    pub(super) fn new(body: Incoming, within: Duration) -> Self {
        Self { body, over: Box::pin(tokio::time::sleep(within)) }
    }
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.over.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(TooSlow.into())));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
