//! Rule packs of an organisation: read, tested, compared, signed, put in force. It judges no evidence.
//!
//! | part | does |
//! |---|---|
//! | `files` | packs on disk |
//! | `sign` | a person's signature over a pack |
//! | `backtest` | a pack on stored evidence, before it is activated |
//! | `steward` | decides whether a pack may come into force, and logs it |
//! | `log`, `shown` | the commands about packs in the log, and how they are shown |

mod backtest;
mod files;
mod log;
mod shown;
mod sign;
mod steward;

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use anyhow::ensure;
use exhibit_assessment::{Judge, PackDiff, PackError, RulePack, evidence_kinds};
use serde::Serialize;

use files::load;

pub use backtest::{BackTested, backtest};
pub use log::{Activated, activate, approve, export, packs, show};
pub use shown::PackShown;
pub use sign::{Signed, sign};
pub(super) use steward::{Steward, at_start};

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
    /// What should not stay so: rules without a sort of test.
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
    let (pack, given) = (load(path)?, files::given(path)?);
    whole(&pack)?;
    let Tried { tests, failures } = tried(&pack)?;
    // The shipped rules below additions were tested before they were shipped.
    let own = |path: &str| given.as_ref().is_none_or(|given| given.brings(path));
    let untested = pack.untested().into_iter().filter(|(path, _)| own(path));
    let noted = untested
        .map(|(path, missing)| format!("{path} is not tested for: {}", missing.join(", ")))
        .collect();
    Ok(Tested {
        name: pack.name().to_owned(),
        version: pack.version().to_owned(),
        digest: pack.digest().to_owned(),
        rules: pack.rules().len(),
        tests,
        failures,
        noted,
    })
}

/// What the tests of a pack gave.
struct Tried {
    tests: usize,
    /// `file:line: test: what it gave`.
    failures: Vec<String>,
}

/// Compiles every rule and runs every test.
fn tried(pack: &RulePack) -> Result<Tried, PackError> {
    Judge::new(pack)?;
    let outcomes = pack.run_tests()?;
    let failed = outcomes.iter().filter_map(|outcome| {
        let what = outcome.failure.as_ref()?;
        Some(format!("{}:{}: {}: {what}", outcome.path, outcome.line, outcome.name))
    });
    Ok(Tried { tests: outcomes.len(), failures: failed.collect() })
}

/// Refuses what no test may show: rules about kinds that no plugin is known to emit, and answers that are none.
fn whole(pack: &RulePack) -> anyhow::Result<()> {
    let kinds = evidence_kinds()?;
    let mut known: BTreeSet<&str> = kinds.iter().map(|kind| kind.kind.as_str()).collect();
    let shipped = RulePack::builtin()?;
    known.extend(shipped.rules().iter().map(|rule| rule.kind.as_str()));
    let refused = pack.unknown_kinds(&known).into_iter().chain(pack.odd_answers());
    let refused: Vec<String> = refused.map(|error| error.to_string()).collect();
    ensure!(refused.is_empty(), "{}", refused.join("\n"));
    Ok(())
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
            lines.extend(rule.changes.iter().map(|change| format!("    {change}")));
        }
        lines.extend(self.diff.library.iter().map(|path| format!("~ {path}")));
        f.write_str(&lines.join("\n"))
    }
}

#[cfg(test)]
pub(crate) mod tests;
