//! Lists a restic repository by restic itself, without lock and without cache. It never sees the password.

use std::path::Path;
use std::time::Duration;

use exhibit_plugin::OutcomeKind;
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Backup, Listing, MOST_OUTPUT, Refusal, ask, check_password_file, settings, store, unrun,
    whole_second,
};
use crate::location;
use crate::look::Look;
use crate::restore::{File, judged};
use crate::tool::{Output, Tool, run, run_lines};

pub(crate) fn list(
    look: &mut Look<'_>,
    named: &settings::Repository,
    share: Duration,
) -> Result<Listing, Refusal> {
    check_password_file(look, named)?;
    let tool = tool(named, &["snapshots", "--json"]).timeout(share).max_output(MOST_OUTPUT);
    let mut listing = ask(look, &tool, ("restic", "restic"), parse, refusal)?;
    store::add(look, &named.location, "config", &mut listing);
    Ok(listing)
}

/// Offers every regular file of a backup; none for one whose name is not text.
pub(crate) fn files(
    look: &mut Look<'_>,
    named: &settings::Repository,
    id: &str,
    left: Duration,
    mut each: impl FnMut(Option<File>) + Send + 'static,
) -> Result<Result<(), String>, Refusal> {
    let tool = tool(named, &["ls", "--json", id]).timeout(left);
    look.seen.method(tool.line());
    let output = run_lines(&tool, look.job, move |line| match serde_json::from_str(line) {
        Ok(Node { r#type: Some(kind), path: Some(path), size, mtime }) if kind == "file" => {
            let whole = !path.contains(char::REPLACEMENT_CHARACTER);
            each(whole.then_some(File { path, size, modified: mtime }));
        }
        Ok(_) | Err(_) => {}
    })
    .map_err(|error| unrun(&error, "restic"))?;
    judged("restic ls", &output, &reason(&output))
}

/// Restores the files below a folder and lets restic hold them against the repository's checksums.
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
    let count = files.len();
    look.seen.method(format!("restic restore {id} --verify --target <scratch> --no-lock --no-cache --include <{count} files of the sample>"));
    let target = scratch.to_string_lossy();
    let patterns: Vec<String> = files.iter().map(|file| pattern(&file.path)).collect();
    let mut arguments = vec!["restore", id, "--verify", "--target", &target];
    for pattern in &patterns {
        arguments.extend(["--include", pattern.as_str()]);
    }
    let tool = tool(named, &arguments).timeout(left);
    let output = run(&tool, look.job).map_err(|error| unrun(&error, "restic"))?;
    judged("restic restore", &output, &reason(&output))
}

/// restic takes paths as patterns.
fn pattern(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    for c in path.chars() {
        if matches!(c, '\\' | '*' | '?' | '[') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

fn tool<'a>(named: &'a settings::Repository, arguments: &[&str]) -> Tool<'a> {
    // Without --no-lock a reader that cannot write waits and fails; the location may hold a password, so it is no argument.
    let tool = Tool::new("restic", &[arguments, &["--no-lock", "--no-cache"][..]].concat())
        .env("RESTIC_REPOSITORY", named.location.clone())
        .reads(location::reads(&named.location));
    let set = |tool: Tool<'a>, (key, value): &'a (String, String)| tool.env(key, value.clone());
    let tool = named.environment.0.iter().fold(tool, set);
    match &named.password_file {
        Some(path) => tool.env("RESTIC_PASSWORD_FILE", path.to_string_lossy()),
        None => tool,
    }
}

/// One line of `restic ls --json`; the first is of another shape, and directories have no size.
#[derive(Deserialize)]
struct Node {
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    mtime: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Snapshot {
    id: String,
    time: Timestamp,
    #[serde(default)]
    hostname: String,
    #[serde(default)]
    paths: Vec<String>,
    /// From 0.17 on.
    #[serde(default)]
    summary: Option<Summary>,
}

#[derive(Deserialize)]
struct Summary {
    total_bytes_processed: Option<u64>,
}

/// Parses the list; restic prints `null` for none in some versions.
pub(super) fn parse(text: &str) -> Result<Listing, serde_json::Error> {
    let snapshots: Option<Vec<Snapshot>> = serde_json::from_str(text)?;
    let backups = snapshots.unwrap_or_default().into_iter().map(|mut snapshot| {
        snapshot.paths.sort();
        Backup {
            id: snapshot.id,
            time: whole_second(snapshot.time),
            host: snapshot.hostname,
            paths: snapshot.paths,
            bytes: snapshot.summary.and_then(|summary| summary.total_bytes_processed),
        }
    });
    // Every restic repository is encrypted, in one way.
    Ok(Listing {
        encrypted: Some(true),
        encryption: Some("aes-256-ctr, poly1305-aes".to_owned()),
        backups: backups.collect(),
        ..Listing::default()
    })
}

/// restic 0.17 and later say the reason by exit code (10, 11, 12); before that only the words on standard error do.
fn refusal(output: &Output) -> Refusal {
    let says = |words: &str| output.stderr.to_ascii_lowercase().contains(words);
    if output.code == Some(12) || says("wrong password or no key found") {
        return Refusal::new(
            OutcomeKind::Denied,
            "the password is wrong, or no key of the repository fits it",
            "put the repository's password into password_file",
        );
    }
    if says("permission denied") {
        return Refusal::new(
            OutcomeKind::Denied,
            format!(
                "the repository may not be read: restic {}",
                location::scrubbed(&output.fault())
            ),
            "give the plugin CAP_DAC_READ_SEARCH (or run it as root), or an account that may read the repository",
        );
    }
    // "unable to open config file" alone is also said when a server does not answer.
    let absent = ["no such file", "does not exist", "404", "not found"].into_iter().any(says);
    if output.code == Some(10) || (says("unable to open config file") && absent) {
        return Refusal::new(
            OutcomeKind::NotConfigured,
            "there is no restic repository at this location",
            "correct location in the settings, mount the storage, or run restic init",
        );
    }
    if output.code == Some(11) || says("already locked") {
        return Refusal::new(
            OutcomeKind::Failed,
            "the repository is locked and this version of restic does not read it without a lock",
            "wait for the running backup, or remove a stale lock with restic unlock",
        );
    }
    Refusal::new(
        OutcomeKind::Failed,
        format!("the repository could not be opened: {}", reason(output)),
        "run restic snapshots --no-lock by hand with the same location and password file",
    )
}

/// The line that says why: restic puts advice behind it, and from 0.17 on wraps it in JSON.
fn reason(output: &Output) -> String {
    #[derive(Deserialize)]
    struct ExitError {
        message: String,
    }
    let line = output.stderr.lines().find(|line| line.contains("Fatal:"));
    let said = match line.map(|line| (line, serde_json::from_str::<ExitError>(line))) {
        Some((_, Ok(error))) => error.message,
        Some((line, Err(_))) => line.to_owned(),
        None => output.fault(),
    };
    location::scrubbed(said.trim_start_matches("Fatal: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(code: i32, stderr: &str) -> Output {
        Output { code: Some(code), stdout: String::new(), stderr: stderr.to_owned() }
    }

    #[test]
    fn snapshots_keep_host_paths_and_time() {
        let text = r#"[{"time":"2026-11-21T04:00:00.5+01:00","hostname":"web1","paths":["/srv","/etc"],"tags":["daily"],"id":"xyz","short_id":"x"}]"#;
        let listing = parse(text).unwrap();
        assert_eq!(listing.backups[0].time.to_string(), "2026-11-21T03:00:00Z");
        assert_eq!(listing.backups[0].paths, ["/etc", "/srv"]);
        assert!(parse("null").unwrap().backups.is_empty());
        assert!(parse("[]").unwrap().backups.is_empty());
        assert!(parse("{\"time\":1}").is_err());
    }

    #[test]
    fn a_hundred_thousand_snapshots_are_listed() {
        let one = |n: u32| {
            format!(
                r#"{{"time":"2026-11-{:02}T03:00:00Z","tree":"{n:064x}","paths":["/srv"],"hostname":"web{}","username":"root","id":"{n:064x}","short_id":"{n:08x}"}}"#,
                1 + n % 20,
                n % 50
            )
        };
        let text = format!("[{}]", (0..100_000).map(one).collect::<Vec<_>>().join(","));
        assert!(text.len() < MOST_OUTPUT);
        let listing = parse(&text).unwrap();
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let sources = super::super::facts::sources(listing.backups, now);
        assert_eq!((sources.len(), sources[0].snapshots), (50, 2000));
    }

    #[test]
    fn old_and_new_versions_name_the_same_reasons() {
        let wrong_old = refusal(&output(1, "Fatal: wrong password or no key found"));
        let json = r#"{"message_type":"exit_error","code":12,"message":"Fatal: wrong password or no key found"}"#;
        let wrong_new = refusal(&output(12, json));
        assert_eq!(wrong_old.detail, wrong_new.detail);
        let text = "Fatal: unable to open config file: stat /x/config: no such file or directory";
        let missing_old = refusal(&output(1, text));
        let missing_new = refusal(&output(10, "{\"message_type\":\"exit_error\",\"code\":10}"));
        assert_eq!(missing_old.detail, missing_new.detail);
        assert_eq!(missing_old.outcome, OutcomeKind::NotConfigured);
        let denied = "Fatal: unable to open config file: stat /x/config: permission denied";
        assert_eq!(refusal(&output(1, denied)).outcome, OutcomeKind::Denied);
    }

    #[test]
    fn a_server_that_does_not_answer_is_not_an_absent_repository() {
        let text = "Fatal: unable to open config file: Head \"http://127.0.0.1:1/a/config\": dial tcp 127.0.0.1:1: connect: connection refused\nIs there a repository at the following location?\nrest:http://127.0.0.1:1/a\n";
        let refusal = refusal(&output(1, text));
        assert_eq!(refusal.outcome, OutcomeKind::Failed);
        assert!(refusal.detail.ends_with("connection refused"), "{}", refusal.detail);
    }

    #[test]
    fn a_message_never_repeats_credentials() {
        let text = "Fatal: unable to open repository at rest:https://bob:s3cret@backup.example.org/: timeout";
        assert!(!refusal(&output(1, text)).detail.contains("s3cret"));
    }
}
