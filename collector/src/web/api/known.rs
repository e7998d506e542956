//! Which tag an answer had: whoever has it already is told so before anything is read. Only of answers that follow from the tables,
//! the rule pack and the address alone, whoever asks; who may ask is decided before, each time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::operation::{has, mark};
use super::{Ask, CACHE, WebError};
use crate::web::moment::AS_OF;

/// Answers whose tags are remembered.
const MOST: usize = 1_000;

#[derive(Default)]
pub(in crate::web) struct Known(Mutex<HashMap<String, (Stand, HeaderValue)>>);

/// Entries in the tables, and the digest of the pack.
type Stand = (u64, String);

/// A question, and how the tables stood when it was asked.
pub(super) struct Question {
    address: String,
    stand: Stand,
}

impl Question {
    /// None of an earlier moment.
    pub(super) fn of(
        ask: &Ask,
        address: &str,
        headers: &HeaderMap,
    ) -> Result<Option<Self>, WebError> {
        if ask.query.contains_key(AS_OF) {
            return Ok(None);
        }
        let pack = ask.views.assessor().pack().digest().to_owned();
        let address = format!("{address}{}", mark(headers));
        Ok(Some(Self { address, stand: (ask.views.applied()?, pack) }))
    }
}

impl Known {
    /// That the asker has the answer, where that is known.
    pub(super) fn unchanged(&self, question: &Question, headers: &HeaderMap) -> Option<Response> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, tag) = known.get(&question.address).filter(|held| held.0 == question.stand)?;
        let kept =
            [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static(CACHE))];
        has(headers, tag.to_str().ok()?)
            .then(|| (axum::http::StatusCode::NOT_MODIFIED, kept).into_response())
    }

    /// The tag of an answer that was made after the question: it is at least as new as that.
    pub(super) fn remember(&self, question: Question, answer: &Response) {
        let Some(tag) = answer.headers().get(header::ETAG).cloned() else { return };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST && !known.contains_key(&question.address) {
            known.clear();
        }
        known.insert(question.address, (question.stand, tag));
    }
}
