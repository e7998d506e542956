//! Asks WAL-G what its storage holds. Keys stay in its configuration.

use std::time::Duration;

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::backup_jobs::{Place, PlaceClass};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{Backup, Listing, Refusal, ask, settings, whole_second};
use crate::location;
use crate::look::Look;
use crate::tool::{Output, Tool};

pub(super) fn list(
    look: &mut Look<'_>,
    named: &settings::Repository,
    share: Duration,
) -> Result<Listing, Refusal> {
    let config = named.location.as_str();
    let text = match look.host.text(config) {
        Ok(Some(text)) => text,
        Ok(None) => {
            return Err(Refusal::new(
                OutcomeKind::NotConfigured,
                format!("{config} does not exist"),
                "name the configuration of WAL-G as location in the settings",
            ));
        }
        Err(error) => return Err(Refusal::new(error.outcome(), error.to_string(), error.remedy())),
    };
    look.seen.method(config);
    let arguments = ["backup-list", "--json", "--detail", "--config", config];
    let named_paths = paths(&text);
    let reads: Vec<&str> = named_paths.iter().map(String::as_str).collect();
    let tool = Tool::new("wal-g", &arguments).timeout(share).reads(&reads);
    let tool =
        named.environment.0.iter().fold(tool, |tool, (key, value)| tool.env(key, value.clone()));
    let mut listing = ask(look, &tool, ("wal-g", "wal-g"), parse, refusal)?;
    let Configured { place, folder, encryption } = configured(&text);
    listing.place = match folder {
        Some(folder) => location::place(look, &folder, None, &[]),
        None => place,
    };
    listing.encrypted = encryption.as_deref().map(|mode| mode != "none");
    listing.encryption = encryption;
    Ok(listing)
}

/// The paths that a configuration names: its storage, the server's folder, keys.
fn paths(text: &str) -> Vec<String> {
    let Ok(Value::Object(settings)) = crate::yaml::parse(text) else { return Vec::new() };
    let values = settings.values().filter_map(Value::as_str);
    let path = |value: &str| value.strip_prefix("file://").unwrap_or(value).to_owned();
    values.map(path).filter(|value| value.starts_with('/')).collect()
}

#[derive(Default)]
struct Configured {
    place: Option<Place>,
    /// The storage is a folder.
    folder: Option<String>,
    encryption: Option<String>,
}

/// Where the storage is and which of its modes of encryption is set, by the names of the keys; no value is kept.
fn configured(text: &str) -> Configured {
    let Ok(Value::Object(settings)) = crate::yaml::parse(text) else {
        return Configured::default();
    };
    let is_set = |name: &str| settings.contains_key(name);
    let of = |class, key: &str| Some(Place { class, concluded: format!("{key} is set") });
    let objects = [
        "WALG_S3_PREFIX",
        "WALE_S3_PREFIX",
        "WALG_GS_PREFIX",
        "WALG_AZ_PREFIX",
        "WALG_SWIFT_PREFIX",
    ];
    let place = match objects.iter().find(|key| is_set(key)) {
        Some(key) => of(PlaceClass::ObjectStorage, key),
        None if is_set("WALG_SSH_PREFIX") => of(PlaceClass::OtherHost, "WALG_SSH_PREFIX"),
        None => None,
    };
    let modes = [
        ("WALG_LIBSODIUM_KEY", "libsodium"),
        ("WALG_PGP_KEY", "pgp"),
        ("WALE_GPG_KEY_ID", "pgp"),
        ("WALG_GPG_KEY_ID", "pgp"),
        ("WALG_CSE_KMS_ID", "kms"),
        ("WALG_YC_CSE_KMS_KEY_ID", "kms"),
        ("WALG_ENVELOPE_PGP_KEY", "envelope pgp"),
    ];
    let mode = modes.iter().find(|(key, _)| {
        let path = format!("{key}_PATH");
        is_set(key) || is_set(&path)
    });
    Configured {
        place,
        folder: settings.get("WALG_FILE_PREFIX").and_then(Value::as_str).map(str::to_owned),
        encryption: Some(mode.map_or("none", |(_, mode)| mode).to_owned()),
    }
}

/// One line of `backup-list --json --detail`.
#[derive(Deserialize)]
struct Entry {
    backup_name: String,
    time: Timestamp,
    #[serde(default)]
    finish_time: Option<Timestamp>,
    #[serde(default)]
    hostname: String,
    #[serde(default)]
    data_dir: Option<String>,
    #[serde(default)]
    uncompressed_size: Option<u64>,
    #[serde(default)]
    compressed_size: Option<u64>,
}

pub(super) fn parse(text: &str) -> Result<Listing, serde_json::Error> {
    // Of an empty storage some versions print nothing.
    let text = if text.trim().is_empty() { "[]" } else { text };
    let entries: Option<Vec<Entry>> = serde_json::from_str(text)?;
    let mut listing = Listing::default();
    for entry in entries.unwrap_or_default() {
        if let Some(bytes) = entry.compressed_size {
            listing.bytes = Some(listing.bytes.unwrap_or(0).saturating_add(bytes));
        }
        listing.backups.push(Backup {
            id: entry.backup_name,
            time: whole_second(entry.finish_time.unwrap_or(entry.time)),
            host: entry.hostname,
            paths: entry.data_dir.into_iter().collect(),
            bytes: entry.uncompressed_size,
        });
    }
    Ok(listing)
}

fn refusal(output: &Output) -> Refusal {
    Refusal::new(
        OutcomeKind::Failed,
        format!("wal-g did not list its storage: {}", location::scrubbed(&output.fault())),
        "run wal-g backup-list --detail by hand with the same configuration",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    // WAL-G is in no registry that the tests reach: this follows its documentation and source (v3, `backup-list`).
    const LIST: &str = r#"[{"backup_name":"base_000000010000000000000004","time":"2026-11-21T03:00:09.4Z","wal_file_name":"000000010000000000000004","storage_name":"default","start_time":"2026-11-21T03:00:00Z","finish_time":"2026-11-21T03:00:08Z","date_fmt":"%Y-%m-%dT%H:%M:%S.%fZ","hostname":"db1","data_dir":"/var/lib/postgresql/15/main","pg_version":150004,"start_lsn":67108904,"finish_lsn":67109160,"is_permanent":false,"system_identifier":7711224677866098620,"uncompressed_size":23074471,"compressed_size":3098560}]"#;

    #[test]
    fn a_list_in_the_documented_form_is_read() {
        let listing = parse(LIST).unwrap();
        let backup = &listing.backups[0];
        assert_eq!(backup.time.to_string(), "2026-11-21T03:00:08Z");
        assert_eq!((backup.host.as_str(), backup.bytes), ("db1", Some(23_074_471)));
        assert_eq!(listing.bytes, Some(3_098_560));
        assert!(parse("null\n").unwrap().backups.is_empty());
        assert!(parse("{}").is_err() && parse("name  modified").is_err());
    }

    #[test]
    fn a_configuration_tells_place_and_encryption_by_its_keys() {
        let s3 = r#"{"WALG_S3_PREFIX": "s3://b/x", "AWS_SECRET_ACCESS_KEY": "planted", "WALG_LIBSODIUM_KEY_PATH": "/k"}"#;
        let found = configured(s3);
        assert_eq!(found.place.map(|place| place.class), Some(PlaceClass::ObjectStorage));
        assert_eq!(found.encryption.as_deref(), Some("libsodium"));
        let found = configured("WALG_FILE_PREFIX: /srv/wal\n");
        assert_eq!(found.folder.as_deref(), Some("/srv/wal"));
        assert_eq!(found.encryption.as_deref(), Some("none"));
        assert_eq!(configured("[1, 2").encryption, None);
    }
}
