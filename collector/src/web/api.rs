//! What the pages show, as JSON under `/api/v1`: a table of operations, from which the routes and their description are both made.
//! Computes nothing beside the pages, and changes nothing but through the callbacks that forms use.
//!
//! | part | does |
//! |---|---|
//! | `operation` | one operation: its address, what it takes and gives, what it runs |
//! | `known` | answers that the asker has already, known before they are made |
//! | `list` | sorting, filtering and paging of any list |
//! | `words` | shapes of words and ids that other crates own |
//! | `problem` | everything that goes wrong, as RFC 9457 says it |
//! | `describe` | the OpenAPI description |
//! | the others | a resource each: its rows, which its page shows too, and its operations |

pub(super) mod agents;
mod audit_room;
mod audits;
pub(super) mod controls;
pub(super) mod decisions;
mod describe;
pub(super) mod entries;
pub(super) mod findings;
pub(super) mod frameworks;
mod history;
pub(super) mod kinds;
mod known;
mod list;
mod log;
mod me;
pub(super) mod noticed;
mod operation;
mod people;
mod problem;
mod reports;
pub(super) mod rules;
pub(super) mod scope;
pub(super) mod search;
mod soa;
pub(super) mod targets;
pub(super) mod today;
pub(super) mod trends;
mod words;

use std::sync::{Arc, LazyLock};

use axum::http::header;
use axum::response::IntoResponse as _;
use axum::routing::get;
use serde_json::Value;

use super::routes::Routes;
use super::{Ask, Site, WebError};
use operation::Operation;

pub(super) use known::Known;
pub(super) use problem::shape;

/// Where the operations begin.
pub(super) const ROOT: &str = "/api/v1";

/// Every operation. Another resource is another file and its line here.
static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let all = [
        controls::operations(),
        findings::operations(),
        targets::operations(),
        scope::operations(),
        agents::operations(),
        rules::operations(),
        kinds::operations(),
        entries::operations(),
        log::operations(),
        decisions::operations(),
        soa::operations(),
        frameworks::operations(),
        reports::operations(),
        search::operations(),
        audits::operations(),
        audit_room::operations(),
        history::operations(),
        trends::operations(),
        today::operations(),
        noticed::operations(),
        people::operations(),
        me::operations(),
    ];
    all.into_iter().flatten().collect()
});

/// A route each operation, and the description of them all. What each needs stands in `rights`.
pub(super) fn routes() -> Routes<Arc<Site>> {
    let json = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, CACHE)];
    let described = || async move { (json, description()).into_response() };
    let routes = Routes::new().route(&format!("{ROOT}/openapi.json"), get(described));
    OPERATIONS.iter().fold(routes, |routes, operation| {
        routes.route(&format!("{ROOT}{}", operation.path), operation.route())
    })
}

/// What caches may do with an answer: keep it for whoever asked, and ask again whether it still holds.
const CACHE: &str = "private, no-cache";

/// The OpenAPI 3.1 description of every operation, as JSON.
pub fn description() -> String {
    describe::document(&OPERATIONS).to_string()
}

/// An operation as its page shows it.
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    pub(super) reads: bool,
    pub(super) fields: Vec<Field>,
    /// The shape of what a change takes.
    pub(super) body: String,
}

/// A parameter in a form.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) in_path: bool,
    pub(super) number: bool,
    /// All values that it may have; none: any.
    pub(super) options: Vec<String>,
}

/// Every operation with what it is about.
pub(super) fn shown() -> impl Iterator<Item = (&'static str, Shown)> {
    OPERATIONS.iter().map(|operation| {
        let in_path = describe::names(operation.path).into_iter().map(|name| {
            let (about, schema) = describe::of_path(name);
            field((name, about), &schema, true)
        });
        let in_query = operation
            .takes
            .iter()
            .map(|taken| field((&taken.name, &taken.about), &taken.schema, false));
        let shown = Shown {
            id: describe::id(operation),
            method: operation.method.to_string(),
            path: operation.path,
            summary: operation.summary,
            reads: operation.body.is_none(),
            fields: in_path.chain(in_query).collect(),
            body: operation.body.map(describe::told).unwrap_or_default(),
        };
        (operation.tag, shown)
    })
}

fn field((name, about): (&str, &str), schema: &Value, in_path: bool) -> Field {
    let is = |wanted: &str| schema.get("type").is_some_and(|kind| kind == wanted);
    let words = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let mut options: Vec<String> = words.filter_map(Value::as_str).map(str::to_owned).collect();
    if is("boolean") {
        options = vec!["true".to_owned(), "false".to_owned()];
    }
    let (name, about, number) = (name.to_owned(), about.to_owned(), is("integer"));
    Field { name, about, in_path, number, options }
}
