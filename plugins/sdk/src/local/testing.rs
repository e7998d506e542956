//! What the tests of plugins share (feature `testing`): a job, a planted host, and what an observation says.

pub mod traced;

use std::{fs, path::Path, time::Duration};

use jiff::Timestamp;
use serde_json::Value;

use crate::{Job, Observation};

/// A job with a minute's time, on 22 November 2026.
pub fn job(root: impl AsRef<Path>) -> Job {
    Job {
        kind: "test".into(),
        target: "host:test".into(),
        settings: Value::Object(serde_json::Map::new()),
        secrets: std::collections::BTreeMap::new(),
        root: root.as_ref().to_owned(),
        vetoes: crate::plugin::Vetoes::default(),
        now: Timestamp::constant(1_795_348_800, 0),
        deadline: std::time::Instant::now() + Duration::from_secs(60),
    }
}

/// A host made of the given files.
///
/// # Panics
/// When the scratch folder cannot be written.
pub fn planted(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a scratch folder can be made");
    for (path, content) in files {
        let full = root.path().join(path.trim_start_matches('/'));
        let folder = full.parent().expect("a planted file has a folder");
        fs::create_dir_all(folder).expect("folders can be planted");
        fs::write(full, content).expect("files can be planted");
    }
    root
}

/// The body, after checking it against the schema of its kind.
///
/// # Panics
/// When there is no document, or it does not follow the schema.
pub fn body(kind: &str, observation: &Observation) -> Value {
    let outcomes: Vec<_> = observation.outcomes().collect();
    let body = observation.body();
    assert!(body.is_some(), "no document: {outcomes:?}");
    let body = body.cloned().unwrap_or_default();
    assert_eq!(crate::kinds::validate(kind, &body), Ok(()));
    body
}

/// Outcomes as `word: detail`.
///
/// # Panics
/// When one has no remedy.
pub fn outcomes(observation: &Observation) -> Vec<String> {
    observation
        .outcomes()
        .map(|(kind, detail, remedy)| {
            assert!(!remedy.is_empty(), "{detail} has no remedy");
            format!("{}: {detail}", kind.as_str())
        })
        .collect()
}
