//! What the pages show, as JSON under `/api/v1`: a table of operations, from which the routes and their description are both made.
//! Computes nothing beside the pages, and changes nothing but through the callbacks that forms use.
//!
//! | part | does |
//! |---|---|
//! | `operation` | one operation: its address, what it takes and gives, what it runs |
//! | `list` | sorting, filtering and paging of any list |
//! | `words` | shapes of words and ids that other crates own |
//! | `problem` | everything that goes wrong, as RFC 9457 says it |
//! | `describe` | the OpenAPI description |
//! | the others | a resource each: its rows, which its page shows too, and its operations |

pub(super) mod agents;
pub(super) mod controls;
pub(super) mod decisions;
mod describe;
pub(super) mod entries;
pub(super) mod findings;
pub(super) mod frameworks;
pub(super) mod kinds;
mod list;
mod log;
mod me;
mod operation;
mod problem;
mod reports;
pub(super) mod rules;
mod soa;
pub(super) mod targets;
mod words;

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::routing::get;

use super::{Ask, Site, WebError};
use operation::Operation;

pub(super) use problem::shape;

/// Where the operations begin.
const ROOT: &str = "/api/v1";

/// Every operation. Another resource is another file and its line here.
static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let all = [
        controls::operations(),
        findings::operations(),
        targets::operations(),
        agents::operations(),
        rules::operations(),
        kinds::operations(),
        entries::operations(),
        log::operations(),
        decisions::operations(),
        soa::operations(),
        frameworks::operations(),
        reports::operations(),
        me::operations(),
    ];
    all.into_iter().flatten().collect()
});

/// A route each operation, and the description of them all.
pub(super) fn router() -> Router<Arc<Site>> {
    let json = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, CACHE)];
    let described = || async move { (json, description()).into_response() };
    let router = Router::new().route(&format!("{ROOT}/openapi.json"), get(described));
    OPERATIONS.iter().fold(router, |router, operation| {
        router.route(&format!("{ROOT}{}", operation.path), operation.route())
    })
}

/// What caches may do with an answer: keep it for whoever asked, and ask again whether it still holds.
const CACHE: &str = "private, no-cache";

/// The OpenAPI 3.1 description of every operation, as JSON.
pub fn description() -> String {
    describe::document(&OPERATIONS).to_string()
}
