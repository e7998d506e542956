//! Stylesheet and scripts, part of the program. Their address holds their digest, so a browser may keep them for good.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use exhibit_proto::digest::Digest;

use super::words::short;

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// One stylesheet and one script out of their parts, so that a page asks for one of each.
const STYLE: &str = concat!(
    include_str!("../../assets/exhibit.css"),
    include_str!("../../assets/nav.css"),
    include_str!("../../assets/moment.css"),
    include_str!("../../assets/charts.css"),
    include_str!("../../assets/parts.css"),
);
/// Each in a block of its own: they know nothing of each other's names.
const SCRIPTS: &str = concat!(
    "{",
    include_str!("../../assets/exhibit.js"),
    "}\n{",
    include_str!("../../assets/charts.js"),
    "}\n{",
    include_str!("../../assets/live.js"),
    "}\n{",
    include_str!("../../assets/copy.js"),
    "}\n",
);

const FILES: [(&str, &str, &[u8]); 14] = [
    ("exhibit.css", CSS, STYLE.as_bytes()),
    ("api.js", SCRIPT, include_bytes!("../../assets/api.js")),
    ("exhibit.js", SCRIPT, SCRIPTS.as_bytes()),
    ("verify.css", CSS, include_bytes!("../../assets/verify/verify.css")),
    ("bytes.mjs", SCRIPT, include_bytes!("../../assets/verify/bytes.mjs")),
    ("keys.mjs", SCRIPT, include_bytes!("../../assets/verify/keys.mjs")),
    ("notes.mjs", SCRIPT, include_bytes!("../../assets/verify/notes.mjs")),
    ("entry.mjs", SCRIPT, include_bytes!("../../assets/verify/entry.mjs")),
    ("logkeys.mjs", SCRIPT, include_bytes!("../../assets/verify/logkeys.mjs")),
    ("noticed.mjs", SCRIPT, include_bytes!("../../assets/verify/noticed.mjs")),
    ("item.mjs", SCRIPT, include_bytes!("../../assets/verify/item.mjs")),
    ("show.mjs", SCRIPT, include_bytes!("../../assets/verify/show.mjs")),
    ("page.mjs", SCRIPT, include_bytes!("../../assets/verify/page.mjs")),
    ("mark.svg", "image/svg+xml", include_bytes!("../../assets/mark.svg")),
];

/// Where a file lies; every page names some.
pub(super) fn address(name: &str) -> String {
    static ADDRESSES: LazyLock<BTreeMap<&str, String>> =
        LazyLock::new(|| FILES.iter().map(|file| (file.0, addressed(file.0))).collect());
    ADDRESSES.get(name).cloned().unwrap_or_else(|| addressed(name))
}

/// Modules import each other by name, so they share one digest and lie in one folder.
fn addressed(name: &str) -> String {
    let module = |name: &str| name.ends_with(".mjs");
    let together = |file: &&(&str, &str, &[u8])| file.0 == name || (module(name) && module(file.0));
    let bytes: Vec<&[u8]> = FILES.iter().filter(together).map(|file| file.2).collect();
    format!("/assets/{}/{name}", short(&Digest::of_parts(&bytes).to_string()))
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
