//! Lists a borg repository by borg itself, without lock and with a throw-away state folder. It never sees the passphrase.

use std::path::Path;
use std::time::Duration;

use exhibit_plugin::OutcomeKind;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{
    Backup, Listing, MOST_OUTPUT, Refusal, ask, borgmatic, check_password_file, settings, store,
    unrun, whole_second,
};
use crate::location;
use crate::look::Look;
use crate::restore::{File, judged};
use crate::secret::Secret;
use crate::tool::{Output, Tool, run, run_lines};

pub(crate) fn list(
    look: &mut Look<'_>,
    named: &settings::Repository,
    share: Duration,
) -> Result<Listing, Refusal> {
    check_password_file(look, named)?;
    let base = base()?;
    let arguments = ["list", "--json", "--bypass-lock", "--format", "{hostname}", "::"];
    let tool = tool(named, base.path(), &arguments).timeout(share).max_output(MOST_OUTPUT);
    let mut listing = ask(look, &tool, ("borg", "borgbackup"), parse, refusal)?;
    store::add(look, &named.location, "README", &mut listing);
    listing.append_only = append_only(look, &named.location);
    let id = listing.repository_id.take().filter(|id| id.bytes().all(|b| b.is_ascii_hexdigit()));
    listing.last_check = id.and_then(|id| borgmatic::last_check(look, &id));
    Ok(listing)
}

/// The repository's own setting, which only its host knows.
fn append_only(look: &mut Look<'_>, location: &str) -> Option<bool> {
    let folder = location.strip_prefix("file://").unwrap_or(location);
    let text = folder.starts_with('/').then(|| look.host.text(&format!("{folder}/config")))?;
    let text = text.ok()??;
    text.lines().find_map(|line| match line.split_once('=') {
        Some((key, value)) if key.trim() == "append_only" => Some(value.trim() == "1"),
        Some(_) | None => None,
    })
}

/// Offers every regular file of an archive; none for one whose name is not text.
pub(crate) fn files(
    look: &mut Look<'_>,
    named: &settings::Repository,
    id: &str,
    left: Duration,
    mut each: impl FnMut(Option<File>) + Send + 'static,
) -> Result<Result<(), String>, Refusal> {
    let base = base()?;
    let archive = format!("::{id}");
    let tool = tool(named, base.path(), &["list", "--json-lines", "--bypass-lock", &archive]);
    let tool = tool.timeout(left);
    look.seen.method(tool.line());
    let output = run_lines(&tool, look.job, move |line| match serde_json::from_str(line) {
        Ok(Item { r#type, path, size, mtime }) => {
            if r#type == "-" {
                each(Some(File { path, size, modified: mtime.and_then(in_utc) }));
            }
        }
        // Names that are not UTF-8 come as lone surrogates, which no parser takes.
        Err(_) => each(None),
    })
    .map_err(|error| unrun(&error, "borgbackup"))?;
    judged("borg list", &output, &said(&output))
}

/// Extracts the files below a folder; borg holds every piece against its checksum while it does.
pub(crate) fn restore(
    look: &mut Look<'_>,
    named: &settings::Repository,
    id: &str,
    files: &[File],
    scratch: &Path,
    left: Duration,
) -> Result<Result<(), String>, Refusal> {
    if files.is_empty() {
        return Ok(Ok(()));
    }
    let base = base()?;
    let count = files.len();
    look.seen.method(format!("borg extract --bypass-lock ::{id} <{count} files of the sample>"));
    let archive = format!("::{id}");
    // The prefix keeps a name from being read as a pattern or an option.
    let paths: Vec<String> = files.iter().map(|file| format!("pp:{}", file.path)).collect();
    let mut arguments = vec!["extract", "--bypass-lock", &archive];
    arguments.extend(paths.iter().map(String::as_str));
    let tool = tool(named, base.path(), &arguments).folder(scratch).timeout(left);
    let output = run(&tool, look.job).map_err(|error| unrun(&error, "borgbackup"))?;
    judged("borg extract", &output, &said(&output))
}

/// borg writes what it knows of a repository to its base folder; the real one is not ours to touch.
fn base() -> Result<tempfile::TempDir, Refusal> {
    tempfile::tempdir().map_err(|error| {
        Refusal::new(
            OutcomeKind::Failed,
            format!("no temporary folder could be made for borg: {error}"),
            "let the plugin write to its temporary directory (PrivateTmp of its unit)",
        )
    })
}

fn tool<'a>(named: &'a settings::Repository, base: &Path, arguments: &[&str]) -> Tool<'a> {
    let tool = Tool::new("borg", &[&["--log-json"], arguments].concat())
        .env("BORG_REPO", named.location.clone())
        .reads(location::reads(&named.location))
        .env("BORG_BASE_DIR", base.to_string_lossy())
        // Nobody is there to answer; a new base folder knows no repository, and none of these gives a right.
        .env("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes")
        .env("BORG_RELOCATED_REPO_ACCESS_IS_OK", "yes")
        .env("BORG_EXIT_CODES", "modern");
    let set = |tool: Tool<'a>, (key, value): &'a (String, String)| tool.env(key, value.clone());
    let tool = named.environment.0.iter().fold(tool, set);
    match (&named.password_file, &named.secret) {
        (Some(path), _) => {
            // borg splits this like a shell, without running one.
            let quoted = path.to_string_lossy().replace('\'', r#"'"'"'"#);
            tool.env("BORG_PASSCOMMAND", format!("cat '{quoted}'"))
        }
        (None, Some(Secret::Text(text))) => tool.env("BORG_PASSPHRASE", text.clone()),
        (None, Some(Secret::Command(command))) => tool.env("BORG_PASSCOMMAND", command.clone()),
        (None, None) => tool,
    }
}

/// Times have no zone; the tool runs with TZ=UTC.
fn in_utc(time: DateTime) -> Option<Timestamp> {
    time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// One line of `borg list --json-lines`.
#[derive(Deserialize)]
struct Item {
    r#type: String,
    path: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    mtime: Option<DateTime>,
}

#[derive(Deserialize)]
struct List {
    archives: Vec<Archive>,
    encryption: Encryption,
    repository: RepositoryId,
}

#[derive(Deserialize)]
struct RepositoryId {
    id: String,
}

#[derive(Deserialize)]
struct Archive {
    archive: String,
    /// Local time without a zone; the tool runs with TZ=UTC.
    start: DateTime,
    #[serde(default)]
    hostname: String,
}

#[derive(Deserialize)]
struct Encryption {
    mode: String,
}

pub(super) fn parse(text: &str) -> Result<Listing, Box<dyn std::error::Error>> {
    let list: List = serde_json::from_str(text)?;
    let mut backups = Vec::new();
    for archive in list.archives {
        let time = archive.start.to_zoned(TimeZone::UTC)?.timestamp();
        let time = whole_second(time);
        backups.push(Backup {
            id: archive.archive,
            time,
            host: archive.hostname,
            paths: Vec::new(),
            bytes: None,
        });
    }
    // "authenticated" protects against change and leaves everything readable.
    let clear = list.encryption.mode == "none" || list.encryption.mode.starts_with("authenticated");
    Ok(Listing {
        encrypted: Some(!clear),
        encryption: Some(list.encryption.mode),
        repository_id: Some(list.repository.id),
        backups,
        ..Listing::default()
    })
}

/// One line of borg's JSON log.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    msgid: String,
    #[serde(default)]
    message: String,
}

fn refusal(output: &Output) -> Refusal {
    let messages: Vec<Message> =
        output.stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let is = |id: &str| messages.iter().any(|message| message.msgid == id);
    let says = |words: &str| {
        output.stderr.contains(words)
            || messages.iter().any(|message| message.message.contains(words))
    };
    if is("PassphraseWrong") {
        return Refusal::new(
            OutcomeKind::Denied,
            "the passphrase is wrong",
            "put the repository's passphrase into password_file",
        );
    }
    if is("NoPassphraseFailure") || is("PasscommandFailure") {
        return Refusal::new(
            OutcomeKind::NotConfigured,
            "the repository is encrypted and no passphrase could be read",
            "name a readable password_file in the settings",
        );
    }
    if says("PermissionError") || says("Permission denied") {
        return Refusal::new(
            OutcomeKind::Denied,
            "the repository may not be read: permission denied",
            "give the plugin CAP_DAC_READ_SEARCH (or run it as root), or an account that may read the repository",
        );
    }
    if is("Repository.DoesNotExist") || is("Repository.InvalidRepository") {
        return Refusal::new(
            OutcomeKind::NotConfigured,
            "there is no borg repository at this location",
            "correct location in the settings, mount the storage, or run borg init",
        );
    }
    Refusal::new(
        OutcomeKind::Failed,
        format!("borg did not list the repository: {}", location::scrubbed(&said(output))),
        "run borg list --bypass-lock by hand with the same location and passphrase",
    )
}

/// The first line of the last message.
fn said(output: &Output) -> String {
    let message = |line: &str| serde_json::from_str::<Message>(line).ok();
    let messages = output.stderr.lines().rev().filter_map(message);
    let mut lines =
        messages.filter_map(|message| message.message.lines().next().map(str::to_owned));
    lines.find(|line| !line.is_empty()).unwrap_or_else(|| output.fault())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(stderr: &str) -> Output {
        Output { code: Some(2), stdout: String::new(), stderr: stderr.to_owned() }
    }

    #[test]
    fn times_without_zone_are_utc_because_we_run_it_so() {
        let text = r#"{"archives":[{"archive":"a","hostname":"web1","start":"2026-11-21T03:00:00.000000"}],"encryption":{"mode":"repokey"},"repository":{"id":"x"}}"#;
        let listing = parse(text).unwrap();
        assert_eq!(listing.backups[0].time.to_string(), "2026-11-21T03:00:00Z");
        assert_eq!(listing.encrypted, Some(true));
        assert_eq!(
            parse(&text.replace("repokey", "authenticated-blake2")).unwrap().encrypted,
            Some(false)
        );
    }

    #[test]
    fn reasons_are_taken_from_message_ids() {
        let line = |id: &str| format!(r#"{{"type":"log_message","message":"x","msgid":"{id}"}}"#);
        assert_eq!(refusal(&output(&line("PassphraseWrong"))).outcome, OutcomeKind::Denied);
        assert_eq!(
            refusal(&output(&line("Repository.DoesNotExist"))).outcome,
            OutcomeKind::NotConfigured
        );
        let other =
            refusal(&output(r#"{"message":"ssh://borg:pw@nas/x is down\nTraceback","msgid":"Y"}"#));
        assert_eq!(other.detail, "borg did not list the repository: ssh://nas/x is down");
    }
}
