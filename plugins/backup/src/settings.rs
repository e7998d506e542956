//! Checks the plugin's settings; it never touches a repository.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use exhibit_plugin::Job;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::look::Look;
use crate::mounts;

/// Which program owns a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tool {
    Restic,
    Borg,
    /// A folder of dumps or archives.
    Files,
    Rsnapshot,
    Barman,
}

impl Tool {
    /// Whether a program reads it; otherwise it is a folder that is read as it lies there.
    fn has_repository(self) -> bool {
        match self {
            Self::Restic | Self::Borg => true,
            Self::Files | Self::Rsnapshot | Self::Barman => false,
        }
    }

    /// As evidence names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Restic => "restic",
            Self::Borg => "borg",
            Self::Files => "files",
            Self::Rsnapshot => "rsnapshot",
            Self::Barman => "barman",
        }
    }
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
    /// The same by the name of one of the plugin's secrets.
    #[serde(default)]
    password_secret: Option<String>,
    /// Which names of a folder of files are backups, with `*` and `?`; all when it is not set.
    #[serde(default)]
    pub(crate) pattern: Option<String>,
}

/// One restore test that the operator asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestoreTest {
    /// Name in evidence and messages; unique.
    pub(crate) name: String,
    /// Name of a repository.
    pub(crate) repository: String,
    /// Only backups of this host, as the tool names it.
    #[serde(default)]
    pub(crate) host: Option<String>,
    /// Only files below these; empty: all of the backup.
    #[serde(default)]
    pub(crate) paths: Vec<String>,
    /// Most files that are restored.
    #[serde(default = "some_files")]
    pub(crate) files: u16,
    /// Most that is restored, in MiB.
    #[serde(default = "some_mib")]
    pub(crate) max_mib: u64,
    /// Draws the sample; a new one each time when it is not set.
    #[serde(default)]
    pub(crate) seed: Option<String>,
    /// Folder that gets a private, short-lived folder.
    #[serde(default = "std::env::temp_dir")]
    pub(crate) scratch: PathBuf,
    #[serde(default)]
    pub(crate) recovery_time_minutes: Option<u64>,
    #[serde(default)]
    pub(crate) recovery_point_hours: Option<u64>,
}

fn some_files() -> u16 {
    20
}

fn some_mib() -> u64 {
    256
}

/// Tools take the paths of a sample as arguments.
const MOST_FILES: u16 = 1000;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with the list repositories")]
struct Backup {
    #[serde(default)]
    repositories: Vec<Repository>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with the list tests")]
struct Continuity {
    #[serde(default)]
    tests: Vec<RestoreTest>,
}

/// What the operator asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) repositories: Vec<Repository>,
    pub(crate) tests: Vec<RestoreTest>,
}

impl Settings {
    /// A repository by its name.
    pub(crate) fn repository(&self, name: &str) -> Option<&Repository> {
        self.repositories.iter().find(|repository| repository.name == name)
    }
}

/// What is wrong with the settings; the text names the value and the way out, never a location.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum SettingsError {
    #[error(
        "settings.backup.repositories: the location of {0:?} must be the full path of a folder of this host"
    )]
    Folder(String),
    #[error(
        "settings.continuity.tests: {0:?} names a repository of the tool {1}; only restic and borg can be tested"
    )]
    Untestable(String, &'static str),
    #[error("settings.{0}: {1}")]
    Shape(&'static str, String),
    #[error(
        "settings.continuity.tests: the name {0:?} is empty or used twice; give each test its own"
    )]
    Test(String),
    #[error(
        "settings.continuity.tests: {0:?} asks for {1} files; between 1 and {MOST_FILES} can be restored"
    )]
    Files(String, u16),
    #[error(
        "settings.backup.repositories: {0:?} takes its password from the secret {1:?}, which does not exist; name its file in plugin.secrets"
    )]
    Secret(String, String),
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

/// Reads the plugin's settings.
///
/// # Errors
/// When a key is unknown, a name is missing or doubled, a secret is missing, or restic has no password file.
pub(crate) fn read(job: &Job) -> Result<Settings, SettingsError> {
    let backup: Backup = table(&job.settings, "backup")?;
    let continuity: Continuity = table(&job.settings, "continuity")?;
    let mut repositories = backup.repositories;
    let mut names = BTreeSet::new();
    for repository in &mut repositories {
        let name = repository.name.clone();
        if name.trim().is_empty() || repository.location.trim().is_empty() {
            return Err(SettingsError::Empty(name));
        }
        if repository.location.starts_with('-') {
            return Err(SettingsError::Option(name));
        }
        if !repository.tool.has_repository() && !repository.location.starts_with('/') {
            return Err(SettingsError::Folder(name));
        }
        if let Some(secret) = &repository.password_secret {
            let Some(file) = job.secrets.get(secret) else {
                return Err(SettingsError::Secret(name, secret.clone()));
            };
            repository.password_file = Some(file.into());
        }
        if repository.tool == Tool::Restic && repository.password_file.is_none() {
            return Err(SettingsError::NoPassword(name));
        }
        if !names.insert(name.clone()) {
            return Err(SettingsError::Twice(name));
        }
    }
    let mut names = BTreeSet::new();
    for test in &continuity.tests {
        if test.name.trim().is_empty() || !names.insert(&test.name) {
            return Err(SettingsError::Test(test.name.clone()));
        }
        if test.files == 0 || test.files > MOST_FILES {
            return Err(SettingsError::Files(test.name.clone(), test.files));
        }
    }
    let settings = Settings { repositories, tests: continuity.tests };
    for test in &settings.tests {
        let of = settings.repository(&test.repository).map(|repository| repository.tool);
        if let Some(tool) = of.filter(|tool| !tool.has_repository()) {
            return Err(SettingsError::Untestable(test.name.clone(), tool.name()));
        }
    }
    Ok(settings)
}

fn table<T: Default + DeserializeOwned>(
    settings: &serde_json::Value,
    name: &'static str,
) -> Result<T, SettingsError> {
    let Some(value) = settings.get(name) else { return Ok(T::default()) };
    T::deserialize(value).map_err(|error| SettingsError::Shape(name, error.to_string()))
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

    impl RestoreTest {
        /// With the defaults that a test in the settings has.
        pub(crate) fn of(name: &str, repository: &str) -> Self {
            let text = json!({"name": name, "repository": repository});
            serde_json::from_value(text).unwrap()
        }
    }

    fn read(settings: &serde_json::Value) -> Result<Settings, SettingsError> {
        let mut job = testing::job("/");
        job.settings = settings.clone();
        job.secrets = [("known".to_owned(), "/secret".to_owned())].into();
        super::read(&job)
    }

    #[test]
    fn no_table_means_no_repositories() {
        assert_eq!(read(&json!({})), Ok(Settings::default()));
        assert_eq!(read(&serde_json::Value::Null), Ok(Settings::default()));
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
    fn a_password_may_be_a_secret_of_the_plugin_by_name() {
        let of = |secret: &str| {
            read(&json!({"backup": {"repositories": [
                {"name": "a", "tool": "restic", "location": "/r", "password_secret": secret}]}}))
        };
        let file = of("known").unwrap().repositories[0].password_file.clone();
        assert_eq!(file.as_deref(), Some(Path::new("/secret")));
        assert_eq!(of("other"), Err(SettingsError::Secret("a".into(), "other".into())));
    }

    #[test]
    fn tests_have_bounds_and_names_of_their_own() {
        let of = |tests: serde_json::Value| read(&json!({"continuity": {"tests": tests}}));
        let one = json!({"name": "t", "repository": "r"});
        assert_eq!(of(json!([one])).unwrap().tests[0].files, 20);
        assert_eq!(of(json!([one, one])), Err(SettingsError::Test("t".into())));
        let none = json!([{"name": "t", "repository": "r", "files": 0}]);
        assert_eq!(of(none), Err(SettingsError::Files("t".into(), 0)));
        let odd = of(json!([{"name": "t", "repository": "r", "restore_to": "/"}]));
        assert!(odd.unwrap_err().to_string().contains("restore_to"));
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
