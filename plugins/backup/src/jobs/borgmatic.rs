//! Reads a configuration of borgmatic: its repositories, what opens them, and what is to be kept. borgmatic itself is not
//! run, because it runs the hooks of the configuration whatever it is asked.

use std::path::PathBuf;

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::backup_jobs::{Check, JobResult, Promise};
use serde_json::{Map, Value};

use super::{Refusal, environment, settings, whole_second};
use crate::look::Look;
use crate::secret::Secret;
use crate::settings::Tool;
use crate::yaml::{self, INCLUDE};

/// Versions before 1.8 keep their keys in these.
const SECTIONS: [&str; 5] = ["location", "storage", "retention", "consistency", "hooks"];
const DEEPEST_INCLUDE: usize = 4;

/// Whether a name may be that of one of its repositories.
pub(super) fn leads_to(named: &settings::Repository, name: &str) -> bool {
    name.strip_prefix(named.name.as_str())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The repositories of a configuration, as ones of borg; with more than one, each is named after its label or number.
pub(super) fn repositories(
    look: &mut Look<'_>,
    named: &settings::Repository,
) -> Result<Vec<settings::Repository>, Refusal> {
    let path = named.location.as_str();
    let flat = read(look, path, DEEPEST_INCLUDE)?;
    let mut found = Vec::new();
    let listed = flat.get("repositories").and_then(Value::as_array);
    let listed = listed.map(Vec::as_slice).unwrap_or_default();
    for (number, entry) in (1..).zip(listed) {
        let text = |key: &str| entry.get(key).and_then(Value::as_str);
        let location = entry.as_str().or_else(|| text("path")).unwrap_or_default();
        if location.is_empty() || location.starts_with('-') || location.contains("${") {
            look.garbled(path, &format!("repository {number} has no path that can be used"));
            continue;
        }
        let label = text("label").map_or_else(|| number.to_string(), str::to_owned);
        let name = match listed.len() {
            1 => named.name.clone(),
            _ => format!("{}/{label}", named.name),
        };
        found.push(settings::Repository {
            name,
            tool: Tool::Borg,
            location: location.to_owned(),
            promise: promise(&flat, path),
            ..named.clone()
        });
    }
    if found.is_empty() {
        return Err(Refusal::new(
            OutcomeKind::NotConfigured,
            format!("{path} names no repository"),
            "correct location in the settings, or the configuration of borgmatic",
        ));
    }
    if named.password_file.is_none() {
        let secret = secret(look, path, &flat)?;
        for repository in &mut found {
            match &secret {
                Some(Opens::File(file)) => repository.password_file = Some(file.clone()),
                Some(Opens::Secret(secret)) => repository.secret = Some(secret.clone()),
                None => {}
            }
        }
    }
    Ok(found)
}

/// borgmatic touches a file for each sort of check of a repository that ended well; newer versions one below a folder.
pub(super) fn last_check(look: &mut Look<'_>, repository_id: &str) -> Option<Check> {
    const FOLDERS: [&str; 2] = ["/root/.borgmatic/checks", "/root/.local/state/borgmatic/checks"];
    let mut newest: Option<Check> = None;
    for folder in FOLDERS {
        for sort in ["repository", "archives", "data"] {
            let path = format!("{folder}/{repository_id}/{sort}");
            let Ok(Some(facts)) = look.host.facts(&path) else { continue };
            let mut files = vec![path.clone()];
            if facts.directory {
                let names = look.host.names(&path).ok().flatten().unwrap_or_default();
                files = names.into_iter().map(|name| format!("{path}/{name}")).collect();
            }
            for source in files {
                let facts = look.host.facts(&source).ok().flatten();
                let Some(time) = facts.and_then(|facts| facts.modified) else { continue };
                let time = whole_second(time);
                if newest.as_ref().is_none_or(|check| check.time < time) {
                    newest = Some(Check { time, result: JobResult::Success, source });
                }
            }
        }
    }
    newest
}

/// All keys on one level, included files first so that the including file wins.
fn read(look: &mut Look<'_>, path: &str, left: usize) -> Result<Map<String, Value>, Refusal> {
    let bad = |fault: &str| {
        let remedy = "correct location in the settings, or the configuration of borgmatic";
        Refusal::new(OutcomeKind::NotConfigured, format!("{path} {fault}"), remedy)
    };
    let text = match look.host.text(path) {
        Ok(Some(text)) => text,
        Ok(None) => return Err(bad("does not exist")),
        Err(error) => {
            return Err(Refusal::new(error.outcome(), error.to_string(), error.remedy()));
        }
    };
    look.seen.method(path);
    let value = yaml::parse(&text).map_err(|error| bad(&format!("cannot be read: {error}")))?;
    let Value::Object(top) = value else { return Err(bad("holds no settings")) };
    let mut flat = Map::new();
    if let Some(included) = top.get("<<") {
        if left == 0 {
            return Err(bad("includes too many files in each other"));
        }
        let each = included.as_array().map_or(std::slice::from_ref(included), Vec::as_slice);
        for file in each.iter().filter_map(|one| one.get(INCLUDE)?.as_str()) {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let file =
                if file.starts_with('/') { file.to_owned() } else { format!("{folder}/{file}") };
            flat.extend(read(look, &file, left - 1)?);
        }
    }
    for (key, value) in top {
        if SECTIONS.contains(&key.as_str())
            && let Some(section) = value.as_object()
        {
            flat.extend(section.clone());
        } else {
            flat.insert(key, value);
        }
    }
    Ok(flat)
}

fn promise(flat: &Map<String, Value>, path: &str) -> Option<Promise> {
    let number = |key: &str| flat.get(key)?.as_u64();
    let promise = Promise {
        last: None,
        daily: number("keep_daily"),
        weekly: number("keep_weekly"),
        monthly: number("keep_monthly"),
        yearly: number("keep_yearly"),
        within_days: flat.get("keep_within").and_then(Value::as_str).and_then(days),
        source: path.to_owned(),
    };
    let counts = [promise.daily, promise.weekly, promise.monthly, promise.yearly];
    (counts.iter().any(Option::is_some) || promise.within_days.is_some()).then_some(promise)
}

/// borg's spans: `12H`, `7d`, `2w`, `6m` (of 31 days), `1y`; whole days, rounded down.
fn days(span: &str) -> Option<u64> {
    let unit = span.chars().last()?;
    let number: u64 = span.strip_suffix(unit)?.parse().ok()?;
    match unit {
        'H' => Some(number / 24),
        'd' => Some(number),
        'w' => number.checked_mul(7),
        'm' => number.checked_mul(31),
        'y' => number.checked_mul(365),
        _ => None,
    }
}

enum Opens {
    File(PathBuf),
    Secret(Secret),
}

fn secret(
    look: &mut Look<'_>,
    path: &str,
    flat: &Map<String, Value>,
) -> Result<Option<Opens>, Refusal> {
    let foreign = |what: &str| {
        Refusal::new(
            OutcomeKind::NotConfigured,
            format!("{path} takes the passphrase from {what}, which this plugin does not ask"),
            "name a password_file for it in the settings of the backup plugin",
        )
    };
    if let Some(value) = flat.get("encryption_passphrase").filter(|value| !value.is_null()) {
        let text = yaml::word(value);
        if let Some(file) = text.strip_prefix("{credential file ") {
            let file = file.trim_end_matches('}').trim().trim_matches('\'');
            return Ok(Some(Opens::File(PathBuf::from(file))));
        }
        if text.starts_with("{credential ") {
            return Err(foreign("a store of credentials"));
        }
        if text.contains("${") {
            return Err(foreign("the environment"));
        }
        return Ok(Some(Opens::Secret(Secret::Text(text))));
    }
    let Some(command) = flat.get("encryption_passcommand").and_then(Value::as_str) else {
        return Ok(None);
    };
    if command.contains("${") {
        return Err(foreign("the environment"));
    }
    // What is run with our rights must not be written by somebody who has less.
    if !environment::is_ours(look, path) {
        return Err(Refusal::new(
            OutcomeKind::Denied,
            format!("{path} names a command for the passphrase and may be written by others"),
            format!("run chown root {path} and chmod go-w {path}, or name a password_file"),
        ));
    }
    Ok(Some(Opens::Secret(Secret::Command(command.to_owned()))))
}

#[cfg(test)]
mod tests;
