//! Checks the plugin's settings; it never touches a repository.

mod error;

use std::collections::BTreeSet;
use std::path::PathBuf;

use exhibit_plugin::Job;
use exhibit_plugin::kinds::backup_jobs::Promise;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub(crate) use self::error::SettingsError;
use crate::secret::{Environment, Secret};

/// Which program owns a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tool {
    Restic,
    Borg,
    /// A configuration of borgmatic, which names repositories of borg.
    Borgmatic,
    /// A configuration of pgBackRest.
    Pgbackrest,
    /// A configuration of WAL-G.
    Walg,
    /// A folder of dumps or archives.
    Files,
    /// A folder of duplicity's volumes.
    Duplicity,
    Rsnapshot,
    Barman,
}

impl Tool {
    /// Whether its location is a path of this host and nothing else.
    fn is_path(self) -> bool {
        match self {
            Self::Restic | Self::Borg => false,
            Self::Borgmatic
            | Self::Pgbackrest
            | Self::Walg
            | Self::Files
            | Self::Duplicity
            | Self::Rsnapshot
            | Self::Barman => true,
        }
    }

    /// Whether its backups can be restored to be tested.
    fn is_testable(self) -> bool {
        match self {
            Self::Restic
            | Self::Borg
            | Self::Borgmatic
            | Self::Pgbackrest
            | Self::Files
            | Self::Duplicity
            | Self::Rsnapshot
            | Self::Barman => true,
            Self::Walg => false,
        }
    }

    /// As evidence names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Restic => "restic",
            Self::Borg => "borg",
            Self::Borgmatic => "borgmatic",
            Self::Pgbackrest => "pgbackrest",
            Self::Walg => "walg",
            Self::Files => "files",
            Self::Duplicity => "duplicity",
            Self::Rsnapshot => "rsnapshot",
            Self::Barman => "barman",
        }
    }
}

/// On which site a repository stands, which only people know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Site {
    Same,
    Other,
}

/// How long backups are to be kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keep {
    last: Option<u64>,
    daily: Option<u64>,
    weekly: Option<u64>,
    monthly: Option<u64>,
    yearly: Option<u64>,
    within_days: Option<u64>,
}

impl Keep {
    fn promise(&self) -> Promise {
        Promise {
            last: self.last,
            daily: self.daily,
            weekly: self.weekly,
            monthly: self.monthly,
            yearly: self.yearly,
            within_days: self.within_days,
            source: "settings".to_owned(),
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
    pub(crate) password_secret: Option<String>,
    /// Which names of a folder of files are backups, with `*` and `?`; all when it is not set.
    #[serde(default)]
    pub(crate) pattern: Option<String>,
    #[serde(default)]
    pub(crate) site: Option<Site>,
    /// What is to be kept, where the tool has no configuration of its own that says it.
    #[serde(default)]
    pub(crate) keep: Option<Keep>,
    /// File that a job touches when it has checked the repository and found it whole.
    #[serde(default)]
    pub(crate) check_record: Option<PathBuf>,
    /// File of variables that the tool needs to reach its storage, such as keys of S3.
    #[serde(default)]
    pub(crate) environment_file: Option<PathBuf>,
    /// What that file says; never shown.
    #[serde(skip)]
    pub(crate) environment: Environment,
    /// What a configuration of the tool holds in place of a password file.
    #[serde(skip)]
    pub(crate) secret: Option<Secret>,
    /// The same as `keep`, or what a configuration of the tool says.
    #[serde(skip)]
    pub(crate) promise: Option<Promise>,
    /// Which part of a configuration of pgBackRest it is.
    #[serde(skip)]
    pub(crate) stanza: Option<Stanza>,
    /// The configuration that led to the location.
    #[serde(skip)]
    pub(crate) configuration: Option<String>,
}

impl Repository {
    /// A folder of this host that is no entry of the settings.
    pub(crate) fn of_folder(name: String, location: String) -> Self {
        Self {
            name,
            tool: Tool::Files,
            location,
            password_file: None,
            password_secret: None,
            pattern: None,
            site: None,
            keep: None,
            check_record: None,
            environment_file: None,
            environment: Environment::default(),
            secret: None,
            promise: None,
            stanza: None,
            configuration: None,
        }
    }
}

/// One repository of one stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stanza {
    pub(crate) config: String,
    pub(crate) name: String,
    pub(crate) key: u32,
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
    /// A list of `sha256sum` within the backup, of a tool that keeps no checksums: the files it names are drawn from.
    #[serde(default)]
    pub(crate) checksums: Option<String>,
    /// Draws the sample; a new one each time when it is not set.
    #[serde(default)]
    pub(crate) seed: Option<String>,
    /// Restore to a server of its own: which of several dumps of a folder, by the name that `backup.jobs` shows as path.
    #[serde(default)]
    pub(crate) source: Option<String>,
    /// Tables that must come back, as `schema.table` or `database.schema.table`; of MariaDB `database.table`.
    #[serde(default)]
    pub(crate) tables: Vec<String>,
    /// Account of this host that the server runs as when the plugin runs as root.
    #[serde(default)]
    pub(crate) run_as: Option<String>,
    /// Superuser of a server that comes back as a whole (pgBackRest); `postgres` when it is not set.
    #[serde(default)]
    pub(crate) database_account: Option<String>,
    /// Restores without walls around the server, for a kernel that has none.
    #[serde(default)]
    pub(crate) unconfined: bool,
    /// Folder of the programs of PostgreSQL or MariaDB; the newest that fits when it is not set.
    #[serde(default)]
    pub(crate) programs: Option<PathBuf>,
    /// Service of the living database, and the file that describes it, to compare the tables with: of libpq, or the suffix
    /// of a group of an option file of MariaDB.
    #[serde(default)]
    pub(crate) live_service: Option<String>,
    #[serde(default)]
    pub(crate) live_service_file: Option<PathBuf>,
    /// By how much the rows of a table may differ from the living one, in per cent.
    #[serde(default = "some_drift")]
    pub(crate) drift_percent: u8,
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

fn some_drift() -> u8 {
    20
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
        if repository.tool.is_path() && !repository.location.starts_with('/') {
            return Err(SettingsError::Folder(name));
        }
        if let Some(secret) = &repository.password_secret {
            let Some(file) = job.secrets.get(secret) else {
                return Err(SettingsError::Secret(name, secret.clone()));
            };
            repository.password_file = Some(file.into());
        }
        repository.promise = repository.keep.as_ref().map(Keep::promise);
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
        let odd = |name: &&String| name.contains(['\'', '\\', '\n']) || !name.contains('.');
        if let Some(name) = test.tables.iter().find(odd) {
            return Err(SettingsError::Table(test.name.clone(), name.clone()));
        }
    }
    let settings = Settings { repositories, tests: continuity.tests };
    for test in &settings.tests {
        let of = settings.repository(&test.repository).map(|repository| repository.tool);
        if let Some(tool) = of.filter(|tool| !tool.is_testable()) {
            return Err(SettingsError::Untestable(test.name.clone(), tool.name()));
        }
        if let (Some(list), Some(tool)) = (&test.checksums, of)
            && (tool != Tool::Rsnapshot || !list.starts_with('/'))
        {
            return Err(SettingsError::Checksums(test.name.clone()));
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

#[cfg(test)]
mod tests;
