//! Snapshots of btrfs, ZFS and LVM on this host: earlier states that lie in the very volume that holds the data and are lost
//! with it. They are told apart from backups, and never taken, mounted or removed.

use std::collections::{BTreeMap, BTreeSet};

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::backup_jobs::{Holding, Place, PlaceClass, Repository, Unusable};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{Backup, Listing, Opened, facts, settings};
use crate::look::Look;
use crate::mounts;
use crate::tool::{Tool, ToolError};

/// Sets of snapshots, by the volume that they show.
type Sets = BTreeMap<String, Listing>;

/// Everything of the three kinds that is there.
pub(super) fn find(look: &mut Look<'_>) -> Vec<Repository> {
    if !look.host.is_live() {
        return Vec::new();
    }
    let mounts = mounts::keeping_data(look).unwrap_or_default();
    let of = |kind: &str| -> BTreeSet<String> {
        let fitting = mounts.iter().filter(|mount| mount.fs_type == kind);
        fitting.map(|mount| mount.point.clone()).collect()
    };
    let mut found = Vec::new();
    for point in of("btrfs") {
        let tool = Tool::new("btrfs", &["subvolume", "list", "-s", &point]);
        if let Some(text) = asked(look, &tool, "btrfs-progs") {
            found.extend(shown(look, "btrfs", btrfs(&text, &point)));
        }
    }
    if !of("zfs").is_empty() || look.host.exists("/dev/zfs") {
        let tool = Tool::new("zfs", &["list", "-Hp", "-t", "snapshot", "-o", "name,creation"]);
        if let Some(text) = asked(look, &tool, "zfsutils-linux") {
            found.extend(shown(look, "zfs", zfs(&text)));
        }
    }
    // Besides its own door the mapper has volumes only.
    let mapped = look.host.names("/dev/mapper").ok().flatten().unwrap_or_default();
    if mapped.len() > 1 {
        let columns = "vg_name,lv_name,origin,lv_time,lv_attr";
        let tool = Tool::new("lvs", &["--reportformat", "json", "-o", columns]);
        if let Some(text) = asked(look, &tool, "lvm2") {
            match lvm(&text) {
                Ok(sets) => found.extend(shown(look, "lvm", sets)),
                Err(error) => look.garbled("the list of lvs", &error.to_string()),
            }
        }
    }
    found
}

/// What a tool lists; none where it cannot, which an outcome says.
fn asked(look: &mut Look<'_>, tool: &Tool<'_>, package: &str) -> Option<String> {
    let line = tool.line();
    match look.try_run(tool) {
        Ok(output) if output.is_success() => Some(output.stdout),
        Ok(output) => {
            let (outcome, remedy) = if output.stderr.to_lowercase().contains("permitted")
                || output.stderr.to_lowercase().contains("permission")
            {
                (OutcomeKind::Denied, "run the plugin as root; only root may list snapshots")
            } else {
                (OutcomeKind::Failed, "run the command by hand")
            };
            look.seen.outcome(outcome, format!("{line} {}", output.fault()), remedy);
            None
        }
        Err(ToolError::Missing(name)) => {
            let detail = format!("{name} is not installed, so its snapshots were not listed");
            look.seen.outcome(OutcomeKind::ToolMissing, detail, format!("install {package}"));
            None
        }
        Err(error) => {
            look.seen.outcome(error.outcome(), error.to_string(), error.remedy());
            None
        }
    }
}

fn shown(look: &mut Look<'_>, technology: &str, sets: Sets) -> Vec<Repository> {
    let of = |(volume, mut listing): (String, Listing)| {
        listing.place = Some(Place {
            class: PlaceClass::SameVolume,
            concluded: format!("snapshots of {technology} lie in the volume that they show"),
        });
        let named = settings::Repository::of_folder(format!("{technology}:{volume}"), volume);
        let mut repository = facts::of(look, Opened { named, listing: Ok(listing) });
        repository.kind = Holding::Snapshots;
        repository.tool = format!("{technology}_snapshots");
        repository
    };
    sets.into_iter().map(of).collect()
}

fn add(sets: &mut Sets, volume: &str, id: &str, time: Option<Timestamp>) {
    let listing = sets.entry(volume.to_owned()).or_default();
    match time {
        Some(time) => listing.backups.push(Backup {
            id: id.to_owned(),
            time,
            host: String::new(),
            paths: vec![volume.to_owned()],
            bytes: None,
        }),
        None => listing
            .unusable
            .push(Unusable { id: id.to_owned(), why: "has no time that can be read".to_owned() }),
    }
}

/// `ID 257 gen 7 cgen 7 top level 5 otime 2026-11-23 04:49:42 path snap1`; times are local, and the tool runs with TZ=UTC.
fn btrfs(text: &str, point: &str) -> Sets {
    let mut sets = Sets::new();
    for line in text.lines() {
        let Some((head, path)) = line.split_once(" path ") else { continue };
        let time = head.split_once(" otime ").and_then(|(_, time)| in_utc(time));
        add(&mut sets, point, path, time);
    }
    sets
}

fn in_utc(time: &str) -> Option<Timestamp> {
    let time: DateTime = time.trim().parse().ok()?;
    time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// `tank/home@daily<TAB>1795409382`.
fn zfs(text: &str) -> Sets {
    let mut sets = Sets::new();
    for line in text.lines() {
        let Some((name, creation)) = line.split_once('\t') else { continue };
        let Some((dataset, _)) = name.split_once('@') else { continue };
        let time = creation.trim().parse().ok().and_then(|s| Timestamp::from_second(s).ok());
        add(&mut sets, dataset, name, time);
    }
    sets
}

/// For the fuzzer.
pub(super) fn reads(name: &str, text: &str) -> bool {
    match name {
        "btrfs" => !btrfs(text, "/").is_empty(),
        "zfs" => !zfs(text).is_empty(),
        _ => lvm(text).is_ok(),
    }
}

#[derive(Deserialize)]
struct Report {
    report: Vec<Volumes>,
}

#[derive(Deserialize)]
struct Volumes {
    lv: Vec<Volume>,
}

#[derive(Deserialize)]
struct Volume {
    vg_name: String,
    lv_name: String,
    origin: String,
    lv_time: String,
    lv_attr: String,
}

/// A snapshot is what has an origin. One that ran full is marked `I` or `S` in the fifth place of its attributes.
fn lvm(text: &str) -> Result<Sets, serde_json::Error> {
    let report: Report = serde_json::from_str(text)?;
    let mut sets = Sets::new();
    for volume in report.report.into_iter().flat_map(|report| report.lv) {
        if volume.origin.is_empty() {
            continue;
        }
        let of = format!("{}/{}", volume.vg_name, volume.origin);
        let id = format!("{}/{}", volume.vg_name, volume.lv_name);
        if matches!(volume.lv_attr.as_bytes().get(4), Some(b'I' | b'S')) {
            let why = "ran full and is invalid".to_owned();
            sets.entry(of).or_default().unusable.push(Unusable { id, why });
        } else {
            let time = Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", &volume.lv_time).ok();
            add(&mut sets, &of, &id, time);
        }
    }
    Ok(sets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use exhibit_plugin::local::testing;

    #[test]
    fn lists_of_the_tools_are_read() {
        // btrfs-progs 6.2 over a real file system; the others in the documented form of their options.
        let list = "ID 257 gen 7 cgen 7 top level 5 otime 2026-11-23 04:49:42 path snap 1\nID 258 gen 7 path @/b path c\n";
        let sets = btrfs(list, "/srv");
        let backup = &sets["/srv"].backups[0];
        assert_eq!(
            (backup.id.as_str(), backup.time.to_string().as_str()),
            ("snap 1", "2026-11-23T04:49:42Z")
        );
        assert_eq!(sets["/srv"].unusable.len(), 1);
        let sets = zfs(
            "tank/home@daily-1\t1795409382\ntank/home@daily-2\t1795495782\ntank@x\tnever\nnoise\n",
        );
        assert_eq!((sets["tank/home"].backups.len(), sets["tank"].unusable.len()), (2, 1));
        let list = r#"{"report":[{"lv":[
            {"vg_name":"vg0","lv_name":"root","origin":"","lv_time":"2026-01-01 08:00:00 +0000","lv_attr":"owi-aos---"},
            {"vg_name":"vg0","lv_name":"before","origin":"root","lv_time":"2026-11-20 09:00:00 +0100","lv_attr":"swi-a-s---"},
            {"vg_name":"vg0","lv_name":"full","origin":"root","lv_time":"2026-11-19 09:00:00 +0100","lv_attr":"swi-I-s---"}]}]}"#;
        let sets = lvm(list).unwrap();
        assert_eq!(sets["vg0/root"].backups[0].time.to_string(), "2026-11-20T08:00:00Z");
        assert_eq!(sets["vg0/root"].unusable[0].id, "vg0/full");
        assert!(lvm("  LV VG\n").is_err());
    }

    #[test]
    fn snapshots_are_not_told_as_backups() {
        let job = testing::job("/");
        let mut look = Look::new(&job);
        let found = shown(&mut look, "zfs", zfs("tank/home@a\t1795300000\n"));
        let one = &found[0];
        assert_eq!((one.name.as_str(), one.kind), ("zfs:tank/home", Holding::Snapshots));
        assert_eq!((one.off_site, one.encrypted, one.snapshots), (Some(false), None, Some(1)));
        assert_eq!(one.place.as_ref().unwrap().class, PlaceClass::SameVolume);
    }
}
