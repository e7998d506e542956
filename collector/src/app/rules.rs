//! Rule packs of an organisation on disk: read, tested, compared. It activates nothing and writes nothing.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use exhibit_assessment::{Change, Judge, PackDiff, RulePack, evidence_kinds};
use serde::Serialize;

const MAX_FILES: usize = 5000;
const MAX_FILE_BYTES: u64 = 1024 * 1024;
const MAX_ARCHIVE_BYTES: u64 = 64 * 1024 * 1024;
/// Stands for the pack that ships with the program.
const BUILTIN: &str = "builtin";

/// What a test run of a pack gave.
#[derive(Debug, Serialize)]
pub struct Tested {
    pub name: String,
    pub version: String,
    pub digest: String,
    pub rules: usize,
    pub tests: usize,
    /// `file:line: test: what it gave`.
    pub failures: Vec<String>,
    /// What should not stay so: unknown kinds, rules without a sort of test.
    pub noted: Vec<String>,
}

impl fmt::Display for Tested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.failures {
            writeln!(f, "{line}")?;
        }
        for line in &self.noted {
            writeln!(f, "note: {line}")?;
        }
        write!(
            f,
            "pack {} {}: {} rules compile, {} tests, {} failed\ndigest {}",
            self.name,
            self.version,
            self.rules,
            self.tests,
            self.failures.len(),
            self.digest
        )
    }
}

/// Loads a pack, compiles every rule and runs every test.
pub fn test(path: &Path) -> anyhow::Result<Tested> {
    let pack = load(path)?;
    Judge::new(&pack)?;
    let outcomes = pack.run_tests()?;
    let failed = outcomes.iter().filter_map(|outcome| {
        let what = outcome.failure.as_ref()?;
        Some(format!("{}:{}: {}: {what}", outcome.path, outcome.line, outcome.name))
    });
    let kinds = evidence_kinds()?;
    let mut known: BTreeSet<&str> = kinds.iter().map(|kind| kind.kind.as_str()).collect();
    let shipped = RulePack::builtin()?;
    known.extend(shipped.rules().iter().map(|rule| rule.kind.as_str()));
    let mut noted: Vec<String> =
        pack.unknown_kinds(&known).iter().map(ToString::to_string).collect();
    noted.extend(
        pack.untested()
            .into_iter()
            .map(|(path, missing)| format!("{path} is not tested for: {}", missing.join(", "))),
    );
    Ok(Tested {
        name: pack.name().to_owned(),
        version: pack.version().to_owned(),
        digest: pack.digest().to_owned(),
        rules: pack.rules().len(),
        tests: outcomes.len(),
        failures: failed.collect(),
        noted,
    })
}

/// What differs between two packs.
#[derive(Debug, Serialize)]
pub struct Compared {
    #[serde(flatten)]
    pub diff: PackDiff,
}

/// Compares two packs; `builtin` stands for the one that ships.
pub fn diff(older: &Path, newer: &Path) -> anyhow::Result<Compared> {
    Ok(Compared { diff: load(older)?.diff(&load(newer)?) })
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.diff.is_empty() {
            return f.write_str("no difference in what rules compute or declare");
        }
        let mut lines: Vec<String> = Vec::new();
        lines.extend(self.diff.removed.iter().map(|rule| format!("- {rule}")));
        lines.extend(self.diff.added.iter().map(|rule| format!("+ {rule}")));
        for rule in &self.diff.changed {
            lines.push(format!("~ {}", rule.rule));
            lines.extend(rule.changes.iter().map(|change| format!("    {}", told(change))));
        }
        lines.extend(self.diff.library.iter().map(|path| format!("~ {path}")));
        f.write_str(&lines.join("\n"))
    }
}

fn told(change: &Change) -> String {
    fn side<T: fmt::Display>(value: Option<&T>) -> String {
        value.map_or("none".to_owned(), ToString::to_string)
    }
    match change {
        Change::Declared { key, before, after } => format!("{key}: {before} → {after}"),
        Change::Parameter { name, before, after } => {
            format!("parameter {name}: {} → {}", side(before.as_ref()), side(after.as_ref()))
        }
        Change::Control { control, before, after } => {
            format!("control {control}: {} → {}", side(before.as_ref()), side(after.as_ref()))
        }
        Change::Logic => "what it computes".to_owned(),
    }
}

/// A pack from its directory, from its archive, or the one that ships.
fn load(path: &Path) -> anyhow::Result<RulePack> {
    if path == Path::new(BUILTIN) {
        return Ok(RulePack::builtin()?);
    }
    let found = fs::metadata(path).with_context(|| format!("reading {}", path.display()))?;
    if found.is_dir() {
        return Ok(RulePack::from_sources(files(path)?)?);
    }
    ensure!(
        found.len() <= MAX_ARCHIVE_BYTES,
        "{} has {} bytes, more than {MAX_ARCHIVE_BYTES}: no rule pack",
        path.display(),
        found.len()
    );
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(RulePack::from_archive(&bytes)?)
}

/// The files of a pack's directory as (path, text): `pack.json` and `<folder>/<name>.rego`. Pages (`.md`) and hidden files stay
/// out.
fn files(root: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut folders = vec![(root.to_path_buf(), String::new())];
    while let Some((folder, before)) = folders.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("reading {}", folder.display()))?;
            let at = entry.path();
            let Ok(name) = entry.file_name().into_string() else {
                bail!("{} is not a name in UTF-8; rename it", at.display());
            };
            let sort = entry.file_type().with_context(|| format!("reading {}", at.display()))?;
            if name.starts_with('.') || (sort.is_file() && name.ends_with(".md")) {
                continue;
            }
            if sort.is_dir() && before.is_empty() {
                folders.push((at, format!("{name}/")));
                continue;
            }
            ensure!(
                sort.is_file(),
                "{} is no plain file; a pack has one level of folders",
                at.display()
            );
            ensure!(
                found.len() < MAX_FILES,
                "{} holds more than {MAX_FILES} files",
                root.display()
            );
            let bytes =
                entry.metadata().with_context(|| format!("reading {}", at.display()))?.len();
            ensure!(
                bytes <= MAX_FILE_BYTES,
                "{} has {bytes} bytes, more than {MAX_FILE_BYTES}: no rule file",
                at.display()
            );
            let text =
                fs::read_to_string(&at).with_context(|| format!("reading {}", at.display()))?;
            found.push((format!("{before}{name}"), text));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
