//! One room a kind. Each has an `ENTRY` for the catalog and judges nothing.

pub(crate) mod asset_inventory;
pub(crate) mod backup_jobs;
pub(crate) mod capacity_metrics;
pub(crate) mod config_baseline;
pub(crate) mod crypto_at_rest;
pub(crate) mod identity_accounts;
pub(crate) mod identity_privileged_grants;
pub(crate) mod identity_sign_in_policy;
pub(crate) mod logging_sources;
pub(crate) mod network_firewall;
pub(crate) mod network_services;
pub(crate) mod patch_status;
pub(crate) mod software_inventory;
pub(crate) mod time_sync;

#[cfg(test)]
pub(crate) mod testing {
    //! What tests of several kinds share.

    use std::{fs, path::Path, time::Duration};

    use exhibit_plugin::{Job, Observation};
    use serde_json::Value;

    /// A job with a minute's time, on 22 November 2026.
    pub(crate) fn job(root: impl AsRef<Path>) -> Job {
        Job {
            kind: "test".into(),
            target: "host:test".into(),
            settings: Value::Object(serde_json::Map::new()),
            secrets: std::collections::BTreeMap::new(),
            root: root.as_ref().to_owned(),
            now: "2026-11-22T12:00:00Z".parse().unwrap(),
            deadline: std::time::Instant::now() + Duration::from_secs(60),
        }
    }

    /// A host made of the given files.
    pub(crate) fn planted(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let full = root.path().join(path.trim_start_matches('/'));
            fs::create_dir_all(full.parent().unwrap()).unwrap();
            fs::write(full, content).unwrap();
        }
        root
    }

    /// The body, after checking it against the schema of its kind.
    pub(crate) fn body(kind: &str, observation: &Observation) -> Value {
        let body = observation.body().unwrap_or_else(|| {
            panic!("no document: {:?}", observation.outcomes().collect::<Vec<_>>())
        });
        exhibit_plugin::kinds::validate(kind, body).unwrap();
        body.clone()
    }

    /// Outcomes as `word: detail`.
    pub(crate) fn outcomes(observation: &Observation) -> Vec<String> {
        observation
            .outcomes()
            .map(|(kind, detail, remedy)| {
                assert!(!remedy.is_empty(), "{detail} has no remedy");
                format!("{}: {detail}", kind.as_str())
            })
            .collect()
    }
}
