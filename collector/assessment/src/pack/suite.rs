//! Runs the `_test.rego` files of a pack, as `opa test` does: each rule whose name begins with `test_` must be true.

use regorus::Value;

use super::{LIBRARY, PackError, RulePack};
use crate::engine;

/// What one test gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    pub path: String,
    /// Line of the test (1-based).
    pub line: usize,
    pub name: String,
    /// What it gave instead of true; none if it holds.
    pub failure: Option<String>,
}

/// The sorts of cases that a rule is tested for.
const CASES: [&str; 4] = ["test_pass", "test_fail", "test_not_applicable", "test_malformed"];

impl RulePack {
    /// Runs every test of the pack; an error is a test file that cannot be read.
    pub fn run_tests(&self) -> Result<Vec<TestOutcome>, PackError> {
        let mut outcomes = Vec::new();
        for (path, text) in self.sources().iter().filter(|(path, _)| path.ends_with("_test.rego")) {
            let refuse = |what: String| PackError::Compile { path: path.clone(), what };
            let rule = path.replace("_test.rego", ".rego");
            let mut engine = engine::new_engine().map_err(refuse)?;
            let parts = self.sources().iter().filter(|(other, _)| {
                other == path
                    || *other == rule
                    || (other.starts_with(LIBRARY) && !other.ends_with("_test.rego"))
            });
            for (path, text) in parts {
                engine
                    .add_policy(path.clone(), text.clone())
                    .map_err(|error| refuse(engine::one_line(&error.to_string())))?;
            }
            let package = text.lines().find_map(|line| line.strip_prefix("package "));
            let package = package.ok_or_else(|| refuse("no package line".to_owned()))?.trim();
            for (line, name) in test_names(text) {
                let answer = engine::bounded(&mut engine, &format!("data.{package}.{name}"));
                let failure = match answer {
                    Ok(value) if value == Value::from(true) => None,
                    Ok(Value::Undefined) => Some("it is undefined".to_owned()),
                    Ok(value) => Some(format!("it is {value}")),
                    Err(what) => Some(what),
                };
                outcomes.push(TestOutcome { path: path.clone(), line, name, failure });
            }
        }
        Ok(outcomes)
    }

    /// What the tests leave out: for each rule the sorts of cases (pass, fail, not applicable, malformed) without a test.
    #[must_use]
    pub fn untested(&self) -> Vec<(String, Vec<&'static str>)> {
        let left = self.rules().iter().map(|rule| {
            let path = rule.path.replace(".rego", "_test.rego");
            let text = self.sources().iter().find(|(known, _)| *known == path);
            let names: Vec<String> = text
                .map(|(_, text)| test_names(text).into_iter().map(|(_, name)| name).collect())
                .unwrap_or_default();
            let missing = CASES
                .into_iter()
                .filter(|case| !names.iter().any(|name| name.starts_with(case)))
                .collect::<Vec<_>>();
            (rule.path.clone(), missing)
        });
        left.filter(|(_, missing)| !missing.is_empty()).collect()
    }
}

/// Names of tests with their lines.
fn test_names(text: &str) -> Vec<(usize, String)> {
    let mut names: Vec<(usize, String)> = Vec::new();
    for (line, text) in text.lines().enumerate() {
        let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let (name, _) = text.split_at(end.unwrap_or(text.len()));
        if name.starts_with("test_") && !names.iter().any(|(_, known)| known == name) {
            names.push((line + 1, name.to_owned()));
        }
    }
    names
}
