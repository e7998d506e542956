//! What the files of a local repository of restic or borg tell without its password. It reads names, sizes and times, and
//! only of what nothing forbids.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Listing, whole_second};
use crate::look::Look;

/// A repository of so many files is too large to be added up each time.
const MOST_FILES: u32 = 200_000;

/// Adds what the folder of a repository tells; nothing where the location is no path of this host.
pub(super) fn add(look: &Look<'_>, location: &str, witness: &str, listing: &mut Listing) {
    let path = location.strip_prefix("file://").unwrap_or(location);
    if !path.starts_with('/') || !look.host.is_live() {
        return;
    }
    // Written when the repository was made, and never again.
    let made = look.host.facts(&format!("{path}/{witness}")).ok().flatten();
    listing.since = made.and_then(|facts| facts.modified).map(whole_second);
    // No link is followed, so a folder below the real name of the repository is what its path says.
    let Ok(real) = fs::canonicalize(path) else { return };
    let may =
        |path: &Path| !look.job.remaining().is_zero() && look.host.allows(&path.to_string_lossy());
    listing.bytes = size(&real, MOST_FILES, &may);
}

/// Bytes of all files below a folder. None: they are too many, or some may not be seen.
fn size(folder: &Path, most: u32, may: &dyn Fn(&Path) -> bool) -> Option<u64> {
    let (mut bytes, mut left) = (0_u64, most);
    let mut waiting: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        if !may(&folder) {
            return None;
        }
        for entry in fs::read_dir(folder).ok()? {
            let entry = entry.ok()?;
            // What goes while we look (a lock, a pruned pack) is no reason to give up.
            let Ok(facts) = entry.metadata() else { continue };
            left = left.checked_sub(1)?;
            if facts.is_dir() {
                waiting.push(entry.path());
            } else {
                bytes = bytes.saturating_add(facts.len());
            }
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_added_up_to_a_bound_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::write(folder.path().join("data/a"), [0; 300]).unwrap();
        fs::write(folder.path().join("config"), [0; 20]).unwrap();
        assert_eq!(size(folder.path(), 3, &|_| true), Some(320));
        assert_eq!(size(folder.path(), 2, &|_| true), None);
        assert_eq!(size(folder.path(), 3, &|_| false), None);
        std::os::unix::fs::symlink("/", folder.path().join("loop")).unwrap();
        assert!(size(folder.path(), 4, &|_| true).is_some());
    }
}
