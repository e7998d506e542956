//! `frameworks`: those that are known, and whether a folder of one's own is one.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use super::{Output, show};
use crate::config::Config;
use crate::frameworks::{Frameworks as Known, files};

/// Frameworks besides Annex A: those that ship, and your own
#[derive(Debug, Subcommand)]
pub(super) enum Frameworks {
    /// Every framework that the collector knows; exit 1 if a folder of your own was refused
    List(Output),
    /// Check a folder of your own: framework.json, controls.csv, crosswalk.csv; needs no configuration
    Test {
        dir: PathBuf,
        #[command(flatten)]
        output: Output,
    },
}

pub(super) fn run(
    asked: Frameworks,
    config: impl FnOnce() -> anyhow::Result<Config>,
) -> anyhow::Result<ExitCode> {
    match asked {
        Frameworks::List(output) => list(&config()?, &output),
        Frameworks::Test { dir, output } => {
            let shipped = exhibit_assessment::Crosswalks::builtin()?.clone();
            let known = shipped.with_own(&files(&dir)?)?;
            let Some(own) = known.frameworks().last() else { anyhow::bail!("nothing was read") };
            let found = json!({"id": own.id, "title": own.title, "relations": own.relations.len()});
            let text = format!("{} ({}): {} relations", own.id, own.title, own.relations.len());
            show(output.json, &found, &text)
        }
    }
}

fn list(config: &Config, output: &Output) -> anyhow::Result<ExitCode> {
    let Known { crosswalks, refused } = Known::read(config.frameworks.directory.as_deref())?;
    let all = crosswalks.frameworks();
    let found = all.iter().map(
        |one| json!({"id": one.id, "title": one.title, "basis": one.basis, "relations": one.relations.len()}),
    );
    let found = json!({"frameworks": found.collect::<Vec<_>>(), "refused": &*refused});
    let lines = all.iter().map(|one| {
        format!(
            "{:<20} {:>5} relations  {} ({})",
            one.id,
            one.relations.len(),
            one.title,
            one.basis.label()
        )
    });
    let no = refused.iter().map(|one| format!("refused: {}: {}", one.folder.display(), one.why));
    let text: Vec<String> = lines.chain(no).collect();
    let code = show(output.json, &found, &text.join("\n"))?;
    Ok(if refused.is_empty() { code } else { ExitCode::from(1) })
}
