//! Stylesheet and scripts, part of the program. Their address holds their digest, so a browser may keep them for good.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use exhibit_proto::digest::Digest;

use super::words::short;

const FILES: [(&str, &str, &[u8]); 3] = [
    ("exhibit.css", "text/css; charset=utf-8", include_bytes!("../../assets/exhibit.css")),
    ("exhibit.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/exhibit.js")),
    ("mark.svg", "image/svg+xml", include_bytes!("../../assets/mark.svg")),
];

pub(super) fn address(name: &str) -> String {
    let bytes = FILES.iter().find(|file| file.0 == name).map_or(&b""[..], |file| file.2);
    format!("/assets/{}/{name}", short(&Digest::of(bytes).to_string()))
}

pub(super) async fn serve(Path((digest, name)): Path<(String, String)>) -> Response {
    let found = FILES.iter().find(|file| file.0 == name);
    match found.filter(|_| address(&name) == format!("/assets/{digest}/{name}")) {
        Some((_, media_type, bytes)) => (
            [
                (header::CONTENT_TYPE, *media_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ],
            *bytes,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
