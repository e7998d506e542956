//! How the public read side is exchanged: entity tags, questions of browsers from elsewhere, compression. It changes no byte
//! that is hashed: a tag and a compressed body stand for the same bytes.

use axum::extract::Request;
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use exhibit_proto::digest::Digest;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};

/// Smallest body that is compressed, in bytes.
const SMALL: u64 = 256;

/// Put on bodies that no compression makes smaller: hashes.
#[derive(Clone, Copy)]
pub(super) struct Dense;

/// Weak, because the same bytes go out compressed and plain.
pub(super) fn tag(bytes: &[u8]) -> String {
    format!("W/\"{}\"", Digest::of(bytes))
}

pub(super) fn compression() -> CompressionLayer<impl Predicate> {
    let loose = |_: StatusCode, _: Version, _: &HeaderMap, extensions: &Extensions| {
        extensions.get::<Dense>().is_none()
    };
    CompressionLayer::new().compress_when(SizeAbove::new(SMALL).and(loose))
}

/// Answers 304 where the asker has the very bytes, and lets monitors in browsers read: nothing here needs a session, and no
/// cookie changes an answer.
pub(super) async fn exchange(request: Request, next: Next) -> Response {
    let asked = request.headers().get(header::IF_NONE_MATCH).cloned();
    let mut response =
        if request.method() == Method::OPTIONS { preflight() } else { next.run(request).await };
    let same = match (&asked, response.headers().get(header::ETAG)) {
        (Some(asked), Some(tag)) => is_held(asked, tag),
        (Some(_) | None, _) => false,
    };
    if same && response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = axum::body::Body::empty();
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "etag"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The question that browsers ask before they send an `If-None-Match` of their own.
fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "if-none-match"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Weak comparison over a list (RFC 9110 §13.1.2).
fn is_held(asked: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(asked), Ok(tag)) = (asked.to_str(), tag.to_str()) else {
        return false;
    };
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    asked.trim() == "*" || asked.split(',').any(|one| opaque(one) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly_and_in_lists() {
        let tag = HeaderValue::from_static("W/\"a\"");
        for (asked, held) in [
            ("W/\"a\"", true),
            ("\"a\"", true),
            ("\"b\", W/\"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
            ("", false),
        ] {
            assert_eq!(is_held(&HeaderValue::from_static(asked), &tag), held, "{asked}");
        }
    }
}
