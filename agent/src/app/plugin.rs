//! `plugin check`: tells the author of a plugin whether it keeps the protocol.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::json;

use super::say;
use crate::cli;
use crate::collect::{Limits, PluginConfig, Trial, conform};

pub(super) async fn check(arguments: &cli::PluginCheck) -> anyhow::Result<ExitCode> {
    let settings = match &arguments.settings {
        None => json!({}),
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("reading the settings from {}", file.display()))?;
            let table: toml::Table = toml::from_str(&text)
                .with_context(|| format!("{} is no TOML table of settings", file.display()))?;
            serde_json::to_value(table)?
        }
    };
    let plugin = PluginConfig {
        // It is started in `/`.
        path: std::path::absolute(&arguments.path)?,
        socket: None,
        kinds: None,
        settings,
        secrets: std::collections::BTreeMap::new(),
        deny_paths: Vec::new(),
    };
    let limits = Limits { deadline: arguments.deadline, ..Limits::default() };
    let folder = Scratch::make()?;
    let trials = conform(&plugin, &limits, &folder.0).await?;
    let fine = trials.iter().all(|trial| !trial.required || trial.faults.is_empty());
    if arguments.json {
        say(&json!({ "fine": fine, "trials": trials }).to_string())?;
    } else {
        say(&trials.iter().flat_map(lines).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn lines(trial: &Trial) -> Vec<String> {
    let word = match (trial.faults.is_empty(), trial.required) {
        (true, _) => "passes",
        (false, true) => "FAILS",
        (false, false) => "could do better",
    };
    let mut lines = vec![format!("{:14} {word}", trial.trial)];
    lines.extend(trial.faults.iter().map(|fault| format!("{:14} - {fault}", "")));
    lines
}

/// A private folder, gone when the check is over.
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> anyhow::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
        let path =
            std::env::temp_dir().join(format!("exhibit-plugin-check-{}", hex::encode(random)));
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("making {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "a folder of the check is left behind");
        }
    }
}
