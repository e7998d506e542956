//! The configuration file as it is written, before any meaning; unknown keys are refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::units::{Size, Span};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) state_dir: String,
    pub(super) collector: Option<Spanned<String>>,
    pub(super) target: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) spool: Spool,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) heartbeat: Heartbeat,
    #[serde(default)]
    pub(super) identity: Identity,
    #[serde(default)]
    pub(super) plugin: Vec<Plugin>,
    /// `default` and `splay`, and a cron line for each kind that is named.
    #[serde(default)]
    pub(super) schedule: BTreeMap<String, Spanned<toml::Value>>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) redact: Redact,
    #[serde(default)]
    pub(super) deny: Deny,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spool {
    pub(super) max_bytes: Option<Size>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) deadline: Option<Span>,
    pub(super) max_document_bytes: Option<Size>,
    pub(super) max_output_bytes: Option<Size>,
    pub(super) cpu: Option<Span>,
    pub(super) memory: Option<Size>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Heartbeat {
    pub(super) interval: Option<Span>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Identity {
    pub(super) evidence_key_days: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plugin {
    pub(super) path: Spanned<String>,
    pub(super) socket: Option<Spanned<String>>,
    pub(super) kinds: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) settings: toml::Table,
    #[serde(default)]
    pub(super) secrets: BTreeMap<String, Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Redact {
    #[serde(default)]
    pub(super) personal_names: bool,
    #[serde(default)]
    pub(super) pattern: Vec<Pattern>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pattern {
    pub(super) name: Spanned<String>,
    pub(super) regex: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deny {
    #[serde(default)]
    pub(super) kinds: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) paths: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) fields: BTreeMap<String, Vec<Spanned<String>>>,
}
