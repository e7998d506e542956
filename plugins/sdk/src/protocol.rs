//! The JSON lines between the agent and a plugin, in both directions.
//!
//! This room only names shapes; it starts no process and reads no stream.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Version of the protocol that this crate speaks; the `v` of a request and the `protocol` of a description.
pub const PROTOCOL: u32 = 1;

/// Longest line either side accepts, in bytes without the newline.
pub const MAX_LINE: usize = 16 * 1024 * 1024;

/// What the agent asks for: exactly one line on the plugin's standard input, which is then closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// [`PROTOCOL`].
    pub v: u32,
    /// Kinds wanted, such as `patch.status`, in the order in which they should be observed.
    pub kinds: Vec<String>,
    /// What is observed, such as `host:<machine-id>`.
    pub target: String,
    /// The plugin's own settings table; `{}` when the configuration has none.
    #[serde(default = "empty_object")]
    pub settings: Value,
    /// Name of each secret and the path of the file that holds it. Secrets never travel in the line itself.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// Wall time for the whole request, in milliseconds from the moment the plugin has read it.
    pub deadline_ms: u64,
    /// Root of the file system to observe; `/` except in tests and for mounted images.
    #[serde(default = "slash")]
    pub root: String,
    /// Paths that the operator of the host forbids: patterns with `**`, `*` and `?`; absent when there are none. Only a plugin
    /// whose description says `keeps_deny_paths` is asked while there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deny_paths: Vec<String>,
}

fn empty_object() -> Value {
    Value::Object(serde_json::Map::new())
}

fn slash() -> String {
    "/".to_owned()
}

/// One line of a plugin's standard output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    /// One observation: the body of one kind about one target.
    Document {
        /// The kind, such as `identity.accounts`.
        kind: String,
        /// What was observed.
        target: String,
        /// The kind's own schema and nothing else; the agent adds header and salt.
        body: Value,
        /// How it was obtained.
        capture: Capture,
    },
    /// What became of one kind. It stands alone when there is no document, and beside one that is partial.
    Outcome {
        /// The kind it is about.
        kind: String,
        /// What should have been observed.
        target: String,
        /// What happened.
        outcome: OutcomeKind,
        /// What happened to which value; empty only for `collected`.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        detail: String,
        /// Which right, tool or setting would do; empty only for `collected`.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        remedy: String,
    },
    /// Something a person who waits may read.
    Progress {
        /// One short sentence.
        message: String,
    },
    /// For the agent's own log. Never holds secrets or document content.
    Log {
        /// How urgent it is.
        level: Level,
        /// One line.
        message: String,
    },
    /// The last line: everything asked for was answered. Without it the agent calls the run `failed`.
    Done {},
}

/// How urgent a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Needs a person.
    Error,
    /// Something is odd, the run goes on.
    Warn,
    /// Worth knowing.
    Info,
    /// For those who mend the plugin.
    Debug,
}

/// What became of one kind in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// Observed completely.
    Collected,
    /// A right is missing.
    Denied,
    /// A program the observation needs is not installed.
    ToolMissing,
    /// The target has no such thing, for example no package database.
    NotApplicable,
    /// The deadline came first.
    TimedOut,
    /// A bound on memory, processor time, output or rows was met.
    LimitExceeded,
    /// The plugin crashed, printed garbage or met input it could not read.
    Failed,
    /// The observation needs a setting that is absent.
    NotConfigured,
}

impl OutcomeKind {
    /// Every outcome, in the order of declaration.
    pub const ALL: [Self; 8] = [
        Self::Collected,
        Self::Denied,
        Self::ToolMissing,
        Self::NotApplicable,
        Self::TimedOut,
        Self::LimitExceeded,
        Self::Failed,
        Self::NotConfigured,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Collected => "collected",
            Self::Denied => "denied",
            Self::ToolMissing => "tool_missing",
            Self::NotApplicable => "not_applicable",
            Self::TimedOut => "timed_out",
            Self::LimitExceeded => "limit_exceeded",
            Self::Failed => "failed",
            Self::NotConfigured => "not_configured",
        }
    }
}

/// How a document was obtained. Goes into the statement, not into the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// Exact commands, files or API calls with their parameters, in the order of use. Never a secret.
    pub method: Vec<String>,
    /// Rights in effect, such as `uid=0` or `uid=998 caps=dac_read_search`.
    pub privileges: String,
    /// Rows in the document's main list.
    pub rows: u64,
    /// Whether rows were left out because of a bound.
    pub truncated: bool,
    /// Rows the source says it has; null when the source does not say.
    pub expected: Option<u64>,
    /// When the observation began.
    pub started: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// The answer to `--describe`: one line of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Describe {
    /// Name of the plugin, such as `linux`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// Whether it keeps to the `deny_paths` of a request.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keeps_deny_paths: bool,
    /// What it can observe.
    pub kinds: Vec<DescribeKind>,
}

/// One kind in a description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribeKind {
    /// The kind.
    pub kind: String,
    /// Its schema, such as `urn:exhibit:kind:patch.status:v1`.
    pub schema: String,
    /// Files, commands and API calls it reads.
    pub reads: Vec<String>,
    /// Rights it needs beyond those of any user; empty when none.
    pub needs: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_with_an_unknown_field_is_refused() {
        let line = r#"{"v":1,"kinds":[],"target":"host:a","deadline_ms":1,"colour":"red"}"#;
        let error = serde_json::from_str::<Request>(line).unwrap_err();
        assert!(error.to_string().contains("colour"), "{error}");
    }

    #[test]
    fn lines_use_the_words_of_the_protocol() {
        let line = Line::Outcome {
            kind: "patch.status".into(),
            target: "host:a".into(),
            outcome: OutcomeKind::ToolMissing,
            detail: "no apt-get".into(),
            remedy: "install apt".into(),
        };
        let text = serde_json::to_string(&line).unwrap();
        assert_eq!(
            text,
            r#"{"t":"outcome","kind":"patch.status","target":"host:a","outcome":"tool_missing","detail":"no apt-get","remedy":"install apt"}"#
        );
        assert_eq!(serde_json::to_string(&Line::Done {}).unwrap(), r#"{"t":"done"}"#);
        assert_eq!(serde_json::from_str::<Line>(r#"{"t":"done"}"#).unwrap(), Line::Done {});
        assert!(serde_json::from_str::<Line>(r#"{"t":"done","x":1}"#).is_err());
        assert!(
            serde_json::from_str::<Line>(r#"{"t":"log","level":"warn","message":"m"}"#).is_ok()
        );
    }

    #[test]
    fn outcome_words_match_their_serde_names() {
        for outcome in OutcomeKind::ALL {
            let word = serde_json::to_value(outcome).unwrap();
            assert_eq!(word, outcome.as_str());
        }
    }
}
