//! Lists a borg repository by borg itself, without lock and with a throw-away state folder. It never sees the passphrase.

use std::time::Duration;

use exhibit_plugin::OutcomeKind;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{Backup, Listing, Refusal, ask, check_password_file, settings};
use crate::look::Look;
use crate::tool::{Output, Tool};

pub(super) fn list(
    look: &mut Look<'_>,
    named: &settings::Repository,
    share: Duration,
) -> Result<Listing, Refusal> {
    check_password_file(look, named)?;
    // borg writes what it knows of a repository to its base folder; the real one is not ours to touch.
    let base = tempfile::tempdir().map_err(|error| {
        Refusal::new(
            OutcomeKind::Failed,
            format!("no temporary folder could be made for borg: {error}"),
            "let the plugin write to its temporary directory (PrivateTmp of its unit)",
        )
    })?;
    let arguments =
        ["--log-json", "list", "--json", "--bypass-lock", "--format", "{hostname}", "::"];
    let mut tool = Tool::new("borg", &arguments)
        .env("BORG_REPO", named.location.clone())
        .env("BORG_BASE_DIR", base.path().to_string_lossy())
        // Nobody is there to answer; a new base folder knows no repository, and none of these gives a right.
        .env("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes")
        .env("BORG_RELOCATED_REPO_ACCESS_IS_OK", "yes")
        .env("BORG_EXIT_CODES", "modern")
        .timeout(share);
    if let Some(path) = &named.password_file {
        // borg splits this like a shell, without running one.
        let quoted = path.to_string_lossy().replace('\'', r#"'"'"'"#);
        tool = tool.env("BORG_PASSCOMMAND", format!("cat '{quoted}'"));
    }
    ask(look, &tool, ("borg", "borgbackup"), parse, refusal)
}

#[derive(Deserialize)]
struct List {
    archives: Vec<Archive>,
    encryption: Encryption,
}

#[derive(Deserialize)]
struct Archive {
    /// Local time without a zone; the tool runs with TZ=UTC.
    start: DateTime,
    #[serde(default)]
    hostname: String,
}

#[derive(Deserialize)]
struct Encryption {
    mode: String,
}

fn parse(text: &str) -> Result<Listing, Box<dyn std::error::Error>> {
    let list: List = serde_json::from_str(text)?;
    let mut backups = Vec::new();
    for archive in list.archives {
        let time = archive.start.to_zoned(TimeZone::UTC)?.timestamp();
        let time = settings::whole_second(time);
        backups.push(Backup { time, host: archive.hostname, paths: Vec::new() });
    }
    // "authenticated" protects against change and leaves everything readable.
    let clear = list.encryption.mode == "none" || list.encryption.mode.starts_with("authenticated");
    Ok(Listing { encrypted: Some(!clear), backups })
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
    let said = messages
        .iter()
        .rev()
        .find_map(|message| message.message.lines().next())
        .map_or_else(|| output.fault(), str::to_owned);
    Refusal::new(
        OutcomeKind::Failed,
        format!("borg did not list the repository: {}", settings::scrubbed(&said)),
        "run borg list --bypass-lock by hand with the same location and passphrase",
    )
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
