//! What can be wrong with the settings.

use super::MOST_FILES;

/// What is wrong with the settings; the text names the value and the way out, never a location.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum SettingsError {
    #[error(
        "settings.backup.repositories: the location of {0:?} must be the full path of a folder or file of this host"
    )]
    Folder(String),
    #[error(
        "settings.continuity.tests: {0:?} names a repository of the tool {1}; only restic, borg, borgmatic, duplicity, rsnapshot, pgbackrest, barman and files can be tested"
    )]
    Untestable(String, &'static str),
    #[error(
        "settings.continuity.tests: checksums of {0:?} must be the full path of a list within a backup of rsnapshot, as the backed up machine knows it; other tools keep checksums of their own"
    )]
    Checksums(String),
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
        "settings.continuity.tests: {0:?} names the table {1:?}; write schema.table or database.schema.table"
    )]
    Table(String, String),
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
