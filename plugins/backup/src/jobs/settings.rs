//! Checks the backup part of the plugin's settings; it never touches a repository.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;

use crate::look::Look;
use crate::mounts;

/// Which program owns a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tool {
    Restic,
    Borg,
}

/// One repository that the operator named.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repository {
    /// Name in evidence and messages; unique.
    pub(crate) name: String,
    pub(crate) tool: Tool,
    /// As the tool takes it. Credentials inside are used and never reported.
    pub(crate) location: String,
    /// File that holds the repository's password; none only for an unencrypted borg repository.
    #[serde(default)]
    pub(crate) password_file: Option<PathBuf>,
}

/// The table `backup` of the plugin's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with the list repositories")]
pub(crate) struct Backup {
    #[serde(default)]
    pub(crate) repositories: Vec<Repository>,
}

/// What is wrong with the settings; the text names the value and the way out, never a location.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum SettingsError {
    #[error("settings.backup: {0}")]
    Shape(String),
    #[error(
        "settings.backup.repositories: the name {0:?} is used twice; give each repository its own"
    )]
    Twice(String),
    #[error("settings.backup.repositories: the entry {0:?} has an empty name or location")]
    Empty(String),
    #[error(
        "settings.backup.repositories: the location of {0:?} begins with '-', which the tool would read as an option; write a full path or URL"
    )]
    Option(String),
    #[error(
        "settings.backup.repositories: {0:?} is a restic repository without password_file; restic repositories are always encrypted, so name the file"
    )]
    NoPassword(String),
}

/// Reads `backup` out of the plugin's settings table.
///
/// # Errors
/// When a key is unknown, a name is missing or doubled, or restic has no password file.
pub(crate) fn read(settings: &serde_json::Value) -> Result<Backup, SettingsError> {
    let Some(value) = settings.get("backup") else { return Ok(Backup::default()) };
    let backup =
        Backup::deserialize(value).map_err(|error| SettingsError::Shape(error.to_string()))?;
    let mut names = std::collections::BTreeSet::new();
    for repository in &backup.repositories {
        let name = repository.name.clone();
        if name.trim().is_empty() || repository.location.trim().is_empty() {
            return Err(SettingsError::Empty(name));
        }
        if repository.location.starts_with('-') {
            return Err(SettingsError::Option(name));
        }
        if repository.tool == Tool::Restic && repository.password_file.is_none() {
            return Err(SettingsError::NoPassword(name));
        }
        if !names.insert(&repository.name) {
            return Err(SettingsError::Twice(name));
        }
    }
    Ok(backup)
}

/// A location as it may be shown: scheme, host and path, without user, password or query.
pub(crate) fn shown(location: &str) -> String {
    let (scheme, rest) = match location.find("://") {
        Some(at) => location.split_at(at + 3),
        // "user@host:path" of borg and "sftp:user@host:/path" of restic hold no password by their syntax.
        None => return location.to_owned(),
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_credentials, host)| host);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    format!("{scheme}{host}{path}")
}

/// A message of a tool without the user part of any URL in it.
pub(crate) fn scrubbed(message: &str) -> String {
    let words: Vec<String> = message
        .split(' ')
        .map(|word| if word.contains("://") { shown(word) } else { word.to_owned() })
        .collect();
    words.join(" ")
}

/// Whether the location is on another machine; by its form, and for a path by what is mounted there.
pub(crate) fn is_off_site(look: &mut Look<'_>, location: &str) -> Option<bool> {
    if location.starts_with('/') {
        let mounts = mounts::keeping_data(look)?;
        let holding = mounts
            .iter()
            .filter(|mount| Path::new(location).starts_with(&mount.point))
            .max_by_key(|mount| mount.point.len())?;
        return Some(holding.is_network());
    }
    let shown = shown(location);
    let local = ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| {
        let host = shown.rsplit("://").next().unwrap_or_default();
        let host =
            host.strip_prefix("sftp:").unwrap_or(host).rsplit('@').next().unwrap_or_default();
        host.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    });
    (!local && shown.contains(':')).then_some(true)
}

/// Times in documents have whole seconds.
pub(crate) fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use exhibit_plugin::local::testing;
    use serde_json::json;

    #[test]
    fn no_table_means_no_repositories() {
        assert_eq!(read(&json!({})), Ok(Backup::default()));
        assert_eq!(read(&serde_json::Value::Null), Ok(Backup::default()));
    }

    #[test]
    fn an_unknown_key_and_an_inline_password_are_refused() {
        let settings = json!({"backup": {"repositories": [
            {"name": "a", "tool": "restic", "location": "/r", "password": "x"}]}});
        let error = read(&settings).unwrap_err().to_string();
        assert!(error.contains("unknown field `password`"), "{error}");
    }

    #[test]
    fn restic_needs_a_password_file_and_borg_does_not() {
        let restic = json!({"backup": {"repositories": [{"name": "a", "tool": "restic", "location": "/r"}]}});
        assert_eq!(read(&restic), Err(SettingsError::NoPassword("a".into())));
        let borg =
            json!({"backup": {"repositories": [{"name": "a", "tool": "borg", "location": "/r"}]}});
        assert_eq!(read(&borg).map(|b| b.repositories.len()), Ok(1));
    }

    #[test]
    fn a_location_that_looks_like_an_option_is_refused() {
        let settings = json!({"backup": {"repositories": [
            {"name": "a", "tool": "borg", "location": "--rsh=sh"}]}});
        assert_eq!(read(&settings), Err(SettingsError::Option("a".into())));
    }

    #[test]
    fn two_repositories_of_one_name_are_refused() {
        let one = json!({"name": "a", "tool": "borg", "location": "/r"});
        let settings = json!({"backup": {"repositories": [one, one]}});
        assert_eq!(read(&settings), Err(SettingsError::Twice("a".into())));
    }

    #[test]
    fn credentials_never_reach_the_shown_location() {
        for (location, expected) in [
            (
                "rest:https://bob:s3cr3t@backup.example.org:8000/host1",
                "rest:https://backup.example.org:8000/host1",
            ),
            (
                "s3:https://key:secret@s3.example.org/bucket/x?token=t",
                "s3:https://s3.example.org/bucket/x",
            ),
            ("ssh://borg:p@ss@nas.example.org:22/./repo", "ssh://nas.example.org:22/./repo"),
            ("/srv/backup", "/srv/backup"),
            ("sftp:user@host:/srv/restic", "sftp:user@host:/srv/restic"),
        ] {
            assert_eq!(shown(location), expected);
        }
    }

    #[test]
    fn a_path_is_off_site_only_on_a_network_mount() {
        let table = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 0 0:40 / /mnt/nas rw - nfs4 nas:/x rw\n";
        let root = testing::planted(&[("/proc/self/mountinfo", table)]);
        let job = testing::job(root.path());
        let mut look = Look::new(&job);
        for (location, expected) in [
            ("/srv/restic", Some(false)),
            ("/mnt/nas/restic", Some(true)),
            ("/mnt/nastier", Some(false)),
            ("sftp:bob@nas:/srv", Some(true)),
            ("rest:http://localhost:8000/", None),
            ("ssh://bob@127.0.0.1/./x", None),
            ("s3:s3.amazonaws.com/bucket", Some(true)),
            ("relative", None),
        ] {
            assert_eq!(is_off_site(&mut look, location), expected, "{location}");
        }
    }
}
