//! Logical volumes as their group's metadata was last written, and pools as ZFS describes them.

use exhibit_plugin::{OutcomeKind, kinds::resilience_redundancy::Group};

use super::{group, number, state, storage::survives};
use crate::{look::Look, tool::Tool};

pub(super) fn lvm(look: &mut Look<'_>) -> Vec<Group> {
    let mut found = Vec::new();
    for name in look.names("/etc/lvm/backup").here().unwrap_or_default() {
        let path = format!("/etc/lvm/backup/{name}");
        if let Some(text) = look.text(&path).here() {
            found.extend(segments(&text, &name, &path));
        }
    }
    found
}

/// Volumes with a mirrored or RAID segment.
fn segments(text: &str, volumes: &str, path: &str) -> Vec<Group> {
    let (mut open, mut found): (Vec<&str>, Vec<Group>) = (Vec::new(), Vec::new());
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_suffix('{') {
            open.push(name.trim());
            continue;
        }
        if line == "}" {
            open.pop();
            continue;
        }
        let [_, "logical_volumes", volume, segment] = open.as_slice() else { continue };
        let Some((key, value)) = line.split_once(" = ") else { continue };
        if !segment.starts_with("segment") {
            continue;
        }
        match key {
            "type" => {
                let kind = value.trim_matches('"');
                if kind.starts_with("raid") || kind == "mirror" {
                    let mut one = group("storage", "lvm", &format!("{volumes}/{volume}"), path);
                    one.mode = Some(kind.to_owned());
                    one.state = "configured".to_owned();
                    found.push(one);
                }
            }
            "device_count" | "mirror_count" => {
                let id = format!("lvm:{volumes}/{volume}");
                if let Some(one) = found.last_mut().filter(|one| one.id == id) {
                    one.members = value.parse().ok();
                    let mode = one.mode.as_deref().unwrap_or_default();
                    let mode = if mode == "mirror" { "raid1" } else { mode };
                    one.tolerates = survives(mode, one.members);
                }
            }
            _ => {}
        }
    }
    found.sort();
    // A volume that was grown has several segments of one kind.
    found.dedup_by(|left, right| left.id == right.id);
    found
}

pub(super) fn zfs(look: &mut Look<'_>) -> Vec<Group> {
    if !look.host.is_live() || !look.host.exists("/proc/spl/kstat/zfs") {
        return Vec::new();
    }
    let Some(output) = look.run(&Tool::new("zpool", &["status", "-P"])) else { return Vec::new() };
    if !output.is_success() {
        look.seen.outcome(
            OutcomeKind::Failed,
            format!("zpool status -P {}", output.fault()),
            "run zpool status on the host; pools are missing from the document",
        );
        return Vec::new();
    }
    pools(&output.stdout)
}

/// Pools of `zpool status`; a pool survives what its weakest part does.
pub(super) fn pools(text: &str) -> Vec<Group> {
    let mut found: Vec<Group> = Vec::new();
    let (mut inside, mut parts): (bool, Vec<(String, usize)>) = (false, Vec::new());
    let (mut disks, mut working) = (0, 0);
    for line in text.lines() {
        if let Some(name) = line.trim().strip_prefix("pool: ") {
            found.push(group("storage", "zfs", name.trim(), "zpool status -P"));
            (inside, disks, working) = (false, 0, 0);
            parts.clear();
            continue;
        }
        let Some(one) = found.last_mut() else { continue };
        if let Some(scan) = line.trim().strip_prefix("scan: ") {
            let running = scan.starts_with("resilver in progress");
            one.settings.insert("resilvering".to_owned(), running.to_string());
        }
        let Some(rest) = line.strip_prefix('\t') else { continue };
        let depth = rest.len() - rest.trim_start().len();
        let words: Vec<&str> = rest.split_whitespace().collect();
        match (depth, words.as_slice()) {
            (0, [name, ..]) => inside = one.id == format!("zfs:{name}"),
            (_, [name, health, ..]) if inside => {
                let is_disk = name.starts_with('/') || depth > 2;
                if is_disk {
                    disks += 1;
                    working += usize::from(*health == "ONLINE");
                }
                if depth == 2 {
                    let kind =
                        if is_disk { "disk" } else { name.split('-').next().unwrap_or(name) };
                    parts.push((kind.to_owned(), 0));
                } else if let Some(part) = parts.last_mut() {
                    part.1 += 1;
                }
            }
            _ => {}
        }
        (one.members, one.healthy) = (number(disks), number(working));
        one.tolerates =
            parts.iter().map(|(kind, members)| part_survives(kind, *members)).min().flatten();
        let mut kinds: Vec<&str> = parts.iter().map(|(kind, _)| kind.as_str()).collect();
        kinds.dedup();
        one.mode = Some(kinds.join(" "));
        one.state = match one.settings.get("resilvering").map(String::as_str) {
            Some("true") => "rebuilding".to_owned(),
            _ => state(one.members, one.healthy).to_owned(),
        };
    }
    found
}

fn part_survives(kind: &str, members: usize) -> Option<u32> {
    match kind {
        "disk" => Some(0),
        "mirror" => number(members.saturating_sub(1)),
        "raidz1" | "raidz" => Some(1),
        "raidz2" => Some(2),
        "raidz3" => Some(3),
        _ => None,
    }
}
