//! rsnapshot's snapshots: folders of plain files, read as they lie there. No tool is run, nothing is locked and nothing is
//! written.

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::backup_jobs::Promise;

use super::folders::names;
use super::{Backup, Listing, Refusal, settings, whole_second};
use crate::look::{Found, Look};

/// Where the configuration lies when the settings name a folder.
const CONFIGURATION: &str = "/etc/rsnapshot.conf";

/// The repository with its folder as location, where the settings name a configuration.
pub(super) fn located(
    look: &mut Look<'_>,
    named: &settings::Repository,
) -> Result<settings::Repository, Refusal> {
    let mut named = named.clone();
    let is_file = look.host.facts(&named.location).ok().flatten().is_some_and(|it| !it.directory);
    if !is_file {
        named.configuration = Some(CONFIGURATION.to_owned());
        return Ok(named);
    }
    let refused = |detail: String| {
        let remedy = "name a configuration of rsnapshot, or its snapshot_root, as location";
        Refusal::new(OutcomeKind::NotConfigured, detail, remedy)
    };
    let text = look.text(&named.location).here();
    let text = text.ok_or_else(|| refused(format!("{} cannot be read", named.location)))?;
    let root = lines(&text).find_map(|words| match words[..] {
        ["snapshot_root", path] if path.starts_with('/') => Some(path.to_owned()),
        _ => None,
    });
    let root = root.ok_or_else(|| refused(format!("{} has no snapshot_root", named.location)))?;
    named.configuration = Some(std::mem::replace(&mut named.location, root));
    Ok(named)
}

/// `daily.0` is the newest of its interval; rsnapshot touches it when it has synchronised.
pub(super) fn list(look: &mut Look<'_>, named: &settings::Repository) -> Result<Listing, Refusal> {
    let root = named.location.trim_end_matches('/');
    let mut listing = Listing { encrypted: Some(false), ..Listing::default() };
    listing.promise = retained(look, named);
    for name in names(look, root)? {
        let number = name.rsplit_once('.').and_then(|(_, number)| number.parse::<u32>().ok());
        // `_delete.123` waits to be removed, `.sync` is being filled.
        if number.is_none() || name.starts_with(['_', '.']) {
            continue;
        }
        let path = format!("{root}/{name}");
        let Found::Here(facts) = look.facts(&path) else { continue };
        let Some(time) = facts.modified.filter(|_| facts.directory) else { continue };
        // One folder for each backup point, named as in rsnapshot.conf.
        let points = look.names(&path).here().unwrap_or_default();
        let time = whole_second(time);
        for host in points {
            let id = format!("{name}/{host}");
            listing.backups.push(Backup { id, time, host, paths: Vec::new(), bytes: None });
        }
    }
    Ok(listing)
}

/// A folder of this host that a point holds, and where in the point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Empty, or with a leading slash.
    below: String,
    /// With a leading slash and none at its end.
    folder: String,
}

impl Kept {
    /// Where the file of a point, by its path there, comes from.
    pub(crate) fn source<'a>(&self, path: &'a str) -> Option<&'a str> {
        let source = path.strip_prefix(self.below.as_str())?;
        let rest = source.strip_prefix(self.folder.as_str())?;
        rest.starts_with('/').then_some(source)
    }
}

/// Which folders of this host a point holds, as far as the configuration says it.
pub(crate) fn kept(look: &mut Look<'_>, named: &settings::Repository, point: &str) -> Vec<Kept> {
    configuration(look, named).map(|text| kept_by(&text, point)).unwrap_or_default()
}

fn kept_by(text: &str, point: &str) -> Vec<Kept> {
    // Without it only the last name of a folder stands in the snapshot, or none.
    let long = lines(text).find(|words| words.first() == Some(&"rsync_long_args"));
    if long.is_some_and(|words| !words.iter().any(|word| word.contains("--relative"))) {
        return Vec::new();
    }
    let kept = |words: Vec<&str>| {
        let ["backup", folder, to, ..] = words[..] else { return None };
        let folder = folder.trim_end_matches('/');
        // `/./` says where the path in the snapshot begins, and then another one stands there.
        if !folder.starts_with('/') || folder.contains("/./") {
            return None;
        }
        let (of, below) =
            to.trim_matches('/').split_once('/').unwrap_or((to.trim_matches('/'), ""));
        let below = if below.is_empty() { String::new() } else { format!("/{below}") };
        (of == point).then(|| Kept { below, folder: folder.to_owned() })
    };
    lines(text).filter_map(kept).collect()
}

/// Fields stand between tabs, and may hold spaces; spaces between them are forgiven where the field cannot hold one.
fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().filter(|line| !line.trim_start().starts_with('#')).map(|line| {
        let parts = line.split('\t').map(str::trim).filter(|part| !part.is_empty());
        let parts: Vec<&str> = parts.collect();
        if parts.len() == 1 { line.split_ascii_whitespace().collect() } else { parts }
    })
}

/// The text of the configuration, where it names this folder.
fn configuration(look: &mut Look<'_>, named: &settings::Repository) -> Option<String> {
    let path = named.configuration.as_deref()?;
    let text = look.part(path)?;
    let root = named.location.trim_end_matches('/');
    let is_ours = lines(&text).any(
        |words| matches!(words[..], ["snapshot_root", path] if path.trim_end_matches('/') == root),
    );
    is_ours.then(|| {
        look.seen.method(path);
        text
    })
}

/// `retain` (once `interval`) of the configuration that names this folder.
fn retained(look: &mut Look<'_>, named: &settings::Repository) -> Option<Promise> {
    let text = configuration(look, named)?;
    let number = |names: &[&str]| {
        lines(&text).find_map(|words| match words[..] {
            ["retain" | "interval", name, number] if names.contains(&name) => number.parse().ok(),
            _ => None,
        })
    };
    Some(Promise {
        daily: number(&["daily", "beta"]),
        weekly: number(&["weekly", "gamma"]),
        monthly: number(&["monthly", "delta"]),
        yearly: number(&["yearly"]),
        source: named.configuration.clone().unwrap_or_default(),
        ..Promise::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_tells_which_folders_of_this_host_a_point_holds() {
        let text = "snapshot_root\t/snap/\nbackup\t/etc/\tlocalhost/\nbackup\t/srv/my data/\tlocalhost/deep/\n#backup\t/home/\tlocalhost/\nbackup\troot@web1:/etc/\tweb1/\nbackup\t/a/./b\tlocalhost/\nbackup_script\t/x\tlocalhost/dump/\n";
        let kept = kept_by(text, "localhost");
        let source = |path| kept.iter().find_map(|kept| kept.source(path));
        assert_eq!(source("/etc/hosts"), Some("/etc/hosts"));
        assert_eq!(source("/deep/srv/my data/x"), Some("/srv/my data/x"));
        for path in ["/home/x", "/etcetera/x", "/srv/my data/x", "/dump/x", "/a/b/x", "/b/x"] {
            assert_eq!(source(path), None, "{path}");
        }
        assert_eq!(kept_by(text, "web1"), []);
        let flat = text.replace("snapshot_root", "rsync_long_args\t--delete\nsnapshot_root");
        assert_eq!(kept_by(&flat, "localhost"), []);
        assert_eq!(kept_by(&flat.replace("--delete", "--delete --relative"), "localhost"), kept);
    }
}
