//! `validate`: everything that can be known to be wrong before the first run, with the place and the way out.

use std::path::Path;
use std::process::ExitCode;

use exhibit_proto::document::Kind;

use super::catalog::Catalog;
use super::{clock, say};
use crate::cli;
use crate::config::{Config, ConfigError, Problem};
use crate::identity::{Store, Validity};

pub(super) async fn show(path: &Path, arguments: &cli::Json) -> anyhow::Result<ExitCode> {
    let problems = match Config::load(path) {
        Ok(config) => problems(&config).await,
        Err(ConfigError::Wrong { problems, .. }) => problems,
        Err(error @ ConfigError::Unreadable { .. }) => return Err(error.into()),
    };
    if arguments.json {
        say(&serde_json::json!({ "problems": problems }).to_string())?;
    } else if problems.is_empty() {
        say(&format!("{} is fine", path.display()))?;
    } else {
        for problem in &problems {
            say(&format!("{}: {problem}", path.display()))?;
        }
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Checks what the configuration points to.
pub(super) async fn problems(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut problem = |place: String, message: String| {
        problems.push(Problem { line: None, place, message });
    };
    if config.plugins.is_empty() {
        let text = "none is configured, so nothing can be observed: add a [[plugin]] with its path";
        problem("plugin".to_owned(), text.to_owned());
    }
    let catalog = Catalog::ask(config, |_plugin| None).await;
    for known in &catalog.plugins {
        let place = format!("plugin {}", known.plugin.path.display());
        match &known.described {
            Err(error) => problem(place.clone(), error.to_string()),
            Ok(words) => {
                for kind in known.plugin.kinds.iter().flatten() {
                    if !words.kinds.iter().any(|offered| offered.kind == kind.as_str()) {
                        let text =
                            format!("it does not observe {kind}; it offers {}", list(&words.kinds));
                        problem(place.clone(), text);
                    }
                }
            }
        }
        if let Some(socket) = &known.plugin.socket {
            if let Err(error) = std::fs::metadata(socket) {
                let text = format!(
                    "socket {} is not there ({error}): enable the plugin's socket unit (systemctl enable --now)",
                    socket.display()
                );
                problem(place.clone(), text);
            }
            // Its secrets are the business of the plugin's own user.
            continue;
        }
        for (name, secret) in &known.plugin.secrets {
            if let Err(error) = std::fs::File::open(secret) {
                let text = format!(
                    "secret {name:?} in {} cannot be read: {error}; make it readable for the agent's user only",
                    secret.display()
                );
                problem(place.clone(), text);
            }
        }
    }
    let offered: Vec<Kind> = catalog.plugins.iter().flat_map(|known| known.kinds()).collect();
    for kind in config.schedule.kinds.keys() {
        if !offered.contains(kind) && !config.deny.contains(kind) {
            let text = "no configured plugin observes it: add one, or take the line out";
            problem(format!("schedule.{kind}"), text.to_owned());
        }
    }
    let mut seen = std::collections::BTreeMap::<&Kind, u32>::new();
    for kind in &offered {
        *seen.entry(kind).or_default() += 1;
    }
    for (kind, _) in seen.into_iter().filter(|(_, plugins)| *plugins > 1) {
        let text = "two plugins offer it and the first has it: name `kinds` for each plugin";
        problem(format!("kind {kind}"), text.to_owned());
    }
    identity(config, &mut problem);
    problems
}

fn identity(config: &Config, problem: &mut impl FnMut(String, String)) {
    let store = Store::look(&config.state_dir);
    let validity = match store.identity() {
        Ok(None) => return,
        Ok(Some(_)) => store.client().map(|client| Validity::of(&client.certificate)),
        Err(error) => Err(error),
    };
    let place = "state_dir".to_owned();
    match validity {
        Ok(Some(validity)) if validity.until <= clock() => {
            let text = format!("the certificate ended {}: enrol again", validity.until);
            problem(place, text);
        }
        Ok(Some(_)) => {}
        Ok(None) => problem(place, "the certificate cannot be read: enrol again".to_owned()),
        Err(error) => problem(place, error.to_string()),
    }
}

fn list(kinds: &[exhibit_plugin::protocol::DescribeKind]) -> String {
    kinds.iter().map(|kind| kind.kind.as_str()).collect::<Vec<_>>().join(", ")
}
