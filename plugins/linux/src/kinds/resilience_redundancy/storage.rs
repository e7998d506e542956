//! Arrays, file systems of several disks, paths and links, as the kernel tells their state now.

use exhibit_plugin::kinds::resilience_redundancy::Group;

use super::{group, number, state};
use crate::look::Look;

pub(super) fn md(look: &mut Look<'_>) -> Vec<Group> {
    let Some(text) = look.text("/proc/mdstat").here() else { return Vec::new() };
    let mut found: Vec<Group> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [name, ":", rest @ ..] = words.as_slice()
            && name.starts_with("md")
        {
            let mut one = group("storage", "md", name, "/proc/mdstat");
            let disks = rest.iter().filter(|word| word.contains('['));
            let spares = disks.clone().filter(|word| word.ends_with("(S)")).count();
            one.mode = rest
                .iter()
                .find(|word| word.starts_with("raid") || **word == "linear")
                .map(|word| (*word).to_owned());
            one.members = number(disks.count().saturating_sub(spares));
            if spares > 0 {
                one.settings.insert("spares".to_owned(), spares.to_string());
            }
            if rest.first() == Some(&"inactive") {
                one.state = "failed".to_owned();
            }
            one.tolerates = one.mode.as_deref().and_then(|mode| survives(mode, one.members));
            found.push(one);
        } else if let Some(one) = found.last_mut() {
            if let Some((members, healthy)) = words.iter().find_map(|word| slots(word)) {
                (one.members, one.healthy) = (Some(members), Some(healthy));
                one.tolerates = one.mode.as_deref().and_then(|mode| survives(mode, one.members));
                one.state = state(one.members, one.healthy).to_owned();
            }
            let rebuilds = ["recovery", "resync", "reshape"];
            if words.iter().any(|word| rebuilds.iter().any(|what| word.starts_with(what))) {
                one.state = "rebuilding".to_owned();
            }
        }
    }
    found
}

/// `[2/1]`: wanted and working.
fn slots(word: &str) -> Option<(u32, u32)> {
    let (wanted, working) = word.strip_prefix('[')?.strip_suffix(']')?.split_once('/')?;
    Some((wanted.parse().ok()?, working.parse().ok()?))
}

/// Failures that a level survives in the worst case; none for a level that is not known.
pub(super) fn survives(mode: &str, members: Option<u32>) -> Option<u32> {
    match mode {
        "raid0" | "linear" | "single" | "dup" => Some(0),
        "raid1" => members.map(|members| members.saturating_sub(1)),
        "raid4" | "raid10" => Some(1),
        _ if mode.starts_with("raid5") => Some(1),
        _ if mode.starts_with("raid6") => Some(2),
        _ => None,
    }
}

pub(super) fn btrfs(look: &mut Look<'_>) -> Vec<Group> {
    let mut found = Vec::new();
    for id in look.names("/sys/fs/btrfs").here().unwrap_or_default() {
        let folder = format!("/sys/fs/btrfs/{id}");
        let profile = |look: &Look<'_>, what: &str| {
            let place = format!("{folder}/allocation/{what}");
            let names = look.host.names(&place).ok().flatten().unwrap_or_default();
            let known =
                |name: &String| name.starts_with("raid") || name == "single" || name == "dup";
            names.into_iter().filter(known).collect::<Vec<_>>()
        };
        let (data, metadata) = (profile(look, "data"), profile(look, "metadata"));
        if data.is_empty() && metadata.is_empty() {
            continue;
        }
        let numbers =
            look.host.names(&format!("{folder}/devinfo")).ok().flatten().unwrap_or_default();
        let missing = numbers.iter().filter(|number| {
            let text = look.host.text(&format!("{folder}/devinfo/{number}/missing")).ok().flatten();
            text.is_some_and(|text| text.trim() == "1")
        });
        let missing = missing.count();
        let devices =
            look.host.names(&format!("{folder}/devices")).ok().flatten().unwrap_or_default();
        let total = if numbers.is_empty() { devices.len() } else { numbers.len() };
        let mut one = group("storage", "btrfs", &id, &folder);
        one.members = number(total);
        one.healthy = number(total.saturating_sub(missing));
        let levels = data.iter().chain(&metadata);
        one.tolerates = levels.map(|level| profile_survives(level)).min().flatten();
        one.state = state(one.members, one.healthy).to_owned();
        one.settings.insert("metadata".to_owned(), metadata.join(" "));
        one.mode = Some(data.join(" "));
        found.push(one);
    }
    found
}

/// btrfs keeps two copies in raid1, whatever the number of disks.
fn profile_survives(level: &str) -> Option<u32> {
    match level {
        "raid0" | "single" | "dup" => Some(0),
        "raid1" | "raid10" | "raid5" => Some(1),
        "raid6" | "raid1c3" => Some(2),
        "raid1c4" => Some(3),
        _ => None,
    }
}

pub(super) fn multipath(look: &mut Look<'_>) -> Vec<Group> {
    let names = look.names("/sys/block").here().unwrap_or_default();
    let mut found = Vec::new();
    for disk in names.iter().filter(|name| name.starts_with("dm-")) {
        let folder = format!("/sys/block/{disk}");
        let read =
            |path: String| look.host.text(&path).ok().flatten().map(|text| text.trim().to_owned());
        if !read(format!("{folder}/dm/uuid")).is_some_and(|id| id.starts_with("mpath-")) {
            continue;
        }
        let name = read(format!("{folder}/dm/name")).unwrap_or_else(|| disk.clone());
        let paths = look.host.names(&format!("{folder}/slaves")).ok().flatten().unwrap_or_default();
        let working = paths.iter().filter(|path| {
            let state = read(format!("/sys/block/{path}/device/state"));
            matches!(state.as_deref(), Some("running" | "live"))
        });
        let mut one = group("path", "multipath", &name, &folder);
        one.healthy = number(working.count());
        one.members = number(paths.len());
        one.tolerates = one.members.map(|members| members.saturating_sub(1));
        one.state = state(one.members, one.healthy).to_owned();
        found.push(one);
    }
    found
}

pub(super) fn bonds(look: &mut Look<'_>) -> Vec<Group> {
    let mut found = Vec::new();
    for name in look.names("/proc/net/bonding").here().unwrap_or_default() {
        let path = format!("/proc/net/bonding/{name}");
        let Some(text) = look.text(&path).here() else { continue };
        let mut one = group("link", "bond", &name, &path);
        let (mut links, mut up, mut inside) = (0, 0, false);
        for line in text.lines() {
            match line.split_once(": ") {
                Some(("Bonding Mode", mode)) => one.mode = Some(mode.trim().to_owned()),
                Some(("Slave Interface", _)) => (links, inside) = (links + 1, true),
                Some(("MII Status", "up")) if inside => up += 1,
                Some(_) | None => {}
            }
        }
        (one.members, one.healthy) = (number(links), number(up));
        one.tolerates = one.members.map(|members| members.saturating_sub(1));
        one.state = state(one.members, one.healthy).to_owned();
        found.push(one);
    }
    found
}
