//! What people bring: files, and their word.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use exhibit_proto::statement::Act;
use jiff::Timestamp;
use serde_json::json;

use super::made::{Named, act, brought, list, made};
use super::{Because, Output};
use crate::app;
use crate::config::Config;
use crate::decisions::{Attached, MAX_FILE, file_name, media_type, moment};

#[derive(Debug, Subcommand)]
pub(super) enum Evidence {
    /// Bring a file for a control: policy, minutes, certificate, checklist. At most 8 MiB, and no program
    Add(Box<Add>),
    /// It counts no longer; the file and its history stay
    Withdraw(Named),
    /// What is in force or proposed
    List(Output),
}

#[derive(Debug, Args)]
pub(super) struct Add {
    file: PathBuf,
    /// Which control it shows, like A.5.4
    #[arg(long)]
    control: String,
    /// What it is, in words
    #[arg(long, value_name = "TEXT")]
    title: String,
    /// First day on which it counts (UTC); today if absent
    #[arg(long, value_name = "DAY", value_parser = moment::from)]
    valid_from: Option<Timestamp>,
    /// Last day on which it counts (UTC)
    #[arg(long, value_name = "DAY", value_parser = moment::until)]
    valid_until: Timestamp,
    /// When somebody is to look at it again; from then on it is stale
    #[arg(long, value_name = "DAY", value_parser = moment::from)]
    review: Option<Timestamp>,
    /// A name of its own; the next free one like E-2027-001 if absent
    #[arg(long)]
    id: Option<String>,
    /// Put it in the place of the one whose newest revision is this entry
    #[arg(long, value_name = "ENTRY", requires = "id")]
    after: Option<u64>,
    #[command(flatten)]
    because: Because,
}

#[derive(Debug, Args)]
pub(super) struct Attest {
    /// The duty: the control, unless it was given another name
    duty: String,
    /// What you attest: what you looked at, and what you found
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["every_days", "owner", "first_due", "control"])]
    says: Option<String>,
    /// Make the duty instead: every so many days
    #[arg(long, value_name = "DAYS", requires_all = ["owner", "first_due"])]
    every_days: Option<u32>,
    /// Who is to attest
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// When it is due first
    #[arg(long, value_name = "DAY", value_parser = moment::from)]
    first_due: Option<Timestamp>,
    /// Which control it is about, where the duty has another name
    #[arg(long)]
    control: Option<String>,
    #[command(flatten)]
    because: Because,
}

pub(super) fn evidence(
    config: &Config,
    asked: Evidence,
    now: Timestamp,
) -> anyhow::Result<ExitCode> {
    let asked = match asked {
        Evidence::Add(asked) => *asked,
        Evidence::Withdraw(named) => {
            return act(config, "manual_evidence", named, Act::Withdraw, now);
        }
        Evidence::List(output) => return list(config, Some("manual_evidence"), None, &output),
    };
    let path = &asked.file;
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.with_context(|| format!("{} has no name in UTF-8", path.display()))?;
    let name = file_name(name)?;
    let file = read(path)?;
    let mut value = json!({
        "control": asked.control,
        "title": asked.title,
        "digest": file.digest(),
        "file": name,
        "media_type": media_type(&name),
        "size": file.bytes().len(),
        "until": asked.valid_until,
    });
    for (key, time) in [("from", asked.valid_from), ("review", asked.review)] {
        if let Some(time) = time {
            value[key] = json!(time);
        }
    }
    let id = match asked.id {
        Some(id) => id,
        None => app::next_id(config, "manual_evidence", now)?,
    };
    let place = ("manual_evidence", id.as_str(), asked.after);
    brought(config, place, (Act::Put, Some(value), Some(file)), asked.because, now)
}

/// The file, if it may lie beside the log.
fn read(path: &Path) -> anyhow::Result<Attached> {
    let reading = || format!("reading {}", path.display());
    // A pipe would be waited for, and a device has no end.
    let plain = fs::metadata(path).with_context(reading)?.is_file();
    ensure!(plain, "{} is no plain file; name the file itself", path.display());
    let mut bytes = Vec::new();
    // One byte more than may be: whatever is larger is not read.
    let opened = File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes));
    opened.with_context(reading)?;
    Attached::new(bytes).with_context(|| path.display().to_string())
}

pub(super) fn attest(config: &Config, asked: Attest, now: Timestamp) -> anyhow::Result<ExitCode> {
    let Attest { duty, says, every_days, owner, first_due, control, because } = asked;
    let (register, value) = match (says, every_days) {
        (Some(says), _) => ("attested", json!({"says": says})),
        (None, Some(every_days)) => {
            let control = control.unwrap_or_else(|| duty.clone());
            let value = json!({"control": control, "owner": owner, "every_days": every_days, "first_due": first_due});
            ("attestation", value)
        }
        (None, None) => bail!(
            "say what you attest with --says, or make the duty with --every-days, --owner and --first-due"
        ),
    };
    ensure!(!duty.trim().is_empty(), "name the duty: the control, or the name that it was given");
    let after = app::newest(config, register, &duty)?;
    made(config, (register, &duty, after), (Act::Put, Some(value)), because, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_are_read_and_never_more_of_them_than_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _held = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for odd in [folder.path(), &socket, Path::new("/dev/zero")] {
            let refused = read(odd).unwrap_err().to_string();
            assert!(refused.ends_with("is no plain file; name the file itself"), "{refused}");
        }
        // Five gigabytes that take no room.
        let large = folder.path().join("large.pdf");
        File::create(&large).unwrap().set_len(5 << 30).unwrap();
        let refused = format!("{:#}", read(&large).unwrap_err());
        assert!(refused.contains("large.pdf: the file is larger than 8388608 bytes"), "{refused}");
        fs::write(&large, "minutes").unwrap();
        assert_eq!(read(&large).unwrap().bytes(), b"minutes");
    }
}
