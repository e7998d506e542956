//! Asks pgBackRest what its repositories hold: one entry for each stanza and repository of a configuration. The key of an
//! encrypted repository stays in that configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::backup_jobs::{Place, PlaceClass, Promise, Unusable};
use jiff::Timestamp;
use serde::Deserialize;

use super::{Backup, Listing, Opened, Refusal, settings, unrun};
use crate::location;
use crate::look::Look;
use crate::tool::{Output, Tool};

/// Where a repository lies when its configuration does not say.
const REPOSITORY: &str = "/var/lib/pgbackrest";

pub(super) fn gather(
    look: &mut Look<'_>,
    named: &settings::Repository,
    share: Duration,
) -> Vec<Opened> {
    let config = named.location.as_str();
    let asked = options(look, config).and_then(|options| {
        let paths = paths(&options);
        let tool = tool(config, share).reads(&paths.iter().map(String::as_str).collect::<Vec<_>>());
        let output = look.try_run(&tool).map_err(|error| unrun(&error, "pgbackrest"))?;
        if !output.is_success() {
            return Err(refusal(&output));
        }
        let stanzas = parse(&output.stdout).map_err(|error| {
            Refusal::new(
                OutcomeKind::Failed,
                format!("pgbackrest printed a list that cannot be read: {error}"),
                "report the version of pgbackrest to the maintainers of the plugin",
            )
        })?;
        Ok((options, stanzas))
    });
    match asked {
        Ok((options, stanzas)) => entries(named, &options, stanzas),
        Err(refusal) => vec![Opened { named: named.clone(), listing: Err(refusal) }],
    }
}

/// One of them by its name; a name that fits the whole configuration means its first repository.
pub(super) fn find(
    look: &mut Look<'_>,
    named: &settings::Repository,
    name: &str,
    share: Duration,
) -> Option<Opened> {
    let mut found = gather(look, named, share);
    let at = found.iter().position(|one| one.named.name == name);
    let at = at.or_else(|| (named.name == name).then_some(0))?;
    (at < found.len()).then(|| found.swap_remove(at))
}

fn tool<'a>(config: &str, share: Duration) -> Tool<'a> {
    let config = format!("--config={config}");
    let arguments =
        ["info", "--output=json", "--log-level-console=error", "--log-level-file=off", &config];
    Tool::new("pgbackrest", &arguments).timeout(share)
}

/// For the fuzzer: a list by the options in front of it, if there are any.
pub(super) fn reads(text: &str) -> bool {
    let at = text.find("[{").unwrap_or(0);
    let (config, list) = text.split_at(at);
    let named = settings::Repository::of_folder("pg".to_owned(), "/etc/pgbackrest.conf".to_owned());
    parse(list).is_ok_and(|stanzas| !entries(&named, &sections(config), stanzas).is_empty())
}

/// The paths of a configuration: repositories, servers, keys and certificates.
pub(crate) fn paths_of(look: &mut Look<'_>, config: &str) -> Result<Vec<String>, Refusal> {
    options(look, config).map(|options| paths(&options))
}

fn paths(options: &Options) -> Vec<String> {
    let local = options.values().filter(|value| value.starts_with('/')).cloned();
    let standard =
        options.keys().all(|(_, key)| !key.ends_with("-path") || !key.starts_with("repo"));
    local.chain(standard.then(|| REPOSITORY.to_owned())).collect()
}

/// Options of the global section; those of a stanza that bear on its repository are rare and win.
type Options = BTreeMap<(String, String), String>;

fn options(look: &mut Look<'_>, config: &str) -> Result<Options, Refusal> {
    match look.host.text(config) {
        Ok(Some(text)) => {
            look.seen.method(config);
            Ok(sections(&text))
        }
        Ok(None) => Err(Refusal::new(
            OutcomeKind::NotConfigured,
            format!("{config} does not exist"),
            "name the configuration of pgBackRest as location in the settings",
        )),
        Err(error) => Err(Refusal::new(error.outcome(), error.to_string(), error.remedy())),
    }
}

/// Section and key with their value; keys that hold secrets are left out.
fn sections(text: &str) -> Options {
    let mut found = Options::new();
    let mut section = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
        } else if let Some((key, value)) = line.split_once('=') {
            let key = key.trim();
            let secret = ["pass", "key", "token", "secret"].iter().any(|word| key.contains(word));
            if !line.starts_with('#') && !secret {
                found.insert((section.clone(), key.to_owned()), value.trim().to_owned());
            }
        }
    }
    found
}

#[derive(Debug, Deserialize)]
pub(super) struct Stanza {
    name: String,
    #[serde(default)]
    backup: Vec<Entry>,
    /// Versions before 2.32 know one repository and do not list it.
    #[serde(default)]
    repo: Vec<Repo>,
    #[serde(default)]
    cipher: Option<String>,
    status: Status,
}

#[derive(Debug, Deserialize)]
struct Repo {
    key: u32,
    #[serde(default)]
    cipher: Option<String>,
    status: Status,
}

#[derive(Debug, Deserialize)]
struct Status {
    code: i64,
    message: String,
}

#[derive(Debug, Deserialize)]
struct Entry {
    label: String,
    #[serde(default)]
    error: Option<bool>,
    database: Database,
    timestamp: Times,
    #[serde(default)]
    info: Info,
}

#[derive(Debug, Deserialize)]
struct Database {
    #[serde(rename = "repo-key")]
    repo: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct Times {
    stop: i64,
}

#[derive(Debug, Default, Deserialize)]
struct Info {
    size: Option<u64>,
    #[serde(default)]
    repository: Stored,
}

#[derive(Debug, Default, Deserialize)]
struct Stored {
    delta: Option<u64>,
}

pub(super) fn parse(text: &str) -> Result<Vec<Stanza>, serde_json::Error> {
    serde_json::from_str(text)
}

fn entries(named: &settings::Repository, options: &Options, stanzas: Vec<Stanza>) -> Vec<Opened> {
    let mut found = Vec::new();
    let alone = matches!(&stanzas[..], [stanza] if stanza.repo.len() <= 1);
    for stanza in stanzas {
        let repos: Vec<(u32, Option<String>, &Status)> = if stanza.repo.is_empty() {
            vec![(1, stanza.cipher.clone(), &stanza.status)]
        } else {
            stanza.repo.iter().map(|repo| (repo.key, repo.cipher.clone(), &repo.status)).collect()
        };
        for (key, cipher, status) in repos {
            let option = |name: &str| {
                let name = format!("repo{key}-{name}");
                let of = |section: &str| options.get(&(section.to_owned(), name.clone()));
                of(&stanza.name).or_else(|| of("global")).cloned()
            };
            let name = match alone {
                true => named.name.clone(),
                false => format!("{}/{}/{key}", named.name, stanza.name),
            };
            let place = place(&option);
            let path = option("path").unwrap_or_else(|| REPOSITORY.to_owned());
            let location = match option("host") {
                Some(host) => format!("{host}:{path}"),
                None => path,
            };
            let promise = promise(&option, &named.location);
            let config = named.location.clone();
            let part = settings::Stanza { config, name: stanza.name.clone(), key };
            found.push(Opened {
                named: settings::Repository { name, location, stanza: Some(part), ..named.clone() },
                listing: listing(&stanza, key, cipher, status, place, promise),
            });
        }
    }
    if found.is_empty() {
        found.push(Opened {
            named: named.clone(),
            listing: Err(Refusal::new(
                OutcomeKind::NotConfigured,
                "the configuration names no stanza",
                "add the stanza to the configuration and run pgbackrest stanza-create",
            )),
        });
    }
    found
}

fn listing(
    stanza: &Stanza,
    key: u32,
    cipher: Option<String>,
    status: &Status,
    place: Option<Place>,
    promise: Option<Promise>,
) -> Result<Listing, Refusal> {
    // 0: ok; 2: no valid backups, which is a fact of its own. All else: it could not be looked into.
    if !matches!(status.code, 0 | 2) {
        return Err(Refusal::new(
            OutcomeKind::Failed,
            format!("pgbackrest says: {}", location::scrubbed(&status.message)),
            "run pgbackrest info and pgbackrest check by hand with the same configuration",
        ));
    }
    let mut listing = Listing {
        encrypted: cipher.as_deref().map(|cipher| cipher != "none"),
        encryption: cipher,
        place,
        promise,
        ..Listing::default()
    };
    let of_here = |entry: &&Entry| entry.database.repo.unwrap_or(1) == key;
    for entry in stanza.backup.iter().filter(of_here) {
        let stored = entry.info.repository.delta;
        listing.bytes = Some(listing.bytes.unwrap_or(0).saturating_add(stored.unwrap_or(0)));
        match Timestamp::from_second(entry.timestamp.stop) {
            Ok(time) if entry.error != Some(true) => listing.backups.push(Backup {
                id: entry.label.clone(),
                time,
                host: stanza.name.clone(),
                paths: Vec::new(),
                bytes: entry.info.size,
            }),
            Ok(_) => listing.unusable.push(unusable(entry, "has pages with wrong checksums")),
            Err(_) => listing.unusable.push(unusable(entry, "has no time that can be read")),
        }
    }
    Ok(listing)
}

fn unusable(entry: &Entry, why: &str) -> Unusable {
    Unusable { id: entry.label.clone(), why: why.to_owned() }
}

/// None: a path of this host, which the mounts tell.
fn place(option: &dyn Fn(&str) -> Option<String>) -> Option<Place> {
    let kind = option("type").unwrap_or_else(|| "posix".to_owned());
    let class = match kind.as_str() {
        "s3" | "azure" | "gcs" => PlaceClass::ObjectStorage,
        "sftp" => PlaceClass::OtherHost,
        _ if option("host").is_some() => PlaceClass::OtherHost,
        _ => return None,
    };
    let concluded = match option("host") {
        Some(host) => format!("repo-host={host}"),
        None => format!("repo-type={kind}"),
    };
    Some(Place { class, concluded })
}

fn promise(option: &dyn Fn(&str) -> Option<String>, config: &str) -> Option<Promise> {
    let full: u64 = option("retention-full")?.parse().ok()?;
    let by_time = option("retention-full-type").as_deref() == Some("time");
    Some(Promise {
        last: (!by_time).then_some(full),
        within_days: by_time.then_some(full),
        source: config.to_owned(),
        ..Promise::default()
    })
}

fn refusal(output: &Output) -> Refusal {
    let said = location::scrubbed(&output.fault());
    if output.stderr.contains("ermission denied") || output.stderr.contains("Permission denied") {
        return Refusal::new(
            OutcomeKind::Denied,
            format!("pgbackrest may not read its repository or configuration: {said}"),
            "run the plugin as root or as the user of the repository",
        );
    }
    Refusal::new(
        OutcomeKind::Failed,
        format!("pgbackrest did not list its repositories: {said}"),
        "run pgbackrest info by hand with the same configuration",
    )
}

#[cfg(test)]
mod tests;
