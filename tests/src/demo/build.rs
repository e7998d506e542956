//! Builds the programs in the profile this one was built with.

use std::process::Command;

use anyhow::{Context as _, Result, bail};
use exhibit_tests::Programs;

/// Runs cargo where the workspace is; cargo shows its own progress.
pub(crate) fn programs(programs: &Programs) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--locked", "--workspace", "--bins"]);
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    if programs.folder().ends_with("release") {
        command.arg("--release");
    }
    if let Some(target) = programs.folder().parent() {
        command.arg("--target-dir").arg(target);
    }
    let status = command.status().context("starting cargo")?;
    if status.success() { Ok(()) } else { bail!("cargo build ended with {status}") }
}
