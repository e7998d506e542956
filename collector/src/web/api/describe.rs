//! The OpenAPI 3.1 description of a table of operations. Says nothing that the table does not.

use schemars::SchemaGenerator;
use schemars::generate::{Contract, SchemaSettings};
use serde_json::{Map, Value, json};

use super::ROOT;
use super::operation::{Gives, Operation, Shape};
use super::problem::Problem;

const ABOUT: &str = "What Exhibit's pages show, as JSON. Times are RFC 3339 in UTC, digests are SHA-256 in hex, an entry is an index of the log. \
Lists sort and filter by the names of their rows' fields, and name the address of their next part. Every answer has an `ETag`; \
ask with `If-None-Match`. A change by a signed-in browser carries the session's `X-CSRF-Token`. Everything that goes wrong is \
`application/problem+json`. Statuses are statements about rules and evidence, never about conformity: that, a person decides.";

/// The description of all operations.
pub(super) fn document(operations: &[Operation]) -> Value {
    let shapes = |contract: Contract| {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.meta_schema = None;
            settings.definitions_path = "/components/schemas".into();
            settings.contract = contract;
        });
        settings.into_generator()
    };
    let mut shapes = (shapes(Contract::Serialize), shapes(Contract::Deserialize));
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let said = said(operation, &mut shapes);
        let methods = paths.entry(operation.path.to_owned()).or_insert_with(|| json!({}));
        methods[operation.method.as_str().to_lowercase()] = said;
    }
    let problem = shapes.0.subschema_for::<Problem>();
    let mut tags: Vec<&str> = Vec::new();
    for operation in operations {
        if !tags.contains(&operation.tag) {
            tags.push(operation.tag);
        }
    }
    let tags: Vec<Value> = tags.into_iter().map(|name| json!({"name": name})).collect();
    let mut components = shapes.0.take_definitions(true);
    components.extend(shapes.1.take_definitions(true));
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Exhibit", "version": env!("CARGO_PKG_VERSION"), "summary": "Control evidence and what rules say about it", "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": ROOT}],
        "tags": tags,
        "security": [{"session": []}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-exhibit", "description": "The session of a person who signed in on the pages."},
                "token": {"type": "http", "scheme": "bearer", "description": "A token made at /settings/tokens; its scopes and its owner's role say what it may."},
            },
            "responses": {"Problem": {"description": "What went wrong (RFC 9457).", "content": {"application/problem+json": {"schema": problem}}}},
        },
    })
}

/// Shapes of what is given, and of what is taken.
type Shapes = (SchemaGenerator, SchemaGenerator);

fn said(operation: &Operation, (given, taken): &mut Shapes) -> Value {
    let in_path = names(operation.path).into_iter().map(|name| {
        let (about, schema) = of_path(name);
        parameter((name, "path", true), about, &schema)
    });
    let in_query = operation
        .takes
        .iter()
        .map(|taken| parameter((&taken.name, "query", false), &taken.about, &taken.schema));
    let mut parameters: Vec<Value> = in_path.chain(in_query).collect();
    let json = |schema: Value| json!({"application/json": {"schema": schema}});
    let (status, content) = match &operation.gives {
        Gives::Json(shape) => ("200", json(shape(given).to_value())),
        Gives::Made(shape) => ("201", json(shape(given).to_value())),
        Gives::File(media_types) => {
            let each = media_types.iter().map(|one| ((*one).to_owned(), json!({"schema": {}})));
            ("200", Value::Object(each.collect()))
        }
    };
    let mut responses = Map::new();
    responses.insert("default".to_owned(), json!({"$ref": "#/components/responses/Problem"}));
    let mut said = json!({"operationId": id(operation), "tags": [operation.tag], "summary": operation.summary});
    if let Some(body) = operation.body {
        let schema = body(taken).to_value();
        said["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": schema}}});
        let about = "The session's token, which `/me` tells; needed where a cookie says who asks.";
        parameters.push(parameter(
            ("X-CSRF-Token", "header", false),
            about,
            &json!({"type": "string"}),
        ));
        responses.insert(
            status.to_owned(),
            json!({"description": "What came of it.", "content": content}),
        );
    } else {
        let tag = json!({"description": "Names these very bytes.", "schema": {"type": "string"}});
        let fine = json!({"description": "What was asked for.", "headers": {"ETag": tag}, "content": content});
        responses.insert(status.to_owned(), fine);
        responses.insert(
            "304".to_owned(),
            json!({"description": "What `If-None-Match` names still holds."}),
        );
    }
    said["parameters"] = json!(parameters);
    said["responses"] = Value::Object(responses);
    said
}

fn parameter((name, place, required): (&str, &str, bool), about: &str, schema: &Value) -> Value {
    json!({"name": name, "in": place, "required": required, "description": about, "schema": schema})
}

/// The shape of what a change takes, with everything that it refers to inside.
pub(super) fn told(body: Shape) -> String {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
        settings.contract = Contract::Deserialize;
    });
    let schema = body(&mut settings.into_generator()).to_value();
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

/// Method and path as one word: `get_controls_control`.
pub(in crate::web) fn id(operation: &Operation) -> String {
    let words = operation.path.split(['/', '{', '}', '-', '.']).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.collect();
    format!("{}_{}", operation.method.as_str().to_lowercase(), words.join("_"))
}

/// The parameters in a path.
pub(in crate::web) fn names(path: &str) -> Vec<&str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect()
}

/// What a parameter of a path is.
pub(super) fn of_path(name: &str) -> (&'static str, Value) {
    let text = || json!({"type": "string", "minLength": 1});
    match name {
        "control" => (
            "A control of Annex A, like A.8.13.",
            json!({"type": "string", "pattern": r"^A\.[5-8]\.[1-9][0-9]?$"}),
        ),
        "index" => {
            ("An entry of the log.", json!({"type": "integer", "minimum": 0, "maximum": i64::MAX}))
        }
        "part" => {
            ("Which part.", json!({"type": "string", "enum": ["envelope", "leaf", "proof", "key"]}))
        }
        "rule" => ("A rule, like patch.status.reboot_not_pending.", text()),
        "target" => ("A target, like host:4711.", text()),
        "kind" => ("A kind of evidence, like patch.status.", text()),
        "agent" => ("An agent's id.", text()),
        "audit" => ("An audit, like A-2026-001.", text()),
        "population" => ("A frozen list of an audit, like P-2026-001.", text()),
        "person" => ("Name of somebody's account.", text()),
        "digest" => ("SHA-256 of a file.", text()),
        "framework" => ("A framework's name in addresses.", text()),
        "register" => ("A register of decisions, like waiver.", text()),
        "id" => ("A record of its register, like W-2026-001.", text()),
        _ => ("", text()),
    }
}
