//! One rule, compiled alone with the libraries that it imports: what it needs and what it says. It remembers nothing.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use regorus::{Engine, QueryResults, Value};
use sha2::{Digest, Sha256};

use super::{
    TIME_LIMIT,
    answer::{error, finding, one_line},
    builtins,
    input::{Input, Part},
    limit,
    memo::Key,
    new_engine,
};
use crate::{
    finding::Finding,
    language::Reads,
    pack::{PackError, RulePack},
    rule::Rule,
    withheld,
};

pub(super) struct Compiled {
    engine: Engine,
    pub(super) rule: Rule,
    /// Of the rule's file with the libraries that it imports.
    text: String,
    /// All that the rule is given.
    pub(super) parts: Vec<Part>,
    /// SHA-256 of all in the pack that its findings follow from: rules of two packs may be one.
    pub(super) identity: Key,
}

impl Compiled {
    pub(super) fn of(pack: &RulePack, rule: &Rule) -> Result<Self, PackError> {
        let files = pack.files_of(rule);
        let text: String = files.iter().map(|(_, text)| *text).collect();
        let parts = Part::of(rule, &Reads::of(&text));
        let parameters = serde_json::to_string(&rule.parameters).unwrap_or_default();
        let mut identity = Sha256::new();
        for said in [rule.id.as_str(), &text, &parameters] {
            identity.update(Sha256::digest(said));
        }
        let engine = compile(&files, rule)?;
        Ok(Self { engine, rule: rule.clone(), text, parts, identity: identity.finalize().into() })
    }

    pub(super) fn evaluate<'a>(
        &'a self,
        input: &mut Input<'a>,
        time_limit: Duration,
    ) -> Result<Finding, String> {
        let given = input.of(&self.rule, &self.parts)?;
        // A failed evaluation may leave half a state behind; the next one starts afresh.
        let mut engine = self.engine.clone();
        engine.set_execution_timer_config(limit(time_limit));
        engine.set_input(given);
        match evaluate(&mut engine, &self.rule) {
            Ok(answer) => Ok(finding(&self.rule, &answer)),
            Err(failure) => Err(format!("the rule could not be evaluated: {failure}")),
        }
    }

    /// A verdict cannot stand that a field decides which is kept back.
    pub(super) fn unless_spoilt(&self, found: Finding, withheld: &[&str]) -> Finding {
        match withheld::spoils(found.verdict, &self.rule, &self.text, withheld) {
            Some(field) => error(
                &self.rule,
                &format!("the rule reads {field}, which the operator of the target keeps back"),
            ),
            None => found,
        }
    }
}

/// Whether each library can be read, also one that no rule imports.
pub(super) fn libraries(pack: &RulePack) -> Result<(), PackError> {
    read(&pack.libraries().collect::<Vec<_>>()).map(drop)
}

fn compile(files: &[(&str, &str)], rule: &Rule) -> Result<Engine, PackError> {
    let mut engine = read(files)?;
    // Analysing all rules happens at the first query; doing it here costs once and shows what a rule calls in vain.
    engine.set_execution_timer_config(limit(TIME_LIMIT));
    engine.set_input(Value::new_object());
    evaluate(&mut engine, rule).map_err(|what| refused(&rule.path, &what))?;
    Ok(engine)
}

fn read(files: &[(&str, &str)]) -> Result<Engine, PackError> {
    let mut engine = new_engine().map_err(|what| refused("", &what))?;
    for (path, text) in files {
        engine
            .add_policy((*path).to_owned(), (*text).to_owned())
            .map_err(|error| refused(path, &error.to_string()))?;
    }
    Ok(engine)
}

fn refused(path: &str, what: &str) -> PackError {
    PackError::Compile { path: path.to_owned(), what: one_line(what) }
}

/// Evaluates all that a rule's package says of the input in place, with a budget of its own.
fn evaluate(engine: &mut Engine, rule: &Rule) -> Result<QueryResults, String> {
    builtins::begin();
    // The engine is dropped after a failure, so nothing half done in it is seen again.
    let answer = catch_unwind(AssertUnwindSafe(|| {
        engine.eval_query(format!("data.{}", rule.package), false)
    }));
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(failure)) => Err(one_line(&failure.to_string())),
        Err(_panic) => Err("the rule engine broke off; report the rule to its author".to_owned()),
    }
}
